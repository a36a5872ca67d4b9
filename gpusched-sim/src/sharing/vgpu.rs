//! `vgpu:TYPE`: every pod that asks for a part of a device gets a virtual GPU of one type.

use super::replicas::refused;
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::gpu::sharing::vgpu::{BOARDS, Scheduler, VgpuType, mig_backed};
use gpusched_core::performance::NeighbourLaw;
use gpusched_core::performance::sharing::neighbours::TURN_COST;
use gpusched_core::units::MILLI;
use gpusched_core::workload::Shape;
use std::fmt;

/// A vGPU type of one family of boards, and how its vGPUs take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vgpu {
    /// What its name begins with (`A100D`).
    pub prefix: &'static str,
    /// The type.
    pub kind: VgpuType,
    /// How vGPUs take turns.
    pub scheduler: Scheduler,
}

impl Vgpu {
    /// Reads `A100D-10C`, with `:equal` or `:fixed` for a scheduler other than best effort.
    pub(super) fn parse(text: &str) -> Result<Vgpu> {
        let (name, scheduler) = match text.split_once(':') {
            None => (text, Some(Scheduler::BestEffort)),
            Some((name, "best-effort")) => (name, Some(Scheduler::BestEffort)),
            Some((name, "equal")) => (name, Some(Scheduler::EqualShare)),
            Some((name, "fixed")) => (name, Some(Scheduler::FixedShare)),
            Some((name, _)) => (name, None),
        };
        let Some(scheduler) = scheduler else {
            return Err(
                Diagnostic::new(format!("`{text}` names no vGPU scheduler")).help(format!(
                    "write `vgpu:{name}`, `vgpu:{name}:equal` or `vgpu:{name}:fixed`"
                )),
            );
        };
        if let Some((slices, gb)) = mig_backed(name) {
            return Err(
                Diagnostic::new(format!("`{name}` is a vGPU backed by a MIG instance")).help(
                    format!("it is that instance one to one: use `mig:all-{slices}g.{gb}gb`"),
                ),
            );
        }
        let known = BOARDS.iter().find_map(|board| {
            let gb: u32 = name
                .strip_prefix(board.prefix)?
                .strip_prefix('-')?
                .strip_suffix('C')?
                .parse()
                .ok()?;
            let kind = board.types.value.iter().find(|kind| kind.gb == gb)?;
            Some((board.prefix, *kind))
        });
        let Some((prefix, kind)) = known else {
            return Err(
                Diagnostic::new(format!("`{name}` is no vGPU type that is known"))
                    .help(format!("the types are: {}", names().join(", "))),
            );
        };
        Ok(Vgpu {
            prefix,
            kind,
            scheduler,
        })
    }

    /// The request of a pod that gets one: its frame buffer is its own, and all it has.
    pub(super) fn shape(self, shape: &Shape) -> Shape {
        let boards = BOARDS.iter().filter(|board| board.prefix == self.prefix);
        let models: Vec<&str> = boards.map(|board| board.model).collect();
        if shape.gpu_mem_mib > self.kind.gb * 1024 {
            return refused(shape, "more memory than the frame buffer");
        }
        let unwanted = models.iter().filter(|model| !shape.accepts(model));
        Shape {
            gpu_milli: MILLI / self.kind.max_equal,
            gpu_mem_mib: 0,
            reserves_gpu_mem: false,
            models_not: unwanted.map(|&model| model.to_owned()).collect(),
            models: models.iter().map(|&model| model.to_owned()).collect(),
            ..shape.clone()
        }
    }

    /// How vGPUs slow one another down. That changing turns costs what it costs processes is
    /// assumed; nobody published a measurement.
    pub(super) fn law(self) -> NeighbourLaw {
        let cost = TURN_COST.value;
        match self.scheduler {
            Scheduler::BestEffort => NeighbourLaw::Turns { cost },
            Scheduler::EqualShare => NeighbourLaw::EqualTurns { cost },
            Scheduler::FixedShare => NeighbourLaw::FixedTurns {
                cost,
                places: self.kind.max_equal,
            },
        }
    }
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for board in BOARDS {
        let types = board.types.value.iter();
        names.extend(types.map(|kind| format!("{}-{}C", board.prefix, kind.gb)));
    }
    names
}

impl fmt::Display for Vgpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheduler = match self.scheduler {
            Scheduler::BestEffort => "",
            Scheduler::EqualShare => ":equal",
            Scheduler::FixedShare => ":fixed",
        };
        write!(f, "{}-{}C{scheduler}", self.prefix, self.kind.gb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_prints_as_it_is_written() {
        for name in names() {
            for scheduler in ["", ":equal", ":fixed"] {
                let text = format!("{name}{scheduler}");
                assert_eq!(Vgpu::parse(&text).unwrap().to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_type_is_answered_with_those_there_are() {
        let help = |text| Vgpu::parse(text).unwrap_err().help.unwrap();
        assert!(help("T4-4C").contains("A100D-10C"));
        assert!(help("A100D-9C").contains("A100D-10C"));
        assert!(help("A100D-3-40C").contains("mig:all-3g.40gb"));
        assert!(help("A100D-10C:fair").contains("A100D-10C:equal"));
    }

    #[test]
    fn a_vgpu_is_on_boards_of_its_family_and_within_its_frame_buffer() {
        let ten = Vgpu::parse("A100D-10C").unwrap();
        let part = |mem, models: &[&str]| Shape {
            gpu_milli: 500,
            gpu_mem_mib: mem,
            models: models.iter().map(|&model| model.to_owned()).collect(),
            ..Shape::whole_gpus(1)
        };
        let got = ten.shape(&part(10_240, &[]));
        assert_eq!((got.gpus, got.gpu_milli), (1, 125));
        assert!(got.accepts("A100-PCIE-80GB") && !got.accepts("T4"));
        assert!(!ten.shape(&part(0, &["T4"])).accepts("A100-PCIE-80GB"));
        assert!(!ten.shape(&part(10_241, &[])).accepts("A100-PCIE-80GB"));
    }
}
