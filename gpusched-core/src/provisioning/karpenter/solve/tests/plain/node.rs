//! Nodes that are there and nodes to be made, with all their labels in words.

use super::super::super::amounts::{Amounts, add, fits};
use super::super::super::bits::Bits;
use super::super::super::classes::OfTypes;
use super::super::super::filter::{Query, offers, too_few};
use super::super::super::spec::{Spec, strict};
use super::super::super::template::{Template, one_pod, untolerated};
use super::super::super::{Filtered, NewNode, cheapest};
use super::super::*;
use super::World;
use crate::provisioning::karpenter::Undefined;
use std::collections::BTreeSet;

pub(super) struct Existing<'p> {
    pub(super) index: usize,
    pub(super) node: &'p ExistingNode,
    pub(super) pods: Vec<usize>,
    requirements: Requirements,
    remaining: Amounts,
    ports: Vec<HostPort>,
}

pub(super) fn existing<'p>(world: &mut World<'p>) -> Vec<Existing<'p>> {
    let problem = world.problem;
    let mut order: Vec<usize> = (0..problem.nodes.len()).collect();
    order.sort_by_key(|index| {
        (
            !problem.nodes[*index].initialized,
            &problem.nodes[*index].name,
        )
    });
    let all: Vec<Existing<'p>> = order
        .iter()
        .map(|index| Existing::new(*index, world))
        .collect();
    all.iter()
        .for_each(|one| world.topology.register(&one.requirements));
    all
}

impl<'p> Existing<'p> {
    fn new(index: usize, world: &World<'p>) -> Existing<'p> {
        let (node, units) = (&world.problem.nodes[index], &world.units);
        let labels = Requirements::of_labels(&node.labels);
        let mut remaining = units.dense(&node.available);
        let there = units.dense(&node.daemons);
        let mut due = units.dense(&Resources::new());
        for daemon in &world.problem.daemons {
            let wanted = labels.compatible(&strict(daemon), Undefined::Denied);
            if untolerated(&node.taints, &daemon.tolerations).is_ok() && wanted.is_ok() {
                add(&mut due, &units.dense(&one_pod(daemon)));
            }
        }
        for (left, (due, there)) in remaining.iter_mut().zip(due.iter().zip(&there)) {
            *left -= (due - there).max(0);
        }
        let mut requirements = labels;
        if requirements.get(HOSTNAME).is_none() {
            requirements.add(Requirement::one_of(HOSTNAME, &[&node.name]));
        }
        let ports = node.pods.iter().flat_map(|pod| pod.host_ports.clone());
        Existing {
            index,
            node,
            pods: Vec::new(),
            requirements,
            remaining,
            ports: ports.collect(),
        }
    }

    pub(super) fn add(
        &mut self,
        pod: usize,
        spec: &Spec,
        world: &mut World<'_>,
    ) -> Result<(), SolveError> {
        let taints = &self.node.taints;
        let wanted = narrowed(&self.requirements, spec, taints, Undefined::Denied, world)?;
        free(&self.ports, &spec.pod.host_ports)?;
        if !fits(&spec.amounts, &self.remaining) {
            return Err(SolveError::Resources);
        }
        world.topology.record(spec, taints, &wanted);
        for (left, want) in self.remaining.iter_mut().zip(&spec.amounts) {
            *left -= want;
        }
        self.requirements = wanted;
        self.ports.extend(spec.pod.host_ports.iter().cloned());
        self.pods.push(pod);
        Ok(())
    }
}

/// What a pod leaves of a node's labels: taints, labels, topology.
fn narrowed(
    labels: &Requirements,
    spec: &Spec,
    taints: &[Taint],
    undefined: Undefined<'_>,
    world: &World<'_>,
) -> Result<Requirements, SolveError> {
    untolerated(taints, &spec.pod.tolerations)?;
    let compatible = |labels: &Requirements, asked: &Requirements| {
        labels
            .compatible(asked, undefined)
            .map_err(SolveError::Incompatible)
    };
    compatible(labels, &spec.requirements)?;
    let wanted = labels.intersection(&spec.requirements);
    let pinned = world.topology.narrow(spec, &wanted)?;
    compatible(&wanted, &pinned)?;
    Ok(wanted.intersection(&pinned))
}

fn free(taken: &[HostPort], wanted: &[HostPort]) -> Result<(), SolveError> {
    let conflicts = |one: &&HostPort| taken.iter().any(|other| one.conflicts(other));
    match wanted.iter().find(conflicts) {
        Some(port) => Err(SolveError::HostPort(port.port)),
        None => Ok(()),
    }
}

pub(super) struct Claim {
    pub(super) template: usize,
    pub(super) pods: Vec<usize>,
    requirements: Requirements,
    types: Vec<usize>,
    requests: Amounts,
    ports: Vec<HostPort>,
    held: BTreeSet<String>,
}

impl Claim {
    pub(super) fn new(
        template: usize,
        number: usize,
        from: &Template<'_>,
        types: Bits,
        world: &World<'_>,
    ) -> Claim {
        let mut requirements = from.requirements.clone();
        let name = format!("hostname-placeholder-{number:06}");
        requirements.add(Requirement::one_of(HOSTNAME, &[name]));
        Claim {
            template,
            pods: Vec::new(),
            requirements,
            types: types.iter().collect(),
            requests: world.units.dense(&Resources::new()),
            ports: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    pub(super) fn bits(&self, world: &World<'_>) -> Bits {
        Bits::of(world.problem.types.len(), |one| self.types.contains(&one))
    }

    pub(super) fn add(
        &mut self,
        pod: usize,
        spec: &Spec,
        template: &Template<'_>,
        world: &mut World<'_>,
        relax_min_values: bool,
    ) -> Result<(), SolveError> {
        let (problem, taints) = (world.problem, &template.pool.taints);
        let undefined = Undefined::WellKnown(&world.well_known);
        let mut wanted = narrowed(&self.requirements, spec, taints, undefined, world)?;
        free(&self.ports, &spec.pod.host_ports)?;
        let mut requests = self.requests.clone();
        add(&mut requests, &spec.amounts);
        let mut labels = wanted.clone();
        labels.set(HOSTNAME, None);
        let labels = OfTypes::new(&world.types, &labels, &world.well_known);
        let passes = |one: &usize| {
            let group = &template.daemons.groups[template.daemons.of_type[*one]];
            let mut total = requests.clone();
            add(&mut total, &group.amounts);
            labels.each[*one].labels
                && labels.each[*one].offered
                && free(&group.ports, &spec.pod.host_ports).is_ok()
                && fits(&total, &world.types.allocatable[*one])
        };
        let types: Vec<usize> = self.types.iter().copied().filter(passes).collect();
        let few = too_few(&problem.types, &types, &wanted);
        if types.is_empty() || !(few.is_empty() || relax_min_values) {
            let query = Query {
                types: &world.types,
                daemons: &template.daemons,
                labels: &labels,
                requests: &requests,
                ports: &spec.pod.host_ports,
            };
            let named = world.units.named(&requests);
            let mut filtered = query.explain(&self.bits(world), wanted, named);
            if !types.is_empty() {
                filtered.min_values = few;
            }
            return Err(SolveError::Types(Box::new(filtered)));
        }
        for (key, values) in few {
            let lowered = wanted.get(&key).cloned();
            let lowered = lowered.map(|one| one.with_min_values(Some(values as u32)));
            wanted.set(&key, lowered);
        }
        let held = self.reservations(&types, &wanted, world)?;
        world.topology.register(&wanted);
        world.topology.record(spec, taints, &wanted);
        world.reservations.hold(&self.held, &held);
        self.held = held;
        self.pods.push(pod);
        self.types = types;
        self.requests = requests;
        self.requirements = wanted;
        self.ports.extend(spec.pod.host_ports.iter().cloned());
        Ok(())
    }

    fn reservations(
        &self,
        types: &[usize],
        wanted: &Requirements,
        world: &World<'_>,
    ) -> Result<BTreeSet<String>, SolveError> {
        let mode = world.problem.options.reserved;
        let all = types
            .iter()
            .flat_map(|one| &world.problem.types[*one].offerings);
        let usable = all.filter(|one| {
            mode != Reserved::Off
                && one.offering.capacity_type == CapacityType::Reserved
                && one.offering.available
                && offers(one, wanted, &world.well_known)
        });
        let open = usable
            .clone()
            .filter(|one| world.reservations.open(&self.held, one));
        let ids = open.filter_map(|one| one.offering.reservation.as_ref());
        let held: BTreeSet<String> = ids.map(|of| of.id.clone()).collect();
        if mode != Reserved::Strict || !held.is_empty() {
            return Ok(held);
        }
        match (usable.count() > 0, self.held.is_empty()) {
            (true, _) => Err(SolveError::Reserved(
                "instance types with reserved capacity would do, but all of it is held",
            )),
            (false, false) => Err(SolveError::Reserved(
                "the node would lose all reserved capacity it may use",
            )),
            (false, true) => Ok(held),
        }
    }

    pub(super) fn finish(
        mut self,
        template: &Template<'_>,
        world: &World<'_>,
    ) -> Result<NewNode, (Vec<usize>, SolveError)> {
        let problem = world.problem;
        self.requirements.set(HOSTNAME, None);
        if !self.held.is_empty() {
            let only = Requirement::one_of(CAPACITY_TYPE, &["reserved"]);
            self.requirements.set(CAPACITY_TYPE, Some(only));
            let ids = Vec::from_iter(&self.held);
            self.requirements
                .add(Requirement::one_of(RESERVATION_ID, &ids));
        }
        if let Some(least) = template.daemons.least(&self.bits(world)) {
            add(&mut self.requests, &least);
        }
        let types = self.types.len();
        self.types.sort_by_key(|one| {
            let of = &problem.types[*one];
            let price = cheapest(of, &self.requirements, &world.well_known);
            (price.is_none(), price, &of.name)
        });
        self.types.truncate(problem.options.max_types);
        let min_values = too_few(&problem.types, &self.types, &self.requirements);
        let requests = world.units.named(&self.requests);
        if !(min_values.is_empty() || problem.options.relax_min_values) {
            let filtered = Filtered {
                types,
                min_values,
                asked: self.requirements,
                requests,
                ..Filtered::default()
            };
            return Err((self.pods, SolveError::Types(Box::new(filtered))));
        }
        Ok(NewNode {
            pool: template.pool.name.clone(),
            pods: self.pods,
            requirements: self.requirements,
            types: self.types,
            requests,
        })
    }
}
