//! `oracle`: what the work would cost if machines were there the moment they are needed, gone the
//! moment they are not, and never larger than what is held of them.
//!
//! [`Oracle`] launches, for pods that fit nowhere, the machine that costs least per GPU asked for,
//! and gives every machine back when it is empty. With boots that take no time jobs wait for
//! nothing; the bill to show is [`bound`]'s, which no fleet can undercut.

use super::catalog::CapacityType;
use super::controller::{Command, Controller, Launch, MachineId, View};
use super::karpenter::objects::{NodeOffering, NodeType, PodSpec};
use super::karpenter::{Requirement, Requirements, labels};
use super::{Money, Price};
use crate::cluster::Cluster;
use crate::ids::JobId;
use crate::kube::{Labels, Resources};
use crate::policy::PolicyInfo;
use crate::units::{MILLI, Span, Time};
use crate::workload::Workload;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What it is.
pub const INFO: PolicyInfo = PolicyInfo {
    name: "oracle",
    summary: "machines without boot or idle time, billed for what is held of them: a lower bound",
    rule: "A pod that fits no machine gets the one with the lowest price that it fits; a machine \
           goes when it is empty; boots take no time. The bill is a bound: each job's GPU-time at \
           the lowest price per GPU among the offerings a pod of it may use.",
    source: "the least any provisioning can pay for the same work",
};

/// See the module.
#[derive(Debug, Default)]
pub struct Oracle {
    tickets: u64,
    /// What is launched for a spec, by its address; the spec is kept, so that the address stays its
    /// own.
    cheapest: FxHashMap<usize, (Arc<PodSpec>, Option<Offer>)>,
}

/// Indices of type and offering, and the labels of such a machine as far as pods ask for them.
type Offer = ((usize, usize), Labels);

impl Oracle {
    /// [`cheapest`], searched once per spec.
    fn offer(&mut self, types: &[NodeType], spec: &Arc<PodSpec>) -> Option<Offer> {
        let address = Arc::as_ptr(spec) as usize;
        let search = || (spec.clone(), cheapest(types, spec));
        let (_, offer) = self.cheapest.entry(address).or_insert_with(search);
        offer.clone()
    }
}

impl Controller for Oracle {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn wake(&self, _view: &View) -> Option<Time> {
        None
    }

    fn step(&mut self, view: &View, commands: &mut Vec<Command>) {
        let there = view
            .machines
            .iter()
            .filter(|(_, machine)| !machine.cordoned);
        let mut rooms: Vec<Room<'_>> = there
            .map(|(&id, machine)| Room {
                machine: Some(id),
                left: Cow::Borrowed(&machine.available),
                labels: Cow::Borrowed(&machine.labels),
                used: !machine.pods.is_empty(),
            })
            .collect();
        // Per kind of pod the first room that may still do: rooms only shrink within a step.
        let mut cursors: BTreeMap<*const PodSpec, usize> = BTreeMap::new();
        for pod in &view.pending {
            let cursor = cursors.entry(Arc::as_ptr(&pod.spec)).or_default();
            let rest = rooms.iter().skip(*cursor);
            *cursor += rest.take_while(|room| !room.fits(&pod.spec)).count();
            if *cursor == rooms.len() {
                let Some((option, labels)) = self.offer(&view.types, &pod.spec) else {
                    continue;
                };
                rooms.push(Room {
                    machine: None,
                    left: Cow::Borrowed(&view.types[option.0].allocatable),
                    labels: Cow::Owned(labels),
                    used: true,
                });
                self.tickets += 1;
                commands.push(Command::Launch(Launch {
                    ticket: self.tickets,
                    owner: INFO.name.into(),
                    options: vec![option],
                    labels: Labels::new(),
                    taints: Vec::new(),
                }));
            }
            let room = &mut rooms[*cursor];
            take(room.left.to_mut(), &pod.spec.requests);
            room.used = true;
        }
        let unused = rooms.iter().filter(|room| !room.used);
        commands.extend(unused.filter_map(|room| {
            Some(Command::Delete {
                machine: room.machine?,
                grace: Span::ZERO,
                reason: "Empty",
            })
        }));
    }
}

/// What is left of a machine, or of one that is being launched.
struct Room<'a> {
    machine: Option<MachineId>,
    left: Cow<'a, Resources>,
    labels: Cow<'a, Labels>,
    used: bool,
}

impl Room<'_> {
    fn fits(&self, spec: &PodSpec) -> bool {
        holds(&self.left, &spec.requests) && may_use(spec, &self.labels)
    }
}

/// The offering with the lowest price that a pod fits, of equal ones the first; and the labels a
/// machine of it has as far as pods ask for them.
fn cheapest(types: &[NodeType], spec: &PodSpec) -> Option<Offer> {
    let mut best: Option<(Price, (usize, usize), Labels)> = None;
    for (index, of) in types.iter().enumerate() {
        if !holds(&of.allocatable, &spec.requests) {
            continue;
        }
        for (at, offer) in of.offerings.iter().enumerate() {
            let price = offer.offering.price;
            if best.as_ref().is_some_and(|(least, ..)| *least <= price) {
                continue;
            }
            let labels = labels_of(&of.requirements, offer);
            if offer.offering.available && may_use(spec, &labels) {
                best = Some((price, (index, at), labels));
            }
        }
    }
    best.map(|(_, option, labels)| (option, labels))
}

fn labels_of(requirements: &Requirements, offer: &NodeOffering) -> Labels {
    let single = |one: &Requirement| {
        let value = one.values().first()?.clone();
        Some((one.key().to_owned(), value))
    };
    let mut labels: Labels = requirements.iter().filter_map(single).collect();
    labels.insert(labels::ZONE.into(), offer.offering.zone.clone());
    let capacity_type: CapacityType = offer.offering.capacity_type;
    labels.insert(labels::CAPACITY_TYPE.into(), capacity_type.name().into());
    labels
}

fn may_use(spec: &PodSpec, labels: &Labels) -> bool {
    spec.node_affinity.allows(labels, "")
        && spec
            .node_selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
}

fn holds(room: &Resources, requests: &Resources) -> bool {
    let left = |resource: &str| room.get(resource).copied().unwrap_or(0);
    left("pods") >= 1
        && requests
            .iter()
            .all(|(resource, want)| left(resource) >= *want)
}

fn take(room: &mut Resources, requests: &Resources) {
    for (resource, want) in requests
        .iter()
        .map(|(name, want)| (name.as_str(), *want))
        .chain([("pods", 1)])
    {
        if let Some(left) = room.get_mut(resource) {
            *left -= want;
        }
    }
}

/// A machine that may be rented, for [`bound`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// A machine of the type, empty, in the cluster given to [`bound`].
    pub node: crate::ids::NodeId,
    /// The lowest price of any of its offerings.
    pub price: Price,
    /// The lowest price without spot.
    pub steady: Option<Price>,
}

/// What `work` costs at least, whoever provides: each pod's GPU-time at the lowest price per GPU
/// among the machines it fits. CPU pods count as free, for they may use what GPU pods leave. Hours
/// that a provider gives away (a spot machine taken away in its first hour at AWS) can undercut it.
///
/// Why it is a bound: what a machine costs is at least its price per GPU times the GPU-time pods
/// hold of it, and no pod holds GPU-time for less than the lowest price per GPU it can have. Jobs
/// that fit nothing count as nothing; `cut` says which GPU-time of a job counts. O(specs × rates +
/// jobs).
pub fn bound(
    work: &Workload,
    cluster: &Cluster,
    rates: &[Rate],
    spot_ok: impl Fn(JobId) -> bool,
    ran: impl Fn(JobId) -> Span,
) -> Money {
    // By shape: nano-dollars per hour for what a pod holds, without and with spot.
    let least = |shape: usize, with_spot: bool| -> Option<i128> {
        let ask = cluster.ask(crate::ids::ShapeId::from(shape));
        let fits = rates.iter().filter(|rate| cluster.fits_on(ask, rate.node));
        let per_pod = |rate: &Rate| {
            let price = if with_spot {
                Some(rate.price)
            } else {
                rate.steady
            };
            let gpus = i128::from(cluster.inventory().node(rate.node).gpus.max(1));
            Some(i128::from(price?.0) * i128::from(ask.total_milli()) / (gpus * i128::from(MILLI)))
        };
        fits.filter_map(per_pod).min()
    };
    let shapes = work.shapes().len();
    let [steady, spot] = [false, true].map(|with| {
        (0..shapes)
            .map(|shape| least(shape, with))
            .collect::<Vec<_>>()
    });
    let mut sum = Money::ZERO;
    for index in 0..work.len() {
        let job = JobId::from(index);
        let by_shape = if spot_ok(job) { &spot } else { &steady };
        let span = i128::from(ran(job).0);
        for set in &work.spec(work.job(job).spec).pod_sets {
            let per_pod = by_shape[set.shape.index()].unwrap_or(0);
            sum += Money(per_pod * i128::from(set.count) * span);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Inventory, Node};
    use crate::ids::NodeId;
    use crate::workload::{JobDraft, Shape, WorkloadBuilder};

    #[test]
    fn the_bound_is_gpu_time_at_the_lowest_price_per_gpu_a_pod_fits() {
        let mut jobs = WorkloadBuilder::new();
        let hour = Span::from_secs(3_600);
        for (name, shape) in [
            (
                "half",
                Shape {
                    gpu_milli: 500,
                    ..Shape::whole_gpus(1)
                },
            ),
            ("four", Shape::whole_gpus(4)),
            (
                "cpu",
                Shape {
                    cpu_milli: 1,
                    ..Shape::default()
                },
            ),
        ] {
            jobs.push(&JobDraft::new(name, Time::ZERO, hour, shape))
                .unwrap();
        }
        let work = jobs.finish().unwrap();
        // One GPU for a dollar; four for eight: two dollars each.
        let nodes = vec![
            Node::with_gpus("one", 1, "T4"),
            Node::with_gpus("four", 4, "T4"),
        ];
        let cluster = Cluster::new(Inventory::new(nodes).unwrap(), work.shapes());
        let rate = |node, usd: i64, spot: i64| Rate {
            node: NodeId(node),
            price: Price(spot * 1_000_000_000),
            steady: Some(Price(usd * 1_000_000_000)),
        };
        let rates = [rate(0, 1, 1), rate(1, 8, 4)];
        let usd = |spot: bool| bound(&work, &cluster, &rates, |_| spot, |_| hour).as_usd();
        assert_eq!(usd(false), 0.5 + 8.0);
        // Spot makes the four cost one dollar each.
        assert_eq!(usd(true), 0.5 + 4.0);
    }
}
