//! The one table of MIG placement policies.

use super::{
    BestFitSlots, Bucket, DasSpread, DevicePlugin, DraNameOrder, DriverOrder, Hami, LowestStart,
    MigPlacement, MinFragmentation, NosGeometry, Parvagpu, Sharing,
};
use crate::policy::{PolicyError, PolicyInfo};

struct Entry {
    info: PolicyInfo,
    make: fn() -> Box<dyn MigPlacement>,
}

macro_rules! entry {
    ($name:literal, $make:expr, $summary:literal, $rule:literal, $source:literal) => {
        Entry {
            info: PolicyInfo {
                name: $name,
                summary: $summary,
                rule: $rule,
                source: $source,
            },
            make: || Box::new($make),
        }
    };
}

const fn plugin(sharing: Sharing, bucket: Bucket) -> DevicePlugin {
    DevicePlugin { sharing, bucket }
}

#[rustfmt::skip]
static TABLE: &[Entry] = &[
    entry!("best-fit-slots", BestFitSlots::default(),
        "the GPU with the fewest free slots that fits",
        "Fewest free slots wins, the first GPU on ties; there the lowest free legal start.",
        "classic best fit, in MIG slots"),
    entry!("lowest-start", LowestStart,
        "first GPU that fits, lowest start",
        "GPUs in order; on the first with room, the lowest free legal start.",
        "classic first fit"),
    entry!("driver-order", DriverOrder,
        "first GPU that fits, the start the driver would choose",
        "GPUs in order; on the first with room: 1g at 6,4,5,0,1,2,3; 2g at 4,0,2; 3g at 4,0; 4g and 7g at 0. Other profiles and boards: upper half first (assumed).",
        "MIG user guide and H100 listings; deduced, board-dependent"),
    entry!("hami", Hami,
        "HAMi: 1g and 3g from the top, others from the bottom; pods backtrack on one GPU",
        "GPUs in order; 1g and 3g take the highest free start, others the lowest. Several instances of a pod go to the first GPU that takes all: fewest legal placements first, then the larger, backtracking.",
        "Project-HAMi/HAMi 4707fb0, mig_topology.go"),
    entry!("parvagpu", Parvagpu,
        "ParvaGPU: large to small, own order of starts",
        "GPUs in order; 7 and 4 at 0; 3 at 4 only; 2 at 0,4,2; 1 at 0,6,4,1,2,3,5. Several instances of a pod go largest first, each on the first GPU with room.",
        "MunQ-Lee/ParvaGPU_SC24 (arXiv 2409.14447)"),
    entry!("min-fragmentation", MinFragmentation::default(),
        "the place that blocks the fewest later placements",
        "Least increase of: sum over base profiles that fit the number of free slots, of size × blocked placements / placements. Ties: fewer free slots, first GPU, lowest start.",
        "own definition after the idea of MFI (arXiv 2511.18906), whose formula was not found"),
    entry!("das-spread", DasSpread,
        "instaslice: the emptiest node, first fit there",
        "Node score 100 × free slots / slots, rounded down, highest first, first node on ties; on the node the first GPU with room, at the first listed start that is free. Sizes 1, 2, 4 and 8 only.",
        "openshift/instaslice-operator 9f4fc07"),
    entry!("nos-geometry", NosGeometry,
        "nos: use what stands, or change a GPU to a known geometry",
        "A free instance is used; otherwise the first GPU for which a known geometry keeps the used instances and offers more of the profile; most offered wins, then list order.",
        "nebuly-ai/nos 12e0a72, pkg/gpu/mig"),
    entry!("dra-name-order", DraNameOrder,
        "DRA: first fit over device names",
        "Nodes in order; devices gpu-<minor>-mig-<profile>-<id>-<start> in order of name; the first whose counters are free. Claims of several requests backtrack.",
        "k8s-dra-driver-gpu 2240711, KEP-4815"),
    entry!("device-plugin-distributed", plugin(Sharing::Distributed, Bucket::Instance),
        "device plugin (default): first free standing instance",
        "First node with a free instance. Instances whose physical GPU has the fewest allocated devices first; a MIG instance is its own physical GPU, so: lowest number, lowest start.",
        "NVIDIA/k8s-device-plugin 1b826ac, --shared-devices-allocation-policy"),
    entry!("device-plugin-packed", plugin(Sharing::Packed, Bucket::Instance),
        "device plugin (packed): first free standing instance",
        "As device-plugin-distributed, most allocated first; for MIG the same decisions.",
        "NVIDIA/k8s-device-plugin 1b826ac, --shared-devices-allocation-policy"),
    entry!("device-plugin-distributed-parent", plugin(Sharing::Distributed, Bucket::Parent),
        "device plugin with PR 2036: the GPU with the fewest used instances",
        "First node with a free instance; there the GPU with the fewest used instances of the profile, lowest number on ties; lowest start.",
        "NVIDIA/k8s-device-plugin PR 2036 (open)"),
    entry!("device-plugin-packed-parent", plugin(Sharing::Packed, Bucket::Parent),
        "device plugin with PR 2036: the GPU with the most used instances",
        "As device-plugin-distributed-parent, most first.",
        "NVIDIA/k8s-device-plugin PR 2036 (open)"),
];

/// All MIG placement policies, in the order they are listed to users.
pub fn mig_placements() -> impl Iterator<Item = &'static PolicyInfo> {
    TABLE.iter().map(|entry| &entry.info)
}

/// Makes a MIG placement policy by name.
///
/// # Errors
/// [`PolicyError::Unknown`] when there is no policy of that name.
///
/// ```
/// use gpusched_core::placement::mig::registry::mig_placement;
/// assert_eq!(mig_placement("hami").unwrap().name(), "hami");
/// assert!(mig_placement("lottery").is_err());
/// ```
pub fn mig_placement(name: &str) -> Result<Box<dyn MigPlacement>, PolicyError> {
    TABLE
        .iter()
        .find(|entry| entry.info.name == name)
        .map(|entry| (entry.make)())
        .ok_or_else(|| PolicyError::Unknown {
            role: "MIG placement",
            name: name.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_answers_to_the_name_it_is_listed_under() {
        for info in mig_placements() {
            assert_eq!(mig_placement(info.name).unwrap().name(), info.name);
        }
    }
}
