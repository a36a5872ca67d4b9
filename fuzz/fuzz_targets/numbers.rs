//! Exact seconds: what is read prints and reads back as the same number.

#![no_main]

use gpusched_core::units::{Span, parse_seconds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(micros) = parse_seconds(text) {
        assert_eq!(parse_seconds(&Span(micros).to_string()), Ok(micros));
    }
});
