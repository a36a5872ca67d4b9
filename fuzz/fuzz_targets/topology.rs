//! Every reader of topologies on any text; what it makes of it is flattened, drawn and checked.

#![no_main]

use gpusched_sim::topology::{Source, drawing, hostlist, preset, slurm, smi, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&pick, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match pick % 5 {
        0 => {
            let _ = slurm::parse("input", &text).map(|places| places.alone());
        }
        1 => {
            let _ = smi::parse("input", &text);
        }
        2 => {
            if let Ok(authored) = yaml::parse("input", &text) {
                if authored.problems().is_empty() {
                    authored.places().expect("nothing is wrong with it");
                    let _ = drawing::dot(authored.graph());
                }
            }
        }
        3 => {
            let _ = hostlist::expand(&text);
        }
        _ => {
            let _ = preset::parse(&text);
            let _ = Source::parse(&text);
        }
    }
});
