//! Device choices beyond upstream: the smallest case in which each decides differently.

use crate::build::*;
use gpusched_core::cel::Attribute;
use gpusched_core::placement::dra::Choice;
use gpusched_core::placement::dra::objects::{Device, ResourceClaim};

fn under(choice: Choice, devices_of: Vec<Device>, claims: &[ResourceClaim]) -> Vec<String> {
    let mut allocator = chooser(vec![slice(DRIVER, NODE, devices_of)], choice);
    let (answer, _) = devices(&mut allocator, claims);
    answer.expect("no error").expect("it fits")
}

#[test]
fn best_fit_keeps_large_devices_for_those_who_need_them() {
    let gpus = || vec![sized(device("a"), 80), sized(device("b"), 40)];
    let any = [claim(vec![ask(1)], Vec::new())];
    assert_eq!(under(Choice::FirstFit, gpus(), &any), ["a"]);
    assert_eq!(under(Choice::BestFit, gpus(), &any), ["b"]);
    let large = "device.capacity['gpu.example.com'].memory.compareTo(quantity('80')) >= 0";
    let large = [claim(vec![ask_where(1, large)], Vec::new())];
    for (choice, fits) in [(Choice::FirstFit, false), (Choice::BestFit, true)] {
        let mut allocator = chooser(vec![slice(DRIVER, NODE, gpus())], choice);
        commit(&mut allocator, &any).expect("both are free");
        assert_eq!(commit(&mut allocator, &large).is_some(), fits, "{choice:?}");
    }
}

#[test]
fn best_fit_shares_the_fullest_device_that_has_enough() {
    // a has 6 of 10 left and b 3: a claim for 2 goes to b.
    let gpus = vec![shared(device("a"), 10), shared(device("b"), 10)];
    let mut allocator = chooser(vec![slice(DRIVER, NODE, gpus)], Choice::BestFit);
    let memory = |amount| [claim(vec![ask_memory(amount)], Vec::new())];
    // The first takes a, as both are equal; 7 do then not fit beside it.
    for (amount, expected) in [(4, "a"), (7, "b"), (2, "b"), (2, "a")] {
        let given = commit(&mut allocator, &memory(amount)).expect("it fits");
        assert_eq!(names(&given), [expected], "{amount}");
    }
}

/// A board of four places: instances of one, two and four, each place a counter set of one.
fn board() -> Vec<Device> {
    let place = |device, at: &usize| drawing(device, &format!("place-{at}"), 1);
    let instance = |name: &str, places: &[usize]| places.iter().fold(device(name), place);
    vec![
        instance("1g-0", &[0]),
        instance("1g-1", &[1]),
        instance("1g-2", &[2]),
        instance("1g-3", &[3]),
        instance("2g-0", &[0, 1]),
        instance("2g-2", &[2, 3]),
        instance("4g-0", &[0, 1, 2, 3]),
    ]
}

#[test]
fn min_fragmentation_keeps_the_places_of_large_instances() {
    let sets = [
        ("place-0", 1),
        ("place-1", 1),
        ("place-2", 1),
        ("place-3", 1),
    ];
    let small = |names: &str| {
        let mut ask = ask_where(1, "device.attributes['gpu.example.com'].size == 1");
        if !names.is_empty() {
            let at = format!("device.attributes['gpu.example.com'].name == '{names}'");
            ask.selectors.push(Some(at));
        }
        [claim(vec![ask], Vec::new())]
    };
    let told = |device: Device| {
        let (name, size) = (device.name.clone(), device.consumes.len() as i64);
        with(
            with(device, "size", Attribute::Int(size)),
            "name",
            Attribute::Text(name),
        )
    };
    for (choice, expected) in [
        // The first free place ends the last pair of places.
        (Choice::FirstFit, "1g-0"),
        (Choice::BestFit, "1g-0"),
        // Beside the place in use nothing is lost.
        (Choice::MinFragmentation, "1g-2"),
    ] {
        let devices_of = board().into_iter().map(told).collect();
        let slices = partitioned(DRIVER, NODE, &sets, devices_of);
        let mut allocator = chooser(slices, choice);
        commit(&mut allocator, &small("1g-3")).expect("it is free");
        let given = commit(&mut allocator, &small("")).expect("there is room");
        assert_eq!(names(&given), [expected], "{choice:?}");
        let pair = ask_where(1, "device.attributes['gpu.example.com'].size == 2");
        let fits = commit(&mut allocator, &[claim(vec![pair], Vec::new())]).is_some();
        assert_eq!(fits, choice == Choice::MinFragmentation, "{choice:?}");
    }
}

#[test]
fn topology_takes_the_smallest_group_that_holds_the_request() {
    let at = |name: &str, root: &str| {
        let root = Attribute::Text(root.to_owned());
        with(device(name), "resource.kubernetes.io/pcieRoot", root)
    };
    let roots = [
        ("a", "0"),
        ("b", "1"),
        ("c", "1"),
        ("d", "1"),
        ("e", "2"),
        ("f", "2"),
    ];
    let gpus = || roots.map(|(name, root)| at(name, root)).to_vec();
    let ask_for = |count| [claim(vec![ask(count)], Vec::new())];
    assert_eq!(under(Choice::FirstFit, gpus(), &ask_for(2)), ["a", "b"]);
    assert_eq!(under(Choice::Topology, gpus(), &ask_for(2)), ["e", "f"]);
    assert_eq!(
        under(Choice::Topology, gpus(), &ask_for(3)),
        ["b", "c", "d"]
    );
    // None holds four: the largest, and then the next.
    assert_eq!(
        under(Choice::Topology, gpus(), &ask_for(4)),
        ["b", "c", "d", "e"]
    );
    // The second request stays where the first is.
    let two = [claim(vec![ask(1), ask(1)], Vec::new())];
    assert_eq!(under(Choice::Topology, gpus(), &two), ["a", "e"]);
    let near = "device.attributes['resource.kubernetes.io'].pcieRoot == '1'";
    let two = [claim(vec![ask_where(1, near), ask(1)], Vec::new())];
    assert_eq!(under(Choice::Topology, gpus(), &two), ["b", "c"]);
}
