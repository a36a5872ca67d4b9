//! Dominant resource share: how much a node borrows, in relation to what it could be lent.

use super::super::Amount;
use super::super::ids::{FlavorResourceId, QuotaNodeId, ResourceId};
use super::Quota;
use std::cmp::Ordering;

/// The share of one node. Shares are compared with [`DominantResourceShare::compare`].
///
/// Source: `pkg/cache/scheduler/fair_sharing.go`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DominantResourceShare {
    weight: f64,
    unweighted: f64,
    dominant: Option<ResourceId>,
    borrowing: bool,
}

impl DominantResourceShare {
    /// The share of a node that borrows nothing.
    pub const NONE: DominantResourceShare = DominantResourceShare {
        weight: 1.0,
        unweighted: 0.0,
        dominant: None,
        borrowing: false,
    };

    /// Borrowed per thousand of what can be lent, of the resource where that is most, divided by
    /// the weight; infinite for a node of weight 0 that borrows.
    pub fn weighted(self) -> f64 {
        if self.unweighted == 0.0 {
            0.0
        } else if self.weight == 0.0 {
            f64::INFINITY
        } else {
            self.unweighted / self.weight
        }
    }

    /// [`DominantResourceShare::weighted`], rounded up, as Kueue reports it; `i64::MAX` when
    /// infinite.
    pub fn rounded(self) -> i64 {
        self.weighted().ceil() as i64
    }

    /// The resource the share is of; `None` when it is 0. Of several, the first by name.
    pub fn dominant(self) -> Option<ResourceId> {
        self.dominant
    }

    /// Whether the node uses more than its quota of anything, even of what nobody can lend.
    pub fn is_borrowing(self) -> bool {
        self.borrowing
    }

    fn is_infinite(self) -> bool {
        self.weight == 0.0 && self.unweighted != 0.0
    }

    /// Whether this share is infinite and the other is not, so that no victim taken from the other
    /// side makes the two comparable.
    pub(in super::super) fn is_beyond(self, other: DominantResourceShare) -> bool {
        self.is_infinite() && !other.is_infinite()
    }

    /// The lower share has the better claim. Nodes of weight 0 that borrow come last, among each
    /// other by their unweighted shares.
    pub fn compare(self, other: DominantResourceShare) -> Ordering {
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => self.unweighted.total_cmp(&other.unweighted),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.weighted().total_cmp(&other.weighted()),
        }
    }
}

impl Quota {
    /// A node's share; 0 for one without a parent. O(what it declares).
    pub fn dominant_resource_share(&self, node: QuotaNodeId) -> DominantResourceShare {
        self.dominant_resource_share_with(node, &[])
    }

    /// A node's share if it used more, of which nothing is counted at other nodes.
    pub fn dominant_resource_share_with(
        &self,
        node: QuotaNodeId,
        more: &[(FlavorResourceId, Amount)],
    ) -> DominantResourceShare {
        let mut share = DominantResourceShare {
            weight: self.fair_weight(node),
            ..DominantResourceShare::NONE
        };
        let Some(parent) = self.parent(node) else {
            return share;
        };
        let resource_of = |fr: &FlavorResourceId| self.names.parts(*fr).1;
        for flavors in self
            .declared(node)
            .chunk_by(|a, b| resource_of(a) == resource_of(b))
        {
            let mut borrowed = Amount::ZERO;
            for fr in flavors {
                let cell = self.cell(node, *fr);
                let more = more.iter().filter(|(of, _)| of == fr);
                let used = more.fold(cell.usage, |used, (_, value)| used + *value);
                borrowed = borrowed + Amount::ZERO.max(used - cell.subtree);
            }
            if borrowed <= Amount::ZERO {
                continue;
            }
            share.borrowing = true;
            let resource = resource_of(&flavors[0]);
            let lendable = self.lendable(parent, resource.index());
            if lendable > Amount::ZERO {
                let ratio = borrowed.0 as f64 * 1000.0 / lendable.0 as f64;
                if ratio > share.unweighted {
                    share.unweighted = ratio;
                    share.dominant = Some(resource);
                }
            }
        }
        share
    }

    /// Whether a node borrows any flavor-resource that is really requested (more than 0 of it).
    pub fn is_borrowing_on(
        &self,
        node: QuotaNodeId,
        requests: &[(FlavorResourceId, Amount)],
    ) -> bool {
        self.parent(node).is_some()
            && requests.iter().any(|(fr, value)| {
                *value > Amount::ZERO
                    && self.declares(node, *fr)
                    && self.borrowing_with(node, *fr, Amount::ZERO)
            })
    }
}
