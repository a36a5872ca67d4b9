//! Domains picked for a request, their order, and the rule of the last one.

use super::counts::Counts;
use std::cmp::Reverse;

/// What is handed out: slices, or single pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Slices,
    Pods,
}

/// A domain and what it can take, or was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) domain: u32,
    pub(super) counts: Counts,
}

impl Pick {
    /// The picks of some domains.
    pub(super) fn of(
        domains: impl IntoIterator<Item = u32>,
        counts: &[Counts],
    ) -> impl Iterator<Item = Pick> {
        domains.into_iter().map(|domain| Pick {
            domain,
            counts: counts[domain as usize],
        })
    }

    /// What it can take.
    #[inline]
    pub(super) fn units(&self, unit: Unit) -> i64 {
        match unit {
            Unit::Slices => self.counts.slices,
            Unit::Pods => self.counts.pods,
        }
    }

    /// What it can take beside the leader.
    #[inline]
    pub(super) fn units_with_leader(&self, unit: Unit) -> i64 {
        match unit {
            Unit::Slices => self.counts.slices_with_leader,
            Unit::Pods => self.counts.pods_with_leader,
        }
    }

    /// What it can take if `leaders` are put there too.
    #[inline]
    pub(super) fn units_beside(&self, unit: Unit, leaders: i64) -> i64 {
        match leaders {
            0 => self.units(unit),
            _ => self.units_with_leader(unit),
        }
    }
}

/// Which domains come first among equals in everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// The roomiest first, and for the last the smallest that suffices.
    BestFit,
    /// The least free first.
    LeastFree,
}

/// Sorts by preference, then slices, then what would be left over, then name. O(n log n).
pub(super) fn sort(picks: &mut [Pick], profile: Profile) {
    picks.sort_unstable_by_key(|Pick { domain, counts }| {
        (
            Reverse(counts.affinity),
            by_room(counts.slices, profile),
            counts.pods,
            *domain,
        )
    });
}

/// The same while the leader has no place yet: who can take it comes first, and what counts is the
/// room beside it.
pub(super) fn sort_with_leader(picks: &mut [Pick], profile: Profile) {
    picks.sort_unstable_by_key(|Pick { domain, counts }| {
        (
            Reverse(counts.leaders),
            Reverse(counts.affinity),
            by_room(counts.slices_with_leader, profile),
            counts.pods_with_leader,
            *domain,
        )
    });
}

fn by_room(slices: i64, profile: Profile) -> i64 {
    match profile {
        Profile::BestFit => -slices,
        Profile::LeastFree => slices,
    }
}

/// Of picks in their order, the first with the least room that suffices; only those as much
/// preferred as the first are looked at. `picks` is not empty. O(n).
pub(super) fn best_fit(picks: &[Pick], needed: i64, leaders: i64, unit: Unit) -> Pick {
    let tier = picks[0].counts.affinity;
    picks
        .iter()
        .take_while(|pick| pick.counts.affinity == tier)
        .filter(|pick| pick.counts.leaders >= leaders)
        .filter(|pick| pick.units_beside(unit, leaders) >= needed)
        .min_by_key(|pick| pick.units_beside(unit, leaders))
        .copied()
        .unwrap_or(picks[0])
}

/// Moves the first domain to the front that can take the leader and still leaves room for
/// everything: counts above were made for the leader where it costs least, so another choice might
/// not hold what they promise. O(n).
pub(super) fn leader_first(picks: &mut [Pick], needed: i64, leaders: i64, unit: Unit) {
    if leaders == 0 || picks.len() < 2 {
        return;
    }
    let room: i64 = picks.iter().map(|pick| pick.units(unit)).sum();
    let spare = |pick: &Pick| {
        let lost = pick.units(unit) - pick.units_with_leader(unit);
        pick.counts.leaders >= leaders && room - lost >= needed
    };
    if let Some(at) = picks.iter().position(spare) {
        picks[..=at].rotate_right(1);
    }
}

/// Gives each domain what it takes of `count` pods, in order, until all are placed; domains that
/// are not needed are dropped. Nothing at all comes back if the room does not suffice, which counts
/// that promise it rule out. O(n).
pub(super) fn trim(
    mut picks: Vec<Pick>,
    count: i64,
    mut leaders: i64,
    size: i64,
    unit: Unit,
    profile: Profile,
) -> Vec<Pick> {
    let (size, mut left) = match unit {
        Unit::Slices => (size, count / size),
        Unit::Pods => (1, count),
    };
    leader_first(&mut picks, left, leaders, unit);
    let mut given = Vec::new();
    for at in 0..picks.len() {
        let mut pick = picks[at];
        let last = |pick: &Pick, left: i64, leaders: i64| {
            pick.counts.leaders >= leaders && pick.units_beside(unit, leaders) >= left
        };
        if last(&pick, left, leaders) && profile == Profile::BestFit {
            pick = best_fit(&picks[at..], left, leaders, unit);
        }
        let done = last(&pick, left, leaders);
        let units = left.min(pick.units_beside(unit, leaders));
        let counts = &mut pick.counts;
        counts.leaders = counts.leaders.min(leaders);
        counts.pods = units * size;
        counts.slices = units;
        left -= units;
        leaders -= counts.leaders;
        given.push(pick);
        if done {
            return given;
        }
    }
    Vec::new()
}
