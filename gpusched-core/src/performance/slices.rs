//! `slices`: jobs on MIG instances of another size than they were recorded on.

use super::known::{Known, Origins};
use super::sharing::Speed;
use super::sharing::slice::{Rated, Share};
use super::{Performance, Residence};
use crate::cluster::{Inventory, Spot};
use crate::ids::JobId;
use crate::units::MILLI;
use crate::workload::{MigRequest, Shape};

/// A job that got the smallest instance with room for it runs as its profile says of that part of
/// the device against the part it asked for; what no profile knows runs as recorded. Instances do
/// not feel one another. A job of several pods runs at the speed of its slowest.
#[derive(Clone, Debug)]
pub struct Slices {
    known: Known,
    inventory: Inventory,
    origins: Origins,
}

impl Slices {
    /// For jobs on these machines, as cut.
    pub fn new(known: Known, inventory: &Inventory) -> Slices {
        Slices {
            known,
            inventory: inventory.clone(),
            origins: Origins::default(),
        }
    }

    fn rate(&self, job: JobId, shape: &Shape, spot: Spot) -> Option<Rated> {
        if shape.mig != Some(MigRequest::AtLeast) {
            return None;
        }
        let model = self.inventory.model_of(spot.node);
        let row = self.inventory.smallest_profile(model, shape)?;
        let geometry = self.inventory.geometry(model)?;
        let slices = u32::from(geometry.profile(row).slices);
        let part = Share::new(slices, u32::from(geometry.board().slices()))?;
        let recorded = Share::new(shape.gpu_milli, MILLI)?;
        self.known.on_part(spot.node, job, part, recorded)
    }
}

impl Performance for Slices {
    fn name(&self) -> String {
        "slices".into()
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
        let mut spots = at.spots.iter();
        let mut slowest: Option<Rated> = None;
        for set in sets {
            let shape = at.work.shape(set.shape);
            for &spot in spots.by_ref().take(set.count as usize) {
                let rated = self.rate(at.job, shape, spot);
                slowest = match (slowest, rated) {
                    (Some(one), Some(other)) if one.speed <= other.speed => Some(one),
                    (one, other) => other.or(one),
                };
            }
        }
        self.origins.count(slowest.map(|rated| rated.origin));
        if let Some(rated) = slowest {
            speeds.push((at.job, rated.speed));
        }
    }

    fn origins(&self) -> Option<Origins> {
        Some(self.origins)
    }
}
