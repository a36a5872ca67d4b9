//! Clusters written on the command line, such as `16x8:A100+4x2:T4`.

#![no_main]

use gpusched_sim::trace::inline::looks_inline;
use gpusched_sim::trace::{ReadOptions, read_nodes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Anything else names a file, and a fuzzer has no business opening files.
    if looks_inline(text) {
        let _ = read_nodes(text, &ReadOptions::default(), &mut |_| Ok(()));
    }
});
