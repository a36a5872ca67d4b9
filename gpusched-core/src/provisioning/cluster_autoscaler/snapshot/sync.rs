//! Following the machines of a view.

use super::{NodeKey, SimNode, Snapshot, Tenant};
use crate::provisioning::controller::{Machine, MachineId, View, ViewPod};
use crate::provisioning::karpenter::labels::HOSTNAME;

impl Snapshot {
    /// Makes the nodes those machines of the view that `shown` allows, with the pods `counts`
    /// allows; a machine that has not changed is not looked at again. What was tried before is
    /// taken back first. O(machines), and what changed.
    pub(in super::super) fn sync(
        &mut self,
        view: &View,
        shown: impl Fn(&Machine) -> bool,
        counts: impl Fn(&ViewPod) -> bool,
    ) {
        self.rollback(super::Mark(0));
        // Kinds first: a node is as wide as there are resources.
        let mut at = 0;
        for (id, machine) in &view.machines {
            let known = self.advance(&mut at, *id);
            if known.is_none_or(|node| node.version != machine.version) {
                for one in machine.pods.iter().filter(|one| counts(&one.pod)) {
                    self.kind(&one.pod.spec);
                }
            }
        }
        let mut machines = view.machines.iter().peekable();
        self.nodes.retain(|node| {
            while machines
                .next_if(|(id, _)| NodeKey::Machine(**id) < node.key)
                .is_some()
            {}
            let there = machines.next_if(|(id, _)| NodeKey::Machine(**id) == node.key);
            there.is_some_and(|(_, machine)| shown(machine))
        });
        let width = self.kinds.resources();
        let mut new = Vec::new();
        at = 0;
        for (id, machine) in view.machines.iter().filter(|(_, one)| shown(one)) {
            let same = |node: &SimNode| node.version == machine.version && node.free.len() == width;
            let known = self.advance(&mut at, *id);
            let (there, same) = (known.is_some(), known.is_some_and(same));
            let open = !machine.cordoned && machine.leaving.is_none();
            if same {
                self.nodes[at].open = open;
                continue;
            }
            let mut node = self.node(*id, machine, &counts);
            node.open = open;
            match there {
                true => self.nodes[at] = node,
                false => new.push(node),
            }
        }
        if !new.is_empty() {
            self.nodes.extend(new);
            self.nodes.sort_by_key(|node| node.key);
        }
    }

    /// Moves `at` on to a machine, if it is there: machines stand by id.
    pub(in super::super) fn advance(&self, at: &mut usize, id: MachineId) -> Option<&SimNode> {
        let key = NodeKey::Machine(id);
        while self.nodes.get(*at).is_some_and(|node| node.key < key) {
            *at += 1;
        }
        self.nodes.get(*at).filter(|node| node.key == key)
    }

    fn node(
        &mut self,
        id: MachineId,
        machine: &Machine,
        counts: &impl Fn(&ViewPod) -> bool,
    ) -> SimNode {
        let hostname = machine.labels.get(HOSTNAME).unwrap_or(&machine.name);
        let key = NodeKey::Machine(id);
        let place = (&machine.labels, machine.taints.as_slice());
        let mut node = self.empty(key, hostname.clone(), place, &machine.allocatable);
        for one in machine.pods.iter().filter(|one| counts(&one.pod)) {
            let kind = self.kind(&one.pod.spec);
            for &(at, amount) in &self.kinds.all[kind.0 as usize].amounts {
                node.free[at] = node.free[at].saturating_sub(amount);
            }
            node.pods.push(Tenant::new(&one.pod, kind));
        }
        node.version = machine.version;
        node
    }
}
