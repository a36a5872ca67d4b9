//! `slurm-block`: aligned blocks of base blocks, and segments of a job.

use super::{LevelPolicy, Levels, Wanted, per_node};
use crate::ids::NodeId;
use crate::placement::{Explanation, Look};
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, LevelId, Scope, Within};
use std::ops::Range;

macro_rules! info {
    ($name:literal, $summary:literal, $segments:literal) => {
        PolicyInfo {
            name: $name,
            summary: $summary,
            rule: concat!(
                "Base blocks are NVLink domains, else the domains of the lowest level, in order of \
                 their names; the largest says how many nodes a base block has. A job gets an \
                 aligned run of 2^k base blocks, the smallest k with as many nodes: among the runs \
                 with enough free nodes in the ceil(nodes / half a run) halves with most of them, \
                 the one with fewest free nodes, the last of equals. In it, halves used already \
                 first, then the smallest that suffices or else the largest; in a half the base \
                 block alike; later ones win ties; nodes by rank. A job without such a run waits. ",
                $segments
            ),
            source: "Slurm 284c3b9, src/plugins/topology/block/eval_nodes_block.c",
        }
    };
}

const PLAIN: PolicyInfo = info!(
    "slurm-block",
    "Slurm's block topology",
    "Slices of a job are segments: they must divide it, and each gets a run of its own."
);
const CONSOLIDATE: PolicyInfo = info!(
    "slurm-block-consolidate",
    "Slurm's block topology, all segments in one run",
    "Slices of a job are segments: they must divide it, and all lie within a run that would take \
     the whole job (--consolidate-segments)."
);
const SPREAD: PolicyInfo = info!(
    "slurm-block-spread",
    "Slurm's block topology, each segment in another run",
    "Slices of a job are segments: they must divide it, and no two share a run (--spread-segments)."
);

/// How the segments of a job lie to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segments {
    /// Anyhow.
    Free,
    /// In one run of blocks (`--consolidate-segments`).
    Consolidate,
    /// Each in another (`--spread-segments`).
    Spread,
}

impl Segments {
    /// All of them.
    pub const ALL: [Segments; 3] = [Segments::Free, Segments::Consolidate, Segments::Spread];

    /// Name, rule and source of the policy.
    pub const fn info(self) -> &'static PolicyInfo {
        match self {
            Segments::Free => &PLAIN,
            Segments::Consolidate => &CONSOLIDATE,
            Segments::Spread => &SPREAD,
        }
    }
}

/// Slurm's block topology with every power of two of the base block as block size.
///
/// Slurm counts nodes, jobs here count pods: a job of *n* pods is one of as many nodes as hold them
/// when empty, and a node counts as free when it has room for a pod; a run must have room for the
/// pods as well. Nodes outside every block are not used, as in Slurm.
///
/// O(blocks × log blocks + nodes of the blocks used) per segment.
#[derive(Clone, Copy, Debug)]
pub struct SlurmBlock {
    segments: Segments,
}

impl SlurmBlock {
    /// The plugin with this option for segments.
    pub fn new(segments: Segments) -> SlurmBlock {
        SlurmBlock { segments }
    }
}

/// What is free in a base block.
#[derive(Clone, Copy, Debug, Default)]
struct Free {
    nodes: u32,
    pods: u64,
}

impl Free {
    fn plus(self, other: Free) -> Free {
        Free {
            nodes: self.nodes + other.nodes,
            pods: self.pods + other.pods,
        }
    }

    fn holds(self, job: Free) -> bool {
        self.nodes >= job.nodes && self.pods >= job.pods
    }
}

/// The blocks while one job is placed.
struct Blocks<'a> {
    levels: &'a Levels<'a>,
    /// Nodes of each base block, by rank.
    members: Vec<Vec<NodeId>>,
    free: Vec<Free>,
    /// Runs that may not be used any more.
    barred: Vec<bool>,
    /// Nodes of a base block.
    base: u32,
    per_node: u32,
    chosen: Vec<(NodeId, u32)>,
}

impl<'a> Blocks<'a> {
    fn new(levels: &'a Levels<'a>) -> Blocks<'a> {
        let fabric = levels.fabric();
        let level = fabric.level(Scope::Nvlink).or(levels.lowest());
        let members: Vec<Vec<NodeId>> = match level {
            None => vec![(0..fabric.nodes()).map(NodeId::from).collect()],
            Some(level) => levels
                .domains(level)
                .map(|one| by_rank(levels, one))
                .collect(),
        };
        let free = members.iter().map(|nodes| {
            let able = nodes
                .iter()
                .map(|&node| levels.room(node))
                .filter(|room| *room > 0);
            able.fold(Free::default(), |free, room| Free {
                nodes: free.nodes + 1,
                pods: free.pods + u64::from(room),
            })
        });
        Blocks {
            free: free.collect(),
            barred: vec![false; members.len()],
            base: members.iter().map(Vec::len).max().unwrap_or(1).max(1) as u32,
            per_node: per_node(levels),
            chosen: Vec::new(),
            levels,
            members,
        }
    }

    /// A job of so many pods.
    fn job(&self, pods: u64) -> Free {
        Free {
            nodes: pods.div_ceil(u64::from(self.per_node)) as u32,
            pods,
        }
    }

    /// log2 of the base blocks in a run for so many nodes; `None` = there are no runs so large.
    fn depth(&self, nodes: u32) -> Option<u32> {
        let blocks = nodes.div_ceil(self.base).max(1).next_power_of_two();
        let all = self.members.len().next_power_of_two() as u32;
        (blocks <= all).then(|| blocks.trailing_zeros())
    }

    fn runs(&self, depth: u32, within: &Range<usize>) -> Vec<Range<usize>> {
        let step = 1usize << depth;
        let starts = (within.start..within.end).step_by(step);
        starts
            .map(|start| start..(start + step).min(within.end))
            .collect()
    }

    fn sum(&self, run: &Range<usize>) -> Free {
        let open = run.clone().filter(|&block| !self.barred[block]);
        open.fold(Free::default(), |sum, block| sum.plus(self.free[block]))
    }

    /// Whether a run takes a job, with as few of its halves as could be enough.
    fn admits(&self, run: &Range<usize>, depth: u32, job: Free) -> bool {
        let half = depth.saturating_sub(1);
        let size = self.base << half;
        let most = job.nodes.div_ceil(size).max(1) as usize;
        let mut halves: Vec<Free> = self
            .runs(half, run)
            .iter()
            .map(|one| self.sum(one))
            .collect();
        halves.sort_by_key(|half| (half.nodes, half.pods));
        let best = halves.into_iter().rev().take(most);
        best.fold(Free::default(), Free::plus).holds(job)
    }

    /// The runs within some blocks that take a job, the one to use first.
    fn admissible(
        &self,
        within: &Range<usize>,
        job: Free,
        record: &mut Explanation,
    ) -> Vec<(u32, Range<usize>)> {
        let Some(depth) = self.depth(job.nodes) else {
            return Vec::new();
        };
        let runs = self.runs(depth, within);
        let most = runs.iter().map(|run| self.sum(run).pods).max();
        let mut fitting: Vec<(u32, Range<usize>)> = Vec::new();
        for run in &runs {
            if self.admits(run, depth, job) {
                fitting.push((depth, run.clone()));
            }
        }
        // Fewest free nodes, the last of equals.
        fitting.sort_by_key(|(_, run)| (self.sum(run).nodes, std::cmp::Reverse(run.start)));
        record.looks.push(Look {
            within: self.levels.lowest().map(Within::Level),
            wanted: job.pods,
            domains: runs.len() as u32,
            fitting: fitting.len() as u32,
            most: most.unwrap_or(0),
            taken: fitting
                .first()
                .and_then(|(depth, run)| self.named(*depth, run)),
            note: match depth {
                0 => "runs of 1 base block",
                1 => "runs of 2 base blocks",
                2 => "runs of 4 base blocks",
                _ => "runs of 8 base blocks or more",
            },
        });
        fitting
    }

    /// The domain a run of one base block is, with its room.
    fn named(&self, depth: u32, run: &Range<usize>) -> Option<(DomainId, u64)> {
        let fabric = self.levels.fabric();
        let level: LevelId = fabric.level(Scope::Nvlink).or(self.levels.lowest())?;
        let first = self.levels.domains(level).nth(run.start)?;
        (depth == 0).then(|| (first, self.sum(run).pods))
    }

    /// Places a job that the run takes.
    fn fill(&mut self, run: &Range<usize>, depth: u32, job: Free) -> bool {
        let halves = self.runs(depth.saturating_sub(1), run);
        let mut current: Option<Range<usize>> = None;
        let mut pods = job.pods;
        while pods > 0 {
            let left = self.job(pods);
            let unused = |half: &Range<usize>| self.sum(half).nodes > 0;
            let half = match current.take().filter(unused) {
                Some(half) => half,
                None => {
                    let sums = halves.iter().map(|half| self.sum(half));
                    match best(sums, left) {
                        Some(at) => halves[at].clone(),
                        None => return false,
                    }
                }
            };
            let blocks = half.clone().map(|block| self.sum(&(block..block + 1)));
            let Some(at) = best(blocks, left) else {
                return false;
            };
            pods -= self.take(half.start + at, pods);
            current = Some(half);
        }
        true
    }

    /// Takes up to `pods` places in a base block; how many there were.
    fn take(&mut self, block: usize, pods: u64) -> u64 {
        let mut left = pods;
        let mut kept = Vec::new();
        for &node in &self.members[block] {
            let room = u64::from(self.levels.room(node));
            if left == 0 || room == 0 {
                kept.push(node);
                continue;
            }
            let share = room.min(left);
            left -= share;
            self.chosen.push((node, share as u32));
            self.free[block].nodes -= 1;
            self.free[block].pods -= room;
        }
        // A node is used by one segment at most.
        self.members[block] = kept;
        pods - left
    }

    fn place(
        &mut self,
        within: &Range<usize>,
        job: Free,
        record: &mut Explanation,
    ) -> Option<Range<usize>> {
        let (depth, run) = self.admissible(within, job, record).into_iter().next()?;
        self.fill(&run, depth, job).then_some(run)
    }
}

fn by_rank(levels: &Levels<'_>, domain: DomainId) -> Vec<NodeId> {
    let mut nodes = levels.fabric().nodes_of(domain).to_vec();
    nodes.sort_unstable();
    nodes
}

/// The smallest that suffices, else the largest; later ones win ties. `None` = all are empty.
fn best(all: impl Iterator<Item = Free>, job: Free) -> Option<usize> {
    let some: Vec<(usize, Free)> = all.enumerate().filter(|(_, free)| free.nodes > 0).collect();
    let enough = some.iter().filter(|(_, free)| free.holds(job));
    let tightest = enough.min_by_key(|(at, free)| (free.nodes, std::cmp::Reverse(*at)));
    let largest = || some.iter().max_by_key(|(at, free)| (free.nodes, *at));
    tightest.or_else(largest).map(|(at, _)| *at)
}

impl LevelPolicy for SlurmBlock {
    fn info(&self) -> &'static PolicyInfo {
        self.segments.info()
    }

    fn knows_within(&self) -> bool {
        false
    }

    fn choose(
        &mut self,
        levels: &Levels<'_>,
        wanted: &Wanted,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        let mut blocks = Blocks::new(levels);
        let all = 0..blocks.members.len();
        let pods = u64::from(wanted.pods);
        let segment = match (wanted.locality.within, u64::from(wanted.locality.slice)) {
            (None, slice) if slice > 0 && slice < pods => slice,
            _ => pods,
        };
        if pods % segment != 0 {
            record.looks.push(Look {
                within: None,
                wanted: pods,
                domains: 0,
                fitting: 0,
                most: 0,
                taken: None,
                note: "segments do not divide the job",
            });
            return None;
        }
        let job = blocks.job(segment);
        if self.segments == Segments::Consolidate && segment < pods {
            let whole = blocks.job(pods);
            let runs = blocks.admissible(&all, whole, record);
            return runs.into_iter().find_map(|(_, run)| {
                let mut blocks = Blocks::new(levels);
                let placed = (0..pods / segment).all(|_| blocks.place(&run, job, record).is_some());
                placed.then_some(blocks.chosen)
            });
        }
        for _ in 0..pods / segment {
            let run = blocks.place(&all, job, record)?;
            if self.segments == Segments::Spread {
                blocks.barred[run].fill(true);
            }
        }
        Some(blocks.chosen)
    }
}
