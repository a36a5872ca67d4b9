//! The execution queue: candidates are tainted, replacements launched, and when those have come,
//! the candidates deleted (`disruption/queue.go`).

use super::Reason;
use crate::provisioning::controller::{Command, MachineId};
use crate::units::{Span, Time};
use std::collections::BTreeSet;

/// How long commands may take: so much for each candidate there is, but at least and at most this.
const EACH: i64 = 80_000;
const LEAST: Span = Span::from_secs(10 * 60);
const MOST: Span = Span::from_secs(3600);

/// A command that waits for its replacements.
#[derive(Clone, Debug)]
struct Running {
    candidates: Vec<MachineId>,
    replacements: Vec<Replacement>,
    reason: Reason,
    since: Time,
    failed: bool,
}

#[derive(Clone, Debug)]
struct Replacement {
    ticket: u64,
    machine: Option<MachineId>,
    initialized: bool,
}

/// Commands under way.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Queue(Vec<Running>);

impl Queue {
    /// Taints the candidates, and waits for launches with these tickets; without any, the
    /// candidates are deleted at the next [`Queue::progress`].
    pub(in super::super) fn start(
        &mut self,
        candidates: Vec<MachineId>,
        tickets: Vec<u64>,
        reason: Reason,
        now: Time,
        commands: &mut Vec<Command>,
    ) {
        commands.extend(candidates.iter().map(|one| Command::Cordon(*one)));
        let replacement = |ticket| Replacement {
            ticket,
            machine: None,
            initialized: false,
        };
        self.0.push(Running {
            candidates,
            replacements: tickets.into_iter().map(replacement).collect(),
            reason,
            since: now,
            failed: false,
        });
    }

    /// Candidates of all commands.
    pub(in super::super) fn candidates(&self) -> impl Iterator<Item = MachineId> {
        self.0.iter().flat_map(|one| one.candidates.iter().copied())
    }

    pub(in super::super) fn launched(&mut self, ticket: u64, machine: MachineId) {
        let mut all = self.0.iter_mut().flat_map(|one| &mut one.replacements);
        if let Some(one) = all.find(|one| one.ticket == ticket) {
            one.machine = Some(machine);
        }
    }

    /// Nothing came of a launch: the command is given up.
    pub(in super::super) fn failed(&mut self, ticket: u64) {
        for one in &mut self.0 {
            one.failed |= one.replacements.iter().any(|one| one.ticket == ticket);
        }
    }

    pub(in super::super) fn initialized(&mut self, machine: MachineId) {
        let mut all = self.0.iter_mut().flat_map(|one| &mut one.replacements);
        if let Some(one) = all.find(|one| one.machine == Some(machine)) {
            one.initialized = true;
        }
    }

    /// A machine is gone: a command that waits for it is given up, and one is not deleted twice.
    pub(in super::super) fn gone(&mut self, machine: MachineId) {
        for one in &mut self.0 {
            let mut replacements = one.replacements.iter();
            one.failed |= replacements.any(|one| one.machine == Some(machine) && !one.initialized);
            one.candidates.retain(|candidate| *candidate != machine);
        }
    }

    /// Ends commands: candidates whose replacements have all come are to be deleted, in order;
    /// those of a command that failed or took too long take pods again.
    pub(in super::super) fn progress(
        &mut self,
        now: Time,
        deleted: &mut Vec<(MachineId, Reason)>,
        commands: &mut Vec<Command>,
    ) {
        let timeout = self.timeout();
        self.0.retain(|one| {
            if one.replacements.iter().all(|one| one.initialized) {
                deleted.extend(one.candidates.iter().map(|id| (*id, one.reason)));
                return false;
            }
            let over = one.failed || now - one.since > timeout;
            if over {
                commands.extend(one.candidates.iter().map(|id| Command::Uncordon(*id)));
            }
            !over
        });
    }

    /// When the oldest command is given up.
    pub(in super::super) fn wake(&self) -> Option<Time> {
        let ready = self
            .0
            .iter()
            .any(|one| one.failed || one.replacements.iter().all(|one| one.initialized));
        if ready {
            return Some(Time::ZERO);
        }
        let oldest = self.0.iter().map(|one| one.since).min()?;
        Some(oldest + self.timeout() + Span(1))
    }

    fn timeout(&self) -> Span {
        let candidates: BTreeSet<MachineId> = self.candidates().collect();
        Span(EACH * candidates.len() as i64).clamp(LEAST, MOST)
    }
}
