//! Values with a fixed set of words.

use clap::ValueEnum;
use gpusched_sim::engine::Discipline;
use gpusched_sim::scenario::{AttemptsKey, FidelityKey, Format, SwfProcsKey};

/// Values with a fixed set of words: the words of the scenario, as clap wants them declared. What
/// they mean is in `gpusched schema`; here it would blow the help up to several lines a flag.
macro_rules! words {
    ($($arg:ident => $key:ident { $($word:ident),* })*) => {
        $(#[derive(Clone, Copy, ValueEnum)]
        pub(crate) enum $arg { $($word),* }

        impl From<$arg> for $key {
            fn from(arg: $arg) -> $key {
                match arg { $($arg::$word => $key::$word),* }
            }
        })*
    };
}

words! {
    FormatArg => Format { Table, Json, Csv }
    DisciplineArg => Discipline { Batched, PerEvent }
    FidelityArg => FidelityKey { Ideal, ControlPlane }
    AttemptsArg => AttemptsKey { Sum, Last, First }
    SwfProcsArg => SwfProcsKey { Gpu, Cpu }
}
