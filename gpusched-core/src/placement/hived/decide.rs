//! One decision: the cells of a job, and who has to make room.

use super::bind::bind;
use super::pack::{Seat, Wish, available, nearest, seats_for};
use super::state::{Group, Held, OPPORTUNISTIC, State, Use};
use crate::cluster::cells::{CellId, Forest};
use crate::ids::JobId;
use crate::placement::{Explanation, Look};
use crate::topology::Within;
use rustc_hash::{FxHashMap, FxHashSet};

/// What a job asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// The job.
    pub(super) job: JobId,
    /// Its virtual cluster. An opportunistic job needs none.
    pub(super) cluster: Option<usize>,
    /// [`OPPORTUNISTIC`], or 0 and above.
    pub(super) priority: i32,
    /// Its pods, by size, smallest first.
    pub(super) wishes: &'a [Wish],
    /// GPU models it accepts, bit by [`crate::ids::ModelId`].
    pub(super) models: u64,
    /// By machine: whether it may be used.
    pub(super) usable: &'a [bool],
}

/// What was decided. Jobs that lost their claims have lost them already.
#[derive(Debug)]
pub(super) struct Decision {
    /// What the job gets, pods in the order of the wishes.
    pub(super) part: Group,
    /// Who has to leave.
    pub(super) victims: Vec<JobId>,
    /// Who runs on as an opportunistic job, with what it had.
    pub(super) demoted: Vec<(JobId, Group)>,
}

impl Decision {
    /// For a job that wants no cells.
    pub(super) fn nothing(priority: i32) -> Decision {
        Decision {
            part: Group {
                priority,
                cluster: None,
                pods: Vec::new(),
            },
            victims: Vec::new(),
            demoted: Vec::new(),
        }
    }
}

impl State {
    /// The cells of a job: in the first chain of a model it accepts that has them.
    ///
    /// O(seats × log seats + free cells) where all machines can be used; at most so often as there
    /// are seats in the virtual cluster where some cannot.
    pub(super) fn decide(
        &mut self,
        request: &Request<'_>,
        lazy: bool,
        record: &mut Explanation,
    ) -> Option<Decision> {
        (0..self.cells.chains.len()).find_map(|chain| {
            let model = self.cells.chains[chain].model;
            if request.models >> model.0 & 1 == 0 {
                return None;
            }
            match (request.priority, request.cluster) {
                (OPPORTUNISTIC, _) => self.borrow(request, chain, record),
                (_, Some(cluster)) => self.claim(request, cluster, chain, lazy, record),
                (_, None) => None,
            }
        })
    }

    /// Cells for an opportunistic job: whatever nobody uses, promised or not.
    fn borrow(
        &self,
        request: &Request<'_>,
        chain: usize,
        record: &mut Explanation,
    ) -> Option<Decision> {
        let forest = &self.cells.forest;
        let tops = self.cells.tops(chain);
        let mut seats: Vec<Seat> = tops
            .flat_map(|top| forest.seats_of(top))
            .map(|number| {
                let cell = forest.seats()[number];
                let gpus = forest.leaves(cell).len() as u32;
                let good = request.usable[self.cells.node(cell).index()];
                let users = self.physical.seat(number);
                Seat::new(number, gpus, good, users, OPPORTUNISTIC, false)
            })
            .collect();
        let chosen = seats_for(&mut seats, request.wishes);
        note(record, &seats, request, "opportunistic: GPUs nobody uses");
        let chosen = chosen?;
        let cells = self.leaves(
            forest,
            &self.physical,
            chain,
            request,
            &chosen,
            OPPORTUNISTIC,
        )?;
        let pods = cells.into_iter().map(|cells| Held {
            cells,
            claims: None,
        });
        Some(Decision {
            part: Group {
                priority: OPPORTUNISTIC,
                cluster: request.cluster,
                pods: pods.collect(),
            },
            victims: Vec::new(),
            demoted: Vec::new(),
        })
    }

    /// Cells of its virtual cluster for a guaranteed job, and the physical ones they stand for. Of
    /// its own virtual cluster it takes cells from jobs of lower priority only when those nobody
    /// claims do not suffice.
    fn claim(
        &mut self,
        request: &Request<'_>,
        cluster: usize,
        chain: usize,
        lazy: bool,
        record: &mut Explanation,
    ) -> Option<Decision> {
        let mut bad = self.hopeless(cluster, chain, request.usable);
        loop {
            let (claims, seats) = self.claims(request, cluster, chain, &bad, record)?;
            let all = claims.concat();
            let mut demoted = Vec::new();
            if lazy {
                for &claim in &all {
                    let leaf = self.virtually.bound(claim);
                    if let Some(job) = leaf.and_then(|leaf| self.user(leaf))
                        && let Some(had) = self.demote(job)
                    {
                        demoted.push((job, had));
                    }
                }
            }
            match bind(self, chain, &all, request.usable) {
                Ok(leaf_of) => {
                    return Some(self.decided(request, cluster, claims, &leaf_of, demoted));
                }
                Err(claim) => {
                    for (job, had) in demoted.iter().rev() {
                        self.promote(*job, had);
                    }
                    // Upstream sees bad cells in the virtual cluster before it decides (it binds
                    // them as *doomed*); here they are found by trying, and not tried again.
                    let inside = self.promised.forest.seats_of(claim);
                    bad.insert(seats.into_iter().rev().find(|seat| inside.contains(seat))?);
                }
            }
        }
    }

    /// Whether the virtual cluster of a guaranteed job has the cells it asks for, if all machines can
    /// be used.
    pub(super) fn has_claims(&self, request: &Request<'_>) -> bool {
        let mut nobody_reads = Explanation::default();
        (0..self.cells.chains.len()).any(|chain| {
            let accepted = request.models >> self.cells.chains[chain].model.0 & 1 == 1;
            let none = FxHashSet::default();
            accepted
                && request.cluster.is_some_and(|cluster| {
                    let claims = self.claims(request, cluster, chain, &none, &mut nobody_reads);
                    claims.is_some()
                })
        })
    }

    /// The virtual leaves of each pod, and its seat.
    fn claims(
        &self,
        request: &Request<'_>,
        cluster: usize,
        chain: usize,
        bad: &FxHashSet<usize>,
        record: &mut Explanation,
    ) -> Option<(Vec<Vec<CellId>>, Vec<usize>)> {
        let promised = std::sync::Arc::clone(&self.promised);
        let forest = &promised.forest;
        let good = |number: usize| {
            let cell = self.virtually.bound(forest.seats()[number]);
            let usable = |cell| request.usable[self.cells.node(cell).index()];
            !bad.contains(&number) && cell.is_none_or(usable)
        };
        let tries = [
            (OPPORTUNISTIC, "nodes of its virtual cluster"),
            (
                request.priority,
                "nodes of its virtual cluster, taken from lower priorities",
            ),
        ];
        tries.into_iter().find_map(|(priority, what)| {
            let roots = promised.roots(cluster, chain).iter();
            let mut seats: Vec<Seat> = roots
                .flat_map(|&root| forest.seats_of(root))
                .map(|number| {
                    let gpus = forest.leaves(forest.seats()[number]).len() as u32;
                    let users = self.virtually.seat(number);
                    Seat::new(number, gpus, good(number), users, priority, true)
                })
                .collect();
            let chosen = seats_for(&mut seats, request.wishes);
            note(record, &seats, request, what);
            let chosen = chosen?;
            let leaves = self.leaves(forest, &self.virtually, chain, request, &chosen, priority)?;
            Some((leaves, chosen))
        })
    }

    /// The leaves of each pod in the seat chosen for it.
    fn leaves(
        &self,
        forest: &Forest,
        used: &Use,
        chain: usize,
        request: &Request<'_>,
        seats: &[usize],
        priority: i32,
    ) -> Option<Vec<Vec<CellId>>> {
        let mut open: FxHashMap<usize, Vec<CellId>> = FxHashMap::default();
        let pods = seats.iter().zip(request.wishes);
        pods.map(|(&seat, wish)| {
            let cell = forest.seats()[seat];
            let open = open
                .entry(seat)
                .or_insert_with(|| available(forest, cell, used, priority));
            nearest(forest, &self.cells.chains[chain], open, wish.gpus)
        })
        .collect()
    }

    fn decided(
        &self,
        request: &Request<'_>,
        cluster: usize,
        claims: Vec<Vec<CellId>>,
        leaf_of: &FxHashMap<CellId, CellId>,
        demoted: Vec<(JobId, Group)>,
    ) -> Decision {
        let pods: Vec<Held> = claims
            .into_iter()
            .map(|claims| Held {
                cells: claims.iter().map(|claim| leaf_of[claim]).collect(),
                claims: Some(claims),
            })
            .collect();
        let leaves = pods.iter().flat_map(|pod| &pod.cells);
        let mut victims: Vec<JobId> = leaves.filter_map(|&leaf| self.user(leaf)).collect();
        victims.sort_unstable();
        victims.dedup();
        victims.retain(|&victim| victim != request.job);
        Decision {
            part: Group {
                priority: request.priority,
                cluster: Some(cluster),
                pods,
            },
            victims,
            demoted,
        }
    }

    /// Seats of a virtual cluster that no machine is left for: of the cells it was promised and has
    /// not claimed, as many as there are too few usable free cells of the kind, the last ones.
    fn hopeless(&self, cluster: usize, chain: usize, usable: &[bool]) -> FxHashSet<usize> {
        let mut bad = FxHashSet::default();
        if usable.iter().all(|usable| *usable) {
            return bad;
        }
        let forest = &self.promised.forest;
        let free = &self.free[chain];
        for level in 0..free.levels() {
            let roots = self.promised.roots(cluster, chain).iter().copied();
            let unclaimed: Vec<CellId> = roots
                .filter(|&root| forest[root].level == level)
                .filter(|&root| self.virtually.bound(root).is_none())
                .collect();
            if unclaimed.is_empty() {
                continue;
            }
            let larger = (level..free.levels()).flat_map(|above| {
                let cells = free.at(above).iter();
                cells.flat_map(move |&cell| self.descendants(cell, above - level))
            });
            let alive = |cell: &CellId| {
                let nodes = self.cells.nodes(*cell).iter();
                nodes.into_iter().any(|node| usable[node.index()])
            };
            let left = larger.filter(alive).take(unclaimed.len()).count();
            bad.extend(
                unclaimed[left..]
                    .iter()
                    .flat_map(|&root| forest.seats_of(root)),
            );
        }
        bad
    }
}

fn note(record: &mut Explanation, seats: &[Seat], request: &Request<'_>, what: &'static str) {
    let largest = request.wishes.last().map_or(1, |wish| wish.gpus.max(1));
    let good = || seats.iter().filter(|seat| seat.good);
    record.looks.push(Look {
        within: Some(Within::Node),
        wanted: 1,
        domains: seats.len() as u32,
        fitting: good().filter(|seat| seat.room >= largest).count() as u32,
        most: good()
            .map(|seat| u64::from(seat.room / largest))
            .max()
            .unwrap_or(0),
        taken: None,
        note: what,
    });
}
