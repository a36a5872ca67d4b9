//! What is asked for: jobs, their pod sets, and the request of one pod.

use serde::{Deserialize, Serialize};

/// Which pods of a job must start together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gang {
    /// All pods of all pod sets, or nothing.
    #[default]
    All,
    /// Each pod set on its own.
    Task,
    /// Each pod on its own.
    None,
}

/// How a job ended, or how the trace says it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran to its end.
    #[default]
    Completed,
    /// It ended by a fault of its own.
    Failed,
    /// It was ended by its user, by a limit or by the system.
    Killed,
    /// It was still running at the end of the recording.
    Running,
    /// It had not started by the end of the recording.
    Pending,
}
