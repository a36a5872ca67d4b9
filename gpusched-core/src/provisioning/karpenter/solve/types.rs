//! The instance types of a problem, and which of them hold how much.

use super::super::objects::{NodeOffering, NodeType};
use super::Problem;
use super::amounts::{Amounts, Units};
use super::bits::Bits;
use crate::provisioning::catalog::CapacityType;

/// All instance types; a set of them is a set of indices.
pub(super) struct Types<'p> {
    pub(super) all: &'p [NodeType],
    pub(super) allocatable: Vec<Amounts>,
    /// By resource.
    ladders: Vec<Ladder>,
    /// Those with reserved capacity that can be had.
    reserved: Bits,
}

/// The amounts of one resource that types have, rising, and for each who has at least as much.
struct Ladder {
    amounts: Vec<i64>,
    holders: Vec<Bits>,
}

impl<'p> Types<'p> {
    /// O(resources × types × (log types + types/64)).
    pub(super) fn new(problem: &'p Problem, units: &Units) -> Types<'p> {
        let all = &problem.types[..];
        let allocatable: Vec<Amounts> = all
            .iter()
            .map(|one| units.dense(&one.allocatable))
            .collect();
        let resources = allocatable.first().map_or(0, Vec::len);
        Types {
            ladders: (0..resources)
                .map(|resource| Ladder::new(&allocatable, resource))
                .collect(),
            reserved: Bits::of(all.len(), |one| all[one].offerings.iter().any(is_reserved)),
            all,
            allocatable,
        }
    }

    /// Every type.
    pub(super) fn every(&self) -> Bits {
        Bits::of(self.all.len(), |_| true)
    }

    /// Keeps those that have room for the sum of two requests.
    /// O(resources × (log types + types/64)).
    pub(super) fn keep_holding(&self, requests: &[i64], more: &[i64], among: &mut Bits) {
        let wanted = requests.iter().zip(more);
        for (ladder, (one, two)) in self.ladders.iter().zip(wanted) {
            ladder.keep(one.saturating_add(*two), among);
        }
    }

    /// Reserved offerings that can be had, of these types.
    pub(super) fn reserved<'a>(
        &'a self,
        types: &'a Bits,
    ) -> impl Iterator<Item = &'p NodeOffering> + 'a {
        let some = types.meets(&self.reserved);
        let with = types
            .iter()
            .filter(move |one| some && self.reserved.has(*one));
        with.flat_map(|one| {
            self.all[one]
                .offerings
                .iter()
                .filter(|one| is_reserved(one))
        })
    }
}

fn is_reserved(one: &NodeOffering) -> bool {
    one.offering.capacity_type == CapacityType::Reserved && one.offering.available
}

impl Ladder {
    fn new(allocatable: &[Amounts], resource: usize) -> Ladder {
        let mut order: Vec<(i64, usize)> = allocatable
            .iter()
            .enumerate()
            .map(|(one, has)| (has[resource], one))
            .collect();
        order.sort_unstable();
        let (mut amounts, mut holders) = (Vec::new(), Vec::new());
        let mut so_far = Bits::none(allocatable.len());
        for equal in order.chunk_by(|one, two| one.0 == two.0).rev() {
            equal.iter().for_each(|(_, one)| so_far.set(*one));
            amounts.push(equal[0].0);
            holders.push(so_far.clone());
        }
        amounts.reverse();
        holders.reverse();
        Ladder { amounts, holders }
    }

    /// Keeps those with at least `want`; one that is overdrawn holds nothing.
    fn keep(&self, want: i64, among: &mut Bits) {
        let want = want.max(0);
        match self.amounts.partition_point(|amount| *amount < want) {
            0 => {}
            at => match self.holders.get(at) {
                Some(holders) => among.keep(holders),
                None => among.clear(),
            },
        }
    }
}
