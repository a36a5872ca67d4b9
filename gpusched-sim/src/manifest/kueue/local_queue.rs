//! LocalQueue.

use super::OBJECT;
use super::quotas::fair_weight;
use super::stop_policy::stop_policy;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::LocalQueue;

/// A LocalQueue.
pub(in crate::manifest) fn local_queue(at: At<'_, '_>) -> Read<LocalQueue> {
    at.only(&[OBJECT])?;
    let Meta {
        namespace, name, ..
    } = Meta::read(&at)?;
    let spec = at.field("spec");
    spec.only(&[&["clusterQueue", "stopPolicy", "fairSharing"]])?;
    let status = at.field("status");
    let sharing = status.field("fairSharing");
    let past = sharing.field("admissionFairSharingStatus");
    Ok(LocalQueue {
        consumed: past.field("consumedResources").resources()?,
        consumed_at: past.field("lastUpdate").instant()?,
        namespace,
        name,
        cluster_queue: spec.field("clusterQueue").string()?,
        stop_policy: stop_policy(spec.field("stopPolicy"))?,
        fair_weight: fair_weight(spec.field("fairSharing"))?,
    })
}
