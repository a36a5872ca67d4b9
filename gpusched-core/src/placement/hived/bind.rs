//! From cells of a virtual cluster to physical ones: buddy allocation, with backtracking where
//! machines cannot be used.

use super::free::FreeLists;
use super::state::State;
use crate::cluster::cells::CellId;
use crate::ids::NodeId;
use rustc_hash::FxHashMap;

/// A virtual cell that has to be bound, and what has to be bound in it.
#[derive(Debug)]
struct Vertex {
    claim: CellId,
    inner: Vec<usize>,
}

/// Finds the physical leaf of every virtual leaf of `claims`, those bound already included. What is
/// found is not bound yet.
///
/// # Errors
/// A virtual cell of which no usable physical cell could be found.
pub(super) fn bind(
    state: &State,
    chain: usize,
    claims: &[CellId],
    usable: &[bool],
) -> Result<FxHashMap<CellId, CellId>, CellId> {
    let mut binder = Binder {
        state,
        chain,
        usable,
        vertices: Vec::new(),
        found: Vec::new(),
    };
    let (roots, inside) = binder.gather(claims);
    if !roots.is_empty() {
        let mut free = state.free[chain].clone();
        let mut reserved = state.unclaimed[chain].clone();
        for root in roots {
            let claim = binder.vertices[root].claim;
            let cell = binder.buddy(root, &free, &reserved).ok_or(claim)?;
            free.take(cell, &state.cells.forest);
            reserved[usize::from(state.cells.forest[cell].level)] -= 1;
        }
    }
    for (cell, vertices) in inside {
        let last = vertices[vertices.len() - 1];
        let claim = binder.vertices[last].claim;
        let children = state.cells.forest.children(cell).collect();
        binder.assign(&vertices, children).ok_or(claim)?;
    }
    Ok(binder.found.into_iter().collect())
}

struct Binder<'a> {
    state: &'a State,
    chain: usize,
    /// By machine.
    usable: &'a [bool],
    vertices: Vec<Vertex>,
    /// Virtual leaf and physical leaf.
    found: Vec<(CellId, CellId)>,
}

impl Binder<'_> {
    /// The trees that have to be bound: those of cells promised, and those inside cells that are
    /// bound already, by that cell. In the order of the leaves.
    fn gather(&mut self, claims: &[CellId]) -> (Vec<usize>, Vec<(CellId, Vec<usize>)>) {
        let forest = &self.state.promised.forest;
        let bound = |cell| self.state.virtually.bound(cell);
        let mut known: FxHashMap<CellId, usize> = FxHashMap::default();
        let mut roots = Vec::new();
        let mut inside: Vec<(CellId, Vec<usize>)> = Vec::new();
        for &leaf in claims {
            if let Some(cell) = bound(leaf) {
                self.found.push((leaf, cell));
                continue;
            }
            let mut below = None;
            for claim in forest.path(leaf) {
                if let Some(&vertex) = known.get(&claim) {
                    self.vertices[vertex].inner.extend(below.take());
                    break;
                }
                if let Some(cell) = bound(claim) {
                    match inside.iter_mut().find(|(known, _)| *known == cell) {
                        Some((_, vertices)) => vertices.extend(below.take()),
                        None => inside.push((cell, below.take().into_iter().collect())),
                    }
                    break;
                }
                let vertex = self.vertices.len();
                known.insert(claim, vertex);
                self.vertices.push(Vertex {
                    claim,
                    inner: below.into_iter().collect(),
                });
                below = Some(vertex);
            }
            roots.extend(below);
        }
        (roots, inside)
    }

    /// Cells that are not bound and have a machine that can be used; those with fewest opportunistic
    /// GPUs first, ties by number.
    fn candidates(&self, cells: impl Iterator<Item = CellId>) -> Vec<CellId> {
        let usable = |node: &NodeId| self.usable[node.index()];
        let mut kept: Vec<CellId> = cells
            .filter(|&cell| self.state.physical.bound(cell).is_none())
            .filter(|&cell| self.state.cells.nodes(cell).iter().any(usable))
            .collect();
        kept.sort_by_key(|&cell| (self.state.lent[cell.index()], cell));
        kept
    }

    /// The physical cell for a promised one: out of the smallest free cells that are large enough;
    /// when none of those can be used, out of larger ones, as many as can be split without breaking
    /// a promise (the *safe relaxed* allocation). A split leaves the levels it passes one cell short,
    /// so all of them must have one to spare; upstream asks the level it splits only.
    fn buddy(&mut self, root: usize, free: &FreeLists, reserved: &[u32]) -> Option<CellId> {
        let state = self.state;
        let level = state.promised.forest[self.vertices[root].claim].level;
        let lowest = (level..free.levels()).find(|&level| !free.at(level).is_empty())?;
        let smallest = free.at(lowest).iter().copied().collect();
        if let Some(cell) = self.search(root, smallest, lowest - level) {
            return Some(cell);
        }
        let splittable = free.splittable(&state.cells.chains[self.chain], reserved);
        let spare = |above: &u8| splittable[usize::from(*above)] > 0;
        (level + 1..free.levels())
            .take_while(spare)
            .find_map(|above| {
                let most = splittable[usize::from(above)] as usize;
                let larger = free.at(above).iter().copied().take(most);
                let parts = larger.flat_map(|cell| state.descendants(cell, above - level));
                self.search(root, parts.collect(), 0)
            })
    }

    /// The first of `cells`, or of the cells `depth` levels below them, that will do.
    fn search(&mut self, root: usize, cells: Vec<CellId>, depth: u8) -> Option<CellId> {
        if depth == 0 {
            return self.assign(&[root], cells)?.first().copied();
        }
        let forest = &self.state.cells.forest;
        self.candidates(cells.into_iter())
            .into_iter()
            .find_map(|cell| self.search(root, forest.children(cell).collect(), depth - 1))
    }

    /// A cell for each vertex: the assignment that gives the first vertex the first candidate it can
    /// have, then the second, and so on. What is found of leaves is noted.
    fn assign(&mut self, vertices: &[usize], cells: Vec<CellId>) -> Option<Vec<CellId>> {
        let candidates = self.candidates(cells.into_iter());
        if candidates.len() < vertices.len() {
            return None;
        }
        let mark = self.found.len();
        let mut used = vec![false; candidates.len()];
        let mut picked = Vec::with_capacity(vertices.len());
        for &vertex in vertices {
            let place =
                (0..candidates.len()).find(|&at| !used[at] && self.suits(vertex, candidates[at]));
            let Some(at) = place else {
                self.found.truncate(mark);
                return match vertices.len() {
                    1 => None,
                    _ => self.match_up(vertices, &candidates),
                };
            };
            used[at] = true;
            picked.push(candidates[at]);
        }
        Some(picked)
    }

    /// Whether what is below a vertex can be bound in a cell; if so its leaves are noted.
    fn suits(&mut self, vertex: usize, cell: CellId) -> bool {
        if self.state.cells.forest[cell].level == 0 {
            self.found.push((self.vertices[vertex].claim, cell));
            return true;
        }
        let inner = self.vertices[vertex].inner.clone();
        let children = self.state.cells.forest.children(cell).collect();
        self.assign(&inner, children).is_some()
    }

    /// As [`Binder::assign`], where the first come cannot have the best: each vertex in turn gets the
    /// first candidate that leaves all those after it one.
    fn match_up(&mut self, vertices: &[usize], candidates: &[CellId]) -> Option<Vec<CellId>> {
        let mark = self.found.len();
        let mut table = Vec::with_capacity(vertices.len());
        for &vertex in vertices {
            let mut row = Vec::with_capacity(candidates.len());
            for &cell in candidates {
                row.push(self.suits(vertex, cell));
                self.found.truncate(mark);
            }
            table.push(row);
        }
        let mut used = vec![false; candidates.len()];
        let mut picked = Vec::with_capacity(vertices.len());
        for (row, &vertex) in vertices.iter().enumerate() {
            let at = (0..candidates.len()).find(|&at| {
                let fits = table[row][at] && !used[at];
                used[at] |= fits;
                let rest = fits && all_served(&table[row + 1..], &used);
                used[at] &= rest || !fits;
                rest
            })?;
            self.suits(vertex, candidates[at]);
            picked.push(candidates[at]);
        }
        Some(picked)
    }
}

/// Whether every row can have a column of its own that is not used (augmenting paths). O(rows² ×
/// columns).
fn all_served(table: &[Vec<bool>], used: &[bool]) -> bool {
    fn serve(
        table: &[Vec<bool>],
        row: usize,
        seen: &mut [bool],
        owner: &mut [Option<usize>],
    ) -> bool {
        for at in 0..seen.len() {
            if seen[at] || !table[row][at] {
                continue;
            }
            seen[at] = true;
            let open = match owner[at] {
                None => true,
                Some(other) => serve(table, other, seen, owner),
            };
            if open {
                owner[at] = Some(row);
                return true;
            }
        }
        false
    }
    let mut owner = vec![None; used.len()];
    (0..table.len()).all(|row| serve(table, row, &mut used.to_vec(), &mut owner))
}
