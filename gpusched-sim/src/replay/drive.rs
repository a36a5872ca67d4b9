//! The engine run to its end, in a way that can be stopped and watched.

use super::ReplayOptions;
use crate::engine::{Engine, EngineError, Observer};
use gpusched_core::units::Time;
use std::sync::atomic::Ordering;

/// Steps between looks at the stop flag.
const STEPS: usize = 1024;

/// Runs to the horizon or the end. `Ok(true)` = stopped from outside.
pub(super) fn drive<O: Observer>(
    engine: &mut Engine<'_, O>,
    options: &ReplayOptions,
) -> Result<bool, EngineError> {
    let until = options.horizon.unwrap_or(Time::NEVER);
    let stopped = || {
        let flag = options.stop.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
    };
    while !stopped() {
        for _ in 0..STEPS {
            if !engine.step_until(until)? {
                // Moves the clock to a horizon that lies beyond the last event.
                engine.run_until(until)?;
                report(engine, options);
                return Ok(false);
            }
        }
        report(engine, options);
    }
    Ok(true)
}

fn report<O: Observer>(engine: &Engine<'_, O>, options: &ReplayOptions) {
    if let Some(progress) = &options.progress {
        progress.store(engine.arrived() as u64, Ordering::Relaxed);
    }
}
