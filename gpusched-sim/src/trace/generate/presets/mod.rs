//! The presets that come with gpusched, one file each.

mod gangs;
mod helios_venus;
mod itp;
mod mixed_mig;
mod openb;
mod philly;
mod sample;
mod uniform;

use super::preset::{Class, Estimates, Gap, Lognormal, Preset, Sweep, Weather};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::units::Span;

static PRESETS: [Preset; 8] = [
    itp::ITP,
    philly::PHILLY,
    openb::OPENB,
    helios_venus::HELIOS_VENUS,
    uniform::UNIFORM,
    gangs::GANGS,
    mixed_mig::MIXED_MIG,
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

/// Independent jobs at a steady rate, whole GPUs, nobody special: what presets that are nobody's
/// data differ from.
const INDEPENDENT: Preset = Preset {
    name: "",
    about: "",
    gap: Gap::Exponential(60.0),
    hours: [1.0; 24],
    weekdays: [1.0; 7],
    weather: STEADY,
    batch_sizes: &[(1, 1.0)],
    gpu_counts: &[],
    durations: &[],
    run_range: (0.0, f64::MAX),
    // Batches of one job: nothing of this is used.
    sweeps: &[Sweep {
        max_batch: ANY,
        spread: Lognormal {
            mu: 0.0,
            sigma: 0.0,
        },
        stray: 0.0,
        together: 0.0,
        gap: Lognormal {
            mu: 0.0,
            sigma: 1.0,
        },
    }],
    max_member_gap: 60.0,
    resolution: Span(1_000),
    tenants: 8,
    tenant_exponent: 0.0,
    users: 4,
    user_exponent: 0.0,
    classes: ONE_CLASS,
    fractions: &[],
    pod_sizes: &[],
    models: &[],
    ends: &[],
    estimates: None,
    cluster: &[],
};

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

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn names_are_unique_and_kebab_case() {
        for (i, preset) in PRESETS.iter().enumerate() {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(preset.name.chars().all(kebab), "{}", preset.name);
            assert!(PRESETS[..i].iter().all(|p| p.name != preset.name));
        }
    }

    #[test]
    fn rates_have_mean_one() {
        for preset in presets() {
            assert!((mean(&preset.hours) - 1.0).abs() < 0.005, "{}", preset.name);
            assert!(
                (mean(&preset.weekdays) - 1.0).abs() < 0.005,
                "{}",
                preset.name
            );
            assert!(
                preset
                    .hours
                    .iter()
                    .chain(&preset.weekdays)
                    .all(|rate| *rate > 0.0)
            );
            assert!(preset.weather.step_hours > 0);
        }
    }

    #[test]
    fn tables_are_complete() {
        for preset in presets() {
            let name = preset.name;
            assert_eq!(preset.gpu_counts.last().unwrap().max_batch, ANY, "{name}");
            assert_eq!(preset.sweeps.last().unwrap().max_batch, ANY, "{name}");
            let last = preset.durations.last().unwrap();
            assert_eq!((last.max_batch, last.max_gpus), (ANY, ANY), "{name}");
            let fractional = preset
                .classes
                .iter()
                .any(|(class, _)| class.fractional > 0.0);
            assert!(
                !preset.classes.is_empty() && fractional != preset.fractions.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn mixtures_and_tails_are_distributions() {
        for preset in presets() {
            for row in preset.durations {
                let total: f64 = row.mixture.iter().map(|c| c.weight).sum();
                assert!((total - 1.0).abs() < 1e-3, "{} {row:?}", preset.name);
            }
            let tail = preset.batch_sizes;
            assert_eq!(tail[0], (1, 1.0), "{}", preset.name);
            assert!(
                tail.is_sorted_by(|a, b| a.0 < b.0 && a.1 > b.1),
                "{}",
                preset.name
            );
        }
    }
}
