//! Pools as templates of nodes: their types, what is left of their limits, and daemon pods.

use super::super::labels::{HOSTNAME, NODEPOOL};
use super::super::objects::{HostPort, NodePool, NodeType, PodSpec};
use super::super::{Requirement, Requirements, Undefined};
use super::amounts::{Amounts, Units, add};
use super::bits::Bits;
use super::classes::{ClassId, Classes, OfTypes};
use super::filter::{Query, too_few};
use super::relax::tolerate;
use super::spec::strict;
use super::types::Types;
use super::{Problem, SolveError};
use crate::kube::{Effect, Resources, Taint, Toleration};
use std::cmp::Reverse;

/// Labels a node gets while it starts; daemon sets may ask for them.
const STARTED: [&str; 2] = ["karpenter.sh/registered", "karpenter.sh/initialized"];

/// A pool that can make nodes.
pub(super) struct Template<'p> {
    pub(super) pool: &'p NodePool,
    pub(super) requirements: Requirements,
    /// The labels of its nodes, but for the host name.
    pub(super) class: ClassId,
    pub(super) types: Bits,
    pub(super) daemons: Daemons,
}

/// Daemon pods by instance type: types with the same ones share a group.
pub(super) struct Daemons {
    pub(super) groups: Vec<DaemonGroup>,
    /// The group of every type there is.
    pub(super) of_type: Vec<usize>,
}

/// Daemon pods that go together.
pub(super) struct DaemonGroup {
    /// Indices of the daemon sets.
    sets: Vec<usize>,
    /// The types they go together on.
    pub(super) types: Bits,
    pub(super) amounts: Amounts,
    pub(super) ports: Vec<HostPort>,
}

/// Whether some pool has taints that pods would rather avoid.
pub(super) fn any_prefers(pools: &[NodePool]) -> bool {
    let mut taints = pools.iter().flat_map(|pool| &pool.taints);
    taints.any(|taint| taint.effect == Effect::PreferNoSchedule)
}

/// The first taint that is not tolerated; a preference counts until it is given up.
pub(super) fn untolerated(taints: &[Taint], tolerations: &[Toleration]) -> Result<(), SolveError> {
    let tolerated = |taint: &&Taint| !tolerations.iter().any(|one| one.tolerates(taint));
    match taints.iter().find(tolerated) {
        None => Ok(()),
        Some(taint) => Err(SolveError::Taint(taint.clone())),
    }
}

/// The templates of a problem: weight falls, then names fall; pools without a type are left out.
pub(super) fn all<'p>(
    problem: &'p Problem,
    units: &Units,
    types: &Types<'_>,
    classes: &mut Classes<'_>,
) -> Vec<Template<'p>> {
    let mut pools: Vec<&NodePool> = problem.pools.iter().collect();
    pools.sort_by_key(|pool| (Reverse(pool.weight), Reverse(&pool.name)));
    let mut all = Vec::new();
    for pool in pools {
        all.extend(Template::new(
            pool,
            all.len(),
            problem,
            units,
            types,
            classes,
        ));
    }
    all
}

impl<'p> Template<'p> {
    fn new(
        pool: &'p NodePool,
        number: usize,
        problem: &Problem,
        units: &Units,
        types: &Types<'_>,
        classes: &mut Classes<'_>,
    ) -> Option<Template<'p>> {
        let mut requirements = pool.requirements.clone();
        requirements.extend(Requirements::of_labels(&pool.labels).iter().cloned());
        requirements.add(Requirement::one_of(NODEPOOL, &[&pool.name]));
        requirements.extend(STARTED.map(|label| Requirement::one_of(label, &["true"])));
        let mut but_host = requirements.clone();
        but_host.set(HOSTNAME, None);
        let class = classes.intern(Some(number), but_host);
        let labels = match requirements.get(HOSTNAME) {
            None => classes.types(class, types),
            Some(_) => OfTypes::new(types, &requirements, classes.well_known()).into(),
        };
        let mut left = types.every();
        Query {
            types,
            daemons: &Daemons::none(problem, units),
            labels: &labels,
            requests: &units.dense(&Resources::new()),
            ports: &[],
        }
        .keep(&mut left);
        let enough = problem.options.relax_min_values
            || too_few(types.all, &left.iter().collect::<Vec<_>>(), &requirements).is_empty();
        if left.is_empty() || !enough {
            return None;
        }
        let daemons = Daemons::new(pool, &requirements, problem, units, classes.well_known());
        Some(Template {
            pool,
            requirements,
            class,
            types: left,
            daemons,
        })
    }
}

impl Daemons {
    /// No daemon pods at all.
    fn none(problem: &Problem, units: &Units) -> Daemons {
        let mut daemons = Daemons {
            groups: vec![DaemonGroup::of(Vec::new(), problem, units)],
            of_type: vec![0; problem.types.len()],
        };
        daemons.gather();
        daemons
    }

    fn new(
        pool: &NodePool,
        requirements: &Requirements,
        problem: &Problem,
        units: &Units,
        well_known: &[&str],
    ) -> Daemons {
        let mut daemons = Daemons {
            groups: Vec::new(),
            of_type: Vec::new(),
        };
        for of in &problem.types {
            let runs = |index: &usize| {
                daemon_runs(&problem.daemons[*index], pool, requirements, of, well_known)
            };
            let sets: Vec<usize> = (0..problem.daemons.len()).filter(runs).collect();
            let known = daemons.groups.iter().position(|group| group.sets == sets);
            daemons.of_type.push(known.unwrap_or(daemons.groups.len()));
            if known.is_none() {
                daemons.groups.push(DaemonGroup::of(sets, problem, units));
            }
        }
        daemons.gather();
        daemons
    }

    /// Tells every group its types.
    fn gather(&mut self) {
        for (index, group) in self.groups.iter_mut().enumerate() {
            group.types = Bits::of(self.of_type.len(), |one| self.of_type[one] == index);
        }
    }

    /// The least that daemon pods request, resource by resource, among the groups of these types
    /// that have any.
    pub(super) fn least(&self, types: &Bits) -> Option<Amounts> {
        let groups = self.groups.iter();
        groups
            .filter(|group| !group.sets.is_empty() && group.types.meets(types))
            .map(|group| group.amounts.clone())
            .reduce(|one, two| {
                one.iter()
                    .zip(&two)
                    .map(|(one, two)| *one.min(two))
                    .collect()
            })
    }
}

impl DaemonGroup {
    fn of(sets: Vec<usize>, problem: &Problem, units: &Units) -> DaemonGroup {
        let mut amounts = units.dense(&Resources::new());
        let mut ports = Vec::new();
        for daemon in sets.iter().map(|index| &problem.daemons[*index]) {
            add(&mut amounts, &units.dense(&one_pod(daemon)));
            ports.extend(daemon.host_ports.iter().cloned());
        }
        DaemonGroup {
            sets,
            types: Bits::default(),
            amounts,
            ports,
        }
    }
}

/// What a pod requests, itself included.
pub(super) fn one_pod(pod: &PodSpec) -> Resources {
    let mut requests = pod.requests.clone();
    requests.insert("pods".into(), 1);
    requests
}

/// Whether a daemon set will run on nodes of a type: any of its required terms will do, and it
/// does not mind taints that are preferences.
fn daemon_runs(
    daemon: &PodSpec,
    pool: &NodePool,
    requirements: &Requirements,
    of: &NodeType,
    well_known: &[&str],
) -> bool {
    let mut pod = daemon.clone();
    tolerate(&mut pod);
    if untolerated(&pool.taints, &pod.tolerations).is_err() {
        return false;
    }
    loop {
        let asked = strict(&pod);
        let undefined = Undefined::WellKnown(well_known);
        if requirements.compatible(&asked, undefined).is_ok()
            && of.requirements.intersects(&asked).is_ok()
        {
            return true;
        }
        match &mut pod.node_affinity.required {
            Some(terms) if terms.len() > 1 => drop(terms.remove(0)),
            _ => return false,
        }
    }
}
