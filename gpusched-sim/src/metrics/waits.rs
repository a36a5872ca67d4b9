//! Why jobs waited: total time per reason, and the single intervals where they are wanted.

use super::summary::ReasonShare;
use crate::engine::Observer;
use gpusched_core::ids::JobId;
use gpusched_core::queueing::Reason;
use gpusched_core::units::{MICROS, Time};

/// A stretch of a job's wait with one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitInterval {
    /// The schedulable job.
    pub job: JobId,
    /// Why it waited.
    pub reason: Reason,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
}

/// An observer that sums waits by reason and, if asked, keeps every interval (24 bytes each).
#[derive(Clone, Debug, Default)]
pub struct WaitLog {
    keep: bool,
    intervals: Vec<WaitInterval>,
    micros: [i128; Reason::ALL.len()],
}

impl WaitLog {
    /// A log that keeps intervals only if `keep`.
    pub fn new(keep: bool) -> WaitLog {
        WaitLog {
            keep,
            ..WaitLog::default()
        }
    }

    /// Total and share of each reason, in the order of [`Reason::ALL`].
    pub fn shares(&self) -> Vec<ReasonShare> {
        let total: i128 = self.micros.iter().sum();
        let share = |micros: i128| ReasonShare {
            reason: String::new(),
            seconds: micros as f64 / MICROS as f64,
            share: if total == 0 {
                0.0
            } else {
                micros as f64 / total as f64
            },
        };
        Reason::ALL
            .iter()
            .zip(self.micros)
            .map(|(reason, micros)| ReasonShare {
                reason: reason.name().to_owned(),
                ..share(micros)
            })
            .collect()
    }

    /// The intervals kept, by job, then time.
    pub fn into_intervals(mut self) -> Vec<WaitInterval> {
        self.intervals
            .sort_unstable_by_key(|wait| (wait.job, wait.from));
        self.intervals
    }
}

impl Observer for WaitLog {
    #[inline]
    fn waited(&mut self, job: JobId, reason: Reason, from: Time, to: Time) {
        self.micros[reason as usize] += i128::from((to - from).0);
        if self.keep && from < to {
            self.intervals.push(WaitInterval {
                job,
                reason,
                from,
                to,
            });
        }
    }
}
