//! `flow`: gangs on several nodes share the links between them.
//!
//! | file | what |
//! |---|---|
//! | `links` | the links of a fabric, and which of them the ring of a gang takes |
//! | `share` | max-min fair shares, solved again only where something changed |
//!
//! A gang on several nodes talks in a ring over its nodes, in the order of the tree. What it wants
//! of every step of that ring is its *demand*: what a step of the job sends to other nodes over the
//! time the step takes undisturbed, which is duty times bandwidth. All steps of a ring go at one
//! pace (who is held up holds up everybody), so a gang has one rate. When it is less than its
//! demand, the job takes that much longer.
//!
//! Links are the cards of a node and the switches above it, each with two directions. What leaves
//! a domain is split evenly over its up-links (ideal ECMP): a domain has one link, as wide as all of
//! them. Uneven hashing, congestion control and rails are not modelled.

mod links;
mod share;

pub use links::Links;
pub use share::{LinkShares, Use};

use super::gangs::Gangs;
use super::sharing::Speed;
use super::{Origins, Performance, Residence};
use crate::ids::JobId;
use rustc_hash::FxHashMap;

/// Jobs take as long as the level law says where nobody is in their way (oversubscription counts
/// nothing), and longer when the links they cross have to be shared.
///
/// A start or an end costs what `level` costs plus solving the gangs that contend with it, directly
/// or through others ([`LinkShares`]).
#[derive(Clone, Debug)]
pub struct Flow {
    gangs: Gangs,
    links: Links,
    shares: LinkShares,
    /// Slowdown where nobody is in the way, of the jobs that share links.
    alone: FxHashMap<JobId, f64>,
    changed: Vec<(u32, f64)>,
    origins: Origins,
}

impl Flow {
    /// For jobs on this wiring, whose oversubscription is that of the links.
    pub fn new(gangs: Gangs) -> Flow {
        let links = Links::new(gangs.wiring());
        Flow {
            shares: LinkShares::new(links.capacities()),
            gangs: gangs.uncontended(),
            links,
            alone: FxHashMap::default(),
            changed: Vec::new(),
            origins: Origins::default(),
        }
    }

    /// Names the jobs whose rate is another one now.
    fn tell(&mut self, speeds: &mut Vec<(JobId, Speed)>) {
        for (job, kept) in self.changed.drain(..) {
            let job = JobId(job);
            let Some(alone) = self.alone.get(&job) else {
                continue;
            };
            let speed = Speed::from_slowdown(alone / kept).unwrap_or(Speed::FULL);
            speeds.push((job, speed));
        }
    }
}

impl Performance for Flow {
    fn name(&self) -> String {
        "flow".into()
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let Some(gang) = self.gangs.gang(at) else {
            return;
        };
        self.origins.count(None);
        let demand = (gang.here.sent_bytes / gang.here.total_s) as u64;
        let uses = self.links.of_ring(&gang.seats, self.gangs.wiring());
        if demand == 0 || uses.is_empty() {
            let speed = Speed::from_slowdown(gang.slowdown).unwrap_or(Speed::FULL);
            if speed < Speed::FULL {
                speeds.push((at.job, speed));
            }
            return;
        }
        self.alone.insert(at.job, gang.slowdown);
        self.shares.add(at.job.0, demand, uses, &mut self.changed);
        self.tell(speeds);
    }

    fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        if self.alone.remove(&at.job).is_some() {
            self.shares.remove(at.job.0, &mut self.changed);
            self.tell(speeds);
        }
    }

    fn origins(&self) -> Option<Origins> {
        Some(self.origins)
    }
}
