//! Small cases worked out by hand, one rule each. The arithmetic is in the comments.

use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{JobId, NodeId, ShapeId};
use gpusched_core::placement::registry::{PlacementContext, placement, scored};
use gpusched_core::placement::{Finals, Pod, Trial, TypicalConfig, View};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};

/// Nodes, pods already there, and the request that is placed (shape 0).
struct Case {
    cluster: Cluster,
    work: Workload,
}

fn host(name: &str, gpus: u32, model: &str, cores: u64) -> Node {
    Node {
        cpu_milli: cores * 1000,
        ..Node::with_gpus(name, gpus, model)
    }
}

fn share(milli: u32) -> Shape {
    Shape {
        gpu_milli: milli,
        ..Shape::whole_gpus(1)
    }
}

fn cpu(cores: u64, shape: Shape) -> Shape {
    Shape {
        cpu_milli: cores * 1000,
        ..shape
    }
}

/// A job of `count` pods of each shape.
fn work(shapes: &[(Shape, u32)]) -> Workload {
    let mut builder = WorkloadBuilder::new();
    for (index, (shape, count)) in shapes.iter().enumerate() {
        let name = index.to_string();
        let job = JobDraft {
            count: *count,
            ..JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape.clone())
        };
        builder.push(&job).unwrap();
    }
    builder.finish().unwrap()
}

fn case(nodes: Vec<Node>, shapes: &[(Shape, u32)], taken: &[(u32, u32, u64)]) -> Case {
    let work = work(shapes);
    let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), work.shapes());
    for &(shape, node, devices) in taken {
        let node = NodeId(node);
        cluster
            .take(ShapeId(shape), Spot { node, devices })
            .unwrap();
    }
    Case { cluster, work }
}

impl Case {
    fn context(&self) -> PlacementContext<'_> {
        PlacementContext {
            work: &self.work,
            inventory: self.cluster.inventory(),
            seed: 42,
        }
    }

    /// Node and devices of shape 0.
    fn place(&self, policy: &str) -> (u32, u64) {
        let mut policy = placement(policy, &self.context()).unwrap();
        let pod = Pod {
            shape: ShapeId(0),
            job: JobId(0),
            ordinal: 0,
        };
        let spot = policy
            .choose(&mut View::new(&mut self.cluster.clone()), pod)
            .unwrap();
        (spot.node.0, spot.devices)
    }

    /// Raw scores of shape 0 by node.
    fn raw(&self, policy: &str) -> Vec<i32> {
        let made = scored(policy, &self.context(), &TypicalConfig::default());
        let mut policy = made.unwrap().unwrap();
        let mut finals = Finals::default();
        policy.finals(&self.cluster, ShapeId(0), &mut finals);
        let raw = |&node: &NodeId| policy.raw(&self.cluster, ShapeId(0), node)[0];
        finals.nodes.iter().map(raw).collect()
    }

    /// Pods per node of job 0, or `None` when it does not fit.
    fn gang(&mut self, policy: &str) -> Option<Vec<usize>> {
        let mut policy = placement(policy, &self.context()).unwrap();
        let mut spots = Vec::new();
        let spec = self.work.spec(self.work.job(JobId(0)).spec);
        let trial = Trial::new(&mut self.cluster, spec, JobId(0), &mut spots);
        let placed = trial.run(policy.as_mut()).unwrap();
        let on = |node: usize| {
            spots
                .iter()
                .filter(|spot| spot.node.index() == node)
                .count()
        };
        placed.then(|| (0..self.cluster.len()).map(on).collect())
    }
}

#[test]
fn first_fit_takes_the_lowest_rank_and_the_lowest_device() {
    let nodes = vec![host("a", 2, "T4", 8), host("b", 4, "T4", 8)];
    let case = case(nodes, &[(share(600), 1)], &[(0, 0, 1), (0, 0, 2)]);
    assert_eq!(case.place("first-fit"), (1, 1));
}

#[test]
fn best_fit_counts_cpu_and_gpu_half_each() {
    // a: 60/128 × ½ + 7/8 × ½ = 0.671875, raw 32. b: 124/128 × ½ + 1/8 × ½ = 0.546875, raw 45.
    let nodes = vec![host("a", 8, "T4", 64), host("b", 2, "T4", 128)];
    let case = case(nodes, &[(cpu(4, Shape::whole_gpus(1)), 1)], &[]);
    assert_eq!(case.raw("best-fit"), [32, 45]);
    assert_eq!(case.place("best-fit"), (1, 1));
}

#[test]
fn worst_fit_is_the_mirror_also_for_devices() {
    // a: 0.671875, raw 67. b: raw 54.
    let nodes = vec![host("b", 2, "T4", 128), host("a", 8, "T4", 64)];
    let whole = case(nodes.clone(), &[(cpu(4, Shape::whole_gpus(1)), 1)], &[]);
    assert_eq!(whole.raw("worst-fit"), [54, 67]);
    // Of devices with 800 and 1000 left the second is the emptier; best fit takes the first.
    let shared = case(nodes[..1].to_vec(), &[(share(200), 1)], &[(0, 0, 1)]);
    assert_eq!(shared.place("worst-fit"), (0, 2));
    assert_eq!(shared.place("best-fit"), (0, 1));
}

#[test]
fn dot_product_multiplies_free_and_asked() {
    // a: (64/128)(32/128) + (8/8)(2/8) = 0.125 + 0.25, raw trunc(81.25).
    // b: (128/128)(32/128) + (2/8)(2/8) = 0.25 + 0.0625, raw trunc(84.375).
    let nodes = vec![host("a", 8, "T4", 64), host("b", 2, "T4", 128)];
    let case = case(nodes, &[(cpu(32, Shape::whole_gpus(2)), 1)], &[]);
    assert_eq!(case.raw("dot-product"), [81, 84]);
}

#[test]
fn gpu_packing_prefers_shared_devices_then_nodes_in_use_then_empty_ones() {
    // Empty node of 4: max(33 − 4, 4) = 29. Node in use, a fresh device: max(50 − 1, 33) = 49.
    // A device with 370 left: 100 − ⌊37⌋ / 10 = 100 − 3 = 97.
    let nodes = ["a", "b", "c"].map(|name| host(name, 4, "T4", 8)).to_vec();
    let kinds = [(share(300), 1), (Shape::whole_gpus(2), 1), (share(630), 1)];
    let case = case(nodes, &kinds, &[(1, 1, 0b11), (2, 2, 0b100)]);
    assert_eq!(case.raw("gpu-packing"), [29, 49, 97]);
    assert_eq!(case.place("gpu-packing"), (2, 0b100));
}

#[test]
fn gpu_packing_of_a_whole_node_pays_for_every_fresh_device() {
    // 2 of 8 in use; 6 fresh devices: max(50 − 6, 33) = 44. Empty: max(33 − 8, 8) = 25.
    let nodes = ["a", "b"].map(|name| host(name, 8, "T4", 8)).to_vec();
    let kinds = [(Shape::whole_gpus(6), 1), (Shape::whole_gpus(2), 1)];
    let case = case(nodes, &kinds, &[(1, 1, 0b11)]);
    assert_eq!(case.raw("gpu-packing"), [25, 44]);
}

#[test]
fn gpu_clustering_ranks_alone_then_among_others_then_empty_then_strangers() {
    // 2-GPU pod; left 6, 5, 8 and 7 of 8: base 25 × used / 8 = 6, 9, 0, 3 (integers).
    // Same class alone +75 = 81; same and others +50 = 59; empty +25 = 25; others only 3.
    let nodes = ["a", "b", "c", "d"]
        .map(|name| host(name, 8, "T4", 8))
        .to_vec();
    let kinds = [(Shape::whole_gpus(2), 1), (Shape::whole_gpus(1), 1)];
    let taken = [(0, 0, 0b11), (0, 1, 0b11), (1, 1, 0b100), (1, 3, 1)];
    let case = case(nodes, &kinds, &taken);
    assert_eq!(case.raw("gpu-clustering"), [81, 59, 25, 3]);
}

#[test]
fn fgd_keeps_whole_devices_for_whole_pods() {
    // Typical: half the pods ask 500 milli, half a whole GPU. Node of 2 GPUs, 500 left on GPU 1.
    // F = ½ × 0 + ½ × 500 = 250 (the rest of GPU 1 is fragment to whole pods).
    // On GPU 0: left 500 + 500, whole pods have no GPU: F = ½ × 1000 = 500, σ(−0.25) → 43.
    // On GPU 1: left 1000: F = 0, σ(0.25) = 0.5622 → 56.
    let nodes = vec![host("a", 2, "T4", 8)];
    let kinds = [(share(500), 1), (Shape::whole_gpus(1), 1)];
    let case = case(nodes, &kinds, &[(0, 0, 0b10)]);
    assert_eq!(case.raw("fgd"), [56]);
    assert_eq!(case.place("fgd"), (0, 0b10));
}

#[test]
fn fgd_scores_no_change_as_50_and_ties_go_to_the_lowest_rank() {
    let nodes = vec![host("a", 0, "", 8), host("b", 0, "", 8)];
    let case = case(nodes, &[(cpu(1, Shape::default()), 1)], &[]);
    assert_eq!(case.raw("fgd"), [50, 50]);
    assert_eq!(case.place("fgd"), (0, 0));
}

#[test]
fn pwr_prefers_devices_and_sockets_that_run_already() {
    // Unknown CPU: sockets of 16 cores, idle 15 W, full 120 W. 64 milli-cores thousand = 32 cores
    // = 2 sockets. a is idle: one socket starts (−105) and a T4 (−60). b has 2 cores and GPU 1 in
    // use: nothing starts.
    let nodes = ["a", "b"].map(|name| host(name, 2, "T4", 64)).to_vec();
    let case = case(nodes, &[(cpu(4, share(300)), 1)], &[(0, 1, 0b10)]);
    assert_eq!(case.raw("pwr"), [-165, 0]);
    assert_eq!(case.place("pwr"), (1, 0b10));
}

#[test]
fn equal_weights_leave_the_device_to_fgd() {
    // GPUs 0 and 1 hold 300 and 500. PWR alone takes GPU 0 (the first in use, no rise). FGD: the
    // typical pod asks 500. F = 0 now (700 and 500 both serve it). On GPU 0: left 200 + 500, 200
    // is fragment: σ(−0.2) → 45. On GPU 1: left 700: σ(0) → 50.
    let nodes = vec![host("a", 2, "T4", 64)];
    let kinds = [(share(500), 99), (share(300), 1)];
    let case = case(nodes, &kinds, &[(1, 0, 0b01), (0, 0, 0b10)]);
    assert_eq!(case.place("pwr"), (0, 0b01));
    assert_eq!(case.place("pwr:0.5+fgd:0.5"), (0, 0b10));
    assert_eq!(case.place("pwr:0.6+fgd:0.4"), (0, 0b01));
}

#[test]
fn random_draws_are_a_function_of_the_seed() {
    let nodes = (0..64)
        .map(|index| host(&format!("n{index}"), 1, "T4", 8))
        .collect();
    let case = case(nodes, &[(Shape::whole_gpus(1), 1)], &[]);
    assert_eq!(case.place("random"), case.place("random"));
}

fn eights(count: usize) -> Vec<Node> {
    (0..count)
        .map(|index| host(&format!("n{index}"), 8, "V100M32", 64))
        .collect()
}

#[test]
fn consolidate_waits_for_one_node_when_one_can_hold_the_gang() {
    // 4 free on each node, 6 needed: 8 are free in all, but not on one node.
    let kinds = [(Shape::whole_gpus(1), 6), (Shape::whole_gpus(4), 1)];
    let taken = [(1, 0, 0x0f), (1, 1, 0x0f)];
    assert_eq!(case(eights(2), &kinds, &taken).gang("consolidate"), None);
}

#[test]
fn consolidate_takes_the_node_with_least_free_that_holds_it_all() {
    // Free: 8, 4, 2. Three pods of one GPU go where 4 are free.
    let kinds = [
        (Shape::whole_gpus(1), 3),
        (Shape::whole_gpus(4), 1),
        (Shape::whole_gpus(6), 1),
    ];
    let taken = [(1, 1, 0x0f), (2, 2, 0x3f)];
    let placed = case(eights(3), &kinds, &taken).gang("consolidate");
    assert_eq!(placed, Some(vec![0, 3, 0]));
}

#[test]
fn consolidate_puts_multiples_on_whole_free_nodes_only() {
    // 16 GPUs as 8 pods of 2. Nodes 0 and 2 are free, node 1 is not.
    let kinds = [(Shape::whole_gpus(2), 8), (Shape::whole_gpus(1), 1)];
    let placed = case(eights(3), &kinds, &[(1, 1, 1)]).gang("consolidate");
    assert_eq!(placed, Some(vec![4, 0, 4]));
    // With one free node less the job waits, although 22 GPUs are free.
    let placed = case(eights(3), &kinds, &[(1, 1, 1), (1, 2, 1)]).gang("consolidate");
    assert_eq!(placed, None);
}

#[test]
fn consolidate_puts_the_rest_on_the_next_node_in_descending_order_of_free() {
    // 12 GPUs: 8 on the free node 3, 4 on the next, which is node 1 with 6 free (not node 0 with
    // 5 that would fit more tightly).
    let kinds = [(Shape::whole_gpus(1), 12)];
    let taken: Vec<_> = [(0, 3), (1, 2), (2, 8)]
        .iter()
        .flat_map(|&(node, used)| (0..used).map(move |device| (0, node, 1 << device)))
        .collect();
    let placed = case(eights(4), &kinds, &taken).gang("consolidate");
    assert_eq!(placed, Some(vec![0, 4, 0, 8]));
}

#[test]
fn consolidate_counts_in_pods_the_host_can_hold() {
    // 20 cores per pod: a node of 64 cores holds 3 pods of 2 GPUs, not 4. Seven pods are two
    // nodes and one pod more.
    let kinds = [(cpu(20, Shape::whole_gpus(2)), 7)];
    let placed = case(eights(3), &kinds, &[]).gang("consolidate");
    assert_eq!(placed, Some(vec![3, 3, 1]));
}

#[test]
fn consolidate_sends_shares_to_the_tightest_device_and_cpu_pods_to_busy_nodes() {
    let kinds = [(share(200), 1), (share(700), 1), (Shape::whole_gpus(1), 1)];
    let shared = case(eights(3), &kinds, &[(2, 1, 1), (1, 2, 0b100)]);
    assert_eq!(shared.place("consolidate"), (2, 0b100));
    let kinds = [(cpu(1, Shape::default()), 1), (Shape::whole_gpus(1), 1)];
    let host_only = case(eights(3), &kinds, &[(1, 1, 1)]);
    assert_eq!(host_only.place("consolidate"), (1, 0));
}

/// Memory in GiB.
fn memory(gib: u64, shape: Shape) -> Shape {
    Shape {
        mem_mib: gib << 10,
        ..shape
    }
}

fn machine(name: &str, cores: u64, gib: u64) -> Node {
    Node {
        mem_mib: gib << 10,
        ..host(name, 4, "T4", cores)
    }
}

/// Three machines; the first has such a pod, of 2 cores and 8 GiB, already.
fn kube() -> Case {
    let pod = memory(8, cpu(2, Shape::whole_gpus(1)));
    let nodes = vec![
        machine("a", 8, 64),
        machine("b", 8, 16),
        machine("c", 32, 64),
    ];
    case(nodes, &[(pod, 1)], &[(0, 0, 0b1)])
}

#[test]
fn kube_least_allocated_takes_the_mean_of_what_is_left() {
    // a: (8-4)*100/8 = 50, (64-16)*100/64 = 75: (50+75)/2 = 62
    // b: (8-2)*100/8 = 75, (16-8)*100/16 = 50: 62
    // c: (32-2)*100/32 = 93, (64-8)*100/64 = 87: 90
    let case = kube();
    assert_eq!(case.raw("kube-least-allocated"), [62, 62, 90]);
    assert_eq!(case.place("kube-least-allocated"), (2, 0b1));
}

#[test]
fn kube_most_allocated_takes_the_mean_of_what_is_used() {
    // a: 4*100/8 = 50, 16*100/64 = 25: 37; b: 25 and 50: 37; c: 6 and 12: 9. Ties: lowest rank.
    let case = kube();
    assert_eq!(case.raw("kube-most-allocated"), [37, 37, 9]);
    assert_eq!(case.place("kube-most-allocated"), (0, 0b10));
}

#[test]
fn kube_balanced_rates_the_change() {
    // a: before 2/8 and 8/64: |0.25-0.125|/2 = 0.0625, b = 93; after 0.5 and 0.25: 0.125, b = 87.
    //    50 + (50 + 87 - 93) / 2 = 72
    // b: before 0 and 0, b = 100; after 0.25 and 0.5: b = 87. 50 + 37/2 = 68
    // c: before b = 100; after 0.0625 and 0.125: 0.03125, b = 96. 50 + 46/2 = 73
    assert_eq!(kube().raw("kube-balanced"), [72, 68, 73]);
}

#[test]
fn kube_scheduler_adds_its_plugins() {
    // 62+72, 62+68, 90+73
    assert_eq!(kube().place("kube-scheduler"), (2, 0b1));
}

#[test]
fn kube_scheduler_breaks_ties_by_the_root_of_its_heap() {
    use gpusched_core::placement::Placement;
    use gpusched_core::placement::kube_scheduler::{KubeScheduler, Profile, TieBreak};
    // Totals (low, low, high, high). Place 1 against its child 3: node 3 goes up. Then the root
    // against places 1 (node 3) and 2 (node 2), of which 2 is not strictly better: node 3, though
    // node 2 comes first.
    let small = |name: &str| machine(name, 8, 64);
    let large = |name: &str| machine(name, 32, 256);
    let pod = memory(8, cpu(2, Shape::whole_gpus(1)));
    let nodes = vec![small("a"), small("b"), large("c"), large("d")];
    let choose = |ties: TieBreak, ordinal: u32| {
        let Case { mut cluster, .. } = case(nodes.clone(), &[(pod.clone(), 1)], &[]);
        let profile = Profile {
            ties,
            ..Profile::default()
        };
        let pod = Pod {
            shape: ShapeId(0),
            job: JobId(0),
            ordinal,
        };
        let spot = KubeScheduler::new(&profile).choose(&mut View::new(&mut cluster), pod);
        spot.unwrap().node.0
    };
    assert_eq!(choose(TieBreak::Heap136, 0), 3);
    assert_eq!(choose(TieBreak::First, 0), 2);
    let drawn: Vec<u32> = (0..40)
        .map(|pod| choose(TieBreak::Uniform(1), pod))
        .collect();
    assert!(drawn.contains(&2) && drawn.contains(&3) && !drawn.contains(&0));
}

#[test]
fn kube_scheduler_scores_gpus_only_when_told() {
    use gpusched_core::placement::Placement;
    use gpusched_core::placement::kube_scheduler::{
        BalancedScore, FitScore, KubeScheduler, Profile, ScoredResource, ShapePoint, Strategy,
    };
    // One GPU of 4 in use on the second node. Bin packing by the ratio 0 -> 0, 100 -> 10:
    // 1 of 4 is 25 %: 25; 2 of 4 is 50 %: 50.
    let nodes = vec![machine("a", 8, 64), machine("b", 8, 64)];
    let Case { mut cluster, .. } = case(nodes, &[(Shape::whole_gpus(1), 1)], &[(0, 1, 0b1)]);
    let points = [(0, 0), (100, 10)];
    let shape = points.map(|(utilization, score)| ShapePoint { utilization, score });
    let profile = Profile {
        fit: FitScore {
            weight: 1,
            strategy: Strategy::RequestedToCapacityRatio(shape.into()),
            resources: vec![ScoredResource {
                name: "nvidia.com/gpu".into(),
                weight: 5,
            }],
        },
        balanced: BalancedScore {
            weight: 0,
            ..Profile::default().balanced
        },
        ..Profile::default()
    };
    let pod = Pod {
        shape: ShapeId(0),
        job: JobId(0),
        ordinal: 0,
    };
    let spot = KubeScheduler::new(&profile).choose(&mut View::new(&mut cluster), pod);
    assert_eq!(spot.map(|spot| spot.node), Some(NodeId(1)));
}
