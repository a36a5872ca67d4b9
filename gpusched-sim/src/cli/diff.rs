//! `gpusched diff`: where two runs part, and whom it moved.

use super::args::DiffArgs;
use super::export::read;
use super::failure::Outcome;
use super::terminal::{self, count};
use gpusched_core::units::{Span, Time};
use gpusched_sim::audit::{Entry, Schedule};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::report::span;
use std::collections::BTreeMap;

/// Runs the verb.
pub(crate) fn diff(args: &DiffArgs) -> Outcome {
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let pairs = pair(args, &a, &b)?;
    terminal::print_text(&told(args, &pairs))
}

/// The same job in both runs.
struct Pair<'a> {
    a: &'a Entry,
    b: &'a Entry,
}

impl Pair<'_> {
    fn wait(entry: &Entry) -> Option<Span> {
        entry.start.map(|start| start - entry.submit)
    }

    /// How much longer it waits in the second run.
    fn moved(&self) -> Option<i64> {
        Some(Pair::wait(self.b)?.0 - Pair::wait(self.a)?.0)
    }

    /// The first instant at which the runs do different things with it.
    fn parts_at(&self) -> Option<Time> {
        if (self.a.start, &self.a.places) == (self.b.start, &self.b.places) {
            return None;
        }
        let starts = [self.a.start, self.b.start];
        starts.into_iter().flatten().min()
    }
}

fn pair<'a>(args: &DiffArgs, a: &'a Schedule, b: &'a Schedule) -> Result<Vec<Pair<'a>>> {
    let named = |of: &'a Schedule| -> BTreeMap<&str, &'a Entry> {
        of.entries
            .iter()
            .map(|entry| (entry.job.as_str(), entry))
            .collect()
    };
    let (in_a, in_b) = (named(a), named(b));
    let alone = |from: &BTreeMap<&str, &Entry>, other: &BTreeMap<&str, &Entry>| {
        let missing = from.keys().find(|job| !other.contains_key(*job));
        missing.map(|job| (*job).to_owned())
    };
    let trouble = |job: String, has: &std::path::Path, lacks: &std::path::Path| {
        let message = format!(
            "job {job} of {} is not in {}",
            has.display(),
            lacks.display()
        );
        Diagnostic::new(message)
            .in_file(lacks.display().to_string())
            .help("compare runs of the same trace")
    };
    if let Some(job) = alone(&in_a, &in_b) {
        return Err(trouble(job, &args.a, &args.b));
    }
    if let Some(job) = alone(&in_b, &in_a) {
        return Err(trouble(job, &args.b, &args.a));
    }
    if let Some((job, _)) = in_a
        .iter()
        .find(|(job, one)| one.submit != in_b[*job].submit)
    {
        return Err(Diagnostic::new(format!(
            "job {job} was not submitted at the same instant in both"
        ))
        .in_file(args.b.display().to_string())
        .help("compare runs of the same trace"));
    }
    let pairs = a.entries.iter().map(|one| Pair {
        a: one,
        b: in_b[one.job.as_str()],
    });
    Ok(pairs.collect())
}

fn told(args: &DiffArgs, pairs: &[Pair<'_>]) -> String {
    let (a, b) = (args.a.display(), args.b.display());
    let jobs = count(pairs.len() as u64, "job");
    // By instant, then in the order of the file.
    let parted = pairs.iter().enumerate();
    let parted = parted.filter_map(|(at, pair)| Some((pair.parts_at()?, at)));
    let Some((at, first)) = parted.min() else {
        return format!("{a} and {b} do the same with all {jobs}: same starts, same places.\n");
    };
    let first = &pairs[first];
    let mut text = format!(
        "The first decision that differs is at {at} s, about {}:\n",
        first.a.job
    );
    for (run, entry) in [(&a, first.a), (&b, first.b)] {
        text += &format!("  {run:<12} {}\n", decision(entry));
    }
    let differ = |of: fn(&Pair<'_>) -> bool| pairs.iter().filter(|pair| of(pair)).count();
    let starts = differ(|pair| pair.a.start != pair.b.start);
    let places = differ(|pair| pair.a.start == pair.b.start && pair.a.places != pair.b.places);
    let never = differ(|pair| pair.a.start.is_some() != pair.b.start.is_some());
    text += &format!("\nOf {jobs}, {starts} start at another instant");
    text += &format!(" and {places} at the same one elsewhere");
    text += &match never {
        0 => ".\n".to_owned(),
        some => format!("; {some} start in one of the runs only.\n"),
    };
    let moved: Vec<(i64, &Pair<'_>)> = pairs
        .iter()
        .filter_map(|pair| Some((pair.moved()?, pair)))
        .collect();
    let total: i128 = moved.iter().map(|(by, _)| i128::from(*by)).sum();
    if !moved.is_empty() {
        let mean = total as f64 / 1e6 / moved.len() as f64;
        text += &format!("Waits in {b} are {} on average.\n", longer(mean));
    }
    text + &most_moved(args, moved)
}

fn most_moved(args: &DiffArgs, mut moved: Vec<(i64, &Pair<'_>)>) -> String {
    moved.retain(|(by, _)| *by != 0);
    moved.sort_by_key(|(by, pair)| (std::cmp::Reverse(by.abs()), pair.a.line));
    if moved.is_empty() || args.most == 0 {
        return String::new();
    }
    let waited =
        |entry: &Entry| Pair::wait(entry).map_or("-".into(), |wait| span(wait.as_secs_f64()));
    let widest = moved
        .iter()
        .take(args.most)
        .map(|(_, pair)| pair.a.job.chars().count())
        .max();
    let wide = widest.unwrap_or(0).max(3);
    let mut text = format!(
        "\nMoved most:\n  {:<wide$}  {:>6}  {:>10}  {:>10}  {:>11}\n",
        "job", "GPUs", "wait in A", "wait in B", "difference"
    );
    for (by, pair) in moved.iter().take(args.most) {
        let sign = if *by < 0 { "-" } else { "+" };
        let by = format!("{sign}{}", span(by.abs() as f64 / 1e6));
        text += &format!(
            "  {:<wide$}  {:>6}  {:>10}  {:>10}  {by:>11}\n",
            pair.a.job,
            pair.a.milli as f64 / 1000.0,
            waited(pair.a),
            waited(pair.b),
        );
    }
    text
}

fn decision(entry: &Entry) -> String {
    let Some(start) = entry.start else {
        return "never starts it".into();
    };
    let place = |place: &gpusched_sim::audit::Place| match place.devices.is_empty() {
        true => place.node.clone(),
        false => {
            let devices: Vec<String> = place.devices.iter().map(u32::to_string).collect();
            format!("{}[{}]", place.node, devices.join(","))
        }
    };
    let places: Vec<String> = entry.places.iter().map(place).collect();
    match places.is_empty() {
        true => format!("starts it at {start} s"),
        false => format!("starts it at {start} s on {}", places.join(" ")),
    }
}

fn longer(seconds: f64) -> String {
    let by = span(seconds.abs());
    match seconds {
        _ if seconds < 0.0 => format!("{by} shorter"),
        _ if seconds > 0.0 => format!("{by} longer"),
        _ => "equally long".into(),
    }
}
