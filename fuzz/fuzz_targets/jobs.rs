//! Every job reader on any bytes: a result or a located error, never a panic. The first byte
//! picks the format and how it is read.

#![no_main]

use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::{ReadOptions, ZeroRun, formats, read_jobs_from};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&pick, bytes)) = data.split_first() else {
        return;
    };
    let names: Vec<&str> = formats().iter().map(|format| format.name).collect();
    // One more than there are formats: the last means "detect".
    let format = names
        .get(usize::from(pick >> 2) % (names.len() + 1))
        .copied();
    let options = ReadOptions {
        lenient: pick & 1 == 1,
        zero_run: if pick & 2 == 2 {
            ZeroRun::Keep
        } else {
            ZeroRun::Error
        },
        ..ReadOptions::default()
    };
    let source = Source::from_bytes("input", bytes.to_vec());
    let _ = read_jobs_from(source, format, &options, &mut |_| Ok(()));
});
