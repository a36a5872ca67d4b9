//! Ctrl-C: the first one ends a replay where it stands, with valid results; the second one ends
//! the program. Outside a replay there is nothing to save, and the first one ends it.

use super::terminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Watches for Ctrl-C.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    /// Set when the replay is to end.
    pub(crate) stop: Arc<AtomicBool>,
    replaying: Arc<AtomicBool>,
    draft: Arc<Mutex<Option<PathBuf>>>,
}

impl Interrupt {
    /// Begins to watch. A program without a handler (some sandboxes) just ends at once.
    pub(crate) fn watch() -> Interrupt {
        let watch = Interrupt::default();
        let handler = watch.clone();
        let _ = ctrlc::set_handler(move || handler.pressed());
        watch
    }

    /// From here on there are results to save.
    pub(crate) fn replaying(&self) {
        self.replaying.store(true, Ordering::SeqCst);
    }

    /// What has to go when the program is aborted.
    pub(crate) fn draft(&self, path: PathBuf) {
        *self.draft.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    fn pressed(&self) {
        let again = self.stop.swap(true, Ordering::SeqCst);
        if !again && self.replaying.load(Ordering::SeqCst) {
            terminal::say("\nStopping; what was replayed so far is kept. Ctrl-C again to abort.");
            return;
        }
        let draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = draft.as_ref() {
            // Gone already when it was published.
            let _ = std::fs::remove_dir_all(path);
        }
        terminal::say("\nAborted.");
        std::process::exit(1);
    }
}
