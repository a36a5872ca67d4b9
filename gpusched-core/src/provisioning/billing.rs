//! What part of a machine's life is paid for.

use crate::units::{MICROS, Span};

/// How the time of a machine is rounded before it is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Time is rounded up to a multiple of this.
    pub step: Span,
    /// The least that is paid for once a machine was launched.
    pub least: Span,
    /// A spot machine that the provider takes away before it got this old costs nothing.
    pub free_within: Span,
}

impl Billing {
    /// By the second, at least a minute. Assumed of Azure.
    pub const PER_SECOND: Billing = Billing {
        step: Span(MICROS),
        least: Span(60 * MICROS),
        free_within: Span::ZERO,
    };

    /// Linux instances of AWS: by the second, at least a minute; what EC2 interrupts in its first
    /// hour is not charged (EC2 user guide, "billing for interrupted Spot Instances").
    pub const AWS: Billing = Billing {
        free_within: Span(3_600 * MICROS),
        ..Billing::PER_SECOND
    };

    /// GCP: by the second, at least a minute; what is preempted in its first minute is not charged
    /// (assumed).
    pub const GCP: Billing = Billing {
        free_within: Span(60 * MICROS),
        ..Billing::PER_SECOND
    };

    /// The rules of a provider, by the name catalogues use.
    pub fn of_cloud(cloud: &str) -> Billing {
        match cloud {
            "aws" => Billing::AWS,
            "gcp" => Billing::GCP,
            _ => Billing::PER_SECOND,
        }
    }

    /// To the microsecond: machines of one's own.
    pub const EXACT: Billing = Billing {
        step: Span(1),
        least: Span::ZERO,
        free_within: Span::ZERO,
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
