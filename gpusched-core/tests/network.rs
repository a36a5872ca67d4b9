//! What a placement costs, on fabrics made by hand.

use gpusched_core::cluster::{Inventory, Node, Spot};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::performance::collective::Wiring;
use gpusched_core::performance::collective::presets::Preset;
use gpusched_core::performance::flow::Flow;
use gpusched_core::performance::sharing::Speed;
use gpusched_core::performance::{Gangs, LevelLaw, Performance, Profiles, Residence};
use gpusched_core::topology::{Fabric, Level, Scope, Topology};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use proptest::prelude::*;
use std::sync::Arc;

const NODES: u32 = 32;

/// Few sequences a step, and nothing hidden: it talks much.
const TALKER: &str = "llm-7b:tp=1,batch=16,overlap=0";

/// Eight H100 a node, four nodes a rack, two racks a block, two blocks a zone, two zones.
fn wiring(lost: [f64; 3]) -> Wiring {
    let scopes = [Scope::Zone, Scope::Block, Scope::Rack];
    let levels = scopes
        .iter()
        .zip(lost)
        .map(|(&scope, oversubscription)| Level {
            name: scope.name().into(),
            scope,
            oversubscription,
            latency_ns: 500.0,
        });
    let path = |node: u32| {
        [16, 8, 4]
            .map(|size| format!("{:02}", node / size))
            .to_vec()
    };
    let paths: Vec<_> = (0..NODES).map(|node| Some(path(node))).collect();
    let fabric = Fabric::new(levels.collect(), &paths).unwrap();
    let node = |node: u32| Node::with_gpus(node.to_string(), 8, "H100-SXM5-80GB");
    let inventory = Inventory::new((0..NODES).map(node).collect()).unwrap();
    let boards = vec![None; NODES as usize];
    Wiring::new(&inventory, Arc::new(Topology::new(fabric, vec![], boards)))
}

/// Jobs of so many pods of `gpus` GPUs each.
fn jobs(pods: &[u32], gpus: u32) -> Workload {
    let mut builder = WorkloadBuilder::numbered();
    for &count in pods {
        let shape = Shape::whole_gpus(gpus);
        let draft = JobDraft {
            count,
            ..JobDraft::new("", Time::ZERO, Span::from_secs(1), shape)
        };
        builder.push(&draft).unwrap();
    }
    builder.finish().unwrap()
}

fn spots(nodes: &[u32], devices: u64) -> Vec<Spot> {
    let spot = |&node| Spot {
        node: NodeId(node),
        devices,
    };
    nodes.iter().map(spot).collect()
}

fn gangs(lost: [f64; 3], profile: &str, jobs: usize) -> Gangs {
    let preset = Preset::parse(profile).unwrap();
    Gangs::new(wiring(lost), Profiles::for_all(preset, jobs))
}

/// Slowdown of one job of whole nodes on these.
fn slowdown(lost: [f64; 3], profile: &str, nodes: &[u32], devices: u64) -> f64 {
    let work = jobs(&[nodes.len() as u32], devices.count_ones());
    let places = spots(nodes, devices);
    let at = Residence {
        work: &work,
        job: JobId(0),
        spots: &places,
    };
    gangs(lost, profile, 1)
        .gang(at)
        .map_or(1.0, |gang| gang.slowdown)
}

#[test]
fn the_farther_apart_the_slower_and_at_best_not_at_all() {
    let lost = [2.0, 3.0, 2.0];
    let at = |nodes: &[u32]| slowdown(lost, TALKER, nodes, 0xff);
    let near_to_far = [at(&[0, 1]), at(&[0, 4]), at(&[0, 8]), at(&[0, 16])];
    assert!(
        (near_to_far[0] - 1.0).abs() < 1e-12,
        "one rack is the best there is"
    );
    assert!(
        near_to_far.is_sorted_by(|near, far| near < far),
        "{near_to_far:?}"
    );
}

#[test]
fn thin_nodes_cost_what_their_cards_do_not_carry() {
    // 16 GPUs two by two have a quarter of the cards of two full nodes.
    let full = slowdown([1.0; 3], TALKER, &[0, 1], 0xff);
    let thin = slowdown([1.0; 3], TALKER, &[0, 1, 2, 3, 4, 5, 6, 7], 0b11);
    assert_eq!(full, 1.0);
    assert!(thin > 1.02, "{thin}");
    // A pod of two may share a node with three others: at best those 16 are on two nodes as well.
    assert_eq!(slowdown([1.0; 3], TALKER, &[0], 0b11), 1.0);
}

/// Speeds last named, by job.
fn last(speeds: &[(JobId, Speed)], job: u32) -> Option<f64> {
    let own = speeds.iter().rev().find(|(other, _)| *other == JobId(job));
    own.map(|(_, speed)| speed.factor())
}

#[test]
fn links_are_shared_by_who_crosses_them_and_free_again_afterwards() {
    // A rack of four nodes of 400 GB/s lets 50 out.
    let lost = [1.0, 1.0, 32.0];
    let work = jobs(&[2, 2, 2], 8);
    let mut flow = Flow::new(gangs(lost, TALKER, 3));
    let places = [
        spots(&[0, 4], 0xff),
        spots(&[1, 5], 0xff),
        spots(&[2, 3], 0xff),
    ];
    let at = |job: usize| Residence {
        work: &work,
        job: JobId(job as u32),
        spots: &places[job],
    };
    let mut speeds = Vec::new();
    flow.started(at(0), &mut speeds);
    let alone = last(&speeds, 0).unwrap();
    flow.started(at(1), &mut speeds);
    let (one, other) = (last(&speeds, 0).unwrap(), last(&speeds, 1).unwrap());
    assert_eq!(one, other, "equal gangs get equal shares");
    assert!(one < alone, "{one} alone {alone}");
    speeds.clear();
    flow.started(at(2), &mut speeds);
    assert_eq!(
        last(&speeds, 0),
        None,
        "who stays in the rack is in nobody's way"
    );
    flow.ended(at(1), &mut speeds);
    assert_eq!(last(&speeds, 0), Some(alone));
}

proptest! {
    /// Wherever the nodes of a job are: never faster than recorded; and moving one node out of the
    /// smallest domain that holds all to beyond it never makes it faster.
    #[test]
    fn slowdown_is_at_least_one_and_grows_with_distance(
        nodes in prop::collection::btree_set(0u32..4, 2..4),
        lost in prop::array::uniform3(1.0f64..8.0),
        profile in prop::sample::select(vec!["resnet50", "vgg19", "bert-large", TALKER, "llm-7b:tflops=150,batch=64", "llm-70b:pp=2,overlap=0"]),
        devices in prop::sample::select(vec![0xffu64, 0x0f, 0x03]),
    ) {
        let mut nodes: Vec<u32> = nodes.into_iter().collect();
        let mut before = slowdown(lost, profile, &nodes, devices);
        prop_assert!(before >= 1.0);
        let last = nodes.len() - 1;
        // Another rack, another block, another zone.
        for far in [4, 8, 16] {
            nodes[last] = far;
            let after = slowdown(lost, profile, &nodes, devices);
            prop_assert!(after >= before - 1e-12, "{} after {}", after, before);
            before = after;
        }
    }

    /// The model says what the law says, and nothing faster than recorded.
    #[test]
    fn speeds_are_those_of_the_slowdown(far in 1u32..NODES) {
        let work = jobs(&[2], 8);
        let places = spots(&[0, far], 0xff);
        let at = Residence { work: &work, job: JobId(0), spots: &places };
        let mut speeds = Vec::new();
        LevelLaw::new(gangs([2.0; 3], TALKER, 1)).started(at, &mut speeds);
        let slowdown = slowdown([2.0; 3], TALKER, &[0, far], 0xff);
        let speed = last(&speeds, 0).unwrap_or(1.0);
        prop_assert!((speed * slowdown - 1.0).abs() < 1e-9);
    }
}
