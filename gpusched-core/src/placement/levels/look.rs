//! Looks at domains, each noted in the record of the decision.

use super::Levels;
use crate::ids::NodeId;
use crate::placement::{Explanation, Look};
use crate::topology::{DomainId, LevelId, Within};

/// Counts the places looked at.
#[derive(Default)]
struct Seen {
    places: u32,
    fitting: u32,
    most: u64,
}

impl Seen {
    /// One more; whether it holds all pods.
    #[inline]
    fn see(&mut self, room: u64, pods: u64) -> bool {
        let fits = room >= pods;
        self.places += 1;
        self.fitting += u32::from(fits);
        self.most = self.most.max(room);
        fits
    }

    fn note(self, within: Option<Within>, pods: u64, record: &mut Explanation) -> &mut Look {
        record.looks.push(Look {
            within,
            wanted: pods,
            domains: self.places,
            fitting: self.fitting,
            most: self.most,
            taken: None,
            note: "",
        });
        let last = record.looks.len() - 1;
        &mut record.looks[last]
    }
}

/// The domain of a level that holds all pods with least room besides; ties: lowest number.
pub(super) fn fullest(
    levels: &Levels<'_>,
    level: LevelId,
    pods: u64,
    record: &mut Explanation,
) -> Option<DomainId> {
    let mut seen = Seen::default();
    let mut best: Option<(u64, DomainId)> = None;
    for domain in levels.domains(level) {
        let room = levels.room_in(domain);
        if seen.see(room, pods) {
            best = Some(best.map_or((room, domain), |best| best.min((room, domain))));
        }
    }
    let look = seen.note(Some(Within::Level(level)), pods, record);
    look.taken = best.map(|(room, domain)| (domain, room));
    best.map(|(_, domain)| domain)
}

/// The domains of a level that hold all pods, those with least room first; ties: lowest number.
pub(in crate::placement) fn holding(
    levels: &Levels<'_>,
    level: LevelId,
    pods: u64,
    record: &mut Explanation,
) -> Vec<(u64, DomainId)> {
    let mut seen = Seen::default();
    let with_room = levels
        .domains(level)
        .map(|domain| (levels.room_in(domain), domain));
    let mut fitting: Vec<(u64, DomainId)> = with_room
        .filter(|(room, _)| seen.see(*room, pods))
        .collect();
    fitting.sort_unstable();
    let look = seen.note(Some(Within::Level(level)), pods, record);
    look.taken = fitting.first().map(|&(room, domain)| (domain, room));
    fitting
}

/// The node that holds all pods with least room besides; ties: lowest rank.
pub(super) fn holding_node(
    levels: &Levels<'_>,
    pods: u64,
    record: &mut Explanation,
) -> Option<NodeId> {
    let mut seen = Seen::default();
    let mut best: Option<(u32, NodeId)> = None;
    for node in levels.nodes() {
        let room = levels.room(node);
        if seen.see(u64::from(room), pods) && best.is_none_or(|(least, _)| room < least) {
            best = Some((room, node));
        }
    }
    seen.note(Some(Within::Node), pods, record);
    best.map(|(_, node)| node)
}

/// The nodes that hold all pods, those with least room first; ties: lowest rank.
pub(in crate::placement) fn holding_nodes(
    levels: &Levels<'_>,
    pods: u64,
    record: &mut Explanation,
) -> Vec<(u32, NodeId)> {
    let mut seen = Seen::default();
    let with_room = levels.nodes().map(|node| (levels.room(node), node));
    let mut fitting: Vec<(u32, NodeId)> = with_room
        .filter(|(room, _)| seen.see(u64::from(*room), pods))
        .collect();
    fitting.sort_unstable();
    seen.note(Some(Within::Node), pods, record);
    fitting
}

/// Whether all machines together hold all pods.
pub(in crate::placement) fn all_hold(
    levels: &Levels<'_>,
    pods: u64,
    record: &mut Explanation,
) -> bool {
    let mut seen = Seen::default();
    let holds = seen.see(levels.total(), pods);
    seen.note(None, pods, record);
    holds
}
