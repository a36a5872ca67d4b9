//! One case for every rule of scale-down.

use super::*;
use crate::provisioning::cluster_autoscaler::explain::ScaleDownHold;
use crate::provisioning::cluster_autoscaler::{Limited, ResourceLimit};

/// A group of that many machines of 4 cores and 16 GiB.
fn idle(options: Options, machines: u32, min: u32) -> (World, Vec<MachineId>) {
    let mut world = World::new(options, vec![group("g", 0, min, 100)], vec![four()]);
    let ids = (0..machines).map(|_| world.machine("g", 0)).collect();
    (world, ids)
}

#[test]
fn a_machine_goes_when_unneeded_strictly_longer_than_ten_minutes() {
    let (mut world, ids) = idle(Options::default(), 1, 0);
    world.run_to(600);
    assert_eq!(world.log, []);
    let since = Time::ZERO;
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::Unneeded { since }
    );
    world.run_to(700);
    // Kept free of pods from 610 on, given back 5 s later.
    assert_eq!(
        world.log[0],
        (Time::from_secs(610), Command::Cordon(ids[0]))
    );
    assert_eq!(world.deletions(), [(615, 0, "Empty")]);
}

#[test]
fn nothing_goes_within_ten_minutes_of_a_scale_up() {
    let options = Options {
        scale_down_unneeded_time: Span::from_secs(60),
        ..Options::default()
    };
    let (mut world, _) = idle(options, 0, 0);
    world.submit(0, 1, &wants(1, 1, 0));
    world.run_to(100);
    world.end(0);
    world.run_to(300);
    let until = Time::from_secs(610);
    let held = Some(ScaleDownHold::AfterAdd { until });
    assert_eq!(world.autoscaler.last_scan().scale_down, held);
    world.run_to(1000);
    // Launched at 10; the hold is over at 610, not after it.
    assert_eq!(world.deletions(), [(615, 0, "Empty")]);
}

#[test]
fn nothing_goes_within_the_delay_after_a_deletion() {
    let options = Options {
        scale_down_delay_after_delete: Span::from_secs(100),
        max_scale_down_parallelism: 1,
        ..Options::default()
    };
    let (mut world, _) = idle(options, 2, 0);
    world.run_to(1000);
    assert_eq!(world.deletions(), [(615, 0, "Empty"), (715, 1, "Empty")]);
}

#[test]
fn a_machine_at_the_threshold_may_go_and_above_it_may_not() {
    let (mut world, ids) = idle(Options::default(), 2, 0);
    world.bind(ids[0], 0, &wants(2, 1, 0));
    world.bind(ids[1], 1, &wants(1, 9, 0));
    world.run_to(0);
    // 2 of 4 cores; 9 of 16 GiB are more than 1 of 4 cores, and more than half.
    assert!(matches!(
        world.machine_verdict(ids[0]),
        MachineVerdict::Unneeded { .. }
    ));
    let utilization = 9.0 / 16.0;
    assert_eq!(
        world.machine_verdict(ids[1]),
        MachineVerdict::Utilized { utilization }
    );
}

#[test]
fn on_a_machine_with_gpus_only_gpus_count() {
    let types = vec![node_type("gpus", 8, 32, 8, "10")];
    let mut world = World::new(Options::default(), vec![group("g", 0, 0, 9)], types);
    let (one, two) = (world.machine("g", 0), world.machine("g", 0));
    world.bind(one, 0, &wants(8, 32, 4));
    world.bind(two, 1, &wants(1, 1, 5));
    world.run_to(0);
    // All CPU is used, but only half of the GPUs: it is tried, and its pod fits nowhere.
    assert_eq!(
        world.machine_verdict(one),
        MachineVerdict::NoPlaceToMovePods
    );
    assert_eq!(
        world.machine_verdict(two),
        MachineVerdict::Utilized { utilization: 0.625 }
    );
}

#[test]
fn a_machine_whose_gpus_are_not_offered_yet_is_not_used() {
    let mut labelled = group("g", 0, 0, 9);
    labelled
        .labels
        .insert("k8s.amazonaws.com/accelerator".into(), "h100".into());
    let mut world = World::new(Options::default(), vec![labelled.clone()], vec![four()]);
    let one = world.machine("g", 0);
    world.change(one, |machine| machine.labels.extend(labelled.labels));
    world.bind(one, 0, &wants(4, 16, 0));
    world.run_to(0);
    // All its CPU is requested; it is tried all the same.
    assert_eq!(
        world.machine_verdict(one),
        MachineVerdict::NoPlaceToMovePods
    );
}

#[test]
fn what_could_not_go_is_not_tried_again_for_five_minutes() {
    let (mut world, ids) = idle(Options::default(), 1, 0);
    world.bind(ids[0], 0, &wants(1, 1, 0));
    world.run_to(0);
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::NoPlaceToMovePods
    );
    world.run_to(10);
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::RecentlyUnremovable
    );
    // A spare machine at 20 does not help before 300.
    let spare = world.machine("other", 0);
    world.run_to(299);
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::RecentlyUnremovable
    );
    world.run_to(300);
    let since = Time::from_secs(300);
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::Unneeded { since }
    );
    assert!(world.view.machines.contains_key(&spare));
}

#[test]
fn at_most_ten_machines_go_at_once() {
    let (mut world, _) = idle(Options::default(), 15, 0);
    world.run_to(1000);
    let seconds: Vec<i64> = world.deletions().iter().map(|one| one.0).collect();
    assert_eq!(seconds, [[615; 10].as_slice(), &[625; 5]].concat());
}

#[test]
fn machines_with_pods_go_one_at_a_time() {
    let (mut world, ids) = idle(Options::default(), 4, 0);
    for (job, id) in ids.iter().enumerate() {
        world.bind(*id, job as u32, &wants(1, 1, 0));
    }
    world.run_to(1000);
    // The pods of each go to the next; with three of them that is above the threshold.
    let expected = [(615, 0, "Underutilized"), (625, 1, "Underutilized")];
    assert_eq!(world.deletions(), expected);
    assert_eq!(world.view.machines[&ids[2]].pods.len(), 3);
    assert_eq!(
        world.launches(),
        [],
        "pods of drained machines have a place"
    );
}

#[test]
fn a_group_keeps_its_minimum() {
    let (mut world, ids) = idle(Options::default(), 3, 2);
    world.run_to(600);
    world.run_to(610);
    assert_eq!(world.machine_verdict(ids[1]), MachineVerdict::GroupMinSize);
    world.run_to(2000);
    assert_eq!(world.deletions(), [(615, 0, "Empty")]);
}

#[test]
fn a_look_leaves_the_cluster_its_minimum() {
    let limits = vec![ResourceLimit {
        of: Limited::Cpu,
        min: 8000,
        max: 100_000,
    }];
    let (mut world, ids) = idle(
        Options {
            limits,
            frequent_loops: false,
            ..Options::default()
        },
        3,
        0,
    );
    world.run_to(2000);
    assert_eq!(world.deletions(), [(615, 0, "Empty")]);
    assert_eq!(world.machine_verdict(ids[1]), MachineVerdict::MinimumLimits);
}

#[test]
fn pods_and_machines_that_are_to_be_left_alone_are() {
    let (mut world, ids) = idle(Options::default(), 3, 0);
    world.bind(ids[0], 0, &wants(1, 1, 0));
    world.change(ids[0], |machine| machine.pods[0].pod.keep = true);
    world.change(ids[1], |machine| machine.keep = true);
    world.run_to(0);
    assert_eq!(world.machine_verdict(ids[0]), MachineVerdict::BlockedByPod);
    assert_eq!(
        world.machine_verdict(ids[1]),
        MachineVerdict::KeptByAnnotation
    );
    world.run_to(1000);
    assert_eq!(world.deletions(), [(615, 2, "Empty")]);
}

#[test]
fn a_machine_that_gets_a_pod_before_it_is_given_back_stays() {
    let (mut world, ids) = idle(Options::default(), 1, 0);
    world.run_to(612);
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::Deleted { drain: false }
    );
    world.bind(ids[0], 0, &wants(1, 1, 0));
    world.run_to(620);
    assert_eq!(
        world.log[1],
        (Time::from_secs(615), Command::Uncordon(ids[0]))
    );
    assert_eq!(world.deletions(), []);
}

#[test]
fn expendable_pods_do_not_keep_a_machine() {
    let (mut world, ids) = idle(Options::default(), 1, 0);
    world.bind(ids[0], 0, &wants(4, 1, 0));
    world.change(ids[0], |machine| machine.pods[0].pod.priority = -11);
    world.run_to(615);
    assert_eq!(world.deletions(), [(615, 0, "Empty")]);
}

#[test]
fn a_group_of_all_or_none_goes_as_a_whole() {
    let mut whole = group("g", 0, 0, 3);
    whole.zero_or_max = true;
    let mut world = World::new(Options::default(), vec![whole], vec![four()]);
    let ids: Vec<MachineId> = (0..3).map(|_| world.machine("g", 0)).collect();
    world.bind(ids[1], 0, &wants(4, 1, 0));
    world.run_to(1000);
    assert_eq!(world.deletions(), []);
    world.end(0);
    world.run_to(2000);
    // The third has been unneeded since 1000.
    assert_eq!(world.deletions(), [0, 1, 2].map(|id| (1615, id, "Empty")));
}

#[test]
fn with_scale_down_off_nothing_goes() {
    let (mut world, _) = idle(
        Options {
            scale_down_enabled: false,
            ..Options::default()
        },
        3,
        0,
    );
    world.run_to(5000);
    assert_eq!(world.log, []);
}

#[test]
fn pods_that_wait_for_a_place_keep_it() {
    // 3 of 4 cores are asked for on an empty machine: it is needed although nothing runs there.
    let (mut world, ids) = idle(Options::default(), 1, 0);
    world.change(ids[0], |machine| machine.cordoned = true);
    world.run_to(0);
    world.change(ids[0], |machine| machine.cordoned = false);
    world.submit(0, 1, &wants(3, 1, 0));
    let mut commands = Vec::new();
    world.view.now = Time::from_secs(10);
    world.autoscaler.step(&world.view, &mut commands);
    assert_eq!(commands, []);
    let utilization = 0.75;
    assert_eq!(
        world.machine_verdict(ids[0]),
        MachineVerdict::Utilized { utilization }
    );
}
