//! PodTopologySpread: pods that a selector finds are spread over the values of a node label.
//!
//! A constraint is hard (`DoNotSchedule`, looked at by the filter) or soft (`ScheduleAnyway`, by
//! the score). How many pods a domain holds is counted over all nodes, those the pod itself cannot
//! use included as far as the inclusion policies say.
//!
//! Source: `pkg/scheduler/framework/plugins/podtopologyspread` of Kubernetes 1.36. The default
//! constraints upstream makes up for pods of a Service or ReplicaSet are left out: what selects
//! those pods is not known here.

use super::MAX_SCORE;
use crate::kube::{LabelSelector, Labels, Node, Toleration, untolerated};
use std::collections::BTreeMap;

/// The label whose domains are single nodes: soft constraints count their pods node by node.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// What happens on nodes where the constraint does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenUnsatisfiable {
    /// They are out.
    #[default]
    DoNotSchedule,
    /// They are worse.
    ScheduleAnyway,
}

/// One of `topologySpreadConstraints`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpreadConstraint {
    /// By how many pods a domain may be ahead of the emptiest one. At least 1.
    pub max_skew: i64,
    /// The label whose values are the domains.
    pub topology_key: String,
    /// Hard or soft.
    pub when: WhenUnsatisfiable,
    /// Which pods of the pod's namespace count; `None` selects none.
    pub selector: Option<LabelSelector>,
    /// Fewer domains than this count as if one of them were empty.
    pub min_domains: i64,
    /// Labels of the pod whose values pods must share to count.
    pub match_label_keys: Vec<String>,
    /// Whether nodes its node selector and affinity exclude count (`nodeAffinityPolicy: Ignore`).
    pub ignores_affinity: bool,
    /// Whether nodes with taints it does not tolerate do not count (`nodeTaintsPolicy: Honor`).
    pub honors_taints: bool,
}

impl SpreadConstraint {
    /// A hard constraint with the API's defaults. It selects no pods yet.
    pub fn new(topology_key: &str, max_skew: i64) -> SpreadConstraint {
        SpreadConstraint {
            max_skew,
            topology_key: topology_key.to_owned(),
            when: WhenUnsatisfiable::DoNotSchedule,
            selector: None,
            min_domains: 1,
            match_label_keys: Vec::new(),
            ignores_affinity: false,
            honors_taints: false,
        }
    }

    /// Whether a pod with these labels counts for one with `own` labels.
    fn selects(&self, labels: &Labels, own: &Labels) -> bool {
        let Some(selector) = &self.selector else {
            return false;
        };
        let mut keys = self.match_label_keys.iter();
        selector.matches(labels)
            && keys.all(|key| {
                own.get(key)
                    .is_none_or(|value| labels.get(key) == Some(value))
            })
    }
}

/// A node, as constraints look at it.
#[derive(Clone, Copy, Debug)]
pub struct SpreadNode<'a> {
    /// The node.
    pub node: &'a Node,
    /// Labels of the pods on it that are in the pod's namespace and not being deleted.
    pub pods: &'a [Labels],
    /// Whether the pod's node selector and required affinity allow it.
    pub allowed: bool,
}

/// Why a hard constraint keeps a pod away from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpreadRefusal {
    /// The node does not have the label: evicting pods would not help.
    NoLabel,
    /// Its domain would be too far ahead of the emptiest one.
    TooSkewed,
}

/// What a pod brings along.
#[derive(Clone, Copy, Debug)]
pub struct SpreadPod<'a> {
    /// Its labels.
    pub labels: &'a Labels,
    /// Its tolerations.
    pub tolerations: &'a [Toleration],
    /// Its constraints.
    pub constraints: &'a [SpreadConstraint],
}

impl<'a> SpreadPod<'a> {
    fn of(&self, when: WhenUnsatisfiable) -> Vec<&'a SpreadConstraint> {
        let constraints = self.constraints.iter();
        constraints.filter(|one| one.when == when).collect()
    }

    /// Whether a node counts for a constraint.
    fn includes(&self, constraint: &SpreadConstraint, node: &SpreadNode<'_>) -> bool {
        let repelled = || untolerated(&node.node.taints, &[self.tolerations]).is_some();
        (constraint.ignores_affinity || node.allowed) && !(constraint.honors_taints && repelled())
    }

    fn count(&self, constraint: &SpreadConstraint, node: &SpreadNode<'_>) -> i64 {
        let pods = node.pods.iter();
        pods.filter(|labels| constraint.selects(labels, self.labels))
            .count() as i64
    }
}

fn has_all(node: &Node, constraints: &[&SpreadConstraint]) -> bool {
    let mut constraints = constraints.iter();
    constraints.all(|one| node.labels.contains_key(&one.topology_key))
}

/// Which nodes the hard constraints allow, in the order given; `None` = it may run there.
/// O(constraints · (nodes + pods)).
///
/// ```
/// use gpusched_core::kube::{LabelSelector, Labels, Node};
/// use gpusched_core::placement::kube_scheduler::{
///     SpreadConstraint, SpreadNode, SpreadPod, SpreadRefusal, spread_refusals,
/// };
/// let zone = |name: &str| Node { labels: [("zone".into(), name.into())].into(), ..Node::default() };
/// let (a, b) = (zone("a"), zone("b"));
/// let pods = [Labels::new()];
/// let nodes = [
///     SpreadNode { node: &a, pods: &pods, allowed: true },
///     SpreadNode { node: &b, pods: &[], allowed: true },
/// ];
/// let selector = Some(LabelSelector::default());
/// let constraints = [SpreadConstraint { selector, ..SpreadConstraint::new("zone", 1) }];
/// let pod = SpreadPod { labels: &Labels::new(), tolerations: &[], constraints: &constraints };
/// // Zone a would hold two pods, b none.
/// assert_eq!(spread_refusals(&pod, &nodes), [Some(SpreadRefusal::TooSkewed), None]);
/// ```
pub fn spread_refusals(
    pod: &SpreadPod<'_>,
    nodes: &[SpreadNode<'_>],
) -> Vec<Option<SpreadRefusal>> {
    let hard = pod.of(WhenUnsatisfiable::DoNotSchedule);
    let mut counts: Vec<BTreeMap<&str, i64>> = vec![BTreeMap::new(); hard.len()];
    for node in nodes.iter().filter(|one| has_all(one.node, &hard)) {
        for (constraint, counts) in hard.iter().zip(&mut counts) {
            if pod.includes(constraint, node) {
                let domain = node.node.labels[&constraint.topology_key].as_str();
                *counts.entry(domain).or_default() += pod.count(constraint, node);
            }
        }
    }
    let refused = |node: &SpreadNode<'_>| {
        let mut checks = hard.iter().zip(&counts);
        checks.find_map(|(constraint, counts)| {
            let Some(domain) = node.node.labels.get(&constraint.topology_key) else {
                return Some(SpreadRefusal::NoLabel);
            };
            // Where no domain counts, the emptiest is as full as it gets, and nothing is ahead.
            let least = match (counts.len() as i64) < constraint.min_domains {
                true => 0,
                false => counts.values().min().copied().unwrap_or(i64::MAX),
            };
            let there = counts.get(domain.as_str()).copied().unwrap_or(0);
            let itself = i64::from(constraint.selects(pod.labels, pod.labels));
            let skew = (there + itself).saturating_sub(least);
            (skew > constraint.max_skew).then_some(SpreadRefusal::TooSkewed)
        })
    };
    nodes.iter().map(refused).collect()
}

/// The scores of the nodes at `feasible` (positions in `nodes`) by the soft constraints, 0 to 100;
/// `None` where the pod has none. Domains with fewer pods are better; a label with more values
/// weighs more, by the logarithm of their number. O(constraints · (nodes + pods)).
///
/// Weights are logarithms in floating point as upstream, rounded to integers before they are
/// compared.
pub fn spread_scores(
    pod: &SpreadPod<'_>,
    nodes: &[SpreadNode<'_>],
    feasible: &[usize],
) -> Option<Vec<i64>> {
    let soft = pod.of(WhenUnsatisfiable::ScheduleAnyway);
    if soft.is_empty() {
        return None;
    }
    let rated = |at: &usize| has_all(nodes[*at].node, &soft);
    let found: Vec<usize> = feasible.iter().copied().filter(rated).collect();
    let mut counts: Vec<BTreeMap<&str, i64>> = vec![BTreeMap::new(); soft.len()];
    for (constraint, counts) in soft.iter().zip(&mut counts) {
        let domain = |at: usize| nodes[at].node.labels[&constraint.topology_key].as_str();
        counts.extend(found.iter().map(|at| (domain(*at), 0)));
    }
    for node in nodes.iter().filter(|one| has_all(one.node, &soft)) {
        for (constraint, counts) in soft.iter().zip(&mut counts) {
            let domain = node.node.labels[&constraint.topology_key].as_str();
            if let Some(count) = counts.get_mut(domain)
                && pod.includes(constraint, node)
            {
                *count += pod.count(constraint, node);
            }
        }
    }
    let weigh = |at: usize| {
        let terms = soft.iter().zip(&counts).map(|(constraint, counts)| {
            let domain = nodes[at].node.labels[&constraint.topology_key].as_str();
            let (there, domains) = match constraint.topology_key.as_str() {
                HOSTNAME => (pod.count(constraint, &nodes[at]), found.len()),
                _ => (counts[domain], counts.len()),
            };
            let weight = ((domains + 2) as f64).ln();
            there as f64 * weight + (constraint.max_skew - 1) as f64
        });
        terms.sum::<f64>().round() as i64
    };
    let weights: BTreeMap<usize, i64> = found.iter().map(|at| (*at, weigh(*at))).collect();
    let most = weights.values().max().copied().unwrap_or(0);
    let least = weights.values().min().copied().unwrap_or(0);
    let score = |at: &usize| match weights.get(at) {
        None => 0,
        Some(_) if most == 0 => MAX_SCORE,
        Some(weight) => MAX_SCORE * (most + least - weight) / most,
    };
    Some(feasible.iter().map(score).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::{Effect, Taint, TolerationOperator};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn node(zone: &str, host: &str) -> Node {
        Node {
            name: host.to_owned(),
            labels: labels(&[("zone", zone), (HOSTNAME, host)]),
            ..Node::default()
        }
    }

    fn app(key: &str, skew: i64) -> SpreadConstraint {
        let match_labels = labels(&[("app", "web")]);
        SpreadConstraint {
            selector: Some(LabelSelector {
                match_labels,
                ..LabelSelector::default()
            }),
            ..SpreadConstraint::new(key, skew)
        }
    }

    fn soft(key: &str, skew: i64) -> SpreadConstraint {
        SpreadConstraint {
            when: WhenUnsatisfiable::ScheduleAnyway,
            ..app(key, skew)
        }
    }

    /// Asks about another pod `app=web` on nodes of these zones (none: no label) with so many such
    /// pods each.
    fn asked<T>(
        zones: &[(&str, usize)],
        constraints: &[SpreadConstraint],
        ask: impl FnOnce(&SpreadPod<'_>, &[SpreadNode<'_>]) -> T,
    ) -> T {
        let own = labels(&[("app", "web")]);
        let pods = vec![own.clone(); 9];
        let objects: Vec<Node> = (0..zones.len())
            .map(|at| match zones[at].0 {
                "" => Node::default(),
                zone => node(zone, &format!("n{at}")),
            })
            .collect();
        let nodes = objects.iter().zip(zones);
        let nodes = nodes.map(|(node, (_, count))| SpreadNode {
            node,
            pods: &pods[..*count],
            allowed: true,
        });
        let pod = SpreadPod {
            labels: &own,
            tolerations: &[],
            constraints,
        };
        ask(&pod, &nodes.collect::<Vec<_>>())
    }

    fn refusals(
        zones: &[(&str, usize)],
        constraints: &[SpreadConstraint],
    ) -> Vec<Option<SpreadRefusal>> {
        asked(zones, constraints, spread_refusals)
    }

    const SKEWED: Option<SpreadRefusal> = Some(SpreadRefusal::TooSkewed);

    /// Zone a holds 2 + 1, b 2: one more in a is 4 - 2 = 2 ahead, one more in b 3 - 2 = 1.
    #[test]
    fn domains_add_up_over_their_nodes() {
        let zones = [("a", 2), ("a", 1), ("b", 2)];
        assert_eq!(refusals(&zones, &[app("zone", 1)]), [SKEWED, SKEWED, None]);
        assert_eq!(refusals(&zones, &[app("zone", 2)]), [None, None, None]);
        // By node: 3, 2 and 3 pods, of which the emptiest has 1.
        let by_node = [app(HOSTNAME, 1)];
        assert_eq!(refusals(&zones, &by_node), [SKEWED, None, SKEWED]);
        // Both must hold.
        let both = [app("zone", 1), app(HOSTNAME, 1)];
        assert_eq!(refusals(&zones, &both), [SKEWED, SKEWED, SKEWED]);
    }

    #[test]
    fn fewer_domains_than_asked_for_count_as_if_one_were_empty() {
        let three = SpreadConstraint {
            min_domains: 3,
            ..app("zone", 1)
        };
        assert_eq!(
            refusals(&[("a", 1), ("b", 1)], std::slice::from_ref(&three)),
            [SKEWED, SKEWED]
        );
        assert_eq!(
            refusals(&[("a", 1), ("b", 1), ("c", 1)], &[three]),
            [None, None, None]
        );
    }

    /// A node outside the pod's affinity has pods but is no domain: without it b is emptiest.
    #[test]
    fn nodes_the_pod_cannot_use_do_not_count_unless_said() {
        let own = labels(&[("app", "web")]);
        let (a, b) = (node("a", "n0"), node("b", "n1"));
        let pods = [own.clone()];
        let nodes = [
            SpreadNode {
                node: &a,
                pods: &[],
                allowed: false,
            },
            SpreadNode {
                node: &b,
                pods: &pods,
                allowed: true,
            },
        ];
        let ask = |constraint: SpreadConstraint| {
            let pod = SpreadPod {
                labels: &own,
                tolerations: &[],
                constraints: &[constraint],
            };
            spread_refusals(&pod, &nodes)[1]
        };
        assert_eq!(ask(app("zone", 1)), None);
        let ignores = SpreadConstraint {
            ignores_affinity: true,
            ..app("zone", 1)
        };
        assert_eq!(ask(ignores), SKEWED);
    }

    #[test]
    fn tainted_nodes_count_unless_taints_are_honoured() {
        let own = labels(&[("app", "web")]);
        let (mut a, b) = (node("a", "n0"), node("b", "n1"));
        a.taints.push(Taint {
            key: "old".into(),
            value: String::new(),
            effect: Effect::NoSchedule,
        });
        let pods = [own.clone()];
        let nodes = [(&a, &[][..]), (&b, &pods[..])].map(|(node, pods)| SpreadNode {
            node,
            pods,
            allowed: true,
        });
        let honors = [SpreadConstraint {
            honors_taints: true,
            ..app("zone", 1)
        }];
        let ask = |constraints: &[SpreadConstraint], tolerations: &[Toleration]| {
            let pod = SpreadPod {
                labels: &own,
                tolerations,
                constraints,
            };
            spread_refusals(&pod, &nodes)[1]
        };
        assert_eq!(ask(&[app("zone", 1)], &[]), SKEWED);
        assert_eq!(ask(&honors, &[]), None);
        let all = Toleration {
            operator: TolerationOperator::Exists,
            ..Toleration::default()
        };
        assert_eq!(ask(&honors, &[all]), SKEWED);
    }

    #[test]
    fn a_node_without_the_label_is_out_and_counts_for_nothing() {
        let own = labels(&[("app", "web")]);
        let (bare, b) = (Node::default(), node("b", "n1"));
        let pods = vec![own.clone(); 4];
        let nodes = [(&bare, &pods[..]), (&b, &pods[..1])].map(|(node, pods)| SpreadNode {
            node,
            pods,
            allowed: true,
        });
        let pod = SpreadPod {
            labels: &own,
            tolerations: &[],
            constraints: &[app("zone", 1)],
        };
        assert_eq!(
            spread_refusals(&pod, &nodes),
            [Some(SpreadRefusal::NoLabel), None]
        );
    }

    /// Only pods of the same revision count: the two of the old one do not.
    #[test]
    fn keys_to_match_narrow_the_selection() {
        let own = labels(&[("app", "web"), ("revision", "2")]);
        let old = vec![labels(&[("app", "web"), ("revision", "1")]); 2];
        let (a, b) = (node("a", "n0"), node("b", "n1"));
        let nodes = [(&a, &old[..]), (&b, &[][..])].map(|(node, pods)| SpreadNode {
            node,
            pods,
            allowed: true,
        });
        let narrow = SpreadConstraint {
            match_label_keys: vec!["revision".into()],
            ..app("zone", 1)
        };
        for (constraint, answer) in [(app("zone", 1), SKEWED), (narrow, None)] {
            let pod = SpreadPod {
                labels: &own,
                tolerations: &[],
                constraints: &[constraint],
            };
            assert_eq!(spread_refusals(&pod, &nodes)[0], answer);
        }
    }

    fn scores(zones: &[(&str, usize)], constraint: SpreadConstraint) -> Option<Vec<i64>> {
        let all: Vec<usize> = (0..zones.len()).collect();
        asked(zones, &[constraint], |pod, nodes| {
            spread_scores(pod, nodes, &all)
        })
    }

    /// Two zones: ln 4 = 1.386. Zone a has 3 pods: 4.16 → 4; b has 1: 1.39 → 1. Of the greatest 4
    /// and the least 1: a gets 100 · (4 + 1 − 4) / 4 = 25, b 100 · (4 + 1 − 1) / 4 = 100. The node
    /// without the label gets nothing.
    #[test]
    fn fewer_pods_in_the_domain_score_higher() {
        let zones = [("a", 2), ("a", 1), ("b", 1), ("", 5)];
        assert_eq!(scores(&zones, soft("zone", 1)), Some(vec![25, 25, 100, 0]));
        // A skew of 5 adds 4 to all: 8 and 5, so 100 · 5 / 8 = 62 and 100 · 8 / 8.
        assert_eq!(scores(&zones, soft("zone", 5)), Some(vec![62, 62, 100, 0]));
        // By node, three of them: ln 5 = 1.609. 2, 1 and 1 pods: 3, 2 and 2.
        assert_eq!(
            scores(&zones, soft(HOSTNAME, 1)),
            Some(vec![66, 100, 100, 0])
        );
    }

    #[test]
    fn without_pods_all_are_as_good_and_without_constraints_nothing_is_said() {
        let zones = [("a", 0), ("b", 0)];
        assert_eq!(scores(&zones, soft("zone", 1)), Some(vec![100, 100]));
        assert_eq!(scores(&zones, app("zone", 1)), None);
    }
}
