//! Kueue's load test: the figures it publishes from a real control plane, beside a replay.

use super::Sheet;
use crate::conformance::Unreadable;
use crate::kueue_perf::{BASELINE, LARGE_SCALE, Load, NOMINAL, Replayed, Shape, TAS, replay};
use std::time::Instant;

/// Shapes, and how many seconds of one core their replay may take.
const SHAPES: [(Shape, f64); 3] = [(BASELINE, 0.2), (TAS, 0.5), (LARGE_SCALE, 1.0)];

/// Replays every shape on a control plane that takes no time.
///
/// # Errors
/// [`Unreadable`]: the sheet cannot be written.
pub fn run(sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    for (shape, bound) in SHAPES {
        let load = Load::new(&shape);
        let start = Instant::now();
        let replayed = replay(&load);
        let seconds = start.elapsed().as_secs_f64();
        sheet.section(&format!("{}: {} workloads", shape.name, shape.workloads()))?;
        sheet.target(
            seconds <= bound,
            "replayed in",
            format!("{seconds:.3} s ({} cycles, {} victims)", replayed.cycles, replayed.preempted),
            format!("{bound} s"),
        )?;
        figures(sheet, &shape, &replayed)?;
    }
    Ok(())
}

fn figures(sheet: &mut Sheet<'_>, shape: &Shape, replayed: &Replayed) -> Result<(), Unreadable> {
    let published = |value: Option<String>| value.unwrap_or_else(|| "not published".to_owned());
    let end = replayed.end.0 as f64 / 1e6;
    let wall = shape.published.map(|one| format!("{} s", one.wall_s));
    sheet.figure("last workload finished after", format!("{end:.1} s"), published(wall))?;
    let nominal = i128::from(NOMINAL) * i128::from(shape.cohorts * shape.queues);
    let usage = 100.0 * replayed.used as f64 / (nominal as f64 * replayed.end.0 as f64);
    let wanted = shape.published.map(|one| format!("{} %", one.usage_percent));
    sheet.figure("use of nominal quota", format!("{usage:.1} %"), published(wanted))?;
    for (class, wait) in shape.classes.iter().zip(&replayed.waits_s) {
        let wanted = class.published_wait_s.map(|wait| format!("{wait} s"));
        let what = format!("mean time to admission, {}", class.name);
        sheet.figure(&what, format!("{wait:.1} s"), published(wanted))?;
    }
    Ok(())
}
