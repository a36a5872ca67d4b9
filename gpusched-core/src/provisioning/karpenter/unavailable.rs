//! What the provider has just been out of.

use super::objects::NodeType;
use crate::provisioning::catalog::{CapacityType, Offering};
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// How long an offering is left alone after the provider was out of it (`UnavailableOfferingsTTL`).
pub const FOR: Span = Span::from_secs(180);

/// Offerings the provider has been out of lately (insufficient capacity, a spot interruption).
///
/// ```
/// use gpusched_core::provisioning::catalog::CapacityType::Spot;
/// use gpusched_core::provisioning::karpenter::unavailable::Unavailable;
/// use gpusched_core::units::Time;
/// let mut out = Unavailable::default();
/// out.mark("p5.48xlarge", "a", Spot, Time::ZERO);
/// assert!(out.is_out("p5.48xlarge", "a", Spot, Time::from_secs(179)));
/// assert!(!out.is_out("p5.48xlarge", "a", Spot, Time::from_secs(180)));
/// assert!(!out.is_out("p5.48xlarge", "b", Spot, Time::ZERO));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Unavailable {
    offerings: BTreeMap<(CapacityType, String, String), Time>,
    capacity_types: BTreeMap<CapacityType, Time>,
    version: u64,
}

impl Unavailable {
    /// Leaves an offering alone from `now` on; once more begins the time anew.
    pub fn mark(&mut self, node_type: &str, zone: &str, capacity_type: CapacityType, now: Time) {
        self.offerings.retain(|_, until| *until > now);
        let key = (capacity_type, node_type.to_owned(), zone.to_owned());
        self.offerings.insert(key, now + FOR);
        self.version += 1;
    }

    /// Leaves a whole capacity type alone: what an account that may not use spot yet gets.
    pub fn mark_capacity_type(&mut self, capacity_type: CapacityType, now: Time) {
        self.capacity_types.insert(capacity_type, now + FOR);
        self.version += 1;
    }

    /// Whether an offering is to be left alone.
    pub fn is_out(
        &self,
        node_type: &str,
        zone: &str,
        capacity_type: CapacityType,
        now: Time,
    ) -> bool {
        let key = (capacity_type, node_type.to_owned(), zone.to_owned());
        let lately = |until: Option<&Time>| until.is_some_and(|until| *until > now);
        lately(self.offerings.get(&key)) || lately(self.capacity_types.get(&capacity_type))
    }

    /// Changes whenever something more is out.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The first instant after `now` at which something may be had again.
    pub fn until(&self, now: Time) -> Option<Time> {
        let all = self.offerings.values().chain(self.capacity_types.values());
        all.filter(|until| **until > now).min().copied()
    }

    /// The types as the next solve sees them: what is out cannot be had.
    pub fn applied(&self, types: &[NodeType], now: Time) -> Vec<NodeType> {
        let mut types = types.to_vec();
        for of in &mut types {
            for offer in &mut of.offerings {
                let Offering {
                    zone,
                    capacity_type,
                    available,
                    ..
                } = &mut offer.offering;
                *available &= !self.is_out(&of.name, zone, *capacity_type, now);
            }
        }
        types
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::Price;
    use crate::provisioning::catalog::InstanceType;

    #[test]
    fn what_is_out_cannot_be_had_until_the_time_is_over() {
        let offering = |zone: &str, capacity_type| Offering {
            zone: zone.into(),
            capacity_type,
            price: Price(1),
            available: true,
            reservation: None,
        };
        let types = [NodeType::from(&InstanceType {
            name: "x".into(),
            offerings: vec![
                offering("a", CapacityType::Spot),
                offering("b", CapacityType::Spot),
                offering("a", CapacityType::OnDemand),
            ],
            ..InstanceType::default()
        })];
        let mut out = Unavailable::default();
        let left = |out: &Unavailable, secs| -> Vec<bool> {
            let types = out.applied(&types, Time::from_secs(secs));
            types[0]
                .offerings
                .iter()
                .map(|one| one.offering.available)
                .collect()
        };
        out.mark("x", "a", CapacityType::Spot, Time::ZERO);
        assert_eq!(left(&out, 100), [false, true, true]);
        // Out again at 100: the time begins anew.
        out.mark("x", "a", CapacityType::Spot, Time::from_secs(100));
        assert_eq!(left(&out, 200), [false, true, true]);
        assert_eq!(left(&out, 280), [true, true, true]);
        out.mark_capacity_type(CapacityType::Spot, Time::from_secs(300));
        assert_eq!(left(&out, 301), [false, false, true]);
    }
}
