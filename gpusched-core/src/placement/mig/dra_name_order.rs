//! `dra-name-order`: the NVIDIA DRA driver with dynamic MIG under the structured allocator of
//! Kubernetes.
//!
//! Every (profile, start) of a GPU is a device named `gpu-<minor>-mig-<profile without
//! dots>-<profile id>-<start>`. The allocator takes the first device whose counters are free, in
//! order of slice, then name, and scores nothing; requests of a claim backtrack. Names are compared
//! as text, so `gpu-10-…` comes before `gpu-2-…`.
//!
//! Source: k8s-dra-driver-gpu 2240711 (gate DynamicMIG, KEP-4815). One pool per node, nodes in
//! order; within a node all devices in order of name, as in combined slices (Kubernetes 1.34).
//! From 1.35 on there is a slice per GPU in order of PCI bus id: give GPUs such numbers that the
//! two agree, which they do below eleven GPUs.

use super::{Choice, MigPlacement};
use crate::gpu::mig::{Instance, MigGpu};

/// First fit over device names, backtracking for claims of several requests. O(GPUs) for one
/// instance once the GPUs of a node are sorted.
#[derive(Clone, Copy, Debug, Default)]
pub struct DraNameOrder;

/// The name of the device that stands for `instance` on a GPU, or `None` when the profile's id is
/// not known.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, Instance, MigGpu};
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::placement::mig::dra_device_name;
/// use std::sync::Arc;
/// let geometry = Arc::new(Geometry::of(board("A100-40GB").unwrap()).unwrap());
/// let profile = geometry.row("1g.5gb").unwrap();
/// let gpu = MigGpu::new(geometry, NodeId(0), 3);
/// let name = dra_device_name(&gpu, Instance { profile, start: 6 });
/// assert_eq!(name.unwrap(), "gpu-3-mig-1g5gb-19-6");
/// ```
pub fn dra_device_name(gpu: &MigGpu, instance: Instance) -> Option<String> {
    let profile = gpu.geometry().profile(instance.profile);
    let id = profile.smi_id?;
    let name = profile.name.replace('.', "");
    let (minor, start) = (gpu.minor(), instance.start);
    Some(format!("gpu-{minor}-mig-{name}-{id}-{start}"))
}

/// Positions of the GPUs, nodes in order, device names within a node in order. For one profile
/// the names of a node compare by the minor number as text first, then by the start: `-` sorts
/// before every digit.
fn in_name_order(gpus: &[MigGpu]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gpus.len()).collect();
    let single_digit = gpus.iter().all(|gpu| gpu.minor() < 10);
    if single_digit {
        order.sort_by_key(|&at| (gpus[at].node(), gpus[at].minor()));
    } else {
        order.sort_by_cached_key(|&at| (gpus[at].node(), gpus[at].minor().to_string()));
    }
    order
}

/// All free places for a profile, in order; stops when `visit` has what it wants.
fn candidates<T>(
    gpus: &mut [MigGpu],
    order: &[usize],
    profile: &str,
    mut visit: impl FnMut(&mut [MigGpu], Choice) -> Option<T>,
) -> Option<T> {
    for &gpu in order {
        let Some(row) = gpus[gpu].board().by_name(profile) else {
            continue;
        };
        let mut starts = gpus[gpu].geometry().starts(row).to_vec();
        starts.sort_by_key(u8::to_string);
        for start in starts {
            if gpus[gpu].can_create(row, start) {
                let found = visit(gpus, Choice { gpu, start });
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

fn claim(gpus: &mut [MigGpu], order: &[usize], profiles: &[&str]) -> Option<Vec<Choice>> {
    let Some((profile, rest)) = profiles.split_first() else {
        return Some(Vec::new());
    };
    candidates(gpus, order, profile, |gpus, choice| {
        let applied = choice.apply(gpus, profile).ok()?;
        let found = claim(gpus, order, rest);
        choice.undo(gpus, &applied);
        found.map(|mut choices| {
            choices.insert(0, choice);
            choices
        })
    })
}

impl MigPlacement for DraNameOrder {
    fn name(&self) -> &'static str {
        "dra-name-order"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let order = in_name_order(gpus);
        order.into_iter().find_map(|gpu| {
            let state = &gpus[gpu];
            let row = state.board().by_name(profile)?;
            let mut starts = state.geometry().starts(row).to_vec();
            starts.sort_by_key(u8::to_string);
            let start = starts
                .into_iter()
                .find(|&start| state.can_create(row, start))?;
            Some(Choice { gpu, start })
        })
    }

    fn choose_all(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        let order = in_name_order(gpus);
        claim(gpus, &order, profiles)
    }
}
