//! The constraints a pod states.

use super::super::objects::{PodSpec, PodTerm};
use super::group::{Identity, Kind, NodeFilter};
use super::spec::alternatives;
use std::collections::BTreeSet;

/// Constraints a pod is under, each with its `minDomains`: spreads, affinity, anti-affinity;
/// required ones before those that are preferred, which only count while preferences do.
pub(super) fn constraints(pod: &PodSpec, respect: bool) -> Vec<(Identity, Option<u32>)> {
    let mut all = Vec::new();
    for spread in pod.spread.iter().filter(|one| respect || !one.soft) {
        let identity = Identity {
            kind: Kind::Spread,
            key: spread.key.clone(),
            namespaces: [pod.namespace.clone()].into(),
            selector: spread.selector.clone(),
            max_skew: spread.max_skew,
            nodes: NodeFilter {
                requirements: match spread.honor_affinity {
                    true => alternatives(pod),
                    false => Vec::new(),
                },
                tolerations: spread.honor_taints.then(|| pod.tolerations.clone()),
            },
        };
        all.push((identity, spread.min_domains));
    }
    for (kind, terms) in [
        (Kind::Affinity, &pod.affinity),
        (Kind::AntiAffinity, &pod.anti_affinity),
    ] {
        let preferred = terms.preferred.iter().filter(|_| respect);
        let preferred = preferred.map(|(_, term)| term);
        for term in terms.required.iter().chain(preferred) {
            all.push((of_term(kind, term, &pod.namespace), None));
        }
    }
    all
}

/// Constraints a pod puts others under: its required anti-affinity.
pub(super) fn inverse<'t>(
    terms: &'t [PodTerm],
    namespace: &'t str,
) -> impl Iterator<Item = Identity> + 't {
    let of = |term| of_term(Kind::AntiAffinity, term, namespace);
    terms.iter().map(of)
}

fn of_term(kind: Kind, term: &PodTerm, namespace: &str) -> Identity {
    let listed: BTreeSet<String> = term.namespaces.iter().cloned().collect();
    Identity {
        kind,
        key: term.key.clone(),
        namespaces: match listed.is_empty() {
            true => [namespace.to_owned()].into(),
            false => listed,
        },
        selector: term.selector.clone(),
        max_skew: i64::MAX,
        nodes: NodeFilter::default(),
    }
}
