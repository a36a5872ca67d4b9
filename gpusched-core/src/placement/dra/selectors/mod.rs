//! Selectors of classes and requests, each evaluated once for each kind of device.
//!
//! What upstream asks CEL for every device of every node and pod is a pure function of what the
//! device is. A [`Predicate`] is the selectors of a class and a request in their order; its answer
//! is kept for each published device, and devices that differ only in what the selectors do not
//! read ([`reads`]) share one evaluation.

mod reads;

use super::failure::{Failure, FailureKind};
use super::inventory::{Inventory, UnitId};
use super::objects::{DeviceCapacity, DeviceClass};
use crate::cel::{Attribute, CompileError, Env, Program};
use super::dense::dense;
use crate::kube::Quantity;
use reads::Reads;
use rustc_hash::FxHashMap;

dense!(
    /// The selectors of a class and a request.
    PredicateId
);

/// What an evaluation may cost (`CELSelectorExpressionMaxCost` of the API).
const COST_LIMIT: u64 = 1_000_000;

/// What is known of a published device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Verdict {
    #[default]
    Unknown,
    No,
    Yes,
    /// An error, by its position among those of the predicate.
    Error(u32),
}

/// A selector and where it stands.
#[derive(Clone, Debug)]
struct Selector {
    program: usize,
    /// `class gpu.nvidia.com: selector #0`, or only `selector #0` for one of a request.
    place: String,
}

#[derive(Debug)]
struct Predicate {
    selectors: Vec<Selector>,
    reads: Reads,
    verdicts: Vec<Verdict>,
    shapes: FxHashMap<Vec<Trait>, Verdict>,
    errors: Vec<Failure>,
}

/// One thing a selector reads of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Trait {
    Driver(String),
    Shared(Option<bool>),
    Attribute(String, Attribute),
    Capacity(String, i128, String),
}

/// All selectors seen so far. Grows with the number of different ones.
#[derive(Debug, Default)]
pub(super) struct Selectors {
    env: Env,
    programs: Vec<(Reads, Result<Program, CompileError>)>,
    by_text: FxHashMap<String, usize>,
    predicates: Vec<Predicate>,
    known: FxHashMap<(String, Vec<String>), PredicateId>,
    evaluations: u64,
}

impl Selectors {
    pub(super) fn new(env: Env) -> Selectors {
        Selectors {
            env,
            ..Selectors::default()
        }
    }

    /// How often CEL was asked.
    pub(super) fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The selectors of a class and a request. Those without CEL are refused before.
    pub(super) fn predicate(
        &mut self,
        class: &DeviceClass,
        request: &[Option<String>],
    ) -> PredicateId {
        let own: Vec<String> = request.iter().flatten().cloned().collect();
        let key = (class.name.clone(), own);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let mut selectors = Vec::new();
        let mut reads = Reads::Only(Vec::new());
        // A selector of a class without CEL is one that does not compile.
        let of_class = class.selectors.iter().enumerate().map(|(at, text)| {
            let place = format!("class {}: selector #{at}", class.name);
            (place, text.as_deref().unwrap_or_default())
        });
        let of_request = key.1.iter().enumerate();
        let of_request = of_request.map(|(at, text)| (format!("selector #{at}"), text.as_str()));
        for (place, text) in of_class.chain(of_request) {
            let program = self.program(text);
            reads = reads.and(self.programs[program].0.clone());
            selectors.push(Selector { program, place });
        }
        let id = PredicateId::from(self.predicates.len());
        self.predicates.push(Predicate {
            selectors,
            reads,
            verdicts: Vec::new(),
            shapes: FxHashMap::default(),
            errors: Vec::new(),
        });
        self.known.insert(key, id);
        id
    }

    fn program(&mut self, text: &str) -> usize {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        let program = Program::compile(text, &self.env);
        self.programs.push((Reads::of(text), program));
        self.by_text.insert(text.to_owned(), self.programs.len() - 1);
        self.programs.len() - 1
    }

    /// Whether all selectors are true for a device. O(1) for a device that was asked about.
    ///
    /// # Errors
    /// A selector does not compile, or fails on the device. The text says which one.
    #[inline]
    pub(super) fn matches(
        &mut self,
        id: PredicateId,
        unit: UnitId,
        inventory: &Inventory,
    ) -> Result<bool, &Failure> {
        let known = self.predicates[id.index()].verdicts.get(unit.index());
        let verdict = match known {
            None | Some(Verdict::Unknown) => self.ask(id, unit, inventory),
            Some(verdict) => *verdict,
        };
        match verdict {
            Verdict::Error(at) => Err(&self.predicates[id.index()].errors[at as usize]),
            verdict => Ok(verdict == Verdict::Yes),
        }
    }

    #[cold]
    fn ask(&mut self, id: PredicateId, unit: UnitId, inventory: &Inventory) -> Verdict {
        let traits = traits(&self.predicates[id.index()].reads, unit, inventory);
        let shape = self.predicates[id.index()].shapes.get(&traits);
        let verdict = match shape {
            Some(&verdict) => verdict,
            None => {
                let verdict = self.evaluate(id, unit, inventory);
                let shapes = &mut self.predicates[id.index()].shapes;
                shapes.insert(traits, verdict);
                verdict
            }
        };
        let verdicts = &mut self.predicates[id.index()].verdicts;
        if verdicts.is_empty() {
            verdicts.resize(inventory.unit_count(), Verdict::Unknown);
        }
        verdicts[unit.index()] = verdict;
        verdict
    }

    fn evaluate(&mut self, id: PredicateId, unit: UnitId, inventory: &Inventory) -> Verdict {
        let driver = &inventory.slice(inventory.unit(unit).slice).driver;
        let facts = inventory.published(unit).facts(driver);
        let predicate = &mut self.predicates[id.index()];
        for selector in &predicate.selectors {
            let failure = match &self.programs[selector.program].1 {
                Err(error) => (FailureKind::CelCompile, "CEL compile error", &error.text),
                Ok(program) => {
                    self.evaluations += 1;
                    match &program.evaluate(&facts, COST_LIMIT).outcome {
                        Ok(true) => continue,
                        Ok(false) => return Verdict::No,
                        Err(error) => {
                            (FailureKind::CelRuntime, "CEL runtime error", &error.text.clone())
                        }
                    }
                }
            };
            let (kind, what, why) = failure;
            let text = format!("{}: {what}: {why}", selector.place);
            predicate.errors.push(Failure::new(kind, text));
            return Verdict::Error(predicate.errors.len() as u32 - 1);
        }
        Verdict::Yes
    }
}

/// What selectors that read this can tell a device by.
fn traits(reads: &Reads, unit: UnitId, inventory: &Inventory) -> Vec<Trait> {
    let driver = &inventory.slice(inventory.unit(unit).slice).driver;
    let device = inventory.published(unit);
    let read = |name: &String| reads.reads(driver, name);
    let attributes = device.attributes.iter().filter(|(name, _)| read(name));
    let attributes =
        attributes.map(|(name, value)| Trait::Attribute(name.clone(), value.clone()));
    let capacity = device.capacity.iter().filter(|(name, _)| read(name));
    let amount = |value: Quantity| value.nanos();
    let capacity = capacity.map(|(name, one): (&String, &DeviceCapacity)| {
        Trait::Capacity(name.clone(), amount(one.value), one.value.to_string())
    });
    let whole = [
        Trait::Driver(driver.clone()),
        Trait::Shared(device.allow_multiple_allocations),
    ];
    whole.into_iter().chain(attributes).chain(capacity).collect()
}
