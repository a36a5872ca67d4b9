//! Scale-down: which machines are not needed, and which of them go (`core/scaledown`).
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the look: candidates, their removal tried one after the other, who goes |
//! | `unneeded.rs` | since when machines are not needed, and how many are worth looking for |
//! | `budget.rs` | how many go at once |
//! | `going.rs` | machines that are going: kept free of pods, then given back |

mod budget;
mod going;
mod unneeded;

use super::Options;
use super::explain::MachineVerdict;
use super::hints::Placer;
use super::quota::Quota;
use super::registry::{Census, Registry};
use super::snapshot::{NodeKey, Snapshot};
use crate::provisioning::controller::{Command, Machine, MachineId, View, ViewPod};
use crate::units::{Span, Time};
use going::Going;
use std::collections::BTreeMap;
use unneeded::{Unneeded, limit};

/// What scale-down remembers.
#[derive(Default)]
pub(super) struct ScaleDown {
    placer: Placer,
    unneeded: Unneeded,
    /// Machines that could not go, and until when that is believed.
    unremovable: BTreeMap<MachineId, Time>,
    going: Going,
    last_delete: Option<Time>,
    last_look: Option<Time>,
    /// The least time between two looks, the unneeded time at most.
    interval: Option<Span>,
}

/// What a look looks at.
pub(super) struct Look<'a> {
    pub(super) view: &'a View,
    pub(super) options: &'a Options,
    pub(super) registry: &'a Registry,
    pub(super) census: &'a [Census],
    /// Whether nothing may go now.
    pub(super) hold: bool,
}

/// What it found.
pub(super) struct Found {
    pub(super) machines: Vec<(MachineId, MachineVerdict)>,
    /// Whether machines go.
    pub(super) deleted: bool,
    /// Whether another look at the same cluster could find something else.
    pub(super) unsettled: bool,
    /// When something changes by itself.
    pub(super) deadline: Option<Time>,
}

/// A machine that may go: which, of which group, and whether it has pods.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: MachineId,
    /// Which machine of the view it is, by age.
    rank: usize,
    node: usize,
    group: usize,
    empty: bool,
    /// Whether it was not needed last time.
    unneeded: bool,
}

/// By machine of the view, by age: whether it is needed, as far as anybody knows.
type Verdicts = Vec<(MachineId, Option<MachineVerdict>)>;

impl ScaleDown {
    /// Pods on machines that are being drained.
    pub(super) fn drained<'v>(&self, view: &'v View) -> impl Iterator<Item = &'v ViewPod> {
        let machines = self.going.drained().filter_map(|id| view.machines.get(&id));
        let pods: Vec<&'v ViewPod> = machines
            .flat_map(|machine| machine.pods.iter().map(|one| &one.pod))
            .collect();
        pods.into_iter()
    }

    /// Machines that are going.
    pub(super) fn going(&self) -> impl Iterator<Item = MachineId> + '_ {
        self.going.all()
    }

    /// When the next machine that goes is given back.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.going.next_due()
    }

    /// When machines last began to go.
    pub(super) fn last_delete(&self) -> Option<Time> {
        self.last_delete
    }

    /// Gives back machines whose time has come.
    pub(super) fn finish(&mut self, view: &View, options: &Options, commands: &mut Vec<Command>) {
        self.going.finish(view, options, commands);
    }

    /// Looks which machines are not needed, and lets some go unless that is on hold. The snapshot
    /// is left with their pods elsewhere.
    pub(super) fn look(
        &mut self,
        look: &Look<'_>,
        snapshot: &mut Snapshot,
        commands: &mut Vec<Command>,
    ) -> Found {
        let now = look.view.now;
        let interval = self.interval;
        self.pass_time(look);
        self.unremovable
            .retain(|id, until| *until > now && look.view.machines.contains_key(id));
        let mut verdicts = Verdicts::with_capacity(look.view.machines.len());
        let candidates = self.candidates(look, snapshot, &mut verdicts);
        let some = !candidates.is_empty();
        let eligible: Vec<Candidate> = candidates
            .into_iter()
            .filter(|one| match self.ineligible(look, snapshot, one) {
                Some(verdict) => {
                    verdicts[one.rank].1 = Some(verdict);
                    false
                }
                None => true,
            })
            .collect();
        let failures = self.unremovable.len();
        let removable = self.simulate(look, snapshot, &eligible, &mut verdicts);
        let changed = self
            .unneeded
            .update(removable.iter().map(|one| one.id), now);
        let moved = self.placer.drop_old();
        let mut deleted = false;
        if some {
            let batch = self.removable_now(look, &removable, &mut verdicts);
            if !look.hold {
                deleted = self.delete(look, &batch, &mut verdicts, commands);
            }
        }
        let threshold = look.options.scale_down_unneeded_time;
        let strictly = self
            .unneeded
            .since()
            .map(|since| since + threshold + Span(1));
        let deadlines = strictly.chain(self.unremovable.values().copied());
        Found {
            machines: verdicts
                .into_iter()
                .filter_map(|(id, verdict)| Some((id, verdict?)))
                .collect(),
            deleted,
            unsettled: changed
                || moved
                || self.unremovable.len() != failures
                || self.interval != interval,
            deadline: deadlines.filter(|at| *at > now).min(),
        }
    }

    /// Notes the time since the last look. Looks that were left out count.
    fn pass_time(&mut self, look: &Look<'_>) {
        let now = look.view.now;
        let unneeded = look.options.scale_down_unneeded_time;
        let mut interval = self.interval.unwrap_or(unneeded).min(unneeded);
        if let Some(last) = self.last_look {
            let scan = look.options.scan_interval.0.max(1);
            let passed = (now - last).0;
            let rest = match (passed, passed % scan) {
                (0, _) => 0,
                (_, 0) => scan,
                (_, rest) => rest,
            };
            interval = interval.min(Span(rest));
        }
        self.interval = Some(interval);
        self.last_look = Some(now);
    }

    /// Machines of groups that are larger than they have to be, in the order in which they are
    /// tried: without pods first, then those that were not needed last time, then by age.
    fn candidates(
        &self,
        look: &Look<'_>,
        snapshot: &Snapshot,
        verdicts: &mut Verdicts,
    ) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let mut node = 0;
        for (rank, (id, machine)) in look.view.machines.iter().enumerate() {
            verdicts.push((*id, None));
            let Some(group) = look.registry.group_of(*id) else {
                continue;
            };
            let known = snapshot.advance(&mut node, *id);
            match (self.excluded(look, *id, machine, group), known) {
                (None, Some(there)) => candidates.push(Candidate {
                    id: *id,
                    rank,
                    node,
                    group,
                    empty: there.pods.is_empty(),
                    unneeded: self.unneeded.contains(*id),
                }),
                (why, _) => {
                    verdicts[rank].1 = Some(why.unwrap_or(MachineVerdict::Starting));
                }
            }
        }
        candidates.sort_by_key(|one| (!one.empty, !one.unneeded, one.id));
        candidates
    }

    fn excluded(
        &self,
        look: &Look<'_>,
        id: MachineId,
        machine: &Machine,
        group: usize,
    ) -> Option<MachineVerdict> {
        if machine.leaving.is_some() || self.going.contains(id) {
            return Some(MachineVerdict::BeingDeleted);
        }
        if !machine.is_initialized(look.view.now) {
            return Some(MachineVerdict::Starting);
        }
        let too_few = look.census[group].target <= look.registry.groups[group].min;
        too_few.then_some(MachineVerdict::GroupMinSize)
    }

    /// Why a machine is not worth trying.
    fn ineligible(
        &self,
        look: &Look<'_>,
        snapshot: &Snapshot,
        one: &Candidate,
    ) -> Option<MachineVerdict> {
        if self.unremovable.contains_key(&one.id) {
            return Some(MachineVerdict::RecentlyUnremovable);
        }
        if look.view.machines[&one.id].keep {
            return Some(MachineVerdict::KeptByAnnotation);
        }
        let Some((utilization, gpu)) = snapshot.utilization(one.node) else {
            return Some(MachineVerdict::NoResources);
        };
        let threshold = match gpu {
            true => look.options.scale_down_gpu_utilization_threshold,
            false => look.options.scale_down_utilization_threshold,
        };
        (utilization > threshold).then_some(MachineVerdict::Utilized { utilization })
    }

    /// Tries to do without one candidate after the other. What is found not to be needed stays
    /// away, its pods elsewhere, for those that follow.
    fn simulate(
        &mut self,
        look: &Look<'_>,
        snapshot: &mut Snapshot,
        eligible: &[Candidate],
        verdicts: &mut Verdicts,
    ) -> Vec<Candidate> {
        let options = look.options;
        let most = limit(
            options,
            self.unneeded.len(),
            self.interval.unwrap_or(Span::ZERO),
        );
        let mut removable: Vec<Candidate> = Vec::new();
        let mut counted = 0;
        for one in eligible {
            if counted >= most {
                verdicts[one.rank].1 = Some(MachineVerdict::NotLookedAt);
                continue;
            }
            match self.remove(snapshot, one) {
                None => {
                    counted += usize::from(!look.registry.groups[one.group].zero_or_max);
                    removable.push(*one);
                }
                Some(why) => {
                    let until = look.view.now + options.unremovable_node_recheck_timeout;
                    self.unremovable.insert(one.id, until);
                    verdicts[one.rank].1 = Some(why);
                }
            }
        }
        removable
    }

    /// Moves the pods of a machine elsewhere and closes it; why that cannot be, if it cannot.
    fn remove(&mut self, snapshot: &mut Snapshot, one: &Candidate) -> Option<MachineVerdict> {
        if snapshot.nodes()[one.node].pods.iter().any(|pod| pod.keep) {
            return Some(MachineVerdict::BlockedByPod);
        }
        let mark = snapshot.mark();
        let pods = snapshot.take_all(one.node);
        snapshot.close(one.node);
        let machine = |key| matches!(key, NodeKey::Machine(_));
        for pod in pods {
            if !self
                .placer
                .place(snapshot, pod, None, |node| machine(node.key))
            {
                snapshot.rollback(mark);
                return Some(MachineVerdict::NoPlaceToMovePods);
            }
        }
        None
    }

    /// Those that have not been needed for longer than the unneeded time and that their groups and
    /// limits can spare: those without pods first, then by age. As upstream, limits count machines
    /// that are going already as if they stayed, so looks in quick succession can undercut the least
    /// the cluster should have; the least sizes of groups are kept.
    fn removable_now(
        &self,
        look: &Look<'_>,
        removable: &[Candidate],
        verdicts: &mut Verdicts,
    ) -> Vec<Candidate> {
        let (view, options, registry) = (look.view, look.options, look.registry);
        let machines = view.machines.values();
        let counted = |one: &Machine| one.is_initialized(view.now);
        let nodes = machines.filter(|one| counted(one)).map(|one| {
            let of = &view.types[one.node_type];
            (&one.labels, &of.capacity)
        });
        let mut quota = Quota::downwards(&options.limits, &options.gpu_label, nodes);
        let going = |group| self.going.of_group(group) as u32;
        let sizes = look.census.iter().enumerate();
        let mut sizes: Vec<u32> = sizes
            .map(|(group, one)| one.target.saturating_sub(going(group)))
            .collect();
        let mut sorted = removable.to_vec();
        sorted.sort_by_key(|one| (!one.empty, one.id));
        sorted.retain(|one| {
            let Some(since) = self.unneeded.get(one.id) else {
                return false;
            };
            let long = options.scale_down_unneeded_time;
            let machine = &view.machines[&one.id];
            let node = (&machine.labels, &view.types[machine.node_type].capacity);
            let verdict = if long > Span::ZERO && since + long >= view.now {
                MachineVerdict::Unneeded { since }
            } else if sizes[one.group] <= registry.groups[one.group].min {
                MachineVerdict::GroupMinSize
            } else if quota.allowed(node, 1).0 == 0 {
                MachineVerdict::MinimumLimits
            } else {
                quota.consume(node, 1);
                sizes[one.group] -= 1;
                MachineVerdict::Removable { since }
            };
            verdicts[one.rank].1 = Some(verdict);
            matches!(verdict, MachineVerdict::Removable { .. })
        });
        sorted
    }

    /// Lets as many go as may at once.
    fn delete(
        &mut self,
        look: &Look<'_>,
        batch: &[Candidate],
        verdicts: &mut Verdicts,
        commands: &mut Vec<Command>,
    ) -> bool {
        let now = look.view.now;
        let chosen = budget::crop(batch, look, &self.going);
        for one in &chosen {
            commands.push(Command::Cordon(one.id));
            let drain = !one.empty;
            let due = now + look.options.node_delete_delay_after_taint;
            self.going.begin(one.id, one.group, drain, due);
            verdicts[one.rank].1 = Some(MachineVerdict::Deleted { drain });
        }
        if chosen.is_empty() {
            return false;
        }
        self.last_delete = Some(now);
        true
    }
}
