//! How the places of jobs were found.

use crate::engine::Observer;
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::placement::Explanation;
use gpusched_core::topology::Fabric;

/// How the places of one job were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceStory {
    /// The job.
    pub job: JobId,
    /// What was looked at and what came of it, a line each.
    pub text: String,
}

/// Keeps what the placement policy says of each job that starts.
#[derive(Debug)]
pub struct PlaceLog<'a> {
    inventory: &'a Inventory,
    kept: bool,
    stories: Vec<PlaceStory>,
}

impl<'a> PlaceLog<'a> {
    /// A log for replays on these machines; one that is not `kept` costs nothing.
    pub fn new(inventory: &'a Inventory, kept: bool) -> PlaceLog<'a> {
        PlaceLog {
            inventory,
            kept,
            stories: Vec::new(),
        }
    }

    /// What was said, by job.
    pub fn into_stories(mut self) -> Vec<PlaceStory> {
        self.stories.sort_by_key(|story| story.job);
        self.stories
    }
}

impl Observer for PlaceLog<'_> {
    fn explains(&self) -> bool {
        self.kept
    }

    fn explained(&mut self, job: JobId, record: &Explanation) {
        // Jobs that asked for nothing, under a policy that says nothing.
        if record.looks.is_empty() {
            return;
        }
        let text = match self.inventory.topology() {
            Some(topology) => record.tell(topology.fabric(), self.inventory),
            None => record.tell(&Fabric::flat(self.inventory.nodes().len()), self.inventory),
        };
        self.stories.push(PlaceStory { job, text });
    }
}
