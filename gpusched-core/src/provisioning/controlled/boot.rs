//! How long a machine takes from its launch until it takes pods.

use crate::provisioning::controller::MachineId;
use crate::provisioning::draw;
use crate::units::{MICROS, Span};

/// How long a stage of a boot takes: drawn evenly from `least` to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The shortest.
    pub least: Span,
    /// The longest.
    pub most: Span,
}

impl Stage {
    /// A stage that always takes as long.
    pub const fn of_secs(secs: i64) -> Stage {
        Stage {
            least: Span(secs * MICROS),
            most: Span(secs * MICROS),
        }
    }

    fn at(self, u: f64) -> Span {
        let spread = (self.most.0 - self.least.0).max(0);
        Span(self.least.0 + (u * spread as f64) as i64)
    }
}

/// The stages of a boot, one after the other.
///
/// A machine that pulls images does no work yet, and pods that could only wait for their images are
/// not put on it: pulling is taken for the last part of the boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// From the call of the provider until the machine runs.
    pub launch: Stage,
    /// Until its kubelet has registered it.
    pub join: Stage,
    /// Until its GPUs are published; machines without GPUs skip it.
    pub gpu: Stage,
    /// Until images have been pulled.
    pub image: Stage,
    /// Machines in a thousand that never join.
    pub failures_milli: u32,
    /// Seed of lengths and failures.
    pub seed: u64,
}

impl Default for Boot {
    /// 15 s, 60 s, 45 s and 60 s, and no failures. Assumed: no measurements per GPU type have been
    /// published. Launches of 5–30 s, joins of 40–120 s and drivers of 30–300 s are usual ranges.
    fn default() -> Self {
        Boot {
            launch: Stage::of_secs(15),
            join: Stage::of_secs(60),
            gpu: Stage::of_secs(45),
            image: Stage::of_secs(60),
            failures_milli: 0,
            seed: 0,
        }
    }
}

/// When a machine gets where, counted from its launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// When it joins; `None` = never.
    pub registered: Option<Span>,
    /// When it takes pods.
    pub initialized: Span,
}

impl Boot {
    /// How the boot of a machine goes. Draws are keyed by the machine: they do not depend on what
    /// else is launched.
    pub(super) fn of(&self, machine: MachineId, has_gpus: bool) -> Arrival {
        let entity = draw::entity(*b"boot", machine.0 as usize);
        let draw = |turn: u64| draw::unit(self.seed, entity, turn);
        let gpu = match has_gpus {
            true => self.gpu.at(draw(2)),
            false => Span::ZERO,
        };
        let registered = self.launch.at(draw(0)) + self.join.at(draw(1));
        let joins = draw(4) * 1000.0 >= f64::from(self.failures_milli);
        Arrival {
            registered: joins.then_some(registered),
            initialized: registered + gpu + self.image.at(draw(3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_and_machines_without_gpus_skip_theirs() {
        let boot = Boot::default();
        let with = boot.of(MachineId(7), true);
        assert_eq!(with.registered, Some(Span::from_secs(75)));
        assert_eq!(with.initialized, Span::from_secs(180));
        assert_eq!(
            boot.of(MachineId(7), false).initialized,
            Span::from_secs(135)
        );
    }

    #[test]
    fn lengths_are_drawn_within_their_range_by_machine() {
        let boot = Boot {
            join: Stage {
                least: Span::from_secs(40),
                most: Span::from_secs(120),
            },
            failures_milli: 500,
            ..Boot::default()
        };
        let all: Vec<Arrival> = (0..400).map(|id| boot.of(MachineId(id), true)).collect();
        let joined = || all.iter().filter_map(|one| one.registered);
        assert!(joined().all(|at| at >= Span::from_secs(55) && at <= Span::from_secs(135)));
        assert!(joined().min() < Some(Span::from_secs(65)));
        assert!(joined().max() > Some(Span::from_secs(125)));
        // Half of 400 fail; 4.5 standard deviations of 10 either way.
        assert!((155..=245).contains(&joined().count()));
        assert_eq!(boot.of(MachineId(3), true), all[3]);
    }
}
