//! How machines go: drained, taken away, or given up.

use super::{Controlled, Due, Held};
use crate::ids::JobId;
use crate::provisioning::controller::{Event, MachineId};
use crate::provisioning::{Change, Ending};
use crate::units::{Span, Time};
use std::collections::BTreeSet;

impl Controlled {
    /// Drains a machine. Once more changes nothing but, where it is shorter, the grace.
    pub(super) fn delete(
        &mut self,
        machine: MachineId,
        grace: Span,
        reason: &'static str,
        changes: &mut Vec<Change>,
    ) {
        let now = self.desk.view.now;
        if !self.desk.view.machines.contains_key(&machine) {
            return;
        }
        let held = &mut self.held[machine.0 as usize];
        let at = now + grace.min(self.pod_grace);
        if held.drained.is_some_and(|drained| drained <= at) {
            return;
        }
        held.drained = Some(at);
        held.told.get_or_insert(now);
        if let Some(bought) = &mut self.lives[machine.0 as usize].bought {
            bought.ending = Ending::GivenBack(reason);
        }
        self.leave(machine, changes);
        match at <= now || self.desk.view.machines[&machine].pods.is_empty() {
            true => self.empty(machine, Ending::There, changes),
            false => {
                self.due.insert((at, machine, Due::Drained));
            }
        }
    }

    /// A machine takes no more pods, and goes when it has none.
    fn leave(&mut self, machine: MachineId, changes: &mut Vec<Change>) {
        let takes_pods = self.lives[machine.0 as usize].ready.is_some();
        if takes_pods && !self.desk.view.machines[&machine].cordoned {
            changes.push(Change::Close(self.held[machine.0 as usize].place));
        }
        self.desk.leave(machine);
    }

    /// Evicts whoever is on a machine that goes now; without pods it is gone at once, else when the
    /// last one has left.
    pub(super) fn empty(&mut self, machine: MachineId, ending: Ending, changes: &mut Vec<Change>) {
        let now = self.desk.view.now;
        let told = self.held[machine.0 as usize].told;
        if let (Ending::Interrupted, Some(bought)) =
            (ending, &mut self.lives[machine.0 as usize].bought)
        {
            bought.ending = ending;
        }
        self.leave(machine, changes);
        let there = &self.desk.view.machines[&machine];
        if there.pods.is_empty() {
            self.gone(machine, now);
            return;
        }
        let jobs: BTreeSet<JobId> = there.pods.iter().map(|one| one.pod.job).collect();
        let warned = told.map_or(Span::ZERO, |since| now - since);
        changes.extend(jobs.into_iter().map(|job| Change::Evict { job, warned }));
    }

    /// A machine that leaves has left.
    pub(super) fn gone(&mut self, machine: MachineId, now: Time) {
        let bought = &self.lives[machine.0 as usize].bought;
        let ending = bought
            .as_ref()
            .map_or(Ending::There, |bought| bought.ending);
        self.lose(machine, ending, now);
        self.tell(&Event::Gone(machine));
    }

    /// Ends the life of a machine.
    pub(super) fn lose(&mut self, machine: MachineId, ending: Ending, now: Time) {
        let Held { place, option, .. } = self.held[machine.0 as usize];
        self.desk.remove(machine);
        self.slots.leave(place);
        if let Some(count) = self.in_use.get_mut(&option) {
            *count -= 1;
        }
        if let Some(holdings) = &mut self.holdings {
            holdings.remove(option, machine);
        }
        let life = &mut self.lives[machine.0 as usize];
        life.gone = Some(now);
        if let Some(bought) = &mut life.bought {
            bought.ending = ending;
        }
    }
}
