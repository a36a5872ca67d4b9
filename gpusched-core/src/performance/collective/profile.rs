//! What a job exchanges in one step, and how long a step takes where it is.

use super::{Collective, Law, Seat, Wiring};

/// Which ranks an exchange is between. Ranks are numbered along the tree, so that the groups with
/// the smallest stride are the nearest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Members {
    /// All of the job.
    All,
    /// Groups of `size` ranks, `stride` apart; the last groups are smaller when ranks run out.
    Groups {
        /// Ranks of a group.
        size: u32,
        /// From one to the next.
        stride: u32,
    },
}

/// One kind of exchange in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange {
    /// What is done.
    pub collective: Collective,
    /// Size of one, as the collective counts it, bytes.
    pub bytes: f64,
    /// Among whom.
    pub members: Members,
    /// How many in a step, one after the other.
    pub count: f64,
    /// Share of the step's compute time it may hide behind, 0 to 1.
    pub overlap: f64,
}

/// A step of a job: compute time, the same anywhere, and what is exchanged.
///
/// ```
/// use gpusched_core::performance::collective::{Collective, Exchange, JobProfile, Members};
/// // Data-parallel training of 25.6 M parameters in four bytes each, 100 ms of compute.
/// let gradients = Exchange {
///     collective: Collective::AllReduce,
///     bytes: 102.4e6,
///     members: Members::All,
///     count: 1.0,
///     overlap: 0.0,
/// };
/// let profile = JobProfile { compute_s: 0.1, exchanges: vec![gradients] };
/// assert_eq!(profile.exchanges.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct JobProfile {
    /// Time a step computes, s.
    pub compute_s: f64,
    /// What it exchanges.
    pub exchanges: Vec<Exchange>,
}

/// A step, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// All of it, s.
    pub total_s: f64,
    /// Exchanges, hidden or not, s.
    pub talking_s: f64,
    /// What goes through the cards of an island in either direction, bytes: of every exchange
    /// between islands its size times its factor, as in a ring, for each group that talks there.
    pub sent_bytes: f64,
}

impl JobProfile {
    /// A step of ranks at these seats. An exchange lasts as long as in its slowest group; what
    /// compute does not hide is waited for. O(ranks) per exchange.
    pub fn step(&self, law: &Law, wiring: &mut Wiring, seats: &[Seat]) -> Step {
        let mut step = Step {
            total_s: self.compute_s,
            ..Step::default()
        };
        for exchange in &self.exchanges {
            let (once, sent) = exchange.slowest(law, wiring, seats);
            let all = once * exchange.count;
            step.talking_s += all;
            step.total_s += (all - exchange.overlap * self.compute_s).max(0.0);
            step.sent_bytes += sent * exchange.count;
        }
        step
    }
}

impl Exchange {
    /// Time of one in the slowest group, and what goes through the cards of an island meanwhile.
    /// Groups that have ranks on the same island talk at once and share its cards.
    fn slowest(&self, law: &Law, wiring: &mut Wiring, seats: &[Seat]) -> (f64, f64) {
        let whole = wiring.group(seats);
        let mut slowest = (0.0, 0.0);
        let mut look = |ranks: &[Seat]| {
            let mut group = wiring.group(ranks);
            let at_once = f64::from((whole.thinnest / group.thinnest).max(1));
            group.nic_gbps = group.nic_gbps.min(whole.nic_gbps / at_once);
            let time = law.seconds(&group, self.collective, self.bytes);
            if time > slowest.0 {
                let sent = match group.islands {
                    1 => 0.0,
                    _ => self.collective.factor(group.gpus) * self.bytes * at_once,
                };
                slowest = (time, sent);
            }
        };
        match self.members {
            Members::All => look(seats),
            Members::Groups { size, stride } => {
                let (size, stride) = (size.max(1) as usize, stride.max(1) as usize);
                let mut ranks = Vec::with_capacity(size);
                for block in seats.chunks(size * stride) {
                    for first in 0..stride.min(block.len()) {
                        ranks.clear();
                        ranks.extend(block[first..].iter().step_by(stride).copied());
                        look(&ranks);
                    }
                }
            }
        }
        slowest
    }
}
