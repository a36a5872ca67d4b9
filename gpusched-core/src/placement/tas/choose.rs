//! Phase 2a: at which level, and in which domains, a request fits.

use super::counts::Counts;
use super::failure::{Failure, LayerFit};
use super::filter::Exclusions;
use super::picks::{Pick, Profile, Unit, best_fit, leader_first, sort, sort_with_leader};
use super::plan::Plan;
use super::tree::Tree;
use std::cmp::Reverse;

/// A request and the counts that were made for it.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) tree: &'a Tree,
    pub(super) plan: &'a Plan,
    pub(super) counts: &'a [Counts],
    pub(super) profile: Profile,
    /// Pods, leader not counted.
    pub(super) pods: i64,
    /// Leaders: 0 or 1.
    pub(super) leaders: i64,
}

/// How much fits, where not everything does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short {
    pub(super) level: usize,
    pub(super) fit: i64,
}

impl Search<'_> {
    /// Slices asked for.
    pub(super) fn slices(&self) -> i64 {
        self.pods / self.plan.slicing.size
    }

    fn at(&self, level: usize) -> impl Iterator<Item = Pick> {
        Pick::of(self.tree.at(level), self.counts)
    }

    /// Whether a domain takes everything.
    fn holds_all(&self, pick: &Pick) -> bool {
        pick.counts.leaders >= self.leaders && pick.counts.slices_with_leader >= self.slices()
    }

    /// Whether some domains together take everything.
    fn hold_all(&self, picks: impl Iterator<Item = Pick>) -> bool {
        let (mut room, mut least) = (0, None::<i64>);
        for Pick { counts, .. } in picks {
            room += counts.slices;
            if counts.leaders >= self.leaders {
                let lost = match self.leaders {
                    0 => 0,
                    _ => counts.slices - counts.slices_with_leader,
                };
                least = Some(least.map_or(lost, |least| least.min(lost)));
            }
        }
        least.is_some_and(|lost| room - lost >= self.slices())
    }

    /// Whether there is a place at all. What [`Search::choose`] answers, without choosing: O(domains
    /// of one level).
    pub(super) fn fits(&self) -> bool {
        let level = self.plan.level;
        if self.plan.required {
            return self.at(level).any(|pick| self.holds_all(&pick));
        }
        // In the end a preferred request is spread over the widest domains.
        let level = if self.plan.unconstrained { level } else { 0 };
        self.hold_all(self.at(level))
    }

    /// The level and the domains, in the order they are used. O(n log n) in the domains of the
    /// levels looked at.
    pub(super) fn choose(&self) -> Result<(usize, Vec<Pick>), Short> {
        let mut level = self.plan.level;
        if self.tree.at(level).is_empty() {
            return Err(Short { level, fit: 0 });
        }
        loop {
            if let Some(alone) = self.alone(level) {
                return Ok((level, vec![alone]));
            }
            if self.plan.required {
                let fit = self.top(level).map_or(0, |top| top.counts.slices);
                return Err(Short { level, fit });
            }
            if level == 0 || self.plan.unconstrained {
                return self.together(level);
            }
            level -= 1;
        }
    }

    /// The first domain in the order of the roomiest.
    fn top(&self, level: usize) -> Option<Pick> {
        self.at(level).min_by_key(|Pick { domain, counts }| {
            (
                Reverse(counts.leaders),
                Reverse(counts.affinity),
                Reverse(counts.slices_with_leader),
                counts.pods_with_leader,
                *domain,
            )
        })
    }

    /// The domain that takes everything with the least room, among the most preferred. A preferred
    /// level is given up for a wider one when the most preferred domain does not suffice.
    fn alone(&self, level: usize) -> Option<Pick> {
        let scan = self.plan.required || self.profile == Profile::LeastFree;
        let top = match scan {
            true => None,
            false => Some(self.top(level).filter(|top| self.holds_all(top))?),
        };
        self.at(level)
            .filter(|pick| self.holds_all(pick))
            .filter(|pick| top.is_none_or(|top| pick.counts.affinity == top.counts.affinity))
            .min_by_key(|Pick { domain, counts }| {
                (
                    Reverse(counts.affinity),
                    counts.slices_with_leader,
                    counts.pods_with_leader,
                    *domain,
                )
            })
    }

    /// Several domains of a level: the leader's first, then one after the other.
    fn together(&self, level: usize) -> Result<(usize, Vec<Pick>), Short> {
        let needed = self.slices();
        let (mut left, mut leaders) = (needed, self.leaders);
        let mut picks: Vec<Pick> = self.at(level).collect();
        sort_with_leader(&mut picks, self.profile);
        leader_first(&mut picks, needed, leaders, Unit::Slices);
        let best = self.profile == Profile::BestFit;
        let mut chosen = Vec::new();
        let mut at = 0;
        while leaders > 0 && at < picks.len() && picks[at].counts.leaders > 0 {
            let mut pick = picks[at];
            if best && pick.counts.slices_with_leader >= left {
                pick = best_fit(&picks[at..], left, leaders, Unit::Slices);
            }
            leaders -= pick.counts.leaders;
            left -= pick.counts.slices_with_leader;
            chosen.push(pick);
            at += 1;
        }
        if leaders > 0 {
            let fit = self.leaders - leaders;
            return Err(Short { level, fit });
        }
        let rest = &mut picks[at..];
        sort(rest, self.profile);
        for at in 0..rest.len() {
            if left <= 0 {
                break;
            }
            let mut pick = rest[at];
            if best && pick.counts.slices >= left {
                pick = best_fit(&rest[at..], left, 0, Unit::Slices);
            }
            left -= pick.counts.slices;
            chosen.push(pick);
        }
        match left {
            ..=0 => Ok((level, chosen)),
            _ => Err(Short {
                level,
                fit: needed - left,
            }),
        }
    }

    /// What to say about it.
    pub(super) fn explain(&self, short: Short, excluded: Exclusions) -> Failure {
        let excluded = Box::new(excluded);
        if self.tree.at(self.plan.level).is_empty() {
            return Failure::NoDomains(self.tree.levels[self.plan.level].clone());
        }
        let topology = self.tree.topology.clone();
        if self.plan.layers.is_empty() {
            return Failure::DoesNotFit {
                topology,
                fit: short.fit,
                of: self.slices(),
                slices: self.plan.slicing.size != 1,
                excluded,
            };
        }
        Failure::LayersDoNotFit {
            topology,
            layers: self.layers(short.level),
            excluded,
        }
    }

    /// Slices of every layer within the domain of a level that takes most of the widest ones.
    fn layers(&self, level: usize) -> Vec<LayerFit> {
        let best = self
            .at(level)
            .max_by_key(|pick| (pick.counts.slices, Reverse(pick.domain)));
        let below = best.map_or_else(Vec::new, |best| {
            self.tree.below(best.domain..best.domain + 1)
        });
        let layer = |layer: &crate::queueing::kueue::objects::SliceLayer| {
            let at = self.tree.level(&layer.topology)?;
            let size = i64::from(layer.size);
            let domains = below.get(at.checked_sub(level)?)?.clone();
            Some(LayerFit {
                level: layer.topology.clone(),
                fit: Pick::of(domains, self.counts)
                    .map(|pick| pick.counts.pods / size)
                    .sum(),
                of: self.pods / size,
            })
        };
        self.plan.layers.iter().filter_map(layer).collect()
    }
}
