//! How fast MIG instances are allocated and freed, and the best of many GPUs is found.
//!
//! Input is made here, from a fixed generator: the same work on every machine. The twins know the
//! same rules and no tables: they compare intervals.

use super::{Effort, Figure, decisions, least_seconds};
use gpusched_core::gpu::mig::{Geometry, MigGpu, ProfileRow, Scores, StartOrder, Units, board};
use gpusched_core::ids::NodeId;
use std::sync::Arc;

/// Allocations and frees on a fleet of one board, in an order drawn beforehand.
pub struct Churn {
    gpus: Vec<MigGpu>,
    steps: Vec<(u32, ProfileRow)>,
}

fn draws(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

impl Churn {
    /// `gpus` empty GPUs and `steps` drawn steps over the base profiles.
    ///
    /// # Panics
    /// When `name` is no board with known placements.
    pub fn new(name: &str, gpus: u16, steps: usize) -> Churn {
        let board = board(name).expect("a known board");
        let geometry = Arc::new(Geometry::of(board).expect("known placements"));
        let rows: Vec<ProfileRow> = geometry.base().iter().collect();
        let mut draw = draws(1);
        let fleet = (0..gpus).map(|minor| MigGpu::new(geometry.clone(), NodeId(0), minor));
        Churn {
            gpus: fleet.collect(),
            steps: (0..steps)
                .map(|_| {
                    let gpu = draw(u64::from(gpus)) as u32;
                    (gpu, rows[draw(rows.len() as u64) as usize])
                })
                .collect(),
        }
    }

    /// Walks all steps once and counts allocations and frees. A step allocates its profile on its
    /// GPU at the driver's start; when there is none, it frees one instance there instead.
    pub fn run(&mut self) -> u64 {
        let mut done = 0;
        for &(gpu, row) in &self.steps {
            let gpu = &mut self.gpus[gpu as usize];
            let taken = gpu.occupancy();
            done += match gpu.geometry().start(StartOrder::Driver, row, taken) {
                Some(start) => u64::from(gpu.allocate(row, start).is_ok()),
                None => {
                    let lowest = gpu.used_starts().trailing_zeros() as u8;
                    u64::from(gpu.free(lowest).is_ok())
                }
            };
        }
        done
    }
}

/// Occupancies of many GPUs and best-fit scores for a profile, so chosen that no GPU is an exact
/// fit: a scan could stop at one, and here it has to see every GPU.
pub struct Fleet {
    /// Occupancy of each GPU.
    pub taken: Vec<Units>,
    /// Scores of a `2g`.
    pub scores: Scores,
}

impl Fleet {
    /// A fleet of A100.
    ///
    /// # Panics
    /// Never: the A100 is known.
    pub fn new(gpus: usize) -> Fleet {
        let board = board("A100-40GB").expect("a known board");
        let geometry = Geometry::of(board).expect("known placements");
        let two = geometry.row("2g.10gb").expect("a profile of the A100");
        let mut draw = draws(2);
        // Slots 2 and 6 are free everywhere and belong to different pairs, so two free slots are
        // never a pair.
        let taken = (0..gpus)
            .map(|_| draw(256) as Units & !0b0100_0100)
            .collect();
        Fleet {
            taken,
            scores: Scores::best_fit(&geometry, two, StartOrder::Driver),
        }
    }

    /// The best GPU and start.
    pub fn best(&self) -> Option<(usize, u8)> {
        self.scores.best(&self.taken)
    }
}

/// The twin of [`Churn`]: instances are intervals in a list, starts are tried one by one.
struct PlainChurn {
    gpus: Vec<Vec<(u8, u8)>>,
    /// By profile: size, and starts in the driver's order.
    profiles: Vec<(u8, Vec<u8>)>,
    steps: Vec<(u32, ProfileRow)>,
}

impl PlainChurn {
    fn of(churn: &Churn) -> PlainChurn {
        let geometry = churn.gpus[0].geometry();
        let profile = |row| {
            (
                geometry.size(row),
                geometry.ordered_starts(StartOrder::Driver, row),
            )
        };
        PlainChurn {
            gpus: vec![Vec::new(); churn.gpus.len()],
            profiles: geometry.board().rows().map(profile).collect(),
            steps: churn.steps.clone(),
        }
    }

    fn run(&mut self) -> u64 {
        for (gpu, row) in &self.steps {
            let instances = &mut self.gpus[*gpu as usize];
            let (size, starts) = &self.profiles[row.index()];
            let free = |start: &u8| {
                let overlaps =
                    |&(other, long): &(u8, u8)| other < start + size && *start < other + long;
                !instances.iter().any(overlaps)
            };
            match starts.iter().copied().find(free) {
                Some(start) => instances.push((start, *size)),
                None => {
                    let lowest = (0..instances.len()).min_by_key(|&at| instances[at].0);
                    instances.swap_remove(lowest.expect("what is not free is taken"));
                }
            }
        }
        self.steps.len() as u64
    }

    fn taken(&self) -> Vec<Units> {
        let mask = |&(start, size): &(u8, u8)| (((1u32 << size) - 1) << start) as Units;
        let gpus = self.gpus.iter();
        gpus.map(|gpu| gpu.iter().map(mask).fold(0, |all, mask| all | mask))
            .collect()
    }
}

/// The twin of [`Fleet::best`]: every GPU is asked for a start and its free slots are counted.
fn plain_best(fleet: &Fleet, starts: &[u8]) -> Option<(usize, u8)> {
    let start = |taken: Units| {
        starts
            .iter()
            .copied()
            .find(|start| taken >> start & 0b11 == 0)
    };
    let gpus = fleet.taken.iter().enumerate();
    gpus.filter_map(|(gpu, &taken)| Some((taken.count_zeros(), gpu, start(taken)?)))
        .min_by_key(|&(free, gpu, _)| (free, gpu))
        .map(|(_, gpu, start)| (gpu, start))
}

/// One run of both twins of the churn: operations, and whether they end in the same state.
fn same_churn(steps: usize) -> (Churn, PlainChurn, bool) {
    let mut churn = Churn::new("A100-40GB", 64, steps);
    let mut twin = PlainChurn::of(&churn);
    let counts = churn.run() == twin.run();
    let taken: Vec<Units> = churn.gpus.iter().map(MigGpu::occupancy).collect();
    let same = counts && taken == twin.taken();
    (churn, twin, same)
}

pub(super) fn figures(effort: Effort) -> [Figure; 2] {
    let steps = effort.of(5_000_000);
    let (mut churn, mut twin, same) = same_churn(steps);
    let (fast, _) = least_seconds(3, || churn.run());
    let (slow, _) = least_seconds(3, || twin.run());
    let millions = |seconds: f64| steps as f64 / seconds / 1e6;
    let fleet = Fleet::new(10_000);
    let (scan, best) = least_seconds(200, || fleet.best());
    let (plain, plain_best) = least_seconds(50, || plain_best(&fleet, &[4, 0, 2]));
    let same_best = best == plain_best;
    [
        Figure {
            what: "MIG instances allocated and freed, 64 A100".into(),
            figure: format!("{:.0} million per second", millions(fast)),
            against: format!("lists of intervals: {:.0} million", millions(slow)),
            ratio: format!("{:.1}x, {}", slow / fast, decisions(same)),
            bound: Some((
                "50 million, same decisions".into(),
                millions(fast) >= 50.0 && same,
            )),
        },
        Figure {
            what: "MIG best start of 10,000 GPUs".into(),
            figure: format!("{:.1} us", scan * 1e6),
            against: format!("asking every GPU: {:.1} us", plain * 1e6),
            ratio: format!("{:.1}x, {}", plain / scan, decisions(same_best)),
            bound: Some(("10 us, same decisions".into(), scan <= 10e-6 && same_best)),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twins_make_the_same_decisions() {
        let (.., same) = same_churn(20_000);
        assert!(same);
        let fleet = Fleet::new(3_000);
        let best = fleet.best();
        assert!(best.is_some());
        assert_eq!(best, plain_best(&fleet, &[4, 0, 2]));
    }
}
