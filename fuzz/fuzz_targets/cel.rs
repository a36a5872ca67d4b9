//! Selectors: whatever is written, compiling and evaluating end, twice with the same answer.

#![no_main]

use gpusched_core::cel::{Attribute, DeviceFacts, Env, Program};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(program) = Program::compile(text, &Env::default()) else {
        return;
    };
    let mut device = DeviceFacts {
        driver: "d".to_owned(),
        ..DeviceFacts::default()
    };
    device
        .attributes
        .insert("a".to_owned(), Attribute::Text("text".to_owned()));
    device
        .attributes
        .insert("e/i".to_owned(), Attribute::Int(3));
    device
        .capacity
        .insert("c".to_owned(), "4Gi".parse().unwrap_or_default());
    assert_eq!(
        program.evaluate(&device, 10_000),
        program.evaluate(&device, 10_000)
    );
});
