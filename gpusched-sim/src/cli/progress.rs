//! A progress bar on standard error, when a person watches it.

use super::terminal;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows how many jobs have arrived, added up over all runs, until it is dropped.
pub(crate) struct Progress {
    counters: Vec<Arc<AtomicU64>>,
    done: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show the progress of `runs` runs of `jobs` jobs each.
    pub(crate) fn runs(jobs: usize, runs: usize) -> Progress {
        let counters: Vec<Arc<AtomicU64>> = (0..runs).map(|_| Arc::default()).collect();
        let done = Arc::new(AtomicBool::new(false));
        let painter = terminal::watched().then(|| {
            let (counters, done) = (counters.clone(), Arc::clone(&done));
            std::thread::spawn(move || paint((jobs * runs) as u64, &counters, &done))
        });
        Progress {
            counters,
            done,
            painter,
        }
    }

    /// Where run number `run` counts.
    pub(crate) fn counter(&self, run: usize) -> Arc<AtomicU64> {
        Arc::clone(&self.counters[run])
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter.take() {
            painter.thread().unpark();
            let _ = painter.join();
        }
    }
}

/// A sign of life while a trace is read; nothing when nobody watches.
pub(crate) fn reading(trace: &str) -> ProgressBar {
    if !terminal::watched() {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner().with_message(format!("Reading {trace}"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn paint(jobs: u64, counters: &[Arc<AtomicU64>], done: &AtomicBool) {
    let bar = ProgressBar::new(jobs);
    let style = "{bar:30} {percent}%  {human_pos} of {human_len} jobs  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    while !done.load(Ordering::Relaxed) {
        bar.set_position(
            counters
                .iter()
                .map(|count| count.load(Ordering::Relaxed))
                .sum(),
        );
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}
