//! Evaluation, with what it costs.
//!
//! Errors are values to `&&` and `||`, which may not need them; everything else hands them on. The
//! limit of costs ends the evaluation wherever it is.

use super::plan::{Attribute, Call, Fold, Node, Root};
use crate::cel::check::Binding;
use crate::cel::cost::{self, Cost};
use crate::cel::device::DeviceFacts;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::library::{lists, operators};
use crate::cel::value::{Map, Value};
use std::sync::Arc;

pub(super) type Outcome<'a> = Result<Value<'a>, EvalError>;

/// One evaluation.
pub(in crate::cel) struct Evaluator<'a> {
    pub(super) device: &'a DeviceFacts,
    /// Variables of folds, by the number of the fold.
    frames: Vec<Frame<'a>>,
    spent: u64,
    limit: u64,
}

struct Frame<'a> {
    first: Value<'a>,
    second: Value<'a>,
    accumulator: Accumulator<'a>,
}

impl Default for Frame<'_> {
    fn default() -> Self {
        Frame {
            first: Value::Null,
            second: Value::Null,
            accumulator: Accumulator::Value(Ok(Value::Null)),
        }
    }
}

/// What a fold has gathered. Its start is evaluated when it is first asked for.
enum Accumulator<'a> {
    Start(&'a Node),
    Value(Outcome<'a>),
}

impl EvalError {
    /// Whether it ends the evaluation, whatever surrounds it.
    fn is_final(&self) -> bool {
        self.kind == EvalErrorKind::CostLimit
    }
}

impl<'a> Evaluator<'a> {
    pub(in crate::cel) fn new(device: &'a DeviceFacts, limit: u64) -> Evaluator<'a> {
        Evaluator {
            device,
            frames: Vec::new(),
            spent: 0,
            limit,
        }
    }

    /// What the evaluation has cost so far.
    pub(in crate::cel) fn spent(&self) -> u64 {
        self.spent
    }

    pub(super) fn charge(&mut self, cost: u64) -> Result<(), EvalError> {
        self.spent = self.spent.saturating_add(cost);
        match self.spent > self.limit {
            true => Err(EvalError::cost_limit()),
            false => Ok(()),
        }
    }

    pub(in crate::cel) fn eval(&mut self, node: &'a Node) -> Outcome<'a> {
        match node {
            Node::Const(value) => Ok(value.clone()),
            Node::Attribute(attribute) => self.attribute(attribute),
            Node::And(terms) => self.logic(terms, false),
            Node::Or(terms) => self.logic(terms, true),
            Node::NotStrictlyFalse(inner) => {
                let outcome = self.settled(inner)?;
                self.charge(1)?;
                Ok(Value::Bool(!matches!(outcome, Ok(Value::Bool(false)))))
            }
            Node::Equal(sides) => self.equal(sides, false),
            Node::NotEqual(sides) => self.equal(sides, true),
            Node::Member(element, within) => {
                let element = self.eval(element)?;
                let is_it = |known: &Value<'_>| known.equals(&element) == Some(true);
                Ok(Value::Bool(within.iter().any(is_it)))
            }
            Node::OptionalOr { operands, unwrap } => {
                let [first, second] = &**operands;
                match self.eval(first)? {
                    Value::Optional(None) => self.eval(second),
                    Value::Optional(Some(inner)) if *unwrap => Ok((*inner).clone()),
                    other => Ok(other),
                }
            }
            Node::Call(call) => self.call(call),
            Node::List(elements) => self.list(elements),
            Node::Map(entries) => self.map(entries),
            Node::Fold(fold) => self.fold(fold),
        }
    }

    /// Errors as values, except those that end everything.
    pub(super) fn settled(&mut self, node: &'a Node) -> Result<Outcome<'a>, EvalError> {
        match self.eval(node) {
            Err(error) if error.is_final() => Err(error),
            outcome => Ok(outcome),
        }
    }

    /// `&&`, or `||`: the first term that decides; else the first error; else the other value.
    fn logic(&mut self, terms: &'a [Node], decides: bool) -> Outcome<'a> {
        let mut failed = None;
        for term in terms {
            let error = match self.settled(term)? {
                Ok(Value::Bool(truth)) if truth == decides => return Ok(Value::Bool(decides)),
                Ok(Value::Bool(_)) => continue,
                Ok(_) => EvalError::no_such_overload(),
                Err(error) => error,
            };
            failed.get_or_insert(error);
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(Value::Bool(!decides)),
        }
    }

    fn equal(&mut self, sides: &'a [Node; 2], negated: bool) -> Outcome<'a> {
        let one = self.settled(&sides[0])?;
        let two = self.settled(&sides[1])?;
        let sizes = (size_of(&one), size_of(&two));
        self.charge(match negated {
            false => cost::equal(sizes.0, sizes.1),
            true => cost::not_equal(sizes.0, sizes.1),
        })?;
        match (one?.equals(&two?), negated) {
            (Some(equal), _) => Ok(Value::Bool(equal != negated)),
            (None, true) => Ok(Value::Bool(true)),
            (None, false) => Err(EvalError::no_such_overload()),
        }
    }

    fn call(&mut self, call: &'a Call) -> Outcome<'a> {
        let mut args = Vec::with_capacity(call.args.len());
        let mut failed = None;
        for (index, node) in call.args.iter().enumerate() {
            let taken = match index == 0 && matches!(&*call.function, "_+_" | "cel.@mapInsert") {
                true => self.take_accumulator(node),
                false => None,
            };
            let outcome = match taken {
                Some(taken) => {
                    self.charge(1)?;
                    taken
                }
                None => self.settled(node)?,
            };
            match outcome {
                Ok(value) => args.push(value),
                Err(error) => {
                    args.push(NO_SIZE);
                    failed.get_or_insert(error);
                    if call.stops() {
                        break;
                    }
                }
            }
        }
        if let Some(error) = failed {
            // What was not evaluated cannot be counted, and the call then costs nothing.
            if args.len() == call.args.len() {
                self.charge(self.cost(call, &args, &NO_SIZE))?;
            }
            return Err(error);
        }
        let chosen = self.chosen(call, &args);
        let (outcome, cost) = match (&call.regex, chosen, &*call.function) {
            (Some((search, regex)), ..) => {
                let outcome = search.run(regex, &args);
                let cost = self.cost(call, &args, size_of(&outcome));
                (outcome, cost)
            }
            (None, Some(_), "_+_" | "cel.@mapInsert") => {
                let cost = self.cost(call, &args, &NO_SIZE);
                (grow(args), cost)
            }
            (None, Some(body), _) => {
                let outcome = body(&args);
                let cost = self.cost(call, &args, size_of(&outcome));
                (outcome, cost)
            }
            (None, None, name) => {
                let text = format_args!("no `{name}` takes these values");
                let error = EvalError::new(EvalErrorKind::NoSuchOverload, text);
                (Err(error), self.cost(call, &args, &NO_SIZE))
            }
        };
        self.charge(cost)?;
        outcome
    }

    fn cost(&self, call: &Call, args: &[Value<'a>], result: &Value<'a>) -> u64 {
        match call.overloads.as_slice() {
            [only] => match only.cost {
                Cost::ByFunction(cost) | Cost::ByOverload(cost) => cost(args, result),
            },
            [first, ..] => match first.cost {
                Cost::ByFunction(cost) => cost(args, result),
                Cost::ByOverload(_) => 1,
            },
            [] => 1,
        }
    }

    /// The first overload that takes the values.
    fn chosen(&self, call: &Call, args: &[Value<'a>]) -> Option<crate::cel::library::Body> {
        match call.overloads.as_slice() {
            [only] => Some(only.body),
            several => several
                .iter()
                .find(|overload| {
                    let mut pairs = args.iter().zip(&overload.params);
                    pairs.all(|(arg, param)| arg.is_a(param))
                })
                .map(|overload| overload.body),
        }
    }

    fn list(&mut self, elements: &'a [(Node, bool)]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(elements.len());
        let mut failed = None;
        for (element, optional) in elements {
            match self.settled(element)? {
                Err(error) => failed = Some(error),
                Ok(value) if !optional => values.push(value),
                Ok(Value::Optional(inner)) => values.extend(inner.map(|inner| (*inner).clone())),
                Ok(_) => failed = Some(EvalError::other("an optional element is not optional")),
            }
            if failed.is_some() {
                break;
            }
        }
        self.charge(cost::LIST)?;
        match failed {
            Some(error) => Err(error),
            None => Ok(Value::list(values)),
        }
    }

    fn map(&mut self, entries: &'a [(Node, Node, bool)]) -> Outcome<'a> {
        let mut map = Map::new();
        let mut build = || -> Result<(), EvalError> {
            for (key, value, optional) in entries {
                let key = self.eval(key)?;
                let value = self.eval(value)?;
                let key = key
                    .key()
                    .ok_or_else(|| EvalError::other("no map has such a key"))?;
                match (value, optional) {
                    (Value::Optional(Some(inner)), true) => {
                        map.insert(key, (*inner).clone());
                    }
                    (Value::Optional(None), true) => {
                        map.remove(&key);
                    }
                    (_, true) => return Err(EvalError::other("an optional entry is not optional")),
                    (value, false) => {
                        map.insert(key, value);
                    }
                }
            }
            Ok(())
        };
        let built = build();
        if built.as_ref().is_err_and(EvalError::is_final) {
            return built.map(|()| Value::Null);
        }
        self.charge(cost::MAP)?;
        built.map(|()| Value::Map(Arc::new(map)))
    }

    fn fold(&mut self, fold: &'a Fold) -> Outcome<'a> {
        let range = self.eval(&fold.range)?;
        let Some(keys) = range.iterate() else {
            return Err(EvalError::new(
                EvalErrorKind::NotIterable,
                "a macro ranges over a list or a map",
            ));
        };
        if self.frames.len() <= fold.number {
            self.frames.resize_with(fold.number + 1, Frame::default);
        }
        self.frames[fold.number] = Frame {
            accumulator: Accumulator::Start(&fold.start),
            ..Frame::default()
        };
        self.run_loop(fold, &range, keys)?;
        self.eval(&fold.result)
    }

    fn run_loop(
        &mut self,
        fold: &'a Fold,
        range: &Value<'a>,
        keys: Vec<Value<'a>>,
    ) -> Result<(), EvalError> {
        for (index, key) in keys.into_iter().enumerate() {
            let (first, second) = match (fold.pairs, range) {
                (false, _) => (key, Value::Null),
                (true, Value::List(_)) => (Value::Int(index as i64), key),
                (true, map) => {
                    let value = map.find(&key)?.unwrap_or(Value::Null);
                    (key, value)
                }
            };
            let frame = &mut self.frames[fold.number];
            frame.first = first;
            frame.second = second;
            if let Ok(Value::Bool(false)) = self.settled(&fold.condition)? {
                break;
            }
            let step = self.settled(&fold.step)?;
            self.frames[fold.number].accumulator = Accumulator::Value(step);
        }
        Ok(())
    }

    /// The value of a variable. A variable can hold an error: what a fold gathered.
    pub(super) fn variable(&mut self, binding: Binding) -> Outcome<'a> {
        match binding {
            Binding::Device => Ok(Value::Device(self.device)),
            Binding::First(fold) => Ok(self.frames[fold].first.clone()),
            Binding::Second(fold) => Ok(self.frames[fold].second.clone()),
            Binding::Accumulator { fold, .. } => {
                if let Accumulator::Start(start) = self.frames[fold].accumulator {
                    let outcome = self.settled(start)?;
                    self.frames[fold].accumulator = Accumulator::Value(outcome);
                }
                match &self.frames[fold].accumulator {
                    Accumulator::Value(outcome) => outcome.clone(),
                    Accumulator::Start(_) => Ok(Value::Null),
                }
            }
        }
    }

    /// Takes the list or map a fold gathers, which its step is about to replace, so that it grows
    /// in place.
    fn take_accumulator(&mut self, node: &'a Node) -> Option<Outcome<'a>> {
        let Node::Attribute(Attribute {
            root: Root::Variable(Binding::Accumulator { fold, hidden: true }),
            qualifiers,
        }) = node
        else {
            return None;
        };
        if !qualifiers.is_empty()
            || !matches!(
                &self.frames[*fold].accumulator,
                Accumulator::Value(Ok(Value::List(_) | Value::Map(_)))
            )
        {
            return None;
        }
        let taken = Accumulator::Value(Ok(Value::Null));
        match std::mem::replace(&mut self.frames[*fold].accumulator, taken) {
            Accumulator::Value(outcome) => Some(outcome),
            Accumulator::Start(_) => None,
        }
    }

    fn attribute(&mut self, attribute: &'a Attribute) -> Outcome<'a> {
        let outcome = self.resolve(attribute);
        if outcome.as_ref().is_err_and(EvalError::is_final) {
            return outcome.map(|_| Value::Null);
        }
        let tests = attribute.qualifiers.last().is_some_and(|last| last.test);
        if !tests && !matches!(attribute.root, Root::Conditional(_)) {
            self.charge(1)?;
        }
        Ok(match (outcome?, tests) {
            (Value::Optional(inner), true) => Value::Bool(inner.is_some()),
            (value, _) => value,
        })
    }

    /// The value of an attribute, without what looking at it costs.
    pub(super) fn resolve(&mut self, attribute: &'a Attribute) -> Outcome<'a> {
        let root = match &attribute.root {
            Root::Variable(binding) => self.variable(*binding)?,
            Root::Operand(node) => self.eval(node)?,
            Root::Conditional(choice) => {
                let branch = match self.eval(&choice.condition)? {
                    Value::Bool(true) => &choice.yes,
                    Value::Bool(false) => &choice.no,
                    _ => return Err(EvalError::no_such_overload()),
                };
                // What a branch takes of a variable is counted, the variable itself is not.
                match branch {
                    Node::Attribute(attribute) => self.resolve(attribute)?,
                    other => self.eval(other)?,
                }
            }
        };
        self.qualify(root, &attribute.qualifiers)
    }
}

/// Stands for an error where only sizes count.
const NO_SIZE: Value<'static> = Value::Bool(false);

fn size_of<'b, 'a>(outcome: &'b Outcome<'a>) -> &'b Value<'a> {
    outcome.as_ref().unwrap_or(&NO_SIZE)
}

/// Adds to a list or a map, in place if nobody else holds it.
fn grow(args: Vec<Value<'_>>) -> Outcome<'_> {
    let mut args = args.into_iter();
    match (args.next(), args.next(), args.next()) {
        (Some(Value::List(one)), Some(Value::List(two)), None) => operators::append(one, &two),
        (Some(Value::Map(map)), Some(key), value) => lists::insert(map, key, value),
        (Some(one), Some(two), None) => operators::add(&[one, two]),
        _ => Err(EvalError::no_such_overload()),
    }
}
