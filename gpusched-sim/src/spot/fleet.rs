//! Fleets of spot nodes: who was added and removed when.
//!
//! * Bamboo (NSDI 2023): CSV `milliseconds,add|remove,node`, with or without a header line.
//! * Parcae (NSDI 2024): a JSON list per line, `[milliseconds, "add|remove|no-op", {"nodes": […]}]`;
//!   `migration` (of work, not of nodes) and what else it holds are results of its publisher.
//!
//! A node that was removed may come back under its old name.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::input::{Input, Source};
use gpusched_core::provisioning::spot::{Availability, Polarity};
use gpusched_core::units::{Span, Time};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The size of a fleet over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Nodes from an instant on; instants rise, the last one ends the recording.
    pub sizes: Vec<(Time, u32)>,
    /// Lifetimes of nodes that were removed, in order of removal.
    pub lifetimes: Vec<Span>,
    /// Nodes ever added, those that came back counted again.
    pub added: u32,
}

impl Fleet {
    /// The fleet as a series of ticks, each with the size at its beginning.
    pub fn availability(&self, gap: Span) -> Option<Availability> {
        let (first, last) = (self.sizes.first()?.0, self.sizes.last()?.0);
        let mut at = first;
        let mut counts = Vec::new();
        while at < last {
            let index = self.sizes.partition_point(|(from, _)| *from <= at) - 1;
            counts.push(self.sizes[index].1);
            at = at + gap;
        }
        Availability::new(gap, Polarity::Available, counts).ok()
    }

    /// Mean size, and node-hours, over the recording.
    pub fn mean_and_hours(&self) -> (f64, f64) {
        let mut area = 0;
        for pair in self.sizes.windows(2) {
            area += i128::from((pair[1].0 - pair[0].0).0) * i128::from(pair[0].1);
        }
        let hours = area as f64 / 3.6e9;
        match (self.sizes.first(), self.sizes.last()) {
            (Some(first), Some(last)) if last.0 > first.0 => {
                (area as f64 / (last.0 - first.0).0 as f64, hours)
            }
            _ => (0.0, hours),
        }
    }
}

/// Reads Bamboo's CSV.
///
/// # Errors
/// A located problem: a line of another shape, an event before the one above it, a node that is
/// added while it is there or removed while it is not.
pub fn read_bamboo(source: &Source) -> Result<Fleet> {
    let mut input = source.open()?;
    let mut recorder = Recorder::default();
    while let Some(line) = input.next_line()? {
        let line = line.trim().to_owned();
        if line.is_empty() || line == "t_ms,event,node" {
            continue;
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let parsed = match fields.as_slice() {
            [millis, event, node] => millis.parse().ok().map(|millis| (millis, *event, *node)),
            _ => None,
        };
        let event = parsed.ok_or_else(|| {
            wrong(&input, &line, "this is no `milliseconds,event,node`".into())
                .help("write for example 480000,add,node1")
        })?;
        let (millis, kind, node) = event;
        recorder
            .event(millis, kind, &[node])
            .map_err(|problem| wrong(&input, &line, problem.0).help(problem.1))?;
    }
    recorder.finish(&input)
}

#[derive(Deserialize)]
struct Nodes {
    #[serde(default)]
    nodes: Vec<String>,
    #[serde(default)]
    duration: i64,
}

/// Reads Parcae's JSON lines.
///
/// # Errors
/// As [`read_bamboo`].
pub fn read_parcae(source: &Source) -> Result<Fleet> {
    let mut input = source.open()?;
    let mut recorder = Recorder::default();
    while let Some(line) = input.next_line()? {
        let line = line.trim().to_owned();
        if line.is_empty() {
            continue;
        }
        let (millis, kind, what): (i64, String, Nodes) =
            serde_json::from_str(&line).map_err(|error| {
                wrong(&input, &line, format!("this is no event: {error}"))
                    .help("write for example [0, \"add\", {\"nodes\": [\"node-0\"], \"duration\": 60000}]")
            })?;
        let nodes: Vec<&str> = what.nodes.iter().map(String::as_str).collect();
        recorder
            .event(millis, &kind, &nodes)
            .map_err(|problem| wrong(&input, &line, problem.0).help(problem.1))?;
        recorder.end = recorder.end.max(millis.saturating_add(what.duration));
    }
    recorder.finish(&input)
}

fn wrong(input: &Input, line: &str, message: String) -> Box<Diagnostic> {
    Diagnostic::new(message)
        .at(input.name(), input.line_number(), 1)
        .source_line(line)
        .width(line.chars().count())
}

#[derive(Default)]
struct Recorder {
    fleet: Fleet,
    there: BTreeMap<String, i64>,
    /// Milliseconds.
    now: i64,
    end: i64,
}

impl Recorder {
    fn event(&mut self, millis: i64, kind: &str, nodes: &[&str]) -> Result<(), (String, String)> {
        if millis < self.now || millis > i64::MAX / 1_000_000 {
            return Err((
                format!("{millis} ms is before the event above ({} ms)", self.now),
                "events have to be in order of time".into(),
            ));
        }
        self.now = millis;
        self.end = self.end.max(millis);
        for node in nodes {
            self.change(kind, node)?;
        }
        if !matches!(kind, "add" | "remove" | "no-op" | "migration") {
            let message = format!("\"{kind}\" is no event");
            return Err((message, "one of: add, remove, no-op".into()));
        }
        let (at, size) = (Time(millis * 1000), self.there.len() as u32);
        match self.fleet.sizes.last_mut() {
            Some(last) if last.0 == at => last.1 = size,
            _ => self.fleet.sizes.push((at, size)),
        }
        Ok(())
    }

    fn change(&mut self, kind: &str, node: &str) -> Result<(), (String, String)> {
        match kind {
            "add" => {
                self.fleet.added += 1;
                if self.there.insert(node.to_owned(), self.now).is_some() {
                    return Err((
                        format!("node \"{node}\" is added while it is there"),
                        "remove it first; a line is missing, or this one is there twice".into(),
                    ));
                }
            }
            "remove" => {
                let Some(since) = self.there.remove(node) else {
                    return Err((
                        format!("node \"{node}\" is removed while it is not there"),
                        "add it first; a line is missing, or the events are the wrong way round"
                            .into(),
                    ));
                };
                self.fleet.lifetimes.push(Span((self.now - since) * 1000));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self, input: &Input) -> Result<Fleet> {
        let Some(&(last, size)) = self.fleet.sizes.last() else {
            return Err(Diagnostic::new("the file has no events").in_file(input.name()));
        };
        let end = Time(self.end.saturating_mul(1000));
        if end > last {
            self.fleet.sizes.push((end, size));
        }
        Ok(self.fleet)
    }
}
