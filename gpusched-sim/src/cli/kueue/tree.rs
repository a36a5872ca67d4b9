//! Quota trees as rows: a node, and one line per flavor and resource it has to do with.

use gpusched_core::queueing::kueue::ids::{FlavorResourceId, QuotaNodeId};
use gpusched_core::queueing::kueue::objects::ResourceGroup;
use gpusched_core::queueing::kueue::status::{Inactive, Status};
use gpusched_core::queueing::kueue::{Amount, Quota};
use gpusched_sim::manifest::Manifests;
use std::collections::{BTreeMap, BTreeSet};

/// A cohort or ClusterQueue and its numbers.
pub(super) struct Node {
    /// Cohorts above it.
    pub(super) depth: usize,
    pub(super) is_cohort: bool,
    pub(super) name: String,
    /// Why it admits nothing.
    pub(super) inactive: Vec<Inactive>,
    pub(super) lines: Vec<Line>,
}

/// One flavor and resource at a node.
pub(super) struct Line {
    pub(super) flavor: String,
    pub(super) resource: String,
    /// What it owns itself.
    pub(super) nominal: Amount,
    pub(super) borrowing_limit: Option<Amount>,
    pub(super) lending_limit: Option<Amount>,
    pub(super) used: Amount,
    /// Used beyond what it and those below it own.
    pub(super) borrowed: Amount,
    /// Of what it and those below own, what others hold now.
    pub(super) lent: Amount,
    /// What could still be used without preemption.
    pub(super) available: Amount,
}

/// Every tree from its root down, trees and children by name, cohorts before queues.
pub(super) fn nodes(manifests: &Manifests) -> Vec<Node> {
    let objects = manifests.objects();
    let quota = manifests.quota();
    let status = Status::new(objects, manifests.gates());
    let mut groups: BTreeMap<(bool, &str), &[ResourceGroup]> = BTreeMap::new();
    for cohort in &objects.cohorts {
        groups.insert((true, &cohort.name), &cohort.resource_groups);
    }
    let mut inactive = BTreeMap::new();
    for queue in &objects.cluster_queues {
        groups.insert((false, &queue.name), &queue.resource_groups);
        inactive.insert(queue.name.as_str(), status.cluster_queue(queue));
    }
    let mut walk = Walk {
        quota: &quota,
        groups,
        inactive,
        nodes: Vec::new(),
    };
    let ids = || (0..quota.nodes()).filter_map(|id| u32::try_from(id).ok());
    let roots = ids().map(QuotaNodeId);
    let mut roots: Vec<QuotaNodeId> = roots.filter(|node| quota.parent(*node).is_none()).collect();
    roots.sort_by_key(|node| {
        let names = quota.names();
        (
            quota.as_cluster_queue(*node).is_some(),
            names.node_name(*node),
        )
    });
    for root in roots {
        walk.visit(root, 0);
    }
    walk.nodes
}

struct Walk<'a> {
    quota: &'a Quota,
    /// Quotas of cohorts (`true`) and ClusterQueues by name.
    groups: BTreeMap<(bool, &'a str), &'a [ResourceGroup]>,
    inactive: BTreeMap<&'a str, Vec<Inactive>>,
    nodes: Vec<Node>,
}

impl Walk<'_> {
    /// Adds a node and everything below it; gives what flavors and resources that is about.
    fn visit(&mut self, node: QuotaNodeId, depth: usize) -> BTreeSet<FlavorResourceId> {
        let quota = self.quota;
        let is_cohort = quota.as_cluster_queue(node).is_none();
        let name = quota.names().node_name(node).to_owned();
        let at = self.nodes.len();
        self.nodes.push(Node {
            depth,
            is_cohort,
            inactive: match is_cohort {
                true => Vec::new(),
                false => self.inactive.remove(name.as_str()).unwrap_or_default(),
            },
            name,
            lines: Vec::new(),
        });
        let mut about: BTreeSet<FlavorResourceId> = quota.declared(node).iter().copied().collect();
        for cohort in quota.child_cohorts(node) {
            about.extend(self.visit(*cohort, depth + 1));
        }
        for queue in quota.child_cluster_queues(node) {
            about.extend(self.visit((*queue).into(), depth + 1));
        }
        let mut lines: Vec<Line> = about.iter().map(|fr| self.line(node, *fr)).collect();
        lines.sort_by(|a, b| (&a.flavor, &a.resource).cmp(&(&b.flavor, &b.resource)));
        self.nodes[at].lines = lines;
        about
    }

    fn line(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Line {
        let quota = self.quota;
        let names = quota.names();
        let (flavor, resource) = names.parts(fr);
        let (flavor, resource) = (names.flavor_name(flavor), names.resource_name(resource));
        let is_cohort = quota.as_cluster_queue(node).is_none();
        let groups = self.groups.get(&(is_cohort, names.node_name(node)));
        let own = groups
            .into_iter()
            .flat_map(|groups| groups.iter())
            .flat_map(|group| &group.flavors)
            .filter(|quotas| quotas.flavor == flavor)
            .flat_map(|quotas| &quotas.resources)
            .find(|one| one.resource == resource);
        let (owned, used) = (quota.subtree_quota(node, fr), quota.usage(node, fr));
        let available = quota.node_available(node, fr).max(Amount::ZERO);
        Line {
            flavor: flavor.to_owned(),
            resource: resource.to_owned(),
            nominal: own.map_or(Amount::ZERO, |one| one.nominal),
            borrowing_limit: own.and_then(|one| one.borrowing_limit),
            lending_limit: own.and_then(|one| one.lending_limit),
            used,
            borrowed: (used - owned).max(Amount::ZERO),
            lent: (owned - used - available).max(Amount::ZERO),
            available,
        }
    }
}
