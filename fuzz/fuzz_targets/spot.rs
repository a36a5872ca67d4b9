//! Recorded spot capacity and prices: any bytes are read or refused, never a panic.
#![no_main]

use gpusched_core::provisioning::spot::Polarity;
use gpusched_sim::spot::{read_json, read_price_export, read_prices, read_series};
use gpusched_sim::trace::input::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = Source::from_bytes("fuzz", bytes.to_vec());
    for polarity in [Polarity::Available, Polarity::Preempted] {
        let _ = read_series(&source, polarity);
        let _ = read_json(&source, polarity);
    }
    let _ = read_price_export(&source);
    if let Ok(history) = read_prices(&source) {
        for (of, zone) in history.pools() {
            if let Some(from) = history.earliest() {
                let _ = history.series(of, zone, from);
            }
        }
    }
});
