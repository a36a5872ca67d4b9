//! The boards, cell by cell, against the table they were written from.

use gpusched_core::gpu::mig::{BOARDS, Board, Media, Profile};
use gpusched_core::gpu::model;

/// A line of comma-separated values; only the last column is ever quoted, and it is not compared.
fn cells(line: &str) -> Vec<&str> {
    line.split('"').next().unwrap().split(',').collect()
}

fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn list(values: &[impl ToString]) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    texts.join(";")
}

fn row(board: &Board, profile: &Profile) -> Vec<String> {
    let mut row = vec![
        board.name.to_owned(),
        list(board.pci_ids),
        profile.name.to_owned(),
        cell(profile.smi_id),
        profile.nvml.name().to_owned(),
        profile.slices.to_string(),
        profile.mem_slices.to_string(),
        cell(profile.size),
        cell(profile.memory_mib),
        cell(profile.sms),
    ];
    row.extend(profile.engines.counts().map(cell));
    row.push(list(profile.starts));
    row.push(profile.max_count.to_string());
    row.push(cell(board.units));
    row.push(board.evidence.label().to_owned());
    row
}

#[test]
fn every_cell_of_the_table_is_here_and_nothing_else() {
    let Some(text) = super::shared("data/mig_profiles.csv") else {
        return;
    };
    let mut theirs = text.lines().skip(1);
    let mut rows = 0;
    for board in BOARDS {
        for profile in board.profiles {
            let line = theirs.next().expect("the table ends early");
            assert_eq!(row(board, profile), cells(line)[..19], "{line}");
            rows += 1;
        }
    }
    assert_eq!(theirs.next(), None);
    assert_eq!(rows, 114);
}

#[test]
fn rows_are_consistent_with_one_another() {
    for board in BOARDS {
        let whole = board.whole();
        for profile in board.profiles {
            let name = format!("{} {}", board.name, profile.name);
            assert!(
                profile.memory_mib <= whole.memory_mib || whole.memory_mib.is_none(),
                "{name}"
            );
            assert!(profile.sms <= whole.sms || whole.sms.is_none(), "{name}");
            assert_eq!(profile.size.is_some(), !profile.starts.is_empty(), "{name}");
            assert!(profile.starts.is_sorted(), "{name}");
            for start in profile.starts {
                assert!(
                    start + profile.size.unwrap() <= board.units.unwrap(),
                    "{name}"
                );
            }
            assert!(profile.name.ends_with(profile.media.suffix()), "{name}");
            assert_eq!(
                profile.media == Media::Plain,
                profile.name.ends_with("gb"),
                "{name}"
            );
        }
        for name in board.models {
            let model = model::find(name).expect("a board names a model of the catalogue");
            assert_eq!(u32::from(board.slices()), model.mig_max, "{name}");
        }
    }
}
