//! Policies that ran the same seeds, against one of them.

use super::{
    Bootstrap, Interval, SignedRank, bca, holm, mean, minimal_effect, paired_t, signed_rank,
};

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Confidence of intervals.
    pub level: f64,
    /// Power of the minimal effect.
    pub power: f64,
    /// How the bootstrap draws.
    pub bootstrap: Bootstrap,
}

impl Default for Options {
    /// 95 %, a power of 80 %, 10,000 replicates.
    fn default() -> Options {
        Options {
            level: 0.95,
            power: 0.8,
            bootstrap: Bootstrap::default(),
        }
    }
}

/// A policy against the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Which one of the policies.
    pub policy: usize,
    /// The mean of its values.
    pub mean: f64,
    /// Mean difference from the baseline, with Student's interval. `None` with fewer than two
    /// seeds: there is nothing to be uncertain by.
    pub t: Option<Interval>,
    /// The same with the BCa bootstrap's interval.
    pub bca: Option<Interval>,
    /// The signed-rank test; `None` if no seed differs.
    pub signed_rank: Option<SignedRank>,
    /// Its p value corrected for all policies compared (Holm); 1 if no seed differs.
    pub holm: f64,
    /// The smallest difference so many seeds can show.
    pub minimal_effect: Option<f64>,
}

/// Every policy but the baseline against it: `values[policy][seed]`, all policies having run the
/// same seeds (common random numbers: the pairs cancel what the seeds have in common). Fewer
/// values than the baseline has are compared as far as they go.
///
/// ```
/// use gpusched_sim::stats::paired::{Options, contrasts};
/// let waits = [vec![10.0, 20.0, 30.0, 40.0], vec![9.0, 18.0, 29.0, 38.0]];
/// let one = &contrasts(&waits, 0, &Options::default())[0];
/// let t = one.t.unwrap();
/// assert_eq!(t.estimate, -1.5);
/// assert!(t.high < 0.0, "seeds vary by tens, the difference is sure all the same");
/// assert_eq!(one.signed_rank.unwrap().p, 2.0 / 16.0);
/// ```
pub fn contrasts(values: &[Vec<f64>], baseline: usize, options: &Options) -> Vec<Contrast> {
    let Some(base) = values.get(baseline) else {
        return Vec::new();
    };
    let others = values.iter().enumerate().filter(|(at, _)| *at != baseline);
    let mut all: Vec<Contrast> = others
        .map(|(policy, of)| {
            let differences: Vec<f64> = of.iter().zip(base).map(|(one, base)| one - base).collect();
            let average = |times: &[u32]| {
                let pairs = differences.iter().zip(times);
                let sum: f64 = pairs.map(|(one, n)| one * f64::from(*n)).sum();
                sum / f64::from(times.iter().sum::<u32>())
            };
            Contrast {
                policy,
                mean: mean(of),
                t: paired_t(&differences, options.level),
                bca: bca(differences.len(), options.level, options.bootstrap, average),
                signed_rank: signed_rank(&differences),
                holm: 1.0,
                minimal_effect: minimal_effect(&differences, options.level, options.power),
            }
        })
        .collect();
    let p = |one: &Contrast| one.signed_rank.map_or(1.0, |test| test.p);
    let corrected = holm(&all.iter().map(p).collect::<Vec<f64>>());
    for (one, corrected) in all.iter_mut().zip(corrected) {
        one.holm = corrected;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_no_interval() {
        let one = &contrasts(&[vec![1.0], vec![2.0]], 0, &Options::default())[0];
        assert_eq!((one.t, one.bca, one.minimal_effect), (None, None, None));
        assert!(contrasts(&[], 0, &Options::default()).is_empty());
    }

    #[test]
    fn policies_that_do_the_same_do_not_differ() {
        let same = vec![vec![3.0, 5.0, 4.0]; 2];
        let one = &contrasts(&same, 1, &Options::default())[0];
        assert_eq!((one.policy, one.signed_rank, one.holm), (0, None, 1.0));
        assert!(one.t.unwrap().holds(0.0));
    }
}
