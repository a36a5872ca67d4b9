//! Every node reader on any bytes.

#![no_main]

use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::{ReadOptions, formats, read_nodes_from};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&pick, bytes)) = data.split_first() else {
        return;
    };
    let names: Vec<&str> = formats().iter().map(|format| format.name).collect();
    let format = names.get(usize::from(pick) % (names.len() + 1)).copied();
    let source = Source::from_bytes("input", bytes.to_vec());
    let _ = read_nodes_from(source, format, &ReadOptions::default(), &mut |_| Ok(()));
});
