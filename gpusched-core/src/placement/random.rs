//! `random`: any node that fits.

use super::{Placement, Pod, View};
use crate::cluster::Spot;
use crate::policy::PolicyInfo;
use rand::Rng;
use rand_pcg::Pcg64;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "random",
    summary: "any node that fits, drawn uniformly",
    rule: "One of the feasible nodes, uniformly; a shared pod one of the devices that fit, \
           uniformly; whole GPUs: lowest numbers. Draws are keyed by seed, job and pod, so nothing \
           else shifts them and a job that is tried again draws the same numbers.",
    source: "FGD simulator, pkg/simulator/plugin/random_score.go (whose draws depend on threads)",
};

/// Uniform among the nodes that fit; a shared pod uniform among the devices that fit there, other
/// pods take the lowest-numbered free devices.
///
/// Every pod has its own PCG-64 stream, keyed by (seed, job, pod number): the first draw chooses
/// the node, the second the device. A draw scales 64 random bits to the range, whose bias is below
/// 2⁻³² for any cluster that fits in memory. O(nodes / 64).
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, ShapeId};
/// use gpusched_core::placement::{Placement, Pod, Random, View};
/// use gpusched_core::workload::Shape;
/// let nodes = (0..100).map(|i| Node::with_gpus(format!("n{i}"), 8, "T4")).collect();
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[Shape::whole_gpus(1)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(7), ordinal: 0 };
/// let mut draw = |seed| Random::new(seed).choose(&mut View::new(&mut cluster), pod);
/// assert_eq!(draw(1), draw(1));
/// assert_ne!(draw(1), draw(2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Random {
    seed: u64,
}

impl Random {
    /// Draws from the streams of `seed`.
    pub fn new(seed: u64) -> Random {
        Random { seed }
    }
}

/// Tells these streams from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"placement/random");

impl Placement for Random {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let mut stream = stream(PURPOSE, self.seed, pod);
        let feasible = view.feasible(pod.shape);
        let node = feasible.nth(below(&mut stream, feasible.len())?)?;
        let ask = view.ask(pod.shape);
        let at = view.node(node);
        if !ask.is_share() {
            return Some(Spot {
                node,
                devices: at.lowest_devices(&ask),
            });
        }
        let fitting = || (0..at.gpus()).filter(|&device| at.device_fits(&ask, device));
        let chosen = below(&mut stream, fitting().count() as u32)?;
        let device = fitting().nth(chosen as usize)?;
        Some(Spot {
            node,
            devices: 1 << device,
        })
    }
}

/// The pod's own stream. Neighbouring keys are scattered first: streams of a linear generator that
/// start side by side stay related.
fn stream(purpose: u128, seed: u64, pod: Pod) -> Pcg64 {
    let entity = u64::from(pod.job.0) << 32 | u64::from(pod.ordinal);
    let key = scatter(seed ^ scatter(entity));
    Pcg64::new(purpose ^ u128::from(key), u128::from(entity))
}

/// The first draw below `range` of the pod's stream for a purpose; `None` for an empty range.
pub(super) fn draw(purpose: u128, seed: u64, pod: Pod, range: u32) -> Option<u32> {
    below(&mut stream(purpose, seed, pod), range)
}

/// A bijection of 64 bits in which every input bit reaches every output bit (the finaliser of
/// SplitMix64; Steele, Lea, Flood, OOPSLA 2014).
fn scatter(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// A number below `range`, or `None` for an empty range.
fn below(stream: &mut Pcg64, range: u32) -> Option<u32> {
    let scaled = u128::from(stream.next_u64()) * u128::from(range);
    (range > 0).then_some((scaled >> 64) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Cluster, Inventory, Node};
    use crate::ids::{JobId, NodeId, ShapeId};
    use crate::workload::Shape;

    fn cluster(nodes: u32) -> Cluster {
        let nodes = (0..nodes)
            .map(|i| Node::with_gpus(format!("n{i}"), 4, "T4"))
            .collect();
        let half = Shape {
            gpu_milli: 500,
            ..Shape::whole_gpus(1)
        };
        Cluster::new(
            Inventory::new(nodes).unwrap(),
            &[half, Shape::whole_gpus(4)],
        )
    }

    fn pod(job: u32) -> Pod {
        Pod {
            shape: ShapeId(0),
            job: JobId(job),
            ordinal: 0,
        }
    }

    #[test]
    fn nodes_and_devices_are_equally_likely() {
        let mut cluster = cluster(5);
        let mut policy = Random::new(42);
        let mut hits = [[0u32; 4]; 5];
        for job in 0..20_000 {
            let spot = policy
                .choose(&mut View::new(&mut cluster), pod(job))
                .unwrap();
            hits[spot.node.index()][spot.devices.trailing_zeros() as usize] += 1;
        }
        // 1000 expected per device; five standard deviations are 154.
        assert!(
            hits.iter().flatten().all(|&n| n.abs_diff(1000) < 154),
            "{hits:?}"
        );
    }

    #[test]
    fn a_draw_depends_on_nothing_but_seed_job_and_pod() {
        let mut cluster = cluster(64);
        let alone = Random::new(9).choose(&mut View::new(&mut cluster), pod(5));
        let mut policy = Random::new(9);
        for job in 0..5 {
            policy.choose(&mut View::new(&mut cluster), pod(job));
        }
        assert_eq!(policy.choose(&mut View::new(&mut cluster), pod(5)), alone);
    }

    #[test]
    fn full_nodes_are_never_drawn() {
        let mut cluster = cluster(2);
        let full = Spot {
            node: NodeId(0),
            devices: 0b1111,
        };
        cluster.take(ShapeId(1), full).unwrap();
        for job in 0..50 {
            let spot = Random::new(1)
                .choose(&mut View::new(&mut cluster), pod(job))
                .unwrap();
            assert_eq!(spot.node, NodeId(1));
        }
        cluster
            .take(
                ShapeId(1),
                Spot {
                    node: NodeId(1),
                    ..full
                },
            )
            .unwrap();
        assert_eq!(
            Random::new(1).choose(&mut View::new(&mut cluster), pod(0)),
            None
        );
    }
}
