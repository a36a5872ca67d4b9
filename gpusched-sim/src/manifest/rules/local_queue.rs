//! LocalQueue.

use super::names::{object_name, reference};
use crate::manifest::cursor::{At, Read};

/// What the API server asks of a LocalQueue.
pub(in crate::manifest) fn local_queue(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    let queue = spec.field("clusterQueue");
    if queue.name()?.is_none() {
        queue.refuse(queue.missing());
    }
    reference(&queue)
}
