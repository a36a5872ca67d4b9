//! Pools as templates of nodes: their types, what is left of their limits, and daemon pods.

use super::super::labels::NODEPOOL;
use super::super::objects::{HostPort, NodePool, NodeType, PodSpec};
use super::super::{Requirement, Requirements, Undefined};
use super::amounts::{Amounts, Units, add};
use super::filter::{Query, compat};
use super::relax::tolerate;
use super::spec::strict;
use super::{Problem, SolveError};
use crate::kube::{Effect, Resources, Taint, Toleration};
use std::cmp::Reverse;

/// Labels a node gets while it starts; daemon sets may ask for them.
const STARTED: [&str; 2] = ["karpenter.sh/registered", "karpenter.sh/initialized"];

/// A pool that can make nodes.
pub(super) struct Template<'p> {
    pub(super) pool: &'p NodePool,
    pub(super) requirements: Requirements,
    pub(super) types: Vec<usize>,
    pub(super) daemons: Daemons,
    /// What its limits leave.
    remaining: Option<Resources>,
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
    allocatable: &[Amounts],
    well_known: &[&str],
) -> Vec<Template<'p>> {
    let mut pools: Vec<&NodePool> = problem.pools.iter().collect();
    pools.sort_by_key(|pool| (Reverse(pool.weight), Reverse(&pool.name)));
    let template = |pool| Template::new(pool, problem, units, allocatable, well_known);
    pools.into_iter().filter_map(template).collect()
}

impl<'p> Template<'p> {
    fn new(
        pool: &'p NodePool,
        problem: &Problem,
        units: &Units,
        allocatable: &[Amounts],
        well_known: &[&str],
    ) -> Option<Template<'p>> {
        let mut requirements = pool.requirements.clone();
        requirements.extend(Requirements::of_labels(&pool.labels).iter().cloned());
        requirements.add(Requirement::one_of(NODEPOOL, &[&pool.name]));
        requirements.extend(STARTED.map(|label| Requirement::one_of(label, &["true"])));
        let nothing = Daemons {
            groups: vec![DaemonGroup::of(Vec::new(), problem, units)],
            of_type: vec![0; problem.types.len()],
        };
        let query = Query {
            types: &problem.types,
            allocatable,
            daemons: &nothing,
            asked: &requirements,
            compat: &compat(&problem.types, &requirements, well_known),
            requests: &units.dense(&Resources::new()),
            ports: &[],
        };
        let types = query.remaining(&(0..problem.types.len()).collect::<Vec<_>>());
        let relaxed = problem.options.relax_min_values;
        if types.is_empty() || !(relaxed || query.min_values(&types).is_empty()) {
            return None;
        }
        let daemons = Daemons::new(pool, &requirements, problem, units, well_known);
        Some(Template {
            pool,
            requirements,
            types,
            daemons,
            remaining: remaining(pool, problem),
        })
    }

    /// The types that would break no limit.
    ///
    /// Nodes planned in this solve count with what they have, but are not counted: the limit on
    /// `nodes` is one on nodes that are there, as upstream.
    pub(super) fn within_limits(&self, problem: &Problem) -> Result<Vec<usize>, SolveError> {
        let Some(remaining) = &self.remaining else {
            return Ok(self.types.clone());
        };
        if remaining.get("nodes") == Some(&0) {
            return Err(SolveError::NodeLimit(self.pool.name.clone()));
        }
        let has = |one: &usize, resource: &String| {
            problem.types[*one]
                .capacity
                .get(resource)
                .copied()
                .unwrap_or(0)
        };
        let within = |one: &&usize| {
            remaining
                .iter()
                .all(|(resource, left)| has(one, resource) <= *left)
        };
        let types: Vec<usize> = self.types.iter().filter(within).copied().collect();
        match types.is_empty() {
            true => Err(SolveError::Limits(self.pool.name.clone())),
            false => Ok(types),
        }
    }

    /// Takes the most any of these types could have off what the limits leave.
    pub(super) fn charge(&mut self, types: &[usize], problem: &Problem) {
        for (resource, left) in self.remaining.iter_mut().flatten() {
            let has = |one: &usize| problem.types[*one].capacity.get(resource).copied();
            let most = types.iter().filter_map(has).max().unwrap_or(0);
            *left = left.saturating_sub(most);
        }
    }
}

/// Limits less what the pool's nodes have.
fn remaining(pool: &NodePool, problem: &Problem) -> Option<Resources> {
    let mut left = pool.limits.clone()?;
    let of_pool = |labels: &crate::kube::Labels| labels.get(NODEPOOL) == Some(&pool.name);
    for node in problem.nodes.iter().filter(|node| of_pool(&node.labels)) {
        for (resource, left) in &mut left {
            let has = match resource.as_str() {
                "nodes" => 1,
                _ => node.capacity.get(resource).copied().unwrap_or(0),
            };
            *left = left.saturating_sub(has);
        }
    }
    Some(left)
}

impl Daemons {
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
        daemons
    }

    /// The least that daemon pods request, resource by resource, among the groups of these types
    /// that have any.
    pub(super) fn least(&self, types: &[usize]) -> Option<Amounts> {
        let groups = self.groups.iter().enumerate();
        groups
            .filter(|(index, group)| {
                !group.sets.is_empty() && types.iter().any(|one| self.of_type[*one] == *index)
            })
            .map(|(_, group)| group.amounts.clone())
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
