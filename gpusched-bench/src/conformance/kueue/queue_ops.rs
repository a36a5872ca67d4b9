//! Kind `queue_ops`: what happens to the workloads of one queue.

use super::state::{time, unreadable, workload};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, WorkloadId};
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::pending::{Pending, PendingWorkload, RequeueReason};
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_core::queueing::kueue::workload::gives_new_chance;
use gpusched_core::queueing::kueue::{Configuration, Quota, RequeuingTimestamp, ResourcesConfig};
use gpusched_sim::manifest;
use serde_json::Value;
use std::collections::BTreeSet;

const QUEUE: ClusterQueueId = ClusterQueueId(0);

struct Queues {
    quota: Quota,
    pending: Pending,
    gates: Gates,
    /// By id: the last version seen.
    known: Vec<(String, Workload)>,
}

impl Queues {
    /// The id of a workload, what is known of it now, and whether it got a new chance.
    fn update(&mut self, new: Workload) -> (WorkloadId, PendingWorkload, bool) {
        let name = format!("{}/{}", new.namespace, new.name);
        let requests =
            |one: &Workload| total_requests(one, &ResourcesConfig::default(), self.gates);
        let facts = PendingWorkload::new(
            &new,
            None,
            &self.pending,
            self.quota.names(),
            &self.gates,
            RequeuingTimestamp::Eviction,
        );
        match self.known.iter().position(|(known, _)| *known == name) {
            Some(at) => {
                let old = &self.known[at].1;
                let (before, after) = (requests(old), requests(&new));
                let chance = gives_new_chance((old, &before), (&new, &after), &self.gates);
                self.known[at].1 = new;
                (WorkloadId::from(at), facts, chance)
            }
            None => {
                self.known.push((name, new));
                (WorkloadId::from(self.known.len() - 1), facts, true)
            }
        }
    }

    fn find(&self, name: &str) -> Result<WorkloadId, Difference> {
        let at = self.known.iter().position(|(known, _)| known == name);
        at.map(WorkloadId::from)
            .ok_or_else(|| unreadable("workload", name))
    }
}

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let now = time(&vector["t0"])?;
    let lists = vector["namespaces"].as_array().into_iter().flatten();
    let objects = manifest::objects_from_json(lists.chain([&vector["clusterQueue"]]));
    let objects = objects.map_err(|error| unreadable("objects", error))?;
    let quota = Quota::new(&objects);
    let configuration = Configuration::default();
    let pending = Pending::new(&objects, quota.names(), &configuration, &gates);
    let mut queues = Queues {
        quota,
        pending,
        gates,
        known: Vec::new(),
    };
    for step in vector["steps"].as_array().into_iter().flatten() {
        match step["op"].as_str() {
            Some("push") => {
                let (id, facts, chance) = queues.update(workload(&step["workload"])?);
                queues.pending.push_or_update(QUEUE, id, facts, chance, now);
            }
            Some("requeue") => {
                let (id, facts, _) = queues.update(workload(&step["workload"])?);
                let reason = match step["immediate"].as_bool() {
                    Some(true) => RequeueReason::FailedAfterNomination,
                    _ => RequeueReason::Generic,
                };
                queues.pending.requeue(QUEUE, id, facts, reason, false, now);
            }
            Some("delete") => {
                let name = step["workload"].as_str().unwrap_or_default();
                let id = queues.find(name)?;
                queues.pending.delete(QUEUE, id);
            }
            Some("flush") => {
                let moved = queues.pending.retry(QUEUE, now) as u64;
                let expected = step["expectMoved"].as_u64().unwrap_or_default();
                Difference::check(|| "moved".into(), expected, moved)?;
            }
            _ => return Err(unreadable("step", step)),
        }
    }
    let active = queues.pending.active(QUEUE, |_| 0.0);
    let total = active.len() + queues.pending.inadmissible(QUEUE).len();
    let got = active.iter().map(|id| queues.known[id.index()].0.as_str());
    let got: BTreeSet<&str> = got.collect();
    let expected = vector["expect"]["active"].as_array().into_iter().flatten();
    let expected: BTreeSet<&str> = expected.filter_map(Value::as_str).collect();
    Difference::check(
        || "active".into(),
        format!("{expected:?}"),
        format!("{got:?}"),
    )?;
    let expected = vector["expect"]["pendingTotal"]
        .as_u64()
        .unwrap_or_default();
    Difference::check(|| "pending".into(), expected, total as u64)
}
