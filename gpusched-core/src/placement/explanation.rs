//! How a decision about domains came about: what was looked at, what was free, what was taken.

use crate::cluster::{Inventory, Spot};
use crate::ids::NodeId;
use crate::topology::{DomainId, Fabric, Within};
use std::fmt::Write;

/// One look at the domains of a level, or at all machines together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where; `None` = all machines together.
    pub within: Option<Within>,
    /// Pods to be placed.
    pub wanted: u64,
    /// Domains looked at.
    pub domains: u32,
    /// Those that had room for all pods wanted.
    pub fitting: u32,
    /// Pods the roomiest had room for.
    pub most: u64,
    /// The domain that was taken, with the pods it had room for.
    pub taken: Option<(DomainId, u64)>,
    /// What the policy says besides: its own name for the step, or why it went on.
    pub note: &'static str,
}

/// How the places of a job were found, or why there are none.
///
/// A policy fills in one record per job and keeps the last one
/// ([`Placement::explanation`](super::Placement::explanation)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What was looked at, in order.
    pub looks: Vec<Look>,
    /// Whether all pods got a place.
    pub placed: bool,
    /// Nodes used, pods on each, in the order they were taken.
    pub nodes: Vec<(NodeId, u32)>,
}

impl Explanation {
    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.looks.clear();
        self.nodes.clear();
        self.placed = false;
    }

    /// Notes the nodes of places taken.
    pub(super) fn note_spots(&mut self, spots: &[Spot]) {
        for run in spots.chunk_by(|one, next| one.node == next.node) {
            self.nodes.push((run[0].node, run.len() as u32));
        }
    }

    /// The record as text: a line per look, then what came of it.
    pub fn tell(&self, fabric: &Fabric, inventory: &Inventory) -> String {
        let mut text = String::new();
        for look in &self.looks {
            let place = match look.within {
                None => "all machines",
                Some(Within::Node) => "node",
                Some(Within::Level(level)) => fabric.levels()[usize::from(level.0)].name.as_str(),
            };
            let _ = write!(
                text,
                "{place}: {} of {} with room for {} pods (roomiest {})",
                look.fitting, look.domains, look.wanted, look.most
            );
            if let Some((domain, room)) = look.taken {
                let _ = write!(text, "; took {} (room {room})", fabric.full_name(domain));
            }
            if !look.note.is_empty() {
                let _ = write!(text, "; {}", look.note);
            }
            text.push('\n');
        }
        match self.placed {
            false => text.push_str("no place\n"),
            true => {
                let names = self
                    .nodes
                    .iter()
                    .map(|(node, pods)| format!("{} x{pods}", inventory.node(*node).name));
                let _ = writeln!(text, "on {}", names.collect::<Vec<_>>().join(", "));
            }
        }
        text
    }
}
