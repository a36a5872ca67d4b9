//! Why an attempt ends with an error.

use std::fmt;

/// What kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The claim uses a feature that is off.
    FeatureDisabled,
    /// A selector without CEL.
    UnsupportedSelector,
    /// A request without a class.
    MissingClassName,
    /// The class does not exist.
    ClassNotFound,
    /// A request for all devices while a pool is being updated.
    PoolIncomplete,
    /// A request for all devices while a pool contradicts itself.
    PoolInvalid,
    /// An allocation mode this version does not know.
    UnsupportedMode,
    /// More devices than the 32 a claim can have.
    TooManyDevices,
    /// A constraint this version does not know.
    UnsupportedConstraint,
    /// A selector that does not compile.
    CelCompile,
    /// A selector that fails on a device.
    CelRuntime,
    /// A request for all devices, one of which violates a constraint.
    ConstraintUnsatisfiable,
    /// Nothing was found, and one of the node's pools contradicts itself. The only kind that
    /// concerns one node; all others end the attempt of the pod.
    InvalidPools,
}

impl FailureKind {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::FeatureDisabled => "feature-disabled",
            FailureKind::UnsupportedSelector => "unsupported-selector",
            FailureKind::MissingClassName => "missing-class-name",
            FailureKind::ClassNotFound => "class-not-found",
            FailureKind::PoolIncomplete => "pool-incomplete",
            FailureKind::PoolInvalid => "pool-invalid",
            FailureKind::UnsupportedMode => "unsupported-mode",
            FailureKind::TooManyDevices => "too-many-devices",
            FailureKind::UnsupportedConstraint => "unsupported-constraint",
            FailureKind::CelCompile => "cel-compile",
            FailureKind::CelRuntime => "cel-runtime",
            FailureKind::ConstraintUnsatisfiable => "constraint-unsatisfiable",
            FailureKind::InvalidPools => "invalid-pools",
        }
    }

    /// Whether it concerns the node only, so that others may still be tried.
    pub fn is_of_node(self) -> bool {
        self == FailureKind::InvalidPools
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An attempt that ends with an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What is wrong, and where: the claim, request, class, selector or pool.
    pub text: String,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, text: impl Into<String>) -> Failure {
        Failure {
            kind,
            text: text.into(),
        }
    }
}
