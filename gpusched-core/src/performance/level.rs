//! `level`: a gang pays for the level at which its GPUs meet, whoever else is there.

use super::gangs::Gangs;
use super::sharing::Speed;
use super::{Origins, Performance, Residence};
use crate::ids::JobId;

/// Jobs take as long as the level law of collectives ([`super::collective::Law`]) says of their
/// profile at their places, relative to the best places there could be: the recorded run time is
/// taken for that of the best ones (assumed: traces do not say). Nobody is in anybody's way, but
/// oversubscription counts as if everybody talked.
///
/// A start costs O(ranks log ranks) and a pass over the ranks per exchange of the profile.
#[derive(Clone, Debug)]
pub struct LevelLaw {
    gangs: Gangs,
    origins: Origins,
}

impl LevelLaw {
    /// For these jobs on this wiring.
    pub fn new(gangs: Gangs) -> LevelLaw {
        LevelLaw {
            gangs,
            origins: Origins::default(),
        }
    }
}

impl Performance for LevelLaw {
    fn name(&self) -> String {
        "level".into()
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let Some(gang) = self.gangs.gang(at) else {
            return;
        };
        // The law is fitted, to other jobs than this one.
        self.origins.count(None);
        let speed = Speed::from_slowdown(gang.slowdown).unwrap_or(Speed::FULL);
        if speed < Speed::FULL {
            speeds.push((at.job, speed));
        }
    }

    fn origins(&self) -> Option<Origins> {
        Some(self.origins)
    }
}
