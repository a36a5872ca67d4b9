//! Gangs that share the links of a fabric: one ends and starts again.

use gpusched_core::cluster::{Inventory, Node, Spot};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::performance::collective::Wiring;
use gpusched_core::performance::collective::presets::Preset;
use gpusched_core::performance::flow::{Flow, LinkShares, Links, Use};
use gpusched_core::performance::{self, Performance, Profiles, Residence};
use gpusched_core::topology::{Topology, fabric_preset};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use std::sync::Arc;

/// Nodes of a gang, each with its eight GPUs.
const WIDTH: u32 = 4;
const NODES: u32 = 4096;

/// Gangs of four nodes on 4,096 nodes of a fat tree that is 2:1 above racks and blocks.
pub struct Gangs {
    work: Workload,
    spots: Vec<Vec<Spot>>,
    flow: Flow,
    wiring: Wiring,
    next: usize,
}

impl Gangs {
    /// So many gangs, of which one in a hundred times `crossing` is spread over four racks, the
    /// others stay in theirs.
    ///
    /// # Panics
    /// When there are more than the cluster holds.
    pub fn new(gangs: u32, crossing: u32) -> Gangs {
        assert!(gangs * WIDTH <= NODES && crossing <= 100);
        let node = |node: u32| Node::with_gpus(node.to_string(), 8, "H100-SXM5-80GB");
        let inventory = Inventory::new((0..NODES).map(node).collect()).expect("nodes");
        let mut shape = fabric_preset("fat-tree").expect("a preset").shape;
        shape.oversubscription = [2.0, 2.0, 1.0];
        let fabric = shape.fabric(NODES as usize).expect("a fabric");
        let boards = vec![None; NODES as usize];
        let topology = Arc::new(Topology::new(fabric, Vec::new(), boards));
        let wiring = Wiring::new(&inventory, topology);
        let mut builder = WorkloadBuilder::numbered();
        for _ in 0..gangs {
            let draft = JobDraft {
                count: WIDTH,
                ..JobDraft::new("", Time::ZERO, Span::from_secs(1), Shape::whole_gpus(8))
            };
            builder.push(&draft).expect("a job");
        }
        let work = builder.finish().expect("jobs");
        // Blocks of 16 gangs on 64 nodes, four racks: either four nodes in a row, or one node of
        // each rack.
        let spots = (0..gangs).map(|gang| {
            let (block, own) = (gang / 16 * 64, gang % 16);
            let spread = gang / 16 % 100 < crossing;
            let node = |part: u32| match spread {
                true => block + 16 * part + own,
                false => block + WIDTH * own + part,
            };
            let spot = |part| Spot {
                node: NodeId(node(part)),
                devices: 0xff,
            };
            (0..WIDTH).map(spot).collect()
        });
        let spots: Vec<Vec<Spot>> = spots.collect();
        let preset = Preset::parse("llm-13b:tp=8").expect("a preset");
        let profiles = Profiles::for_all(preset, work.len());
        let mut all = Gangs {
            flow: Flow::new(performance::Gangs::new(wiring.clone(), profiles)),
            work,
            spots,
            wiring,
            next: 0,
        };
        for gang in 0..gangs as usize {
            all.tell(gang, true);
        }
        all
    }

    fn tell(&mut self, gang: usize, starts: bool) -> usize {
        let at = Residence {
            work: &self.work,
            job: JobId(gang as u32),
            spots: &self.spots[gang],
        };
        let mut speeds = Vec::new();
        match starts {
            true => self.flow.started(at, &mut speeds),
            false => self.flow.ended(at, &mut speeds),
        }
        speeds.len()
    }

    /// One gang ends and starts again: two events. The speeds that changed.
    pub fn turn(&mut self) -> usize {
        self.next = (self.next + 7) % self.spots.len();
        let ended = self.tell(self.next, false);
        ended + self.tell(self.next, true)
    }

    /// The same gangs on the same links, without the law of collectives: each wants 40 GB/s.
    pub fn shares(&self) -> Shares {
        let links = Links::new(&self.wiring);
        let uses = self.spots.iter().map(|spots| {
            let seats = self.wiring.seats(spots);
            links.of_ring(&seats, &self.wiring)
        });
        let uses: Vec<Vec<Use>> = uses.collect();
        let capacities = links.capacities();
        Shares {
            shares: filled(&capacities, &uses),
            capacities,
            uses,
            next: 0,
        }
    }
}

/// Gangs as link shares see them.
pub struct Shares {
    shares: LinkShares,
    capacities: Vec<u64>,
    uses: Vec<Vec<Use>>,
    next: usize,
}

const DEMAND: u64 = 40_000_000_000;

fn filled(capacities: &[u64], uses: &[Vec<Use>]) -> LinkShares {
    let mut shares = LinkShares::new(capacities.to_vec());
    let mut changed = Vec::new();
    for (name, uses) in uses.iter().enumerate() {
        shares.add(name as u32, DEMAND, uses.clone(), &mut changed);
        changed.clear();
    }
    shares
}

impl Shares {
    /// One gang goes and comes back: two events. The rates that changed.
    pub fn turn(&mut self) -> usize {
        self.next = (self.next + 7) % self.uses.len();
        let name = self.next as u32;
        let mut changed = Vec::new();
        self.shares.remove(name, &mut changed);
        let uses = self.uses[self.next].clone();
        self.shares.add(name, DEMAND, uses, &mut changed);
        changed.len()
    }

    /// Twin: all of them put on empty links, one after the other, as who forgets would do at every
    /// event. The sum of rates.
    pub fn from_scratch(&self) -> f64 {
        let shares = filled(&self.capacities, &self.uses);
        let names = 0..self.uses.len() as u32;
        names.filter_map(|name| shares.rate(name)).sum()
    }

    /// The sum of rates.
    pub fn rates(&self) -> f64 {
        let names = 0..self.uses.len() as u32;
        names.filter_map(|name| self.shares.rate(name)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twin_finds_the_same_rates() {
        let gangs = Gangs::new(64, 50);
        let mut shares = gangs.shares();
        for _ in 0..20 {
            shares.turn();
        }
        assert_eq!(shares.rates(), shares.from_scratch());
    }
}
