//! Groups that failed are left alone for a while (`utils/backoff`).

use super::Options;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// Which groups are left alone until when. Groups are indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    groups: BTreeMap<usize, Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    duration: Span,
    until: Time,
    failed: Time,
}

impl Backoff {
    /// A group failed: it is left alone for the initial duration; if it had been and that was over,
    /// for twice as long as last time, up to the maximum; if it was not over, for as long as last
    /// time from now on.
    pub(super) fn fail(&mut self, group: usize, now: Time, options: &Options) {
        let mut duration = options.initial_node_group_backoff;
        if let Some(known) = self.groups.get(&group) {
            duration = known.duration;
            if known.until < now {
                duration = Span(duration.0.saturating_mul(2)).min(options.max_node_group_backoff);
            }
        }
        let entry = Entry {
            duration,
            until: now + duration,
            failed: now,
        };
        self.groups.insert(group, entry);
    }

    /// Until when a group is left alone, that instant included; `None` = it is not.
    pub(super) fn until(&self, group: usize, now: Time) -> Option<Time> {
        let entry = self.groups.get(&group)?;
        (entry.until >= now).then_some(entry.until)
    }

    /// Forgets groups that have not failed for longer than the reset timeout.
    pub(super) fn forget(&mut self, now: Time, options: &Options) {
        let timeout = options.node_group_backoff_reset;
        self.groups.retain(|_, entry| entry.failed + timeout >= now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(count: i64) -> Time {
        Time::from_secs(60 * count)
    }

    #[test]
    fn backoff_doubles_from_5_minutes_up_to_30() {
        let options = Options::default();
        let mut backoff = Backoff::default();
        let mut now = Time::ZERO;
        for minutes in [5, 10, 20, 30, 30] {
            backoff.fail(7, now, &options);
            let until = now + Span::from_secs(60 * minutes);
            assert_eq!(
                backoff.until(7, until),
                Some(until),
                "the last instant is one of it"
            );
            now = until + Span(1);
            assert_eq!(backoff.until(7, now), None);
        }
        assert_eq!(backoff.until(8, now), None);
    }

    #[test]
    fn a_failure_while_backed_off_begins_the_same_time_anew() {
        let options = Options::default();
        let mut backoff = Backoff::default();
        backoff.fail(0, Time::ZERO, &options);
        backoff.fail(0, minute(5), &options);
        assert_eq!(backoff.until(0, minute(5)), Some(minute(10)));
    }

    #[test]
    fn three_hours_without_a_failure_are_forgiven() {
        let options = Options::default();
        let mut backoff = Backoff::default();
        backoff.fail(0, Time::ZERO, &options);
        backoff.forget(minute(180), &options);
        assert_eq!(backoff.groups.len(), 1, "three hours, not longer");
        backoff.forget(minute(180) + Span(1), &options);
        assert!(backoff.groups.is_empty());
    }
}
