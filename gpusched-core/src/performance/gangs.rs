//! What every model of the network asks first: how long a step of a job takes where it is, and how
//! long it would take at best.

use super::Residence;
use super::collective::presets::Preset;
use super::collective::profile::Step;
use super::collective::{Law, Seat, Wiring};
use rustc_hash::FxHashMap;

/// Which profile each job has. Jobs without one exchange nothing.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// The different ones.
    pub presets: Vec<Preset>,
    /// Place in `presets` by job; what is not listed has none.
    pub of_job: Vec<Option<u32>>,
}

/// The jobs of a replay as the law of collectives sees them.
#[derive(Clone, Debug)]
pub struct Gangs {
    law: Law,
    wiring: Wiring,
    profiles: Profiles,
    /// Steps at best: by profile, kind of machine, ranks and GPUs of a pod.
    at_best: FxHashMap<(u32, u32, u32, u32), Step>,
}

/// A job at its places.
#[derive(Clone, Debug)]
pub struct Gang {
    /// Its ranks.
    pub seats: Vec<Seat>,
    /// Its step here.
    pub here: Step,
    /// How many times the step at best that is, 1 or more.
    pub slowdown: f64,
}

impl Gangs {
    /// With the parameters that were fitted.
    pub fn new(wiring: Wiring, profiles: Profiles) -> Gangs {
        Gangs {
            law: Law::FITTED,
            wiring,
            profiles,
            at_best: FxHashMap::default(),
        }
    }

    /// The same jobs where nobody is in anybody's way.
    #[must_use]
    pub fn uncontended(self) -> Gangs {
        Gangs {
            wiring: self.wiring.uncontended(),
            ..self
        }
    }

    /// The wiring.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// The job at its places; `None` for one that exchanges nothing: it has no profile, one GPU,
    /// or parts of GPUs. At best is what [`Wiring::packed`] makes of as many GPUs; a job that is
    /// better off than that (on a faster machine beside the first) counts as at its best.
    ///
    /// O(ranks log ranks) plus O(ranks) for each exchange of its profile.
    pub fn gang(&mut self, at: Residence<'_>) -> Option<Gang> {
        let place = (*self.profiles.of_job.get(at.job.index())?)?;
        let per_pod = whole_gpus(at)?;
        let seats = self.wiring.seats(at.spots);
        if seats.len() < 2 {
            return None;
        }
        let profile = self.profiles.presets[place as usize].profile(seats.len() as u32)?;
        let (law, wiring) = (&self.law, &mut self.wiring);
        let key = (place, wiring.board(&seats[0]), seats.len() as u32, per_pod);
        let best = *self.at_best.entry(key).or_insert_with(|| {
            let packed = wiring.packed(&seats, per_pod);
            profile.step(law, wiring, &packed)
        });
        let here = profile.step(law, wiring, &seats);
        Some(Gang {
            slowdown: (here.total_s / best.total_s).max(1.0),
            seats,
            here,
        })
    }
}

/// GPUs of the largest pod of a job that has whole ones only.
fn whole_gpus(at: Residence<'_>) -> Option<u32> {
    let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
    let shapes = sets.iter().map(|set| at.work.shape(set.shape));
    let mut most = 0;
    for shape in shapes {
        if shape.is_share() || shape.mig.is_some() {
            return None;
        }
        most = most.max(shape.gpus);
    }
    (most > 0).then_some(most)
}

impl Profiles {
    /// One profile for all jobs.
    pub fn for_all(preset: Preset, jobs: usize) -> Profiles {
        Profiles {
            presets: vec![preset],
            of_job: vec![Some(0); jobs],
        }
    }
}
