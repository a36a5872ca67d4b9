//! What the search for flavors found, flavor by flavor.

use super::super::cycle::{Explanation, Kueue};
use super::super::flavors::{Mismatch, Reason, Words};
use super::super::ids::{ClusterQueueId, FlavorId, ResourceId, WorkloadId};
use super::answer::{PodSetFindings, Way};
use super::{Change, Shortfall};

/// Findings by pod set, those of one flavor together, in the order they were made.
pub(super) fn findings(
    kueue: &Kueue,
    id: WorkloadId,
    queue: ClusterQueueId,
    explanation: &Explanation,
) -> Vec<PodSetFindings> {
    let Explanation::Flavors { reasons, error, .. } = explanation else {
        return Vec::new();
    };
    let words = kueue.words(id);
    let mut found: Vec<(usize, PodSetFindings)> = Vec::new();
    let mut add = |pod_set: usize, flavor: Option<FlavorId>, change: Change| {
        let known = found.iter().position(|(one, _)| *one == pod_set);
        let at = known.unwrap_or_else(|| {
            let shape = words.shape.pod_sets.get(pod_set);
            let one = PodSetFindings {
                name: shape.map_or_else(String::new, |one| one.name.clone()),
                count: shape.map_or(0, |one| one.count),
                ways: Vec::new(),
            };
            found.push((pod_set, one));
            found.len() - 1
        });
        let ways = &mut found[at].1.ways;
        let flavor = flavor.map(|flavor| words.names.flavor_name(flavor).to_owned());
        match ways.iter_mut().find(|way| way.flavor == flavor) {
            Some(way) if way.changes.contains(&change) => {}
            Some(way) => way.changes.push(change),
            None => ways.push(Way {
                flavor,
                changes: vec![change],
            }),
        }
    };
    for (pod_set, reason) in reasons {
        if let Some((flavor, change)) = change(kueue, words, queue, reason) {
            add(*pod_set, flavor, change);
        }
    }
    if let Some((pod_set, error)) = error {
        add(*pod_set, None, Change::FindPlace(words.error(error)));
    }
    found.into_iter().map(|(_, findings)| findings).collect()
}

/// The change a finding asks for, and the flavor it is about.
fn change(
    kueue: &Kueue,
    words: Words<'_>,
    queue: ClusterQueueId,
    reason: &Reason,
) -> Option<(Option<FlavorId>, Change)> {
    let resource_name = |resource: &ResourceId| words.resources.name(*resource).to_owned();
    let (flavor, change) = match reason {
        Reason::Undeclared { resource } => {
            return Some((None, Change::DeclareResource(resource_name(resource))));
        }
        Reason::Topology(why) => return Some((None, Change::FindPlace(why.clone()))),
        // A search that is repeated keeps to the flavors of the first, which says more.
        Reason::NotNominated { .. } => return None,
        Reason::OtherVariant { flavor } => (flavor, Change::OtherVariant),
        Reason::FlavorNotFound { flavor } => (flavor, Change::CreateFlavor),
        Reason::NoTopology { flavor } => (flavor, Change::GiveTopology),
        Reason::TopologyNotFound { flavor } => (flavor, Change::CreateTopology),
        Reason::NoSuchLevel { flavor } => (flavor, Change::HaveLevel),
        Reason::TopologyOnly { flavor } => (flavor, Change::AskForTopology),
        Reason::OtherSlice { flavor, .. } => (flavor, Change::KeepFlavor),
        Reason::Mismatch { flavor, pod_set } => {
            let pod_set = words.shape.pod_sets.get(usize::from(*pod_set));
            let change = match pod_set.and_then(|one| one.mismatch(*flavor)) {
                Some(Mismatch::Taint(taint)) => Change::Tolerate(taint.clone()),
                _ => Change::MatchNodeLabels,
            };
            (flavor, change)
        }
        Reason::AboveMaximum {
            flavor,
            resource,
            assumed,
            request,
            maximum,
        } => {
            let change = Change::BelowMaximum {
                resource: resource_name(resource),
                asked: *assumed + *request,
                maximum: *maximum,
            };
            (flavor, change)
        }
        Reason::InsufficientUnused {
            flavor,
            resource,
            missing,
        } => {
            let fr = words.names.flavor_resource(*flavor, *resource)?;
            let shortfall = Shortfall::new(kueue.quota(), queue, fr, *missing);
            (flavor, Change::FreeQuota(shortfall))
        }
    };
    Some((Some(*flavor), change))
}
