//! What a trace tells about the future of a cluster.

use super::arrivals::{Arrivals, DAY};
use super::run_times::RunTimes;
use crate::diagnostic::{Diagnostic, Result};
use crate::kueue::replay::Job;
use crate::trace::ReadReport;
use gpusched_core::units::{Span, Time};

/// A day that lacks less than this at its end counts as whole: the last job of a day hardly comes
/// at midnight.
const NEARLY: Span = Span::from_secs(3600);

/// The past of a cluster: who came, and how long jobs ran.
#[derive(Clone, Debug)]
pub struct History {
    /// The jobs that come.
    pub arrivals: Arrivals,
    /// How long they ran.
    pub run_times: RunTimes,
    /// The window of the trace both are of, from its time 0.
    pub window: (Time, Time),
    /// Jobs of the window.
    pub jobs: usize,
}

impl History {
    /// Of the jobs of a trace that came in a window of it. Without a window it is the whole trace:
    /// from the first arrival to the last; up to the end of the day where less than an hour is
    /// missing of a day, counted from the first arrival; and in traces of less than a day a mean
    /// gap longer.
    ///
    /// # Errors
    /// When no job came in the window, or all came at one instant and no window says how long that
    /// stands for.
    pub fn new(
        mut jobs: Vec<Job>,
        window: Option<(Time, Time)>,
        report: &ReadReport,
    ) -> Result<History> {
        let problem = |message: String| Diagnostic::new(message).in_file(&report.path);
        let (from, to) = match window {
            Some(window) => window,
            None => whole(&jobs).ok_or_else(|| {
                problem("all jobs of the trace come at one instant".to_owned())
                    .help("say how long that stands for with `--window FROM:TO`, in seconds")
            })?,
        };
        jobs.retain(|job| job.arrival >= from && job.arrival < to);
        if jobs.is_empty() {
            let message = format!("the trace has no jobs from {from} s to {to} s");
            return Err(problem(message).help("give a window in which jobs came"));
        }
        for job in &mut jobs {
            job.arrival = Time::ZERO + (job.arrival - from);
        }
        let origin = calendar(report).map(|start| start + (from - Time::ZERO));
        Ok(History {
            jobs: jobs.len(),
            run_times: RunTimes::new(&jobs),
            arrivals: Arrivals::new(jobs, to - from, origin),
            window: (from, to),
        })
    }
}

/// The window that is the whole trace; `None` if it has no length.
fn whole(jobs: &[Job]) -> Option<(Time, Time)> {
    let arrivals = || jobs.iter().map(|job| job.arrival);
    let (first, last) = (arrivals().min()?, arrivals().max()?);
    let span = last - first;
    if span == Span::ZERO {
        return None;
    }
    let days = (span.0 + NEARLY.0) / DAY.0;
    let length = match days {
        // n arrivals have n - 1 gaps between them, and on a ring one more.
        0 => Span(span.0 + span.0 / (jobs.len() as i64 - 1).max(1)),
        days => span.max(Span(days * DAY.0)),
    };
    // The last arrival is inside.
    Some((first, first + length + Span(1)))
}

/// Time 0 of the trace on the calendar, if that is known with its offset from UTC.
fn calendar(report: &ReadReport) -> Option<Time> {
    let text = report.meta.t0.as_deref()?;
    let at = text.parse::<jiff::Timestamp>().ok()?;
    Some(Time(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::queueing::kueue::objects::Workload;

    fn history(seconds: &[i64], window: Option<(i64, i64)>, t0: Option<&str>) -> Result<History> {
        let jobs = seconds.iter().map(|at| Job {
            workload: Workload::default(),
            arrival: Time::from_secs(*at),
            run: None,
        });
        let mut report = ReadReport {
            path: "trace.csv".into(),
            ..ReadReport::default()
        };
        report.meta.t0 = t0.map(str::to_owned);
        let window = window.map(|(from, to)| (Time::from_secs(from), Time::from_secs(to)));
        History::new(jobs.collect(), window, &report)
    }

    fn ring(seconds: &[i64], window: Option<(i64, i64)>) -> f64 {
        let history = history(seconds, window, None).unwrap();
        history.arrivals.ring().as_secs_f64().round()
    }

    #[test]
    fn the_ring_of_a_whole_trace() {
        const DAY: i64 = 86_400;
        // 20 s between the first and the last of three: 30 s, with the gap back to the first.
        assert_eq!(ring(&[5, 15, 25], None), 30.0);
        assert_eq!(ring(&[0, 20_000], None), 40_000.0);
        // A day that lacks an hour is one.
        assert_eq!(ring(&[100, 100 + DAY - 3600], None), 86_400.0);
        // What is over is cut off, and what is nearly a day is one.
        assert_eq!(ring(&[0, 2 * DAY + 50_000], None), 172_800.0);
        assert_eq!(ring(&[0, 3 * DAY - 60], None), 259_200.0);
        assert_eq!(ring(&[0, 10, 20], Some((5, 105))), 100.0);
    }

    #[test]
    fn windows_without_jobs_and_instants_are_refused() {
        let message = |seconds: &[i64], window| history(seconds, window, None).unwrap_err().message;
        assert!(message(&[7, 7], None).contains("one instant"));
        assert!(message(&[7], Some((8, 9))).contains("no jobs from 8 s to 9 s"));
        assert!(message(&[9], Some((8, 9))).contains("no jobs"));
    }

    #[test]
    fn the_calendar_is_that_of_the_window() {
        let known = history(&[0, 50], Some((10, 90)), Some("1970-01-02T00:00:00Z")).unwrap();
        assert_eq!(known.arrivals.origin(), Some(Time::from_secs(86_410)));
        // Clocks on a wall nobody knows the place of.
        let unknown = history(&[0, 50], None, Some("1970-01-02T00:00:00")).unwrap();
        assert_eq!(unknown.arrivals.origin(), None);
    }
}
