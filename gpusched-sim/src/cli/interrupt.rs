//! Ctrl-C: the first one ends a replay where it stands, with valid results; the second one ends
//! the program. Outside a replay there is nothing to save, and the first one ends it.

use super::terminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches for Ctrl-C.
pub(crate) struct Interrupt {
    /// Set when the replay is to end.
    pub(crate) stop: Arc<AtomicBool>,
    replaying: Arc<AtomicBool>,
}

impl Interrupt {
    /// Begins to watch. A program without a handler (some sandboxes) just ends at once.
    pub(crate) fn watch() -> Interrupt {
        let watch = Interrupt {
            stop: Arc::default(),
            replaying: Arc::default(),
        };
        let stop = Arc::clone(&watch.stop);
        let replaying = Arc::clone(&watch.replaying);
        let _ = ctrlc::set_handler(move || {
            let again = stop.swap(true, Ordering::SeqCst);
            if again || !replaying.load(Ordering::SeqCst) {
                terminal::say("\nInterrupted; nothing was written.");
                std::process::exit(1);
            }
            terminal::say("\nStopping; what was replayed so far is kept. Ctrl-C again to abort.");
        });
        watch
    }

    /// From here on there are results to save.
    pub(crate) fn replaying(&self) {
        self.replaying.store(true, Ordering::SeqCst);
    }
}
