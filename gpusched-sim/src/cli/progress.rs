//! A progress bar on standard error, when a person watches it.

use super::terminal;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows how many of the jobs have arrived, until it is dropped.
pub(crate) struct Progress {
    /// The replay counts here.
    pub(crate) arrived: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show progress towards `jobs`.
    pub(crate) fn show(jobs: u64) -> Progress {
        let arrived = Arc::new(AtomicU64::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let painter = terminal::watched().then(|| {
            let (arrived, done) = (Arc::clone(&arrived), Arc::clone(&done));
            std::thread::spawn(move || paint(jobs, &arrived, &done))
        });
        Progress {
            arrived,
            done,
            painter,
        }
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

fn paint(jobs: u64, arrived: &AtomicU64, done: &AtomicBool) {
    let bar = ProgressBar::new(jobs);
    let style = "{bar:30} {percent}%  {human_pos} of {human_len} jobs  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    while !done.load(Ordering::Relaxed) {
        bar.set_position(arrived.load(Ordering::Relaxed));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}
