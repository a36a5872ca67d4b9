//! The rules every row has to keep, whatever format it comes from.

use super::row::{JobRow, NodeRow, TopoMode};
use gpusched_core::units::{MAX_MICROS, Span};

/// A rule that is broken: its name, the column at fault, what is wrong and how to mend it.
pub(super) struct Violation {
    pub(super) rule: &'static str,
    pub(super) column: &'static str,
    pub(super) message: String,
    pub(super) help: &'static str,
}

fn violation(
    rule: &'static str,
    column: &'static str,
    message: String,
    help: &'static str,
) -> Option<Violation> {
    Some(Violation {
        rule,
        column,
        message,
        help,
    })
}

/// The first rule a job breaks.
pub(super) fn job_violation(row: &JobRow) -> Option<Violation> {
    pod_violation(row)
        .or_else(|| absurd_violation(row))
        .or_else(|| gpu_violation(row))
        .or_else(|| time_violation(row))
}

fn pod_violation(row: &JobRow) -> Option<Violation> {
    if row.count == 0 {
        return violation(
            "count is 0",
            "count",
            "count is 0".into(),
            "a group has 1 or more pods",
        );
    }
    if let Some(min) = row.min_count.filter(|min| *min > row.count) {
        let message = format!("min_count {min} is over count {}", row.count);
        return violation(
            "min_count over count",
            "min_count",
            message,
            "lower it, or raise count",
        );
    }
    if let Some(max) = row.max_count.filter(|max| *max < row.count) {
        let message = format!("max_count {max} is under count {}", row.count);
        return violation(
            "max_count under count",
            "max_count",
            message,
            "raise it, or lower count",
        );
    }
    if row.topo_mode != TopoMode::None && row.topo_level.is_none() {
        let message = "topo_mode without topo_level".to_string();
        let help = "write the level: node, nvlink, rack, block or zone";
        return violation("topo_mode without topo_level", "topo_level", message, help);
    }
    None
}

/// Amounts no machine has: a slip of the unit, and sums of them would overflow.
fn absurd_violation(row: &JobRow) -> Option<Violation> {
    const MOST: [(&str, u64, &str); 4] = [
        (
            "count",
            1_000_000,
            "a group of over a million pods is no job: check the column",
        ),
        (
            "gpu",
            1_000,
            "gpu counts the whole GPUs of one pod, on one machine: check the unit",
        ),
        (
            "cpu_milli",
            1_000_000_000,
            "over a million cores in one pod: check the unit",
        ),
        (
            "mem_mib",
            10_000_000_000,
            "over 10 PB in one pod: check the unit (MiB)",
        ),
    ];
    let given = [row.count.into(), row.gpu.into(), row.cpu_milli, row.mem_mib];
    MOST.into_iter()
        .zip(given)
        .find(|((_, most, _), given)| given > most)
        .and_then(|((column, _, help), given)| {
            let message = format!("{column} is absurd ({given})");
            violation("absurd amount", column, message, help)
        })
}

fn gpu_violation(row: &JobRow) -> Option<Violation> {
    let (gpu, milli) = (row.gpu, row.gpu_milli);
    if milli > 1000 {
        let message = format!("gpu_milli {milli} is over 1000");
        let help = "1000 is one whole GPU: for more than one, write gpu and leave gpu_milli empty";
        return violation("gpu_milli over 1000", "gpu_milli", message, help);
    }
    if milli == 0 {
        let help = "write 1 to 1000, or leave it empty for whole GPUs";
        return violation("gpu_milli is 0", "gpu_milli", "gpu_milli is 0".into(), help);
    }
    if milli < 1000 && row.mig_profile.is_some() {
        let message = format!("gpu_milli {milli} together with a MIG profile");
        let help = "a MIG instance is a fixed share: leave gpu_milli empty";
        return violation("gpu_milli with mig_profile", "gpu_milli", message, help);
    }
    if milli < 1000 && gpu != 1 {
        let message = format!("gpu_milli {milli} with gpu {gpu}");
        let help = "a share is of exactly one GPU: write gpu 1, or leave gpu_milli empty";
        return violation(
            "gpu_milli under 1000 needs gpu 1",
            "gpu_milli",
            message,
            help,
        );
    }
    if row.mig_profile.is_some() != (row.mig_count > 0) {
        let message = "mig_profile and mig_count need each other".to_string();
        let help = "write both, or neither";
        return violation("mig_profile and mig_count", "mig_count", message, help);
    }
    None
}

fn time_violation(row: &JobRow) -> Option<Violation> {
    if row.run.0 < 0 {
        let message = format!("run time is negative ({})", row.run);
        return violation(
            "run time is negative",
            "run_s",
            message,
            "write 0 or more seconds",
        );
    }
    if row.submit.0 < 0 || row.submit.0 > MAX_MICROS {
        let message = format!("submit time {} is out of range", row.submit);
        let help = "times start at 0 and end at 2^53 µs (about 285 years)";
        return violation("submit time out of range", "submit_s", message, help);
    }
    if let Some((deadline, _)) = row.deadlines.iter().find(|(at, _)| *at < row.submit) {
        let message = format!(
            "deadline {deadline} is before the submission at {}",
            row.submit
        );
        let help = "deadlines are on the same clock as submit_s, not relative to it";
        return violation("deadline before submission", "deadline_s", message, help);
    }
    if row
        .obs_start
        .zip(row.obs_end)
        .is_some_and(|(start, end)| end < start)
    {
        let message = "the recorded end is before the recorded start".to_string();
        return violation(
            "end before start",
            "obs_end_s",
            message,
            "swap or remove them",
        );
    }
    if row.ckpt == Some(Span::ZERO) {
        let message = "checkpoint interval is 0".to_string();
        return violation(
            "ckpt_s is 0",
            "ckpt_s",
            message,
            "leave it empty, or write inf, for none",
        );
    }
    None
}

/// The first rule a machine breaks.
pub(super) fn node_violation(row: &NodeRow) -> Option<Violation> {
    if row.from.zip(row.to).is_some_and(|(from, to)| to < from) {
        let message = "the node ends before it begins".to_string();
        return violation(
            "to_s before from_s",
            "to_s",
            message,
            "from_s has to be at most to_s",
        );
    }
    None
}
