//! In which order the legal starts of a profile are tried on one GPU.
//!
//! The order decides which holes a creation leaves, so it decides which later creations fail.

use super::profiles::{Board, Profile};
use serde::{Deserialize, Serialize};

/// A named order of starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartOrder {
    /// Lowest start first.
    Lowest,
    /// What the driver does when no placement is given. Deduced from the MIG user guide and the
    /// creation order in H100 listings for 1g, 2g, 3g, 4g and 7g of seven-slice boards; for other
    /// profiles and boards assumed alike (upper half first) and board-dependent in any case.
    Driver,
    /// HAMi (4707fb0, `mig_topology.go`): profiles named `1g.` and `3g.` highest start first, all
    /// others lowest first.
    Hami,
    /// ParvaGPU's allocator (SC 2024): 7 and 4 at 0, 3 at 4 only, 2 at 0, 4, 2 and
    /// 1 at 0, 6, 4, 1, 2, 3, 5. A start it does not list is never tried. It was written for
    /// boards of seven slices; on others, lowest first.
    Parvagpu,
}

impl StartOrder {
    /// All orders, by their position in a geometry's tables.
    pub const ALL: [StartOrder; 4] = [
        StartOrder::Lowest,
        StartOrder::Driver,
        StartOrder::Hami,
        StartOrder::Parvagpu,
    ];

    /// The starts out of `legal` in the order they are tried.
    pub fn arrange(self, board: &Board, profile: &Profile, legal: &[u8]) -> Vec<u8> {
        let mut lowest = legal.to_vec();
        lowest.sort_unstable();
        match self {
            StartOrder::Lowest => lowest,
            StartOrder::Driver => {
                let listed = driver(board, profile);
                lowest.sort_by_key(|start| {
                    let at = listed.iter().position(|known| known == start);
                    at.unwrap_or(listed.len())
                });
                lowest
            }
            StartOrder::Hami => {
                if profile.slices == 1 || profile.slices == 3 {
                    lowest.reverse();
                }
                lowest
            }
            StartOrder::Parvagpu if board.slices() != 7 => lowest,
            StartOrder::Parvagpu => parvagpu(profile)
                .iter()
                .copied()
                .filter(|start| legal.contains(start))
                .collect(),
        }
    }
}

fn driver(board: &Board, profile: &Profile) -> &'static [u8] {
    match (board.units, profile.slices, profile.size) {
        (Some(8), 1, Some(1)) => &[6, 4, 5, 0, 1, 2, 3],
        (Some(8), 2, _) => &[4, 0, 2],
        (Some(8), 3, _) => &[4, 0],
        // From here on assumed: the upper half of the board first.
        (Some(8), 1, _) => &[6, 4, 0, 2],
        (Some(4), 1, _) => &[2, 3, 0, 1],
        (Some(4), 2, _) => &[2, 0],
        (Some(12), 1, _) => &[6, 9, 0, 3],
        (Some(12), 2, _) => &[6, 0],
        _ => &[0],
    }
}

fn parvagpu(profile: &Profile) -> &'static [u8] {
    match profile.slices {
        1 => &[0, 6, 4, 1, 2, 3, 5],
        2 => &[0, 4, 2],
        3 => &[4],
        _ => &[0],
    }
}
