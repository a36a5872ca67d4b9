//! NVIDIA vGPU: a device given to virtual machines in parts of fixed memory, by turns of time.
//!
//! Source: NVIDIA vGPU and AI Enterprise user guides (types, schedulers, `RmPVMRL`). Boards whose
//! table was not read are not listed.

use super::{Evidence, Sourced};
use serde::Serialize;

const GUIDE: &str = "NVIDIA AI Enterprise user guide, vGPU types and schedulers";

/// A time-sliced vGPU type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct VgpuType {
    /// The number in the name: GB of frame buffer (`40` in `A100D-40C`).
    pub gb: u32,
    /// Most on one device when all are of this type.
    pub max_equal: u32,
    /// Most on one device in mixed-size mode.
    pub max_mixed: u32,
}

/// The compute ("C") types of one board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    /// What the names of its types begin with: `A100D` in `A100D-40C`. Those of `A100DX` and
    /// `H100L` are recollections.
    pub prefix: &'static str,
    /// Model in the [catalogue](crate::gpu::model).
    pub model: &'static str,
    /// Types, largest first.
    pub types: Sourced<&'static [VgpuType]>,
}

const fn kind(gb: u32, max_equal: u32, max_mixed: u32) -> VgpuType {
    VgpuType {
        gb,
        max_equal,
        max_mixed,
    }
}

const A100_80: &[VgpuType] = &[
    kind(80, 1, 1),
    kind(40, 2, 2),
    kind(20, 4, 4),
    kind(16, 5, 4),
    kind(10, 8, 8),
    kind(8, 10, 8),
    kind(4, 20, 16),
];

const H100_NVL: &[VgpuType] = &[
    kind(94, 1, 1),
    kind(47, 2, 2),
    kind(23, 4, 4),
    kind(15, 6, 4),
    kind(11, 8, 8),
    kind(6, 15, 8),
    kind(4, 23, 16),
];

const fn board(prefix: &'static str, model: &'static str, types: &'static [VgpuType]) -> Board {
    Board {
        prefix,
        model,
        types: Sourced::new(types, Evidence::ReadInSource, GUIDE),
    }
}

/// Boards whose types are known.
pub const BOARDS: &[Board] = &[
    board("A100D", "A100-PCIE-80GB", A100_80),
    board("A100DX", "A100-SXM4-80GB", A100_80),
    board("H100L", "H100-NVL-94GB", H100_NVL),
];

/// The types of a model; `None` when its table was not read.
pub fn types(model: &str) -> Option<&'static [VgpuType]> {
    let board = BOARDS.iter().find(|board| board.model == model)?;
    Some(board.types.value)
}

/// Whether these vGPUs, by the number in their names, fit one device together. Frame buffer is
/// reserved and never oversubscribed. Equal sizes are counted by the type's equal-size maximum;
/// mixed sizes by its mixed-size maximum and the sum of memory. `None` when a type is not known.
///
/// The guide also restricts *where* mixed sizes may sit; that table was not read, so a mixed set
/// said to fit here may not fit a real board.
pub fn fits(model: &str, sizes: &[u32]) -> Option<bool> {
    let types = types(model)?;
    let whole = types[0].gb;
    let equal = sizes.windows(2).all(|pair| pair[0] == pair[1]);
    for &gb in sizes {
        let known = types.iter().find(|kind| kind.gb == gb)?;
        let count = sizes.iter().filter(|&&other| other == gb).count();
        let most = if equal {
            known.max_equal
        } else {
            known.max_mixed
        };
        if count > most as usize {
            return Some(false);
        }
    }
    Some(equal || sizes.iter().map(|&gb| u64::from(gb)).sum::<u64>() <= u64::from(whole))
}

/// Reads a MIG-backed type name: `A100D-3-40C` is the instance of 3 slices and 40 GB, which it
/// maps to one to one. `None` for time-sliced types and anything else.
///
/// ```
/// use gpusched_core::gpu::sharing::vgpu::mig_backed;
/// assert_eq!(mig_backed("A100D-3-40C"), Some((3, 40)));
/// assert_eq!(mig_backed("A100D-40C"), None);
/// ```
pub fn mig_backed(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.split('-').skip(1);
    let (slices, size) = (parts.next()?, parts.next()?);
    let gb = size.strip_suffix('C')?.parse().ok()?;
    match parts.next() {
        None => Some((slices.parse().ok()?, gb)),
        Some(_) => None,
    }
}

/// How vGPUs take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduler {
    /// Whoever has work runs: an idle neighbour's time is not lost. The default.
    #[default]
    BestEffort,
    /// Each running vGPU gets one part of as many as run, used or not.
    EqualShare,
    /// Each vGPU gets one part of as many as fit, used or not. Not for mixed sizes.
    FixedShare,
}

impl Scheduler {
    /// Reads the low byte of the `RmPVMRL` registry value.
    pub const fn from_registry(value: u32) -> Option<Scheduler> {
        match value & 0xff {
            0x00 => Some(Scheduler::BestEffort),
            0x01 => Some(Scheduler::EqualShare),
            0x11 => Some(Scheduler::FixedShare),
            _ => None,
        }
    }

    /// The part of the device's time one busy vGPU gets, as `(1, n)`: `busy` of the `running`
    /// vGPUs have work, `max` of the type fit the device. `None` unless `1 ≤ busy ≤ running ≤ max`.
    ///
    /// ```
    /// use gpusched_core::gpu::sharing::vgpu::Scheduler;
    /// assert_eq!(Scheduler::BestEffort.share(1, 3, 8), Some((1, 1)));
    /// assert_eq!(Scheduler::EqualShare.share(1, 3, 8), Some((1, 3)));
    /// assert_eq!(Scheduler::FixedShare.share(1, 3, 8), Some((1, 8)));
    /// ```
    pub fn share(self, busy: u32, running: u32, max: u32) -> Option<(u32, u32)> {
        if busy == 0 || busy > running || running > max {
            return None;
        }
        Some(match self {
            Scheduler::BestEffort => (1, busy),
            Scheduler::EqualShare => (1, running),
            Scheduler::FixedShare => (1, max),
        })
    }
}

/// Length of a turn in microseconds when none is set: 2 ms for types of which at most 8 fit, else
/// 1 ms.
pub const fn turn_micros(max: u32) -> Sourced<u32> {
    let micros = if max <= 8 { 2_000 } else { 1_000 };
    Sourced::new(micros, Evidence::ReadInSource, GUIDE)
}

/// A software licence as a scenario prices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Licence {
    /// Name.
    pub name: &'static str,
    /// Per GPU, or per concurrent user.
    pub per: &'static str,
    /// US dollars a year, a parameter: the numbers below are recollections, not quotes.
    pub usd_per_year: Sourced<u32>,
}

const fn licence(name: &'static str, per: &'static str, usd: u32) -> Licence {
    let source = "recollection of NVIDIA's licensing guides; list prices are no longer published";
    Licence {
        name,
        per,
        usd_per_year: Sourced::new(usd, Evidence::Unverified, source),
    }
}

/// Licences, with prices to be overridden.
pub const LICENCES: &[Licence] = &[
    licence("ai-enterprise", "gpu", 4_500),
    licence("vws", "concurrent user", 250),
    licence("vpc", "concurrent user", 50),
    licence("vapps", "concurrent user", 10),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sizes_fill_the_board_and_no_more() {
        for board in BOARDS {
            let types = board.types.value;
            for kind in types {
                assert!(kind.max_equal * kind.gb <= types[0].gb, "{kind:?}");
                assert!(kind.max_mixed <= kind.max_equal, "{kind:?}");
                let full = vec![kind.gb; kind.max_equal as usize];
                assert_eq!(fits(board.model, &full), Some(true));
                let over = vec![kind.gb; kind.max_equal as usize + 1];
                assert_eq!(fits(board.model, &over), Some(false));
            }
        }
    }

    #[test]
    fn mixed_sizes_share_the_memory() {
        let model = "A100-SXM4-80GB";
        assert_eq!(fits(model, &[40, 20, 10, 10]), Some(true));
        assert_eq!(fits(model, &[40, 40, 4]), Some(false));
        assert_eq!(fits(model, &[5]), None, "no such type");
        assert_eq!(fits("T4", &[4]), None, "table not read");
    }

    #[test]
    fn registry_values_name_the_scheduler() {
        assert_eq!(Scheduler::from_registry(0x00), Some(Scheduler::BestEffort));
        assert_eq!(
            Scheduler::from_registry(0x0005_0001),
            Some(Scheduler::EqualShare)
        );
        assert_eq!(Scheduler::from_registry(0x11), Some(Scheduler::FixedShare));
        assert_eq!(Scheduler::from_registry(0x02), None);
        assert_eq!(
            (turn_micros(8).value, turn_micros(10).value),
            (2_000, 1_000)
        );
    }

    #[test]
    fn shares_need_sensible_counts() {
        assert_eq!(Scheduler::EqualShare.share(0, 1, 1), None);
        assert_eq!(Scheduler::EqualShare.share(2, 1, 4), None);
        assert_eq!(Scheduler::FixedShare.share(1, 5, 4), None);
        assert_eq!(mig_backed("A100D-1-10C-x"), None);
    }
}
