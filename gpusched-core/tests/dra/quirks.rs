//! Each quirk of the deployed allocator in its smallest case, and what it does without.

use crate::build::*;
use gpusched_core::cel::Attribute;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::objects::{ResourceClaim, ResourceSlice};
use gpusched_core::placement::dra::{Allocator, Features, Quirks, compare};

/// What the deployed allocator gives, and a mended one; and that the one quirk is the cause.
fn both(
    slices: Vec<ResourceSlice>,
    claims: &[ResourceClaim],
    tag: &str,
) -> [Option<Vec<String>>; 2] {
    let mut allocator = allocator(slices.clone(), Quirks::KUBE);
    let differences = compare(&mut allocator, claims, &[NodeId(0)]);
    assert_eq!(differences.len(), 1, "they differ");
    assert_eq!(differences[0].causes, [tag]);
    [Quirks::KUBE, Quirks::NONE].map(|quirks| {
        let mut allocator = crate::build::allocator(slices.clone(), quirks);
        devices(&mut allocator, claims).0.expect("no error")
    })
}

fn named(names: &[&str]) -> Option<Vec<String>> {
    some(names).expect("no error")
}

#[test]
fn b1_distinct_values_are_forgotten_within_a_request() {
    // red, blue, red: the third is held against blue alone.
    let devices = vec![
        colored("a", "red"),
        colored("b", "blue"),
        colored("c", "red"),
    ];
    let slices = vec![slice(DRIVER, NODE, devices)];
    let claim = claim(vec![ask(3)], vec![different_colors()]);
    assert_eq!(
        both(slices, &[claim], "B1"),
        [named(&["a", "b", "c"]), None]
    );
}

#[test]
fn b2_a_tainted_device_keeps_the_counters_it_was_checked_for() {
    // Two of two slices are drawn for a before its taint is seen, so that none are left for b.
    let devices = vec![
        drawing(tainted(device("a")), "set", 2),
        drawing(device("b"), "set", 2),
    ];
    let slices = partitioned(DRIVER, NODE, &[("set", 2)], devices);
    let claim = claim(vec![ask(1)], Vec::new());
    assert_eq!(both(slices, &[claim], "B2"), [None, named(&["b"])]);
}

#[test]
fn b3_a_device_that_a_constraint_refuses_keeps_its_counters() {
    // b does not match a, but holds the slice that c, which does, would need.
    let colors = [("a", "red"), ("b", "blue"), ("c", "red")];
    let devices = colors.map(|(name, color)| drawing(colored(name, color), "set", 1));
    let slices = partitioned(DRIVER, NODE, &[("set", 2)], devices.to_vec());
    let claim = claim(vec![ask(2)], vec![same_color()]);
    assert_eq!(both(slices, &[claim], "B3"), [None, named(&["a", "c"])]);
}

#[test]
fn b4_pools_of_one_name_share_the_limits_of_the_driver_that_comes_first() {
    // Both pools are named like the node. The counters of the second driver are never looked at,
    // and so it gives out its one slice twice.
    let other = "nic.example.com";
    let mut slices = partitioned(
        DRIVER,
        NODE,
        &[("set-a", 1)],
        vec![drawing(device("a"), "set-a", 1)],
    );
    slices.extend(partitioned(
        other,
        NODE,
        &[("set-b", 1)],
        vec![
            drawing(device("b"), "set-b", 1),
            drawing(device("c"), "set-b", 1),
        ],
    ));
    let claim = claim(vec![ask(1), ask_of(other, 2)], Vec::new());
    assert_eq!(
        both(slices, &[claim], "B4"),
        [named(&["a", "b", "c"]), None]
    );
}

#[test]
fn b5_what_devices_have_in_common_is_not_restored() {
    // {x,y}, {x}, {y}, {y}: a and b have x in common, which no third has. Taking b back must leave
    // {x,y}; the deployed allocator is left with {x}, and never finds a, c, d.
    let texts = |all: &[&str]| Attribute::Texts(all.iter().map(|&one| one.to_owned()).collect());
    let lists = [
        ("a", vec!["x", "y"]),
        ("b", vec!["x"]),
        ("c", vec!["y"]),
        ("d", vec!["y"]),
    ];
    let colored = |(name, list): &(&str, Vec<&str>)| with(device(name), "color", texts(list));
    let slices = vec![slice(DRIVER, NODE, lists.iter().map(colored).collect())];
    let claim = claim(vec![ask(3)], vec![same_color()]);
    let features = Features {
        list_type_attributes: true,
        ..Features::V1_36
    };
    let answer = |quirks| {
        let cluster = cluster(slices.clone(), &[NODE]);
        let mut allocator = Allocator::new(cluster, features, quirks);
        devices(&mut allocator, std::slice::from_ref(&claim)).0
    };
    assert_eq!(answer(Quirks::KUBE), Ok(None));
    assert_eq!(answer(Quirks::NONE), some(&["a", "c", "d"]));
}

#[test]
fn b6a_a_share_that_is_taken_back_keeps_its_counters() {
    // a is tried first for the first request and is then of the wrong color for the second: taken
    // back, it must free the one slice that b needs.
    let devices = vec![
        drawing(shared(colored("a", "red"), 8), "set", 1),
        drawing(shared(colored("b", "blue"), 8), "set", 1),
        sized(colored("c", "blue"), 8),
    ];
    let slices = partitioned(DRIVER, NODE, &[("set", 1)], devices);
    let whole = "device.allowMultipleAllocations == false";
    let part = "device.allowMultipleAllocations";
    let asks = vec![ask_where(1, part), ask_where(1, whole)];
    let claim = claim(asks, vec![same_color()]);
    assert_eq!(both(slices, &[claim], "B6a"), [None, named(&["b", "c"])]);
}

#[test]
fn b6b_a_device_without_capacity_stays_counted_in_constraints() {
    // The first claim takes all memory of a. The second wants all red devices, or a blue one: a has
    // no memory left, but is counted as red, so that b does not match it.
    let slices = vec![slice(
        DRIVER,
        NODE,
        vec![
            shared(colored("a", "red"), 8),
            sized(colored("b", "blue"), 4),
        ],
    )];
    let red = "device.attributes['gpu.example.com'].color == 'red'";
    let blue = "device.attributes['gpu.example.com'].color == 'blue'";
    let mut all_red = ask_all();
    all_red.selectors = vec![Some(red.to_owned())];
    let mut second = first_of(vec![all_red, ask_where(1, blue)]);
    second.spec.constraints = vec![same_color()];
    let first = claim(vec![ask_where(1, red)], Vec::new());
    assert_eq!(
        both(slices, &[first, second], "B6b"),
        [None, named(&["a", "b"])]
    );
}
