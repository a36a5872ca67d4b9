//! What repartitioning costs: parameters, each with where it comes from.

use crate::units::Span;

/// How well a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Seen in the named source.
    ReadInSource,
    /// A choice of ours; no figure has been published.
    Assumed,
}

/// One cost parameter, documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostInfo {
    /// Name of the field of [`Costs`].
    pub name: &'static str,
    /// What it is.
    pub summary: &'static str,
    /// How well it is known.
    pub known: Known,
    /// Where it comes from.
    pub source: &'static str,
}

macro_rules! costs {
    ($($name:ident: $millis:literal, $known:ident, $summary:literal, $source:literal;)*) => {
        /// Time repartitioning takes, as far as it is known. Defaults as in [`COSTS`].
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Costs {
            $(#[doc = $summary] pub $name: Span,)*
        }

        impl Default for Costs {
            fn default() -> Costs {
                Costs { $($name: Span($millis * 1000),)* }
            }
        }

        /// Every parameter with its source.
        pub const COSTS: &[CostInfo] = &[
            $(CostInfo {
                name: stringify!($name),
                summary: $summary,
                known: Known::$known,
                source: $source,
            },)*
        ];
    };
}

costs! {
    create: 500, Assumed,
        "Create a GPU instance with its compute instance.",
        "direct NVML; seconds for it have not been published";
    destroy: 300, Assumed,
        "Destroy an instance.",
        "direct NVML; seconds for it have not been published";
    ampere_reset: 8_000, Assumed,
        "Reset an Ampere GPU when MIG mode is toggled.",
        "no published figure; from Hopper on there is no reset";
    mig_manager: 240_000, ReadInSource,
        "Change of `nvidia.com/mig.config` end to end, operands paused.",
        "Red Hat quick start on the GPU operator: 3 to 5 min; the middle is the default";
    nos_window: 60_000, ReadInSource,
        "Longest batch of waiting pods.",
        "nebuly-ai/nos 12e0a72, partitioner batch window timeout";
    nos_idle: 10_000, ReadInSource,
        "Quiet time that closes a batch early.",
        "nebuly-ai/nos 12e0a72, partitioner batch window idle";
    hami_register: 30_000, ReadInSource,
        "Until HAMi's node reports changed devices.",
        "HAMi#948";
    hami_refresh: 15_000, ReadInSource,
        "Until HAMi's scheduler sees them.",
        "HAMi#948";
    miso_migration: 30_000, ReadInSource,
        "Mean of checkpoint, repartition and restart of a job.",
        "boringlee24/socc22-miso 39b1ee6, run.py";
    miso_profiling: 30_000, ReadInSource,
        "Co-running under MPS before a partition is chosen.",
        "boringlee24/socc22-miso 39b1ee6, run.py";
}
