//! Kueue's scheduler in the shapes of upstream's micro-benchmarks: one cycle that preempts on a
//! full cluster of 1,000 nodes, one cycle of the load test, and the search for victims by share.

use super::tas::Full;
use super::{Effort, Figure, least_core_seconds};
use crate::kueue_perf::{BASELINE, LARGE_SCALE, Load, MILLION, Shape};
use gpusched_core::kube::{Container, LabelSelector, PodSpec, Resources};
use gpusched_core::placement::tas::HOSTNAME;
use gpusched_core::queueing::kueue::cycle::{Cycle, Kueue};
use gpusched_core::queueing::kueue::ids::{FlavorResourceId, WorkloadId};
use gpusched_core::queueing::kueue::objects::{
    Admission, ClusterQueue, Condition, FlavorQuotas, LocalQueue, Namespace, PodSet,
    PodSetAssignment, Preemption, PreemptionPolicy, ResourceFlavor, ResourceGroup, ResourceQuota,
    Topology, TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest, Workload,
};
use gpusched_core::queueing::kueue::preemption::{
    Holder, Holders, Incoming, NoTopology, Preemptor, Stage, Target,
};
use gpusched_core::queueing::kueue::{Amount, Configuration, FairSharing, Gates, Objects, Quota};
use gpusched_core::units::Time;
use gpusched_sim::kueue::replay::Fidelity;

/// A million workloads of 1,000 ClusterQueues (a tenth of both for a look), beside as many queues
/// with twenty times fewer workloads: the cost of one hardly depends on how many others there are.
pub fn million(effort: Effort) -> Figure {
    let cohorts = effort.of(MILLION.cohorts as usize) as u32;
    let each = |shape: Shape| {
        let load = Load::new(&Shape { cohorts, ..shape });
        let jobs = || load.jobs();
        let (seconds, summary) =
            least_core_seconds(1, jobs, |jobs| load.replay(jobs, Fidelity::Ideal));
        (seconds, summary.finished)
    };
    let (seconds, finished) = each(MILLION);
    let (twin, fewer) = each(LARGE_SCALE);
    let micros = |seconds: f64, count: usize| seconds * 1e6 / count as f64;
    let (one, other) = (micros(seconds, finished), micros(twin, fewer));
    Figure {
        what: format!("Kueue, {} ClusterQueues", cohorts * MILLION.queues),
        figure: format!("{seconds:.1} s for {finished} workloads, {one:.1} µs each"),
        against: format!("{fewer} workloads: {other:.1} µs each"),
        ratio: format!("{:.1} times as long for each", one / other),
        bound: None,
    }
}

const FLAVOR: &str = "flavor";
const QUEUE: &str = "queue";

/// A cluster just before a cycle.
#[derive(Clone, Debug)]
pub struct BeforeCycle {
    kueue: Kueue,
    now: Time,
}

impl BeforeCycle {
    /// 1,000 full nodes, 30 resources and quota to spare: the one workload that waits, of 200 pods,
    /// preempts for room alone.
    pub fn preempting() -> BeforeCycle {
        let full = Full::new();
        let names: Vec<String> = full.requests.keys().cloned().collect();
        let mut objects = cluster(&names, i64::MAX / 4);
        objects.flavors[0].topology = Some("topology".to_owned());
        objects.topologies.push(Topology {
            name: "topology".to_owned(),
            levels: ["block", HOSTNAME].map(str::to_owned).to_vec(),
        });
        for (index, (requests, domains)) in (0..).zip(full.held) {
            let count = domains.iter().map(|one| one.count).sum();
            let mut held = workload(&format!("held-{index:05}"), 0, count, requests);
            admit(&mut held, domains, Time::from_secs(index));
            objects.workloads.push(held);
        }
        let mut waiting = workload("waiting", 100, Full::PODS, full.requests);
        waiting.pod_sets[0].template.node_selector = full.selector;
        objects.workloads.push(waiting);
        objects.nodes = full.nodes;
        BeforeCycle::new(objects, Time::from_secs(100_000))
    }

    /// The 30 queues of the load test's baseline with all of their 15,000 workloads: 30 heads.
    pub fn baseline() -> BeforeCycle {
        let load = Load::new(&BASELINE);
        let mut objects = load.objects.clone();
        let workloads = load.arrivals.iter().map(|one| load.workload(one));
        objects.workloads = workloads.collect();
        BeforeCycle::new(objects, Time::from_secs(100))
    }

    fn new(objects: Objects, now: Time) -> BeforeCycle {
        let configuration = Configuration::default();
        let kueue = Kueue::new(objects, &configuration, Gates::MAIN, now);
        BeforeCycle { kueue, now }
    }

    /// Runs the cycle.
    pub fn cycle(&mut self) -> Cycle {
        self.kueue.cycle(self.now)
    }
}

fn cluster(resources: &[String], nominal: i64) -> Objects {
    let quota = |resource: &String| ResourceQuota {
        resource: resource.clone(),
        nominal: Amount(nominal),
        ..ResourceQuota::default()
    };
    Objects {
        namespaces: vec![Namespace {
            name: "default".to_owned(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: FLAVOR.to_owned(),
            ..ResourceFlavor::default()
        }],
        cluster_queues: vec![ClusterQueue {
            name: QUEUE.to_owned(),
            namespace_selector: Some(LabelSelector::default()),
            resource_groups: vec![ResourceGroup {
                covered: resources.to_vec(),
                flavors: vec![FlavorQuotas {
                    flavor: FLAVOR.to_owned(),
                    resources: resources.iter().map(quota).collect(),
                }],
            }],
            preemption: Preemption {
                within_cluster_queue: PreemptionPolicy::LowerPriority,
                reclaim_within_cohort: PreemptionPolicy::Any,
                ..Preemption::default()
            },
            ..ClusterQueue::default()
        }],
        local_queues: vec![LocalQueue {
            namespace: "default".to_owned(),
            name: QUEUE.to_owned(),
            cluster_queue: QUEUE.to_owned(),
            ..LocalQueue::default()
        }],
        ..Objects::default()
    }
}

/// Equal pods that may be anywhere, but on counted capacity.
fn workload(name: &str, priority: i32, count: i32, requests: Resources) -> Workload {
    let container = Container {
        requests,
        ..Container::default()
    };
    Workload {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        uid: name.to_owned(),
        queue: QUEUE.to_owned(),
        priority: Some(priority),
        pod_sets: vec![PodSet {
            name: "main".to_owned(),
            count,
            template: PodSpec {
                containers: vec![container],
                ..PodSpec::default()
            },
            topology: Some(TopologyRequest {
                mode: TopologyMode::Unconstrained,
                ..TopologyRequest::default()
            }),
            ..PodSet::default()
        }],
        ..Workload::default()
    }
}

fn admit(workload: &mut Workload, domains: Vec<TopologyDomain>, at: Time) {
    let pod_set = &workload.pod_sets[0];
    let requests = &pod_set.template.containers[0].requests;
    let flavors = requests
        .keys()
        .map(|name| (name.clone(), FLAVOR.to_owned()));
    let usage = requests
        .iter()
        .map(|(name, each)| (name.clone(), each * i64::from(pod_set.count)));
    workload.admission = Some(Admission {
        cluster_queue: QUEUE.to_owned(),
        pod_sets: vec![PodSetAssignment {
            name: pod_set.name.clone(),
            flavors: flavors.collect(),
            usage: usage.collect(),
            count: pod_set.count,
            topology: Some(TopologyAssignment {
                levels: vec![HOSTNAME.to_owned()],
                domains,
            }),
            ..PodSetAssignment::default()
        }],
    });
    workload.conditions = ["QuotaReserved", "Admitted"]
        .map(|kind| Condition {
            kind: kind.to_owned(),
            status: true,
            reason: kind.to_owned(),
            at,
            ..Condition::default()
        })
        .to_vec();
}

/// A search by fair sharing that tries every workload of one borrowing queue in vain: the incoming
/// workload would have the larger share whoever left.
pub struct FirstStrategy {
    quota: Quota,
    holders: Holders,
    preemptor: Preemptor,
    requests: Vec<(FlavorResourceId, Amount)>,
}

impl FirstStrategy {
    /// With this many candidates, each of one GPU. As many again as they use are there in all, and
    /// the incoming workload wants them all.
    ///
    /// # Panics
    /// Never: the names it looks up are its own.
    pub fn new(candidates: u32) -> FirstStrategy {
        let all = i64::from(candidates) * 2;
        let gpu = "gpu".to_owned();
        let mut objects = cluster(std::slice::from_ref(&gpu), 0);
        let template = objects.cluster_queues.remove(0);
        for (name, nominal) in [("borrower", 0), ("incoming", 0), ("lender", all)] {
            let mut queue = template.clone();
            queue.name = name.to_owned();
            queue.cohort = Some("cohort".to_owned());
            queue.resource_groups[0].flavors[0].resources[0].nominal = Amount(nominal);
            objects.cluster_queues.push(queue);
        }
        let configuration = Configuration {
            fair_sharing: Some(FairSharing::default()),
            ..Configuration::default()
        };
        let mut quota = Quota::new(&objects);
        let names = quota.names();
        let preemptor = Preemptor::new(&objects, names, &configuration, &Gates::MAIN);
        let parts = names.flavor(FLAVOR).zip(names.resource(&gpu));
        let fr = parts.and_then(|(flavor, gpu)| names.flavor_resource(flavor, gpu));
        let fr = fr.expect("its quota is declared");
        let borrower = names.cluster_queue("borrower").expect("it is declared");
        let mut holders = Holders::new();
        for index in 0..candidates {
            let holder = Holder {
                cluster_queue: borrower,
                reserved: Some(Time::from_secs(i64::from(index))),
                uid: format!("{index:04}").into(),
                name: format!("default/{index:04}").into(),
                usage: [(fr, Amount(1))].into(),
                ..Holder::default()
            };
            quota.add_usages(borrower, &holder.usage);
            holders.insert(WorkloadId(index), holder);
        }
        FirstStrategy {
            quota,
            holders,
            preemptor,
            requests: vec![(fr, Amount(all))],
        }
    }

    /// Looks for victims; there are none to be had.
    ///
    /// # Panics
    /// Never: the queue it looks for is its own.
    pub fn search(&mut self) -> Vec<Target> {
        let incoming = self.quota.names().cluster_queue("incoming");
        let needs = [self.requests[0].0];
        let incoming = Incoming {
            cluster_queue: incoming.expect("it is declared"),
            priority: 0,
            queued: Time::ZERO,
            requests: &self.requests,
            needs: &needs,
        };
        let mut stage = Stage {
            quota: &mut self.quota,
            holders: &self.holders,
            now: Time::ZERO,
            local_queues: &[],
        };
        self.preemptor
            .targets(&mut stage, &incoming, &mut NoTopology)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 pods of half a node need 100 of the 124 nodes they are confined to, and every node is
    /// full: many have to leave, none of them twice, and nobody else is disturbed.
    #[test]
    fn the_cycle_of_a_full_cluster_preempts() {
        let mut before = BeforeCycle::preempting();
        let cycle = before.cycle();
        assert!(cycle.admitted.is_empty());
        let mut victims: Vec<_> = cycle.preempted.iter().map(|one| one.workload).collect();
        assert!(victims.len() > 1, "{cycle:?}");
        victims.sort_unstable();
        victims.dedup();
        assert_eq!(victims.len(), cycle.preempted.len());
    }

    /// All heads are large ones, and each asks for exactly the nominal quota of its queue.
    #[test]
    fn the_first_cycle_of_the_baseline_admits_every_head() {
        assert_eq!(BeforeCycle::baseline().cycle().admitted.len(), 30);
    }

    /// With everything it has a share of 1000; the borrower has 500 at most.
    #[test]
    fn the_larger_share_preempts_nobody() {
        assert!(FirstStrategy::new(10).search().is_empty());
    }
}
