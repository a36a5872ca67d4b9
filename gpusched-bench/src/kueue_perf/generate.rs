//! Objects and workloads of a shape.

use super::shape::{BORROWING_LIMIT, Class, NOMINAL, Shape, Together};
use gpusched_core::kube::{Container, LabelSelector, Labels, Node, PodSpec};
use gpusched_core::placement::tas::HOSTNAME;
use gpusched_core::queueing::kueue::objects::{
    ClusterQueue, FlavorQuotas, LocalQueue, Namespace, PodSet, Preemption, PreemptionPolicy,
    ResourceFlavor, ResourceGroup, ResourceQuota, SliceLayer, Topology, TopologyMode,
    TopologyRequest, Workload,
};
use gpusched_core::queueing::kueue::{Amount, Objects};
use gpusched_core::units::Time;

const BLOCK: &str = "cloud.provider.com/topology-block";
const RACK: &str = "cloud.provider.com/topology-rack";
const NODE_GROUP: &str = "tas-node-group";
const NODES_PER_RACK: u32 = 64;
const FLAVOR: &str = "rf";

/// A workload that is yet to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// To which ClusterQueue, by its place among all.
    pub queue: u32,
    /// Of which class, by its place in the shape.
    pub class: u16,
    /// Its number in the class.
    pub index: u32,
}

/// A cluster without workloads, and those that come to it in order of time.
#[derive(Clone, Debug)]
pub struct Load {
    /// What it is the load of.
    pub shape: Shape,
    /// The cluster.
    pub objects: Objects,
    /// Who comes. Workloads are made when they come: a million of them need not be held at once.
    pub arrivals: Vec<Arrival>,
}

impl Load {
    /// The load of a shape. O(ClusterQueues + nodes + n log n) for n workloads.
    pub fn new(shape: &Shape) -> Load {
        let mut objects = Objects {
            flavors: vec![flavor(shape)],
            nodes: nodes(shape.racks),
            topologies: topologies(shape.racks),
            ..Objects::default()
        };
        for cohort in 0..shape.cohorts {
            for queue in 0..shape.queues {
                let cohort = format!("cohort-{cohort}");
                let name = format!("cq-0-{queue}-{cohort}");
                objects.namespaces.push(Namespace {
                    name: name.clone(),
                    ..Namespace::default()
                });
                objects.local_queues.push(LocalQueue {
                    namespace: name.clone(),
                    name: name.clone(),
                    cluster_queue: name.clone(),
                    ..LocalQueue::default()
                });
                objects.cluster_queues.push(cluster_queue(name, cohort));
            }
        }
        let mut arrivals = Vec::new();
        for queue in 0..shape.cohorts * shape.queues {
            for (class, spec) in (0..).zip(shape.classes) {
                arrivals.extend((0..spec.count).map(|index| Arrival {
                    at: Time(spec.every.0 * i64::from(index + 1)),
                    queue,
                    class,
                    index,
                }));
            }
        }
        arrivals.sort_unstable();
        Load {
            shape: *shape,
            objects,
            arrivals,
        }
    }

    /// The class of a workload.
    pub fn class(&self, arrival: &Arrival) -> &'static Class {
        &self.shape.classes[usize::from(arrival.class)]
    }

    /// A workload as it is created.
    pub fn workload(&self, arrival: &Arrival) -> Workload {
        let class = self.class(arrival);
        let queue = &self.objects.local_queues[arrival.queue as usize];
        let name = format!("{}-{}-{}-0", class.name, arrival.class, arrival.index);
        let container = Container {
            requests: [("cpu".to_owned(), class.pod_cpu)].into(),
            ..Container::default()
        };
        Workload {
            uid: format!("{}/{name}", queue.name),
            namespace: queue.namespace.clone(),
            name,
            created: arrival.at,
            queue: queue.name.clone(),
            priority: Some(class.priority),
            pod_sets: vec![PodSet {
                name: "main".to_owned(),
                count: class.pods,
                template: PodSpec {
                    containers: vec![container],
                    ..PodSpec::default()
                },
                topology: topology_request(class.together),
                ..PodSet::default()
            }],
            ..Workload::default()
        }
    }
}

fn cluster_queue(name: String, cohort: String) -> ClusterQueue {
    let quota = ResourceQuota {
        resource: "cpu".to_owned(),
        nominal: Amount(NOMINAL),
        borrowing_limit: Some(Amount(BORROWING_LIMIT)),
        lending_limit: None,
    };
    ClusterQueue {
        name,
        cohort: Some(cohort),
        namespace_selector: Some(LabelSelector::default()),
        resource_groups: vec![ResourceGroup {
            covered: vec!["cpu".to_owned()],
            flavors: vec![FlavorQuotas {
                flavor: FLAVOR.to_owned(),
                resources: vec![quota],
            }],
        }],
        preemption: Preemption {
            within_cluster_queue: PreemptionPolicy::LowerPriority,
            reclaim_within_cohort: PreemptionPolicy::Any,
            ..Preemption::default()
        },
        ..ClusterQueue::default()
    }
}

fn flavor(shape: &Shape) -> ResourceFlavor {
    let plain = ResourceFlavor {
        name: FLAVOR.to_owned(),
        ..ResourceFlavor::default()
    };
    match shape.racks {
        0 => plain,
        _ => ResourceFlavor {
            node_labels: Labels::from([(NODE_GROUP.to_owned(), "tas".to_owned())]),
            topology: Some("default-topology".to_owned()),
            ..plain
        },
    }
}

fn topologies(racks: u32) -> Vec<Topology> {
    let topology = Topology {
        name: "default-topology".to_owned(),
        levels: [BLOCK, RACK, HOSTNAME].map(str::to_owned).to_vec(),
    };
    (racks > 0).then_some(topology).into_iter().collect()
}

fn nodes(racks: u32) -> Vec<Node> {
    let node = |index: u32| {
        let (rack, number) = (index / NODES_PER_RACK, index % NODES_PER_RACK);
        let name = format!("node-b0-r{rack}-n{number}");
        let labels = [
            (NODE_GROUP, "tas".to_owned()),
            (BLOCK, "block-0".to_owned()),
            (RACK, format!("rack-{rack}")),
            (HOSTNAME, name.clone()),
        ];
        let allocatable = [("cpu", 96_000), ("memory", 256 << 30), ("pods", 110)];
        Node {
            name,
            labels: labels.map(|(key, value)| (key.to_owned(), value)).into(),
            allocatable: allocatable
                .map(|(resource, amount)| (resource.to_owned(), amount))
                .into(),
            ready: true,
            ..Node::default()
        }
    };
    (0..racks * NODES_PER_RACK).map(node).collect()
}

fn topology_request(together: Together) -> Option<TopologyRequest> {
    let rack = RACK.to_owned();
    let mode = match together {
        Together::Anywhere => return None,
        Together::RequiredRack => TopologyMode::Required(rack),
        Together::PreferredRack => TopologyMode::Preferred(rack),
        Together::SlicesInRacks(size) => {
            return Some(TopologyRequest {
                mode: TopologyMode::SlicesOnly,
                slices: vec![SliceLayer {
                    topology: rack,
                    size,
                }],
                ..TopologyRequest::default()
            });
        }
    };
    Some(TopologyRequest {
        mode,
        ..TopologyRequest::default()
    })
}
