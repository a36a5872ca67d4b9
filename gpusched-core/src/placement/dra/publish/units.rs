//! What instances have and share: multiprocessors, engines, memory.

use super::{Omission, Omitted};
use crate::gpu::mig::{Board, Geometry, Profile};
use crate::gpu::model::GpuModel;
use crate::kube::{Format, Quantity};
use crate::placement::dra::objects::DeviceCapacity;
use std::collections::{BTreeMap, BTreeSet};

/// What is published: as capacity of a device, and as counter. Engines come in the order of
/// [`crate::gpu::mig::Engines::counts`].
const NAMES: [(&str, &str); 7] = [
    ("copyEngines", "copy-engines"),
    ("decoders", "decoders"),
    ("encoders", "encoders"),
    ("jpegEngines", "jpeg-engines"),
    ("ofaEngines", "ofa-engines"),
    ("multiprocessors", "multiprocessors"),
    ("memory", "memory"),
];

/// How much of each; `None` where nobody has published it.
type Amounts = [Option<i64>; 7];

fn amounts(profile: &Profile) -> Amounts {
    let [copy, decoders, encoders, jpeg, ofa] = profile.engines.counts().map(|n| n.map(i64::from));
    let memory = profile.memory_mib.map(|mib| i64::from(mib) << 20);
    let sms = profile.sms.map(i64::from);
    [copy, decoders, encoders, jpeg, ofa, sms, memory]
}

/// Bytes, or a plain number: both end as the driver writes them.
pub(super) fn quantity(amount: i64) -> Quantity {
    Quantity::new(amount, Format::BinarySi)
}

/// Something a device has.
pub(super) fn capacity(amount: i64) -> DeviceCapacity {
    DeviceCapacity {
        value: quantity(amount),
        policy: None,
    }
}

/// What an instance has, as its capacities.
pub(super) fn capacities(
    model: &GpuModel,
    profile: &'static Profile,
    omitted: &mut BTreeSet<Omission>,
) -> BTreeMap<String, DeviceCapacity> {
    let mut known = BTreeMap::new();
    for ((name, _), amount) in NAMES.into_iter().zip(amounts(profile)) {
        match amount {
            Some(amount) => {
                known.insert(name.to_owned(), capacity(amount));
            }
            None => {
                let profile = profile.name;
                omitted.insert(Omission {
                    model: model.name,
                    part: Omitted::Capacity { profile, name },
                });
            }
        }
    }
    known
}

/// What the instances of a board share.
pub(super) struct Shares {
    /// The most any profile has of each; `None` where that cannot be told.
    most: Amounts,
}

impl Shares {
    /// The counters of a board. One is left out where a profile's figure is not known, or where the
    /// figures cannot be what an instance takes from the others.
    pub(super) fn of(
        model: &GpuModel,
        geometry: &Geometry,
        omitted: &mut BTreeSet<Omission>,
    ) -> Shares {
        let board: &Board = geometry.board();
        let mut most: Amounts = [None; 7];
        for (at, (_, counter)) in NAMES.into_iter().enumerate() {
            let all: Option<Vec<i64>> = board.profiles.iter().map(|one| amounts(one)[at]).collect();
            let engine = at < 5;
            most[at] = match engine {
                true => geometry.limits().engine_capacity(at).map(i64::from),
                false => all.and_then(|all| all.into_iter().max()),
            };
            if most[at].is_none() {
                omitted.insert(Omission {
                    model: model.name,
                    part: Omitted::Counter(counter),
                });
            }
        }
        Shares { most }
    }

    /// Capacities of the whole board, beside its instances.
    pub(super) fn board(&self) -> BTreeMap<String, DeviceCapacity> {
        let all = NAMES.into_iter().zip(self.most);
        let known = all.filter_map(|((name, _), most)| Some((name.to_owned(), capacity(most?))));
        known.collect()
    }

    /// All counters with the memory slices of the whole board.
    pub(super) fn all(&self, slices: u8) -> BTreeMap<String, Quantity> {
        self.counters(self.most, 0, slices)
    }

    /// What an instance takes of them.
    pub(super) fn taken(
        &self,
        profile: &Profile,
        start: u8,
        size: u8,
    ) -> BTreeMap<String, Quantity> {
        self.counters(amounts(profile), start, size)
    }

    fn counters(&self, amounts: Amounts, start: u8, size: u8) -> BTreeMap<String, Quantity> {
        let counted = NAMES.into_iter().zip(amounts).zip(self.most);
        let counted = counted.filter_map(|(((_, name), amount), most)| {
            most.and(amount)
                .map(|amount| (name.to_owned(), quantity(amount)))
        });
        let slices = (start..start + size).map(|at| (format!("memory-slice-{at}"), quantity(1)));
        counted.chain(slices).collect()
    }
}
