//! Whether a pod fits a node, and if not, why: the filters of the scheduler that a simulation runs.

use super::super::node_group::Template;
use super::units::Kind;
use super::{NodeKey, SimNode, Snapshot, neighbours};
use crate::kube::{Taint, untolerated};
use crate::provisioning::karpenter::labels::HOSTNAME;
use crate::provisioning::karpenter::objects::PodSpec;
use std::fmt;

/// Why a pod does not fit a node. The first filter that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A taint it does not tolerate.
    Taint(Taint),
    /// Its selector or node affinity.
    NodeAffinity,
    /// Not enough of a resource.
    Resource(String),
    /// A port that is taken.
    HostPort(u16),
    /// Topology spread, or affinity or anti-affinity to other pods.
    Neighbours(&'static str),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misfit::Taint(taint) => write!(f, "does not tolerate the taint {}", taint.key),
            Misfit::NodeAffinity => f.write_str("its node selector or affinity does not match"),
            Misfit::Resource(name) => write!(f, "not enough {name}"),
            Misfit::HostPort(port) => write!(f, "port {port} of the host is taken"),
            Misfit::Neighbours(what) => write!(f, "its {what} does not allow it"),
        }
    }
}

impl Snapshot {
    /// Whether a pod of a kind fits what is left of a node.
    pub(in super::super) fn fits(&mut self, kind: Kind, node: usize) -> bool {
        self.checks += 1;
        self.has_room(kind, node)
            && self.is_allowed(kind, node)
            && self.ports_free(kind, node).is_none()
            && self.neighbours_allow(kind, node).is_ok()
    }

    /// Why a pod of a kind does not fit a node; `None` = it does. In the scheduler's order of
    /// filters.
    pub(in super::super) fn misfit(&self, kind: Kind, node: usize) -> Option<Misfit> {
        let spec = self.spec(kind);
        let at = &self.nodes[node];
        let (_, taints) = &self.classes[at.class.0 as usize];
        if let Some(taint) = untolerated(taints, &[&spec.tolerations]) {
            return Some(Misfit::Taint(taint.clone()));
        }
        if !self.affinity_allows(spec, at) {
            return Some(Misfit::NodeAffinity);
        }
        if let Some(port) = self.ports_free(kind, node) {
            return Some(Misfit::HostPort(port));
        }
        let amounts = &self.kinds.all[kind.0 as usize].amounts;
        let short = amounts.iter().find(|(one, want)| at.free[*one] < *want);
        if let Some((one, _)) = short {
            return Some(Misfit::Resource(self.kinds.resource(*one)));
        }
        self.neighbours_allow(kind, node).err()
    }

    /// Why a pod of a kind does not fit a fresh node of a group; `None` = it does. Where no pod
    /// minds its neighbours the answer stays, and is looked up.
    pub(in super::super) fn misfit_on_fresh(
        &mut self,
        kind: Kind,
        group: usize,
        template: &Template,
    ) -> Option<Misfit> {
        let stays = !self.any_minds;
        if let Some(known) = self.on_fresh.get(&(kind, group)).filter(|_| stays) {
            return known.clone();
        }
        let mark = self.mark();
        let node = self.add(NodeKey::New(0), template);
        let misfit = self.misfit(kind, node);
        self.rollback(mark);
        if stays {
            self.on_fresh.insert((kind, group), misfit.clone());
        }
        misfit
    }

    fn has_room(&self, kind: Kind, node: usize) -> bool {
        let amounts = &self.kinds.all[kind.0 as usize].amounts;
        let free = &self.nodes[node].free;
        amounts.iter().all(|(at, want)| *want <= free[*at])
    }

    /// Whether labels and taints allow it: the same for all nodes of a class, unless the pod asks
    /// for nodes by name.
    fn is_allowed(&mut self, kind: Kind, node: usize) -> bool {
        let at = &self.nodes[node];
        let of = &self.kinds.all[kind.0 as usize];
        let look = |snapshot: &Snapshot| {
            let (_, taints) = &snapshot.classes[at.class.0 as usize];
            untolerated(taints, &[&of.spec.tolerations]).is_none()
                && snapshot.affinity_allows(&of.spec, at)
        };
        if of.by_name {
            return look(self);
        }
        let (row, column) = (kind.0 as usize, at.class.0 as usize);
        let known = self.allowed.get(row).and_then(|row| row.get(column));
        if let Some(Some(known)) = known {
            return *known;
        }
        let allowed = look(self);
        if self.allowed.len() <= row {
            self.allowed.resize(row + 1, Vec::new());
        }
        if self.allowed[row].len() <= column {
            self.allowed[row].resize(column + 1, None);
        }
        self.allowed[row][column] = Some(allowed);
        allowed
    }

    pub(super) fn affinity_allows(&self, spec: &PodSpec, at: &SimNode) -> bool {
        let (labels, _) = &self.classes[at.class.0 as usize];
        let mut selected = spec.node_selector.iter();
        if !selected.all(|(key, value)| self.label(at, key) == Some(value)) {
            return false;
        }
        if spec.node_affinity.required.is_none() {
            return true;
        }
        let mut named = labels.clone();
        named.insert(HOSTNAME.into(), at.name.clone());
        spec.node_affinity.allows(&named, &at.name)
    }

    /// A port the pod wants and a pod there has.
    fn ports_free(&self, kind: Kind, node: usize) -> Option<u16> {
        let wanted = &self.spec(kind).host_ports;
        if wanted.is_empty() {
            return None;
        }
        let there = self.nodes[node].pods.iter();
        let taken: Vec<_> = there
            .flat_map(|other| &self.spec(other.kind).host_ports)
            .collect();
        let conflict = wanted
            .iter()
            .find(|one| taken.iter().any(|other| one.conflicts(other)));
        conflict.map(|one| one.port)
    }

    fn neighbours_allow(&self, kind: Kind, node: usize) -> Result<(), Misfit> {
        match self.any_minds {
            true => neighbours::allow(self, kind, node).map_err(Misfit::Neighbours),
            false => Ok(()),
        }
    }
}
