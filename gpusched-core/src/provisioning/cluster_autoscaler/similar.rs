//! Similar groups, and how new nodes are spread over them (`processors/nodegroupset`).

use super::Options;
use super::node_group::Template;
use crate::kube::Resources;
use crate::provisioning::karpenter::labels::{HOSTNAME, REGION, ZONE};

/// Labels in which similar groups may differ.
const IGNORED: [&str; 7] = [
    HOSTNAME,
    ZONE,
    REGION,
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/fluentd-ds-ready",
    "kops.k8s.io/instancegroup",
];

/// Whether nodes of two groups are alike: the same resources, capacity equal but for memory, which
/// may differ by 1.5 %, allocatable and free within 5 %, and labels equal but for those ignored.
/// What is free of a node with nothing on it is what is allocatable. Differences are shares of the
/// larger amount.
pub(super) fn similar(one: &Template, two: &Template, options: &Options) -> bool {
    let names = |resources: &Resources| -> Vec<String> { resources.keys().cloned().collect() };
    let within = |one: &Resources, two: &Resources, ratio: f64| {
        names(one) == names(two)
            && one
                .iter()
                .all(|(name, amount)| close(*amount, two[name], ratio))
    };
    let capacity = names(&one.capacity) == names(&two.capacity)
        && one
            .capacity
            .iter()
            .all(|(name, amount)| match name.as_str() {
                "memory" => close(*amount, two.capacity[name], options.memory_difference_ratio),
                _ => *amount == two.capacity[name],
            });
    let ratio = f64::min(
        options.max_allocatable_difference_ratio,
        options.max_free_difference_ratio,
    );
    capacity && within(&one.allocatable, &two.allocatable, ratio) && same_labels(one, two, options)
}

fn close(one: i64, two: i64, ratio: f64) -> bool {
    let (larger, smaller) = (one.max(two) as f64, one.min(two) as f64);
    larger - smaller <= larger * ratio
}

fn same_labels(one: &Template, two: &Template, options: &Options) -> bool {
    let matters = |(key, _): &(&String, &String)| {
        !IGNORED.contains(&key.as_str()) && !options.balancing_ignore_labels.contains(key)
    };
    one.labels
        .iter()
        .filter(matters)
        .eq(two.labels.iter().filter(matters))
}

/// A group's share of new nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The group, an index.
    pub(super) group: usize,
    /// Its size before.
    pub(super) from: u32,
    /// And after.
    pub(super) to: u32,
    /// Its most.
    pub(super) max: u32,
}

/// Spreads new nodes over groups, one at a time to the smallest that may grow still; what does not
/// fit into them together is dropped. Groups of equal size go in the order given. Those that get
/// nothing are left out. O(nodes + groups · log groups).
pub(super) fn balance(groups: &[(usize, u32, u32)], nodes: u32) -> Vec<Share> {
    let growing = groups.iter().filter(|(_, size, max)| size < max);
    let mut shares: Vec<Share> = growing
        .map(|&(group, size, max)| Share {
            group,
            from: size,
            to: size,
            max,
        })
        .collect();
    shares.sort_by_key(|share| share.from);
    let room: u64 = shares
        .iter()
        .map(|share| u64::from(share.max - share.from))
        .sum();
    let mut left = u64::from(nodes).min(room);
    // All before `start` are full. The water level rises from there.
    let (mut start, mut at) = (0, 0);
    while left > 0 {
        if shares[at].to < shares[at].max {
            shares[at].to += 1;
            left -= 1;
        } else {
            shares.swap(start, at);
            start += 1;
        }
        at = match shares.get(at + 1) {
            Some(next) if shares[at].to > next.to => at + 1,
            _ => start,
        };
    }
    shares.retain(|share| share.from != share.to);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::Price;
    use proptest::prelude::*;

    fn template(zone: &str, memory: i64, allocatable: i64) -> Template {
        let amounts = |memory| [("cpu".into(), 4000), ("memory".into(), memory)].into();
        Template {
            labels: [(ZONE.into(), zone.into()), ("team".into(), "a".into())].into(),
            taints: Vec::new(),
            capacity: amounts(memory),
            allocatable: amounts(allocatable),
            price: Price::FREE,
        }
    }

    #[test]
    fn groups_in_two_zones_are_similar() {
        let options = Options::default();
        let (one, two) = (template("a", 1000, 1000), template("b", 1000, 1000));
        assert!(similar(&one, &two, &options));
        let mut other = two.clone();
        other.labels.insert("team".into(), "b".into());
        assert!(!similar(&one, &other, &options));
        let ignoring = Options {
            balancing_ignore_labels: vec!["team".into()],
            ..Options::default()
        };
        assert!(similar(&one, &other, &ignoring));
    }

    #[test]
    fn memory_may_differ_by_1_5_percent_and_allocatable_by_5() {
        let options = Options::default();
        let one = template("a", 1000, 1000);
        assert!(similar(&one, &template("a", 985, 1000), &options));
        assert!(!similar(&one, &template("a", 984, 1000), &options));
        assert!(similar(&one, &template("a", 1000, 950), &options));
        assert!(!similar(&one, &template("a", 1000, 949), &options));
        let mut more_cpu = one.clone();
        more_cpu.capacity.insert("cpu".into(), 4001);
        assert!(!similar(&one, &more_cpu, &options), "cpu has to be equal");
        let mut with_gpu = one.clone();
        with_gpu.capacity.insert("nvidia.com/gpu".into(), 1);
        assert!(
            !similar(&one, &with_gpu, &options),
            "a resource only one has"
        );
    }

    fn sizes(groups: &[(usize, u32, u32)], nodes: u32) -> Vec<(usize, u32)> {
        let shares = balance(groups, nodes).into_iter();
        shares.map(|share| (share.group, share.to)).collect()
    }

    #[test]
    fn new_nodes_go_to_the_smallest_group_one_at_a_time() {
        assert_eq!(sizes(&[(0, 1, 10), (1, 3, 10)], 2), [(0, 3)]);
        assert_eq!(sizes(&[(0, 1, 10), (1, 3, 10)], 4), [(0, 4), (1, 4)]);
        assert_eq!(sizes(&[(0, 3, 10), (1, 1, 10), (2, 1, 1)], 3), [(1, 4)]);
        assert_eq!(sizes(&[(0, 1, 2), (1, 1, 9)], 5), [(0, 2), (1, 5)]);
        assert_eq!(sizes(&[(0, 1, 2), (1, 2, 3)], 50), [(0, 2), (1, 3)]);
    }

    proptest! {
        /// Twin: every node to the group of least size that may grow, whichever of equal ones.
        #[test]
        fn balances_like_one_node_at_a_time(
            groups in proptest::collection::vec((0u32..6, 0u32..8), 1..5),
            nodes in 0u32..30,
        ) {
            let given: Vec<(usize, u32, u32)> = groups.iter().enumerate()
                .map(|(at, (size, more))| (at, *size, size + more)).collect();
            let mut twin: Vec<(u32, u32)> = given.iter().map(|one| (one.1, one.2)).collect();
            for _ in 0..nodes {
                let smallest = twin.iter_mut().filter(|(size, max)| size < max).min_by_key(|one| one.0);
                if let Some(smallest) = smallest {
                    smallest.0 += 1;
                }
            }
            let mut twin: Vec<u32> = twin.into_iter().map(|one| one.0).collect();
            let mut own: Vec<u32> = given.iter().map(|one| one.1).collect();
            for share in balance(&given, nodes) {
                prop_assert!(share.to <= share.max);
                own[share.group] = share.to;
            }
            twin.sort_unstable();
            own.sort_unstable();
            prop_assert_eq!(own, twin);
        }
    }
}
