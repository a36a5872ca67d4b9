//! What quotas and limits say, without any use.

use super::super::ids::{FlavorResourceId, QuotaNodeId};
use super::super::objects::ResourceGroup;
use super::super::{Amount, Objects};
use super::names::Names;
use super::tree::Tree;
use super::{Cell, Quota};

/// Numbers that follow from quotas alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// By node, then flavor-resource: what it could have if nobody used anything.
    potential: Vec<Amount>,
    /// By node, then flavor-resource: whether the node, or one below it, has such a quota.
    declared: Vec<bool>,
    /// By node: the declared ones, resource by resource.
    by_resource: Vec<Vec<FlavorResourceId>>,
    /// By node, then resource: potential over all flavors.
    lendable: Vec<Amount>,
    /// By node: weight under fair sharing.
    weight: Vec<f64>,
}

/// One pass up for what children offer, one down for what parents have.
pub(super) fn read(objects: &Objects, names: &Names, tree: &Tree) -> (Vec<Cell>, Limits) {
    let width = names.flavor_resources();
    let nodes = tree.parent.len();
    let mut cells = vec![
        Cell {
            borrowing_limit: Amount::UNLIMITED,
            ..Cell::default()
        };
        nodes * width
    ];
    let mut lending_limit = vec![None; nodes * width];
    let mut limits = Limits {
        potential: vec![Amount::ZERO; nodes * width],
        declared: vec![false; nodes * width],
        by_resource: vec![Vec::new(); nodes],
        lendable: vec![Amount::ZERO; nodes * names.resources()],
        weight: vec![1.0; nodes],
    };
    let queues = objects.cluster_queues.iter().map(|queue| {
        let id = names.cluster_queue(&queue.name).map(QuotaNodeId::from);
        (id, &queue.resource_groups, queue.weight())
    });
    let cohorts = objects.cohorts.iter().map(|cohort| {
        let id = names.cohort(&cohort.name);
        (id, &cohort.resource_groups, cohort.weight())
    });
    for (node, groups, weight) in queues.chain(cohorts) {
        let Some(node) = node else { continue };
        limits.weight[node.index()] = weight;
        for (fr, quota) in quotas(groups, names) {
            let at = node.index() * width + fr.index();
            cells[at].subtree = quota.nominal;
            cells[at].borrowing_limit = quota.borrowing_limit.unwrap_or(Amount::UNLIMITED);
            lending_limit[at] = quota.lending_limit;
            limits.declared[at] = true;
        }
    }

    // ClusterQueues first, then cohorts from the leaves up: a node is complete when it is added to
    // its parent.
    let queues = (0..names.cluster_queues()).map(QuotaNodeId::from);
    for node in queues.chain(tree.bottom_up.iter().copied()) {
        for fr in 0..width {
            let at = node.index() * width + fr;
            let cell = &mut cells[at];
            if let Some(limit) = lending_limit[at] {
                cell.local = Amount::ZERO.max(cell.subtree - limit);
            }
            let offered = cell.subtree - cell.local;
            if let Some(parent) = tree.parent[node.index()]
                && limits.declared[at]
            {
                let above = parent.index() * width + fr;
                cells[above].subtree = cells[above].subtree + offered;
                limits.declared[above] = true;
            }
        }
    }

    let queues = (0..names.cluster_queues()).map(QuotaNodeId::from);
    for node in tree.bottom_up.iter().rev().copied().chain(queues) {
        for fr in 0..width {
            let at = node.index() * width + fr;
            let cell = &cells[at];
            limits.potential[at] = match tree.parent[node.index()] {
                None => cell.subtree,
                Some(parent) => (cell.local + limits.potential[parent.index() * width + fr])
                    .min(cell.subtree + cell.borrowing_limit),
            };
            let (_, resource) = names.parts(FlavorResourceId::from(fr));
            let sum = &mut limits.lendable[node.index() * names.resources() + resource.index()];
            *sum = *sum + limits.potential[at];
            if limits.declared[at] {
                limits.by_resource[node.index()].push(FlavorResourceId::from(fr));
            }
        }
        limits.by_resource[node.index()].sort_by_key(|fr| (names.parts(*fr).1, *fr));
    }
    (cells, limits)
}

/// The quotas of a node; where a pair is there twice, the last one counts.
fn quotas<'o>(
    groups: &'o [ResourceGroup],
    names: &'o Names,
) -> impl Iterator<Item = (FlavorResourceId, &'o super::super::objects::ResourceQuota)> {
    groups
        .iter()
        .flat_map(|group| &group.flavors)
        .flat_map(move |flavor| {
            flavor.resources.iter().filter_map(move |quota| {
                let flavor = names.flavor(&flavor.flavor)?;
                let resource = names.resource(&quota.resource)?;
                Some((names.flavor_resource(flavor, resource)?, quota))
            })
        })
}

impl Quota {
    /// The node's own quota and what its children offer; of a ClusterQueue, its nominal quota.
    #[inline]
    pub fn subtree_quota(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        self.cell(node, fr).subtree
    }

    /// The part of the subtree quota that is never lent to the parent.
    #[inline]
    pub fn local_quota(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        self.cell(node, fr).local
    }

    /// Most the node may take beyond its subtree quota; unlimited where there is no limit.
    #[inline]
    pub fn borrowing_limit(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        self.cell(node, fr).borrowing_limit
    }

    /// The largest request a node could ever serve: what it has if nobody uses anything. O(1).
    #[inline]
    pub fn potential_available(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        self.limits.potential[self.at(node, fr)]
    }

    /// Whether the node, or one below it, has a quota for the flavor-resource.
    #[inline]
    pub fn declares(&self, node: QuotaNodeId, fr: FlavorResourceId) -> bool {
        self.limits.declared[self.at(node, fr)]
    }

    /// What a node declares, resource by resource.
    #[inline]
    pub fn declared(&self, node: QuotaNodeId) -> &[FlavorResourceId] {
        &self.limits.by_resource[node.index()]
    }

    /// What the children of a node can be lent of a resource, all flavors together.
    #[inline]
    pub(super) fn lendable(&self, node: QuotaNodeId, resource: usize) -> Amount {
        self.limits.lendable[node.index() * self.names.resources() + resource]
    }

    /// A node's weight under fair sharing.
    #[inline]
    pub fn fair_weight(&self, node: QuotaNodeId) -> f64 {
        self.limits.weight[node.index()]
    }
}
