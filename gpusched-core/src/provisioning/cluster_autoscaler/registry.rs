//! Node groups at work: how large they are, what is on its way, and what failed (`clusterstate`).

use super::backoff::Backoff;
use super::node_group::{NodeGroup, Template};
use super::{NodeGroupError, Options};
use crate::provisioning::controller::{Launch, MachineId, View};
use crate::provisioning::karpenter::objects::NodeType;
use crate::units::Time;
use std::collections::BTreeMap;

/// The groups and what was asked of them.
pub(super) struct Registry {
    pub(super) groups: Vec<NodeGroup>,
    pub(super) templates: Vec<Template>,
    of_id: BTreeMap<String, usize>,
    /// By machine: its group, as far as machines have been seen.
    of_machine: Vec<Option<usize>>,
    /// Launches the provider has not answered yet: the group.
    tickets: BTreeMap<u64, usize>,
    next_ticket: u64,
    /// By group: when nodes that are on their way are given up.
    requests: BTreeMap<usize, Time>,
    pub(super) backoff: Backoff,
}

/// A group at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// Nodes it is meant to have: its machines, those that are going too, and what was asked for.
    pub(super) target: u32,
    /// Nodes that are on their way and will take pods.
    pub(super) upcoming: u32,
    /// Machines that were launched longer ago than a node may take.
    pub(super) late: Vec<MachineId>,
}

impl Registry {
    pub(super) fn new(
        groups: Vec<NodeGroup>,
        types: &[NodeType],
    ) -> Result<Registry, NodeGroupError> {
        NodeGroup::check(&groups, types)?;
        let ids = groups.iter().enumerate();
        Ok(Registry {
            of_id: ids.map(|(at, group)| (group.id.clone(), at)).collect(),
            templates: groups.iter().map(|one| Template::new(one, types)).collect(),
            groups,
            of_machine: Vec::new(),
            tickets: BTreeMap::new(),
            next_ticket: 0,
            requests: BTreeMap::new(),
            backoff: Backoff::default(),
        })
    }

    /// Notes the groups of machines that are new. O(new machines · log groups).
    pub(super) fn follow(&mut self, view: &View) {
        let next = MachineId(self.of_machine.len() as u32);
        for (id, machine) in view.machines.range(next..) {
            let owner = machine.owner.as_ref();
            let group = owner.and_then(|owner| self.of_id.get(owner)).copied();
            self.of_machine.resize(id.0 as usize, None);
            self.of_machine.push(group);
        }
    }

    /// The group a machine belongs to that [`Registry::follow`] has seen.
    pub(super) fn group_of(&self, machine: MachineId) -> Option<usize> {
        self.of_machine.get(machine.0 as usize).copied().flatten()
    }

    /// All groups at an instant. O(machines).
    pub(super) fn census(&self, view: &View, options: &Options) -> Vec<Census> {
        let mut census = vec![Census::default(); self.groups.len()];
        for group in self.tickets.values() {
            census[*group].target += 1;
            census[*group].upcoming += 1;
        }
        for (id, machine) in &view.machines {
            let Some(group) = self.group_of(*id) else {
                continue;
            };
            let one = &mut census[group];
            one.target += 1;
            let late = machine.launched + options.max_node_provision_time < view.now;
            if machine.leaving.is_some() || machine.is_initialized(view.now) {
                continue;
            }
            match late && machine.registered > view.now {
                true => one.late.push(*id),
                false => one.upcoming += 1,
            }
        }
        census
    }

    /// Asks for nodes of a group.
    pub(super) fn grow(
        &mut self,
        group: usize,
        nodes: u32,
        now: Time,
        options: &Options,
    ) -> Vec<Launch> {
        self.requests
            .insert(group, now + options.max_node_provision_time);
        let of = &self.groups[group];
        let launch = |ticket| Launch {
            ticket,
            owner: of.id.clone(),
            options: vec![(of.node_type, of.offering)],
            labels: of.labels.clone(),
            taints: of.taints.clone(),
        };
        let tickets = self.next_ticket..self.next_ticket + u64::from(nodes);
        self.next_ticket = tickets.end;
        self.tickets
            .extend(tickets.clone().map(|ticket| (ticket, group)));
        tickets.map(launch).collect()
    }

    /// The provider has answered a launch.
    pub(super) fn answered(&mut self, ticket: u64) -> Option<usize> {
        self.tickets.remove(&ticket)
    }

    /// A node of a group will not come.
    pub(super) fn failed(&mut self, group: usize, now: Time, options: &Options) {
        self.backoff.fail(group, now, options);
    }

    /// Gives up requests whose time is over: the group is left alone for a while, and what the
    /// provider has not answered is no longer waited for. Requests that were met are done.
    pub(super) fn give_up_late(&mut self, census: &[Census], now: Time, options: &Options) {
        let requests = std::mem::take(&mut self.requests);
        for (group, expected) in requests {
            let waiting = census[group].upcoming > 0 || !census[group].late.is_empty();
            if waiting && expected < now {
                self.backoff.fail(group, now, options);
                self.tickets.retain(|_, of| *of != group);
            } else if waiting {
                self.requests.insert(group, expected);
            }
        }
    }

    /// When the next request is given up if nothing comes of it.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.requests.values().min().copied()
    }
}
