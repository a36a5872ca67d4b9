//! `pal`: the GPUs on which the slowest of a job, and the way between them, cost least.

use super::{Explanation, Look, Placement, Pod, Trial, View};
use crate::cluster::{Ask, Inventory, Spot};
use crate::ids::{NodeId, ShapeId};
use crate::policy::PolicyInfo;
use crate::topology::Within;
use std::cmp::Reverse;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "pal",
    summary: "variability × locality: the slowest GPU of a job against being on one node",
    rule: "A step takes L × V: V is how slow the slowest GPU of the job is (column `variability` of \
           the node list; 1 where nothing is known), L is 1 on one node and 1.5 on several. Of all \
           places the one with the least product; ties: one node, then least V. On one node: the \
           node with fewest free GPUs that good; on several: the nodes with most of them first. \
           There the fastest GPUs. A pod set of a job with several is placed by itself. Ties: lowest \
           rank, lowest number.",
    source: "Jain et al. (PAL), SC 2024, arXiv 2408.11919: the L × V matrix, best first; L = 1.5 \
             across nodes as in its evaluation. Its classes of jobs, which feel the same GPU \
             differently, have no counterpart here",
};

/// What being on several nodes costs over being on one, as a ratio.
const ACROSS: (u64, u64) = (3, 2);

/// How slow a GPU nothing is known of is, in thousandths.
const USUAL: u32 = 1000;

/// PAL. The best cell of its matrix is found directly: the k-th best place of a node, and of all
/// nodes, is what V has to be at least. O(GPUs log GPUs) per pod set.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, ShapeId};
/// use gpusched_core::placement::registry::{PlacementContext, placement};
/// use gpusched_core::placement::{Placement, Pod, View};
/// use gpusched_core::workload::{Shape, Workload};
/// let slow = Node { variability: vec![1300; 4], ..Node::with_gpus("slow", 4, "V100") };
/// let mixed = Node { variability: vec![1000, 1200, 1000, 1100], ..Node::with_gpus("mixed", 4, "V100") };
/// let inventory = Inventory::new(vec![slow, mixed]).unwrap();
/// let work = Workload::default();
/// let mut pal = placement("pal", &PlacementContext { work: &work, inventory: &inventory, seed: 0 }).unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), &[Shape::whole_gpus(2)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = pal.choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!((spot.node.0, spot.devices), (1, 0b0101));
/// ```
#[derive(Clone, Debug)]
pub struct Pal {
    /// By node and device; empty = nothing is known.
    slowdown: Vec<Vec<u32>>,
    record: Explanation,
}

/// What a node has for pods of one kind.
struct Offer {
    node: NodeId,
    /// The slowest GPU of the best pod, of the next, and so on.
    pods: Vec<u32>,
}

impl Pal {
    /// On the machines of an inventory.
    pub fn new(inventory: &Inventory) -> Pal {
        let nodes = inventory.nodes().iter();
        Pal {
            slowdown: nodes.map(|node| node.variability.clone()).collect(),
            record: Explanation::default(),
        }
    }

    fn slowdown(&self, node: NodeId, device: u32) -> u32 {
        let known = &self.slowdown[node.index()];
        known.get(device as usize).copied().unwrap_or(USUAL)
    }

    /// The devices of a node a pod may have, fastest first.
    fn devices(&self, view: &View<'_>, node: NodeId, ask: &Ask) -> Vec<u32> {
        let free = view.node(node);
        let open = |device: &u32| match ask.is_share() {
            true => free.device_fits(ask, *device),
            false => free.free_mask() >> device & 1 == 1,
        };
        let mut devices: Vec<u32> = (0..free.gpus()).filter(open).collect();
        devices.sort_by_key(|&device| (self.slowdown(node, device), device));
        devices
    }

    /// The fastest devices of a node for one pod; the lowest-numbered that will do where it asks for
    /// links those do not have.
    fn spot(&self, view: &View<'_>, node: NodeId, shape: ShapeId) -> Spot {
        let ask = view.ask(shape);
        let fastest = self.devices(view, node, &ask).into_iter();
        let fastest = fastest.take(ask.gpus as usize);
        let spot = Spot {
            node,
            devices: fastest.fold(0, |mask, device| mask | 1 << device),
        };
        match view.cluster().grants(shape, spot) {
            true => spot,
            false => Spot {
                node,
                devices: view.node(node).lowest_devices(&ask),
            },
        }
    }

    /// What every node with room has.
    fn offers(&self, view: &mut View<'_>, shape: ShapeId) -> Vec<Offer> {
        let ask = view.ask(shape);
        let nodes: Vec<NodeId> = view.feasible(shape).iter().collect();
        let offer = |node: NodeId| {
            let room = view.node(node).room(&ask) as usize;
            let devices = self.devices(view, node, &ask);
            // The last GPU of each pod is its slowest.
            let size = ask.gpus.max(1) as usize;
            let last = devices.iter().skip(size - 1).step_by(size);
            let mut pods: Vec<u32> = last.map(|&device| self.slowdown(node, device)).collect();
            if ask.is_share() {
                // Several may go on one device.
                let device = |&device: &u32| {
                    let many = view.node(node).left(device) / ask.milli;
                    std::iter::repeat_n(self.slowdown(node, device), many as usize)
                };
                pods = devices.iter().flat_map(device).collect();
            }
            pods.truncate(room);
            Offer { node, pods }
        };
        nodes.into_iter().map(offer).collect()
    }

    /// The nodes for some pods of one kind, and how many each takes.
    fn nodes(
        &mut self,
        view: &mut View<'_>,
        shape: ShapeId,
        pods: u32,
    ) -> Option<Vec<(NodeId, u32)>> {
        let offers = self.offers(view, shape);
        let count = pods as usize;
        let holds = offers.iter().filter(|offer| offer.pods.len() >= count);
        let within = holds.clone().map(|offer| offer.pods[count - 1]).min();
        let mut all: Vec<u32> = offers.iter().flat_map(|offer| offer.pods.clone()).collect();
        all.sort_unstable();
        let across = all.get(count - 1).copied();
        let look = |within, domains: usize, fitting: usize, most: usize, note| Look {
            within,
            wanted: u64::from(pods),
            domains: domains as u32,
            fitting: fitting as u32,
            most: most as u64,
            taken: None,
            note,
        };
        let most = offers.iter().map(|offer| offer.pods.len()).max();
        self.record.looks.extend([
            look(
                Some(Within::Node),
                offers.len(),
                holds.count(),
                most.unwrap_or(0),
                "L = 1",
            ),
            look(None, 1, usize::from(across.is_some()), all.len(), "L = 1.5"),
        ]);
        let best = across?;
        match within {
            // 1 × V here against 1.5 × V there.
            Some(slowest) if u64::from(slowest) * ACROSS.1 <= u64::from(best) * ACROSS.0 => {
                let fits = |offer: &&Offer| {
                    offer
                        .pods
                        .get(count - 1)
                        .is_some_and(|last| *last == slowest)
                };
                let good = |offer: &&Offer| count_up_to(&offer.pods, slowest);
                let chosen = offers
                    .iter()
                    .filter(fits)
                    .min_by_key(|offer| (good(offer), offer.node));
                chosen.map(|offer| vec![(offer.node, pods)])
            }
            _ => {
                let mut good: Vec<(usize, NodeId)> = offers
                    .iter()
                    .map(|offer| (count_up_to(&offer.pods, best), offer.node))
                    .filter(|(good, _)| *good > 0)
                    .collect();
                good.sort_unstable_by_key(|&(good, node)| (Reverse(good), node));
                let mut left = count;
                let taken = good.into_iter().map_while(|(good, node)| {
                    let share = good.min(left);
                    left -= share;
                    (share > 0).then_some((node, share as u32))
                });
                Some(taken.collect())
            }
        }
    }
}

/// How many of an ascending list are at most `most`.
fn count_up_to(slowdowns: &[u32], most: u32) -> usize {
    slowdowns.partition_point(|slowdown| *slowdown <= most)
}

impl Placement for Pal {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        if view.ask(pod.shape).gpus == 0 {
            return super::FirstFit.choose(view, pod);
        }
        let nodes = self.nodes(view, pod.shape, 1)?;
        Some(self.spot(view, nodes.first()?.0, pod.shape))
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        self.record.clear();
        let mut first = 0;
        let placed = trial.spec().pod_sets.iter().all(|set| {
            let before = first;
            first += set.count;
            if trial.view().ask(set.shape).gpus == 0 {
                return trial
                    .set_one_by_one(set, before, |view, pod| super::FirstFit.choose(view, pod));
            }
            let nodes = self.nodes(&mut trial.view(), set.shape, set.count);
            nodes.is_some_and(|nodes| {
                nodes.into_iter().all(|(node, pods)| {
                    (0..pods).all(|_| {
                        let spot = self.spot(&trial.view(), node, set.shape);
                        trial.take(set.shape, spot)
                    })
                })
            })
        });
        self.record.placed = placed;
        if placed {
            self.record.note_spots(trial.spots());
        }
        placed
    }

    fn explanation(&self) -> Option<&Explanation> {
        Some(&self.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Cluster, Node};
    use crate::ids::JobId;
    use crate::units::{Span, Time};
    use crate::workload::{JobDraft, Shape, WorkloadBuilder};

    /// Where a job of `pods` pods of `shape` goes on nodes with these GPUs.
    fn place(
        nodes: &[&[u32]],
        used: &[(u32, u64)],
        pods: u32,
        shape: Shape,
    ) -> Option<Vec<(u32, u64)>> {
        let node = |(at, slowdown): (usize, &&[u32])| Node {
            variability: slowdown.to_vec(),
            ..Node::with_gpus(format!("n{at}"), slowdown.len() as u32, "V100")
        };
        let inventory = Inventory::new(nodes.iter().enumerate().map(node).collect()).unwrap();
        let mut builder = WorkloadBuilder::new();
        for (count, shape) in [(1, Shape::whole_gpus(1)), (pods, shape)] {
            let name = format!("j{count}");
            let draft = JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape);
            builder.push(&JobDraft { count, ..draft }).unwrap();
        }
        let work = builder.finish().unwrap();
        let mut cluster = Cluster::new(inventory.clone(), work.shapes());
        for &(node, devices) in used {
            let spot = Spot {
                node: NodeId(node),
                devices,
            };
            cluster.take(ShapeId(0), spot).unwrap();
        }
        let spec = work.spec(work.jobs()[work.len() - 1].spec);
        let mut spots = Vec::new();
        let trial = Trial::new(&mut cluster, spec, JobId(1), &mut spots);
        let placed = trial.run(&mut Pal::new(&inventory)).unwrap();
        placed.then(|| {
            spots
                .iter()
                .map(|spot| (spot.node.0, spot.devices))
                .collect()
        })
    }

    fn single(gpus: u32) -> Shape {
        Shape::whole_gpus(gpus)
    }

    #[test]
    fn one_node_is_worth_gpus_half_as_slow_again() {
        // Both on node 0: 1 × 1.5. One on each: 1.5 × 1. A tie: one node.
        let nodes: [&[u32]; 2] = [&[1000, 1500], &[1000, 1600]];
        assert_eq!(place(&nodes, &[], 2, single(1)), Some(vec![(0, 1), (0, 2)]));
        // 1 × 1.501 is more than 1.5 × 1.
        let nodes: [&[u32]; 2] = [&[1000, 1501], &[1000, 1600]];
        assert_eq!(place(&nodes, &[], 2, single(1)), Some(vec![(0, 1), (1, 1)]));
    }

    #[test]
    fn the_slowest_gpu_counts_and_not_the_mean() {
        // 1.1 and 1.1 beat 1.0 and 1.2.
        let nodes: [&[u32]; 2] = [&[1000, 1200], &[1100, 1100]];
        assert_eq!(place(&nodes, &[], 2, single(1)), Some(vec![(1, 1), (1, 2)]));
    }

    #[test]
    fn of_equal_nodes_the_one_with_fewest_gpus_that_good_is_taken() {
        let nodes: [&[u32]; 3] = [
            &[1000, 1000, 1000],
            &[1000, 1000, 1300],
            &[1000, 1000, 1300],
        ];
        assert_eq!(place(&nodes, &[], 2, single(1)), Some(vec![(1, 1), (1, 2)]));
        assert_eq!(
            place(&nodes, &[(1, 1)], 2, single(1)),
            Some(vec![(2, 1), (2, 2)])
        );
    }

    #[test]
    fn across_nodes_those_with_most_good_gpus_come_first() {
        // Four GPUs: no node has them. Of 1.0 there are four, two of them on node 1.
        let nodes: [&[u32]; 3] = [
            &[1000, 1900, 1900],
            &[1900, 1000, 1000],
            &[1000, 1900, 1900],
        ];
        let four = place(&nodes, &[], 4, single(1));
        assert_eq!(four, Some(vec![(1, 2), (1, 4), (0, 1), (2, 1)]));
    }

    #[test]
    fn a_pod_gets_the_fastest_gpus_of_its_node() {
        let nodes: [&[u32]; 1] = [&[1200, 1000, 1100, 1000]];
        assert_eq!(place(&nodes, &[], 1, single(3)), Some(vec![(0, 0b1110)]));
        // Of two pods of two, the slower has 1.1 and 1.2.
        assert_eq!(
            place(&nodes, &[], 2, single(2)),
            Some(vec![(0, 0b1010), (0, 0b0101)])
        );
        assert_eq!(place(&nodes, &[], 3, single(2)), None);
    }

    #[test]
    fn shares_go_to_fast_gpus_too() {
        let half = Shape {
            gpu_milli: 500,
            ..Shape::whole_gpus(1)
        };
        let nodes: [&[u32]; 2] = [&[1500, 1200], &[1400]];
        assert_eq!(
            place(&nodes, &[], 3, half),
            Some(vec![(0, 2), (0, 2), (0, 1)])
        );
    }

    #[test]
    fn what_nothing_is_known_of_is_usual() {
        let inventory = Inventory::new(vec![Node::with_gpus("n", 2, "V100")]).unwrap();
        assert_eq!(Pal::new(&inventory).slowdown(NodeId(0), 1), USUAL);
    }
}
