//! The numbers that are compared.

use crate::metrics::{CostSummary, DeviceUse, Summary, TopologySummary};
use crate::report::{span, thousands};
use serde::Serialize;

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Seconds.
    Span,
    /// 0 to 1.
    Percent,
    /// As it is.
    Number,
    /// Whole.
    Count,
}

/// Which end is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Better {
    Low,
    High,
    /// Neither: it describes the run.
    None,
}

/// A number of a run.
#[derive(Debug, Serialize)]
pub(super) struct Kpi {
    pub(super) label: &'static str,
    /// What it is, in a sentence.
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) better: Better,
    #[serde(skip)]
    pub(super) value: fn(&Summary) -> Option<f64>,
}

const fn kpi(
    label: &'static str,
    kind: Kind,
    better: Better,
    value: fn(&Summary) -> Option<f64>,
    help: &'static str,
) -> Kpi {
    Kpi {
        label,
        help,
        kind,
        better,
        value,
    }
}

use Better::{High, Low};
use Kind::{Count, Number, Percent, Span};

/// In the order they are shown. A number that no run has is left out.
#[rustfmt::skip]
pub(super) static KPIS: [Kpi; 24] = [
    kpi("Mean wait", Span, Low, |run| Some(run.wait_s?.mean), "From submission to start, and again after evictions; jobs that started."),
    kpi("Mean wait to τ", Span, Low, |run| Some(run.restricted?.wait_s), "Kaplan–Meier mean of min(wait, τ): jobs that still waited at the close count too."),
    kpi("p95 wait", Span, Low, |run| Some(run.wait_s?.p95), "19 of 20 jobs that started waited no longer."),
    kpi("Mean JCT", Span, Low, |run| Some(run.jct_s?.mean), "From submission to finish; jobs that finished."),
    kpi("Mean JCT to τ", Span, Low, |run| Some(run.restricted?.jct_s), "Kaplan–Meier mean of min(JCT, τ): jobs that had not ended at the close count too."),
    kpi("p95 JCT", Span, Low, |run| Some(run.jct_s?.p95), "19 of 20 jobs that finished took no longer."),
    kpi("Slowdown", Number, Low, |run| Some(run.bounded_slowdown?.mean), "Mean bounded slowdown: JCT ÷ run time, run times below 10 s counted as 10 s, at least 1."),
    kpi("p95 slowdown", Number, Low, |run| Some(run.bounded_slowdown?.p95), "95th percentile of the bounded slowdown."),
    kpi("Makespan", Span, Low, |run| Some(run.window.makespan_s), "From the first submission to the last finish, or to the close where jobs were then unfinished."),
    kpi("Finished", Count, High, |run| Some(run.jobs.finished as f64), "Jobs that ended."),
    kpi("Died", Count, Low, |run| Some(run.jobs.failed as f64).filter(|&died| died > 0.0), "Jobs that died before their end: memory, or faults that spread."),
    kpi("Utilisation", Percent, Better::None, |run| run.utilisation.window, "GPU time held ÷ GPU time there was. More is good only where jobs are not slower for it."),
    kpi("Fragmented", Percent, Low, |run| Some(run.sampled.frag_ratio), "Idle GPUs that the next pod of this workload cannot use ÷ idle GPUs (F of FGD), mean over time."),
    kpi("SM use", Percent, High, |run| devices(run, |used| used.sm_use), "Device time kept busy, as measured or else as asked for ÷ device time there was."),
    kpi("GPUs needed", Count, Low, |run| devices(run, |used| Some(used.peak_devices as f64)), "Most devices in use at once."),
    kpi("Slots lost", Number, Low, |run| Some(run.mig.as_ref()?.slots_lost), "Mean free MIG slots that no legal placement could use."),
    kpi("Gang slowdown", Number, Low, |run| topology(run, |one| Some(one.slowdown?.mean)), "Run time ÷ recorded run time of jobs of two or more GPUs: what network and neighbours cost."),
    kpi("Cross-leaf GPU-h", Count, Low, |run| topology(run, |one| Some(one.cross_leaf_gpu_hours)), "GPU-hours of jobs that lay on more than one leaf of the network."),
    kpi("Energy", Number, Low, |run| Some(run.sampled.energy_kwh), "kWh of CPUs and GPUs after the PWR model."),
    kpi("Node-hours", Number, Low, |run| cost(run, |bill| Some(bill.node_hours)), "Hours machines existed, all together."),
    kpi("Useful", Percent, High, |run| cost(run, |bill| Some(bill.gpu_hours.useful / bill.gpu_hours.paid).filter(|share| share.is_finite())), "Paid GPU-hours that went into work that counts."),
    kpi("USD", Number, Low, |run| cost(run, |bill| bill.usd), "What the machines with a price cost."),
    kpi("USD/GPU-h", Number, Low, |run| cost(run, |bill| bill.usd_per_useful_gpu_hour), "What a useful GPU-hour cost."),
    kpi("Evictions", Count, Low, |run| cost(run, |bill| Some(bill.evictions as f64)), "Times a job had to leave."),
];

fn devices(run: &Summary, value: fn(&DeviceUse) -> Option<f64>) -> Option<f64> {
    run.devices.as_ref().and_then(value)
}

fn topology(run: &Summary, value: fn(&TopologySummary) -> Option<f64>) -> Option<f64> {
    run.topology.as_ref().and_then(value)
}

fn cost(run: &Summary, value: fn(&CostSummary) -> Option<f64>) -> Option<f64> {
    run.cost.as_ref().and_then(value)
}

impl Kind {
    /// For people.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Kind::Span => span(value),
            Kind::Percent => format!("{:.1}%", value * 100.0),
            Kind::Count => grouped(value.round()),
            Kind::Number if value.abs() >= 1000.0 => grouped(value.round()),
            Kind::Number => format!("{value:.2}"),
        }
    }
}

/// `12,345`.
fn grouped(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", thousands(value.abs() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_naturally() {
        assert_eq!(Kind::Span.show(7_500.0), "2h05m");
        assert_eq!(Kind::Percent.show(0.1234), "12.3%");
        assert_eq!(Kind::Count.show(1_234_567.0), "1,234,567");
        assert_eq!(Kind::Count.show(-999.0), "-999");
        assert_eq!(Kind::Number.show(2.71), "2.71");
        assert_eq!(Kind::Number.show(12_345.6), "12,346");
    }
}
