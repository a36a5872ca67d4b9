//! What a backfilling scheduler believes a job's run time to be.

use crate::ids::JobId;
use crate::units::{MICROS, Span};
use crate::workload::Workload;
use rustc_hash::FxHashMap;

/// A rule of prediction. Predictions are whole seconds where they are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predict {
    /// The estimate.
    Estimate,
    /// The true run time: an oracle.
    Run,
    /// Twice the true run time.
    DoubleRun,
    /// Twice the estimate.
    DoubleEstimate,
    /// Twice the estimate for jobs started from the head of the queue, the estimate for others.
    HeadDouble,
    /// Twice the estimate for backfilled jobs, the estimate for heads.
    TailDouble,
    /// Half the estimate, at least one second; the estimate once that has passed.
    Halved,
    /// The mean of the user's last two finished run times, at most the estimate; the estimate
    /// once that has passed, or while the user has not two (Tsafrir et al., TPDS 2007).
    RecentPair,
}

/// A rule of prediction with the history it needs.
#[derive(Debug)]
pub(super) struct Predictor {
    rule: Predict,
    users: FxHashMap<String, u32>,
    user_of_owner: Vec<u32>,
    /// Last and previous run time per user.
    recent: Vec<[Option<Span>; 2]>,
    /// Bumped when a prediction of a waiting job may have changed.
    pub(super) version: u64,
}

impl Predictor {
    pub(super) fn new(rule: Predict) -> Predictor {
        Predictor {
            rule,
            users: FxHashMap::default(),
            user_of_owner: Vec::new(),
            recent: Vec::new(),
            version: 0,
        }
    }

    /// Prediction for a job that starts from the head of the queue.
    pub(super) fn head(&mut self, job: JobId, work: &Workload) -> Span {
        match self.rule {
            Predict::HeadDouble => double(work.estimate(job)),
            Predict::TailDouble => work.estimate(job),
            _ => self.candidate(job, work),
        }
    }

    /// Prediction for a job that may be backfilled.
    pub(super) fn candidate(&mut self, job: JobId, work: &Workload) -> Span {
        let estimate = work.estimate(job);
        match self.rule {
            Predict::Estimate | Predict::HeadDouble => estimate,
            Predict::Run => work.job(job).run,
            Predict::DoubleRun => double(work.job(job).run),
            Predict::DoubleEstimate | Predict::TailDouble => double(estimate),
            Predict::Halved => whole_seconds(estimate.0 / 2).max(Span(MICROS)),
            Predict::RecentPair => {
                let user = self.user(job, work);
                match self.recent[user] {
                    [Some(last), Some(previous)] => {
                        whole_seconds((last.0 + previous.0) / 2).min(estimate)
                    }
                    _ => estimate,
                }
            }
        }
    }

    /// A job has finished after `run`.
    pub(super) fn finished(&mut self, job: JobId, run: Span, work: &Workload) {
        if self.rule == Predict::RecentPair {
            let user = self.user(job, work);
            let [last, _] = self.recent[user];
            self.recent[user] = [Some(run), last];
            self.version += 1;
        }
    }

    fn user(&mut self, job: JobId, work: &Workload) -> usize {
        if self.user_of_owner.is_empty() {
            for owner in work.owners() {
                let next = self.users.len() as u32;
                let user = *self.users.entry(owner.user.clone()).or_insert(next);
                self.user_of_owner.push(user);
            }
            self.recent = vec![[None; 2]; self.users.len()];
        }
        self.user_of_owner[work.job(job).owner.index()] as usize
    }
}

fn double(span: Span) -> Span {
    Span(span.0.saturating_mul(2))
}

fn whole_seconds(micros: i64) -> Span {
    Span(micros / MICROS * MICROS)
}
