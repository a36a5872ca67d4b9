//! Selectors, compiled once and evaluated for many devices.

use super::check::Type;
use super::device::{Attribute, DeviceFacts};
use super::error::{CompileError, CompileErrorKind, EvalError, EvalErrorKind};
use super::run::{Evaluator, Node};
use super::syntax::parse;
use super::value::Value;
use super::view::{Facts, Part, readable};
use super::{check, run};
use std::collections::BTreeSet;

/// Which declarations a selector may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Expressions {
    /// Selectors in objects that exist: everything the version knows, gates or not.
    #[default]
    Stored,
    /// Selectors of objects being made: only what the gates allow.
    New,
}

/// What selectors may use and devices may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Env {
    /// Whose selectors are compiled.
    pub expressions: Expressions,
    /// Gate `DRAConsumableCapacity`: `device.allowMultipleAllocations`.
    pub consumable_capacity: bool,
    /// Gate `DRAListTypeAttributes`: attributes that are lists, and `includes`.
    pub list_type_attributes: bool,
}

/// The gates of Kubernetes 1.36.
impl Default for Env {
    fn default() -> Env {
        Env {
            expressions: Expressions::Stored,
            consumable_capacity: true,
            list_type_attributes: false,
        }
    }
}

impl Env {
    pub(super) fn declares_multiple_allocations(&self) -> bool {
        self.consumable_capacity || self.expressions == Expressions::Stored
    }

    pub(super) fn declares_includes(&self) -> bool {
        self.list_type_attributes || self.expressions == Expressions::Stored
    }
}

/// The most an evaluation may cost: `CELSelectorExpressionMaxCost` of the resource API.
pub const COST_LIMIT: u64 = 1_000_000;

/// A compiled selector.
///
/// ```
/// use gpusched_core::cel::{Attribute, COST_LIMIT, DeviceFacts, Env, Program};
/// let large = r#"device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("40Gi")) >= 0"#;
/// let program = Program::compile(large, &Env::default()).unwrap();
/// let mut h100 = DeviceFacts { driver: "gpu.nvidia.com".into(), ..DeviceFacts::default() };
/// h100.capacity.insert("memory".into(), "80Gi".parse().unwrap());
/// let evaluation = program.evaluate(&h100, COST_LIMIT);
/// assert_eq!((evaluation.outcome, evaluation.cost), (Ok(true), 7));
///
/// let typo = Program::compile("device.driver == 1", &Env::default()).unwrap_err();
/// assert_eq!(typo.kind.as_str(), "no-matching-overload");
/// ```
#[derive(Debug)]
pub struct Program {
    plan: Node,
    reads: Reads,
    lists: bool,
}

/// What came of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether the device matches. An error ends the scheduling attempt of the pod.
    pub outcome: Result<bool, EvalError>,
    /// What it cost, in CEL's units. Beyond the limit it is not counted further.
    pub cost: u64,
}

/// What a selector can see of a device, besides its driver. Devices that agree in this get the
/// same answer: see [`Program::shape`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Every name and value, because names are computed or enumerated.
    pub everything: bool,
    /// Attributes: domain and name.
    pub attributes: BTreeSet<(String, String)>,
    /// Capacities: domain and name.
    pub capacity: BTreeSet<(String, String)>,
    /// Whether the device may be allocated several times.
    pub sharing: bool,
}

/// All that one selector sees of one device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    driver: String,
    sharing: bool,
    attributes: Vec<(String, Option<Attribute>)>,
    /// In nano-units.
    capacity: Vec<(String, Option<i128>)>,
    unreadable: Option<String>,
}

impl Program {
    /// Compiles a selector. O(n · overloads).
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn compile(text: &str, env: &Env) -> Result<Program, CompileError> {
        let checked = check::check(&parse(text)?, env)?;
        let fits = match &checked.ty {
            Type::Bool | Type::Any => true,
            Type::Dyn => env.list_type_attributes,
            _ => false,
        };
        if !fits {
            return Err(CompileError::new(
                CompileErrorKind::NotBool,
                checked.at,
                format_args!(
                    "a selector is a truth value or an attribute, not `{}`",
                    checked.ty
                ),
            ));
        }
        let plan = run::plan(checked)?;
        Ok(Program {
            reads: run::reads(&plan),
            plan,
            lists: env.list_type_attributes,
        })
    }

    /// Whether a device matches, at a cost of at most `limit` (normally [`COST_LIMIT`]). The time
    /// is in proportion to the cost.
    pub fn evaluate(&self, device: &DeviceFacts, limit: u64) -> Evaluation {
        if let Err(error) = readable(device, self.lists) {
            return Evaluation {
                outcome: Err(error),
                cost: 0,
            };
        }
        let mut evaluator = Evaluator::new(device, limit);
        let outcome = match evaluator.eval(&self.plan) {
            Ok(Value::Bool(matches)) => Ok(matches),
            Ok(other) => Err(EvalError::new(
                EvalErrorKind::NotBool,
                format_args!(
                    "the result is of type `{}`, no truth value",
                    other.type_of()
                ),
            )),
            Err(error) => Err(error),
        };
        Evaluation {
            outcome,
            cost: evaluator.spent(),
        }
    }

    /// What it can see of a device.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// What it sees of this device: the key under which an answer can be kept. Devices of one shape
    /// get the same [`Evaluation`]. O(names it reads · log names), or O(names) if it reads all.
    ///
    /// ```
    /// use gpusched_core::cel::{Attribute, DeviceFacts, Env, Program};
    /// let selector = r#"device.attributes["gpu.nvidia.com"].type == "gpu""#;
    /// let program = Program::compile(selector, &Env::default()).unwrap();
    /// let device = |uuid: &str| {
    ///     let mut device = DeviceFacts { driver: "gpu.nvidia.com".into(), ..Default::default() };
    ///     device.attributes.insert("type".into(), Attribute::Text("gpu".into()));
    ///     device.attributes.insert("uuid".into(), Attribute::Text(uuid.into()));
    ///     device
    /// };
    /// assert_eq!(program.shape(&device("GPU-1")), program.shape(&device("GPU-2")));
    /// ```
    pub fn shape(&self, device: &DeviceFacts) -> Shape {
        let unreadable = readable(device, self.lists).err().map(|error| error.text);
        let mut shape = Shape {
            driver: device.driver.clone(),
            sharing: device.allow_multiple_allocations.unwrap_or(false) && self.sees_sharing(),
            attributes: Vec::new(),
            capacity: Vec::new(),
            unreadable,
        };
        if self.reads.everything {
            let attributes = device.attributes.iter();
            shape.attributes = attributes
                .map(|(name, value)| (name.clone(), Some(value.clone())))
                .collect();
            let capacity = device.capacity.iter();
            shape.capacity = capacity
                .map(|(name, amount)| (name.clone(), Some(amount.nanos())))
                .collect();
            return shape;
        }
        let name = |part, (domain, name): &(String, String)| {
            let facts = Facts { device, part };
            facts.published_as(domain, name)
        };
        for read in &self.reads.attributes {
            let value = name(Part::Attributes, read).and_then(|name| device.attributes.get(name));
            shape.attributes.push((read.1.clone(), value.cloned()));
        }
        for read in &self.reads.capacity {
            let amount = name(Part::Capacity, read).and_then(|name| device.capacity.get(name));
            let nanos = amount.map(|amount| amount.nanos());
            shape.capacity.push((read.1.clone(), nanos));
        }
        shape
    }

    fn sees_sharing(&self) -> bool {
        self.reads.sharing || self.reads.everything
    }
}
