//! How much of the machinery around Kueue's decisions is modelled.

use gpusched_core::units::Span;

/// What takes time besides the work itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fidelity {
    /// Nothing: decisions, writes and evictions take effect in the instant they are due. Waits are
    /// those of the policy alone. The same as [`ControlPlane::INSTANT`].
    #[default]
    Ideal,
    /// Scheduler and API server take their time.
    ControlPlane(ControlPlane),
}

impl Fidelity {
    /// The constants it stands for.
    pub fn constants(&self) -> ControlPlane {
        match self {
            Fidelity::Ideal => ControlPlane::INSTANT,
            Fidelity::ControlPlane(constants) => *constants,
        }
    }
}

/// How long the control plane takes for what.
///
/// Paths are of `kubernetes-sigs/kueue` at `ff69552`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    /// A scheduling cycle, but for what its heads cost. 1 ms.
    ///
    /// Source: assumed from "one cycle with a fake client takes milliseconds" (measured on two
    /// AMD EPYC cores); large topologies take far longer (upstream issue #13148: 40 s), so measure
    /// your own: `kueue_admission_attempt_duration_seconds`.
    pub cycle: Span,
    /// A head of a cycle. 100 µs; source as [`ControlPlane::cycle`].
    pub head: Span,
    /// How long requests to try inadmissible workloads again are gathered. 1 s.
    ///
    /// Source: `pkg/cache/queue/inadmissible_workloads.go`.
    pub flush_batch: Span,
    /// From sending a write to the API server until its watchers know. 5 ms.
    ///
    /// Source: assumed; the 99th percentile Kubernetes promises for writes is 1 s.
    pub api_latency: Span,
    /// Writes per second that Kueue's client allows itself; 0 = any number. 50.
    ///
    /// Source: `test/performance/scheduler/minimalkueue`; the default of an installation is
    /// `clientConnection.qps: 50` too.
    pub qps: u32,
    /// Writes it sends at once after a pause. 100; source as [`ControlPlane::qps`].
    pub burst: u32,
    /// Pause after a cycle that changed nothing; doubled after each further one. 1 ms.
    ///
    /// Source: the loop of `pkg/scheduler`, `pkg/util/wait`.
    pub pause_first: Span,
    /// Longest such pause. 10 ms; source as [`ControlPlane::pause_first`].
    pub pause_most: Span,
    /// From telling a workload to leave until its pods are gone. 30 s.
    ///
    /// Source: `terminationGracePeriodSeconds` of a pod that names none. Upstream's load test
    /// has no pods: 0 there.
    pub grace: Span,
    /// From reserved quota until all admission checks of the workload have passed. 30 s.
    ///
    /// Source: assumed; a cluster autoscaler takes minutes to add machines and seconds to find
    /// that it need not.
    pub checks: Span,
}

impl ControlPlane {
    /// Nothing takes time.
    pub const INSTANT: ControlPlane = ControlPlane {
        cycle: Span::ZERO,
        head: Span::ZERO,
        flush_batch: Span::ZERO,
        api_latency: Span::ZERO,
        qps: 0,
        burst: 0,
        pause_first: Span::ZERO,
        pause_most: Span::ZERO,
        grace: Span::ZERO,
        checks: Span::ZERO,
    };
}

impl Default for ControlPlane {
    fn default() -> Self {
        ControlPlane {
            cycle: Span(1_000),
            head: Span(100),
            flush_batch: Span::from_secs(1),
            api_latency: Span(5_000),
            qps: 50,
            burst: 100,
            pause_first: Span(1_000),
            pause_most: Span(10_000),
            grace: Span::from_secs(30),
            checks: Span::from_secs(30),
        }
    }
}
