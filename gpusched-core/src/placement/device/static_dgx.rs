//! `static-dgx…`: fixed sets of devices that go well together.

use super::{DevicePolicy, Request, Wiring};
use crate::policy::PolicyInfo;

macro_rules! info {
    ($name:literal, $summary:literal, $which:literal) => {
        PolicyInfo {
            name: $name,
            summary: $summary,
            rule: concat!(
                $which,
                " The first set of the size asked for that has all required devices and is \
                 wholly free; no preference when there is none, or no sets of the size."
            ),
            source: "NVIDIA/go-gpuallocator 876e7b7, gpuallocator/static_dgx*.go",
        }
    };
}

pub(super) const PASCAL: PolicyInfo = info!(
    "static-dgx1-pascal",
    "fixed sets of a DGX-1 with P100",
    "Sets: each GPU; 0-2, 1-3, 4-6, 5-7; the two halves; all eight."
);
pub(super) const VOLTA: PolicyInfo = info!(
    "static-dgx1-volta",
    "fixed sets of a DGX-1 with V100",
    "Sets: each GPU; 0-3, 1-2, 4-7, 5-6; the two halves; all eight."
);
pub(super) const DGX2: PolicyInfo = info!(
    "static-dgx2",
    "fixed sets of a DGX-2", "Sets: aligned runs of 1, 2, 4, 8 and 16."
);
pub(super) const BY_BOARD: PolicyInfo = info!(
    "static-dgx",
    "fixed sets of the DGX the node is",
    "As static-dgx2 on a node of 16 GPUs; as static-dgx1-volta on one of 8 whose GPUs 0 and 3 have \
     two NVLinks; as static-dgx1-pascal on one of 8 whose GPUs 0 and 2 have one; no preference on \
     others."
);

const PASCAL_PAIRS: [[u8; 2]; 4] = [[0, 2], [1, 3], [4, 6], [5, 7]];
const VOLTA_PAIRS: [[u8; 2]; 4] = [[0, 3], [1, 2], [4, 7], [5, 6]];

/// go-gpuallocator's static policies. O(sets × devices).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaticDgx {
    /// DGX-1 with P100.
    Dgx1Pascal,
    /// DGX-1 with V100.
    Dgx1Volta,
    /// DGX-2.
    Dgx2,
    /// The one of these the node is.
    ByBoard,
}

impl StaticDgx {
    /// The sets of a size, in the order they are tried.
    fn sets(self, wiring: &Wiring, size: usize) -> Vec<Vec<u8>> {
        let runs = |gpus: u8| {
            let size = size as u8;
            let starts = (0..gpus).step_by(usize::from(size.max(1)));
            starts
                .map(|start| (start..start + size).collect())
                .collect()
        };
        let dgx1 = |pairs: [[u8; 2]; 4]| match size {
            2 => pairs.iter().map(|pair| pair.to_vec()).collect(),
            1 | 4 | 8 => runs(8),
            _ => Vec::new(),
        };
        match self {
            StaticDgx::Dgx1Pascal => dgx1(PASCAL_PAIRS),
            StaticDgx::Dgx1Volta => dgx1(VOLTA_PAIRS),
            StaticDgx::Dgx2 if [1, 2, 4, 8, 16].contains(&size) => runs(16),
            StaticDgx::Dgx2 => Vec::new(),
            StaticDgx::ByBoard => match which(wiring) {
                Some(known) => known.sets(wiring, size),
                None => Vec::new(),
            },
        }
    }
}

fn which(wiring: &Wiring) -> Option<StaticDgx> {
    match wiring.gpus() {
        16 => Some(StaticDgx::Dgx2),
        8 if wiring.nvlinks(0, 3) == 2 => Some(StaticDgx::Dgx1Volta),
        8 if wiring.nvlinks(0, 2) == 1 => Some(StaticDgx::Dgx1Pascal),
        _ => None,
    }
}

impl DevicePolicy for StaticDgx {
    fn name(&self) -> &'static str {
        match self {
            StaticDgx::Dgx1Pascal => PASCAL.name,
            StaticDgx::Dgx1Volta => VOLTA.name,
            StaticDgx::Dgx2 => DGX2.name,
            StaticDgx::ByBoard => BY_BOARD.name,
        }
    }

    fn choose(&self, wiring: &Wiring, request: &Request<'_>) -> Vec<u8> {
        if !request.makes_sense() {
            return Vec::new();
        }
        let good = |set: &Vec<u8>| {
            request.required.iter().all(|device| set.contains(device))
                && set.iter().all(|device| request.available.contains(device))
        };
        let mut sets = self.sets(wiring, request.size).into_iter();
        sets.find(good).unwrap_or_default()
    }
}
