//! The level law: the bandwidth of a group is that of the narrowest thing between its GPUs.

use super::Collective;

/// How an all-reduce is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// One ring, or several, through all GPUs.
    Ring,
    /// A tree across islands; inside an island whatever is fastest there.
    Tree,
}

/// What joins the GPUs of an island: a node, or an NVLink domain of several nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wire {
    /// Line rate of all rings through the GPUs of the group in their slowest island, GB/s;
    /// infinite where no island holds two of them.
    pub ring_gbps: f64,
    /// Line rate of one GPU of the board into its island, GB/s: says which [`Generation`] it is.
    pub gpu_gbps: f64,
    /// A switch in it reduces on the way (NVLS).
    pub reduces: bool,
    /// The island goes beyond one node.
    pub spans_nodes: bool,
}

/// A group of GPUs, as far as the law looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// GPUs.
    pub gpus: u32,
    /// Islands they are on.
    pub islands: u32,
    /// GPUs on the island that has fewest of them.
    pub thinnest: u32,
    /// GPUs on the node that has most of them.
    pub per_node: u32,
    /// Inside the islands.
    pub wire: Wire,
    /// Line rate of the network cards that the island with least can use, GB/s.
    pub nic_gbps: f64,
    /// Bandwidth into the domains that are left on the way to where the group meets over the
    /// bandwidth out of them; 1 = none is lost.
    pub oversubscription: f64,
    /// What a message pays for crossing those domains and back, µs.
    pub crossing_us: f64,
}

/// What differs between generations of links.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generation {
    /// Line rate of a GPU of this generation, GB/s; boards count as the fastest that is not
    /// faster than they are, else as the first.
    pub gpu_gbps: f64,
    /// Time an all-reduce of nothing takes inside a node, µs.
    pub latency_us: f64,
    /// Size at which the ramp has reached half, MiB.
    pub ramp_mib: f64,
    /// Share of the line rate that reduction in the switch moves.
    pub in_switch: f64,
}

/// The parameters of the law.
///
/// * ring inside an island: `ring × line rate`
/// * reduction in the switch among `g ≥ 3` GPUs: each moves `1 + 1/g` of the buffer in either
///   direction, so the bus bandwidth is `2(g−1)/(g+1) × in_switch × line rate`; a switch that spans
///   nodes never exceeds the line rate (measured on NVL72). Only all-reduce uses it.
/// * between islands: `nic × (line rate of the cards of the thinnest island) ÷ oversubscription`,
///   times 2 for a tree over two islands, 4/3 over three (the rule of `calcTreeBusBw` in SimAI), but
///   never more than a tree can gain over a ring, `k(n−1) ÷ (k−1)n` for `n` ranks on `k` islands:
///   nothing where every island holds one rank
/// * an all-reduce takes the better of ring and tree, as NCCL's tuner means to
/// * time: `latency + factor · bytes ÷ bandwidth · (1 + √(ramp ÷ bytes))`, the latency growing with
///   the ranks that are not on the fullest node: `far_us · far^far_power`. Collectives of one phase
///   pay half of the latency of an all-reduce, which has two (assumed).
///
/// Static: oversubscription divides a group's bandwidth as if everybody else were talking too.
/// What really contends is the business of the `flow` model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// Share of the line rate a ring reaches inside an island.
    pub ring: f64,
    /// Share of the line rate of network cards that is reached.
    pub nic: f64,
    /// Latency of one rank on another node, µs.
    pub far_us: f64,
    /// How latency grows with their number.
    pub far_power: f64,
    /// By generation, slow to fast.
    pub generations: [Generation; 3],
}

impl Law {
    /// The parameters that `gpusched-bench reproduce collective` fits, on one half of the published
    /// curves: A100, H200, B200 (one node and four), GB200 (one rack and twenty).
    pub const FITTED: Law = Law {
        ring: 0.826,
        nic: 1.0,
        far_us: 39.6,
        far_power: 0.639,
        generations: [
            Generation {
                gpu_gbps: 300.0,
                latency_us: 48.0,
                ramp_mib: 9.2,
                in_switch: 0.0,
            },
            Generation {
                gpu_gbps: 450.0,
                latency_us: 34.7,
                ramp_mib: 6.09,
                in_switch: 0.707,
            },
            Generation {
                gpu_gbps: 900.0,
                latency_us: 44.8,
                ramp_mib: 25.8,
                in_switch: 0.605,
            },
        ],
    };

    /// What holds for boards of this line rate, GB/s per GPU.
    pub fn generation(&self, gpu_gbps: f64) -> &Generation {
        let known = self.generations.iter().rev();
        let mut slower = known.filter(|known| known.gpu_gbps <= gpu_gbps);
        slower.next().unwrap_or(&self.generations[0])
    }

    /// Bus bandwidth for messages without end, GB/s; `algorithm` binds an all-reduce to one way.
    /// Infinite for a group that has nothing to send.
    ///
    /// ```
    /// use gpusched_core::performance::collective::{Collective, Group, Law, Wire};
    /// // Two DGX H100: 400 GB/s of cards each, and a tree over two islands counts twice, so that
    /// // the switch inside is the narrowest: 2·7/9 · 0.707 · 450.
    /// let wire = Wire { ring_gbps: 450.0, gpu_gbps: 450.0, reduces: true, spans_nodes: false };
    /// let pair = Group {
    ///     gpus: 16, islands: 2, thinnest: 8, per_node: 8, wire,
    ///     nic_gbps: 400.0, oversubscription: 1.0, crossing_us: 0.0,
    /// };
    /// let peak = Law::FITTED.peak(&pair, Collective::AllReduce, None);
    /// assert!((peak - 494.9).abs() < 0.1);
    /// // The same GPUs two by two on eight nodes have a quarter of the cards each, and no tree helps.
    /// let thin = Group { islands: 8, thinnest: 2, per_node: 2, nic_gbps: 100.0, ..pair };
    /// assert!((Law::FITTED.peak(&thin, Collective::AllReduce, None) - 100.0).abs() < 0.1);
    /// ```
    pub fn peak(&self, group: &Group, what: Collective, algorithm: Option<Algorithm>) -> f64 {
        if group.gpus < 2 {
            return f64::INFINITY;
        }
        let ring = self.ring * group.wire.ring_gbps;
        let cards = self.nic * group.nic_gbps / group.oversubscription;
        let far = group.islands > 1;
        match what {
            Collective::AllReduce => {
                let inside = ring.max(self.in_switch(group));
                let by_ring = if far { ring.min(cards) } else { ring };
                let by_tree = if far {
                    inside.min(cards * tree_factor(group))
                } else {
                    inside
                };
                match algorithm {
                    Some(Algorithm::Ring) => by_ring,
                    Some(Algorithm::Tree) => by_tree,
                    None => by_ring.max(by_tree),
                }
            }
            Collective::AllToAll => all_to_all(group, ring, cards),
            _ if far => ring.min(cards),
            _ => ring,
        }
    }

    fn in_switch(&self, group: &Group) -> f64 {
        let Group { wire, thinnest, .. } = group;
        if !wire.reduces || *thinnest < 3 {
            return 0.0;
        }
        let gpus = f64::from(*thinnest);
        let share = self.generation(wire.gpu_gbps).in_switch;
        let rate = 2.0 * (gpus - 1.0) / (gpus + 1.0) * share * wire.gpu_gbps;
        match wire.spans_nodes {
            true => rate.min(wire.gpu_gbps),
            false => rate,
        }
    }

    /// Seconds a collective of so many bytes takes; 0 for a group of one.
    pub fn seconds(&self, group: &Group, what: Collective, bytes: f64) -> f64 {
        self.seconds_by(group, what, bytes, None)
    }

    /// As [`Law::seconds`], an all-reduce bound to one algorithm.
    pub fn seconds_by(
        &self,
        group: &Group,
        what: Collective,
        bytes: f64,
        algorithm: Option<Algorithm>,
    ) -> f64 {
        if group.gpus < 2 || bytes <= 0.0 {
            return 0.0;
        }
        let peak = self.peak(group, what, algorithm) * 1e9;
        let generation = self.generation(group.wire.gpu_gbps);
        let ramp = 1.0 + (generation.ramp_mib * MIB / bytes).sqrt();
        self.latency_us(group, what) * 1e-6 + what.factor(group.gpus) * bytes / peak * ramp
    }

    /// Bus bandwidth at a size, GB/s.
    pub fn bus_bandwidth(
        &self,
        group: &Group,
        what: Collective,
        bytes: f64,
        algorithm: Option<Algorithm>,
    ) -> f64 {
        let seconds = self.seconds_by(group, what, bytes, algorithm);
        what.factor(group.gpus) * bytes / seconds / 1e9
    }

    fn latency_us(&self, group: &Group, what: Collective) -> f64 {
        let far = f64::from(group.gpus.saturating_sub(group.per_node));
        let ranks = match far > 0.0 {
            true => self.far_us * libm::pow(far, self.far_power),
            false => 0.0,
        };
        let whole = self.generation(group.wire.gpu_gbps).latency_us + ranks + group.crossing_us;
        match what {
            Collective::AllReduce => whole,
            _ => whole / 2.0,
        }
    }
}

const MIB: f64 = 1024.0 * 1024.0;

/// Bus bandwidth of a tree over that of a ring, both bound by the cards. The cards of `k` islands
/// move `2(k−1)` buffers in a tree, and `2(n−1)/n` each in a ring.
fn tree_factor(group: &Group) -> f64 {
    let (islands, ranks) = (f64::from(group.islands), f64::from(group.gpus));
    let gain = islands * (ranks - 1.0) / ((islands - 1.0) * ranks);
    let rule: f64 = match group.islands {
        2 => 2.0,
        3 => 4.0 / 3.0,
        _ => 1.0,
    };
    rule.min(gain)
}

/// Of what a rank sends to others, `thinnest − 1` parts stay on its island and `gpus − thinnest`
/// leave it through its share of the cards; both go at once.
fn all_to_all(group: &Group, ring: f64, cards: f64) -> f64 {
    let others = f64::from(group.gpus - 1);
    let (inside, outside) = (group.thinnest - 1, group.gpus - group.thinnest);
    let mut rate = f64::INFINITY;
    if inside > 0 {
        rate = ring * others / f64::from(inside);
    }
    if group.islands > 1 {
        rate = rate.min(cards / f64::from(group.thinnest) * others / f64::from(outside));
    }
    rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOPPER: Wire = Wire {
        ring_gbps: 450.0,
        gpu_gbps: 450.0,
        reduces: true,
        spans_nodes: false,
    };

    fn group(islands: u32, thinnest: u32) -> Group {
        Group {
            gpus: islands * thinnest,
            islands,
            thinnest,
            per_node: thinnest,
            wire: HOPPER,
            nic_gbps: 50.0 * f64::from(thinnest),
            oversubscription: 1.0,
            crossing_us: 0.0,
        }
    }

    /// Round numbers, to reckon by hand.
    const PLAIN: Law = Law {
        ring: 0.8,
        nic: 1.0,
        far_us: 10.0,
        far_power: 1.0,
        generations: [Generation {
            gpu_gbps: 450.0,
            latency_us: 20.0,
            ramp_mib: 4.0,
            in_switch: 0.6,
        }; 3],
    };

    fn peak(group: &Group) -> f64 {
        PLAIN.peak(group, Collective::AllReduce, None)
    }

    #[test]
    fn four_gpus_are_too_few_for_the_switch_to_beat_rings_and_eight_are_not() {
        // Ring 0.8·450 = 360. In the switch: 2·3/5·0.6·450 = 324, and 2·7/9·270 = 420.
        assert!((peak(&group(1, 4)) - 360.0).abs() < 1e-9);
        assert!((peak(&group(1, 8)) - 420.0).abs() < 1e-9);
        let gather = PLAIN.peak(&group(1, 8), Collective::AllGather, None);
        assert!((gather - 360.0).abs() < 1e-9, "only an all-reduce reduces");
    }

    #[test]
    fn the_thinnest_island_and_the_tree_decide_between_islands() {
        // 2 × 8: 750 by the tree, 420 inside. 3 × 8: 533 by the tree. 4 × 8: 400, 360 by ring.
        for (islands, wanted) in [(2, 420.0), (3, 420.0), (4, 400.0)] {
            assert!((peak(&group(islands, 8)) - wanted).abs() < 1e-9);
        }
        // 3 × 4 (a third of racks): 200 by ring, 200·4/3 by tree.
        let three = group(3, 4);
        let by = |algorithm| PLAIN.peak(&three, Collective::AllReduce, Some(algorithm));
        assert!((by(Algorithm::Ring) - 200.0).abs() < 1e-9);
        assert!((by(Algorithm::Tree) - 800.0 / 3.0).abs() < 1e-9);
        // Of pairs of lone ranks both send everything either way: 2·1/2 = 1.
        assert!((peak(&group(2, 1)) - 50.0).abs() < 1e-9);
        // 2 × 2: 2·3/4 of 100.
        assert!((peak(&group(2, 2)) - 150.0).abs() < 1e-9);
        // Two to one above the rack halves what leaves it.
        let far = Group {
            oversubscription: 2.0,
            ..group(4, 8)
        };
        assert!((peak(&far) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn time_is_latency_and_bytes_at_the_ramp() {
        // 16 MiB on one node: √(4/16) = 1/2, so 20 µs + 1.75 · 16 MiB / 420 GB/s · 1.5.
        let bytes = 16.0 * MIB;
        let seconds = PLAIN.seconds(&group(1, 8), Collective::AllReduce, bytes);
        assert!((seconds - (20e-6 + 1.75 * bytes / 420e9 * 1.5)).abs() < 1e-12);
        // Eight ranks far away: 80 µs more, and half of all latency for one phase.
        let (small, pair) = (1.0, group(2, 8));
        let reduce = PLAIN.seconds(&pair, Collective::AllReduce, small);
        let gather = PLAIN.seconds(&pair, Collective::AllGather, small);
        assert!((reduce - 100e-6).abs() < 1e-7 && (gather - 50e-6).abs() < 1e-7);
        assert_eq!(
            PLAIN.seconds(&group(1, 1), Collective::AllReduce, bytes),
            0.0
        );
    }

    #[test]
    fn all_to_all_is_bound_by_what_leaves_the_island() {
        // 2 × 8: 8 of 15 parts leave through 50 GB/s a GPU; the 7 others are quick.
        let rate = PLAIN.peak(&group(2, 8), Collective::AllToAll, None);
        assert!((rate - 50.0 * 15.0 / 8.0).abs() < 1e-9);
        let inside = PLAIN.peak(&group(1, 8), Collective::AllToAll, None);
        assert!((inside - 360.0).abs() < 1e-9);
    }

    #[test]
    fn a_board_counts_as_the_fastest_generation_that_is_not_faster() {
        let of = |gbps| Law::FITTED.generation(gbps).gpu_gbps;
        assert_eq!((of(25.0), of(300.0), of(449.0)), (300.0, 300.0, 300.0));
        assert_eq!((of(450.0), of(900.0), of(1800.0)), (450.0, 900.0, 900.0));
    }

    proptest! {
        /// More oversubscription, fewer cards or more crossings never make anything quicker, and
        /// more bytes always take longer.
        #[test]
        fn farther_is_never_quicker(
            islands in 1u32..40, thinnest in 1u32..9, over in 1.0f64..20.0, worse in 1.0f64..4.0,
            log in 0.0f64..34.0, what in 0usize..6,
        ) {
            let all = [
                Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter,
                Collective::AllToAll, Collective::Broadcast, Collective::PointToPoint,
            ];
            let bytes = log.exp2();
            let near = Group { oversubscription: over, ..group(islands, thinnest) };
            let far = Group {
                oversubscription: over * worse,
                nic_gbps: near.nic_gbps / worse,
                crossing_us: worse,
                ..near
            };
            let time = |group: &Group, bytes| Law::FITTED.seconds(group, all[what], bytes);
            prop_assert!(time(&far, bytes) >= time(&near, bytes));
            prop_assert!(time(&near, 2.0 * bytes) >= time(&near, bytes));
            prop_assert!(time(&near, bytes).is_finite());
        }
    }
}
