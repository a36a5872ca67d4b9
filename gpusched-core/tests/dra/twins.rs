//! The allocator beside the slowest one there is, and what must hold of any.

use crate::build::*;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::objects::{
    Constraint, Device, RequestKind, ResourceClaim, ResourceSlice, Rule, SubRequest,
};
use gpusched_core::placement::dra::{Allocator, Choice, Features, Quirks};
use proptest::prelude::*;

/// What a counter set holds.
const LIMIT: i64 = 3;
const SETS: [&str; 2] = ["set-0", "set-1"];
const COLORS: [&str; 3] = ["red", "blue", "green"];

/// A device: color, which set it draws on and how much, tainted.
type Drawn = (usize, Option<(usize, i64)>, bool);

fn devices_of(drawn: &[Drawn]) -> Vec<Device> {
    let one = |(at, (color, draw, taint)): (usize, &Drawn)| {
        let plain = colored(&format!("d{at}"), COLORS[*color]);
        let drawing_or_not = match draw {
            Some((set, amount)) => drawing(plain, SETS[*set], *amount),
            None => plain,
        };
        if *taint {
            tainted(drawing_or_not)
        } else {
            drawing_or_not
        }
    };
    drawn.iter().enumerate().map(one).collect()
}

fn slices(drawn: &[Drawn]) -> Vec<ResourceSlice> {
    let sets = SETS.map(|set| (set, LIMIT));
    partitioned(DRIVER, NODE, &sets, devices_of(drawn))
}

fn a_device() -> impl Strategy<Value = Drawn> {
    let draw = proptest::option::weighted(0.7, (0..SETS.len(), 1..=2i64));
    (0..COLORS.len(), draw, proptest::bool::weighted(0.15))
}

fn an_ask() -> impl Strategy<Value = SubRequest> {
    let color = proptest::option::weighted(0.3, 0..COLORS.len());
    (1..=2i64, color).prop_map(|(count, color)| match color {
        None => ask(count),
        Some(color) => {
            let color = COLORS[color];
            ask_where(
                count,
                &format!("device.attributes['gpu.example.com'].color == '{color}'"),
            )
        }
    })
}

fn a_claim() -> impl Strategy<Value = ResourceClaim> {
    let requests = proptest::collection::vec(proptest::collection::vec(an_ask(), 1..=2), 1..=2);
    let constraint = prop_oneof![
        Just(None),
        Just(Some(same_color())),
        Just(Some(different_colors()))
    ];
    (requests, constraint).prop_map(|(requests, constraint)| {
        let firsts = requests.iter().map(|asks| asks[0].clone()).collect();
        let mut made = claim(firsts, constraint.into_iter().collect());
        for (request, asks) in made.spec.requests.iter_mut().zip(requests) {
            if asks.len() > 1 {
                request.kind = first_of(asks).spec.requests.remove(0).kind;
            }
        }
        made
    })
}

/// The first complete choice that keeps all rules, by trying every one in order: of the first
/// request the first alternative before the others, within it the devices that come first.
fn brute_force(devices: &[Device], used: &[bool], claims: &[ResourceClaim]) -> Option<Vec<String>> {
    let requests: Vec<(usize, Vec<&SubRequest>)> = claims
        .iter()
        .enumerate()
        .flat_map(|(claim, one)| {
            one.spec
                .requests
                .iter()
                .map(move |request| match &request.kind {
                    RequestKind::Exactly(ask) => (claim, vec![ask]),
                    RequestKind::FirstAvailable(asks) => (claim, asks.iter().collect()),
                })
        })
        .collect();
    let mut chosen = Vec::new();
    let found = fill(&requests, devices, &mut chosen, &|chosen| {
        keeps(chosen, devices, used, claims)
    });
    found.then(|| {
        chosen
            .iter()
            .map(|(_, _, at)| devices[*at].name.clone())
            .collect()
    })
}

/// Claim, ask and device.
type Choices<'a> = Vec<(usize, &'a SubRequest, usize)>;

fn fill<'a>(
    requests: &[(usize, Vec<&'a SubRequest>)],
    devices: &[Device],
    chosen: &mut Choices<'a>,
    keeps: &dyn Fn(&Choices<'a>) -> bool,
) -> bool {
    let Some(((claim, asks), rest)) = requests.split_first() else {
        return keeps(chosen);
    };
    let length = chosen.len();
    for ask in asks {
        let gpusched_core::placement::dra::objects::AllocationMode::ExactCount(count) = ask.mode
        else {
            continue;
        };
        let mut sets = vec![Vec::new()];
        for _ in 0..count {
            sets = sets
                .into_iter()
                .flat_map(|set: Vec<usize>| {
                    let from = set.last().map_or(0, |last| last + 1);
                    (from..devices.len()).map(move |next| [set.clone(), vec![next]].concat())
                })
                .collect();
        }
        for set in sets {
            chosen.extend(set.into_iter().map(|at| (*claim, *ask, at)));
            if fill(rest, devices, chosen, keeps) {
                return true;
            }
            chosen.truncate(length);
        }
    }
    false
}

fn keeps(
    chosen: &Choices<'_>,
    devices: &[Device],
    used: &[bool],
    claims: &[ResourceClaim],
) -> bool {
    let color = |at: usize| format!("{:?}", devices[at].attributes["color"]);
    let each = chosen.iter().enumerate().all(|(index, (_, ask, at))| {
        let once = chosen[..index].iter().all(|(_, _, other)| other != at);
        let wanted = ask.selectors.iter().flatten().all(|selector| {
            let name = COLORS
                .iter()
                .find(|name| selector.contains(&format!("'{name}'")));
            name.is_none_or(|name| color(*at) == format!("Text(\"{name}\")"))
        });
        once && wanted && !used[*at] && devices[*at].taints.is_empty()
    });
    let all = used
        .iter()
        .enumerate()
        .filter(|(_, used)| **used)
        .map(|(at, _)| at);
    let all: Vec<usize> = all.chain(chosen.iter().map(|(_, _, at)| *at)).collect();
    each && SETS.iter().all(|set| drawn_on(set, devices, &all) <= LIMIT)
        && claims.iter().enumerate().all(|(claim, one)| {
            let mine = chosen.iter().filter(|(of, ..)| *of == claim);
            let colors: Vec<String> = mine.map(|(_, _, at)| color(*at)).collect();
            let mut different = colors.clone();
            different.sort_unstable();
            different.dedup();
            one.spec
                .constraints
                .iter()
                .all(|Constraint { rule, .. }| match rule {
                    Rule::MatchAttribute(_) => different.len() <= 1,
                    _ => different.len() == colors.len(),
                })
        })
}

fn drawn_on(set: &str, devices: &[Device], used: &[usize]) -> i64 {
    let draws = used.iter().flat_map(|at| &devices[*at].consumes);
    let of_set = draws.filter(|draw| draw.counter_set == set);
    of_set.map(|draw| draw.counters["slices"].value()).sum()
}

/// Gives some devices away; which those are is left to the allocator.
fn use_some(allocator: &mut Allocator, claims: &[ResourceClaim], devices: &[Device]) -> Vec<bool> {
    let mut used = vec![false; devices.len()];
    for claim in claims {
        let given = commit(allocator, std::slice::from_ref(claim)).unwrap_or_default();
        for name in names(&given) {
            used[devices
                .iter()
                .position(|one| one.name == name)
                .expect("published")] = true;
        }
    }
    used
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn first_fit_is_the_first_of_all_choices(
        drawn in proptest::collection::vec(a_device(), 1..=6),
        before in proptest::collection::vec(a_claim(), 0..=1),
        claims in proptest::collection::vec(a_claim(), 1..=2),
    ) {
        let mut fast = allocator(slices(&drawn), Quirks::NONE);
        let published = devices_of(&drawn);
        let used = use_some(&mut fast, &before, &published);
        let expected = brute_force(&published, &used, &claims);
        prop_assert_eq!(devices(&mut fast, &claims).0, Ok(expected.clone()));
        // Other orders of devices find something exactly when there is something.
        for (name, choice) in Choice::ALL {
            let mut other = chooser(slices(&drawn), *choice);
            for (at, _) in used.iter().enumerate().filter(|(_, used)| **used) {
                other.take(DRIVER, NODE, &published[at].name, &gpusched_core::placement::dra::UseOf::Whole);
            }
            let found = devices(&mut other, &claims).0.expect("no error");
            prop_assert_eq!(found.is_some(), expected.is_some(), "{}", name);
        }
    }

    #[test]
    fn counters_are_never_exceeded_and_what_is_released_is_as_if_it_had_not_been_given(
        drawn in proptest::collection::vec(a_device(), 1..=8),
        claims in proptest::collection::vec(a_claim(), 1..=5),
        probe in a_claim(),
    ) {
        let published = devices_of(&drawn);
        let mut changing = allocator(slices(&drawn), Quirks::NONE);
        let mut states = Vec::new();
        let mut given = Vec::new();
        for claim in &claims {
            states.push(devices(&mut changing, std::slice::from_ref(&probe)));
            given.push(commit(&mut changing, std::slice::from_ref(claim)).unwrap_or_default());
            let in_use = names(&given.concat());
            let at = |name: &String| published.iter().position(|one| one.name == *name);
            let in_use: Vec<usize> = in_use.iter().filter_map(at).collect();
            for set in SETS {
                prop_assert!(drawn_on(set, &published, &in_use) <= LIMIT);
            }
        }
        while let Some(last) = given.pop() {
            last.iter().for_each(|one| changing.release(one));
            let now = devices(&mut changing, std::slice::from_ref(&probe));
            prop_assert_eq!(Some(now), states.pop());
        }
    }

    #[test]
    fn pools_nobody_asks_for_change_nothing(
        drawn in proptest::collection::vec(a_device(), 1..=6),
        claims in proptest::collection::vec(a_claim(), 1..=2),
        deployed in any::<bool>(),
    ) {
        let quirks = if deployed { Quirks::KUBE } else { Quirks::NONE };
        let mut alone = allocator(slices(&drawn), quirks);
        let expected = devices(&mut alone, &claims);
        let mut more = slices(&drawn);
        for driver in ["aaa.example.com", "zzz.example.com"] {
            let set = [("set-0", 1)];
            more.extend(partitioned(driver, NODE, &set, vec![drawing(device("x"), "set-0", 1)]));
        }
        more.extend(partitioned(DRIVER, "elsewhere", &[("set-0", 1)], Vec::new()));
        let both = cluster(more, &[NODE, "elsewhere"]);
        let mut beside = Allocator::new(both, Features::V1_36, quirks);
        let mut attempt = beside.attempt(&claims);
        let outcome = attempt.on(NodeId(0));
        let found = outcome.answer.map(|found| found.map(|one| names(&attempt.results(&one))));
        let found = found.map_err(|failure| failure.kind);
        prop_assert_eq!((found, outcome.invocations), expected);
    }
}
