//! What hardware and driver allow, as data for people and as checks for programs.

use super::super::profiles::Board;
use super::super::state::MigGpu;
use super::costs::Costs;
use crate::units::Span;

/// A rule of repartitioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What holds.
    pub rule: &'static str,
    /// Where it is checked.
    pub checked_by: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// The rules.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    Rule {
        rule: "an instance in use cannot be moved, resized or destroyed; there is no live migration",
        checked_by: "MigGpu::destroy, MigGpu::clear, Plan::apply",
        source: "MIG user guide; k8s-device-plugin#992",
    },
    Rule {
        rule: "free instances are created and destroyed without touching running neighbours",
        checked_by: "MigGpu::create, MigGpu::destroy",
        source: "k8s-device-plugin#992 (maintainer, 2025-11-20); HAMi and nos rely on it",
    },
    Rule {
        rule: "MIG mode is toggled only while nothing uses the GPU, monitoring agents included",
        checked_by: "mode_change",
        source: "MIG user guide",
    },
    Rule {
        rule: "toggling resets an Ampere GPU and persists; from Hopper on there is no reset and the mode is lost with the driver",
        checked_by: "mode_change",
        source: "MIG user guide",
    },
    Rule {
        rule: "instances never survive a reset or a reboot",
        checked_by: "mode_change",
        source: "MIG user guide",
    },
    Rule {
        rule: "there is no peer-to-peer or NVLink traffic between instances, and a process sees one of them",
        checked_by: "a request never spans instances",
        source: "MIG user guide",
    },
];

/// What toggling MIG mode does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeChange {
    /// Time it takes.
    pub span: Span,
    /// Whether the GPU is reset.
    pub resets: bool,
    /// Whether the mode outlives a reboot.
    pub persists: bool,
}

/// Why MIG mode cannot be toggled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// Instances are in use.
    #[error("{0} instances are in use: MIG mode changes on an idle GPU only")]
    InUse(u32),
    /// Some other client is on the GPU.
    #[error("a client holds the GPU (DCGM, nvsm, a process): MIG mode changes on an idle GPU only")]
    Client,
}

/// What toggling MIG mode of a GPU does now; `other_clients` says whether anything else holds it.
///
/// # Errors
/// [`ModeError`] when the GPU is not idle.
///
/// ```
/// use gpusched_core::gpu::mig::repartition::{costs::Costs, mode_change};
/// use gpusched_core::gpu::mig::{board, Geometry, MigGpu};
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::units::Span;
/// let gpu = |name| MigGpu::new(Geometry::of(board(name).unwrap()).unwrap().into(), NodeId(0), 0);
/// let ampere = mode_change(&gpu("A100-40GB"), false, &Costs::default()).unwrap();
/// assert!(ampere.resets && ampere.persists && ampere.span == Span::from_secs(8));
/// let hopper = mode_change(&gpu("H100-80GB-SXM"), false, &Costs::default()).unwrap();
/// assert!(!hopper.resets && !hopper.persists);
/// ```
pub fn mode_change(
    gpu: &MigGpu,
    other_clients: bool,
    costs: &Costs,
) -> Result<ModeChange, ModeError> {
    if gpu.used_count() > 0 {
        return Err(ModeError::InUse(gpu.used_count()));
    }
    if other_clients {
        return Err(ModeError::Client);
    }
    Ok(ModeChange {
        span: mode_change_span(gpu.board(), costs),
        resets: is_ampere(gpu.board()),
        persists: is_ampere(gpu.board()),
    })
}

/// How long toggling MIG mode of an idle GPU takes: the reset of an Ampere board, else nothing.
pub fn mode_change_span(board: &Board, costs: &Costs) -> Span {
    match is_ampere(board) {
        true => costs.ampere_reset,
        false => Span::ZERO,
    }
}

/// A100 and A30 are the Ampere boards with MIG.
fn is_ampere(board: &Board) -> bool {
    board.name.starts_with('A')
}
