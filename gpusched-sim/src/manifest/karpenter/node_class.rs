//! EC2NodeClasses, and what a class of nodes changes about instance types.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::kube::{Quantity, Resources};
use gpusched_core::provisioning::karpenter::objects::NodeType;
use std::collections::BTreeSet;

/// Group and kind of AWS's class of nodes.
pub(super) const EC2: (&str, &str) = ("karpenter.k8s.aws", "EC2NodeClass");

/// Pods a node takes where nothing says how many: the kubelet's `maxPods`.
const MAX_PODS: i64 = 110;

/// Which class: group, kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClassRef {
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) name: String,
}

impl ClassRef {
    /// The label Karpenter gives to nodes of the class.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.group, self.kind.to_lowercase())
    }

    /// Whose types its nodes are; `None` = anybody's.
    pub(super) fn cloud(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "EC2NodeClass" => Some("aws"),
            "AKSNodeClass" => Some("azure"),
            "GCENodeClass" => Some("gcp"),
            _ => None,
        }
    }
}

/// What a class says of its nodes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NodeClass {
    pub(super) of: ClassRef,
    /// Zones of its subnets; `None` = every one.
    zones: Option<BTreeSet<String>>,
    max_pods: Option<i64>,
    pods_per_core: Option<i64>,
    kube_reserved: Resources,
    system_reserved: Resources,
    eviction: Option<Keep>,
}

/// Memory that pods are evicted to keep free.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keep {
    Bytes(i64),
    Percent(f64),
}

impl NodeClass {
    /// A class that says nothing.
    pub(super) fn plain(of: ClassRef) -> NodeClass {
        NodeClass {
            of,
            zones: None,
            max_pods: None,
            pods_per_core: None,
            kube_reserved: Resources::new(),
            system_reserved: Resources::new(),
            eviction: None,
        }
    }

    /// Makes a type what nodes of this class are.
    ///
    /// What a catalogue calls allocatable stands for the provider's own `kubeReserved`; a resource
    /// the class reserves itself replaces it.
    pub(super) fn apply(&self, of: &mut NodeType) {
        if let Some(zones) = &self.zones {
            of.offerings
                .retain(|one| zones.contains(&one.offering.zone));
        }
        let cores = of.capacity.get("cpu").copied().unwrap_or(0) / 1000;
        let most = self.max_pods.unwrap_or(MAX_PODS);
        let pods = match self.pods_per_core {
            Some(each) if each > 0 => most.min(each * cores.max(1)),
            _ => most,
        };
        for resource in ["cpu", "memory"] {
            let has = of.capacity.get(resource).copied().unwrap_or(0);
            let left = of.allocatable.get(resource).copied().unwrap_or(has);
            let own = self.kube_reserved.get(resource).copied();
            let system = self.system_reserved.get(resource).copied().unwrap_or(0);
            let evict = match (resource, self.eviction) {
                ("memory", Some(Keep::Bytes(bytes))) => bytes,
                ("memory", Some(Keep::Percent(share))) => (has as f64 * share / 100.0) as i64,
                _ => 0,
            };
            let kept = own.unwrap_or(has - left) + system + evict;
            of.allocatable.insert(resource.into(), (has - kept).max(0));
        }
        for amounts in [&mut of.capacity, &mut of.allocatable] {
            amounts.insert("pods".into(), pods);
        }
    }
}

/// An EC2NodeClass: zones of its subnets as its status has them, and its kubelet.
pub(super) fn node_class(at: &At<'_, '_>) -> Read<NodeClass> {
    let (group, kind) = EC2;
    let mut class = NodeClass::plain(ClassRef {
        group: group.into(),
        kind: kind.into(),
        name: Meta::read(at)?.name,
    });
    let status = at.field("status");
    let subnets = status.field("subnets");
    if subnets.present() {
        let zones = subnets.list(|item| item.field("zone").required())?;
        class.zones = Some(zones.into_iter().collect());
    }
    let spec = at.field("spec");
    let kubelet = spec.field("kubelet");
    class.max_pods = positive(&kubelet.field("maxPods"))?;
    class.pods_per_core = positive(&kubelet.field("podsPerCore"))?;
    class.kube_reserved = kubelet.field("kubeReserved").resources()?;
    class.system_reserved = kubelet.field("systemReserved").resources()?;
    class.eviction = eviction(&kubelet.field("evictionHard").field("memory.available"))?;
    Ok(class)
}

fn positive(at: &At<'_, '_>) -> Read<Option<i64>> {
    match at.i64()? {
        Some(number) if number < 0 => Err(at.fault(format!("{number} pods cannot be"))),
        number => Ok(number),
    }
}

fn eviction(at: &At<'_, '_>) -> Read<Option<Keep>> {
    let Some(text) = at.str()? else {
        return Ok(None);
    };
    let read = match text.strip_suffix('%') {
        Some(share) => share
            .parse()
            .ok()
            .filter(|share| (0.0..=100.0).contains(share))
            .map(Keep::Percent),
        None => text
            .parse::<Quantity>()
            .ok()
            .map(|one| Keep::Bytes(one.value())),
    };
    read.map(Some).ok_or_else(|| {
        let fault = at.fault(format!("`{text}` is neither a quantity nor a share"));
        fault.help("write it like 500Mi or 5%")
    })
}
