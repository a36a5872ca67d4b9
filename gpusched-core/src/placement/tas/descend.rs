//! Phase 2b: from chosen domains down to leaves.

use super::choose::Search;
use super::counts::Counts;
use super::picks::{Pick, Unit, sort, trim};

impl Search<'_> {
    /// Down from domains of a level. Above the slices' level the children of all domains are one
    /// pool, unless `split` binds every domain to what it was given; from there on every domain's
    /// pods go to its own children. The leaves come in the order of their names.
    /// O(n log n) in the domains below.
    pub(super) fn descend(
        &self,
        from: usize,
        picks: Vec<Pick>,
        counts: &[Counts],
        split: bool,
    ) -> Vec<Pick> {
        let slicing = &self.plan.slicing;
        let (tree, profile) = (self.tree, self.profile);
        let pooled = |picks| {
            let size = slicing.size;
            trim(picks, self.pods, self.leaders, size, Unit::Slices, profile)
        };
        let mut picks = pooled(picks);
        for level in from..tree.lowest() {
            if level < slicing.level && !split {
                let below = picks.iter().flat_map(|pick| tree.children(pick.domain));
                let mut below: Vec<Pick> = Pick::of(below, counts).collect();
                sort(&mut below, profile);
                picks = pooled(below);
                continue;
            }
            let size = match level < slicing.level {
                true => slicing.size,
                false => slicing.inner(level + 1),
            };
            let unit = if size > 1 { Unit::Slices } else { Unit::Pods };
            let mut below = Vec::new();
            for pick in picks {
                let mut own: Vec<Pick> = Pick::of(tree.children(pick.domain), counts).collect();
                sort(&mut own, profile);
                if unit == Unit::Slices {
                    for Pick { counts, .. } in &mut own {
                        counts.slices = counts.pods / size;
                        counts.slices_with_leader = counts.pods_with_leader / size;
                    }
                }
                let Counts { pods, leaders, .. } = pick.counts;
                below.extend(trim(own, pods, leaders, size, unit, profile));
            }
            picks = below;
        }
        picks.sort_unstable_by_key(|pick| pick.domain);
        picks
    }
}
