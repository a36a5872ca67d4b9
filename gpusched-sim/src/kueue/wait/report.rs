//! The result for programs. Times are in seconds.

use super::{CONFIDENCE, Estimate, Like, Quantile, Question, Within};
use crate::kueue::replay::Fidelity;
use gpusched_core::units::{Span, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// Quantiles that are reported, percent.
const QUANTILES: [usize; 3] = [10, 50, 90];
/// Waits whose probabilities are reported, s.
const TIMES: [i64; 5] = [60, 15 * 60, 3600, 4 * 3600, 86_400];

/// A quantile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantileReport {
    /// Percent of the futures.
    pub percent: usize,
    /// The wait; absent beyond the horizon.
    pub wait_s: Option<f64>,
    /// Lower end of its interval; absent beyond the horizon.
    pub low_s: Option<f64>,
    /// Upper end; absent beyond the horizon, and where there are too few futures to have one.
    pub high_s: Option<f64>,
}

/// A probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WithinReport {
    /// Of a wait of at most this.
    pub time_s: f64,
    /// Share of the futures.
    pub share: f64,
    /// Whether it may be more, since the time lies beyond the horizon.
    pub at_least: bool,
}

/// The wait.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitReport {
    /// Arithmetic mean; absent when the wait is not over at the horizon in some futures.
    pub mean_s: Option<f64>,
    /// By nearest rank.
    pub quantiles: Vec<QuantileReport>,
    /// Probability with which the interval holds the quantile of all futures, percent. It is about
    /// how many were sampled, not about how good they are.
    pub interval_percent: u32,
    /// Probabilities of short waits.
    pub within: Vec<WithinReport>,
    /// Futures in which the wait is not over at the horizon.
    pub censored: usize,
    /// Those of them that were given up because workloads preempted each other without end.
    pub given_up: usize,
}

/// Where the numbers come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provenance {
    /// Futures.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// How far futures were followed.
    pub horizon_s: f64,
    /// `ideal` or `control-plane`.
    pub fidelity: &'static str,
    /// From admission until pods are ready, s; absent if at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods_ready_delay: Option<String>,
    /// The present, in UTC; absent when no object has a time.
    pub now: Option<String>,
    /// The trace.
    pub trace: String,
    /// Which part of it, from its time 0.
    pub window_s: [f64; 2],
    /// Jobs of that part.
    pub jobs: usize,
    /// Length of the ring that arrivals are drawn from.
    pub ring_s: f64,
    /// Length of a block of arrivals.
    pub block_s: f64,
    /// Jobs on the ring.
    pub ring_jobs: usize,
    /// Whether blocks begin at the time of day they stand for.
    pub keeps_time_of_day: bool,
    /// Whether weekends stand for weekends.
    pub keeps_weekends: bool,
    /// Run times of those who run: how many are drawn from which jobs of the trace.
    pub running: BTreeMap<Like, usize>,
    /// Run times of those who wait.
    pub waiting: BTreeMap<Like, usize>,
}

/// Everything, but for who asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The wait until first admission.
    pub wait: WaitReport,
    /// Who was admitted before.
    pub ahead: super::Ahead,
    /// Where the numbers come from.
    pub provenance: Provenance,
}

impl Report {
    /// Sums an estimate up; `trace` is what the trace is called.
    pub fn of(question: &Question<'_>, estimate: &Estimate, trace: &str) -> Report {
        let waits = &estimate.waits;
        let history = question.history;
        let arrivals = &history.arrivals;
        let calendar = question.calendar();
        let secs = |at: Time| at.as_secs_f64();
        Report {
            wait: WaitReport {
                mean_s: waits.mean(),
                quantiles: QUANTILES
                    .map(|percent| quantile(waits.quantile(percent)))
                    .into(),
                interval_percent: CONFIDENCE,
                within: TIMES
                    .map(|time| within(waits.within(Span::from_secs(time))))
                    .into(),
                censored: waits.censored(),
                given_up: estimate.given_up,
            },
            ahead: estimate.ahead.clone(),
            provenance: Provenance {
                samples: waits.samples(),
                seed: question.seed,
                horizon_s: question.horizon.as_secs_f64(),
                fidelity: match question.fidelity {
                    Fidelity::Ideal => "ideal",
                    Fidelity::ControlPlane(_) => "control-plane",
                },
                pods_ready_delay: (!question.ready.is_none()).then(|| question.ready.to_string()),
                now: calendar.and_then(instant),
                trace: trace.to_owned(),
                window_s: [secs(history.window.0), secs(history.window.1)],
                jobs: history.jobs,
                ring_s: arrivals.ring().as_secs_f64(),
                block_s: arrivals.block().as_secs_f64(),
                ring_jobs: arrivals.jobs(),
                keeps_time_of_day: arrivals.keeps_time_of_day(calendar),
                keeps_weekends: arrivals.keeps_weekends(calendar),
                running: estimate.running.clone(),
                waiting: estimate.waiting.clone(),
            },
        }
    }
}

fn instant(at: Time) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(at.0).ok()?;
    Some(at.to_string())
}

fn quantile(one: Quantile) -> QuantileReport {
    let secs = |wait: Option<Span>| wait.map(Span::as_secs_f64);
    QuantileReport {
        percent: one.percent,
        wait_s: secs(one.wait),
        low_s: secs(one.low),
        high_s: secs(one.high),
    }
}

fn within(one: Within) -> WithinReport {
    WithinReport {
        time_s: one.time.as_secs_f64(),
        share: one.share,
        at_least: one.at_least,
    }
}

/// Writes the wait in each future as CSV: `sample,wait_s`; the wait is empty where it was not over
/// at the horizon.
///
/// # Errors
/// When writing fails.
pub fn write_csv(to: &mut dyn io::Write, estimate: &Estimate) -> io::Result<()> {
    writeln!(to, "sample,wait_s")?;
    for (sample, wait) in estimate.samples.iter().enumerate() {
        match wait {
            Some(wait) => writeln!(to, "{sample},{wait}")?,
            None => writeln!(to, "{sample},")?,
        }
    }
    Ok(())
}
