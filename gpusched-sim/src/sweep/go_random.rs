//! The generator of Go's `math/rand`, for programs whose published runs were drawn by it.

use std::sync::LazyLock;

/// Numbers the generator remembers.
const LENGTH: usize = 607;
/// The nearer of the two places a number is the sum of.
const TAP: usize = 273;
/// Numbers drawn from the seed 1 before the state is taken that seeds are mixed with.
const STIRRED: u64 = 7_800_000_000_000;
/// The prime modulus of the generator that spreads a seed.
const MODULUS: u64 = (1 << 31) - 1;

/// The additive lagged Fibonacci generator x(n) = x(n − 607) + x(n − 273) mod 2⁶⁴ of Mitchell and
/// Reeds (Knuth, The Art of Computer Programming 2, 3.2.2), seeded and drawn from as the functions
/// of Go's package `math/rand` do (Go 1.21, `src/math/rand/{rng,rand,gen_cooked}.go`).
///
/// ```
/// use gpusched_sim::sweep::GoRandom;
/// let mut random = GoRandom::new(42);
/// assert_eq!(random.int63(), 3440579354231278675);
/// assert_eq!(random.int63(), 608747136543856411);
/// ```
#[derive(Clone, Debug)]
pub struct GoRandom {
    /// x(n − 607) stands in place (333 − n) mod 607.
    state: Vec<u64>,
    /// The place of the number drawn last.
    at: usize,
}

impl GoRandom {
    /// The generator after `rand.Seed(seed)`.
    pub fn new(seed: u64) -> GoRandom {
        let mut state = spread(seed, 40, 20);
        for (number, stirred) in state.iter_mut().zip(STATE.iter()) {
            *number ^= stirred;
        }
        GoRandom {
            state,
            at: LENGTH - TAP,
        }
    }

    /// `rand.Int63`: 63 random bits.
    pub fn int63(&mut self) -> u64 {
        self.at = (self.at + LENGTH - 1) % LENGTH;
        let tapped = self.state[(self.at + TAP) % LENGTH];
        self.state[self.at] = self.state[self.at].wrapping_add(tapped);
        self.state[self.at] & (u64::MAX >> 1)
    }

    /// `rand.Intn`: uniform below `count`, by the remainder of 31 bits.
    ///
    /// # Panics
    /// When `count` is 0 or above 2³¹ − 1.
    pub fn below(&mut self, count: usize) -> usize {
        assert!(count > 0 && count as u64 <= MODULUS, "a range of 31 bits");
        let count = count as u64;
        let top = (1 << 31) - (1 << 31) % count;
        loop {
            let drawn = self.int63() >> 32;
            if drawn < top {
                return (drawn % count) as usize;
            }
        }
    }

    /// `rand.Shuffle`: Fisher and Yates from the end, by Lemire's bounded draw. O(items).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.scaled(last as u64 + 1);
            items.swap(last, other);
        }
    }

    /// Uniform below `count` by the high half of a product (Lemire, ACM TOMACS 29(1), 2019).
    fn scaled(&mut self, count: u64) -> usize {
        let unfair = (1 << 32) % count;
        loop {
            let product = (self.int63() >> 31) * count;
            if product & u64::from(u32::MAX) >= unfair {
                return (product >> 32) as usize;
            }
        }
    }

    /// `rand.Perm`: a permutation of 0..`length`, built from its beginning. O(length).
    pub fn permutation(&mut self, length: usize) -> Vec<usize> {
        let mut order = vec![0; length];
        for next in 0..length {
            let place = self.below(next + 1);
            order[next] = order[place];
            order[place] = next;
        }
        order
    }
}

/// 607 numbers of a seed, each of three steps of the multiplicative generator with 48271, the
/// first two shifted so far to the left.
fn spread(seed: u64, first: u32, second: u32) -> Vec<u64> {
    let mut x = match seed % MODULUS {
        0 => 89_482_311,
        seed => seed,
    };
    let mut step = || {
        x = x * 48_271 % MODULUS;
        x
    };
    for _ in 0..20 {
        step();
    }
    let number = |_| step() << first ^ step() << second ^ step();
    (0..LENGTH).map(number).collect()
}

/// The state that seeds are mixed with: that of the generator after [`STIRRED`] numbers. Go keeps
/// it as a table; here it is worked out, by jumping ahead, the first time it is needed.
static STATE: LazyLock<Vec<u64>> = LazyLock::new(|| stirred(STIRRED));

/// The state `ahead` numbers after the seed 1. A number n places on is a sum of the first 607 with
/// the coefficients of tⁿ mod t⁶⁰⁷ − t³³⁴ − 1. O(607² log ahead).
fn stirred(ahead: u64) -> Vec<u64> {
    let place = |n: usize| (LENGTH - TAP + LENGTH - 1 - n % LENGTH) % LENGTH;
    let begin = spread(1, 20, 10);
    let mut numbers: Vec<u64> = (0..LENGTH).map(|n| begin[place(n)]).collect();
    for n in LENGTH..2 * LENGTH {
        numbers.push(numbers[n - LENGTH].wrapping_add(numbers[n - TAP]));
    }
    let factors = power(ahead);
    let mut state = vec![0; LENGTH];
    for (n, numbers) in (0..LENGTH).zip(numbers.windows(LENGTH)) {
        let products = factors
            .iter()
            .zip(numbers)
            .map(|(&factor, &number)| factor.wrapping_mul(number));
        let turned = (ahead % LENGTH as u64) as usize + n;
        state[place(turned)] = products.fold(0, u64::wrapping_add);
    }
    state
}

/// The coefficients of t to the power `exponent`, reduced.
fn power(exponent: u64) -> Vec<u64> {
    let mut power = vec![0u64; LENGTH];
    power[0] = 1;
    for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
        let odd = (exponent >> bit & 1) as usize;
        let mut square = vec![0u64; 2 * LENGTH];
        for (i, &a) in power.iter().enumerate().filter(|(_, a)| **a != 0) {
            for (sum, &b) in square[i + odd..].iter_mut().zip(&power) {
                *sum = sum.wrapping_add(a.wrapping_mul(b));
            }
        }
        for n in (LENGTH..2 * LENGTH).rev() {
            let high = square[n];
            square[n - LENGTH] = square[n - LENGTH].wrapping_add(high);
            square[n - TAP] = square[n - TAP].wrapping_add(high);
        }
        square.truncate(LENGTH);
        power = square;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumping_ahead_is_drawing_one_by_one() {
        for ahead in [0, 1, 2, 272, 333, 334, 606, 607, 608, 5_000] {
            let mut one_by_one = GoRandom {
                state: spread(1, 20, 10),
                at: LENGTH - TAP,
            };
            for _ in 0..ahead {
                one_by_one.int63();
            }
            assert_eq!(stirred(ahead), one_by_one.state, "{ahead}");
        }
    }

    /// The first and the last of Go's table (`rng.go`), low 63 bits.
    #[test]
    fn the_state_is_the_one_that_go_ships() {
        let low = |number: u64| number & (u64::MAX >> 1);
        assert_eq!(low(STATE[0]), 5_041_579_894_721_019_882);
        assert_eq!(low(STATE[LENGTH - 1]), 4_152_330_101_494_654_406);
    }

    /// Measured with Go (`../shared/data/published/fgd_unit_vectors.csv`).
    #[test]
    fn seed_42_draws_what_go_draws() {
        let mut random = GoRandom::new(42);
        let drawn: Vec<u64> = (0..4).map(|_| random.int63()).collect();
        let go = [
            3_440_579_354_231_278_675,
            608_747_136_543_856_411,
            5_571_782_338_101_878_760,
            1_926_012_586_526_624_009,
        ];
        assert_eq!(drawn, go);
    }

    #[test]
    fn the_seed_0_is_another_than_its_stand_in_alone() {
        let first = |seed| GoRandom::new(seed).int63();
        assert_eq!(first(0), first(89_482_311));
        assert_eq!(first(MODULUS + 5), first(5));
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn draws_are_uniform() {
        // 6 orders, 6,000 draws of each kind: chi-square with 5 degrees of freedom, 20.5 at one in
        // a thousand.
        let mut random = GoRandom::new(7);
        let mut counts = [std::collections::BTreeMap::new(), Default::default()];
        for _ in 0..6_000 {
            let mut shuffled = vec![0, 1, 2];
            random.shuffle(&mut shuffled);
            *counts[0].entry(shuffled).or_insert(0.0) += 1.0;
            *counts[1].entry(random.permutation(3)).or_insert(0.0) += 1.0;
        }
        for counts in counts {
            assert_eq!(counts.len(), 6);
            let squares = counts
                .values()
                .map(|count: &f64| (count - 1000.0).powi(2) / 1000.0);
            assert!(squares.sum::<f64>() < 20.5, "{counts:?}");
        }
    }
}
