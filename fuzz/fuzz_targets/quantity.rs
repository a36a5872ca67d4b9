//! Quantities: what is read prints and reads back as the same amount.

#![no_main]

use gpusched_core::kube::Quantity;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(amount) = text.parse::<Quantity>() {
        // What saturated has no text of its own.
        if amount.nanos().unsigned_abs() < i128::MAX as u128 {
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }
});
