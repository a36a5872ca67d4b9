//! The known geometries of nos, and how it chooses among them for one GPU.
//!
//! Source: nebuly-ai/nos 12e0a72, `pkg/gpu/mig` (`known_configs.go`, `UpdateGeometryFor`). Its list
//! lacks {4g, 3g} and {3g, 1g×4} of the fourteen maximal ones, keeps {3g, 2g, 1g} and {3g, 1g×3},
//! and knows A100 and A30 only; other boards of seven slices are given the A100's list (assumed).
//! A tie between geometries falls to Go's map order upstream; here to the list. Geometries are
//! counts: where the instances go is left to the driver, so a choice that used instances stand in
//! the way of fails there.

use super::super::arrange::create_in_some_order;
use super::super::geometry::Instance;
use super::super::order::StartOrder;
use super::super::profiles::{Board, ProfileRow};
use super::super::state::MigGpu;

/// Number of instances with 1, 2, 3, 4 and 7 slices.
type Counts = [u8; 5];

const SIZES: [u8; 5] = [1, 2, 3, 4, 7];

const SEVEN: [Counts; 12] = [
    [0, 0, 0, 0, 1],
    [1, 1, 0, 1, 0],
    [3, 0, 0, 1, 0],
    [0, 0, 2, 0, 0],
    [1, 1, 1, 0, 0],
    [3, 0, 1, 0, 0],
    [0, 2, 1, 0, 0],
    [2, 1, 1, 0, 0],
    [1, 3, 0, 0, 0],
    [3, 2, 0, 0, 0],
    [5, 1, 0, 0, 0],
    [7, 0, 0, 0, 0],
];

const FOUR: [Counts; 4] = [
    [0, 0, 0, 1, 0],
    [0, 2, 0, 0, 0],
    [2, 1, 0, 0, 0],
    [4, 0, 0, 0, 0],
];

/// The geometries nos knows for a board: instances with 1, 2, 3, 4 and 7 slices. Empty for boards
/// it does not know.
pub fn nos_geometries(board: &Board) -> &'static [[u8; 5]] {
    match board.units {
        Some(8) => &SEVEN,
        Some(4) => &FOUR,
        _ => &[],
    }
}

/// The instances a GPU would have so that most of `wanted` are offered: its used ones where they
/// are, the others where the driver puts them. `None` when no known geometry offers more than
/// stands, or when used instances are in the way.
pub fn nos_plan(gpu: &MigGpu, wanted: &[(ProfileRow, u8)]) -> Option<Vec<Instance>> {
    let base = base_rows(gpu);
    let used = counts(gpu, &base, |used| used)?;
    let free = counts(gpu, &base, |used| !used)?;
    let mut best: Option<(u8, &Counts)> = None;
    for geometry in nos_geometries(gpu.board()) {
        if (0..SIZES.len()).any(|size| geometry[size] < used[size]) {
            continue;
        }
        let offered = |&(row, count): &(ProfileRow, u8)| {
            let size = base.iter().position(|&base| base == Some(row))?;
            let missing = free[size] < count;
            missing.then(|| (geometry[size] - used[size]).min(count))
        };
        let offered: u8 = wanted.iter().filter_map(offered).sum();
        if offered > best.map_or(0, |(most, _)| most) {
            best = Some((offered, geometry));
        }
    }
    let (_, geometry) = best?;
    let mut missing = Vec::new();
    for size in 0..SIZES.len() {
        let count = usize::from(geometry[size] - used[size]);
        missing.extend(std::iter::repeat_n(base[size], count).flatten());
    }
    let mut plan: Vec<Instance> = gpu
        .instances()
        .filter_map(|(instance, used)| used.then_some(instance))
        .collect();
    let held = gpu.held_by_used();
    plan.extend(create_in_some_order(
        gpu.geometry(),
        held,
        StartOrder::Driver,
        &missing,
    )?);
    Some(plan)
}

/// The plain profile of each size, where the board has it.
fn base_rows(gpu: &MigGpu) -> [Option<ProfileRow>; 5] {
    let base = gpu.geometry().base();
    SIZES.map(|slices| {
        base.iter()
            .find(|&row| gpu.board().profile(row).slices == slices)
    })
}

/// Instances per size; `None` when there is one nos has no geometry for.
fn counts(
    gpu: &MigGpu,
    base: &[Option<ProfileRow>; 5],
    which: impl Fn(bool) -> bool,
) -> Option<Counts> {
    let mut counts = [0; 5];
    for (instance, _) in gpu.instances().filter(|&(_, used)| which(used)) {
        let size = base.iter().position(|&row| row == Some(instance.profile))?;
        counts[size] += 1;
    }
    Some(counts)
}
