//! A node that is to be made: who can join it, and what is left of its options.

use super::super::labels::{CAPACITY_TYPE, HOSTNAME, RESERVATION_ID};
use super::super::objects::HostPort;
use super::super::{Requirement, Requirements};
use super::amounts::{Amounts, Units, add};
use super::bits::Bits;
use super::classes::{ClassId, Classes, by_price};
use super::filter::{Query, offers, too_few};
use super::reservations::Reservations;
use super::seat::{Narrowed, Refusal, Seat};
use super::spec::Spec;
use super::template::Template;
use super::topology::{Scope, Topology};
use super::types::Types;
use super::{Filtered, NewNode, Problem, Reserved, SolveError};
use crate::provisioning::catalog::CapacityType;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a claim is checked against.
pub(super) struct Context<'a, 'p> {
    pub(super) problem: &'p Problem,
    pub(super) units: &'a Units,
    pub(super) types: &'a Types<'p>,
    pub(super) classes: &'a mut Classes<'p>,
    pub(super) topology: &'a mut Topology<'p>,
    pub(super) reservations: &'a mut Reservations,
}

/// A node that is to be made.
pub(super) struct Claim {
    pub(super) template: usize,
    pub(super) pods: Vec<usize>,
    pub(super) seat: Seat,
    /// What it may be.
    pub(super) types: Bits,
    requests: Amounts,
    ports: Vec<HostPort>,
    held: BTreeSet<String>,
}

/// What a claim becomes when a pod joins.
pub(super) struct Change {
    class: ClassId,
    /// Another host name, if its `minValues` were lowered.
    name: Option<Requirement>,
    types: Bits,
    requests: Amounts,
    held: BTreeSet<String>,
}

impl Claim {
    /// An empty claim on a template; its host name stands for a node that has none yet.
    pub(super) fn new(
        template: usize,
        number: usize,
        from: &Template<'_>,
        types: Bits,
        context: &mut Context<'_, '_>,
    ) -> Claim {
        let name = format!("hostname-placeholder-{number:06}");
        let own = Requirement::one_of(HOSTNAME, &[&name]);
        // The pool may ask for a host of its own.
        let own = match from.requirements.get(HOSTNAME) {
            Some(asked) => own.intersection(asked),
            None => own,
        };
        Claim {
            template,
            pods: Vec::new(),
            seat: Seat {
                class: from.class,
                host: own.has(&name).then(|| context.topology.hosts.number(&name)),
                name: own,
            },
            types,
            requests: context.units.dense(&Default::default()),
            ports: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    /// The claim with its first pod.
    ///
    /// # Errors
    /// Why it cannot be made for this pod.
    pub(super) fn started(
        mut self,
        pod: usize,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
    ) -> Result<Claim, SolveError> {
        let taints = &template.pool.taints;
        let relax = context.problem.options.relax_min_values;
        let (classes, topology) = (&mut *context.classes, &*context.topology);
        let narrowed = self
            .seat
            .narrow(spec, taints, Scope::All, classes, topology);
        let joined =
            narrowed.and_then(|narrowed| self.joined(spec, narrowed, template, context, relax));
        match joined {
            Ok(change) => {
                self.join(pod, spec, change, template, context);
                Ok(self)
            }
            Err(refusal) => Err(self.error(refusal, spec, template, context)),
        }
    }

    /// Whether a pod can join.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn would_join(
        &self,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
        relax_min_values: bool,
    ) -> Result<(), SolveError> {
        let taints = &template.pool.taints;
        let (classes, topology) = (&mut *context.classes, &*context.topology);
        let narrowed = self
            .seat
            .narrow(spec, taints, Scope::All, classes, topology);
        let joined = narrowed
            .and_then(|narrowed| self.joined(spec, narrowed, template, context, relax_min_values));
        match joined {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.error(refusal, spec, template, context)),
        }
    }

    /// What it becomes when a pod joins that leaves this of its labels. Checks in order: ports,
    /// instance types, reservations.
    pub(super) fn joined(
        &self,
        spec: &Spec,
        narrowed: Narrowed,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
        relax_min_values: bool,
    ) -> Result<Change, Refusal> {
        let ports = &spec.pod.host_ports;
        let conflicts = |one: &&HostPort| self.ports.iter().any(|other| one.conflicts(other));
        if let Some(taken) = ports.iter().find(conflicts) {
            return Err(Refusal::Port(taken.port));
        }
        let mut requests = self.requests.clone();
        add(&mut requests, &spec.amounts);
        let mut types = self.types.clone();
        let labels = context.classes.types(narrowed.class, context.types);
        Query {
            types: context.types,
            daemons: &template.daemons,
            labels: &labels,
            requests: &requests,
            ports,
        }
        .keep(&mut types);
        if types.is_empty() {
            return Err(Refusal::Types(narrowed));
        }
        let (mut class, mut name) = (narrowed.class, None);
        let few = self.too_few(class, &types, context);
        if !few.is_empty() {
            if !relax_min_values {
                return Err(Refusal::Types(narrowed));
            }
            (class, name) = self.lowered(class, few, context);
        }
        Ok(Change {
            held: self.reservations(class, &types, context)?,
            class,
            name,
            types,
            requests,
        })
    }

    /// Labels of which the types have fewer values than the claim's `minValues` asks for.
    fn too_few(
        &self,
        class: ClassId,
        types: &Bits,
        context: &Context<'_, '_>,
    ) -> BTreeMap<String, usize> {
        let asks = self.seat.name.min_values().is_some() || context.classes.wants_values(class);
        match asks {
            false => BTreeMap::new(),
            true => {
                let asked = context.classes.named(class, &self.seat.name);
                too_few(context.types.all, &types.iter().collect::<Vec<_>>(), &asked)
            }
        }
    }

    /// The labels with `minValues` lowered to what there is.
    fn lowered(
        &self,
        class: ClassId,
        few: BTreeMap<String, usize>,
        context: &mut Context<'_, '_>,
    ) -> (ClassId, Option<Requirement>) {
        let mut labels = context.classes.named(class, &self.seat.name);
        for (key, values) in few {
            let lowered = labels.get(&key).cloned();
            let lowered = lowered.map(|one| one.with_min_values(Some(values as u32)));
            labels.set(&key, lowered);
        }
        let name = labels.get(HOSTNAME).cloned();
        labels.set(HOSTNAME, None);
        (context.classes.intern(Some(self.template), labels), name)
    }

    /// Takes a pod in.
    pub(super) fn join(
        &mut self,
        pod: usize,
        spec: &Spec,
        change: Change,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
    ) {
        if let Some(host) = self.seat.host {
            context.topology.make_host(host);
        }
        if let Some(name) = change.name {
            self.seat.name = name;
        }
        let taints = &template.pool.taints;
        self.seat.settle(
            change.class,
            spec,
            taints,
            context.classes,
            context.topology,
        );
        context.reservations.hold(&self.held, &change.held);
        self.held = change.held;
        self.pods.push(pod);
        self.types = change.types;
        self.requests = change.requests;
        self.ports.extend(spec.pod.host_ports.iter().cloned());
    }

    /// A refusal in words.
    pub(super) fn error(
        &self,
        refusal: Refusal,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
    ) -> SolveError {
        match refusal {
            Refusal::Types(Narrowed { class, .. }) => {
                let mut requests = self.requests.clone();
                add(&mut requests, &spec.amounts);
                let labels = context.classes.types(class, context.types);
                let query = Query {
                    types: context.types,
                    daemons: &template.daemons,
                    labels: &labels,
                    requests: &requests,
                    ports: &spec.pod.host_ports,
                };
                let asked = context.classes.named(class, &self.seat.name);
                let named = context.units.named(&requests);
                let mut filtered = query.explain(&self.types, asked, named);
                let mut left = self.types.clone();
                query.keep(&mut left);
                if !left.is_empty() {
                    filtered.min_values = self.too_few(class, &left, context);
                }
                SolveError::Types(Box::new(filtered))
            }
            refusal => refusal.in_words(context.topology),
        }
    }

    /// The reservations it may come to use with these types.
    fn reservations(
        &self,
        class: ClassId,
        types: &Bits,
        context: &Context<'_, '_>,
    ) -> Result<BTreeSet<String>, Refusal> {
        let (mut any, mut held) = (false, BTreeSet::new());
        let mode = context.problem.options.reserved;
        if mode == Reserved::Off {
            return Ok(held);
        }
        let labels = context.classes.requirements(class);
        for one in context.types.reserved(types) {
            if !offers(one, labels, context.classes.well_known()) {
                continue;
            }
            any = true;
            if context.reservations.open(&self.held, one) {
                held.extend(one.offering.reservation.as_ref().map(|of| of.id.clone()));
            }
        }
        if mode == Reserved::Strict && held.is_empty() {
            if any {
                return Err(Refusal::Reserved(
                    "instance types with reserved capacity would do, but all of it is held",
                ));
            }
            if !self.held.is_empty() {
                return Err(Refusal::Reserved(
                    "the node would lose all reserved capacity it may use",
                ));
            }
        }
        Ok(held)
    }

    /// The node to make; or its pods, if no longer enough types are left once only the cheapest
    /// are kept.
    pub(super) fn finish(
        mut self,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
    ) -> Result<NewNode, (Vec<usize>, SolveError)> {
        let options = &context.problem.options;
        let class = self.seat.class;
        let mut requirements = Requirements::clone(context.classes.requirements(class));
        let order: Rc<[usize]> = match self.held.is_empty() {
            true => context.classes.by_price(class, context.types),
            false => {
                let reserved = CapacityType::Reserved.name();
                let only = Requirement::one_of(CAPACITY_TYPE, &[reserved]);
                requirements.set(CAPACITY_TYPE, Some(only));
                let ids: Vec<&String> = self.held.iter().collect();
                requirements.add(Requirement::one_of(RESERVATION_ID, &ids));
                let known = context.classes.well_known();
                by_price(&self.types, context.types, &requirements, known).into()
            }
        };
        if let Some(least) = template.daemons.least(&self.types) {
            add(&mut self.requests, &least);
        }
        let left = order.iter().copied().filter(|one| self.types.has(*one));
        let types: Vec<usize> = left.take(options.max_types).collect();
        let requests = context.units.named(&self.requests);
        let few = too_few(context.types.all, &types, &requirements);
        if !(few.is_empty() || options.relax_min_values) {
            let filtered = Filtered {
                types: self.types.iter().count(),
                min_values: few,
                asked: requirements,
                requests,
                ..Filtered::default()
            };
            return Err((self.pods, SolveError::Types(Box::new(filtered))));
        }
        Ok(NewNode {
            pool: template.pool.name.clone(),
            pods: self.pods,
            requirements,
            types,
            requests,
        })
    }
}
