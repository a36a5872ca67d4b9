//! Collecting what is wrong with a trace, instead of stopping at the first problem.

use crate::diagnostic::Diagnostic;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a reader puts problems with single rows, which it then leaves out. Clones share one
/// collection.
///
/// ```
/// use gpusched_sim::trace::{Problems, ReadOptions, input::Source, read_jobs_from};
/// let problems = Problems::keeping(10);
/// let options = ReadOptions { problems: Some(problems.clone()), ..ReadOptions::default() };
/// let text = "job_id,submit_s,run_s\na,0,-5\nb,x,5\nc,0,5\n";
/// let source = Source::from_bytes("jobs.csv", text.as_bytes());
/// let report = read_jobs_from(source, Some("v1"), &options, &mut |_| Ok(()))?;
/// assert_eq!((report.rows, problems.count()), (1, 2));
/// assert_eq!(problems.take()[1].line, 3);
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Problems {
    keep: usize,
    found: Arc<Mutex<Found>>,
}

#[derive(Debug, Default)]
struct Found {
    count: u64,
    kept: Vec<Diagnostic>,
}

impl Problems {
    /// A collection that counts all problems and keeps the first `keep`.
    pub fn keeping(keep: usize) -> Problems {
        Problems {
            keep,
            found: Arc::default(),
        }
    }

    /// Adds one.
    pub fn add(&self, problem: Diagnostic) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.count += 1;
        if found.kept.len() < self.keep {
            found.kept.push(problem);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count
    }

    /// Those that were kept, in the order they were found.
    pub fn take(&self) -> Vec<Diagnostic> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut found.kept)
    }
}
