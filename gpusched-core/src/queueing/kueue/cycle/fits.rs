//! Whether an assignment still fits beside what earlier entries of the cycle took.

use super::super::Amount;
use super::super::ids::{FlavorResourceId, WorkloadId};
use super::entry::{Candidate, Nomination};
use super::scheduler::Scheduler;
use crate::placement::tas;

/// What an entry adds to what is in use.
#[derive(Clone, Debug, Default)]
pub(super) struct NetUsage {
    pub(super) quota: Vec<(FlavorResourceId, Amount)>,
    pub(super) places: Vec<tas::Usage>,
}

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FitsCheck {
    Ok,
    NoQuota,
    /// Quota would do, places do not.
    NoPlaces,
}

impl Scheduler {
    /// What an entry adds: quota only if it holds none yet, places only where it has none yet.
    pub(super) fn net_usage(&self, candidate: &Candidate, nomination: &Nomination) -> NetUsage {
        NetUsage {
            quota: match candidate.reserved {
                true => Vec::new(),
                false => nomination.assignment.usage.clone(),
            },
            places: self
                .topologies
                .net_usage(candidate.workload, &nomination.places),
        }
    }

    /// Counts what an entry takes, for the rest of the cycle.
    pub(super) fn take(&mut self, candidate: &Candidate, usage: &NetUsage) {
        self.quota.add_usages(candidate.queue, &usage.quota);
        self.topologies.take(&usage.places);
    }

    /// Whether it fits once `leaving` have left. O(leaving · depth), and what their places take.
    pub(super) fn fits(
        &mut self,
        candidate: &Candidate,
        usage: &NetUsage,
        leaving: impl Iterator<Item = WorkloadId>,
    ) -> FitsCheck {
        let mark = self.quota.begin();
        let places = self.topologies.begin();
        // A cycle has many victims; few of them are in the way of this one: quota is shared within
        // a tree, and who has no places asks for none.
        let root = self.quota.root(candidate.queue.into());
        for workload in leaving {
            let holder = self.holders.find(workload);
            if let Some(holder) = holder
                && self.quota.root(holder.cluster_queue.into()) == root
            {
                self.quota
                    .remove_usages(holder.cluster_queue, &holder.usage);
            }
            if !usage.places.is_empty() {
                self.topologies.leave(workload);
            }
        }
        let available = |(fr, value): &(FlavorResourceId, Amount)| {
            self.quota.available(candidate.queue, *fr) >= *value
        };
        let fits = match usage.quota.iter().all(available) {
            false => FitsCheck::NoQuota,
            true if !self.topologies.fit(&usage.places) => FitsCheck::NoPlaces,
            true => FitsCheck::Ok,
        };
        self.quota.rollback(mark);
        self.topologies.rollback(places);
        fits
    }

    /// Takes holders out, within a transaction.
    pub(super) fn remove(&mut self, leaving: impl Iterator<Item = WorkloadId>) {
        for workload in leaving {
            if let Some(holder) = self.holders.find(workload) {
                self.quota
                    .remove_usages(holder.cluster_queue, &holder.usage);
            }
            self.topologies.leave(workload);
        }
    }
}
