//! Small worlds for tests: a job in one line, results in whole seconds.

use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::queueing::Reason;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};

/// A job of one pod: name, submission and run time in seconds, whole GPUs.
pub(crate) fn job(name: &str, submit: i64, run: i64, gpus: u32) -> JobDraft<'_> {
    let shape = Shape::whole_gpus(gpus);
    JobDraft::new(name, Time::from_secs(submit), Span::from_secs(run), shape)
}

/// A workload of such jobs.
pub(crate) fn workload(jobs: &[JobDraft<'_>]) -> Workload {
    let mut builder = WorkloadBuilder::new();
    for job in jobs {
        builder.push(job).unwrap();
    }
    builder.finish().unwrap()
}

/// `nodes` nodes `n0`, `n1` … of `gpus` T4 each.
pub(crate) fn t4_nodes(nodes: usize, gpus: u32) -> Vec<Node> {
    (0..nodes)
        .map(|index| Node::with_gpus(format!("n{index}"), gpus, "T4"))
        .collect()
}

/// Options that keep everything.
pub(crate) fn keeping(queueing: &str) -> ReplayOptions {
    ReplayOptions {
        queueing: queueing.into(),
        keep_series: true,
        keep_waits: true,
        ..ReplayOptions::default()
    }
}

/// A replay and what it was of.
pub(crate) struct Run {
    pub(crate) work: Workload,
    pub(crate) inventory: Inventory,
    pub(crate) result: RunResult,
}

/// Replays `jobs` on `nodes`.
pub(crate) fn run(options: &ReplayOptions, nodes: Vec<Node>, jobs: &[JobDraft<'_>]) -> Run {
    let (work, inventory) = (workload(jobs), Inventory::new(nodes).unwrap());
    let result = replay(&work, &inventory, options).unwrap();
    Run {
        work,
        inventory,
        result,
    }
}

impl Run {
    pub(crate) fn find(&self, name: &str) -> JobId {
        (0..self.work.len() as u32)
            .map(JobId)
            .find(|&job| self.work.name(job) == name)
            .unwrap()
    }

    /// When a job started, in seconds.
    pub(crate) fn start(&self, name: &str) -> Option<i64> {
        let start = self.result.records.start(self.find(name));
        start.map(|start| start.0 / MICROS)
    }

    /// Starts of several jobs that all started.
    pub(crate) fn starts<const N: usize>(&self, names: [&str; N]) -> [i64; N] {
        names.map(|name| self.start(name).unwrap())
    }

    /// Why a job waited: reason, from, to in seconds.
    pub(crate) fn waits(&self, name: &str) -> Vec<(Reason, i64, i64)> {
        let job = self.find(name);
        let waits = self.result.waits.iter().filter(|wait| wait.job == job);
        waits
            .map(|wait| (wait.reason, wait.from.0 / MICROS, wait.to.0 / MICROS))
            .collect()
    }
}
