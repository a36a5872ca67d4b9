//! Peers side by side: other simulators found on the machine do the same work in the same run.
//!
//! Every peer gets the same jobs and must give the same start of every job; a rate of a different
//! schedule would be a rate of different work. Times are seconds of a core, the least of a few
//! runs, without starting an interpreter or reading the jobs.

mod gpusched;
mod plain_rust;
mod python;
pub mod section;
mod simcore;
pub mod work;

use crate::speed::Effort;
use comfy_table::{Table, TableStyle, presets};
use gpusched_sim::diagnostic::Diagnostic;
use std::path::PathBuf;
use work::{Case, Work};

/// How the peers are run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many jobs: 100,000 of each case, or a tenth.
    pub effort: Effort,
    /// Seed of the jobs.
    pub seed: u64,
    /// Runs of each peer; the fastest counts.
    pub runs: usize,
    /// The interpreter of the Python peers.
    pub python: PathBuf,
}

/// What one peer did with one piece of work.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is, with its version where it tells.
    pub version: String,
    /// Seconds of a core.
    pub seconds: f64,
    /// Start of every job (µs); `None` = it never started.
    pub starts: Vec<Option<i64>>,
}

/// Whether a peer is there.
#[derive(Clone, Debug)]
enum Outcome {
    Ran(Run),
    /// Why it is not.
    Absent(String),
}

/// How a peer does the work.
type Peer = fn(&Work, &Setup) -> Result<Outcome, Box<Diagnostic>>;

/// gpusched first: what the others are compared with.
const PEERS: [Peer; 5] = [
    gpusched::run,
    plain_rust::run,
    simcore::run,
    python::plain_loop,
    python::simpy,
];

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which work.
    pub case: Case,
    /// Its jobs, how many of them waited under gpusched.
    pub jobs: usize,
    /// See [`Line::jobs`].
    pub waited: usize,
    /// Who did it.
    pub peer: String,
    /// Seconds of a core.
    pub seconds: f64,
    /// How many times as long as gpusched.
    pub ratio: f64,
    /// Jobs whose start is not gpusched's.
    pub differing: usize,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// By case, gpusched first.
    pub lines: Vec<Line>,
    /// Peers not found, and why; each once.
    pub absent: Vec<String>,
}

impl Comparison {
    /// Whether every peer started every job at the same instant.
    pub fn same(&self) -> bool {
        self.lines.iter().all(|line| line.differing == 0)
    }

    /// The table for the screen.
    pub fn screen(&self) -> String {
        self.text(presets::UTF8_FULL_CONDENSED)
    }

    /// The same for a document, with the words it needs.
    pub fn markdown(&self, setup: &Setup) -> String {
        format!(
            "Written by `gpusched-bench peers --write`: seed {}, seconds of a core, the least of {} \
             runs, every peer in the same run and with the same start of every job. gpusched keeps \
             records and a summary; the others keep starts only.\n\n{}",
            setup.seed,
            setup.runs,
            self.text(presets::ASCII_MARKDOWN)
        )
    }

    fn text(&self, preset: TableStyle) -> String {
        let mut table = Table::new();
        table.load_style(preset);
        table.set_header(["work", "peer", "jobs/s", "time over gpusched's", "schedule"]);
        for line in &self.lines {
            let rate = line.jobs as f64 / line.seconds;
            table.add_row([
                format!(
                    "{}: {} jobs, {} waited",
                    line.case.name(),
                    line.jobs,
                    line.waited
                ),
                line.peer.clone(),
                if rate >= 1e6 {
                    format!("{:.2} M", rate / 1e6)
                } else {
                    format!("{:.0} k", rate / 1e3)
                },
                format!("{:.2}", line.ratio),
                match line.differing {
                    0 => "same".into(),
                    jobs => format!("{jobs} STARTS DIFFER"),
                },
            ]);
        }
        let absent = self
            .absent
            .iter()
            .map(|why| format!("\n\nNot found: {why}."));
        format!("{table}{}", absent.collect::<String>())
    }
}

/// Runs every peer on every case.
///
/// # Errors
/// A peer that is there does not do its work.
pub fn compare(setup: &Setup) -> Result<Comparison, Box<Diagnostic>> {
    let mut comparison = Comparison::default();
    for case in Case::ALL {
        let work = Work::new(case, setup.seed, setup.effort.of(100_000));
        let mut ours: Option<Run> = None;
        for peer in PEERS {
            let run = match peer(&work, setup)? {
                Outcome::Ran(run) => run,
                Outcome::Absent(why) => {
                    if !comparison.absent.contains(&why) {
                        comparison.absent.push(why);
                    }
                    continue;
                }
            };
            let reference = ours.get_or_insert_with(|| run.clone());
            comparison.lines.push(Line {
                case,
                jobs: work.jobs.len(),
                waited: waited(&work, reference),
                differing: differing(&reference.starts, &run.starts),
                ratio: run.seconds / reference.seconds,
                seconds: run.seconds,
                peer: run.version,
            });
        }
    }
    Ok(comparison)
}

fn waited(work: &Work, run: &Run) -> usize {
    let starts = run.starts.iter().zip(&work.jobs);
    starts
        .filter(|(start, job)| **start != Some(job.submit))
        .count()
}

/// Jobs that start at another instant, or are in one list only.
fn differing(ours: &[Option<i64>], theirs: &[Option<i64>]) -> usize {
    let both = ours.iter().zip(theirs).filter(|(our, their)| our != their);
    both.count() + ours.len().abs_diff(theirs.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_differs_or_is_missing_is_counted() {
        let ours = [Some(1), Some(2), Some(3)];
        assert_eq!(differing(&ours, &ours), 0);
        assert_eq!(differing(&ours, &[Some(1), Some(9), None]), 2);
        assert_eq!(differing(&ours, &[Some(1)]), 2);
    }

    #[test]
    fn peers_that_are_here_give_the_same_schedules() {
        let setup = Setup {
            effort: Effort::Quick,
            seed: 7,
            runs: 1,
            python: "python3".into(),
        };
        let comparison = compare(&setup).unwrap();
        assert!(comparison.same(), "{}", comparison.screen());
        // The engine and its bare loop are always there, and the work is such that jobs wait.
        assert!(comparison.lines.len() >= 2 * Case::ALL.len());
        assert!(comparison.lines.iter().all(|line| line.waited > 0));
    }

    #[test]
    fn a_missing_interpreter_is_said_once() {
        let setup = Setup {
            effort: Effort::Quick,
            seed: 7,
            runs: 1,
            python: "no/such/python".into(),
        };
        let comparison = compare(&setup).unwrap();
        let said = |name: &str| {
            let lines = comparison.absent.iter();
            lines.filter(|why| why.starts_with(name)).count()
        };
        assert_eq!((said("SimPy"), said("plain loop")), (1, 1));
    }
}
