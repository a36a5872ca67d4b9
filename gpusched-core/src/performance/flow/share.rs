//! Max-min fair shares of links, solved again only where something changed.

use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// How often a gang takes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The link.
    pub link: u32,
    /// Steps of its ring over it.
    pub times: u32,
}

/// Who is on the links, and how fast.
///
/// All rates grow together until a link is full or a gang has what it wants; those stay, the others
/// go on growing (progressive filling; Bertsekas & Gallager, *Data Networks*, 6.5.2). The result is
/// the one allocation in which nobody can be given more without taking from somebody who has no
/// more.
///
/// A link that is wide enough for the demands of all on it holds nobody up, so only *contended*
/// links matter: those with more demand than capacity. What a change can reach is what hangs
/// together with it through contended links, and only that is solved again. Demands and capacities
/// are integers, and a part is solved in order of gangs and links, so the same gangs have the same
/// rates to the bit whatever happened before.
///
/// A change costs O(links of the gang) where nothing is contended; else, for a part of `g` gangs with
/// `u` uses of `c` contended links, O(g log g + u + rounds × c), rounds at most the distinct
/// bottlenecks and demands.
///
/// ```
/// use gpusched_core::performance::flow::{LinkShares, Use};
/// let on = |link| vec![Use { link, times: 1 }];
/// let mut shares = LinkShares::new(vec![100]);
/// let mut changed = Vec::new();
/// shares.add(1, 80, on(0), &mut changed);
/// assert_eq!(changed, [(1, 1.0)]);
/// changed.clear();
/// // 30 is all the second one wants; the first keeps 70 of its 80.
/// shares.add(2, 30, on(0), &mut changed);
/// assert_eq!(changed, [(1, 70.0 / 80.0), (2, 1.0)]);
/// ```
#[derive(Clone, Debug)]
pub struct LinkShares {
    capacity: Vec<u64>,
    /// Demands on each link, bytes per second.
    offered: Vec<u64>,
    on: Vec<Vec<u32>>,
    gangs: FxHashMap<u32, Gang>,
    work: Work,
}

#[derive(Clone, Debug)]
struct Gang {
    demand: u64,
    uses: Vec<Use>,
    rate: f64,
}

/// What solving a part needs, kept for the next one.
#[derive(Clone, Debug, Default)]
struct Work {
    gangs: Vec<u32>,
    links: Vec<u32>,
    /// By link: its place in `left` plus 1; 0 = not in the part.
    place: Vec<u32>,
    left: Vec<Left>,
}

/// A contended link while it is filled.
#[derive(Clone, Copy, Debug)]
struct Left {
    capacity: f64,
    /// Uses of gangs that still grow.
    times: u64,
}

impl LinkShares {
    /// Links of these capacities, bytes per second, with nobody on them.
    pub fn new(capacity: Vec<u64>) -> LinkShares {
        let links = capacity.len();
        LinkShares {
            capacity,
            offered: vec![0; links],
            on: vec![Vec::new(); links],
            gangs: FxHashMap::default(),
            work: Work {
                place: vec![0; links],
                ..Work::default()
            },
        }
    }

    /// A gang begins to talk: it wants `demand` bytes per second (at least 1) on every use. Appends
    /// every gang, itself included, whose rate is another one now, with the share of its demand it
    /// gets, in order of names.
    ///
    /// # Panics
    /// When the name is taken, or a link does not exist.
    pub fn add(&mut self, name: u32, demand: u64, uses: Vec<Use>, changed: &mut Vec<(u32, f64)>) {
        let seeds = self.count(name, demand, &uses, true);
        let gang = Gang {
            demand,
            uses,
            // No rate yet, so that any is another one.
            rate: 0.0,
        };
        assert!(self.gangs.insert(name, gang).is_none(), "the name is taken");
        self.solve(seeds, Some(name), changed);
    }

    /// A gang is silent from now on. Appends every gang whose rate is another one now.
    pub fn remove(&mut self, name: u32, changed: &mut Vec<(u32, f64)>) {
        if let Some(gang) = self.gangs.remove(&name) {
            let seeds = self.count(name, gang.demand, &gang.uses, false);
            self.solve(seeds, None, changed);
        }
    }

    /// Bytes per second a gang has on every use.
    pub fn rate(&self, name: u32) -> Option<f64> {
        Some(self.gangs.get(&name)?.rate)
    }

    /// Puts a gang on its links or takes it off; the links of it that are contended with it.
    fn count(&mut self, name: u32, demand: u64, uses: &[Use], there: bool) -> Vec<u32> {
        let mut contended = Vec::new();
        for used in uses {
            let link = used.link as usize;
            let load = demand * u64::from(used.times);
            let with = match there {
                true => self.offered[link] + load,
                false => self.offered[link],
            };
            self.offered[link] = if there { with } else { with - load };
            if with > self.capacity[link] {
                contended.push(used.link);
            }
            let on = &mut self.on[link];
            match there {
                true => on.push(name),
                false => on.retain(|other| *other != name),
            }
        }
        contended
    }

    /// Solves what hangs together with the links of `seeds` and the gang `new`.
    fn solve(&mut self, seeds: Vec<u32>, new: Option<u32>, changed: &mut Vec<(u32, f64)>) {
        let mut work = std::mem::take(&mut self.work);
        self.reach(seeds, new, &mut work);
        work.gangs.sort_unstable();
        let before: Vec<f64> = work
            .gangs
            .iter()
            .map(|name| self.gangs[name].rate)
            .collect();
        self.fill(&mut work);
        for (name, before) in work.gangs.iter().zip(before) {
            let gang = &self.gangs[name];
            if gang.rate != before {
                changed.push((*name, gang.rate / gang.demand as f64));
            }
        }
        for link in work.links.drain(..) {
            work.place[link as usize] = 0;
        }
        work.gangs.clear();
        work.left.clear();
        self.work = work;
    }

    /// Lists the gangs and contended links that hang together with the seeds. A seed that is not
    /// contended any more leads to those it held up.
    fn reach(&self, seeds: Vec<u32>, new: Option<u32>, work: &mut Work) {
        let mut known = rustc_hash::FxHashSet::default();
        work.gangs.extend(new);
        known.extend(new);
        let mut next = 0;
        let mut visit = |link: u32, work: &mut Work| {
            if work.place[link as usize] == 0 {
                work.links.push(link);
                work.place[link as usize] = work.links.len() as u32;
                let on = self.on[link as usize].iter();
                work.gangs.extend(on.filter(|name| known.insert(**name)));
            }
        };
        for link in seeds {
            visit(link, work);
        }
        while let Some(&name) = work.gangs.get(next) {
            next += 1;
            for used in &self.gangs[&name].uses {
                let link = used.link as usize;
                if self.offered[link] > self.capacity[link] {
                    visit(used.link, work);
                }
            }
        }
        // In order of links, so that sums are the same however they were reached.
        work.links.sort_unstable();
        for (place, link) in work.links.iter().enumerate() {
            work.place[*link as usize] = place as u32 + 1;
            work.left.push(Left {
                capacity: self.capacity[*link as usize] as f64,
                times: 0,
            });
        }
    }

    /// Progressive filling of the part.
    fn fill(&mut self, work: &mut Work) {
        let mut growing: BTreeSet<(u64, u32)> = BTreeSet::new();
        for name in &work.gangs {
            let gang = &self.gangs[name];
            growing.insert((gang.demand, *name));
            for used in &gang.uses {
                if let Some(left) = left(&work.place, &mut work.left, used.link) {
                    left.times += u64::from(used.times);
                }
            }
        }
        while let Some(&(least, _)) = growing.first() {
            let full = work.left.iter().zip(&work.links);
            let full = full.filter(|(left, _)| left.times > 0);
            let shares = full.map(|(left, link)| (left.capacity / left.times as f64, *link));
            let narrowest = shares.min_by(|one, other| one.0.total_cmp(&other.0));
            let (share, link) = narrowest.unwrap_or((f64::INFINITY, 0));
            if least as f64 <= share {
                // All who want no more than anybody is bound to get.
                while let Some(&(demand, name)) = growing.first() {
                    if demand as f64 > share {
                        break;
                    }
                    growing.remove(&(demand, name));
                    self.stop(name, demand as f64, work);
                }
            } else {
                let mut on = self.on[link as usize].clone();
                on.sort_unstable();
                for name in on {
                    let demand = self.gangs[&name].demand;
                    if growing.remove(&(demand, name)) {
                        self.stop(name, share.max(0.0), work);
                    }
                }
            }
        }
    }

    /// The gang grows no more.
    fn stop(&mut self, name: u32, rate: f64, work: &mut Work) {
        let Some(gang) = self.gangs.get_mut(&name) else {
            return;
        };
        gang.rate = rate;
        for used in &gang.uses {
            if let Some(left) = left(&work.place, &mut work.left, used.link) {
                left.times -= u64::from(used.times);
                left.capacity -= rate * f64::from(used.times);
            }
        }
    }
}

fn left<'a>(place: &[u32], left: &'a mut [Left], link: u32) -> Option<&'a mut Left> {
    let place = (place[link as usize] as usize).checked_sub(1)?;
    left.get_mut(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uses(links: &[u32]) -> Vec<Use> {
        let mut links = links.to_vec();
        links.sort_unstable();
        let runs = links.chunk_by(|one, other| one == other);
        runs.map(|run| Use {
            link: run[0],
            times: run.len() as u32,
        })
        .collect()
    }

    fn rates(shares: &LinkShares, names: &[u32]) -> Vec<f64> {
        names
            .iter()
            .map(|name| shares.rate(*name).unwrap())
            .collect()
    }

    /// Bytes per second on a link, of all gangs together.
    fn load(shares: &LinkShares, link: u32) -> f64 {
        let own = |name: &u32| {
            let gang = &shares.gangs[name];
            let uses = gang.uses.iter().filter(|used| used.link == link);
            uses.map(|used| f64::from(used.times)).sum::<f64>() * gang.rate
        };
        shares.on[link as usize].iter().map(own).sum()
    }

    #[test]
    fn a_chain_of_links_by_hand() {
        // Links of 10 and 30. One gang on both, one on each.
        let mut shares = LinkShares::new(vec![10, 30]);
        let mut changed = Vec::new();
        shares.add(0, 100, uses(&[0, 1]), &mut changed);
        shares.add(1, 100, uses(&[0]), &mut changed);
        shares.add(2, 100, uses(&[1]), &mut changed);
        // 5 and 5 on the first; what the first leaves of the second.
        assert_eq!(rates(&shares, &[0, 1, 2]), [5.0, 5.0, 25.0]);
        changed.clear();
        shares.remove(1, &mut changed);
        assert_eq!(changed, [(0, 0.1), (2, 0.2)]);
    }

    #[test]
    fn a_ring_that_takes_a_link_twice_weighs_twice() {
        let mut shares = LinkShares::new(vec![30]);
        let mut changed = Vec::new();
        shares.add(0, 100, uses(&[0, 0]), &mut changed);
        shares.add(1, 100, uses(&[0]), &mut changed);
        assert_eq!(rates(&shares, &[0, 1]), [10.0, 10.0]);
    }

    #[test]
    fn who_is_not_held_up_is_not_looked_at() {
        let mut shares = LinkShares::new(vec![100, 10]);
        let mut changed = Vec::new();
        shares.add(0, 60, uses(&[0, 1]), &mut changed);
        changed.clear();
        // There is room for both on link 0 as long as the offer is: 60 + 30.
        shares.add(1, 30, uses(&[0]), &mut changed);
        assert_eq!(changed, [(1, 1.0)]);
    }

    /// Everybody grows by steps too small to matter.
    fn by_steps(capacity: &[u64], gangs: &[(u64, Vec<u32>)]) -> Vec<f64> {
        let mut rates = vec![0.0f64; gangs.len()];
        let mut growing = vec![true; gangs.len()];
        let load = |rates: &[f64], link: usize| -> f64 {
            let own = |(at, (_, links)): (usize, &(u64, Vec<u32>))| {
                rates[at]
                    * links
                        .iter()
                        .filter(|other| **other as usize == link)
                        .count() as f64
            };
            gangs.iter().enumerate().map(own).sum()
        };
        let step = 0.01;
        while growing.contains(&true) {
            for at in 0..gangs.len() {
                rates[at] += if growing[at] { step } else { 0.0 };
            }
            let full: Vec<bool> = (0..capacity.len())
                .map(|link| load(&rates, link) >= capacity[link] as f64)
                .collect();
            for (at, (demand, links)) in gangs.iter().enumerate() {
                let done = rates[at] >= *demand as f64;
                growing[at] &= !done && !links.iter().any(|link| full[*link as usize]);
            }
        }
        rates
    }

    type World = (Vec<u64>, Vec<(u64, Vec<u32>)>);

    fn world() -> impl Strategy<Value = World> {
        let links = prop::collection::vec(1u64..60, 1..7);
        links.prop_flat_map(|capacity| {
            let link = 0..capacity.len() as u32;
            let gang = (1u64..40, prop::collection::vec(link, 1..5));
            (Just(capacity), prop::collection::vec(gang, 1..9))
        })
    }

    proptest! {
        /// After any history: no link above its capacity; every gang has its demand or a full link
        /// on which nobody has more; the rates are those of the same gangs put there at once, to the
        /// bit, and those of growing by small steps.
        #[test]
        fn shares_are_max_min_fair((capacity, gangs) in world(), gone in prop::collection::vec(any::<bool>(), 9)) {
            let mut shares = LinkShares::new(capacity.clone());
            let mut changed = Vec::new();
            for (name, (demand, links)) in gangs.iter().enumerate() {
                shares.add(name as u32, *demand, uses(links), &mut changed);
            }
            let mut at_once = LinkShares::new(capacity.clone());
            let mut told: Vec<f64> = vec![0.0; gangs.len()];
            let mut left = Vec::new();
            for (name, (demand, links)) in gangs.iter().enumerate().rev() {
                match gone[name] {
                    true => shares.remove(name as u32, &mut changed),
                    false => {
                        at_once.add(name as u32, *demand, uses(links), &mut Vec::new());
                        left.push(name);
                    }
                }
            }
            for (name, kept) in changed {
                told[name as usize] = kept;
            }
            left.reverse();
            for &name in &left {
                let (demand, links) = &gangs[name];
                let rate = shares.rate(name as u32).unwrap();
                prop_assert_eq!(rate, at_once.rate(name as u32).unwrap());
                prop_assert_eq!(rate / *demand as f64, told[name], "who changed was told");
                let is_bottleneck = |link: &u32| {
                    let full = load(&shares, *link) >= capacity[*link as usize] as f64 * (1.0 - 1e-9);
                    let others = left.iter().filter(|other| gangs[**other].1.contains(link));
                    let most = others.map(|other| shares.rate(*other as u32).unwrap());
                    full && most.fold(0.0, f64::max) <= rate * (1.0 + 1e-9)
                };
                prop_assert!(rate == *demand as f64 || links.iter().any(is_bottleneck));
            }
            for (link, &capacity) in capacity.iter().enumerate() {
                prop_assert!(load(&shares, link as u32) <= capacity as f64 * (1.0 + 1e-9));
            }
            let there: Vec<_> = left.iter().map(|name| gangs[*name].clone()).collect();
            for (name, slow) in left.iter().zip(by_steps(&capacity, &there)) {
                let rate = shares.rate(*name as u32).unwrap();
                prop_assert!((rate - slow).abs() < 0.5, "{} by steps {}", rate, slow);
            }
        }
    }
}
