//! Use of quota over time.

use super::outcome::Sample;
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId};
use gpusched_core::queueing::kueue::{Amount, Quota};
use gpusched_core::units::{Span, Time};

/// Use of one flavor and resource by a ClusterQueue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueUse {
    /// The flavor.
    pub flavor: String,
    /// The resource.
    pub resource: String,
    /// Its nominal quota, in the integers quota is counted in.
    pub nominal: Amount,
    /// Time-weighted mean of its use.
    pub mean: f64,
    /// Time-weighted mean of its use beyond the nominal quota.
    pub mean_borrowed: f64,
    /// Most it used at one time.
    pub peak: i64,
}

#[derive(Clone, Debug)]
struct Cell {
    fr: FlavorResourceId,
    nominal: i64,
    value: i64,
    peak: i64,
    /// Use times microseconds.
    used: i128,
    borrowed: i128,
}

#[derive(Clone, Debug, Default)]
struct Shares {
    value: f64,
    sum: f64,
}

/// Integrals of the use of each ClusterQueue. A change costs what the queue declares.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    cells: Vec<Cell>,
    /// By queue: where its cells begin; one more at the end.
    first: Vec<usize>,
    /// By queue: since when its values hold.
    since: Vec<Time>,
    shares: Option<Vec<Shares>>,
    start: Time,
    series: Vec<Sample>,
    limit: usize,
    every: Span,
    next: Time,
}

impl Meter {
    /// `samples` = the most samples the series may have; 0 = none.
    pub(super) fn new(quota: &Quota, fair_sharing: bool, start: Time, samples: usize) -> Meter {
        let queues = quota.names().cluster_queues();
        let mut meter = Meter {
            cells: Vec::new(),
            first: vec![0],
            since: vec![start; queues],
            shares: fair_sharing.then(|| vec![Shares::default(); queues]),
            start,
            series: Vec::new(),
            limit: samples,
            every: Span::from_secs(1),
            next: match samples {
                0 => Time::NEVER,
                _ => start,
            },
        };
        for queue in (0..queues).map(QuotaNodeId::from) {
            for fr in quota.declared(queue) {
                meter.cells.push(Cell {
                    fr: *fr,
                    nominal: quota.subtree_quota(queue, *fr).0,
                    value: 0,
                    peak: 0,
                    used: 0,
                    borrowed: 0,
                });
            }
            meter.first.push(meter.cells.len());
        }
        for queue in (0..queues).map(ClusterQueueId::from) {
            meter.refresh(quota, queue, start);
        }
        meter
    }

    /// The use of a queue may have changed.
    pub(super) fn refresh(&mut self, quota: &Quota, queue: ClusterQueueId, now: Time) {
        let at = queue.index();
        let span = (now - self.since[at]).0;
        self.since[at] = now;
        for cell in &mut self.cells[self.first[at]..self.first[at + 1]] {
            let length = i128::from(span);
            cell.used += i128::from(cell.value) * length;
            cell.borrowed += i128::from((cell.value.saturating_sub(cell.nominal)).max(0)) * length;
            cell.value = quota.usage(queue.into(), cell.fr).0;
            cell.peak = cell.peak.max(cell.value);
        }
        if let Some(shares) = &mut self.shares {
            let share = &mut shares[at];
            if span > 0 {
                share.sum += share.value * span as f64;
            }
            share.value = quota.dominant_resource_share(queue.into()).weighted();
        }
    }

    /// Takes the samples due before `now`: what holds until something happens then.
    pub(super) fn sample_until(&mut self, now: Time) {
        while self.next < now {
            self.series.push(Sample {
                at: Time((self.next - self.start).0),
                usage: self.cells.iter().map(|cell| cell.value).collect(),
            });
            if self.series.len() > self.limit {
                let mut even = false;
                self.series.retain(|_| {
                    even = !even;
                    even
                });
                self.every = Span(self.every.0 * 2);
                let steps = self.series.len() as i64;
                self.next = self.start + Span(self.every.0 * steps);
            } else {
                self.next = self.next + self.every;
            }
        }
    }

    /// What was used by each queue, its mean share, and the series.
    pub(super) fn finish(
        mut self,
        quota: &Quota,
        end: Time,
    ) -> (Vec<Vec<QueueUse>>, Option<Vec<f64>>, Vec<Sample>) {
        self.sample_until(end + Span(1));
        let queues = self.since.len();
        for queue in (0..queues).map(ClusterQueueId::from) {
            self.refresh(quota, queue, end);
        }
        let length = (end - self.start).0.max(1);
        let names = quota.names();
        let uses = (0..queues).map(|queue| {
            let cells = &self.cells[self.first[queue]..self.first[queue + 1]];
            let uses = cells.iter().map(|cell| {
                let (flavor, resource) = names.parts(cell.fr);
                QueueUse {
                    flavor: names.flavor_name(flavor).to_owned(),
                    resource: names.resource_name(resource).to_owned(),
                    nominal: Amount(cell.nominal),
                    mean: cell.used as f64 / length as f64,
                    mean_borrowed: cell.borrowed as f64 / length as f64,
                    peak: cell.peak,
                }
            });
            uses.collect()
        });
        let uses = uses.collect();
        let shares = self.shares.take();
        let shares =
            shares.map(|shares| shares.iter().map(|one| one.sum / length as f64).collect());
        (uses, shares, self.series)
    }
}
