//! The presets that come with gpusched, one file each.

mod helios_venus;
mod itp;
mod openb;
mod philly;
mod sample;
mod uniform;

use super::preset::{Class, Estimates, Preset, Weather};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::units::Span;

static PRESETS: [Preset; 6] = [
    itp::ITP,
    philly::PHILLY,
    openb::OPENB,
    helios_venus::HELIOS_VENUS,
    uniform::UNIFORM,
    sample::SAMPLE,
];

/// Every preset.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The preset called `name`.
///
/// # Errors
/// Unknown name; the help lists the known ones.
///
/// ```
/// use gpusched_sim::trace::generate::preset;
/// assert_eq!(preset("openb")?.name, "openb");
/// assert!(preset("phily").unwrap_err().help.unwrap().contains("philly"));
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
pub fn preset(name: &str) -> Result<&'static Preset> {
    if let Some(found) = PRESETS.iter().find(|p| p.name == name) {
        return Ok(found);
    }
    let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
    let help = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("known presets: {}", names.join(", ")),
    };
    Err(Diagnostic::new(format!("no preset is called {name:?}")).help(help))
}

/// A rate that does not change.
const STEADY: Weather = Weather {
    step_hours: 24,
    memory: 0.0,
    sigma: 0.0,
};

/// One class for everybody, whole devices only.
const ONE_CLASS: &[(Class, f64)] = &[(
    Class {
        name: "",
        priority: 0,
        preemptible: true,
        fractional: 0.0,
    },
    1.0,
)];

const HOUR: i64 = 3600;

/// Round wall limits from a quarter of an hour to two weeks. The ladder is an assumption: no
/// public GPU trace records estimates. That users pick round values and pad them by up to a
/// factor of 5 is what studies of batch systems report (f-model of Mu'alem and Feitelson).
const USUAL_LIMITS: Estimates = Estimates {
    ladder: &[
        Span::from_secs(HOUR / 4),
        Span::from_secs(HOUR / 2),
        Span::from_secs(HOUR),
        Span::from_secs(2 * HOUR),
        Span::from_secs(4 * HOUR),
        Span::from_secs(8 * HOUR),
        Span::from_secs(12 * HOUR),
        Span::from_secs(24 * HOUR),
        Span::from_secs(48 * HOUR),
        Span::from_secs(72 * HOUR),
        Span::from_secs(168 * HOUR),
        Span::from_secs(336 * HOUR),
    ],
    tight: 0.25,
    padding: 5.0,
};

/// Later than any run: the `below` of the last row of a table of ends.
const ANY_RUN: Span = Span(i64::MAX);

/// More than any batch or GPU count: the bound of the last row of a table.
const ANY: u32 = u32::MAX;
