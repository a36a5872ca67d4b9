//! The story of one job, in plain sentences.

use super::explain::Record;
use super::terminal::count;
use gpusched_core::queueing::Reason;
use gpusched_core::units::{Span, Time};
use gpusched_sim::report::span;

/// Wait intervals shown one by one; beyond that only the totals are of use.
const MOST_SHOWN: usize = 12;

/// What is known of the run.
pub(crate) struct Run {
    /// Queueing policy.
    pub(crate) queueing: String,
    /// Placement policy.
    pub(crate) placement: String,
    /// When the replay was closed, s.
    pub(crate) closed: f64,
}

/// A stretch of waiting for one reason.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    /// Which part of a job that is scheduled in parts.
    pub(crate) part: u64,
    /// Name of the reason.
    pub(crate) reason: String,
    /// From when.
    pub(crate) from: Time,
    /// Until when.
    pub(crate) to: Time,
}

/// A job, its waits and the run they belong to.
pub(crate) struct Story {
    /// The run.
    pub(crate) run: Run,
    /// The row of `jobs.csv`.
    pub(crate) job: Record,
    /// The rows of `waits.csv`.
    pub(crate) waits: Vec<Interval>,
    /// What the placement policy said of its place, line by line.
    pub(crate) places: Vec<String>,
}

impl Story {
    /// The story.
    pub(crate) fn tell(&self) -> String {
        [
            self.arrival(),
            self.wait(),
            self.start(),
            self.end(),
            self.place_found(),
        ]
        .concat()
    }

    fn place_found(&self) -> String {
        if self.places.is_empty() {
            return String::new();
        }
        let lines: String = self
            .places
            .iter()
            .map(|line| format!("  {line}\n"))
            .collect();
        format!("\nHow its place was found:\n{lines}")
    }

    fn arrival(&self) -> String {
        let job = &self.job;
        let mut whose = Vec::new();
        for column in ["queue", "user"] {
            if !job.text(column).is_empty() {
                whose.push(format!("{column} {}", job.text(column)));
            }
        }
        let pods = job.text("pods").parse().unwrap_or(1);
        whose.push(count(pods, "pod"));
        format!(
            "Job {} ({}) in a run with {} queueing and {} placement\n\nIt arrived at {}.\n",
            job.text("job"),
            whose.join(", "),
            self.run.queueing,
            self.run.placement,
            instant(job.text("submit_s")),
        )
    }

    fn wait(&self) -> String {
        match self.job.text("outcome") {
            "not-arrived" => {
                return format!(
                    "The replay ended before that, at {} s, so nothing became of it.\n",
                    self.run.closed
                );
            }
            "unschedulable" => {
                return "It can never run: it does not fit even the empty cluster.\n".to_owned();
            }
            _ => {}
        }
        let wait = self.job.seconds("wait_s").unwrap_or(Span::ZERO);
        if self.waits.is_empty() && wait == Span::ZERO {
            return "It did not have to wait.\n".to_owned();
        }
        let mut parts: Vec<u64> = self.waits.iter().map(|wait| wait.part).collect();
        parts.dedup();
        let mut text = format!("It waited {}:\n", length(wait));
        if let [one] | [one, ..] = parts.as_slice() {
            if *one > 0 || parts.len() > 1 {
                text = format!(
                    "It was scheduled in parts, pod by pod, and the first to start had waited {}. \
                     Part {one} waited:\n",
                    length(wait)
                );
            }
            let waits: Vec<&Interval> =
                self.waits.iter().filter(|wait| wait.part == *one).collect();
            text += &intervals(&waits);
        }
        if parts.len() > 1 {
            text += &format!(
                "  (waits.csv holds the waits of {})\n",
                count(parts.len() as u64 - 1, "more part")
            );
        }
        text
    }

    fn start(&self) -> String {
        let job = &self.job;
        if job.text("start_s").is_empty() {
            return match job.text("outcome") {
                "waiting" => format!(
                    "It was still waiting when the replay ended, at {} s.\n",
                    self.run.closed
                ),
                _ => String::new(),
            };
        }
        let places: Vec<&str> = job
            .text("nodes")
            .split(';')
            .filter(|node| !node.is_empty())
            .collect();
        let places = match places.as_slice() {
            [] => String::new(),
            [one] => format!(" on {}", place(one)),
            many => format!(
                " on {}:\n    {}\n ",
                count(many.len() as u64, "machine"),
                many.iter()
                    .map(|node| place(node))
                    .collect::<Vec<_>>()
                    .join("\n    ")
            ),
        };
        format!("It started at {}{places}", instant(job.text("start_s")))
    }

    fn end(&self) -> String {
        let job = &self.job;
        if job.text("start_s").is_empty() {
            return String::new();
        }
        let run = length(job.seconds("run_s").unwrap_or(Span::ZERO));
        let finish = instant(job.text("finish_s"));
        let ended = match job.text("outcome") {
            "running" => {
                return format!(
                    " and was still running, after {run}, when the replay ended at {} s.\n",
                    self.run.closed
                );
            }
            "failed" => "failed, as it did in the trace,",
            "killed" => "was killed, as it was in the trace,",
            _ => "completed",
        };
        let setup = match job.seconds("setup_s") {
            Some(setup) if setup > Span::ZERO => {
                format!(", {} of that to prepare its MIG instances", length(setup))
            }
            _ => String::new(),
        };
        let mut text = format!(" and ran for {run}{setup}.\nIt {ended} at {finish}");
        if let Some(whole) = job.seconds("jct_s") {
            text += &format!(", {} after it had arrived", human(whole));
        }
        match job.text("bounded_slowdown").parse::<f64>() {
            Ok(slowdown) if slowdown > 1.05 => {
                text + &format!(": {slowdown:.1} times as long as without waiting.\n")
            }
            _ => text + ".\n",
        }
    }
}

/// The intervals one by one, or their totals when there are too many.
fn intervals(waits: &[&Interval]) -> String {
    let mut merged: Vec<Interval> = Vec::new();
    for &wait in waits {
        match merged.last_mut() {
            Some(last) if last.reason == wait.reason && last.to == wait.from => last.to = wait.to,
            _ => merged.push(wait.clone()),
        }
    }
    if merged.len() > MOST_SHOWN {
        return totals(&merged);
    }
    let mut text = String::new();
    for wait in &merged {
        text += &format!(
            "  from {} s to {} s ({}): {}\n",
            wait.from,
            wait.to,
            human(wait.to - wait.from),
            meaning(&wait.reason)
        );
    }
    text
}

fn totals(waits: &[Interval]) -> String {
    let mut text = String::new();
    let mut spans: Vec<(&str, Span)> = Vec::new();
    for wait in waits {
        let span = wait.to - wait.from;
        match spans.iter_mut().find(|(reason, _)| *reason == wait.reason) {
            Some((_, total)) => *total += span,
            None => spans.push((&wait.reason, span)),
        }
    }
    spans.sort_by_key(|&(_, span)| std::cmp::Reverse(span));
    for (reason, span) in spans {
        text += &format!("  {} in all: {}\n", length(span), meaning(reason));
    }
    text + &format!("  (in {} intervals, which waits.csv holds)\n", waits.len())
}

fn meaning(reason: &str) -> &str {
    let known = Reason::ALL.iter().find(|known| known.name() == reason);
    known.map_or(reason, |known| known.explain())
}

/// `3661 s (1h01m)`: exact, then as people say it where that helps.
fn instant(seconds: &str) -> String {
    match seconds.parse::<f64>() {
        Ok(value) if value >= 60.0 => format!("{seconds} s ({})", span(value)),
        _ => format!("{seconds} s"),
    }
}

/// A length of time as people say it; below a minute that is the exact one.
fn human(length: Span) -> String {
    let seconds = length.as_secs_f64();
    if seconds < 60.0 {
        format!("{length} s")
    } else {
        span(seconds)
    }
}

fn length(span: Span) -> String {
    instant(&span.to_string())
}

/// `n01[0-3]` as `n01 (GPUs 0-3)`, `n01[0:4,0:6]` as `n01 (GPU 0 from slots 4 and 6)`.
fn place(node: &str) -> String {
    let Some((name, devices)) = node.trim_end_matches(']').split_once('[') else {
        return node.to_owned();
    };
    let mut whole: Vec<&str> = Vec::new();
    let mut cut: Vec<(&str, Vec<&str>)> = Vec::new();
    for held in devices.split(',') {
        match held.split_once(':') {
            None => whole.push(held),
            Some((gpu, slot)) => match cut.last_mut() {
                Some((last, slots)) if *last == gpu => slots.push(slot),
                _ => cut.push((gpu, vec![slot])),
            },
        }
    }
    let plural = |many: bool| if many { "s" } else { "" };
    let mut held = Vec::new();
    if !whole.is_empty() {
        let list = whole.join(",");
        held.push(format!("GPU{} {list}", plural(list.contains(['-', ',']))));
    }
    held.extend(cut.into_iter().map(|(gpu, slots)| {
        let plural = plural(slots.len() > 1);
        format!("GPU {gpu} from slot{plural} {}", slots.join(" and "))
    }));
    format!("{name} ({})", held.join(", "))
}
