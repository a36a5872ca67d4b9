//! Which replica of a shared GPU a pod gets: the device plugin's choice under time-slicing and MPS.

use crate::policy::PolicyInfo;

/// What the device plugin evens out, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaPolicy {
    /// The GPU with the fewest replicas given away first.
    Distributed,
    /// The GPU with the most first.
    Packed,
}

/// The policies by name.
pub const INFOS: [PolicyInfo; 2] = [
    PolicyInfo {
        name: "distributed",
        summary: "replicas of the GPU with the fewest given away",
        rule: "One after the other: a free replica of the GPU with the fewest replicas given away; \
               of equals the one picked from least often in this call, then lowest number.",
        source: "NVIDIA/k8s-device-plugin 1b826ac, internal/rm/allocate.go",
    },
    PolicyInfo {
        name: "packed",
        summary: "replicas of the GPU with the most given away",
        rule: "One after the other: a free replica of the GPU with the most replicas given away; \
               of equals the one picked from least often in this call, then lowest number.",
        source: "NVIDIA/k8s-device-plugin 1b826ac, internal/rm/allocate.go",
    },
];

/// Fewer replicas are free than are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not enough available devices to satisfy allocation")]
pub struct TooFew;

/// A GPU advertised several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedGpu {
    /// How often.
    pub replicas: u32,
    /// The replicas nobody holds, required ones counted.
    pub free: Vec<u32>,
    /// The free ones that must be among those given.
    pub required: Vec<u32>,
}

/// Chooses `size` replicas, the required ones among them; returns those picked besides, in order,
/// as GPU and replica. Where upstream leaves it open (it walks a map), the lowest GPU and then the
/// lowest replica are taken. O(size × GPUs).
///
/// ```
/// use gpusched_core::placement::device::replicas::{ReplicaPolicy, SharedGpu, pick};
/// let gpu = |free: &[u32]| SharedGpu { replicas: 2, free: free.to_vec(), required: vec![] };
/// let gpus = [gpu(&[1]), gpu(&[0, 1])];
/// assert_eq!(pick(ReplicaPolicy::Distributed, &gpus, 1).unwrap(), [(1, 0)]);
/// assert_eq!(pick(ReplicaPolicy::Packed, &gpus, 1).unwrap(), [(0, 1)]);
/// ```
///
/// # Errors
/// [`TooFew`] when fewer than `size` are free.
pub fn pick(
    policy: ReplicaPolicy,
    gpus: &[SharedGpu],
    size: usize,
) -> Result<Vec<(usize, u32)>, TooFew> {
    struct State {
        free: Vec<u32>,
        given: i64,
        picked: u32,
    }
    let state = |gpu: &SharedGpu| {
        let mut free: Vec<u32> = gpu.free.clone();
        free.retain(|replica| !gpu.required.contains(replica));
        // From the end on, the lowest first.
        free.sort_unstable_by(|a, b| b.cmp(a));
        State {
            given: i64::from(gpu.replicas) - free.len() as i64,
            free,
            picked: 0,
        }
    };
    let mut states: Vec<State> = gpus.iter().map(state).collect();
    let required: usize = gpus.iter().map(|gpu| gpu.required.len()).sum();
    let mut picks = Vec::new();
    for _ in required..size {
        let best = states
            .iter()
            .enumerate()
            .filter(|(_, state)| !state.free.is_empty())
            .min_by_key(|(number, state)| {
                let first = match policy {
                    ReplicaPolicy::Distributed => state.given,
                    ReplicaPolicy::Packed => -state.given,
                };
                (first, state.picked, *number)
            });
        let Some((gpu, _)) = best else {
            return Err(TooFew);
        };
        let state = &mut states[gpu];
        if let Some(replica) = state.free.pop() {
            state.given += 1;
            state.picked += 1;
            picks.push((gpu, replica));
        }
    }
    Ok(picks)
}
