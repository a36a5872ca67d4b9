//! The quota trees of what was read, with what admitted workloads use.

use super::Manifests;
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_core::queueing::kueue::status::Status;
use gpusched_core::queueing::kueue::{Amount, Quota};

/// Quota and use. Workloads that hold a reservation are counted with it, in flavors and queues
/// that exist.
///
/// Complexity: workloads × pod sets × resources × depth of the cohorts.
pub(super) fn in_use(manifests: &Manifests) -> Quota {
    let objects = manifests.objects();
    let mut quota = Quota::new(objects);
    let status = Status::new(objects, manifests.gates());
    for queue in &objects.cluster_queues {
        if let Some(id) = quota.names().cluster_queue(&queue.name) {
            let active = status.cluster_queue(queue).is_empty();
            quota.set_active(id, active);
        }
    }
    let config = &manifests.configuration().resources;
    for workload in &objects.workloads {
        let holds = workload.is("QuotaReserved") && !workload.is("Finished");
        let Some(admission) = workload.admission.as_ref().filter(|_| holds) else {
            continue;
        };
        let Some(queue) = quota.names().cluster_queue(&admission.cluster_queue) else {
            continue;
        };
        for charged in total_requests(workload, config, manifests.gates()) {
            for (resource, amount) in &charged.requests {
                let names = quota.names();
                let fr = charged
                    .flavors
                    .get(resource)
                    .and_then(|flavor| names.flavor(flavor))
                    .zip(names.resource(resource))
                    .and_then(|(flavor, resource)| names.flavor_resource(flavor, resource));
                if let Some(fr) = fr {
                    quota.add_usage(queue, fr, Amount(*amount));
                }
            }
        }
    }
    quota
}
