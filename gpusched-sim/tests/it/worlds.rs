//! Random worlds: mixed models, shared GPUs, limited CPU, nodes that come and go, gangs, parts.

use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{
    Behaviour, Checkpointing, Gang, JobDraft, Owner, Shape, Workload, WorkloadBuilder,
};
use proptest::prelude::*;

/// GPU models with made-up memory; 0 = not known, then it limits nothing.
const MODELS: [(&str, u32); 4] = [
    ("T4", 100),
    ("A100-SXM4-40GB", 200),
    ("A100-SXM4-80GB", 400),
    ("V100M16", 0),
];

/// Memory of a node's devices as a limit.
pub(crate) fn device_mem(node: &Node) -> u32 {
    match node.gpu_mem_mib {
        0 => u32::MAX,
        known => known,
    }
}

/// A cluster and jobs.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) inventory: Inventory,
    pub(crate) work: Workload,
}

/// The world with all its nodes there for good, so that every job that fits can end.
pub(crate) fn lasting(world: World) -> World {
    let nodes = world.inventory.nodes().iter().map(|node| Node {
        from: Time::ZERO,
        to: Time::NEVER,
        ..node.clone()
    });
    World {
        inventory: Inventory::new(nodes.collect()).unwrap(),
        ..world
    }
}

fn node() -> impl Strategy<Value = Node> {
    let limit = || prop_oneof![2 => Just(Node::UNLIMITED), 1 => 2u64..9];
    let opens = prop_oneof![4 => Just(0i64), 1 => 1i64..20];
    let stays = prop_oneof![5 => Just(None), 1 => (1i64..60).prop_map(Some)];
    let gpus = prop_oneof![1 => Just(0u32), 6 => 1u32..6];
    (gpus, 0..MODELS.len(), limit(), limit(), opens, stays).prop_map(
        |(gpus, model, cpu_milli, mem_mib, opens, stays)| {
            let (name, mem) = MODELS[model];
            let model = if gpus == 0 { "" } else { name };
            let from = Time::from_secs(opens);
            Node {
                gpu_mem_mib: if gpus == 0 { 0 } else { mem },
                cpu_milli,
                mem_mib,
                from,
                to: stays.map_or(Time::NEVER, |stays| from + Span::from_secs(stays)),
                ..Node::with_gpus("", gpus, model)
            }
        },
    )
}

/// One request of a pod.
pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let gpus = prop_oneof![
        1 => Just((0u32, 1000u32)),
        4 => (1u32..4).prop_map(|gpus| (gpus, 1000)),
        3 => (1u32..10).prop_map(|tenths| (1, tenths * 100)),
    ];
    let mem = prop_oneof![6 => Just(0u32), 1 => Just(60), 1 => Just(150)];
    let models = prop_oneof![8 => Just(None), 1 => Just(Some("T4")), 1 => Just(Some("A100"))];
    (gpus, mem, models, 0u64..3, 0u64..3, 0u32..3).prop_map(
        |((gpus, gpu_milli), gpu_mem_mib, model, cpu_milli, mem_mib, max_per_node)| Shape {
            gpus,
            gpu_milli,
            gpu_mem_mib: if gpus == 0 { 0 } else { gpu_mem_mib },
            models: model
                .map(str::to_owned)
                .into_iter()
                .filter(|_| gpus > 0)
                .collect(),
            cpu_milli,
            mem_mib,
            max_per_node,
            ..Shape::default()
        },
    )
}

/// One to six nodes.
pub(crate) fn inventory() -> impl Strategy<Value = Inventory> {
    prop::collection::vec(node(), 1..6).prop_map(|mut nodes| {
        for (index, node) in nodes.iter_mut().enumerate() {
            node.name = format!("n{index}");
        }
        Inventory::new(nodes).unwrap()
    })
}

#[derive(Clone, Debug)]
struct Ask {
    submit: i64,
    run: i64,
    estimate: Option<i64>,
    shape: Shape,
    count: u32,
    gang: Gang,
    second: Option<(Shape, u32)>,
    user: u8,
    priority: i32,
}

fn ask() -> impl Strategy<Value = Ask> {
    let gang = prop_oneof![4 => Just(Gang::All), 1 => Just(Gang::Task), 1 => Just(Gang::None)];
    let second = prop_oneof![8 => Just(None), 1 => (shape(), 1u32..3).prop_map(Some)];
    let estimate = prop::option::of(0i64..30);
    let when = (0i64..20, 0i64..12, estimate);
    let what = (shape(), 1u32..4, gang, second);
    (when, what, 0u8..4, 0i32..3).prop_map(
        |((submit, run, more), (shape, count, gang, second), user, priority)| Ask {
            submit,
            run,
            estimate: more.map(|more| run + more),
            shape,
            count,
            gang,
            second,
            user,
            priority,
        },
    )
}

fn build(asks: &[Ask]) -> Workload {
    let mut builder = WorkloadBuilder::new();
    for (index, ask) in asks.iter().enumerate() {
        let name = index.to_string();
        let (submit, run) = (Time::from_secs(ask.submit), Span::from_secs(ask.run));
        let draft = JobDraft {
            count: ask.count,
            gang: ask.gang,
            estimate: ask.estimate.map(Span::from_secs),
            behaviour: Behaviour {
                checkpoints: Checkpointing {
                    every: Span::from_secs(index as i64 % 4),
                    cost: Span::from_secs(index as i64 % 2),
                    restart: Span::from_secs(index as i64 % 3),
                },
                ..Behaviour::default()
            },
            owner: Owner {
                user: ask.user.to_string(),
                priority: ask.priority,
                ..Owner::default()
            },
            ..JobDraft::new(&name, submit, run, ask.shape.clone())
        };
        builder.push(&draft).unwrap();
        if let Some((shape, count)) = &ask.second {
            let second = JobDraft {
                task: "second",
                shape: shape.clone(),
                count: *count,
                ..draft.clone()
            };
            builder.push(&second).unwrap();
        }
    }
    builder.finish().unwrap()
}

/// A cluster with up to 40 jobs.
pub(crate) fn world() -> impl Strategy<Value = World> {
    (inventory(), prop::collection::vec(ask(), 0..40)).prop_map(|(inventory, asks)| World {
        work: build(&asks),
        inventory,
    })
}
