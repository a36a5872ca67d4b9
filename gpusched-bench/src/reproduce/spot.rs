//! Jobs with a deadline on spot: costs, savings and restarts of `greedy` and `uniform-progress` on
//! 17 recorded zones, row by row against golden values, and beside what no schedule can beat.

use super::Sheet;
use crate::conformance::Unreadable;
use crate::conformance::files::rows;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::spot::policies::{Greedy, UniformProgress};
use gpusched_core::provisioning::spot::{
    Availability, DeadlineJob, DeadlinePolicy, Polarity, Prices, cheapest, replay,
};
use gpusched_core::units::{Span, parse_seconds};
use gpusched_sim::spot::{Series, read_series, read_summary};
use gpusched_sim::trace::input::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Starts per zone, spread evenly.
const STARTS: usize = 100;

/// V100 on AWS in the study, USD per hour.
const PRICES: Prices = Prices {
    spot: Price(973_100_000),
    on_demand: Price(3_060_000_000),
};

/// The zones of the study.
const ZONES: &str = "availability/1-node/";

#[derive(Deserialize)]
struct Golden {
    trace: String,
    task_h: String,
    deadline_h: String,
    changeover_h: String,
    od_cost: String,
    greedy_cost: String,
    greedy_saving_pct: String,
    up_cost: String,
    up_saving_pct: String,
    greedy_restarts: String,
    up_restarts: String,
    deadline_misses: u32,
}

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let zones = zones(dir)?;
    let path = dir.join("uniform_progress_goldens.csv");
    let goldens = rows::<Golden>(&path)?;
    sheet.section(
        "Golden rows: 17 zones × 5 settings, 100 starts each, USD and restarts per start",
    )?;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut settings: BTreeMap<(i64, i64, i64), Setting> = BTreeMap::new();
    for golden in &goldens {
        let job = job(golden).ok_or_else(|| {
            Unreadable::file(
                &path,
                format_args!("hours of {} cannot be read", golden.trace),
            )
        })?;
        // Two recordings share some names; the n-th row of a name is of the n-th recording.
        let row = format!(
            "{} D={} d={}",
            golden.trace, golden.deadline_h, golden.changeover_h
        );
        let nth = seen.entry(row.clone()).or_default();
        let ends = format!("/{}", golden.trace);
        let zone = zones
            .iter()
            .filter(|zone| zone.name.ends_with(&ends))
            .nth(*nth);
        *nth += 1;
        let zone = zone.ok_or_else(|| {
            Unreadable::file(&path, format_args!("no series is named {}", golden.trace))
        })?;
        let got = Row::of(&zone.availability, job);
        let texts = got.texts();
        sheet.target(texts == golden.texts(), &row, texts, golden.texts())?;
        let key = (job.work.0, job.deadline.0, job.changeover.0);
        settings.entry(key).or_default().add(zone, job, &got);
    }
    sheet.section("Savings against on-demand, mean over zones, and late jobs")?;
    for ((work, deadline, changeover), setting) in &settings {
        setting.show(sheet, [*work, *deadline, *changeover])?;
    }
    sheet.note(
        "bound: what no schedule that knows the future can save more of (see its documentation);",
    )?;
    sheet.note(
        "with a loose deadline greedy is ahead: an even pace pays for progress nobody asked for.",
    )
}

/// The series of the study, checked against the summary beside them.
fn zones(dir: &Path) -> Result<Vec<Series>, Unreadable> {
    let source = |name: &str| Source::new(&dir.join(name).to_string_lossy());
    let unreadable = |problem: Box<gpusched_sim::diagnostic::Diagnostic>| {
        Unreadable::new("the spot series", problem)
    };
    let read = || {
        let all = read_series(&source("skypilot_spot_traces_rle.csv"), Polarity::Available)?;
        let summary = read_summary(&source("skypilot_spot_traces_summary.csv"))?;
        for series in &all {
            let statistics = summary.iter().find(|one| one.name == series.name);
            statistics.map_or(Ok(()), |statistics| statistics.check(series))?;
        }
        Ok(all)
    };
    let mut all = read().map_err(unreadable)?;
    all.retain(|series| series.name.starts_with(ZONES));
    Ok(all)
}

fn job(golden: &Golden) -> Option<DeadlineJob> {
    let hours = |text: &str| Some(Span(parse_seconds(text).ok()?.checked_mul(3600)?));
    Some(DeadlineJob {
        work: hours(&golden.task_h)?,
        deadline: hours(&golden.deadline_h)?,
        changeover: hours(&golden.changeover_h)?,
    })
}

/// Means over the starts.
struct Means {
    cost: f64,
    restarts: f64,
    misses: u32,
}

impl Means {
    fn of(series: &Availability, job: DeadlineJob, policy: &dyn DeadlinePolicy) -> Means {
        let mut means = Means {
            cost: 0.0,
            restarts: 0.0,
            misses: 0,
        };
        for start in series.starts(job.deadline, STARTS) {
            let run = replay(series, start, job, policy, PRICES);
            means.cost += run.cost.as_usd() / STARTS as f64;
            means.restarts += f64::from(run.starts);
            means.misses += u32::from(run.missed(&job));
        }
        means.restarts /= STARTS as f64;
        means
    }
}

struct Row {
    on_demand: f64,
    greedy: Means,
    uniform: Means,
}

impl Row {
    fn of(series: &Availability, job: DeadlineJob) -> Row {
        // On-demand alone: whole ticks for the work and one changeover.
        let gap = series.gap().0;
        let ticks = (job.work.0 + job.changeover.0 + gap - 1) / gap;
        Row {
            on_demand: PRICES.on_demand.over(Span(ticks * gap)).as_usd(),
            greedy: Means::of(series, job, &Greedy),
            uniform: Means::of(series, job, &UniformProgress),
        }
    }

    fn saving(&self, means: &Means) -> f64 {
        100.0 * (1.0 - means.cost / self.on_demand)
    }

    fn texts(&self) -> String {
        format!(
            "{:.1} | {:.1} {:.1} {:.1} | {:.1} {:.1} {:.1} | {}",
            self.on_demand,
            self.greedy.cost,
            self.saving(&self.greedy),
            self.greedy.restarts,
            self.uniform.cost,
            self.saving(&self.uniform),
            self.uniform.restarts,
            self.greedy.misses + self.uniform.misses,
        )
    }
}

impl Golden {
    fn texts(&self) -> String {
        format!(
            "{} | {} {} {} | {} {} {} | {}",
            self.od_cost,
            self.greedy_cost,
            self.greedy_saving_pct,
            self.greedy_restarts,
            self.up_cost,
            self.up_saving_pct,
            self.up_restarts,
            self.deadline_misses,
        )
    }
}

/// Sums over the zones of one setting.
#[derive(Default)]
struct Setting {
    zones: u32,
    greedy: f64,
    uniform: f64,
    uniform_ahead: u32,
    bound: f64,
    misses: u32,
}

impl Setting {
    fn add(&mut self, zone: &Series, job: DeadlineJob, row: &Row) {
        self.zones += 1;
        let (greedy, uniform) = (row.saving(&row.greedy), row.saving(&row.uniform));
        self.greedy += greedy;
        self.uniform += uniform;
        self.uniform_ahead += u32::from(uniform > greedy);
        self.misses += row.greedy.misses + row.uniform.misses;
        let starts = zone.availability.starts(job.deadline, STARTS);
        let count = starts.len() as f64;
        let least: f64 = starts
            .into_iter()
            .filter_map(|start| cheapest(&zone.availability, start, job, PRICES))
            .map(|cost| cost.as_usd())
            .sum();
        self.bound += 100.0 * (1.0 - least / count / row.on_demand);
    }

    fn show(&self, sheet: &mut Sheet<'_>, micros: [i64; 3]) -> Result<(), Unreadable> {
        let [work, deadline, changeover] = micros.map(|micros| micros as f64 / 3.6e9);
        let mean = |sum: f64| sum / f64::from(self.zones);
        let what = format!("C={work} h, D={deadline} h, d={changeover} h");
        let got = format!(
            "greedy {:.1} %, uniform-progress {:.1} %",
            mean(self.greedy),
            mean(self.uniform)
        );
        let beside = format!(
            "bound {:.1} %; uniform-progress ahead in {}/{}",
            mean(self.bound),
            self.uniform_ahead,
            self.zones
        );
        sheet.figure(&what, got, beside)?;
        let none = self.misses == 0;
        sheet.target(none, &format!("{what}: late"), self.misses, "target: none")
    }
}
