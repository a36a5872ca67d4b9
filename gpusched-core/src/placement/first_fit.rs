//! `first-fit`: the node of lowest rank that fits, lowest-numbered devices.

use super::{Placement, Pod, View};
use crate::cluster::Spot;

/// Takes the first node that fits. O(nodes / 4096) once the index is up to date.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstFit;

impl Placement for FirstFit {
    fn name(&self) -> String {
        "first-fit".into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let node = view.first_fit(pod.shape)?;
        let devices = view.node(node).lowest_devices(&view.ask(pod.shape));
        Some(Spot { node, devices })
    }
}
