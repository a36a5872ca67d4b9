//! A node that is to be made: who can join it, and what is left of its options.

use super::super::labels::{CAPACITY_TYPE, HOSTNAME, RESERVATION_ID};
use super::super::objects::{HostPort, NodeOffering};
use super::super::{Incompatible, Requirement, Requirements, Undefined};
use super::amounts::{Amounts, Units, add};
use super::filter::{Compat, Query, compat, offers, too_few};
use super::reservations::Reservations;
use super::spec::Spec;
use super::template::{Template, untolerated};
use super::topology::Topology;
use super::{Filtered, NewNode, Problem, Reserved, SolveError, cheapest};
use crate::provisioning::catalog::CapacityType;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a claim is checked against.
pub(super) struct Context<'a, 'p> {
    pub(super) problem: &'p Problem,
    pub(super) well_known: &'a [&'p str],
    pub(super) units: &'a Units,
    pub(super) allocatable: &'a [Amounts],
    pub(super) reservations: &'a mut Reservations,
    pub(super) topology: &'a mut Topology<'p>,
    pub(super) compat: &'a mut CompatCache,
    /// Whether a refusal for good is remembered.
    pub(super) remember: bool,
}

/// What labels mean for types, by labels; worked out once for each.
pub(super) type CompatCache = FxHashMap<Requirements, Rc<[Compat]>>;

/// A node that is to be made.
pub(super) struct Claim {
    /// Which claim it is, in order of making.
    number: usize,
    pub(super) template: usize,
    pub(super) pods: Vec<usize>,
    requirements: Requirements,
    /// What it may be.
    pub(super) types: Vec<usize>,
    requests: Amounts,
    ports: Vec<HostPort>,
    held: BTreeSet<String>,
    /// Wishes that can never be met here, by spec: what is left of a claim only shrinks.
    refused: Vec<bool>,
}

/// Why a pod cannot join, and whether that is for good.
struct Refusal(SolveError, bool);

impl Claim {
    /// An empty claim on a template; its host name stands for a node that has none yet.
    pub(super) fn new(
        template: usize,
        number: usize,
        from: &Template<'_>,
        types: Vec<usize>,
        units: &Units,
    ) -> Claim {
        let mut requirements = from.requirements.clone();
        let hostname = format!("hostname-placeholder-{number:06}");
        requirements.add(Requirement::one_of(HOSTNAME, &[hostname]));
        Claim {
            number,
            template,
            pods: Vec::new(),
            requirements,
            types,
            requests: units.dense(&Default::default()),
            ports: Vec::new(),
            held: BTreeSet::new(),
            refused: Vec::new(),
        }
    }

    /// Adds a pod if it can be added. Checks in order: taints, labels, topology (which may pin one
    /// domain), instance types, reservations.
    pub(super) fn try_add(
        &mut self,
        pod: usize,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
        relax_min_values: bool,
    ) -> Result<(), SolveError> {
        if context.remember && self.refused.get(spec.id) == Some(&true) {
            return Err(SolveError::Resources);
        }
        let result = self.add(pod, spec, template, context, relax_min_values);
        result.map_err(|Refusal(error, for_good)| {
            if for_good {
                self.refused
                    .resize(self.refused.len().max(spec.id + 1), false);
                self.refused[spec.id] = true;
            }
            error
        })
    }

    fn add(
        &mut self,
        pod: usize,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
        relax_min_values: bool,
    ) -> Result<(), Refusal> {
        let taints = &template.pool.taints;
        let undefined = Undefined::WellKnown(context.well_known);
        untolerated(taints, &spec.pod.tolerations).map_err(|error| Refusal(error, true))?;
        self.requirements
            .compatible(&spec.requirements, undefined)
            .map_err(|error| {
                // Another pod may yet define the label, by not wanting some of its values.
                let for_good = !matches!(error, Incompatible::Unknown(_));
                Refusal(SolveError::Incompatible(error), for_good)
            })?;
        let mut wanted = self.requirements.intersection(&spec.requirements);
        let pinned = context
            .topology
            .narrow(spec, taints, &wanted)
            .map_err(|(error, for_good)| Refusal(error, for_good))?;
        if let Some(pinned) = &pinned {
            wanted
                .compatible(pinned, undefined)
                .map_err(|error| Refusal(SolveError::Incompatible(error), false))?;
            wanted.extend(pinned.iter().cloned());
        }
        if let Some(port) = self.taken(&spec.pod.host_ports) {
            return Err(Refusal(SolveError::HostPort(port), true));
        }
        let mut requests = self.requests.clone();
        add(&mut requests, &spec.amounts);
        let types = self
            .filter(
                &mut wanted,
                &requests,
                spec,
                template,
                context,
                relax_min_values,
            )
            // Another domain may leave other types.
            .map_err(|filtered| Refusal(SolveError::Types(filtered), pinned.is_none()))?;
        let held = self
            .reservations(&types, &wanted, context)
            .map_err(|why| Refusal(SolveError::Reserved(why), false))?;

        let hostname = wanted
            .get(HOSTNAME)
            .and_then(|one| one.values().first().cloned());
        context.topology.register(hostname.as_deref());
        context.topology.record(spec, taints, &wanted);
        context.reservations.hold(self.number, &held);
        self.held = held;
        self.pods.push(pod);
        self.types = types;
        self.requests = requests;
        self.requirements = wanted;
        self.ports.extend(spec.pod.host_ports.iter().cloned());
        Ok(())
    }

    fn taken(&self, ports: &[HostPort]) -> Option<u16> {
        let conflicts = |one: &&HostPort| self.ports.iter().any(|other| one.conflicts(other));
        ports.iter().find(conflicts).map(|one| one.port)
    }

    /// The types left; lowers `minValues` in `wanted` to what there is if that is allowed.
    fn filter(
        &self,
        wanted: &mut Requirements,
        requests: &[i64],
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
        relax_min_values: bool,
    ) -> Result<Vec<usize>, Box<Filtered>> {
        let types = &context.problem.types;
        // No type has a host name: claims that differ in nothing else share the answer.
        let mut labels = wanted.clone();
        labels.set(HOSTNAME, None);
        let well_known = context.well_known;
        let known = context.compat.entry(labels);
        let known = known.or_insert_with_key(|labels| compat(types, labels, well_known).into());
        let query = Query {
            types,
            allocatable: context.allocatable,
            daemons: &template.daemons,
            asked: wanted,
            compat: known,
            requests,
            ports: &spec.pod.host_ports,
        };
        let left = query.remaining(&self.types);
        let few = query.min_values(&left);
        if left.is_empty() || !(few.is_empty() || relax_min_values) {
            let mut filtered = query.explain(&self.types, context.units.named(requests));
            if !left.is_empty() {
                filtered.min_values = few;
            }
            return Err(Box::new(filtered));
        }
        for (key, values) in few {
            let lowered = wanted.get(&key).cloned();
            let lowered = lowered.map(|one| one.with_min_values(Some(values as u32)));
            wanted.set(&key, lowered);
        }
        Ok(left)
    }

    /// The reservations it may come to use with these types.
    fn reservations(
        &self,
        types: &[usize],
        wanted: &Requirements,
        context: &Context<'_, '_>,
    ) -> Result<BTreeSet<String>, &'static str> {
        let mode = context.problem.options.reserved;
        if mode == Reserved::Off {
            return Ok(BTreeSet::new());
        }
        let usable = |one: &&NodeOffering| {
            one.offering.capacity_type == CapacityType::Reserved
                && one.offering.available
                && offers(one, wanted, context.well_known)
        };
        let (mut any, mut held) = (false, BTreeSet::new());
        for one in types
            .iter()
            .flat_map(|index| &context.problem.types[*index].offerings)
        {
            if !usable(&one) {
                continue;
            }
            any = true;
            if context.reservations.open(self.number, one) {
                held.extend(one.offering.reservation.as_ref().map(|of| of.id.clone()));
            }
        }
        if mode == Reserved::Strict && held.is_empty() {
            if any {
                return Err(
                    "instance types with reserved capacity would do, but all of it is held",
                );
            }
            if !self.held.is_empty() {
                return Err("the node would lose all reserved capacity it may use");
            }
        }
        Ok(held)
    }

    /// The node to make; or its pods, if no longer enough types are left once only the cheapest
    /// are kept.
    pub(super) fn finish(
        mut self,
        template: &Template<'_>,
        problem: &Problem,
        units: &Units,
        well_known: &[&str],
    ) -> Result<NewNode, (Vec<usize>, SolveError)> {
        self.requirements.set(HOSTNAME, None);
        if !self.held.is_empty() {
            let reserved = CapacityType::Reserved.name();
            let only = Requirement::one_of(CAPACITY_TYPE, &[reserved]);
            self.requirements.set(CAPACITY_TYPE, Some(only));
            let ids: Vec<&String> = self.held.iter().collect();
            self.requirements
                .add(Requirement::one_of(RESERVATION_ID, &ids));
        }
        if let Some(least) = template.daemons.least(&self.types) {
            add(&mut self.requests, &least);
        }
        let price = |index: usize| {
            let of = &problem.types[index];
            let price = cheapest(of, &self.requirements, well_known);
            (price.is_none(), price, &of.name)
        };
        let all = self.types.len();
        self.types.sort_by(|one, two| price(*one).cmp(&price(*two)));
        self.types.truncate(problem.options.max_types);
        let few = too_few(&problem.types, &self.types, &self.requirements);
        if !(few.is_empty() || problem.options.relax_min_values) {
            let filtered = Filtered {
                types: all,
                min_values: few,
                asked: self.requirements,
                requests: units.named(&self.requests),
                ..Filtered::default()
            };
            return Err((self.pods, SolveError::Types(Box::new(filtered))));
        }
        Ok(NewNode {
            pool: template.pool.name.clone(),
            pods: self.pods,
            requirements: self.requirements,
            types: self.types,
            requests: units.named(&self.requests),
        })
    }
}
