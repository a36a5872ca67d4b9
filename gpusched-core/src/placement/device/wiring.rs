//! What device policies look at.

use crate::topology::Board;

/// How near the GPUs of a node are to one another, as numbers: the more, the nearer.
///
/// A pair scores what its links score together ([`Link::score`](crate::topology::Link::score)).
///
/// ```
/// use gpusched_core::placement::device::Wiring;
/// use gpusched_core::topology::{Board, Link, Path};
/// let link = Link { nvlinks: 2, path: Some(Path::Phb), gbps: 50.0 };
/// let board = Board::new("pair", vec![link; 4], vec![0, 0], None, Vec::new()).unwrap();
/// assert_eq!(Wiring::of(&board).pair(0, 1), 230);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    gpus: usize,
    scores: Vec<i32>,
    numa: Vec<u8>,
    links: Vec<u8>,
}

impl Wiring {
    /// The wiring of a board. O(GPUs²).
    pub fn of(board: &Board) -> Wiring {
        let gpus = board.gpus();
        let pairs = (0..gpus * gpus).map(|at| (at / gpus, at % gpus));
        let link = |(one, other): (usize, usize)| (one != other).then(|| board.link(one, other));
        Wiring {
            gpus,
            scores: pairs
                .clone()
                .map(|pair| link(pair).map_or(0, |link| link.score() as i32))
                .collect(),
            numa: (0..gpus).map(|gpu| board.numa(gpu)).collect(),
            links: pairs
                .map(|pair| link(pair).map_or(0, |link| link.nvlinks))
                .collect(),
        }
    }

    /// A node nothing is known of: all pairs are alike, and there is one NUMA node.
    pub fn unknown(gpus: usize) -> Wiring {
        Wiring {
            gpus,
            scores: vec![0; gpus * gpus],
            numa: vec![0; gpus],
            links: vec![0; gpus * gpus],
        }
    }

    /// GPUs.
    pub fn gpus(&self) -> usize {
        self.gpus
    }

    /// Score of a pair; 0 of a GPU with itself.
    #[inline]
    pub fn pair(&self, one: usize, other: usize) -> i32 {
        self.scores[one * self.gpus + other]
    }

    /// NVLinks from one GPU straight to another.
    pub fn nvlinks(&self, one: usize, other: usize) -> u8 {
        self.links[one * self.gpus + other]
    }

    /// The NUMA node of a GPU.
    pub fn numa(&self, gpu: usize) -> u8 {
        self.numa[gpu]
    }

    /// Score of a set: of all its pairs. O(devices²).
    pub fn set(&self, devices: &[u8]) -> i32 {
        let pairs = devices
            .iter()
            .enumerate()
            .flat_map(|(at, &one)| devices[..at].iter().map(move |&other| (one, other)));
        pairs
            .map(|(one, other)| self.pair(usize::from(one), usize::from(other)))
            .sum()
    }
}
