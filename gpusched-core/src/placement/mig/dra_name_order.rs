//! `dra-name-order`: the NVIDIA DRA driver with dynamic MIG under the structured allocator of
//! Kubernetes.
//!
//! Every (profile, start) of a GPU is a device named `gpu-<minor>-mig-<profile without
//! dots>-<profile id>-<start>`, with `-` for `+`. The allocator takes the first device whose
//! counters are free, in order of slice, then name, and scores nothing; requests of a claim
//! backtrack. Names are compared as text, so `gpu-10-…` comes before `gpu-2-…`.
//!
//! Source: k8s-dra-driver-gpu 2240711 (gate DynamicMIG, KEP-4815). One pool per node, nodes in
//! order; within a node all devices in order of name, as in combined slices (Kubernetes 1.34).
//! From 1.35 on there is a slice per GPU in order of PCI bus id: give GPUs such numbers that the
//! two agree, which they do below eleven GPUs.
//!
//! Checked against recorded decisions of the real allocator (`gpusched-bench/tests/mig_dra.rs`).

use super::{Choice, MigPlacement, on_one_node};
use crate::gpu::mig::{Geometry, Held, Instance, MigGpu};
use rustc_hash::FxHashSet;
use std::sync::Arc;

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
/// let profile = gpu.geometry().row("1g.5gb+me").unwrap();
/// let name = dra_device_name(&gpu, Instance { profile, start: 0 });
/// assert_eq!(name.unwrap(), "gpu-3-mig-1g5gb-me-20-0");
/// ```
pub fn dra_device_name(gpu: &MigGpu, instance: Instance) -> Option<String> {
    let profile = gpu.geometry().profile(instance.profile);
    let id = profile.smi_id?;
    let name = profile.name.replace('.', "").replace('+', "-");
    let (minor, start) = (gpu.minor(), instance.start);
    Some(format!("gpu-{minor}-mig-{name}-{id}-{start}"))
}

/// Orders numbers as their decimal texts followed by `-`, which sorts before every digit: five
/// digits to the base of eleven, where "no digit" is least.
fn as_text(number: u16) -> u32 {
    let digits = number.checked_ilog10().unwrap_or(0);
    let digit = |place: u32| u32::from(number / 10u16.pow(place) % 10) + 1;
    (0..5).fold(0, |key, at| {
        key * 11 + if at <= digits { digit(digits - at) } else { 0 }
    })
}

/// Positions of the GPUs, nodes in order, device names within a node in order: for one profile the
/// names of a node compare by the minor number as text, then by the start.
fn in_name_order(gpus: &[MigGpu]) -> Vec<usize> {
    let key = |at: usize| (gpus[at].node(), as_text(gpus[at].minor()));
    let mut order: Vec<usize> = (0..gpus.len()).collect();
    if !order.is_sorted_by_key(|&at| key(at)) {
        order.sort_by_key(|&at| key(at));
    }
    order
}

/// Free starts of a profile on a GPU, in order of name.
fn starts(gpu: &MigGpu, profile: &str) -> impl Iterator<Item = u8> + use<> {
    let row = gpu
        .board()
        .by_name(profile)
        .filter(|&row| gpu.has_room(row));
    let mut free = row.map_or(0, |row| gpu.geometry().free_starts(row, gpu.occupancy()));
    std::iter::from_fn(move || {
        let all = (0..16u8).filter(|start| free >> start & 1 == 1);
        let first = all.min_by_key(|&start| as_text(u16::from(start)))?;
        free &= !(1 << first);
        Some(first)
    })
}

/// Whether the GPUs have fewer free units than the profiles take together.
fn units_short(gpus: &[MigGpu], profiles: &[&str]) -> bool {
    let size = |profile: &&str| {
        let sizes = gpus.iter().filter_map(|gpu| {
            let row = gpu.board().by_name(profile)?;
            Some(u32::from(gpu.geometry().size(row)))
        });
        sizes.min().unwrap_or(0)
    };
    let free = gpus
        .iter()
        .map(|gpu| gpu.geometry().free_units(gpu.occupancy()));
    free.sum::<u32>() < profiles.iter().map(size).sum()
}

/// Depth-first search for a claim. States that have failed are remembered up to the order of the
/// GPUs, which cannot matter to whether the rest fits: the first solution is the same, and a claim
/// that does not fit is refused in the number of distinct states, not of assignments. That is
/// still exponential in the worst case, as upstream.
struct Search<'o> {
    order: &'o [usize],
    failed: FxHashSet<(usize, Vec<(*const Geometry, Held)>)>,
}

impl Search<'_> {
    fn claim(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        let Some((profile, rest)) = profiles.split_first() else {
            return Some(Vec::new());
        };
        let mut state: Vec<_> = gpus
            .iter()
            .map(|gpu| (Arc::as_ptr(gpu.geometry()), gpu.held()))
            .collect();
        state.sort_unstable();
        let key = (profiles.len(), state);
        if units_short(gpus, profiles) || self.failed.contains(&key) {
            return None;
        }
        for &gpu in self.order {
            for start in starts(&gpus[gpu], profile) {
                let choice = Choice { gpu, start };
                let applied = choice.apply(gpus, profile).ok()?;
                let found = self.claim(gpus, rest);
                choice.undo(gpus, &applied);
                if let Some(mut choices) = found {
                    choices.insert(0, choice);
                    return Some(choices);
                }
            }
        }
        self.failed.insert(key);
        None
    }
}

impl MigPlacement for DraNameOrder {
    fn name(&self) -> &'static str {
        "dra-name-order"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        in_name_order(gpus).into_iter().find_map(|gpu| {
            let start = starts(&gpus[gpu], profile).next()?;
            Some(Choice { gpu, start })
        })
    }

    fn choose_all(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        let first = self.choose(gpus, profiles.first()?)?;
        on_one_node(gpus, first, |gpus| {
            let mut search = Search {
                order: &in_name_order(gpus),
                failed: FxHashSet::default(),
            };
            search.claim(gpus, profiles)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::as_text;

    #[test]
    fn numbers_compare_as_text_before_a_dash() {
        let mut numbers: Vec<u16> = (0..2000).chain([9999, 10_000, 65_535]).collect();
        let mut texts: Vec<String> = numbers.iter().map(|number| format!("{number}-")).collect();
        texts.sort();
        numbers.sort_by_key(|&number| as_text(number));
        let ours: Vec<String> = numbers.iter().map(|number| format!("{number}-")).collect();
        assert_eq!(ours, texts);
    }
}
