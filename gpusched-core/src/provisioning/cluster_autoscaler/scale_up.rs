//! Scale-up: which groups grow, and by how much (`core/scaleup/orchestrator`).

use super::Options;
use super::equivalence::{PodGroup, groups};
use super::estimate::{Estimate, EstimateLimits, estimate};
use super::expander::{Expansion, Setting, Step, choose};
use super::explain::{GroupVerdict, Growth, ScaleUp, Verdict};
use super::gpu;
use super::quota::{Counted, Limited, Quota};
use super::registry::{Census, Registry};
use super::similar::{Share, balance, similar};
use super::snapshot::{Kind, Misfit, NodeKey, Snapshot};
use crate::provisioning::controller::{View, ViewPod};
use std::collections::BTreeMap;

/// What a scale-up is decided with.
pub(super) struct Situation<'a> {
    pub(super) view: &'a View,
    pub(super) options: &'a Options,
    pub(super) registry: &'a Registry,
    pub(super) census: &'a [Census],
    /// Nodes that are there, those that are on their way, and pods that fit them.
    pub(super) snapshot: &'a mut Snapshot,
    /// Pods that fit none of these.
    pub(super) pods: &'a [(&'a ViewPod, Kind)],
}

/// A group that could grow.
struct Candidate<'p> {
    group: usize,
    /// Pods that fit its nodes.
    pods: Vec<&'p PodGroup>,
    /// Groups like it for which all of these pods would do.
    similar: Vec<usize>,
    estimate: Estimate,
}

/// Decides a scale-up: the explanation, and the shares of groups that grow.
///
/// Of every group that may grow it is estimated how many nodes the pods that fit its nodes need;
/// expanders choose one group; its nodes are capped by `max-nodes-total` and limits, and spread over
/// similar groups if those are to be balanced.
pub(super) fn scale_up(mut at: Situation<'_>) -> (ScaleUp, Vec<Share>) {
    let waiting = groups(at.pods);
    let mut quota = at.quota();
    let mut verdicts: Vec<GroupVerdict> = Vec::new();
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for group in 0..at.registry.groups.len() {
        let skip = at.skip(group, &quota);
        let (pods, rejected) = match &skip {
            Some(_) => Default::default(),
            None => at.fitting(group, &waiting),
        };
        verdicts.push(GroupVerdict {
            group: at.registry.groups[group].id.clone(),
            verdict: skip.clone().unwrap_or(Verdict::NoPodFits),
            rejected,
        });
        if skip.is_none() {
            candidates.push(Candidate {
                group,
                pods,
                similar: Vec::new(),
                estimate: Estimate::default(),
            });
        }
    }
    candidates.retain(|one| !one.pods.is_empty());
    for one in 0..candidates.len() {
        candidates[one].similar = at.similar(&candidates[one], &candidates);
    }
    candidates.retain_mut(|one| {
        let verdict = at.consider(one);
        let keep = matches!(verdict, Verdict::Option { .. });
        verdicts[one.group].verdict = verdict;
        keep
    });
    let (chosen, steps) = at.choose(&candidates);
    let Some(chosen) = chosen.map(|index| &candidates[index]) else {
        return (none(verdicts, steps), Vec::new());
    };
    let plan = at.plan(chosen, &mut quota);
    let growth = plan.iter().map(|share| Growth {
        group: at.registry.groups[share.group].id.clone(),
        from: share.from,
        to: share.to,
    });
    let growth: Vec<Growth> = growth.collect();
    match growth.is_empty() {
        true => (none(verdicts, steps), Vec::new()),
        false => {
            let wanted = chosen.estimate.nodes;
            let grow = ScaleUp::Grow {
                groups: verdicts,
                steps,
                wanted,
                plan: growth,
            };
            (grow, plan)
        }
    }
}

fn none(groups: Vec<GroupVerdict>, steps: Vec<Step>) -> ScaleUp {
    ScaleUp::NoOptions { groups, steps }
}

impl<'a> Situation<'a> {
    /// What may be added, with everything that is there or on its way counted.
    fn quota(&self) -> Quota<'a> {
        let view = self.view;
        let there = view.machines.values();
        let there = there.filter(|one| one.is_initialized(view.now));
        let there = there.map(|one| (&one.labels, &view.types[one.node_type].capacity));
        let nodes = self.snapshot.nodes().iter().rev();
        let coming = nodes.map_while(|node| match node.key {
            NodeKey::Upcoming(group, _) => Some(self.counted(group as usize)),
            NodeKey::Machine(_) | NodeKey::New(_) => None,
        });
        let counted = there.chain(coming);
        Quota::upwards(&self.options.limits, &self.options.gpu_label, counted)
    }

    fn counted(&self, group: usize) -> Counted<'a> {
        let template = &self.registry.templates[group];
        (&template.labels, &template.capacity)
    }

    /// Why a group may not grow.
    fn skip(&self, group: usize, quota: &Quota<'_>) -> Option<Verdict> {
        let (of, size) = (&self.registry.groups[group], self.census[group].target);
        if let Some(until) = self.registry.backoff.until(group, self.view.now) {
            return Some(Verdict::BackedOff { until });
        }
        if size >= of.max {
            return Some(Verdict::MaxSize);
        }
        let mut nodes = 1;
        if of.zero_or_max {
            nodes = of.max - size;
            if self.left_in_cluster().is_some_and(|left| left < nodes) {
                return Some(Verdict::AtomicTooLarge);
            }
        }
        let (_, reached): (u32, Vec<Limited>) = quota.allowed(self.counted(group), nodes);
        (!reached.is_empty()).then_some(Verdict::Limits(reached))
    }

    /// Nodes the cluster may have more; `None` = any number.
    fn left_in_cluster(&self) -> Option<u32> {
        let there = self.snapshot.nodes().len() as u32;
        let most = self.options.max_nodes_total;
        (most > 0).then(|| most.saturating_sub(there))
    }

    /// Pods whose first one fits a node of the group, and why the others do not.
    fn fitting<'p>(
        &mut self,
        group: usize,
        waiting: &'p [PodGroup],
    ) -> (Vec<&'p PodGroup>, Vec<(u32, Misfit)>) {
        let template = &self.registry.templates[group];
        let mut misfits: BTreeMap<Kind, (u32, Option<Misfit>)> = BTreeMap::new();
        let mut fitting = Vec::new();
        for one in waiting {
            let look = || (0, self.snapshot.misfit_on_fresh(one.kind, group, template));
            let (count, misfit) = misfits.entry(one.kind).or_insert_with(look);
            *count += one.pods.len() as u32;
            if misfit.is_none() {
                fitting.push(one);
            }
        }
        let rejected = misfits.into_values();
        (
            fitting,
            rejected
                .filter_map(|(count, why)| Some((count, why?)))
                .collect(),
        )
    }

    /// Other groups that may grow, have like nodes, and take all the pods this one does.
    fn similar(&self, one: &Candidate<'_>, all: &[Candidate<'_>]) -> Vec<usize> {
        if !self.options.balance_similar_node_groups {
            return Vec::new();
        }
        let templates = &self.registry.templates;
        let takes_all =
            |other: &&Candidate<'_>| one.pods.iter().all(|pods| other.pods.contains(pods));
        all.iter()
            .filter(|other| other.group != one.group)
            .filter(|other| similar(&templates[one.group], &templates[other.group], self.options))
            .filter(takes_all)
            .map(|other| other.group)
            .collect()
    }

    /// Estimates what a group would need.
    fn consider(&mut self, one: &mut Candidate<'_>) -> Verdict {
        let of = &self.registry.groups[one.group];
        let limits = EstimateLimits {
            nodes: self.node_limit(one),
            checks: self.options.max_binpacking_checks,
        };
        let template = &self.registry.templates[one.group];
        one.estimate = estimate(self.snapshot, &one.pods, template, limits);
        let pods = one.estimate.pods();
        let all = self.options.all_or_nothing;
        if pods == 0 || one.estimate.nodes == 0 {
            return Verdict::NoPlace;
        }
        let too_many = of.zero_or_max && one.estimate.nodes > of.max;
        if all && (too_many || (pods as usize) < self.pods.len()) {
            return Verdict::NotAllPods { pods };
        }
        if of.zero_or_max {
            one.estimate.nodes = of.max;
        }
        let named = |group: &usize| self.registry.groups[*group].id.clone();
        Verdict::Option {
            nodes: one.estimate.nodes,
            pods,
            similar: one.similar.iter().map(named).collect(),
        }
    }

    /// Most nodes an estimate may add: `max-nodes-per-scaleup`, what the cluster may have more, and
    /// what the group and those like it may.
    fn node_limit(&self, one: &Candidate<'_>) -> Option<u32> {
        let each = match self.options.max_nodes_per_scaleup {
            0 => None,
            most => Some(most),
        };
        let room = |group: &usize| {
            let max = self.registry.groups[*group].max;
            max.saturating_sub(self.census[*group].target)
        };
        let groups = [one.group];
        let groups = groups.iter().chain(&one.similar).map(room);
        let of_groups = Some(groups.fold(0, u32::saturating_add));
        [each, self.left_in_cluster(), of_groups]
            .into_iter()
            .flatten()
            .min()
    }

    fn choose(&self, candidates: &[Candidate<'_>]) -> (Option<usize>, Vec<Step>) {
        let snapshot = &self.snapshot;
        let pods = |one: &Candidate<'_>| {
            let pods = one.estimate.pods.iter();
            pods.map(|(kind, count)| (&snapshot.spec(*kind).requests, *count))
                .collect::<Vec<_>>()
        };
        let pods: Vec<Vec<_>> = candidates.iter().map(pods).collect();
        let expansions: Vec<Expansion<'_>> = candidates
            .iter()
            .zip(&pods)
            .map(|(one, pods)| {
                let template = &self.registry.templates[one.group];
                let label = &self.options.gpu_label;
                let gpu = gpu::resource(&template.labels, &template.allocatable, label);
                Expansion {
                    group: &self.registry.groups[one.group].id,
                    nodes: one.estimate.nodes,
                    pods,
                    capacity: &template.capacity,
                    price: template.price,
                    gpu: gpu.is_some(),
                }
            })
            .collect();
        let now = self.view.now;
        let machines = self.view.machines.values();
        let setting = Setting {
            cluster_nodes: machines.filter(|one| one.registered <= now).count(),
            priorities: &self.options.priorities,
            pod_prices: self.options.pod_prices,
            seed: self.options.seed,
            draw: now.0 as u64,
        };
        choose(&self.options.expanders, &expansions, &setting)
    }

    /// The nodes of the chosen option, as many as may be, spread over similar groups. Nothing if
    /// they are fewer than the option's and it is all or nothing.
    fn plan(&self, chosen: &Candidate<'_>, quota: &mut Quota<'_>) -> Vec<Share> {
        let wanted = chosen.estimate.nodes;
        let all = self.options.all_or_nothing;
        let nodes = wanted.min(self.left_in_cluster().unwrap_or(wanted));
        let (nodes, _) = quota.allowed(self.counted(chosen.group), nodes);
        if all && nodes < wanted {
            return Vec::new();
        }
        let may = |group: &&usize| quota.allowed(self.counted(**group), 1).0 == 1;
        let groups = [chosen.group];
        let groups = groups.iter().chain(chosen.similar.iter().filter(may));
        let sized = groups.map(|&group| {
            let max = self.registry.groups[group].max;
            (group, self.census[group].target, max)
        });
        let mut shares = balance(&sized.collect::<Vec<_>>(), nodes);
        for share in &mut shares {
            let counted = self.counted(share.group);
            let (allowed, _) = quota.allowed(counted, share.to - share.from);
            share.to = share.from + allowed;
            quota.consume(counted, allowed);
        }
        shares.retain(|share| share.to > share.from);
        let planned: u32 = shares.iter().map(|share| share.to - share.from).sum();
        match all && planned < nodes {
            true => Vec::new(),
            false => shares,
        }
    }
}
