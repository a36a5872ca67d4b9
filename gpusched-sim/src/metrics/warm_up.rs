//! Which jobs count: a cluster that starts empty flatters the first waits.

use super::facts::facts;
use crate::engine::Records;
use crate::stats::{Warmup, mser5};
use gpusched_core::units::{MICROS, Span, Time, parse_seconds};
use gpusched_core::workload::Workload;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Where the steady state is taken to begin.
///
/// ```
/// use gpusched_core::units::Span;
/// use gpusched_sim::metrics::WarmUp;
/// assert_eq!("mser-5".parse(), Ok(WarmUp::Mser5));
/// assert_eq!("3600".parse(), Ok(WarmUp::After(Span::from_secs(3600))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// So long after the first submission.
    After(Span),
    /// Where MSER-5 sees the waits of jobs, in order of arrival, become steady.
    Mser5,
}

/// Where the warm-up ended, and what it left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarmUpSummary {
    /// How the end was found: `fixed`, `mser-5`, or `mser-5, the longest of all runs`.
    pub rule: String,
    /// Its end, s after the first submission; absent where MSER-5 sees no steady state: nothing
    /// is left out then.
    pub seconds: Option<f64>,
    /// Jobs submitted before it. They run as all others do, and are in no mean or quantile of
    /// waits, completion times and slowdowns.
    pub jobs_left_out: u64,
}

impl WarmUp {
    /// The word for MSER-5.
    pub const MSER5: &'static str = "mser-5";

    /// The first instant that counts; `None` where no steady state is seen, or there are no jobs.
    /// O(jobs).
    ///
    /// MSER-5 is told the waits of the jobs that started, in order of arrival; what waits at the
    /// close has no wait to tell.
    pub fn end(self, work: &Workload, records: &Records) -> Option<Time> {
        let first = work.jobs().first()?.submit;
        match self {
            WarmUp::After(span) => Some(first + span),
            WarmUp::Mser5 => {
                let mut submits = Vec::new();
                let mut waits = Vec::new();
                for job in facts(work, records) {
                    if let Some(wait) = job.wait() {
                        submits.push(job.submit);
                        waits.push(wait.as_secs_f64());
                    }
                }
                match mser5(&waits) {
                    Warmup::Cut(0) => Some(first),
                    Warmup::Cut(cut) => submits.get(cut).copied(),
                    Warmup::Unsettled | Warmup::TooShort => None,
                }
            }
        }
    }

    /// What is left out when jobs count from `end` on.
    pub(crate) fn summary(self, end: Option<Time>, work: &Workload) -> WarmUpSummary {
        let first = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
        let mut left_out = 0;
        // Parts of a job stand side by side and come at one instant.
        let mut last = None;
        for (at, job) in work.jobs().iter().enumerate() {
            if end.is_none_or(|end| job.submit >= end) {
                break;
            }
            let source = work.source(gpusched_core::ids::JobId::from(at));
            left_out += u64::from(last.replace(source) != Some(source));
        }
        WarmUpSummary {
            rule: match self {
                WarmUp::After(_) => "fixed".into(),
                WarmUp::Mser5 => WarmUp::MSER5.into(),
            },
            seconds: end.map(|end| (end - first).as_secs_f64()),
            jobs_left_out: left_out,
        }
    }
}

impl fmt::Display for WarmUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WarmUp::After(span) => span.fmt(f),
            WarmUp::Mser5 => f.write_str(WarmUp::MSER5),
        }
    }
}

impl std::str::FromStr for WarmUp {
    type Err = String;

    fn from_str(text: &str) -> Result<WarmUp, String> {
        if text == WarmUp::MSER5 {
            return Ok(WarmUp::Mser5);
        }
        let micros = parse_seconds(text)
            .map_err(|error| format!("{error}; give seconds, or `{}`", WarmUp::MSER5))?;
        match micros {
            ..=0 => Err("a warm-up of no time, which cuts nothing off".into()),
            _ => Ok(WarmUp::After(Span(micros))),
        }
    }
}

impl Serialize for WarmUp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            WarmUp::After(span) if span.0 % MICROS == 0 => {
                serializer.serialize_i64(span.0 / MICROS)
            }
            WarmUp::After(span) => serializer.serialize_f64(span.as_secs_f64()),
            WarmUp::Mser5 => serializer.serialize_str(WarmUp::MSER5),
        }
    }
}

impl<'de> Deserialize<'de> for WarmUp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WarmUp, D::Error> {
        // As text, so that decimals stay exact.
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| serde::de::Error::custom(format!("`{text}` is {error}")))
    }
}

impl JsonSchema for WarmUp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WarmUp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "number", "exclusiveMinimum": 0 },
                { "const": WarmUp::MSER5 }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{ReplayOptions, RunResult, replay};
    use gpusched_core::cluster::{Inventory, Node};
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    /// One GPU; jobs of 100 s that come at these seconds.
    fn run(submits: &[i64], warm_up: Option<WarmUp>) -> RunResult {
        let mut builder = WorkloadBuilder::numbered();
        for at in submits {
            let run = Span::from_secs(100);
            let job = JobDraft::new("", Time::from_secs(*at), run, Shape::whole_gpus(1));
            builder.push(&job).unwrap();
        }
        let cluster = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
        let options = ReplayOptions {
            warm_up,
            ..ReplayOptions::default()
        };
        replay(&builder.finish().unwrap(), &cluster, &options).unwrap()
    }

    fn after(seconds: i64) -> Option<WarmUp> {
        Some(WarmUp::After(Span::from_secs(seconds)))
    }

    #[test]
    fn jobs_of_the_warm_up_run_and_are_in_no_mean() {
        // Waits of 0, 50 and 0 s.
        let submits = [10, 60, 400];
        let summary = run(&submits, after(50)).summary;
        assert_eq!(summary.wait_s.unwrap().mean, 25.0);
        assert_eq!(summary.jct_s.unwrap().mean, 125.0);
        assert_eq!(summary.bounded_slowdown.unwrap().mean, 1.25);
        assert_eq!((summary.jobs.total, summary.jobs.finished), (3, 3));
        assert_eq!(summary.users[0].mean_wait_s, Some(25.0));
        let cut = summary.warm_up.unwrap();
        let told = (cut.rule.as_str(), cut.seconds, cut.jobs_left_out);
        assert_eq!(told, ("fixed", Some(50.0), 1));
        let all = run(&submits, after(391)).summary;
        assert_eq!((all.wait_s, all.jct_s), (None, None));
        assert_eq!(all.warm_up.unwrap().jobs_left_out, 3);
    }

    #[test]
    fn mser_5_is_told_waits_in_order_of_arrival() {
        // Twenty jobs at once wait 0, 100 … 1900 s; then a job every 110 s, and nobody waits.
        let burst = std::iter::repeat_n(0, 20);
        let submits: Vec<i64> = burst.chain((0..180).map(|at| 5000 + 110 * at)).collect();
        let summary = run(&submits, Some(WarmUp::Mser5)).summary;
        let cut = summary.warm_up.unwrap();
        assert_eq!((cut.seconds, cut.jobs_left_out), (Some(5000.0), 20));
        assert_eq!(summary.wait_s.unwrap().mean, 0.0);
    }

    #[test]
    fn without_a_steady_state_nothing_is_left_out() {
        // A job every 50 s: the queue grows without end.
        let submits: Vec<i64> = (0..200).map(|at| 50 * at).collect();
        let summary = run(&submits, Some(WarmUp::Mser5)).summary;
        let cut = summary.warm_up.unwrap();
        assert_eq!((cut.seconds, cut.jobs_left_out), (None, 0));
        assert_eq!(summary.wait_s.unwrap().jobs, 200);
    }

    #[test]
    fn words_are_read_and_written() {
        for text in ["mser-5", "3600", "0.5"] {
            let read: WarmUp = text.parse().unwrap();
            let written = serde_json::to_value(read).unwrap().to_string();
            assert_eq!(written.trim_matches('"'), text);
        }
        for wrong in ["0", "-1", "mser", "", "1e"] {
            assert!(wrong.parse::<WarmUp>().is_err(), "{wrong}");
        }
    }
}
