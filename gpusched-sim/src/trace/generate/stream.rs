//! Keyed random streams: one generator per (seed, purpose, entity).
//!
//! A draw is found by what it is for, not by how many draws came before it. Lengthening a
//! sweep, dropping a column or changing a policy therefore leaves every other draw as it was,
//! which is what makes two runs comparable (common random numbers).
//!
//! The bits come from `Pcg64`, whose output is fixed by its published definition. Everything
//! after the bits is in this folder and uses only `+ - * /` and square root, which IEEE 754
//! fixes to the last bit, and `libm`, which computes `exp`, `ln`, `pow` and `erfc` in Rust on
//! every platform. The standard library's versions call the platform and may differ in the last
//! bit; crates of distributions may change their algorithm between versions.

use super::draw::normal_quantile;
use rand::Rng;
use rand_pcg::Pcg64;

/// What a stream is drawn for. The number is part of the format of every generated trace:
/// add new ones at the end, never renumber.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The bursts and lulls of the submission rate; entity = step of the AR(1) process.
    Weather = 1,
    /// Time since the previous batch; entity = batch.
    BatchGap = 2,
    /// What all jobs of a batch share; entity = batch.
    Shape = 3,
    /// Run times; entity = batch.
    Duration = 4,
    /// Time between jobs of a batch; entity = batch.
    MemberGap = 5,
    /// How jobs end; entity = batch.
    Outcome = 6,
    /// The user's wall-limit habit; entity = batch.
    Estimate = 7,
    /// Faults of jobs in a replay; entity = job.
    Fault = 8,
    /// Blocks of sampled futures; entity = sample and block.
    WaitBlock = 9,
    /// The time of day a sampled future begins at, where it is not known; entity = sample.
    WaitPhase = 10,
    /// Run times of workloads of a dump; entity = sample and workload.
    WaitRun = 11,
    /// How long pods take to be ready; entity = workload and admission.
    PodsReady = 12,
    /// Whether a job may run on spot capacity; entity = job of the trace.
    SpotShare = 13,
}

/// One keyed sequence of draws.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Pcg64);

impl Stream {
    /// The stream of (`seed`, `purpose`, `entity`), at its beginning.
    pub(crate) fn new(seed: u64, purpose: Purpose, entity: u64) -> Stream {
        // Both halves of the PCG parameters are hashed: neighbouring states or neighbouring
        // sequence numbers of a PCG are correlated, hashed ones are not.
        let key = mix(mix(mix(seed) ^ purpose as u64) ^ entity);
        let word = |n: u64| u128::from(mix(key.wrapping_add(n.wrapping_mul(GOLDEN))));
        Stream(Pcg64::new(word(1) << 64 | word(2), word(3) << 64 | word(4)))
    }

    /// Uniform in the open interval (0, 1), on a grid of 2^53 points.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        ((self.0.next_u64() >> 11) as f64 + 0.5) * STEP
    }

    /// Standard normal, by inversion: one draw in, one draw out, so streams never slip.
    pub(super) fn normal(&mut self) -> f64 {
        normal_quantile(self.unit())
    }
}

/// The golden ratio in 64 bits: the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64: a bijection in which every input bit reaches every output
/// bit.
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn the_same_key_gives_the_same_draws_and_another_key_does_not() {
        let first = |seed, purpose, entity| Stream::new(seed, purpose, entity).unit().to_bits();
        assert_eq!(first(1, Purpose::Shape, 2), first(1, Purpose::Shape, 2));
        assert_ne!(first(1, Purpose::Shape, 2), first(2, Purpose::Shape, 2));
        assert_ne!(first(1, Purpose::Shape, 2), first(1, Purpose::Shape, 3));
        assert_ne!(first(1, Purpose::Shape, 2), first(1, Purpose::Outcome, 2));
    }

    #[test]
    fn the_bits_are_pinned() {
        let mut stream = Stream::new(1, Purpose::Duration, 7);
        let bits: Vec<u64> = (0..3).map(|_| stream.0.next_u64()).collect();
        assert_eq!(bits, PINNED);
    }

    /// Taken from the first run; a change here changes every generated trace.
    const PINNED: [u64; 3] = [
        13_903_073_859_702_512_588,
        10_492_300_617_637_865_570,
        9_051_839_441_672_340_200,
    ];

    /// The twin is `rand_distr`, whose algorithm (ziggurat) has nothing in common with inversion.
    #[test]
    fn normals_by_inversion_are_distributed_as_those_of_rand_distr() {
        let n = 20_000;
        let mut stream = Stream::new(3, Purpose::Duration, 1);
        let mut ours: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mut twin: Vec<f64> = Pcg64::new(5, 6)
            .sample_iter(rand_distr::StandardNormal)
            .take(n)
            .collect();
        ours.sort_by(f64::total_cmp);
        twin.sort_by(f64::total_cmp);
        let below = |value: f64| twin.partition_point(|&other| other <= value) as f64 / n as f64;
        let distance = ours
            .iter()
            .enumerate()
            .map(|(rank, &value)| (below(value) - rank as f64 / n as f64).abs())
            .fold(0.0, f64::max);
        // The two-sample Kolmogorov-Smirnov bound at a level of one in a thousand.
        assert!(distance < 1.95 * (2.0 / n as f64).sqrt(), "{distance}");
    }

    #[test]
    fn neighbouring_streams_are_uncorrelated() {
        let n = 20_000;
        let mut product = 0.0;
        for entity in 0..n {
            let a = Stream::new(9, Purpose::Duration, entity).unit() - 0.5;
            let b = Stream::new(9, Purpose::Duration, entity + 1).unit() - 0.5;
            product += a * b;
        }
        let correlation = product / n as f64 * 12.0;
        assert!(correlation.abs() < 0.03, "{correlation}");
    }
}
