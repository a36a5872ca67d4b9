//! Which of the devices that would do is tried first.
//!
//! Upstream has no preference: the first device that fits, in the order of names, is taken. The
//! orders here are about the same devices under the same rules; only what is tried first differs,
//! so that whatever fits with one of them fits with all.

mod best_fit;
mod min_fragmentation;
mod topology;

use super::failure::Failure;
use super::trial::Trial;

/// An order of devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// As published and named: what upstream does.
    #[default]
    FirstFit,
    /// The device that leaves least over.
    BestFit,
    /// The device that leaves most of the others possible.
    MinFragmentation,
    /// Devices that stand close to each other.
    Topology,
}

impl Choice {
    /// All, with the names they have in files.
    pub const ALL: &'static [(&'static str, Choice)] = &[
        ("first-fit", Choice::FirstFit),
        ("best-fit", Choice::BestFit),
        ("min-fragmentation", Choice::MinFragmentation),
        ("topology", Choice::Topology),
    ];

    /// By name.
    pub fn named(name: &str) -> Option<Choice> {
        let known = Choice::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, choice)| *choice)
    }
}

/// The candidates for an ask that can be had now, in the order they are tried. Ties keep the order
/// of names.
pub(super) fn order(
    choice: Choice,
    trial: &mut Trial<'_, '_>,
    ask: usize,
    order: &mut Vec<u32>,
) -> Result<(), Failure> {
    order.clear();
    for position in 0..trial.view().candidates.len() {
        if trial.may_take(ask, position)? {
            order.push(position as u32);
        }
    }
    match choice {
        Choice::FirstFit => {}
        Choice::BestFit => best_fit::sort(trial, ask, order),
        Choice::MinFragmentation => min_fragmentation::sort(trial, ask, order),
        Choice::Topology => topology::sort(trial, ask, order),
    }
    Ok(())
}
