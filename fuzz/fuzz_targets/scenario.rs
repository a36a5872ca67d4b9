//! Scenario files: any text is a scenario or a located error.

#![no_main]

use gpusched_sim::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((scenario, origins)) = Scenario::parse("scenario.yaml", text) {
        let _ = scenario.plan(&origins);
    }
});
