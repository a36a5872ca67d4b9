//! Instance types: what a node of each has, and where it is offered for how much.

use super::Price;
use crate::kube::{Labels, Resources};
use std::fmt;

/// How capacity is bought. The order is Karpenter's precedence at launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CapacityType {
    /// Paid for beforehand.
    Reserved,
    /// May be taken back.
    Spot,
    /// Neither.
    OnDemand,
}

impl CapacityType {
    /// All, in order of precedence.
    pub const ALL: [CapacityType; 3] = [
        CapacityType::Reserved,
        CapacityType::Spot,
        CapacityType::OnDemand,
    ];

    /// Its value of the label `karpenter.sh/capacity-type`.
    pub fn name(self) -> &'static str {
        match self {
            CapacityType::Reserved => "reserved",
            CapacityType::Spot => "spot",
            CapacityType::OnDemand => "on-demand",
        }
    }

    /// The capacity type of that name.
    pub fn named(name: &str) -> Option<CapacityType> {
        CapacityType::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for CapacityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An instance type in one zone, bought in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offering {
    /// The zone.
    pub zone: String,
    /// How it is bought.
    pub capacity_type: CapacityType,
    /// What it costs.
    pub price: Price,
    /// Whether it can be had; `false` while the provider is out of it.
    pub available: bool,
    /// For reserved capacity: which reservation, and how many instances are left in it.
    pub reservation: Option<Reservation>,
}

/// Capacity paid for beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: String,
    /// Instances left.
    pub instances: u32,
}

/// The GPUs of an instance type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpus {
    /// `nvidia`, `amd`, …
    pub vendor: String,
    /// The model, as its provider writes it.
    pub model: String,
    /// Thousandths of a device; an eighth of an L4 is 125.
    pub milli: u32,
    /// Memory of each in MiB.
    pub memory_mib: u64,
}

impl Gpus {
    /// Whole devices, which is what Karpenter counts: a share of one is 0.
    pub fn whole(&self) -> u32 {
        self.milli / 1000
    }
}

/// An instance type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name; unique within a catalogue.
    pub name: String,
    /// Whose it is.
    pub cloud: String,
    /// Its GPUs, if it has any.
    pub gpus: Option<Gpus>,
    /// Labels every node of it has.
    pub labels: Labels,
    /// All there is.
    pub capacity: Resources,
    /// What pods can have of it.
    pub allocatable: Resources,
    /// Where it is offered.
    pub offerings: Vec<Offering>,
    /// When its prices were read, as `YYYY-MM-DD`, and where.
    pub dated: (String, String),
}

impl InstanceType {
    /// The cheapest available offering of one kind; of equal ones the first listed.
    pub fn cheapest(&self, capacity_type: CapacityType) -> Option<&Offering> {
        self.offerings
            .iter()
            .filter(|one| one.available && one.capacity_type == capacity_type)
            .min_by_key(|one| one.price)
    }
}

/// CPU that EKS keeps back from pods, in milli-cores: 6 % of the first core, 1 % of the second,
/// 0.5 % of the next two, 0.25 % of the rest.
///
/// Source: the bootstrap of Amazon's EKS images, as karpenter-provider-aws computes it. Memory it
/// keeps back depends on the pods a node can hold, which depends on its network interfaces.
///
/// ```
/// use gpusched_core::provisioning::catalog::eks_reserved_cpu;
/// assert_eq!(eks_reserved_cpu(4), 80);
/// assert_eq!(eks_reserved_cpu(192), 550);
/// ```
pub fn eks_reserved_cpu(cores: i64) -> i64 {
    let between = |from: i64, to: i64| (cores.min(to) - from).max(0);
    // In tenths of a milli-core: 60, 10, 5 and 2.5 milli-cores per core.
    let tenths = 600 * between(0, 1) + 100 * between(1, 2) + 50 * between(2, 4);
    (tenths + 25 * between(4, i64::MAX)) / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eks_keeps_back_what_its_documentation_lists() {
        // Documented allocatable CPU of g4dn: xlarge to metal.
        for (cores, allocatable) in [
            (2, 1930),
            (4, 3920),
            (8, 7910),
            (16, 15890),
            (48, 47810),
            (96, 95690),
        ] {
            assert_eq!(1000 * cores - eks_reserved_cpu(cores), allocatable);
        }
    }

    #[test]
    fn the_cheapest_offering_is_one_that_can_be_had() {
        let offering = |zone: &str, price, available| Offering {
            zone: zone.into(),
            capacity_type: CapacityType::Spot,
            price: Price(price),
            available,
            reservation: None,
        };
        let of = InstanceType {
            offerings: vec![
                offering("a", 3, true),
                offering("b", 1, false),
                offering("c", 2, true),
                offering("d", 2, true),
            ],
            ..InstanceType::default()
        };
        assert_eq!(of.cheapest(CapacityType::Spot).unwrap().zone, "c");
        assert_eq!(of.cheapest(CapacityType::OnDemand), None);
    }
}
