//! A controller's own manifests in a replay: Karpenter's NodePools, EC2NodeClasses and NodeOverlays;
//! Cluster Autoscaler's flags, node groups and priorities; DaemonSets for either.
//!
//! What manifests say replaces the pools or groups of the file of `--cloud`, for that controller
//! alone: what there is to rent, how it boots and when spot is there stay as they are. DaemonSets take
//! their share of every node whose type they match, before anybody decides.

use super::Cloud;
use super::policies::{CLUSTER_AUTOSCALER, Groups, KARPENTER};
use crate::diagnostic::{Diagnostic, Result};
use crate::manifest::cluster_autoscaler::cluster_autoscaler;
use crate::manifest::{KarpenterManifests, KarpenterState, Severity};
use gpusched_core::provisioning::catalog::InstanceType;
use gpusched_core::provisioning::controlled::GPU;
use gpusched_core::provisioning::karpenter::objects::{NodePool, NodeType, PodSpec};
use gpusched_core::provisioning::karpenter::{Pool, Requirements};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

impl Cloud {
    /// What the policy of that name sees: this, or what its own manifests make of it.
    pub fn of(&self, policy: &str) -> &Cloud {
        let kind = policy.split(':').next().unwrap_or(policy);
        self.own.get(kind).map_or(self, |own| own)
    }

    /// With Karpenter's manifests, of a folder or a file, in the place of its pools. Instance types
    /// come once for every class of nodes, as far as a pool may make them.
    ///
    /// # Errors
    /// The first thing that is wrong with them, located.
    pub fn with_node_pools(mut self, path: &Path) -> Result<Cloud> {
        let manifests = KarpenterManifests::read_against(path, &self.types, &self.catalog)?;
        let mut problems = manifests.problems().iter();
        if let Some(wrong) = problems.find(|one| one.severity == Severity::Error) {
            return Err(Box::new(wrong.diagnostic.clone()));
        }
        for warning in manifests.problems() {
            self.notes.push(told(&warning.diagnostic));
        }
        let state = manifests.state();
        let place = path.display().to_string();
        if state.pools.is_empty() {
            return Err(
                Diagnostic::new("there is no NodePool here that makes nodes")
                    .in_file(place)
                    .help(
                        "`kubectl get nodepools,ec2nodeclasses -o yaml` prints those of a cluster",
                    ),
            );
        }
        self.notes.extend(left_out(state, &place));
        let untainted = |pool: &Pool| {
            let mut pool = pool.clone();
            pool.template.taints.clear();
            pool
        };
        let pools: Vec<Pool> = state.pools.iter().map(untainted).collect();
        let makes: Vec<Requirements> = pools.iter().map(|pool| asked(&pool.template)).collect();
        let made = |of: &NodeType| makes.iter().any(|one| can_be(of, one));
        let theirs = state.types.iter().zip(&state.origins);
        let theirs: Vec<(&NodeType, usize)> = theirs
            .filter(|(of, _)| made(of))
            .map(|(of, origin)| (of, *origin))
            .collect();
        let own = Cloud {
            types: theirs
                .iter()
                .map(|(of, origin)| as_catalogued(of, &self.types[*origin]))
                .collect(),
            described: theirs
                .iter()
                .map(|(of, _)| of.requirements.clone())
                .collect(),
            quotas: self
                .quotas_of(&theirs)
                .map_err(|problem| problem.in_file(place))?,
            groups: Groups {
                pools,
                ..self.groups.clone()
            },
            ..self.clone()
        };
        self.own
            .insert(KARPENTER, Arc::new(own.less(&state.daemons)));
        Ok(self)
    }

    /// With Cluster Autoscaler's configuration, of a folder or a file, in the place of its groups.
    ///
    /// # Errors
    /// The first thing that is wrong with it, located.
    pub fn with_node_groups(mut self, path: &Path) -> Result<Cloud> {
        let read = cluster_autoscaler(path, &self.seen(1))?;
        let place = path.display().to_string();
        if read.groups.is_empty() {
            return Err(Diagnostic::new("there are no node groups here")
                .in_file(place)
                .help("list them under `nodeGroups`: name, instanceType, minSize and maxSize"));
        }
        let mut groups = read.groups;
        if groups.iter().any(|group| !group.taints.is_empty()) {
            self.notes.push(tolerated(&place, "node groups"));
        }
        groups.iter_mut().for_each(|group| group.taints.clear());
        let own = Cloud {
            groups: Groups {
                priorities: read.options.priorities.clone(),
                groups,
                options: Some(read.options),
                ..self.groups.clone()
            },
            ..self.clone()
        };
        self.own
            .insert(CLUSTER_AUTOSCALER, Arc::new(own.less(&read.daemons)));
        Ok(self)
    }

    /// Types as controllers see them, each GPU in so many parts.
    pub(super) fn seen(&self, replicas: i64) -> Vec<NodeType> {
        let one = |(index, of): (usize, &InstanceType)| {
            let mut seen = gpusched_core::provisioning::controlled::published(of, replicas);
            let more = self.described.get(index);
            for label in more.into_iter().flat_map(Requirements::iter) {
                seen.requirements.set(label.key(), Some(label.clone()));
            }
            seen
        };
        self.types.iter().enumerate().map(one).collect()
    }

    /// Quotas of types as classes have them: those of the offerings they were made from.
    fn quotas_of(&self, types: &[(&NodeType, usize)]) -> Result<BTreeMap<(usize, usize), u32>> {
        let mut quotas = BTreeMap::new();
        for (index, (of, origin)) in types.iter().enumerate() {
            let base = &self.types[*origin].offerings;
            let copies = types.iter().filter(|(_, other)| other == origin).count();
            for (at, offer) in of.offerings.iter().enumerate() {
                let offer = &offer.offering;
                let same = |one: &gpusched_core::provisioning::catalog::Offering| {
                    one.capacity_type == offer.capacity_type && offer.zone.starts_with(&one.zone)
                };
                let most = base.iter().position(same);
                let most = most.and_then(|at| self.quotas.get(&(*origin, at)));
                let Some(most) = most else { continue };
                if copies > 1 {
                    return Err(Diagnostic::new(format!(
                        "{} has a quota, and {copies} classes of nodes share it",
                        of.name
                    ))
                    .help("leave the quota out, or let pools of one class make this type"));
                }
                quotas.insert((index, at), *most);
            }
        }
        Ok(quotas)
    }

    /// With what DaemonSets take of nodes taken off them.
    fn less(mut self, daemons: &[PodSpec]) -> Cloud {
        let seen = self.seen(1);
        let known: Vec<&str> = seen
            .iter()
            .flat_map(|of| of.requirements.iter())
            .map(|one| one.key())
            .collect();
        for (of, seen) in self.types.iter_mut().zip(&seen) {
            for daemon in daemons.iter().filter(|one| seen.hosts(one, &known)) {
                let pod = [("pods".to_owned(), 1)];
                let takes = daemon
                    .requests
                    .iter()
                    .map(|(name, amount)| (name.clone(), *amount));
                for (resource, amount) in takes.chain(pod) {
                    if let Some(left) = of.allocatable.get_mut(&resource) {
                        *left = (*left - amount).max(0);
                    }
                }
            }
        }
        self
    }
}

/// What a pool asks of its nodes.
fn asked(pool: &NodePool) -> Requirements {
    let labels = Requirements::of_labels(&pool.labels);
    pool.requirements.intersection(&labels)
}

/// Whether a node that is asked for like that may be of this type.
fn can_be(of: &NodeType, asked: &Requirements) -> bool {
    let mut offers = of.offerings.iter();
    of.requirements.intersects(asked).is_ok()
        && offers.any(|one| one.requirements.intersects(asked).is_ok())
}

/// A type as its class has it, in the words of the catalogue it is from.
fn as_catalogued(of: &NodeType, origin: &InstanceType) -> InstanceType {
    let gpus = of
        .capacity
        .get(GPU)
        .copied()
        .and_then(|count| u32::try_from(count).ok());
    let mut own = InstanceType {
        capacity: of.capacity.clone(),
        allocatable: of.allocatable.clone(),
        offerings: of
            .offerings
            .iter()
            .map(|one| one.offering.clone())
            .collect(),
        ..origin.clone()
    };
    // A NodeOverlay may say that there are more or fewer.
    if let (Some(has), Some(count)) = (&mut own.gpus, gpus)
        && has.whole() != count
    {
        has.milli = count.saturating_mul(1000);
    }
    own
}

/// What manifests say that a replay has no use for.
fn left_out(state: &KarpenterState, place: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if !state.nodes.is_empty() || !state.pods.is_empty() {
        notes.push(format!(
            "{place}: a replay begins with an empty cluster: Nodes, NodeClaims and Pods are left out"
        ));
    }
    let mut pools = state.pools.iter();
    if pools.any(|pool| !pool.template.taints.is_empty()) {
        notes.push(tolerated(place, "NodePools"));
    }
    let budgets = state.pools.iter().flat_map(|pool| &pool.disruption.budgets);
    if budgets.clone().any(|budget| budget.window.is_some()) {
        notes.push(format!(
            "{place}: schedules of budgets take time 0 of the trace for 00:00 UTC on a Thursday \
             (1 January 1970)"
        ));
    }
    notes
}

/// A trace does not say what jobs tolerate.
fn tolerated(place: &str, whose: &str) -> String {
    format!("{place}: taints of {whose} keep no job away: a trace does not say what jobs tolerate")
}

/// A problem in one line.
fn told(problem: &Diagnostic) -> String {
    let place = problem.file.as_deref().unwrap_or_default();
    let help = problem.help.iter().map(|help| format!(" ({help})"));
    format!(
        "{place}:{}:{}: {}{}",
        problem.line,
        problem.column,
        problem.message,
        help.collect::<String>()
    )
}
