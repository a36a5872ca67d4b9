//! Small synthetic workloads at the edges of quotas, to see whether a configuration can loop.

use super::super::cycle::Kueue;
use super::super::ids::QuotaNodeId;
use super::super::objects::{
    ClusterQueue, LocalQueue, Namespace, PodSet, PreemptionPolicy, Workload,
};
use super::super::{Amount, Configuration, Gates, Objects, Quota};
use super::{PreemptionLoop, find_preemption_loop};
use crate::kube::{Container, LabelSelector, PodSpec, Toleration, TolerationOperator};
use crate::units::Time;
use std::collections::BTreeMap;

/// Workloads under which a configuration loops.
#[derive(Clone, Debug)]
pub struct ProbedLoop {
    /// The queues with these workloads in it, after the loop.
    pub kueue: Kueue,
    /// The loop.
    pub found: PreemptionLoop,
}

/// Where synthetic workloads live.
const NAMESPACE: &str = "probe";
/// Cycles one attempt may take.
const CYCLES: u32 = 120;

/// Looks for a preemption loop in each tree of ClusterQueues that may preempt, with `attempts`
/// random small sets of workloads per tree, drawn at the edges of its quotas: at, just above and at
/// half of nominal quotas. The first loop of each tree is reported, trees in the order of their
/// names.
///
/// Only quota is looked at: topologies, taints, namespaces and admission checks are as if they
/// were not. The same configuration gives the same answer. That nothing is found proves nothing.
/// Complexity: trees × attempts × cycles on a state of a few workloads.
pub fn probe_preemption_loops(
    objects: &Objects,
    configuration: &Configuration,
    gates: Gates,
    attempts: u64,
) -> Vec<ProbedLoop> {
    let quota = Quota::new(objects);
    let mut trees: BTreeMap<QuotaNodeId, Vec<&ClusterQueue>> = BTreeMap::new();
    for queue in &objects.cluster_queues {
        if let Some(id) = quota.names().cluster_queue(&queue.name)
            && !quota.has_cycle(id.into())
        {
            trees.entry(quota.root(id.into())).or_default().push(queue);
        }
    }
    let gates = Gates {
        topology_aware_scheduling: false,
        ..gates
    };
    let mut found = Vec::new();
    for queues in trees.values() {
        let never = PreemptionPolicy::Never;
        let preempts = |queue: &&&ClusterQueue| {
            let rules = &queue.preemption;
            rules.within_cluster_queue != never || rules.reclaim_within_cohort != never
        };
        if queues.iter().any(|queue| preempts(&queue)) {
            let tree = objects_of(objects, queues);
            let looped = (0..attempts).find_map(|attempt| {
                let mut kueue = Kueue::new(tree.clone(), configuration, gates, Time::ZERO);
                submit(&mut kueue, queues, &mut Draw(attempt));
                let found = find_preemption_loop(&mut kueue, Time::from_secs(100), CYCLES)?;
                Some(ProbedLoop { kueue, found })
            });
            found.extend(looped);
        }
    }
    found
}

/// The tree with a door to each of its queues, and nothing in it.
fn objects_of(objects: &Objects, queues: &[&ClusterQueue]) -> Objects {
    let open = |queue: &&ClusterQueue| ClusterQueue {
        namespace_selector: Some(LabelSelector::default()),
        checks: Vec::new(),
        ..(*queue).clone()
    };
    let door = |queue: &&ClusterQueue| LocalQueue {
        namespace: NAMESPACE.to_owned(),
        name: queue.name.clone(),
        cluster_queue: queue.name.clone(),
        ..LocalQueue::default()
    };
    Objects {
        namespaces: vec![Namespace {
            name: NAMESPACE.to_owned(),
            ..Namespace::default()
        }],
        flavors: objects.flavors.clone(),
        cohorts: objects.cohorts.clone(),
        cluster_queues: queues.iter().map(open).collect(),
        local_queues: queues.iter().map(door).collect(),
        ..Objects::default()
    }
}

/// Two to six workloads, one after the other.
fn submit(kueue: &mut Kueue, queues: &[&ClusterQueue], draw: &mut Draw) {
    let count = 2 + draw.below(5);
    for number in 0..count {
        let queue = queues[draw.below(queues.len())];
        let at = Time::from_secs(number as i64 + 1);
        let workload = Workload {
            namespace: NAMESPACE.to_owned(),
            name: format!("{}-{number}", queue.name),
            uid: format!("{number}"),
            queue: queue.name.clone(),
            created: at,
            priority: Some(draw.below(3) as i32 * 100),
            pod_sets: vec![pod_set(queue, queues, draw)],
            ..Workload::default()
        };
        kueue.arrive(workload, at);
        // Some find the cluster as the others left it.
        if draw.below(2) == 0 {
            kueue.cycle(at);
        }
    }
}

fn pod_set(queue: &ClusterQueue, queues: &[&ClusterQueue], draw: &mut Draw) -> PodSet {
    let mut container = Container::default();
    for group in &queue.resource_groups {
        for (column, resource) in group.covered.iter().enumerate() {
            let nominal = |queue: &ClusterQueue| {
                let mut groups = queue.resource_groups.iter();
                let group = groups.find(|one| one.covered.contains(resource))?;
                let quotas = group.flavors.first()?.resources.iter();
                let mut quotas = quotas.filter(|one| one.resource == *resource);
                quotas.next().map(|one| one.nominal)
            };
            let own = nominal(queue).unwrap_or(Amount::ZERO);
            let all = queues.iter().filter_map(|queue| nominal(queue));
            let all = all.fold(Amount::ZERO, |sum, one| sum + one);
            if all.is_unlimited() || (column > 0 && draw.below(2) == 0) {
                continue;
            }
            let unit = (all.0 / 10).max(1);
            let edges = [
                unit,
                2 * unit,
                3 * unit,
                own.0 / 2,
                own.0,
                own.0 + unit,
                all.0 / 2,
            ];
            let amount = edges[draw.below(edges.len())].max(1);
            container.requests.insert(resource.clone(), amount);
        }
    }
    let everything = Toleration {
        operator: TolerationOperator::Exists,
        ..Toleration::default()
    };
    PodSet {
        name: "main".to_owned(),
        count: 1,
        template: PodSpec {
            containers: vec![container],
            tolerations: vec![everything],
            ..PodSpec::default()
        },
        ..PodSet::default()
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a stream per attempt.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits % (bound as u64)) as usize
    }
}
