//! Selectors of classes and requests, each evaluated once for each kind of device.
//!
//! What upstream asks CEL for every device of every node and pod is a pure function of what the
//! device is. A [`Predicate`] is the selectors of a class and a request in their order; its answer
//! is kept for each published device, and that of each selector for each [`Shape`]: devices that
//! differ only in what a selector does not read share one evaluation.

use super::dense::dense;
use super::failure::{Failure, FailureKind};
use super::inventory::{Inventory, UnitId};
use super::objects::DeviceClass;
use crate::cel::{COST_LIMIT, CompileError, DeviceFacts, Env, Program, Shape};
use rustc_hash::FxHashMap;

dense!(
    /// The selectors of a class and a request.
    PredicateId
);

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
    verdicts: Vec<Verdict>,
    errors: Vec<Failure>,
}

/// A selector, and its answers so far.
#[derive(Debug)]
struct Known {
    program: Result<Program, CompileError>,
    /// Whether a device of a shape matches; an error with its text.
    answers: FxHashMap<Shape, Result<bool, String>>,
}

/// All selectors seen so far. Grows with the number of different ones.
#[derive(Debug, Default)]
pub(super) struct Selectors {
    env: Env,
    programs: Vec<Known>,
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
        // A selector of a class without CEL is one that does not compile.
        let of_class = class.selectors.iter().enumerate().map(|(at, text)| {
            let place = format!("class {}: selector #{at}", class.name);
            (place, text.as_deref().unwrap_or_default())
        });
        let of_request = key.1.iter().enumerate();
        let of_request = of_request.map(|(at, text)| (format!("selector #{at}"), text.as_str()));
        for (place, text) in of_class.chain(of_request) {
            let program = self.program(text);
            selectors.push(Selector { program, place });
        }
        let id = PredicateId::from(self.predicates.len());
        self.predicates.push(Predicate {
            selectors,
            verdicts: Vec::new(),
            errors: Vec::new(),
        });
        self.known.insert(key, id);
        id
    }

    fn program(&mut self, text: &str) -> usize {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        self.programs.push(Known {
            program: Program::compile(text, &self.env),
            answers: FxHashMap::default(),
        });
        self.by_text
            .insert(text.to_owned(), self.programs.len() - 1);
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

    /// Which selector is the first that is not true for a device.
    pub(super) fn first_false(
        &self,
        id: PredicateId,
        unit: UnitId,
        inventory: &Inventory,
    ) -> Option<String> {
        let driver = &inventory.slice(inventory.unit(unit).slice).driver;
        let facts = inventory.published(unit).facts(driver);
        let mut selectors = self.predicates[id.index()].selectors.iter();
        let refusing = selectors.find(|selector| {
            let program = self.programs[selector.program].program.as_ref();
            !program.is_ok_and(|program| answer(program, &facts) == Ok(true))
        });
        refusing.map(|selector| selector.place.clone())
    }

    #[cold]
    fn ask(&mut self, id: PredicateId, unit: UnitId, inventory: &Inventory) -> Verdict {
        let verdict = self.evaluate(id, unit, inventory);
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
            let known = &mut self.programs[selector.program];
            let (kind, why) = match &known.program {
                Err(error) => (
                    FailureKind::CelCompile,
                    format!("does not compile: {}", error.text),
                ),
                Ok(program) => {
                    let shape = program.shape(&facts);
                    let answer = known.answers.entry(shape).or_insert_with(|| {
                        self.evaluations += 1;
                        answer(program, &facts)
                    });
                    match answer {
                        Ok(true) => continue,
                        Ok(false) => return Verdict::No,
                        Err(text) => (FailureKind::CelRuntime, format!("has no answer: {text}")),
                    }
                }
            };
            let text = format!("{} {why}", selector.place);
            predicate.errors.push(Failure::new(kind, text));
            return Verdict::Error(predicate.errors.len() as u32 - 1);
        }
        Verdict::Yes
    }
}

fn answer(program: &Program, facts: &DeviceFacts) -> Result<bool, String> {
    let evaluation = program.evaluate(facts, COST_LIMIT);
    evaluation.outcome.map_err(|error| error.text)
}
