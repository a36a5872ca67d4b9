//! Kueue's load test: the figures it publishes from a real control plane, beside replays.

use super::Sheet;
use crate::conformance::Unreadable;
use crate::kueue_perf::{BASELINE, LARGE_SCALE, Load, Shape, Summary, TAS};
use crate::speed::least_core_seconds;
use gpusched_core::units::Span;
use gpusched_sim::kueue::replay::{ControlPlane, Fidelity};

/// Shapes, and how many seconds of one core their ideal replay may take.
const SHAPES: [(Shape, f64); 3] = [(BASELINE, 0.2), (TAS, 0.5), (LARGE_SCALE, 1.0)];

/// Replays every shape twice: on a control plane that takes no time, and on one with the constants
/// of the replay, without pods, as in the load test.
///
/// # Errors
/// [`Unreadable`]: the sheet cannot be written.
pub(super) fn run(sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let timed = Fidelity::ControlPlane(ControlPlane {
        grace: Span::ZERO,
        ..ControlPlane::default()
    });
    for (shape, bound) in SHAPES {
        let load = Load::new(&shape);
        let jobs = || load.jobs();
        let (seconds, ideal) =
            least_core_seconds(3, jobs, |jobs| load.replay(jobs, Fidelity::Ideal));
        let (slower, real) = least_core_seconds(1, jobs, |jobs| load.replay(jobs, timed));
        let (name, workloads) = (shape.name, shape.workloads());
        sheet.section(&format!(
            "{name}: {workloads} workloads; ideal, with a control plane"
        ))?;
        sheet.target(
            seconds <= bound,
            "core time of the ideal replay",
            format!("{seconds:.3} s ({} cycles)", ideal.cycles),
            format!("at most {bound} s"),
        )?;
        sheet.figure(
            "core time of the other one",
            format!("{slower:.3} s ({} cycles)", real.cycles),
            "",
        )?;
        figures(sheet, &shape, &ideal, &real)?;
    }
    Ok(())
}

/// Half of one either way: some constants of the control plane are assumed, not measured.
const ORDER_OF_MAGNITUDE: f64 = 3.0;

fn figures(
    sheet: &mut Sheet<'_>,
    shape: &Shape,
    ideal: &Summary,
    real: &Summary,
) -> Result<(), Unreadable> {
    let both = |one: f64, other: f64, unit: &str| format!("{one:.1}, {other:.1} {unit}");
    if let Some(published) = shape.published {
        let ratio = real.end_s / published.wall_s;
        let what = "last workload finished after";
        let got = both(ideal.end_s, real.end_s, "s");
        let wanted = format!("{} s", published.wall_s);
        let met = (1.0 / ORDER_OF_MAGNITUDE..=ORDER_OF_MAGNITUDE).contains(&ratio);
        sheet.target(met, what, got, wanted)?;
        let got = both(ideal.usage_percent, real.usage_percent, "%");
        sheet.figure(
            "use of nominal quota",
            got,
            format!("{} %", published.usage_percent),
        )?;
    }
    let evictions = format!("{}, {}", ideal.evictions, real.evictions);
    sheet.figure("evictions", evictions, "not published")?;
    for (at, class) in shape.classes.iter().enumerate() {
        let wanted = class.published_wait_s.map(|wait| format!("{wait} s"));
        let what = format!("mean time to admission, {}", class.name);
        let got = both(ideal.waits_s[at], real.waits_s[at], "s");
        let wanted = wanted.unwrap_or_else(|| "not published".to_owned());
        sheet.figure(&what, got, wanted)?;
    }
    let published = shape.classes.iter().zip(&real.waits_s);
    let mut waits: Vec<(f64, f64)> = published
        .filter_map(|(class, wait)| Some((class.published_wait_s?, *wait)))
        .collect();
    waits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let same = waits.is_sorted_by(|a, b| a.1 <= b.1);
    let order = if same { "the same" } else { "another" };
    sheet.target(
        same,
        "order of the classes by their wait",
        order,
        "as published",
    )
}
