//! Machines that are going: no pod may come to them, and after a while they are given back.

use super::super::Options;
use crate::provisioning::controller::{Command, Machine, MachineId, View};
use crate::units::Time;
use std::collections::BTreeMap;

/// A machine on its way out.
#[derive(Clone, Copy, Debug)]
struct Leaver {
    group: usize,
    /// Whether it has pods to be moved.
    drain: bool,
    /// When it is given back; `None` = it has been.
    due: Option<Time>,
}

/// Machines that are going, until they are gone.
#[derive(Debug, Default)]
pub(super) struct Going(BTreeMap<MachineId, Leaver>);

impl Going {
    /// A machine is to go.
    pub(super) fn begin(&mut self, id: MachineId, group: usize, drain: bool, due: Time) {
        let due = Some(due);
        self.0.insert(id, Leaver { group, drain, due });
    }

    pub(super) fn contains(&self, id: MachineId) -> bool {
        self.0.contains_key(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = MachineId> + '_ {
        self.0.keys().copied()
    }

    /// Those whose pods are moved.
    pub(super) fn drained(&self) -> impl Iterator<Item = MachineId> + '_ {
        let drained = self.0.iter().filter(|(_, one)| one.drain);
        drained.map(|(id, _)| *id)
    }

    /// How many of a group.
    pub(super) fn of_group(&self, group: usize) -> usize {
        self.0.values().filter(|one| one.group == group).count()
    }

    /// How many in all.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the next one is given back.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.0.values().filter_map(|one| one.due).min()
    }

    /// Gives back those whose time has come. One that was to be empty and has got a pod, or one that
    /// has got a pod that may not be moved, stays.
    pub(super) fn finish(&mut self, view: &View, options: &Options, commands: &mut Vec<Command>) {
        let cutoff = options.expendable_pods_priority_cutoff;
        self.0.retain(|id, one| {
            let Some(machine) = view.machines.get(id) else {
                return false;
            };
            if one.due.is_none_or(|due| due > view.now) {
                return true;
            }
            one.due = None;
            if machine.leaving.is_some() {
                return true;
            }
            if stays(machine, one.drain, cutoff) {
                commands.push(Command::Uncordon(*id));
                return false;
            }
            commands.push(Command::Delete {
                machine: *id,
                grace: options.max_graceful_termination,
                reason: match one.drain {
                    true => "Underutilized",
                    false => "Empty",
                },
            });
            true
        });
    }
}

fn stays(machine: &Machine, drain: bool, cutoff: i32) -> bool {
    let mut pods = machine.pods.iter().map(|one| &one.pod);
    pods.any(|pod| pod.priority >= cutoff && (!drain || pod.keep))
}
