//! How fast MIG instances are allocated and freed, and the best of many GPUs is found.
//!
//! Input is made here, from a fixed generator: the same work on every machine.

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
