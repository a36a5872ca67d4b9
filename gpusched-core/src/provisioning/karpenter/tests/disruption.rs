//! The gate, budgets, emptiness, drift, validation, the execution queue, and the loop.

use super::*;
use crate::provisioning::controller::{Controller, Event};
use crate::provisioning::karpenter::Requirement;
use crate::provisioning::karpenter::disruption::{Budget, Reason};
use crate::provisioning::karpenter::labels::INSTANCE_TYPE;
use crate::units::{Span, Time};

fn empty(town: &mut Town, id: MachineId) -> String {
    let outlook = town.karpenter.outlook(&town.view);
    match &outlook.nodes[&id].empty {
        Ok(_) => "deleted".into(),
        Err(why) => why.to_string(),
    }
}

fn change(town: &mut Town, id: MachineId) -> &mut crate::provisioning::controller::Machine {
    town.view.version += 1;
    let machine = town.view.machines.get_mut(&id).unwrap();
    machine.version += 1;
    machine
}

#[test]
fn the_gate_says_which_rule_keeps_a_node() {
    let mut town = town();
    let id = town.machine("default", (0, 0), vec![]);
    assert_eq!(empty(&mut town, id), "deleted");
    change(&mut town, id).owner = None;
    assert_eq!(empty(&mut town, id), "it belongs to no NodePool");
    change(&mut town, id).owner = Some("other".into());
    assert_eq!(empty(&mut town, id), "its NodePool other does not exist");
    change(&mut town, id).owner = Some("default".into());
    change(&mut town, id).keep = true;
    assert_eq!(empty(&mut town, id), "it has karpenter.sh/do-not-disrupt");
    change(&mut town, id).keep = false;
    change(&mut town, id).initialized = Time::from_secs(5);
    assert_eq!(empty(&mut town, id), "it is not initialized");
    change(&mut town, id).initialized = Time::ZERO;
    change(&mut town, id).leaving = Some(Time::from_secs(5));
    assert_eq!(empty(&mut town, id), "it is being deleted, or about to be");
}

#[test]
fn a_pod_that_does_not_want_to_be_disturbed_keeps_its_node() {
    let mut town = town();
    let kept = |job| {
        let mut pod = pod(job, spec(100));
        pod.keep = true;
        pod
    };
    let id = town.machine("default", (3, 0), vec![pod(1, spec(100)), kept(2)]);
    let why = "pod 0000000002-000000 on it has karpenter.sh/do-not-disrupt";
    assert_eq!(alone(&mut town, id), why);
}

#[test]
fn a_node_promised_to_a_pod_is_left_alone_for_twenty_seconds() {
    let mut town = town();
    town.unbound = true;
    let id = town.machine("default", (0, 0), vec![]);
    town.submit(pod(1, spec(100)));
    // Solved at 1, promised until 21; the pod does not come, but triggers again at 10: until 31.
    town.run(2);
    assert_eq!(empty(&mut town, id), "it is nominated for a pod until 21");
    town.run(12);
    assert_eq!(empty(&mut town, id), "it is nominated for a pod until 31");
}

#[test]
fn consolidate_after_counts_from_the_last_pod_and_never_disables() {
    let after = |span| town_with(|pool| pool.disruption.consolidate_after = span);
    let mut town = after(Some(Span::from_secs(60)));
    let id = town.machine("default", (0, 0), vec![pod(1, spec(100))]);
    town.run(30);
    town.end(1);
    assert_eq!(
        empty(&mut town, id),
        "consolidateAfter has not elapsed before 90"
    );
    // Rounds are at 0, 10, …: found at 90, done at 105.
    town.run(110);
    assert_eq!(town.log[..2], ["105 cordon n0", "105 delete n0 Empty"]);
    let mut town = after(None);
    let id = town.machine("default", (0, 0), vec![]);
    assert_eq!(
        empty(&mut town, id),
        "NodePool default has consolidation disabled"
    );
}

#[test]
fn a_node_whose_pods_cost_nothing_to_move_is_empty() {
    let mut town = town();
    let mut cheap = pod(1, spec(100));
    cheap.priority = -(1 << 25);
    let id = town.machine("default", (0, 0), vec![cheap]);
    assert_eq!(empty(&mut town, id), "deleted");
    assert_eq!(
        alone(&mut town, id),
        "it is empty: it is deleted as such, not consolidated"
    );
}

#[test]
fn a_pool_for_empty_nodes_only_keeps_the_others() {
    use crate::provisioning::karpenter::ConsolidationPolicy::WhenEmpty;
    let mut town = town_with(|pool| pool.disruption.policy = WhenEmpty);
    let id = town.machine("default", (3, 0), vec![pod(1, spec(100))]);
    let why = "NodePool default consolidates only empty nodes, and it is not empty";
    assert_eq!(alone(&mut town, id), why);
}

#[test]
fn budgets_bound_how_many_empty_nodes_go_at_once() {
    let mut town = town_with(|pool| pool.disruption.budgets = vec![Budget::DEFAULT]);
    for _ in 0..11 {
        town.machine("default", (0, 0), vec![]);
    }
    town.run(15);
    // A tenth of 11, rounded up, is 2.
    town.settle();
    let deleted = |town: &Town| town.log.iter().filter(|one| one.contains("delete")).count();
    assert_eq!(deleted(&town), 2);
    // The round at once sees them going. At 25 a tenth of 9 is 1, validated at 40.
    town.run(39);
    assert_eq!(deleted(&town), 2);
    town.run(41);
    assert_eq!(deleted(&town), 3);
}

#[test]
fn nodes_that_are_going_use_up_the_budget() {
    let mut town = town_with(|pool| pool.disruption.budgets[0].nodes = "1".parse().unwrap());
    let going = town.machine("default", (0, 0), vec![pod(1, spec(100))]);
    let id = town.machine("default", (0, 0), vec![]);
    change(&mut town, going).leaving = Some(Time::from_secs(1000));
    let why = "the budgets of NodePool default allow no more nodes to go (Empty)";
    assert_eq!(empty(&mut town, id), why);
}

#[test]
fn a_budget_with_a_schedule_holds_only_in_its_window() {
    let mut town = town_with(|pool| {
        pool.disruption.budgets = vec![Budget {
            nodes: "0".parse().unwrap(),
            reasons: vec![Reason::Empty],
            // The first ten minutes of every hour.
            window: Some(("0 * * * *".parse().unwrap(), Span::from_secs(600))),
        }];
    });
    town.machine("default", (0, 0), vec![]);
    town.run(700);
    assert_eq!(town.log[..1], ["615 cordon n0"]);
}

#[test]
fn a_node_that_gets_a_pod_while_it_is_validated_stays_and_the_others_go() {
    let mut town = town();
    let id = town.machine("default", (0, 0), vec![]);
    town.machine("default", (0, 0), vec![]);
    town.run(10);
    town.submit(pod(1, spec(900)));
    town.run(20);
    assert_eq!(
        town.log,
        ["15 cordon n1", "15 delete n1 Empty", "15 gone n1"]
    );
    assert_eq!(town.view.machines[&id].pods.len(), 1);
}

#[test]
fn what_consolidation_wanted_is_dropped_whole_if_it_no_longer_holds() {
    let mut town = town();
    town.machine("default", (1, 0), vec![pod(1, spec(400))]);
    town.machine("default", (1, 0), vec![pod(2, spec(500))]);
    town.run(14);
    // One core would no longer do.
    town.submit(pod(3, spec(1400)));
    town.run(20);
    assert!(town.log.is_empty(), "{:?}", town.log);
}

#[test]
fn a_command_whose_replacement_never_comes_is_given_up_after_ten_minutes() {
    let mut town = town();
    town.machine("default", (3, 0), vec![pod(1, spec(500))]);
    town.lost.insert(1);
    town.run(616);
    let log: Vec<&str> = town.log.iter().map(String::as_str).collect();
    assert_eq!(
        log[..3],
        ["15 cordon n0", "15 launch one on-demand", "615 uncordon n0"]
    );
}

#[test]
fn a_command_whose_replacement_is_taken_away_is_given_up() {
    let mut town = town();
    town.machine("default", (3, 0), vec![pod(1, spec(500))]);
    town.lost.insert(1);
    town.run(20);
    let replacement = MachineId(1);
    town.view.machines.remove(&replacement);
    town.view.version += 1;
    town.tell(&Event::Gone(replacement));
    town.run(21);
    assert_eq!(town.log[2], "20 uncordon n0");
}

#[test]
fn a_changed_template_drifts_nodes_one_at_a_time_those_without_pods_first() {
    let mut town = town_with(|pool| pool.disruption.consolidate_after = None);
    for job in 0..2 {
        town.submit(pod(job, spec(900)));
        town.run(100 * (i64::from(job) + 1));
    }
    // Two nodes that were made of the template; the second loses its pod.
    town.end(1);
    let mut changed = pool("default", &[OD]);
    changed.disruption.consolidate_after = None;
    changed.template.labels = [("team".to_owned(), "x".to_owned())].into();
    town.karpenter.set_pools(vec![changed]);
    town.drifts = true;
    town.log.clear();
    town.run(400);
    let drifted: Vec<&str> = town.log.iter().map(String::as_str).collect();
    assert_eq!(
        drifted,
        [
            "200 cordon n1",
            "200 delete n1 Drifted",
            // At once: the next one, whose pod needs a node.
            "200 cordon n0",
            "200 launch one on-demand",
            "200 gone n1",
            "260 delete n0 Drifted",
            "290 gone n0"
        ]
    );
    assert_eq!(
        town.view.machines.values().next().unwrap().labels["team"],
        "x"
    );
}

#[test]
fn labels_that_the_requirements_exclude_are_drift_and_vanished_offerings_after_an_hour() {
    let mut town = town_with(|pool| {
        let two = Requirement::one_of(INSTANCE_TYPE, &["two", "four", "gone"]);
        pool.template.requirements.add(two);
    });
    let drifted = |town: &mut Town, id: MachineId| {
        let outlook = town.karpenter.outlook(&town.view);
        outlook.nodes[&id]
            .drifted
            .as_ref()
            .err()
            .map(ToString::to_string)
    };
    let one = town.machine("default", (0, 0), vec![]);
    let two = town.machine("default", (1, 0), vec![]);
    assert_eq!(drifted(&mut town, one), None);
    assert_eq!(drifted(&mut town, two), Some("it has not drifted".into()));
    // As if its type were no longer listed; it is an hour old.
    change(&mut town, two)
        .labels
        .insert(INSTANCE_TYPE.into(), "gone".into());
    assert_eq!(drifted(&mut town, two), None);
    change(&mut town, two).launched = Time::ZERO;
    assert_eq!(drifted(&mut town, two), Some("it has not drifted".into()));
}

#[test]
fn drift_does_not_mind_kept_pods_where_draining_is_bounded() {
    let grace = |span| {
        let mut town = town_with(|pool| {
            pool.termination_grace = span;
            pool.template
                .requirements
                .add(Requirement::one_of(INSTANCE_TYPE, &["two"]));
        });
        let mut kept = pod(1, spec(100));
        kept.keep = true;
        let id = town.machine("default", (0, 0), vec![kept]);
        let outlook = town.karpenter.outlook(&town.view);
        outlook.nodes[&id].drifted.is_ok()
    };
    assert!(!grace(None));
    assert!(grace(Some(Span::from_secs(60))));
}

#[test]
fn the_grace_of_a_node_is_its_pods_graces_bounded_by_the_pool() {
    use crate::provisioning::karpenter::terminate::grace;
    let secs = Span::from_secs;
    let pod_of = |priority, keep| {
        let mut pod = pod(1, spec(10));
        (pod.priority, pod.keep) = (priority, keep);
        pod
    };
    for (pods, limit, longest) in [
        (vec![pod_of(0, false)], None, secs(30)),
        (vec![pod_of(0, false)], Some(secs(10)), secs(10)),
        // Critical pods are evicted when the others are gone.
        (
            vec![pod_of(0, false), pod_of(2_000_000_000, false)],
            None,
            secs(60),
        ),
        (vec![pod_of(0, true)], Some(secs(600)), secs(600)),
        (vec![pod_of(0, true)], None, Span::FOREVER),
        (vec![], Some(secs(600)), Span::ZERO),
    ] {
        let mut town = town();
        let id = town.machine("default", (0, 0), pods);
        assert_eq!(grace(&town.view.machines[&id], secs(30), limit), longest);
    }
}

#[test]
fn nothing_is_asked_for_where_nothing_will_change_and_yet_five_minutes_renew() {
    let mut town = town_with(|pool| pool.expire_after = None);
    town.machine("default", (0, 0), vec![pod(1, spec(900))]);
    town.run(5);
    assert_eq!(town.karpenter.wake(&town.view), None);
    // A change between rounds is looked at in the next one: 20, and validated at 35.
    town.run(13);
    town.end(1);
    town.run(40);
    assert_eq!(town.log[..2], ["35 cordon n0", "35 delete n0 Empty"]);
}

#[test]
fn what_a_pool_may_make_is_asked_anew_when_it_says_something_else() {
    let only = |of: &str| {
        let mut pool = pool("default", &[OD]);
        let requirements = &mut pool.template.requirements;
        requirements.add(Requirement::one_of(INSTANCE_TYPE, &[of, "eight"]));
        pool
    };
    let mut town = Town::new(options(vec![only("eight")]), types());
    town.machine("default", (3, 0), vec![pod(1, spec(1000))]);
    town.run(100);
    assert_eq!(town.log, [""; 0]);
    town.view.version += 1;
    town.karpenter.set_pools(vec![only("one")]);
    town.run(200);
    let launched = |line: &String| line.ends_with("launch one on-demand");
    assert!(town.log.iter().any(launched), "{:?}", town.log);
}
