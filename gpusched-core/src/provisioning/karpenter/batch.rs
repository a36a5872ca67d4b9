//! The batching window: pods that come close together are solved together
//! (`pkg/controllers/provisioning/batcher.go`).
//!
//! A window opens with the first trigger. It closes when no new trigger came for the idle time, or
//! when it has been open for the longest time. Every pod that waits triggers once per window, and
//! again ten seconds later while it still waits; here all of them together, ten seconds after the
//! window opened, where upstream each pod has a clock of its own.

use crate::ids::JobId;
use crate::provisioning::controller::{MachineId, View};
use crate::units::{Span, Time};
use std::collections::BTreeSet;

/// How long after its last trigger a pod that still waits triggers again.
const AGAIN: Span = Span::from_secs(10);

/// When the next solve is due.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    idle: Span,
    longest: Span,
    /// First and last trigger of the open window.
    window: Option<(Time, Time)>,
    /// When those that wait trigger again.
    again: Time,
    /// Who waited when it was last looked, in the order of the view.
    waiting: Vec<(Time, JobId, u32)>,
    pending_version: Option<u64>,
    /// Machines whose pods have to go elsewhere.
    going: BTreeSet<MachineId>,
}

impl Batch {
    pub(super) fn new(idle: Span, longest: Span) -> Batch {
        Batch {
            idle,
            longest,
            window: None,
            again: Time::ZERO,
            waiting: Vec::new(),
            pending_version: None,
            going: BTreeSet::new(),
        }
    }

    /// Opens or extends the window for everyone who was not there before. O(pods that wait), if
    /// they have changed.
    pub(super) fn look(&mut self, view: &View, going: &BTreeSet<MachineId>) {
        let mut new = !going.is_subset(&self.going);
        if self.going != *going {
            self.going.clone_from(going);
        }
        if self.pending_version != Some(view.pending_version) {
            self.pending_version = Some(view.pending_version);
            let pods = view.pending.iter();
            let now: Vec<_> = pods.map(|pod| (pod.created, pod.job, pod.index)).collect();
            let mut known = self.waiting.iter().peekable();
            new |= now.iter().any(|pod| {
                while known.next_if(|one| *one < pod).is_some() {}
                known.peek() != Some(&pod)
            });
            self.waiting = now;
        }
        if new || (self.window.is_none() && self.waits() && view.now >= self.again) {
            self.trigger(view.now);
        }
    }

    /// Opens or extends the window.
    pub(super) fn trigger(&mut self, now: Time) {
        let (first, _) = self.window.unwrap_or((now, now));
        self.window = Some((first, now));
    }

    fn waits(&self) -> bool {
        !self.waiting.is_empty() || !self.going.is_empty()
    }

    /// When to look again if nothing changes.
    pub(super) fn wake(&self) -> Option<Time> {
        match self.window {
            Some((first, last)) => Some((first + self.longest).min(last + self.idle)),
            None => self.waits().then_some(self.again),
        }
    }

    /// Closes the window if it is time to.
    pub(super) fn close(&mut self, now: Time) -> bool {
        let Some((first, _)) = self.window else {
            return false;
        };
        let due = self.wake().is_some_and(|due| due <= now);
        if due {
            self.window = None;
            self.again = first + AGAIN;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::controller::ViewPod;
    use std::sync::Arc;

    /// Who waits: jobs by number, each made at second 0.
    fn view(now: i64, jobs: &[u32], version: u64) -> View {
        let pod = |job: &u32| ViewPod {
            job: JobId(*job),
            index: 0,
            created: Time::ZERO,
            spec: Arc::default(),
            priority: 0,
            deletion_cost: 0,
            keep: false,
        };
        View {
            now: Time::from_secs(now),
            pending: jobs.iter().map(pod).collect(),
            pending_version: version,
            ..View::default()
        }
    }

    fn batch() -> Batch {
        Batch::new(Span::from_secs(1), Span::from_secs(10))
    }

    fn look(batch: &mut Batch, now: i64, jobs: &[u32]) -> Option<i64> {
        let version = jobs
            .iter()
            .fold(now as u64, |hash, job| hash * 31 + u64::from(*job));
        batch.look(&view(now, jobs, version), &BTreeSet::new());
        batch.wake().map(|time| time.0 / 1_000_000)
    }

    #[test]
    fn a_window_closes_a_second_after_the_last_new_pod() {
        let mut batch = batch();
        assert_eq!(look(&mut batch, 5, &[]), None);
        assert_eq!(look(&mut batch, 5, &[1]), Some(6));
        assert!(!batch.close(Time::from_secs(5)));
        assert!(batch.close(Time::from_secs(6)));
    }

    #[test]
    fn new_pods_extend_a_window_up_to_ten_seconds() {
        let mut batch = batch();
        let mut jobs = vec![0];
        for second in 0..12 {
            jobs.push(second as u32 + 1);
            assert_eq!(look(&mut batch, second, &jobs), Some((second + 1).min(10)));
            assert_eq!(batch.close(Time::from_secs(second)), second >= 10);
            if second >= 10 {
                break;
            }
        }
    }

    #[test]
    fn a_pod_that_was_there_extends_nothing() {
        let mut batch = batch();
        look(&mut batch, 0, &[1, 2]);
        // One of them has gone.
        assert_eq!(look(&mut batch, 0, &[2]), Some(1));
        let mut later = batch.clone();
        assert_eq!(look(&mut later, 1, &[2]), Some(1));
        assert_eq!(look(&mut batch, 1, &[2, 3]), Some(2));
    }

    #[test]
    fn pods_that_still_wait_trigger_again_after_ten_seconds() {
        let mut batch = batch();
        look(&mut batch, 0, &[1]);
        assert!(batch.close(Time::from_secs(1)));
        assert_eq!(look(&mut batch, 2, &[1]), Some(10));
        assert_eq!(look(&mut batch, 10, &[1]), Some(11));
        assert!(batch.close(Time::from_secs(11)));
        assert_eq!(look(&mut batch, 12, &[]), None);
    }

    #[test]
    fn a_node_that_goes_triggers() {
        let mut batch = batch();
        batch.look(&view(3, &[], 0), &BTreeSet::from([MachineId(7)]));
        assert_eq!(batch.wake(), Some(Time::from_secs(4)));
    }
}
