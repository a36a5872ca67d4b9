//! Pods and DaemonSets with all that a solve looks at.

use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::{pod_spec, selector};
use crate::manifest::meta::Meta;
use crate::manifest::time;
use gpusched_core::kube::{LabelSelector, Labels, pod_requests};
use gpusched_core::provisioning::karpenter::objects::{
    HostPort, PodSpec, PodTerm, PodTerms, Spread,
};
use gpusched_core::units::Time;

const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// A pod as manifests have it.
#[derive(Clone, Debug, PartialEq)]
pub struct StatePod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its unique id; namespace and name where it has none.
    pub uid: String,
    /// When it was made.
    pub created: Time,
    /// The node it is bound to.
    pub node: Option<String>,
    /// Whether a DaemonSet or the node itself runs it: it goes with its node.
    pub daemon: bool,
    /// What it wants.
    pub spec: PodSpec,
    /// Its priority.
    pub priority: i32,
    /// What its controller says deleting it costs.
    pub deletion_cost: i32,
    /// Whether its condition `Ready` is `False`.
    pub unready: bool,
    /// Since when, and until when, it must not be disrupted.
    pub(super) kept: Kept,
}

/// What `karpenter.sh/do-not-disrupt` of a pod says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kept {
    No,
    Always,
    /// A while from its start on.
    Until(Time),
}

impl StatePod {
    /// Namespace and name.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether it must not be disrupted at `now`.
    pub fn keep(&self, now: Time) -> bool {
        match self.kept {
            Kept::No => false,
            Kept::Always => true,
            Kept::Until(end) => now < end,
        }
    }
}

/// A Pod; `None` for one that has ended, is being deleted, or that gates keep from being scheduled.
pub(super) fn pod(at: &At<'_, '_>) -> Read<Option<StatePod>> {
    let meta = Meta::read(at)?;
    let (spec, status) = (at.field("spec"), at.field("status"));
    let ended = matches!(status.field("phase").str()?, Some("Succeeded" | "Failed"));
    let metadata = at.field("metadata");
    let leaving = metadata.field("deletionTimestamp").present();
    let gates = spec.field("schedulingGates");
    let gated = !gates.list(|_| Ok(()))?.is_empty();
    let node = spec.field("nodeName").name()?;
    if gated {
        let fault = gates.fault(format!(
            "pod {} is not scheduled while it is gated",
            meta.name
        ));
        gates.warn(fault.help("it is left out"));
    }
    if ended || gated || (leaving && node.is_none()) {
        return Ok(None);
    }
    let namespace = match meta.namespace.as_str() {
        "" => "default".to_owned(),
        given => given.to_owned(),
    };
    let annotations = metadata.field("annotations");
    let started = status.field("startTime").instant()?.unwrap_or(meta.created);
    let owned = |kind: &(String, String)| matches!(kind.0.as_str(), "DaemonSet" | "Node");
    Ok(Some(StatePod {
        uid: match meta.uid.as_str() {
            "" => format!("{namespace}/{}", meta.name),
            uid => uid.to_owned(),
        },
        created: meta.created,
        node,
        daemon: meta.owners.iter().any(owned) || leaving,
        spec: solve_spec(&spec, namespace.clone(), meta.labels)?,
        priority: spec.field("priority").i32()?.unwrap_or(0),
        unready: unready(&status)?,
        deletion_cost: deletion_cost(&annotations.field(DELETION_COST))?,
        kept: kept(&annotations.field(DO_NOT_DISRUPT), started)?,
        namespace,
        name: meta.name,
    }))
}

fn unready(status: &At<'_, '_>) -> Read<bool> {
    let all = status.field("conditions").list(|item| {
        let (of, is) = (item.field("type").str()?, item.field("status").str()?);
        Ok((of, is) == (Some("Ready"), Some("False")))
    })?;
    Ok(all.contains(&true))
}

/// What a DaemonSet puts on every node it matches.
pub(in crate::manifest) fn daemon_set(at: &At<'_, '_>) -> Read<PodSpec> {
    let meta = Meta::read(at)?;
    let spec = at.field("spec");
    let template = spec.field("template");
    let labels = template.field("metadata").field("labels").labels()?;
    let namespace = match meta.namespace.is_empty() {
        true => "default".to_owned(),
        false => meta.namespace,
    };
    solve_spec(&template.field("spec"), namespace, labels)
}

fn deletion_cost(at: &At<'_, '_>) -> Read<i32> {
    let Some(text) = at.str()? else { return Ok(0) };
    text.parse().map_err(|_| {
        let fault = at.fault(format!("`{text}` is no deletion cost"));
        fault.help("a whole number of 32 bits, such as \"-100\"")
    })
}

fn kept(at: &At<'_, '_>, started: Time) -> Read<Kept> {
    Ok(match at.str()? {
        Some("true") => Kept::Always,
        Some(text) => time::duration(text).map_or(Kept::No, |span| Kept::Until(started + span)),
        None => Kept::No,
    })
}

fn solve_spec(at: &At<'_, '_>, namespace: String, labels: Labels) -> Read<PodSpec> {
    let read = pod_spec(*at)?;
    let affinity = at.field("affinity");
    let ports = at.field("containers").list(|item| {
        let ports = item.field("ports").list(host_port)?;
        Ok(ports.into_iter().flatten().collect::<Vec<_>>())
    })?;
    Ok(PodSpec {
        requests: pod_requests(&read),
        node_selector: read.node_selector,
        node_affinity: read.affinity,
        tolerations: read.tolerations,
        spread: at
            .field("topologySpreadConstraints")
            .list(|item| spread(item, &labels))?,
        affinity: terms(&affinity.field("podAffinity"))?,
        anti_affinity: terms(&affinity.field("podAntiAffinity"))?,
        host_ports: ports.into_iter().flatten().collect(),
        namespace,
        labels,
    })
}

fn host_port(at: At<'_, '_>) -> Read<Option<HostPort>> {
    let port = at.field("hostPort");
    let Some(number) = port.i64()?.filter(|number| *number != 0) else {
        return Ok(None);
    };
    let number = u16::try_from(number).map_err(|_| {
        port.fault(format!("there is no port {number}"))
            .help("1 to 65535")
    })?;
    Ok(Some(HostPort {
        ip: at.field("hostIP").string()?,
        port: number,
        protocol: at.field("protocol").name()?.unwrap_or_else(|| "TCP".into()),
    }))
}

const SOFT: &[(&str, bool)] = &[("DoNotSchedule", false), ("ScheduleAnyway", true)];
const HONOR: &[(&str, bool)] = &[("Honor", true), ("Ignore", false)];

fn spread(at: At<'_, '_>, labels: &Labels) -> Read<Spread> {
    at.only(&[&[
        "maxSkew",
        "topologyKey",
        "whenUnsatisfiable",
        "labelSelector",
        "minDomains",
        "nodeTaintsPolicy",
        "nodeAffinityPolicy",
        "matchLabelKeys",
    ]])?;
    let skew = at.field("maxSkew");
    let max_skew = skew.i64()?.ok_or_else(|| skew.missing())?;
    if max_skew < 1 {
        return Err(skew.fault(format!("`maxSkew` is 1 or more, not {max_skew}")));
    }
    let soft = at.field("whenUnsatisfiable");
    let least = at.field("minDomains");
    let min_domains = match least.i64()? {
        None => None,
        Some(number) => match u32::try_from(number).ok().filter(|number| *number > 0) {
            Some(number) => Some(number),
            None => return Err(least.fault(format!("`minDomains` is 1 or more, not {number}"))),
        },
    };
    let mut chosen = selector(at.field("labelSelector"))?;
    for key in at.field("matchLabelKeys").strings()? {
        if let Some(value) = labels.get(&key) {
            let chosen = chosen.get_or_insert_with(LabelSelector::default);
            chosen.match_labels.insert(key, value.clone());
        }
    }
    Ok(Spread {
        max_skew,
        key: at.field("topologyKey").required()?,
        soft: soft.choice(SOFT)?.ok_or_else(|| soft.missing())?,
        selector: chosen,
        min_domains,
        honor_taints: at.field("nodeTaintsPolicy").choice(HONOR)?.unwrap_or(false),
        honor_affinity: at
            .field("nodeAffinityPolicy")
            .choice(HONOR)?
            .unwrap_or(true),
    })
}

fn terms(at: &At<'_, '_>) -> Read<PodTerms> {
    let preferred = at.field("preferredDuringSchedulingIgnoredDuringExecution");
    Ok(PodTerms {
        required: at
            .field("requiredDuringSchedulingIgnoredDuringExecution")
            .list(term)?,
        preferred: preferred.list(|item| {
            let weight = item.field("weight");
            let given = weight.i32()?.ok_or_else(|| weight.missing())?;
            Ok((given, term(item.field("podAffinityTerm"))?))
        })?,
    })
}

fn term(at: At<'_, '_>) -> Read<PodTerm> {
    let namespaces = at.field("namespaceSelector");
    if namespaces.present() {
        let fault = namespaces.fault("namespaces are not selected by label here");
        return Err(fault.help("name them under `namespaces`"));
    }
    Ok(PodTerm {
        key: at.field("topologyKey").required()?,
        selector: selector(at.field("labelSelector"))?,
        namespaces: at.field("namespaces").strings()?,
    })
}
