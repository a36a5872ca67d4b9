//! Rules of the allocator, each in its smallest case. Steps are counted by hand: one for each
//! partial choice, one past the requests of a claim, one past the claims.

use crate::build::*;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::objects::{
    AllocationMode, Constraint, DeviceToleration, NodeScope, RequestPolicy, Rule, ValidRange,
};
use gpusched_core::placement::dra::{FailureKind, Quirks};

fn plain(names: &[&str]) -> Vec<gpusched_core::placement::dra::objects::ResourceSlice> {
    vec![slice(
        DRIVER,
        NODE,
        names.iter().map(|&name| device(name)).collect(),
    )]
}

#[test]
fn the_smallest_success_takes_four_steps_and_the_smallest_failure_one() {
    let claims = [claim(vec![ask(1)], Vec::new())];
    let mut one = allocator(plain(&["a"]), Quirks::KUBE);
    // With none chosen, with one chosen, past the request, past the claim.
    assert_eq!(devices(&mut one, &claims), (some(&["a"]), 4));
    commit(&mut one, &claims).expect("a is free");
    assert_eq!(devices(&mut one, &claims), (Ok(None), 1));
}

#[test]
fn devices_are_tried_as_published_and_pools_by_driver_and_name() {
    let mut slices = plain(&["z", "a"]);
    slices.push(slice("aaa.example.com", NODE, vec![device("m")]));
    let mut all = allocator(slices, Quirks::KUBE);
    let three = [claim(
        vec![ask(2), ask_of("aaa.example.com", 1)],
        Vec::new(),
    )];
    assert_eq!(devices(&mut all, &three).0, some(&["z", "a", "m"]));
}

#[test]
fn pools_with_binding_conditions_come_last() {
    let mut slow = device("a");
    slow.binding_conditions = vec!["attached".to_owned()];
    let mut first = slice(DRIVER, NODE, vec![slow]);
    first.pool = "a".to_owned();
    let mut second = slice(DRIVER, NODE, vec![device("b")]);
    second.pool = "b".to_owned();
    let mut both = allocator(vec![first, second], Quirks::KUBE);
    let one = [claim(vec![ask(1)], Vec::new())];
    assert_eq!(devices(&mut both, &one).0, some(&["b"]));
}

#[test]
fn a_set_of_devices_is_tried_once_and_not_in_every_order() {
    // Two of three where no two match: a·b, a·c, b·c, and none with c first. Steps: nothing
    // chosen, then a, b or c chosen.
    let colors = [("a", "red"), ("b", "blue"), ("c", "green")];
    let devices_of = colors.map(|(name, color)| colored(name, color)).to_vec();
    let mut three = allocator(vec![slice(DRIVER, NODE, devices_of)], Quirks::KUBE);
    let claims = [claim(vec![ask(2)], vec![same_color()])];
    assert_eq!(devices(&mut three, &claims), (Ok(None), 4));
}

#[test]
fn the_first_alternative_that_can_be_had_is_taken() {
    let claims = [first_of(vec![ask(3), ask(2), ask(1)])];
    let mut two = allocator(plain(&["a", "b"]), Quirks::KUBE);
    let mut attempt = two.attempt(&claims);
    let solution = attempt
        .on(NodeId(0))
        .answer
        .expect("no error")
        .expect("two fit");
    let results = attempt.results(&solution);
    let requests: Vec<&str> = results[0]
        .devices
        .iter()
        .map(|one| one.request.as_str())
        .collect();
    assert_eq!(requests, ["r0/s1", "r0/s1"]);
}

#[test]
fn thirty_two_devices_are_the_most_for_a_claim() {
    let names: Vec<String> = (0..40).map(|at| format!("d{at:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut many = allocator(plain(&names), Quirks::KUBE);
    let (answer, steps) = devices(&mut many, &[claim(vec![ask(33)], Vec::new())]);
    assert_eq!((answer, steps), (Err(FailureKind::TooManyDevices), 0));
    let (answer, _) = devices(&mut many, &[claim(vec![ask(16), ask(16)], Vec::new())]);
    assert_eq!(
        answer.map(|found| found.map(|names| names.len())),
        Ok(Some(32))
    );
    // An alternative that would be too many gives way to the next.
    let mut claims = [first_of(vec![ask(32), ask(31)])];
    let one = claim(vec![ask(1)], Vec::new()).spec.requests;
    claims[0].spec.requests.extend(one);
    claims[0].spec.requests[1].name = "r1".to_owned();
    let (answer, _) = devices(&mut many, &claims);
    assert_eq!(
        answer.map(|found| found.map(|names| names.len())),
        Ok(Some(32))
    );
}

#[test]
fn what_is_wrong_with_a_claim_is_said_before_any_step() {
    let mut one = allocator(plain(&["a"]), Quirks::KUBE);
    let mut kind = |ask, constraints| devices(&mut one, &[claim(vec![ask], constraints)]);
    let with = |change: fn(&mut gpusched_core::placement::dra::objects::SubRequest)| {
        let mut ask = ask(1);
        change(&mut ask);
        ask
    };
    let cases = [
        (
            with(|ask| ask.class = String::new()),
            FailureKind::MissingClassName,
        ),
        (
            with(|ask| ask.class = "none".to_owned()),
            FailureKind::ClassNotFound,
        ),
        (
            with(|ask| ask.selectors = vec![None]),
            FailureKind::UnsupportedSelector,
        ),
        (
            with(|ask| ask.mode = AllocationMode::Other("Some".to_owned())),
            FailureKind::UnsupportedMode,
        ),
    ];
    for (ask, expected) in cases {
        assert_eq!(kind(ask, Vec::new()), (Err(expected), 0));
    }
    let unknown = Constraint {
        requests: Vec::new(),
        rule: Rule::Unknown,
    };
    let expected = (Err(FailureKind::UnsupportedConstraint), 0);
    assert_eq!(kind(ask(1), vec![unknown]), expected);
    // A selector is compiled when the first device is looked at: the first step.
    let expected = (Err(FailureKind::CelCompile), 1);
    assert_eq!(kind(ask_where(1, "device.nonsense"), Vec::new()), expected);
    let missing = "device.attributes['gpu.example.com'].missing == 1";
    let expected = (Err(FailureKind::CelRuntime), 1);
    assert_eq!(kind(ask_where(1, missing), Vec::new()), expected);
}

#[test]
fn all_means_all_and_fails_when_one_is_in_use() {
    let mut two = allocator(plain(&["a", "b"]), Quirks::KUBE);
    let all = [claim(vec![ask_all()], Vec::new())];
    assert_eq!(devices(&mut two, &all).0, some(&["a", "b"]));
    commit(&mut two, &[claim(vec![ask(1)], Vec::new())]).expect("a is free");
    assert_eq!(devices(&mut two, &all).0, Ok(None));
    // For monitoring, use does not matter.
    let mut watch = ask_all();
    watch.admin_access = Some(true);
    assert_eq!(
        devices(&mut two, &[claim(vec![watch], Vec::new())]).0,
        some(&["a", "b"])
    );
}

#[test]
fn a_pool_that_lacks_a_slice_or_contradicts_itself_has_no_devices() {
    let one = [claim(vec![ask(1)], Vec::new())];
    let all = [claim(vec![ask_all()], Vec::new())];
    let mut incomplete = plain(&["a"]);
    incomplete[0].slice_count = 2;
    let mut incomplete = allocator(incomplete, Quirks::KUBE);
    assert_eq!(devices(&mut incomplete, &one), (Ok(None), 1));
    assert_eq!(
        devices(&mut incomplete, &all),
        (Err(FailureKind::PoolIncomplete), 0)
    );
    let mut invalid = allocator(plain(&["a", "a"]), Quirks::KUBE);
    assert_eq!(
        devices(&mut invalid, &one),
        (Err(FailureKind::InvalidPools), 1)
    );
    assert_eq!(
        devices(&mut invalid, &all),
        (Err(FailureKind::PoolInvalid), 0)
    );
}

#[test]
fn a_newer_generation_replaces_a_pool_even_where_the_node_sees_none_of_it() {
    let mut newer = slice(DRIVER, "elsewhere", vec![device("b")]);
    newer.pool = NODE.to_owned();
    newer.generation = 2;
    let mut slices = plain(&["a"]);
    slices[0].slice_count = 2;
    slices.push(newer);
    let mut replaced = allocator(slices, Quirks::KUBE);
    // Not incomplete: gone. So all devices are none, which fails and is no error.
    assert_eq!(
        devices(&mut replaced, &[claim(vec![ask_all()], Vec::new())]),
        (Ok(None), 1)
    );
}

#[test]
fn taints_keep_claims_away_that_do_not_tolerate_them() {
    let slices = vec![slice(DRIVER, NODE, vec![tainted(device("a"))])];
    let mut one = allocator(slices, Quirks::KUBE);
    assert_eq!(
        devices(&mut one, &[claim(vec![ask(1)], Vec::new())]).0,
        Ok(None)
    );
    let toleration = |operator: &str| DeviceToleration {
        operator: operator.to_owned(),
        ..DeviceToleration::default()
    };
    // An empty operator compares values, and both are empty; one nobody knows tolerates nothing.
    for (operator, tolerated) in [("Exists", true), ("", true), ("Like", false)] {
        let mut ask = ask(1);
        ask.tolerations = vec![toleration(operator)];
        let (answer, _) = devices(&mut one, &[claim(vec![ask], Vec::new())]);
        assert_eq!(answer.expect("no error").is_some(), tolerated, "{operator}");
    }
    one.set_taints(DRIVER, NODE, "a", Vec::new());
    assert_eq!(
        devices(&mut one, &[claim(vec![ask(1)], Vec::new())]).0,
        some(&["a"])
    );
}

#[test]
fn shares_are_rounded_up_to_steps_and_end_where_the_capacity_does() {
    // 10 in steps of 4 from 2 on: a claim for 3 takes 6, a second one would make 12.
    let mut part = shared(device("a"), 10);
    let range = ValidRange {
        min: Some(amount(2)),
        max: None,
        step: Some(amount(4)),
    };
    let capacity = part.capacity.get_mut("memory").expect("it has memory");
    capacity.policy = Some(RequestPolicy {
        default: Some(amount(2)),
        valid_values: Vec::new(),
        valid_range: Some(range),
    });
    let mut one = allocator(vec![slice(DRIVER, NODE, vec![part])], Quirks::KUBE);
    let given = commit(&mut one, &[claim(vec![ask_memory(3)], Vec::new())]).expect("it fits");
    let device = &given[0].devices[0];
    assert_eq!(device.consumed_capacity["memory"], amount(6));
    assert_eq!(device.share_id.as_deref(), Some("share-1"));
    assert_eq!(
        devices(&mut one, &[claim(vec![ask_memory(3)], Vec::new())]).0,
        Ok(None)
    );
    // Who does not ask takes the default, of which two are left.
    let none = [claim(vec![ask(1)], Vec::new())];
    assert!(commit(&mut one, &none).is_some() && commit(&mut one, &none).is_some());
    assert_eq!(devices(&mut one, &none).0, Ok(None));
}

#[test]
fn devices_of_a_node_bind_their_claim_to_it_and_others_to_what_their_slices_say() {
    let mut everywhere = slice(DRIVER, NODE, vec![device("a")]);
    everywhere.scope = Some(NodeScope::All);
    let mut one = allocator(vec![everywhere], Quirks::KUBE);
    let claims = [claim(vec![ask(1)], Vec::new())];
    assert_eq!(
        commit(&mut one, &claims).expect("a is free")[0].node_selector,
        None
    );
    let mut own = allocator(plain(&["a"]), Quirks::KUBE);
    let selector = commit(&mut own, &claims).expect("a is free")[0]
        .node_selector
        .clone();
    let field = &selector.expect("bound")[0].match_fields[0];
    assert_eq!(
        (field.key.as_str(), field.values.as_slice()),
        ("metadata.name", &[NODE.to_owned()][..])
    );
}

#[test]
fn no_input_is_too_deep() {
    // 5,000 claims of one pod, each with a share of the one device.
    let mut one = allocator(
        vec![slice(DRIVER, NODE, vec![shared(device("a"), 5_000)])],
        Quirks::KUBE,
    );
    let claims = vec![claim(vec![ask_memory(1)], Vec::new()); 5_000];
    let (answer, steps) = devices(&mut one, &claims);
    assert_eq!(
        answer.map(|found| found.map(|names| names.len())),
        Ok(Some(5_000))
    );
    assert_eq!(steps, 3 * 5_000 + 1);
}

#[test]
fn a_selector_is_evaluated_once_for_devices_it_cannot_tell_apart() {
    let number = |at: usize| colored(&format!("d{at}"), &format!("color-{}", at % 2));
    let mut many = allocator(
        vec![slice(DRIVER, NODE, (0..50).map(number).collect())],
        Quirks::KUBE,
    );
    let never = ask_where(1, "device.attributes['gpu.example.com'].color == 'red'");
    let claims = [claim(vec![never], Vec::new())];
    assert_eq!(devices(&mut many, &claims).0, Ok(None));
    // That of the class for the driver, that of the request for two colors.
    assert_eq!(many.selector_evaluations(), 3);
    assert_eq!(devices(&mut many, &claims).0, Ok(None));
    assert_eq!(many.selector_evaluations(), 3);
}
