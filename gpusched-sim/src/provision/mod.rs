//! `what-if`: what Karpenter would do now with a cluster that is there.
//!
//! | file | holds |
//! |---|---|
//! | `view.rs` | a cluster of manifests as a solve and as disruption see it |
//! | `what_if.rs` | one solve, and what disruption would do to each node |
//! | `story.rs` | why one pod goes where it goes, and why one node stays or goes |

mod story;
mod view;
mod what_if;

pub use story::{NodeStory, PodStory, PoolAnswer, Story};
pub use what_if::{Choice, Home, NodeReport, Planned, Verdict, WhatIf};
