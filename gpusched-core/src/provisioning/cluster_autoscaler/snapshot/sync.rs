//! Following the machines of a view.

use super::{NodeKey, SimNode, Snapshot, Tenant};
use crate::kube::Labels;
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
        for machine in view.machines.values() {
            for one in machine.pods.iter().filter(|one| counts(&one.pod)) {
                self.kind(&one.pod.spec);
            }
        }
        let width = self.kinds.resources();
        let mut old = std::mem::take(&mut self.nodes).into_iter().peekable();
        let mut nodes = Vec::with_capacity(view.machines.len());
        for (id, machine) in &view.machines {
            let key = NodeKey::Machine(*id);
            while old.next_if(|node| node.key < key).is_some() {}
            let known = old.next_if(|node| node.key == key);
            if !shown(machine) {
                continue;
            }
            let same =
                known.filter(|one| one.version == machine.version && one.free.len() == width);
            let mut node = match same {
                Some(node) => node,
                None => self.node(*id, machine, &counts),
            };
            node.open = !machine.cordoned && machine.leaving.is_none();
            nodes.push(node);
        }
        self.nodes = nodes;
    }

    fn node(
        &mut self,
        id: MachineId,
        machine: &Machine,
        counts: &impl Fn(&ViewPod) -> bool,
    ) -> SimNode {
        let mut labels: Labels = machine.labels.clone();
        let hostname = labels
            .remove(HOSTNAME)
            .unwrap_or_else(|| machine.name.clone());
        let key = NodeKey::Machine(id);
        let place = (&labels, machine.taints.as_slice());
        let mut node = self.empty(key, hostname, place, &machine.allocatable);
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
