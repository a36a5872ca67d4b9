//! Reading rows from texts, for the tests of trace formats; manifests that are wrong.

pub(crate) mod bad_manifests;

use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::row::{JobRow, NodeRow};
use gpusched_sim::trace::{
    ReadOptions, ReadReport, ZeroRun, read_jobs_from, read_nodes_from, write_jobs,
};
use std::path::PathBuf;

/// Jobs from a text in a detected format.
pub(crate) fn jobs_with(text: &str, options: &ReadOptions) -> (Vec<JobRow>, ReadReport) {
    let mut rows = Vec::new();
    let source = Source::from_bytes("t.csv", text.as_bytes().to_vec());
    let report = read_jobs_from(source, None, options, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    (rows, report)
}

pub(crate) fn jobs(text: &str) -> (Vec<JobRow>, ReadReport) {
    jobs_with(text, &ReadOptions::default())
}

pub(crate) fn nodes(text: &str) -> (Vec<NodeRow>, ReadReport) {
    let mut rows = Vec::new();
    let source = Source::from_bytes("t.csv", text.as_bytes().to_vec());
    let report = read_nodes_from(source, None, &ReadOptions::default(), &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    (rows, report)
}

/// A directory that is removed at the end of a test.
pub(crate) struct Scratch(pub PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("gpusched-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self.0.join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn spec(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn written(rows: &[JobRow]) -> Vec<u8> {
    let mut out = Vec::new();
    write_jobs(&mut out, rows).unwrap();
    out
}

/// Rows read back from what was written; line numbers are those of the new file.
pub(crate) fn reread(bytes: &[u8]) -> Vec<JobRow> {
    let options = ReadOptions {
        zero_run: ZeroRun::Keep,
        ..ReadOptions::default()
    };
    let mut rows = Vec::new();
    let source = Source::from_bytes("again", bytes.to_vec());
    read_jobs_from(source, Some("v1"), &options, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    rows
}

pub(crate) fn assert_round_trip(rows: &[JobRow]) {
    let bytes = written(rows);
    let mut again = reread(&bytes);
    assert_eq!(written(&again), bytes);
    for (one, other) in again.iter_mut().zip(rows) {
        one.line = other.line;
        if *one != *other {
            assert_eq!(*one, *other);
        }
    }
    assert_eq!(again.len(), rows.len());
}
