//! `waits.csv`: how many waited for what, over time.

use super::each_row;
use crate::diagnostic::Result;
use crate::metrics::Bins;
use crate::trace::table::Table;
use gpusched_core::queueing::Reason;
use gpusched_core::units::{MICROS, Time};

/// Bins of time over a run.
const BINS: usize = 240;

/// Mean number of waiting jobs (parts, where jobs are scheduled in parts) by reason and bin.
#[derive(Debug)]
pub(in super::super) struct ReasonWaits {
    /// When each bin begins and the last one ends, s.
    pub(in super::super) edges: Vec<f64>,
    /// In the order of [`Reason::ALL`].
    pub(in super::super) waiting: Vec<Vec<f64>>,
}

impl ReasonWaits {
    /// Whether nobody ever waited.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.waiting.iter().flatten().all(|&waiting| waiting == 0.0)
    }
}

pub(super) fn read(mut table: Table, from: f64, until: f64) -> Result<ReasonWaits> {
    let [reason, start, end] = ["reason", "from_s", "to_s"].map(|name| table.column(name));
    let (reason, start, end) = (reason?, start?, end?);
    let at = |seconds: f64| Time((seconds * MICROS as f64).round() as i64);
    let window = Bins::new(at(from), at(until), BINS);
    let mut bins = vec![window.clone(); Reason::ALL.len()];
    let names = Reason::ALL.map(|reason| (reason.name(), reason as usize));
    each_row(&mut table, |row| {
        if let Some(reason) = row.choice(reason, &names)? {
            bins[reason].add(row.time(start)?, row.time(end)?, 1);
        }
        Ok(())
    })?;
    let mean = |(bin, sum): (usize, i64)| sum as f64 / window.span(bin).0 as f64;
    Ok(ReasonWaits {
        edges: (0..=window.len())
            .map(|bin| window.start(bin).as_secs_f64())
            .collect(),
        waiting: bins
            .iter()
            .map(|bins| bins.sums().into_iter().enumerate().map(mean).collect())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::input::Source;
    use crate::trace::table::Split;

    /// Over 480 s a bin is 2 s: one job waits through bin 0 and half of bin 1, another in all of both.
    #[test]
    fn waiting_is_the_mean_number_in_each_bin() {
        let text =
            "job,part,reason,from_s,to_s,wait_s\na,0,gang,0,3,3\nb,0,gang,0,4,4\nb,0,model,4,6,2\n";
        let input = Source::from_bytes("waits.csv", text.as_bytes())
            .open()
            .unwrap();
        let waits = read(Table::with_header(input, Split::Comma).unwrap(), 0.0, 480.0).unwrap();
        assert_eq!(
            (waits.edges.len(), waits.edges[1], waits.edges[240]),
            (241, 2.0, 480.0)
        );
        let of = |reason: Reason| &waits.waiting[reason as usize][..4];
        assert_eq!(of(Reason::Gang), [2.0, 1.5, 0.0, 0.0]);
        assert_eq!(of(Reason::Model), [0.0, 0.0, 1.0, 0.0]);
        assert!(!waits.is_empty());
    }
}
