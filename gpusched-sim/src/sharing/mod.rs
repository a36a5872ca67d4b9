//! `--sharing`: the same trace, with GPUs shared another way.
//!
//! A mode concerns the pods that ask for a part of one device; pods with whole devices stay as
//! they are unless the mode says `:all` or `:any`. What the part a pod asked for says of its needs
//! is kept as its *duty*, the part of the time it keeps a device busy (assumed: traces record
//! requests, seldom use); one that was measured (`util_sm`) goes before it, and a profile of
//! measurements before the laws. A pod whose `share_mode` allows another way only gets a device
//! of its own.
//!
//! | mode | such a pod gets | runs | memory |
//! |---|---|---|---|
//! | `recorded` (default) | the part it asked for | as recorded | what it asks for is reserved |
//! | `exclusive` | a device of its own | as recorded | the device's |
//! | `mps:N` | one of N replicas (NVIDIA device plugin) | slower beside others: `1 + 0.435 · Σ duty` | an N-th of the device's |
//! | `timeslice:N` | one of N replicas | takes turns: `1.11 · Σ duty` | what it asks for is reserved |
//! | `mig:…` ([`mig`]) | an instance, also a pod of one device | as recorded | the instance's |
//! | `vgpu:TYPE` | a virtual GPU of that type | takes turns, as its scheduler says | the type's frame buffer |
//! | `plugin:FILE` | what the device plugin's configuration file says | | |

pub mod device_plugin;
pub mod mig;
pub mod mig_parted;
mod replicas;
mod risk;
mod vgpu;

pub use replicas::{Replicas, Scope};
pub use risk::Risks;
pub use vgpu::Vgpu;

use self::mig::MigSharing;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::performance::sharing::calibrate::{Mode, Profile};
use gpusched_core::performance::{Ideal, Known, NeighbourLaw, Neighbours, Performance, Slices};
use gpusched_core::units::MILLI;
use gpusched_core::workload::{Shape, ShareWay, Workload};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What a saturating neighbour adds under MPS: the middle of what the nos measurements give
/// (0.432, 0.435 and 0.439 from 3, 5 and 7 pods; `gpusched-bench reproduce sharing`).
pub const MPS_U: f64 = 0.435;

/// How GPUs are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SharingMode {
    /// As the trace says, at no cost.
    #[default]
    Recorded,
    /// Not at all.
    Exclusive,
    /// MPS with replicas of each device.
    Mps(Replicas),
    /// Time-slicing with replicas of each device.
    TimeSlice(Replicas),
    /// MIG instances.
    Mig(MigSharing),
    /// Virtual GPUs.
    Vgpu(Vgpu),
}

impl SharingMode {
    /// Reads a mode: `recorded`, `exclusive`, `mps:N`, `timeslice:N`, `mig:LAYOUT`,
    /// `mig:dynamic`, `mig:batched`, `vgpu:TYPE`, or `mig:FILE#NAME` and `plugin:FILE`, which are
    /// read.
    ///
    /// # Errors
    /// What is wrong with it and what there is.
    ///
    /// ```
    /// use gpusched_sim::sharing::SharingMode;
    /// assert_eq!(SharingMode::parse("mps:4").unwrap().to_string(), "mps:4");
    /// assert!(SharingMode::parse("mps").is_err() && SharingMode::parse("mps:1").is_err());
    /// assert!(SharingMode::parse("vgpu:A100D-10C:fixed").is_ok());
    /// ```
    pub fn parse(text: &str) -> Result<SharingMode> {
        let (name, detail) = match text.split_once(':') {
            Some((name, detail)) => (name, Some(detail)),
            None => (text, None),
        };
        let replicated = |mode: fn(Replicas) -> SharingMode| {
            detail.and_then(Replicas::parse).map(mode).ok_or_else(|| {
                Diagnostic::new(format!("`{text}` does not say how many replicas")).help(format!(
                    "write 2 to 1000 of them, such as `{name}:4`; `{name}:4:all` when pods that \
                     ask for a whole GPU get one too"
                ))
            })
        };
        match (name, detail) {
            ("recorded", None) => Ok(SharingMode::Recorded),
            ("exclusive", None) => Ok(SharingMode::Exclusive),
            ("mps", _) => replicated(SharingMode::Mps),
            ("timeslice", _) => replicated(SharingMode::TimeSlice),
            ("mig", how) => MigSharing::parse(how.unwrap_or_default()).map(SharingMode::Mig),
            ("vgpu", Some(kind)) => Vgpu::parse(kind).map(SharingMode::Vgpu),
            ("plugin", Some(file)) => device_plugin::load(file)?.mode(),
            _ => {
                let names = [
                    "recorded",
                    "exclusive",
                    "mps:4",
                    "timeslice:4",
                    "mig:dynamic",
                    "vgpu:A100D-10C",
                ];
                let near = did_you_mean(text, names);
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("choose one of: {}, plugin:FILE", names.join(", ")),
                };
                Err(Diagnostic::new(format!("`{text}` is no way to share GPUs")).help(help))
            }
        }
    }

    /// Jobs and machines as they are under this mode. Shapes keep their ids. With `overcommit`,
    /// pods that take turns reserve no memory.
    ///
    /// # Errors
    /// When the machines cannot be shared so.
    pub fn interpret<'a>(
        &self,
        work: &'a Workload,
        inventory: &'a Inventory,
        overcommit: bool,
    ) -> Result<(Cow<'a, Workload>, Cow<'a, Inventory>)> {
        match self {
            SharingMode::Recorded => Ok((Cow::Borrowed(work), Cow::Borrowed(inventory))),
            SharingMode::Mig(how) => {
                let inventory = how.cut(inventory)?;
                let work = mig::reinterpret(work, &inventory);
                Ok((Cow::Owned(work), Cow::Owned(inventory)))
            }
            _ => {
                let work = self.reinterpret(work, overcommit);
                Ok((Cow::Owned(work), Cow::Borrowed(inventory)))
            }
        }
    }

    fn way(&self) -> ShareWay {
        match self {
            SharingMode::Recorded | SharingMode::Exclusive => ShareWay::Exclusive,
            SharingMode::Mps(_) => ShareWay::Mps,
            SharingMode::TimeSlice(_) => ShareWay::Timeslice,
            SharingMode::Mig(_) => ShareWay::Mig,
            SharingMode::Vgpu(_) => ShareWay::Vgpu,
        }
    }

    /// The jobs as they ask under a mode that leaves the machines as they are.
    fn reinterpret(&self, work: &Workload, overcommit: bool) -> Workload {
        work.reshaped(|shape| match *self {
            _ if shape.mig.is_some() => shape.clone(),
            // What may not be shared so gets a device of its own.
            _ if shape.is_share() && !shape.allows(self.way()) => Shape {
                gpu_milli: MILLI,
                ..shape.clone()
            },
            SharingMode::TimeSlice(replicas) if replicas.take(shape) => Shape {
                reserves_gpu_mem: !overcommit,
                ..replicas.shape(shape)
            },
            SharingMode::Mps(replicas) if replicas.take(shape) => Shape {
                // Its part of the memory must do, and is its own: nothing else to reserve.
                gpu_mem_mib: shape.gpu_mem_mib.saturating_mul(replicas.count),
                reserves_gpu_mem: false,
                ..replicas.shape(shape)
            },
            SharingMode::Exclusive if shape.is_share() => Shape {
                gpu_milli: MILLI,
                ..shape.clone()
            },
            SharingMode::Vgpu(vgpu) if shape.is_share() => vgpu.shape(shape),
            _ => shape.clone(),
        })
    }

    /// How fast jobs run under this mode on these machines, as the mode leaves them; what a
    /// `profile` knows goes before the laws. `recorded` is the workload before
    /// [`SharingMode::interpret`], `replayed` the one after it.
    pub fn performance(
        &self,
        recorded: &Workload,
        replayed: &Workload,
        inventory: &Inventory,
        profile: Option<&Arc<Profile>>,
    ) -> Box<dyn Performance> {
        let known = profile.map(|profile| Known::new(profile.clone(), recorded, inventory));
        let law = match self {
            SharingMode::Recorded | SharingMode::Exclusive => return Box::new(Ideal),
            SharingMode::Mig(_) => {
                return match known {
                    None => Box::new(Ideal),
                    Some(known) => Box::new(Slices::new(known, inventory)),
                };
            }
            SharingMode::Mps(_) => NeighbourLaw::Mps { u: MPS_U },
            SharingMode::TimeSlice(_) => NeighbourLaw::TIME_SLICING,
            SharingMode::Vgpu(vgpu) => vgpu.law(),
        };
        // Work asked for in devices, spread over the devices a pod gets instead.
        let duty = |(asked, got): (&Shape, &Shape)| {
            let work = u64::from(asked.gpus) * u64::from(asked.gpu_milli);
            (work / u64::from(got.gpus.max(1))) as u32
        };
        let shapes = recorded.shapes().iter().zip(replayed.shapes());
        let neighbours = Neighbours::with_duties(law, shapes.map(duty).collect());
        let neighbours = neighbours.measured(measured_duties(recorded));
        let mode = match self {
            SharingMode::Mps(_) => Mode::Mps,
            _ => Mode::TimeSlicing,
        };
        Box::new(match known {
            None => neighbours,
            Some(known) => neighbours.knowing(known, mode),
        })
    }
}

/// The measured duty of each job, 0 = not known; empty when none is.
fn measured_duties(work: &Workload) -> Vec<u32> {
    if work.behaviours().iter().all(|known| known.duty_milli == 0) {
        return Vec::new();
    }
    let duty = |job| {
        work.behaviour(JobId::from(job))
            .map_or(0, |known| known.duty_milli)
    };
    (0..work.len()).map(duty).collect()
}

impl fmt::Display for SharingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SharingMode::Recorded => f.write_str("recorded"),
            SharingMode::Exclusive => f.write_str("exclusive"),
            SharingMode::Mps(replicas) => write!(f, "mps:{replicas}"),
            SharingMode::TimeSlice(replicas) => write!(f, "timeslice:{replicas}"),
            SharingMode::Mig(how) => write!(f, "mig:{how}"),
            SharingMode::Vgpu(vgpu) => write!(f, "vgpu:{vgpu}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{ReplayOptions, replay};
    use gpusched_core::cluster::{Cluster, Node};
    use gpusched_core::ids::JobId;
    use gpusched_core::units::{Span, Time};
    use gpusched_core::workload::{JobDraft, WorkloadBuilder};

    #[test]
    fn modes_print_as_they_are_written() {
        for text in [
            "recorded",
            "exclusive",
            "mps:4",
            "timeslice:7:all",
            "mig:dynamic",
            "mig:all-1g.5gb.me",
            "vgpu:H100L-15C:equal",
        ] {
            assert_eq!(SharingMode::parse(text).unwrap().to_string(), text);
        }
    }

    /// Two pods that each ask for half of the one GPU, 100 s of work each, both at 0.
    fn halves(mode: &str) -> Vec<f64> {
        let half = Shape {
            gpu_milli: 500,
            ..Shape::whole_gpus(1)
        };
        let mut builder = WorkloadBuilder::new();
        for name in ["a", "b"] {
            let (submit, run) = (Time::ZERO, Span::from_secs(100));
            let draft = JobDraft::new(name, submit, run, half.clone());
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let inventory = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
        let options = ReplayOptions {
            sharing: SharingMode::parse(mode).unwrap(),
            ..ReplayOptions::default()
        };
        let records = replay(&work, &inventory, &options).unwrap().records;
        let end = |job| records.end_of(JobId(job)).unwrap().as_secs_f64();
        vec![end(0), end(1)]
    }

    #[test]
    fn modes_differ_as_their_laws_say() {
        assert_eq!(halves("recorded"), [100.0, 100.0]);
        assert_eq!(halves("exclusive"), [100.0, 200.0]);
        // Each is busy half of the time: 1 + 0.435 · 0.5 = 1.2175 times as long.
        let mps = halves("mps:2");
        assert!(
            (mps[0] - 121.75).abs() < 1e-5 && mps[0] == mps[1],
            "{mps:?}"
        );
        // Turns cost 11 %, and together they fill the device: 1.11 · (0.5 + 0.5) times as long.
        let turns = halves("timeslice:2");
        assert!(
            (turns[0] - 111.0).abs() < 1e-5 && turns[0] == turns[1],
            "{turns:?}"
        );
    }

    /// Ends of jobs that ask for so many whole T4, with 100 s of work each, on one node of two.
    fn whole(mode: &str, gpus: &[u32]) -> Vec<Option<f64>> {
        let mut builder = WorkloadBuilder::new();
        for (number, &gpus) in gpus.iter().enumerate() {
            let shape = Shape::whole_gpus(gpus);
            let (name, run) = (format!("j{number}"), Span::from_secs(100));
            let draft = JobDraft::new(&name, Time::ZERO, run, shape);
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let inventory = Inventory::new(vec![Node::with_gpus("n", 2, "T4")]).unwrap();
        let options = ReplayOptions {
            sharing: SharingMode::parse(mode).unwrap(),
            ..ReplayOptions::default()
        };
        let records = replay(&work, &inventory, &options).unwrap().records;
        let end = |job| Some(records.end_of(JobId(job))?.as_secs_f64().round());
        (0..gpus.len() as u32).map(end).collect()
    }

    #[test]
    fn a_second_replica_brings_no_second_device() {
        // Two replicas of one T4: twice the time for two devices' work.
        assert_eq!(whole("timeslice:4:any", &[2]), [Some(200.0)]);
        // Beside another process each gets every other turn, which cost 11 %: the single one is
        // done after 222 s, when half of the double work is; the rest then runs alone.
        let [two, one] = whole("timeslice:4:any", &[2, 1])[..] else {
            panic!("two jobs");
        };
        assert_eq!((two, one), (Some(322.0), Some(222.0)));
    }

    #[test]
    fn who_refuses_more_than_one_refuses_it() {
        assert_eq!(whole("mps:4:all", &[1, 2]), [Some(100.0), None]);
        assert_eq!(whole("timeslice:4:all", &[2]), [None]);
    }

    #[test]
    fn an_mps_client_gets_no_more_than_its_part_of_the_memory() {
        // A T4 has 15,360 MiB: a quarter is 3,840.
        let fits = |mem| {
            let shape = Shape {
                gpu_milli: 500,
                gpu_mem_mib: mem,
                ..Shape::whole_gpus(1)
            };
            let mut builder = WorkloadBuilder::new();
            let draft = JobDraft::new("a", Time::ZERO, Span::from_secs(1), shape);
            builder.push(&draft).unwrap();
            let work = SharingMode::parse("mps:4")
                .unwrap()
                .reinterpret(&builder.finish().unwrap(), false);
            let inventory = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
            let mut cluster = Cluster::new(inventory, work.shapes());
            cluster.fits(&work.specs()[0])
        };
        assert!(fits(3840) && !fits(3841));
    }

    #[test]
    fn what_is_no_mode_is_answered_with_one() {
        let help = |text| SharingMode::parse(text).unwrap_err().help.unwrap();
        assert!(help("exclusiv").contains("`exclusive`"));
        assert!(help("timeslice:0").contains("`timeslice:4`"));
        assert!(help("warp").contains("choose one of"));
        assert!(help("mig").contains("`mig:dynamic`"), "{}", help("mig"));
        assert!(help("mig:all-balance").contains("`mig:all-balanced`"));
        assert!(help("mig:7").contains("a layout of mig-parted"));
    }
}
