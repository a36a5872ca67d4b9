//! Launch: which instance types and zones a planned node asks the provider for, and which it gets.
//!
//! Rules of the AWS provider (`pkg/providers/instance` of karpenter-provider-aws, 1d92708). Capacity
//! blocks and interruptible reservations are not told apart from reservations.

use super::labels::CAPACITY_TYPE;
use super::objects::{NodeOffering, NodeType};
use super::{NewNode, Requirements, Undefined};
use crate::provisioning::Price;
use crate::provisioning::catalog::{CapacityType, Offering};
use std::collections::BTreeMap;

/// Most instance types a launch lists.
pub const MOST_TYPES: usize = 60;

/// With fewer types than this, and spot allowed, a launch on demand is warned about.
pub const FEW_TYPES: usize = 5;

/// Resources that make a type exotic: not taken where a generic one would do.
const ACCELERATORS: [&str; 5] = [
    "aws.amazon.com/neuron",
    "aws.amazon.com/neuroncore",
    "amd.com/gpu",
    "nvidia.com/gpu",
    "habana.ai/gaudi",
];

/// What the provider is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch<'a> {
    /// How it is bought: reserved if that can be, else spot, else on demand.
    pub capacity_type: CapacityType,
    /// Types and zones it may be, one offering each, cheapest first; of equal prices by name of
    /// type, then of zone.
    pub options: Vec<LaunchOption<'a>>,
    /// Whether spot was allowed, on demand it is, and there are fewer than [`FEW_TYPES`] types.
    pub inflexible: bool,
}

/// An instance type in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchOption<'a> {
    /// The type.
    pub node_type: &'a NodeType,
    /// The offering.
    pub offering: &'a Offering,
}

/// How the provider chooses among the options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allocation {
    /// The cheapest: what on-demand launches ask for.
    LowestPrice,
    /// A stand-in for `price-capacity-optimized`, whose rule is not public: options are drawn with
    /// weight depth^`alpha` × price^−`beta` (both 1 unless there is a reason; assumed).
    PriceCapacity {
        /// Weight of depth.
        alpha: f64,
        /// Weight of price.
        beta: f64,
    },
}

type Candidate<'a> = (&'a NodeType, Vec<&'a NodeOffering>);

/// What a planned node asks the provider for; `None` when nothing it may be can be had.
///
/// In this order: offerings that are compatible and available; where reserved ones are among them,
/// only those, of several in a zone the one with most instances left; without metal and
/// accelerators where something else is left; where both spot and on-demand are allowed, without
/// spot that is dearer than the cheapest on-demand. The last two are skipped under `minValues`. Then
/// the [`MOST_TYPES`] cheapest types. O(types × offerings × log).
pub fn launch<'a>(
    types: &'a [NodeType],
    node: &NewNode,
    well_known: &[&str],
) -> Option<Launch<'a>> {
    let wanted = &node.requirements;
    let flexible = wanted.iter().any(|one| one.min_values().is_some());
    let candidates = node.types.iter().map(|index| &types[*index]);
    let mut left: Vec<Candidate<'a>> = candidates
        .map(|one| (one, compatible(one, wanted, well_known)))
        .filter(|(_, offerings)| !offerings.is_empty())
        .collect();
    if allows(wanted, CapacityType::Reserved) {
        keep_if_any(&mut left, |(one, offerings)| {
            Some((*one, most_left(offerings)?))
        });
    }
    if !flexible {
        keep_if_any(&mut left, |one| (!exotic(one.0)).then(|| one.clone()));
        drop_dear_spot(&mut left, wanted);
    }
    left.sort_by_key(|(one, offerings)| {
        let price = offerings.iter().map(|offer| offer.offering.price).min();
        (price, &one.name)
    });
    left.truncate(MOST_TYPES);
    let has = |capacity_type| {
        let offerings = left.iter().flat_map(|(_, offerings)| offerings);
        offerings
            .clone()
            .any(|offer| offer.offering.capacity_type == capacity_type)
    };
    let capacity_type = CapacityType::ALL.into_iter().find(|one| has(*one))?;
    let mut options: Vec<LaunchOption<'a>> = Vec::new();
    for (node_type, offerings) in &left {
        let bought = offerings.iter().map(|offer| &offer.offering);
        options.extend(
            bought
                .filter(|offering| offering.capacity_type == capacity_type)
                .map(|offering| LaunchOption {
                    node_type,
                    offering,
                }),
        );
    }
    options.sort_by_key(|one| (one.offering.price, &one.node_type.name, &one.offering.zone));
    let on_demand = capacity_type == CapacityType::OnDemand;
    Some(Launch {
        capacity_type,
        options,
        inflexible: on_demand && allows(wanted, CapacityType::Spot) && left.len() < FEW_TYPES,
    })
}

impl<'a> Launch<'a> {
    /// The option the provider gives. `depth` says how much of a type there is in a zone, in any
    /// unit; `u` in (0, 1) is the caller's draw. Neither matters for [`Allocation::LowestPrice`].
    pub fn choose(
        &self,
        how: Allocation,
        depth: impl Fn(&LaunchOption<'a>) -> f64,
        u: f64,
    ) -> Option<LaunchOption<'a>> {
        let Allocation::PriceCapacity { alpha, beta } = how else {
            return self.options.first().copied();
        };
        let weight = |one: &LaunchOption<'a>| {
            let price = one.offering.price.as_usd().max(f64::MIN_POSITIVE);
            libm::pow(depth(one).max(0.0), alpha) * libm::pow(price, -beta)
        };
        let mut left = u * self.options.iter().map(weight).sum::<f64>();
        for one in &self.options {
            left -= weight(one);
            if left < 0.0 {
                return Some(*one);
            }
        }
        self.options.last().copied()
    }
}

fn compatible<'a>(
    of: &'a NodeType,
    wanted: &Requirements,
    well_known: &[&str],
) -> Vec<&'a NodeOffering> {
    let fits = |offer: &&NodeOffering| {
        let undefined = Undefined::WellKnown(well_known);
        offer.offering.available && wanted.compatible(&offer.requirements, undefined).is_ok()
    };
    of.offerings.iter().filter(fits).collect()
}

/// Whether a node may be bought that way.
pub(super) fn allows(wanted: &Requirements, capacity_type: CapacityType) -> bool {
    let named = capacity_type.name();
    wanted.get(CAPACITY_TYPE).is_none_or(|one| one.has(named))
}

/// The dearest offering of the capacity type that a type would be launched as: reserved, else
/// spot, else on demand.
pub(super) fn worst_price(
    of: &NodeType,
    wanted: &Requirements,
    well_known: &[&str],
) -> Option<Price> {
    let offers = compatible(of, wanted, well_known);
    let prices = |way: CapacityType| {
        let bought = offers.iter().map(|one| &one.offering);
        let bought = bought.filter(|one| one.capacity_type == way);
        bought.map(|one| one.price).max()
    };
    CapacityType::ALL.into_iter().find_map(prices)
}

/// Keeps what `keep` gives, unless that is nothing at all.
fn keep_if_any<'a>(
    left: &mut Vec<Candidate<'a>>,
    keep: impl Fn(&Candidate<'a>) -> Option<Candidate<'a>>,
) {
    let kept: Vec<Candidate<'a>> = left.iter().filter_map(keep).collect();
    if !kept.is_empty() {
        *left = kept;
    }
}

/// The reserved offering of each zone with most instances left, of equal ones the first.
fn most_left<'a>(offerings: &[&'a NodeOffering]) -> Option<Vec<&'a NodeOffering>> {
    let mut best: BTreeMap<&str, (u32, &'a NodeOffering)> = BTreeMap::new();
    for offer in offerings {
        let Some(reservation) = &offer.offering.reservation else {
            continue;
        };
        let known = best
            .entry(&offer.offering.zone)
            .or_insert((reservation.instances, *offer));
        if reservation.instances > known.0 {
            *known = (reservation.instances, *offer);
        }
    }
    (!best.is_empty()).then(|| best.into_values().map(|(_, offer)| offer).collect())
}

fn exotic(of: &NodeType) -> bool {
    let has = |resource: &str| of.capacity.get(resource).is_some_and(|amount| *amount != 0);
    let size = of.requirements.get("karpenter.k8s.aws/instance-size");
    let mut sizes = size.into_iter().flat_map(|size| size.values());
    sizes.any(|size| size.contains("metal")) || ACCELERATORS.iter().any(|one| has(one))
}

fn drop_dear_spot(left: &mut Vec<Candidate<'_>>, wanted: &Requirements) {
    if !allows(wanted, CapacityType::OnDemand) || !allows(wanted, CapacityType::Spot) {
        return;
    }
    let prices = |capacity_type| {
        let offerings = left.iter().flat_map(|(_, offerings)| offerings);
        let bought = offerings.filter(move |one| one.offering.capacity_type == capacity_type);
        bought.map(|one| one.offering.price)
    };
    let cheapest: Option<Price> = prices(CapacityType::OnDemand).min();
    let Some(cheapest) = cheapest else { return };
    for (_, offerings) in left.iter_mut() {
        offerings.retain(|one| {
            one.offering.capacity_type != CapacityType::Spot || one.offering.price <= cheapest
        });
    }
    left.retain(|(_, offerings)| !offerings.is_empty());
}

#[cfg(test)]
mod tests;
