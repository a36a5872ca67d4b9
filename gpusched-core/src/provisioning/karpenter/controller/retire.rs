//! How machines go: deleted, taken away, expired, or given up for not having joined.

use super::super::pool::Pool;
use super::super::terminate::grace;
use super::Karpenter;
use crate::provisioning::controller::{Command, MachineId, View};
use crate::units::{Span, Time};

/// How long a machine may take to join the cluster before it is given up.
const REGISTRATION: Span = Span::from_secs(15 * 60);

impl Karpenter {
    pub(super) fn delete(
        &mut self,
        view: &View,
        id: MachineId,
        limit: Option<Span>,
        reason: &'static str,
        commands: &mut Vec<Command>,
    ) {
        let Some(machine) = view.machines.get(&id) else {
            return;
        };
        // One that goes already may have less time left than it thought.
        if !self.deleted.insert(id) && limit.is_none() {
            return;
        }
        let pool = machine.owner.as_ref().and_then(|owner| self.pool(owner));
        let bound = pool.and_then(|pool| pool.termination_grace);
        let limit = [limit, bound].into_iter().flatten().min();
        commands.push(Command::Delete {
            machine: id,
            grace: grace(machine, self.options.pod_grace, limit),
            reason,
        });
    }

    /// Machines that will be taken away, have expired, or never joined.
    pub(super) fn retire(&mut self, view: &View, commands: &mut Vec<Command>) {
        for (id, at) in std::mem::take(&mut self.noticed) {
            let left = Some((at - view.now).max(Span::ZERO));
            self.delete(view, id, left, "Interrupted", commands);
        }
        while let Some((at, id, reason)) = self.retirement(view)
            && at <= view.now
        {
            self.delete(view, id, None, reason, commands);
        }
    }

    /// The next machine that expires, or is given up for not having joined. Machines are in order
    /// of age: O(pools) unless the oldest are going already.
    pub(super) fn retirement(&self, view: &View) -> Option<(Time, MachineId, &'static str)> {
        let stays = |id: &MachineId| !self.deleted.contains(id);
        let mut expires: Vec<(&str, Span)> = Vec::new();
        for pool in &self.options.pools {
            expires.extend(
                pool.expire_after
                    .map(|after| (pool.template.name.as_str(), after)),
            );
        }
        let mut next = None;
        for (id, machine) in view.machines.iter().filter(|(id, _)| stays(id)) {
            if expires.is_empty() {
                break;
            }
            let of = |(pool, _): &(&str, Span)| machine.owner.as_deref() == Some(pool);
            if let Some(index) = expires.iter().position(of) {
                let (_, after) = expires.swap_remove(index);
                let this = (machine.launched + after, *id, "Expired");
                next = [next, Some(this)].into_iter().flatten().min();
            }
        }
        for (id, machine) in view.machines.iter().rev() {
            let at = machine.launched + REGISTRATION;
            if at < view.now {
                break;
            }
            let owned = machine
                .owner
                .as_ref()
                .is_some_and(|owner| self.pool(owner).is_some());
            if owned && stays(id) && machine.registered > at {
                let this = (at, *id, "RegistrationTimeout");
                next = [next, Some(this)].into_iter().flatten().min();
            }
        }
        next
    }

    fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.options.pools.iter();
        pools.find(|pool| pool.template.name == name)
    }
}
