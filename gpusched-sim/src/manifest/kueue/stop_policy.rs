//! `stopPolicy` of queues.

use crate::manifest::cursor::{At, Read};
use gpusched_core::queueing::kueue::objects::StopPolicy;

const WORDS: &[(&str, StopPolicy)] = &[
    ("None", StopPolicy::None),
    ("Hold", StopPolicy::Hold),
    ("HoldAndDrain", StopPolicy::HoldAndDrain),
];

/// The policy; `None` by default.
pub(super) fn stop_policy(at: At<'_, '_>) -> Read<StopPolicy> {
    Ok(at.choice(WORDS)?.unwrap_or_default())
}
