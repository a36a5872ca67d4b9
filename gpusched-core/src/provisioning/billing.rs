//! What part of a machine's life is paid for.

use crate::units::{MICROS, Span};

/// How the time of a machine is rounded before it is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Time is rounded up to a multiple of this.
    pub step: Span,
    /// The least that is paid for once a machine was launched.
    pub least: Span,
}

impl Billing {
    /// By the second, at least a minute: Linux instances of AWS (EC2 user guide, "billing"), and
    /// GCP's.
    pub const PER_SECOND: Billing = Billing {
        step: Span(MICROS),
        least: Span(60 * MICROS),
    };

    /// To the microsecond: machines of one's own.
    pub const EXACT: Billing = Billing {
        step: Span(1),
        least: Span::ZERO,
    };

    /// The time paid for a machine that existed for `span`.
    ///
    /// ```
    /// use gpusched_core::provisioning::Billing;
    /// use gpusched_core::units::Span;
    /// assert_eq!(Billing::PER_SECOND.billed(Span::from_secs(20)), Span::from_secs(60));
    /// assert_eq!(Billing::PER_SECOND.billed(Span(90_000_001)), Span::from_secs(91));
    /// ```
    pub fn billed(self, span: Span) -> Span {
        let steps = span.0.div_euclid(self.step.0) + i64::from(span.0 % self.step.0 != 0);
        Span(steps.saturating_mul(self.step.0)).max(self.least)
    }
}
