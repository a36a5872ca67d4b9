//! Fast policies against slow twins: every score of every node is computed afresh for every pod,
//! straight from the written rules. Decisions and totals must never differ.

use gpusched_core::cluster::{Ask, Cluster, Inventory, Node, NodeView, Spot};
use gpusched_core::ids::{JobId, NodeId, ShapeId};
use gpusched_core::placement::fragmentation::{Amounts, ClusterFragmentation, Fragmentation};
use gpusched_core::placement::power::Power;
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Pod, TypicalConfig, TypicalPods, View};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use proptest::prelude::*;

const MODELS: [&str; 3] = ["T4", "G2", "V100M32"];

fn node() -> impl Strategy<Value = (u32, usize, u64, u64)> {
    (0..=8u32, 0..MODELS.len(), 8..=128u64, 8..=64u64)
}

fn shape() -> impl Strategy<Value = Shape> {
    let gpus = prop_oneof![
        Just((0, 1000)),
        (1..10u32).prop_map(|tenths| (1, tenths * 100)),
        (1..=4u32).prop_map(|gpus| (gpus, 1000)),
    ];
    let models = prop_oneof![3 => Just(vec![]), 1 => Just(vec!["T4".to_owned(), "G2".to_owned()])];
    (gpus, 0..12u64, 0..3u64, models).prop_map(|((gpus, gpu_milli), cpu, mem, models)| Shape {
        gpus,
        gpu_milli,
        models: if gpus == 0 { vec![] } else { models },
        cpu_milli: cpu * 1500,
        mem_mib: mem * 7000,
        ..Shape::default()
    })
}

/// A cluster, request kinds, and what happens: a pod of a kind arrives, or an earlier one leaves.
#[derive(Clone, Debug)]
struct Story {
    nodes: Vec<(u32, usize, u64, u64)>,
    shapes: Vec<Shape>,
    events: Vec<(usize, bool)>,
}

fn story() -> impl Strategy<Value = Story> {
    (
        prop::collection::vec(node(), 1..12),
        prop::collection::vec(shape(), 1..8),
        prop::collection::vec(
            (any::<prop::sample::Index>(), prop::bool::weighted(0.25)),
            1..80,
        ),
    )
        .prop_map(|(nodes, shapes, events)| Story {
            events: events
                .iter()
                .map(|(at, leaves)| (at.index(64), *leaves))
                .collect(),
            nodes,
            shapes,
        })
}

impl Story {
    fn inventory(&self) -> Inventory {
        let machine = |(index, &(gpus, model, cores, gib)): (usize, &(u32, usize, u64, u64))| {
            let model = if gpus == 0 { "" } else { MODELS[model] };
            Node {
                cpu_milli: cores * 1000,
                mem_mib: gib * 1024,
                ..Node::with_gpus(format!("n{index}"), gpus, model)
            }
        };
        Inventory::new(self.nodes.iter().enumerate().map(machine).collect()).unwrap()
    }

    fn work(&self) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for (index, shape) in self.shapes.iter().enumerate() {
            let name = index.to_string();
            let job = JobDraft {
                count: 1 + index as u32,
                ..JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape.clone())
            };
            builder.push(&job).unwrap();
        }
        builder.finish().unwrap()
    }
}

/// Milli-GPU left per device, in order of number.
fn devices(node: NodeView<'_>) -> Vec<i64> {
    (0..node.gpus())
        .map(|device| i64::from(node.left(device)))
        .collect()
}

/// Section 4 of the FGD notes, word for word.
fn naive_amounts(typical: &TypicalPods, model: &str, cpu: i64, left: &[i64]) -> Amounts {
    let total: i64 = left.iter().sum();
    let mut d = [0.0; 7];
    for class in typical.classes() {
        let (p, shape) = (class.weight, &class.shape);
        let milli = i64::from(shape.gpu_milli);
        let enough = cpu >= shape.cpu_milli as i64;
        let hosts = left.iter().filter(|&&g| g >= milli).count() >= shape.gpus as usize;
        let below: i64 = left.iter().filter(|&&g| g < milli).sum();
        if milli == 0 {
            d[if enough { 4 } else { 5 }] += p * total as f64;
        } else if !shape.accepts(model) {
            d[6] += p * total as f64;
        } else if hosts && enough {
            d[1] += p * below as f64;
            d[2] += p * (total - below) as f64;
        } else {
            let category = if hosts {
                3
            } else if enough {
                1
            } else {
                0
            };
            d[category] += p * total as f64;
        }
    }
    d
}

fn naive_f(typical: &TypicalPods, model: &str, cpu: i64, left: &[i64]) -> f64 {
    let d = naive_amounts(typical, model, cpu, left);
    d[0] + d[1] + d[3] + d[4] + d[5] + d[6]
}

/// Score and device by the written rule.
fn naive_score(
    policy: &str,
    node: NodeView<'_>,
    ask: &Ask,
    typical: &TypicalPods,
    power: &Power,
) -> (i64, Option<u32>) {
    let left = devices(node);
    let (cpu, total) = (node.cpu(), left.iter().sum::<i64>());
    let asked = ask.total_milli();
    let fitting =
        || (0..node.gpus()).filter(|&device| left[device as usize] >= i64::from(ask.milli));
    let trunc = |score: f64| score as i64;
    match policy {
        "best-fit" | "worst-fit" => {
            let mut t = 0.0;
            t += (cpu - ask.cpu) as f64 / 128000.0 * 0.5;
            t += (total - asked) as f64 / 8000.0 * 0.5;
            if policy == "best-fit" {
                return (trunc((1.0 - t) * 100.0), None);
            }
            let emptiest = fitting().rev().max_by_key(|&device| left[device as usize]);
            (trunc(t * 100.0), emptiest.filter(|_| ask.is_share()))
        }
        "dot-product" => {
            let d = (cpu as f64 / 128000.0) * (ask.cpu as f64 / 128000.0)
                + (total as f64 / 8000.0) * (asked as f64 / 8000.0);
            (trunc(100.0 * (1.0 - d / 2.0)), None)
        }
        "gpu-packing" if ask.gpus == 0 => (0, None),
        "gpu-packing" => {
            let free = left.iter().filter(|&&g| g == 1000).count() as i64;
            if free == left.len() as i64 {
                return ((33 - free).max(free), None);
            }
            let mut ordered = left.clone();
            ordered.retain(|&g| g >= i64::from(ask.milli));
            ordered.sort_unstable();
            ordered.truncate(ask.gpus as usize);
            let fresh = ordered.iter().filter(|&&g| g == 1000).count() as i64;
            if fresh > 0 {
                return ((50 - fresh).max(33), None);
            }
            let percent: i64 = ordered.iter().map(|&g| g * 100 / 1000).sum();
            ((100 - percent / 10).max(50), None)
        }
        "gpu-clustering" if ask.gpus == 0 => (0, None),
        "gpu-clustering" => {
            // Classes are numbered: 0 CPU pods, then shared, then numbers of whole GPUs.
            let pods = node.residents();
            let own = pods[usize::from(ask.class)] > 0;
            let kinds = pods[1..].iter().filter(|&&pods| pods > 0).count();
            let bonus = match (own, kinds) {
                (true, 1) => 75,
                (true, _) => 50,
                (false, 0) => 25,
                (false, _) => 0,
            };
            (25 * (8000 - total) / 8000 + bonus, None)
        }
        "fgd" => {
            let model = node.describe().gpu_model.as_str();
            let before = naive_f(typical, model, cpu, &left);
            let score = |after: &[i64]| {
                let gain = before - naive_f(typical, model, cpu - ask.cpu, after);
                trunc(1.0 / (1.0 + (-gain / 1000.0).exp()) * 100.0)
            };
            if !ask.is_share() {
                let mut after = left.clone();
                let mut order: Vec<usize> = (0..left.len()).collect();
                order.sort_by_key(|&device| left[device]);
                order.retain(|&device| left[device] >= i64::from(ask.milli));
                for &device in order.iter().take(ask.gpus as usize) {
                    after[device] -= i64::from(ask.milli);
                }
                return (score(&after), None);
            }
            let mut best = None;
            for device in fitting() {
                let mut after = left.clone();
                after[device as usize] -= i64::from(ask.milli);
                let score = score(&after);
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, Some(device)));
                }
            }
            best.unwrap()
        }
        "pwr" => {
            let rise = power.cpu_at(node.id, cpu - ask.cpu) - power.cpu(node);
            let start = power.gpu_rise(node);
            if !ask.is_share() {
                return (-rise - start * i64::from(ask.gpus), None);
            }
            let used = fitting().find(|&device| left[device as usize] < 1000);
            match used {
                Some(device) => (-rise, Some(device)),
                None => (-rise - start, fitting().next()),
            }
        }
        other => panic!("no twin of {other}"),
    }
}

/// The place by a full look at all nodes, for one policy or a sum of weights.
fn naive_choice(
    terms: &[(i64, &str)],
    cluster: &Cluster,
    shape: ShapeId,
    typical: &TypicalPods,
    power: &Power,
) -> Option<Spot> {
    let ask = *cluster.ask(shape);
    let nodes: Vec<NodeId> = (0..cluster.len() as u32)
        .map(NodeId)
        .filter(|&node| cluster.node(node).fits(&ask))
        .collect();
    let mut totals = vec![0; nodes.len()];
    for &(weight, policy) in terms {
        let rate = |&node: &NodeId| naive_score(policy, cluster.node(node), &ask, typical, power).0;
        let raw: Vec<i64> = nodes.iter().map(rate).collect();
        let (low, high) = (raw.iter().min()?, raw.iter().max()?);
        for (total, value) in totals.iter_mut().zip(&raw) {
            *total += weight
                * match policy {
                    "pwr" if low == high => 100,
                    "best-fit" | "worst-fit" if low == high => 0,
                    "pwr" | "best-fit" | "worst-fit" => (value - low) * 100 / (high - low),
                    _ => *value,
                };
        }
    }
    let most = totals.iter().max()?;
    let node = nodes[totals.iter().position(|total| total == most)?];
    let lead = terms.iter().map(|term| term.0).max()?;
    let leaders = || terms.iter().filter(|term| term.0 == lead);
    let leader = leaders()
        .find(|term| term.1 == "fgd")
        .or_else(|| leaders().next())?;
    let view = cluster.node(node);
    let devices = match naive_score(leader.1, view, &ask, typical, power).1 {
        Some(device) => 1 << device,
        None => view.tightest_devices(&ask),
    };
    Some(Spot { node, devices })
}

fn replay(story: &Story, name: &str, terms: &[(i64, &str)]) {
    let (inventory, work) = (story.inventory(), story.work());
    let context = PlacementContext {
        work: &work,
        inventory: &inventory,
        seed: 1,
    };
    let typical = TypicalPods::from_workload(&work, &TypicalConfig::default());
    let power = Power::new(&inventory);
    let mut policy = placement(name, &context).unwrap();
    let mut cluster = Cluster::new(inventory, work.shapes());
    let mut running: Vec<(ShapeId, Spot)> = Vec::new();
    for &(at, leaves) in &story.events {
        if leaves && !running.is_empty() {
            let (shape, spot) = running.swap_remove(at % running.len());
            cluster.release(shape, spot);
            continue;
        }
        let shape = ShapeId::from(at % work.shapes().len());
        let expected = naive_choice(terms, &cluster, shape, &typical, &power);
        let pod = Pod {
            shape,
            job: JobId(0),
            ordinal: 0,
        };
        let spot = policy.choose(&mut View::new(&mut cluster), pod);
        assert_eq!(spot, expected, "{name}");
        if let Some(spot) = spot {
            cluster.take(shape, spot).unwrap();
            running.push((shape, spot));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cached_scores_decide_as_a_full_look_does(story in story()) {
        for name in ["best-fit", "worst-fit", "dot-product", "gpu-packing", "gpu-clustering", "fgd", "pwr"] {
            replay(&story, name, &[(1, name)]);
        }
    }

    #[test]
    fn weighted_sums_decide_as_a_full_look_does(story in story()) {
        replay(&story, "pwr:0.2+fgd:0.8", &[(200, "pwr"), (800, "fgd")]);
        replay(&story, "pwr:0.5+fgd:0.5", &[(500, "pwr"), (500, "fgd")]);
        replay(&story, "best-fit:0.6+pwr:0.4", &[(600, "best-fit"), (400, "pwr")]);
    }

    #[test]
    fn fragmentation_is_the_written_sum_and_its_tree_never_drifts(story in story()) {
        let (inventory, work) = (story.inventory(), story.work());
        let typical = TypicalPods::from_workload(&work, &TypicalConfig::default());
        let measure = Fragmentation::new(typical, &inventory);
        let mut cluster = Cluster::new(inventory, work.shapes());
        let mut tree = ClusterFragmentation::new(&measure, &cluster);
        for &(at, _) in &story.events {
            let shape = ShapeId::from(at % work.shapes().len());
            if let Some(node) = cluster.first_fit(shape) {
                let devices = cluster.node(node).tightest_devices(cluster.ask(shape));
                cluster.take(shape, Spot { node, devices }).unwrap();
            }
            tree.update(&cluster);
            prop_assert_eq!(tree.total(), measure.total(&cluster));
        }
        for node in (0..cluster.len() as u32).map(NodeId) {
            let view = cluster.node(node);
            let model = view.describe().gpu_model.as_str();
            let naive = naive_amounts(measure.typical(), model, view.cpu(), &devices(view));
            prop_assert_eq!(measure.node(view), naive);
            prop_assert_eq!(tree.node(node), &naive);
        }
    }
}
