//! Input of the FGD figures: the recorded openb run when it is at hand, else one like it.

use crate::conformance::fgd;
use crate::experiment::{Setup, run};
use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::placement::fragmentation::Fragmentation;
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Fgd, NodeScore, Pod, TypicalConfig, TypicalPods, View};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Job, JobDraft, Shape, WorkloadBuilder};
use std::path::Path;

/// The recorded run `openb_default/seed42` (10,866 pods on 1,213 nodes) if `vectors` has it, else
/// a cluster and pods made here, which resemble it in size and in how many request kinds there
/// are but are not the trace. The name says which.
pub fn setup(vectors: &Path) -> (&'static str, Setup) {
    match fgd::setup(vectors, "openb_default/seed42") {
        Ok(setup) => ("openb-seed42", setup),
        Err(_) => ("synthetic", synthetic()),
    }
}

/// Runs the experiment with a policy and returns the milli-GPU placed, so that nothing can be
/// left out.
pub fn place_all(setup: &Setup, name: &str) -> i64 {
    let context = PlacementContext {
        work: &setup.work,
        inventory: &setup.inventory,
        seed: 42,
    };
    let mut policy = placement(name, &context).expect("a known policy");
    let mut used = 0;
    run(&setup.experiment(), policy.as_mut(), |_, _, state| {
        used = state.used_milli;
    })
    .expect("policies propose places that fit");
    used
}

/// The twin of `fgd`: rates every node that fits anew for each of the first `pods` pods. Returns
/// where each went.
pub fn rescan(setup: &Setup, pods: usize) -> Vec<Option<Spot>> {
    let typical = TypicalPods::from_workload(&setup.work, &TypicalConfig::default());
    let mut cluster = Cluster::new(setup.inventory.clone(), setup.work.shapes());
    let place = |&shape| {
        // A rater of its own for each pod: nothing is remembered from one to the next.
        let mut rater = Fgd::new(Fragmentation::new(typical.clone(), &setup.inventory));
        let ask = *cluster.ask(shape);
        let mut best: Option<(i32, Spot)> = None;
        for node in (0..cluster.len()).map(NodeId::from) {
            if !cluster.fits_on(&ask, node) {
                continue;
            }
            let score = rater.score(cluster.node(node), &ask);
            if best.is_none_or(|(most, _)| score.value > most) {
                let devices = match score.device {
                    Some(device) => 1 << device,
                    None => cluster.node(node).lowest_devices(&ask),
                };
                best = Some((score.value, Spot { node, devices }));
            }
        }
        let spot = best.map(|(_, spot)| spot);
        if let Some(spot) = spot {
            cluster.take(shape, spot).expect("it fits");
        }
        spot
    };
    setup.pods.iter().take(pods).map(place).collect()
}

/// Where a policy puts the first `pods` pods.
pub fn first_places(setup: &Setup, policy: &str, pods: usize) -> Vec<Option<Spot>> {
    let context = PlacementContext {
        work: &setup.work,
        inventory: &setup.inventory,
        seed: 42,
    };
    let mut policy = placement(policy, &context).expect("a known policy");
    let mut cluster = Cluster::new(setup.inventory.clone(), setup.work.shapes());
    let place = |(seq, &shape)| {
        let pod = Pod {
            shape,
            job: JobId(seq as u32),
            ordinal: 0,
        };
        let spot = policy.choose(&mut View::new(&mut cluster), pod);
        if let Some(spot) = spot {
            cluster.take(shape, spot).expect("it fits");
        }
        spot
    };
    setup
        .pods
        .iter()
        .take(pods)
        .enumerate()
        .map(place)
        .collect()
}

/// 1,213 nodes of five kinds and 10,866 pods of some ninety kinds, all by a fixed recipe.
fn synthetic() -> Setup {
    const KINDS: [(u32, &str, u64); 5] = [
        (8, "G2", 96_000),
        (4, "T4", 96_000),
        (8, "G3", 128_000),
        (2, "P100", 64_000),
        (8, "V100M32", 96_000),
    ];
    let node = |index: usize| {
        let (gpus, model, cpu_milli) = KINDS[index * 7 % 13 % KINDS.len()];
        Node {
            cpu_milli,
            mem_mib: 393_216,
            ..Node::with_gpus(format!("node-{index:04}"), gpus, model)
        }
    };
    let inventory = Inventory::new((0..1_213).map(node).collect()).expect("distinct names");
    let mut builder = WorkloadBuilder::new();
    for index in 0..10_866u64 {
        let pod = JobDraft::new("", Time::ZERO, Span::from_secs(1), pod(index));
        builder.push(&pod).expect("few pods");
    }
    let work = builder.finish().expect("pods of one group");
    let first_shape = |job: &Job| work.spec(job.spec).pod_sets[0].shape;
    let pods = work.jobs().iter().map(first_shape).collect();
    Setup::new(work, inventory, pods)
}

/// A pod: half of them share a GPU, a fifth need none, few need many.
fn pod(index: u64) -> Shape {
    let mix = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let cpu_milli = 1_000 * (1 + mix % 12);
    let mem_mib = 4_096 * (1 + mix / 16 % 4);
    let (gpus, gpu_milli) = match mix / 64 % 20 {
        0..=3 => (0, 1_000),
        4..=13 => (1, 100 * (1 + (mix / 4096 % 9) as u32)),
        14..=17 => (1, 1_000),
        18 => (2, 1_000),
        _ => (8, 1_000),
    };
    Shape {
        gpus,
        gpu_milli,
        cpu_milli,
        mem_mib,
        ..Shape::default()
    }
}
