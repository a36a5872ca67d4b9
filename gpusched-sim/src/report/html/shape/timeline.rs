//! Samples over time on a grid that all runs share.

/// Cells of a grid; each has two points.
const CELLS: usize = 360;

/// Equal cells over the time of all runs.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Grid {
    pub(in super::super) from: f64,
    pub(in super::super) until: f64,
    cells: usize,
}

impl Grid {
    /// Over a window; one cell where it has no length.
    pub(in super::super) fn new(from: f64, until: f64) -> Grid {
        Grid {
            from,
            until: until.max(from),
            cells: if until > from { CELLS } else { 1 },
        }
    }

    fn start(&self, cell: usize) -> f64 {
        self.from + (self.until - self.from) * cell as f64 / self.cells as f64
    }

    /// The instants of the points: the beginning and the middle of each cell, s.
    pub(in super::super) fn points(&self) -> Vec<f64> {
        let cells = 0..self.cells;
        let both = |cell| {
            [
                self.start(cell),
                (self.start(cell) + self.start(cell + 1)) / 2.0,
            ]
        };
        cells.flat_map(both).collect()
    }
}

/// Two values per cell: the extremes that held in it, in the order in which they came. No peak is
/// lost, whatever the number of samples. `None` before the first sample and after `closed`.
///
/// Each sample holds until the next one; `t` ascends.
pub(in super::super) fn extremes(
    grid: &Grid,
    t: &[f64],
    values: &[f64],
    closed: f64,
) -> Vec<Option<f64>> {
    let mut points = Vec::with_capacity(2 * grid.cells);
    let mut next = 0;
    let mut held = None;
    for cell in 0..grid.cells {
        let (start, end) = (grid.start(cell), grid.start(cell + 1));
        // What holds when the cell begins is superseded by a sample at that very instant.
        while next < t.len() && t[next] <= start {
            held = Some(values[next]);
            next += 1;
        }
        if start > closed {
            points.extend([None, None]);
            continue;
        }
        // (value, order) of both extremes.
        let (mut low, mut high) = (held.map(|value| (value, 0)), held.map(|value| (value, 0)));
        let mut order = 0;
        while next < t.len() && (t[next] < end || cell + 1 == grid.cells) {
            let value = values[next];
            order += 1;
            if low.is_none_or(|(least, _)| value < least) {
                low = Some((value, order));
            }
            if high.is_none_or(|(most, _)| value > most) {
                high = Some((value, order));
            }
            held = Some(value);
            next += 1;
        }
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) => (low, high),
            _ => {
                points.extend([None, None]);
                continue;
            }
        };
        let (first, second) = match low.1 <= high.1 {
            true => (low, high),
            false => (high, low),
        };
        points.extend([Some(first.0), Some(second.0)]);
    }
    points
}

/// Means over equal slices of a window, each sample holding until the next one; `None` where
/// nothing held. `t` ascends.
pub(in super::super) fn slice_means(
    t: &[f64],
    values: &[f64],
    (from, until): (f64, f64),
    closed: f64,
    slices: usize,
) -> Vec<Option<f64>> {
    let width = (until - from) / slices as f64;
    let mut sums = vec![(0.0, 0.0); slices];
    for (at, (&start, &value)) in t.iter().zip(values).enumerate() {
        let end = t.get(at + 1).copied().unwrap_or(closed);
        let (mut now, end) = (start.max(from), end.min(until));
        while now < end {
            let slice = (((now - from) / width) as usize).min(slices - 1);
            // Rounding must not keep an instant in the slice that it ends.
            let until_slice = from + width * (slice + 1) as f64;
            let next = match until_slice > now {
                true => until_slice.min(end),
                false => end,
            };
            sums[slice].0 += value * (next - now);
            sums[slice].1 += next - now;
            now = next;
        }
    }
    let mean = |(sum, span): (f64, f64)| (span > 0.0).then(|| sum / span);
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_between_two_points_is_seen() {
        let grid = Grid::new(0.0, 3600.0);
        // Cells are 10 s long; the spike lasts 1 s.
        let points = extremes(&grid, &[0.0, 101.0, 102.0], &[1.0, 99.0, 2.0], 3600.0);
        assert_eq!(
            points[20..24],
            [Some(1.0), Some(99.0), Some(2.0), Some(2.0)]
        );
        assert_eq!(grid.points()[20..22], [100.0, 105.0]);
    }

    #[test]
    fn nothing_is_drawn_where_a_run_is_over() {
        let grid = Grid::new(0.0, 360.0);
        let points = extremes(&grid, &[10.0], &[5.0], 20.0);
        assert_eq!(points[18..22], [None, None, Some(5.0), Some(5.0)]);
        assert_eq!(points[42], None);
    }

    #[test]
    fn slices_are_means_over_time() {
        // 4 for 5 s, then 1; over after 20 s.
        let means = slice_means(&[0.0, 5.0], &[4.0, 1.0], (0.0, 30.0), 20.0, 3);
        assert_eq!(means, [Some(2.5), Some(1.0), None]);
    }

    proptest! {
        /// The twin collects what held in each cell.
        #[test]
        fn both_extremes_of_every_cell_are_kept(
            steps in prop::collection::vec((1u32..2000, 0u8..50), 1..120),
        ) {
            let mut now = 0.0;
            let (mut t, mut values) = (Vec::new(), Vec::new());
            for (step, value) in steps {
                t.push(now);
                values.push(f64::from(value));
                now += f64::from(step);
            }
            let grid = Grid::new(0.0, now);
            let points = extremes(&grid, &t, &values, now);
            for cell in 0..grid.cells {
                let (start, end) = (grid.start(cell), grid.start(cell + 1));
                let before = t.iter().rposition(|&at| at <= start);
                let inside = (0..t.len()).filter(|&at| t[at] > start && t[at] < end);
                let held: Vec<f64> = before.into_iter().chain(inside).map(|at| values[at]).collect();
                let low = held.iter().copied().fold(f64::INFINITY, f64::min);
                let high = held.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let two = [points[2 * cell].unwrap(), points[2 * cell + 1].unwrap()];
                prop_assert_eq!(two[0].min(two[1]), low);
                prop_assert_eq!(two[0].max(two[1]), high);
            }
        }
    }
}
