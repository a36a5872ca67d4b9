//! `gpusched audit`: is a schedule one that its cluster, its quotas and its policy allow?

use super::args::{AuditArgs, FormatArg, OrderArg};
use super::failure::{Failure, Outcome};
use super::terminal::{self, count};
use gpusched_sim::audit::{
    Capacity, Discipline, Finding, Kind, LoadWindow, Schedule, audit_capacity, audit_nodes,
    audit_order, audit_quotas, offered_load,
};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::trace::ReadOptions;
use gpusched_sim::trace::build::load_inventory;
use gpusched_sim::trace::input::Source;
use serde_json::json;
use std::collections::BTreeMap;

/// Runs the verb.
pub(crate) fn audit(args: &AuditArgs) -> Outcome {
    let capacity = capacity(args)?;
    let quotas = match &args.quota {
        Some(text) => pairs("--quota", text)?,
        None => BTreeMap::new(),
    };
    let schedule = Schedule::read(&Source::new(&args.schedule))?;
    check(args, &schedule, &capacity, &quotas)?;
    if !schedule.ignored.is_empty() {
        terminal::say(&format!(
            "Note: ignored columns: {}",
            schedule.ignored.join(", ")
        ));
    }
    let mut found = schedule.impossible();
    found.extend(audit_capacity(&schedule, &capacity));
    found.extend(audit_nodes(&schedule, &capacity));
    found.extend(audit_quotas(&schedule, &quotas));
    if let Some(policy) = args.policy {
        let discipline = match policy {
            OrderArg::Fifo => Discipline::Fifo,
            OrderArg::Easy => Discipline::Easy,
        };
        found.extend(audit_order(&schedule, capacity.total, discipline));
    }
    found.sort_by_key(|one| (one.kind, one.at, one.line));
    let load = offered_load(&schedule, &capacity);
    let checked = Checked {
        args,
        schedule: &schedule,
        found: &found,
        load: &load,
        quotas: quotas.len(),
        nodes: !capacity.nodes.is_empty(),
    };
    match args.format.unwrap_or(FormatArg::Table) {
        FormatArg::Table => terminal::print_text(&checked.table()),
        FormatArg::Json => terminal::print(&format!("{:#}\n", checked.json())),
        FormatArg::Csv => terminal::print_text(&checked.csv()),
    }?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(Failure::Told(1)),
    }
}

fn capacity(args: &AuditArgs) -> Result<Capacity> {
    if let Some(cluster) = &args.cluster {
        let (inventory, report) = load_inventory(cluster, &ReadOptions::default())?;
        terminal::say_notes(&report);
        let mut capacity = Capacity::default();
        for node in inventory.nodes() {
            let milli = 1000 * i64::from(node.gpus);
            capacity.total += milli;
            *capacity.models.entry(node.gpu_model.clone()).or_default() += milli;
            capacity.nodes.insert(node.name.clone(), milli);
        }
        return Ok(capacity);
    }
    let text = args.capacity.as_deref().unwrap_or_default();
    if !text.contains('=') {
        return Ok(Capacity {
            total: whole("--capacity", text)?,
            ..Capacity::default()
        });
    }
    let models = pairs("--capacity", text)?;
    Ok(Capacity {
        total: models.values().sum(),
        models,
        ..Capacity::default()
    })
}

/// `A=1,B=2` in milli-GPU.
fn pairs(flag: &str, text: &str) -> Result<BTreeMap<String, i64>> {
    let mut pairs = BTreeMap::new();
    for part in text.split(',') {
        let Some((name, number)) = part.split_once('=') else {
            return Err(
                Diagnostic::new(format!("`{part}` is no name with a number"))
                    .in_file(flag)
                    .help("write NAME=N,NAME=N"),
            );
        };
        if pairs
            .insert(name.trim().to_owned(), whole(flag, number)?)
            .is_some()
        {
            return Err(Diagnostic::new(format!("`{name}` is there twice"))
                .in_file(flag)
                .help("give one number for each"));
        }
    }
    Ok(pairs)
}

fn whole(flag: &str, text: &str) -> Result<i64> {
    let number: Option<i64> = text.trim().parse().ok();
    let usable = number.filter(|gpus| (1..=1_000_000_000).contains(gpus));
    usable.map(|gpus| 1000 * gpus).ok_or_else(|| {
        Diagnostic::new(format!("`{text}` is no number of GPUs"))
            .in_file(flag)
            .help("give a whole number, 1 or more")
    })
}

/// Refuses questions this file has no answer to.
fn check(
    args: &AuditArgs,
    schedule: &Schedule,
    capacity: &Capacity,
    quotas: &BTreeMap<String, i64>,
) -> Result<()> {
    let refuse = |flag: &str, message: String, help: &str| {
        Err(Diagnostic::new(message).in_file(flag).help(help))
    };
    let file = &args.schedule;
    let any = |of: fn(&gpusched_sim::audit::Entry) -> bool| schedule.entries.iter().any(of);
    if args.policy.is_some() && !schedule.has_starts {
        let message = format!("{file} does not say when jobs started");
        return refuse(
            "--policy",
            message,
            "add a column start_s, or leave the policy out",
        );
    }
    if args.policy == Some(OrderArg::Easy) && !any(|entry| entry.estimate.is_some()) {
        let message = format!("{file} does not say what the scheduler believed of run times");
        return refuse(
            "--policy",
            message,
            "add a column estimate_s; where the scheduler knew run times, it is a copy of run_s",
        );
    }
    if let Some(unknown) = quotas
        .keys()
        .find(|queue| !schedule.entries.iter().any(|entry| entry.queue == **queue))
    {
        let message = format!("no job of {file} is in queue `{unknown}`");
        return refuse("--quota", message, "name a queue of the column `queue`");
    }
    let by_model = args.capacity.is_some() && !capacity.models.is_empty();
    if by_model && !any(|entry| !entry.model.is_empty()) {
        let message = format!("{file} does not say which GPU models jobs ran on");
        return refuse(
            "--capacity",
            message,
            "add a column gpu_model, or give one number",
        );
    }
    Ok(())
}

/// What was looked at, and what came of it.
struct Checked<'a> {
    args: &'a AuditArgs,
    schedule: &'a Schedule,
    found: &'a [Finding],
    load: &'a [LoadWindow],
    quotas: usize,
    nodes: bool,
}

impl Checked<'_> {
    /// Kinds that were looked for.
    fn kinds(&self) -> Vec<Kind> {
        let has_places = self
            .schedule
            .entries
            .iter()
            .any(|entry| !entry.places.is_empty());
        let looked = |kind: &Kind| match kind {
            Kind::Impossible | Kind::Capacity => self.schedule.has_starts,
            Kind::Node => has_places,
            Kind::Quota => self.quotas > 0,
            Kind::DelayedHead => self.args.policy.is_some(),
            Kind::MissedBackfill => self.args.policy == Some(OrderArg::Easy),
        };
        Kind::ALL.into_iter().filter(looked).collect()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(move |one| one.kind == kind)
    }

    fn table(&self) -> String {
        let jobs = count(self.schedule.entries.len() as u64, "job");
        let mut text = format!("{} ({jobs})\n\n", self.args.schedule);
        for kind in self.kinds() {
            let many = self.of(kind).count();
            text += &format!("  {:<16} {many}\n", kind.name());
            for one in self.of(kind).take(self.args.most) {
                text += &format!(
                    "    {}:{}: at {} s {}: {}\n",
                    self.args.schedule, one.line, one.at, one.job, one.message
                );
            }
            if many > self.args.most {
                text += &format!("    … and {} more (`--most N`)\n", many - self.args.most);
            }
        }
        if self.schedule.has_starts && !self.nodes && !self.kinds().contains(&Kind::Node) {
            text += "  Nodes were not looked at: there is no column `nodes`.\n";
        }
        text + &self.load_table()
    }

    fn load_table(&self) -> String {
        let mut text = String::from("\nWork that arrived ÷ work the GPUs can do:\n");
        let mut models: Vec<&str> = self.load.iter().map(|one| one.model.as_str()).collect();
        models.dedup();
        for model in models {
            let of: Vec<&LoadWindow> = self.load.iter().filter(|one| one.model == model).collect();
            let Some((whole, days)) = of.split_first() else {
                continue;
            };
            let name = if model.is_empty() { "all GPUs" } else { model };
            text += &format!("  {name:<16} {:.1}%", 100.0 * whole.load);
            let over = days.iter().filter(|day| day.load > 1.0).count();
            let worst = days.iter().max_by(|a, b| a.load.total_cmp(&b.load));
            if let Some(worst) = worst {
                text += &format!(
                    "; above 100% on {over} of {}; most {:.1}%, from {} s on",
                    count(days.len() as u64, "day"),
                    100.0 * worst.load,
                    worst.from
                );
            }
            text.push('\n');
            if whole.load > 1.0 {
                text += "    More work arrives than can be done: queues grow to the end, and waits \
                         measure the trace's length.\n";
            }
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let counts: BTreeMap<&str, usize> = self
            .kinds()
            .into_iter()
            .map(|kind| (kind.name(), self.of(kind).count()))
            .collect();
        let found = self.found.iter().map(|one| {
            json!({
                "kind": one.kind.name(), "at_s": one.at.as_secs_f64(), "job": one.job,
                "line": one.line, "message": one.message,
            })
        });
        let load = self.load.iter().map(
            |one| json!({ "model": one.model, "from_s": one.from.as_secs_f64(), "load": one.load }),
        );
        json!({
            "schedule": self.args.schedule,
            "jobs": self.schedule.entries.len(),
            "counts": counts,
            "findings": found.collect::<Vec<_>>(),
            "load": load.collect::<Vec<_>>(),
        })
    }

    fn csv(&self) -> String {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let rows = self.found.iter().map(|one| {
            [
                one.kind.name().to_owned(),
                one.at.to_string(),
                one.job.clone(),
                one.line.to_string(),
                one.message.clone(),
            ]
        });
        let head = ["kind", "at_s", "job", "line", "message"].map(str::to_owned);
        for row in std::iter::once(head).chain(rows) {
            // A vector takes everything.
            let _ = csv.write_record(&row);
        }
        String::from_utf8(csv.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}
