//! How far the search for a flavor came the last time.

use super::super::ids::ResourceId;

/// What the last assignment leaves for the next one, so that flavors that were found wanting are
/// not tried again at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastAssignment {
    /// Per pod set, by resource: index of the last flavor that was tried, -1 = all were.
    pub tried: Vec<Vec<(ResourceId, i32)>>,
    /// Generation of the ClusterQueue's capacity it was computed at.
    pub generation: u64,
    /// The cycle it was computed in.
    pub cycle: u64,
    /// The class of equal workloads it was in, where there are such classes
    /// (`SchedulingEquivalenceHashing`).
    pub class: Option<u32>,
}

impl LastAssignment {
    /// Whether some flavor was not tried yet.
    pub fn pending_flavors(&self) -> bool {
        self.tried.iter().flatten().any(|(_, index)| *index != -1)
    }

    /// Index of the first flavor to try.
    pub fn next(&self, pod_set: usize, resource: ResourceId) -> usize {
        let of_pod_set = self.tried.get(pod_set).map_or(&[][..], Vec::as_slice);
        let index = of_pod_set.iter().find(|(one, _)| *one == resource);
        index.map_or(0, |(_, index)| usize::try_from(index + 1).unwrap_or(0))
    }

    /// Resources get other ids.
    pub fn rename(&mut self, to: &mut impl FnMut(ResourceId) -> ResourceId) {
        for (resource, _) in self.tried.iter_mut().flatten() {
            *resource = to(*resource);
        }
    }

    /// Whether it no longer describes the present: with `preserve`
    /// (`FlavorFungibilityPreserveScanProgress`) a workload of another shape starts over, and what
    /// is at most one cycle old holds whatever happened; else it holds until capacity was freed.
    pub fn outdated(
        &self,
        preserve: bool,
        generation: u64,
        cycle: u64,
        class: Option<u32>,
    ) -> bool {
        if preserve {
            if let (Some(then), Some(now)) = (self.class, class)
                && then != now
            {
                return true;
            }
            if cycle.saturating_sub(self.cycle) <= 1 {
                return false;
            }
        }
        generation > self.generation
    }
}
