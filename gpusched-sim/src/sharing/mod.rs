//! `--sharing`: the same trace, with GPUs shared another way.
//!
//! A mode concerns the pods that ask for a part of one device; pods with whole devices stay as
//! they are. What the part a pod asked for says of its needs is kept as its *duty*, the part of
//! the time it keeps a device busy (assumed: traces record requests, seldom use).
//!
//! | mode | such a pod gets | runs | memory |
//! |---|---|---|---|
//! | `recorded` (default) | the part it asked for | as recorded | what it asks for is reserved |
//! | `exclusive` | a device of its own | as recorded | the device's |
//! | `mps:N` | one of N replicas (NVIDIA device plugin) | slower beside others: `1 + 0.435 · Σ duty` | an N-th of the device's |
//! | `timeslice:N` | one of N replicas | takes turns: `1.11 · Σ duty` | what it asks for is reserved |
//! | `mig:…` ([`mig`]) | an instance, also a pod of one device | as recorded | the instance's |

pub mod mig;

use self::mig::MigSharing;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::performance::{Ideal, NeighbourLaw, Neighbours, Performance};
use gpusched_core::units::MILLI;
use gpusched_core::workload::{Shape, Workload};
use std::borrow::Cow;
use std::fmt;

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
    /// MPS with this many replicas of each device.
    Mps(u32),
    /// Time-slicing with this many replicas of each device.
    TimeSlice(u32),
    /// MIG instances.
    Mig(MigSharing),
}

impl SharingMode {
    /// Reads a mode: `recorded`, `exclusive`, `mps:N`, `timeslice:N`, `mig:LAYOUT`,
    /// `mig:dynamic`, `mig:batched`.
    ///
    /// # Errors
    /// What is wrong with it and what there is.
    ///
    /// ```
    /// use gpusched_sim::sharing::SharingMode;
    /// assert_eq!(SharingMode::parse("mps:4"), Ok(SharingMode::Mps(4)));
    /// assert!(SharingMode::parse("mps").is_err() && SharingMode::parse("mps:1").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<SharingMode> {
        if text == "mig" || text.starts_with("mig:") {
            let how = text.strip_prefix("mig:").unwrap_or("");
            return MigSharing::parse(how).map(SharingMode::Mig);
        }
        let (name, replicas) = match text.split_once(':') {
            Some((name, replicas)) => (name, Some(replicas)),
            None => (text, None),
        };
        let replicated = |mode: fn(u32) -> SharingMode| {
            let count = replicas.and_then(|replicas| replicas.parse::<u32>().ok());
            match count {
                // The device plugin knows no single replica; more than a thousandth is no share.
                Some(count @ 2..=1000) => Ok(mode(count)),
                _ => Err(
                    Diagnostic::new(format!("`{text}` does not say how many replicas"))
                        .help(format!("write 2 to 1000 of them, such as `{name}:4`")),
                ),
            }
        };
        match (name, replicas) {
            ("recorded", None) => Ok(SharingMode::Recorded),
            ("exclusive", None) => Ok(SharingMode::Exclusive),
            ("mps", _) => replicated(SharingMode::Mps),
            ("timeslice", _) => replicated(SharingMode::TimeSlice),
            _ => {
                let names = [
                    "recorded",
                    "exclusive",
                    "mps:4",
                    "timeslice:4",
                    "mig:dynamic",
                ];
                let near = did_you_mean(text, names);
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("choose one of: {}", names.join(", ")),
                };
                Err(Diagnostic::new(format!("`{text}` is no way to share GPUs")).help(help))
            }
        }
    }

    /// Jobs and machines as they are under this mode. Shapes keep their ids.
    ///
    /// # Errors
    /// When the machines cannot be shared so.
    pub fn interpret<'a>(
        &self,
        work: &'a Workload,
        inventory: &'a Inventory,
    ) -> Result<(Cow<'a, Workload>, Cow<'a, Inventory>)> {
        match self {
            SharingMode::Recorded => Ok((Cow::Borrowed(work), Cow::Borrowed(inventory))),
            SharingMode::Mig(how) => {
                let inventory = how.cut(inventory)?;
                let work = mig::reinterpret(work, &inventory);
                Ok((Cow::Owned(work), Cow::Owned(inventory)))
            }
            _ => Ok((Cow::Owned(self.reinterpret(work)), Cow::Borrowed(inventory))),
        }
    }

    /// The jobs as they ask under a mode that leaves the machines as they are.
    fn reinterpret(&self, work: &Workload) -> Workload {
        work.reshaped(|shape| match *self {
            _ if !shape.is_share() => shape.clone(),
            SharingMode::Recorded | SharingMode::Mig(_) => shape.clone(),
            SharingMode::Exclusive => Shape {
                gpu_milli: MILLI,
                ..shape.clone()
            },
            SharingMode::TimeSlice(replicas) => Shape {
                gpu_milli: MILLI / replicas,
                ..shape.clone()
            },
            SharingMode::Mps(replicas) => Shape {
                gpu_milli: MILLI / replicas,
                // Its part of the memory must do, and is its own: nothing else to reserve.
                gpu_mem_mib: shape.gpu_mem_mib.saturating_mul(replicas),
                reserves_gpu_mem: false,
                ..shape.clone()
            },
        })
    }

    /// How fast jobs run under this mode; `recorded` is the workload before
    /// [`SharingMode::interpret`].
    pub fn performance(&self, recorded: &Workload) -> Box<dyn Performance> {
        let law = match self {
            SharingMode::Recorded | SharingMode::Exclusive | SharingMode::Mig(_) => {
                return Box::new(Ideal);
            }
            SharingMode::Mps(_) => NeighbourLaw::Mps { u: MPS_U },
            SharingMode::TimeSlice(_) => NeighbourLaw::TimeSlicing,
        };
        let duty = |shape: &Shape| shape.gpu_milli;
        let duties = recorded.shapes().iter().map(duty).collect();
        Box::new(Neighbours::with_duties(law, duties))
    }
}

impl fmt::Display for SharingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SharingMode::Recorded => f.write_str("recorded"),
            SharingMode::Exclusive => f.write_str("exclusive"),
            SharingMode::Mps(replicas) => write!(f, "mps:{replicas}"),
            SharingMode::TimeSlice(replicas) => write!(f, "timeslice:{replicas}"),
            SharingMode::Mig(how) => write!(f, "mig:{how}"),
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
            "timeslice:7",
            "mig:dynamic",
            "mig:all-1g.5gb.me",
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
            let work = SharingMode::Mps(4).reinterpret(&builder.finish().unwrap());
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
