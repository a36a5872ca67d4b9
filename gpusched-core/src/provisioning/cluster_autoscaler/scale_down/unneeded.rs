//! Since when machines are not needed, and how many it is worth to look for.

use super::super::Options;
use crate::provisioning::controller::MachineId;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// Machines that are not needed, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unneeded(BTreeMap<MachineId, Time>);

impl Unneeded {
    /// These are not needed now; those that were not before keep their time, the others are needed
    /// again. Whether they are others than before.
    pub(super) fn update(&mut self, now: impl Iterator<Item = MachineId>, at: Time) -> bool {
        let before = std::mem::take(&mut self.0);
        self.0 = now
            .map(|id| (id, before.get(&id).copied().unwrap_or(at)))
            .collect();
        self.0 != before
    }

    pub(super) fn contains(&self, id: MachineId) -> bool {
        self.0.contains_key(&id)
    }

    pub(super) fn get(&self, id: MachineId) -> Option<Time> {
        self.0.get(&id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn since(&self) -> impl Iterator<Item = Time> + '_ {
        self.0.values().copied()
    }
}

/// How many unneeded machines are enough: as many as are known and two batches more, but no more
/// than can go in the unneeded time, a batch a look, and one batch more. `interval` is the time
/// between looks.
pub(super) fn limit(options: &Options, known: usize, interval: Span) -> usize {
    let batch = options.max_scale_down_parallelism as usize;
    let interval = interval.0.max(1);
    let looks = options.scale_down_unneeded_time.0.max(interval) / interval;
    let looks = usize::try_from(looks).unwrap_or(usize::MAX);
    let can_go = batch.saturating_mul(looks).saturating_add(batch);
    can_go.min(known + 2 * batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_batches_more_than_are_known_but_no_more_than_can_go() {
        let options = Options::default();
        let seconds = Span::from_secs;
        assert_eq!(limit(&options, 0, seconds(10)), 20);
        assert_eq!(limit(&options, 35, seconds(10)), 55);
        // 10 · 600/10 + 10.
        assert_eq!(limit(&options, 5000, seconds(10)), 610);
        // 10 · 600/600 + 10, as at the first look.
        assert_eq!(limit(&options, 50, seconds(600)), 20);
    }

    #[test]
    fn who_is_needed_in_between_begins_anew() {
        let mut unneeded = Unneeded::default();
        let (one, two) = (MachineId(1), MachineId(2));
        let at = Time::from_secs;
        assert!(unneeded.update([one, two].into_iter(), at(0)));
        assert!(!unneeded.update([one, two].into_iter(), at(10)));
        assert!(unneeded.update([two].into_iter(), at(20)));
        assert!(unneeded.update([one, two].into_iter(), at(30)));
        assert_eq!(
            (unneeded.get(one), unneeded.get(two)),
            (Some(at(30)), Some(at(0)))
        );
    }
}
