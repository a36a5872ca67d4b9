//! Sampling by inversion, bit for bit the same on every platform (see [`super::stream`]).

use super::preset::{Component, Lognormal};
use std::f64::consts::FRAC_1_SQRT_2;

/// Distribution function of the standard normal.
pub(super) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Evaluates a polynomial whose coefficients go from the highest power down.
fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// Quantile of the standard normal at `p` in (0, 1); relative error about 1e-16.
///
/// Algorithm AS 241 (Wichura, 1988): three ratios of polynomials. A published fixed recipe, so
/// the result cannot drift with a dependency.
pub(super) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&CENTRE.0, r) / horner(&CENTRE.1, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-libm::log(tail)).sqrt();
    let magnitude = if r <= 5.0 {
        horner(&SHOULDER.0, r - 1.6) / horner(&SHOULDER.1, r - 1.6)
    } else {
        horner(&FAR.0, r - 5.0) / horner(&FAR.1, r - 5.0)
    };
    if q < 0.0 { -magnitude } else { magnitude }
}

type Ratio = ([f64; 8], [f64; 8]);

#[rustfmt::skip]
const CENTRE: Ratio = (
    [2.509_080_928_730_122_6e3, 3.343_057_558_358_813e4, 6.726_577_092_700_87e4, 4.592_195_393_154_987e4,
     1.373_169_376_550_946e4, 1.971_590_950_306_551_4e3, 1.331_416_678_917_843_8e2, 3.387_132_872_796_366_6],
    [5.226_495_278_852_854e3, 2.872_908_573_572_194_3e4, 3.930_789_580_009_271e4, 2.121_379_430_158_659_6e4,
     5.394_196_021_424_751e3, 6.871_870_074_920_579e2, 4.231_333_070_160_091e1, 1.0],
);

#[rustfmt::skip]
const SHOULDER: Ratio = (
    [7.745_450_142_783_414e-4, 2.272_384_498_926_918_4e-2, 2.417_807_251_774_506e-1, 1.270_458_252_452_368_4,
     3.647_848_324_763_204_5, 5.769_497_221_460_691, 4.630_337_846_156_546, 1.423_437_110_749_683_5],
    [1.050_750_071_644_416_9e-9, 5.475_938_084_995_345e-4, 1.519_866_656_361_645_7e-2, 1.481_039_764_274_800_8e-1,
     6.897_673_349_851e-1, 1.676_384_830_183_803_8, 2.053_191_626_637_759, 1.0],
);

#[rustfmt::skip]
const FAR: Ratio = (
    [2.010_334_399_292_288_1e-7, 2.711_555_568_743_487_6e-5, 1.242_660_947_388_078_4e-3, 2.653_218_952_657_612_4e-2,
     2.965_605_718_285_048_7e-1, 1.784_826_539_917_291_3, 5.463_784_911_164_114, 6.657_904_643_501_103],
    [2.044_263_103_389_939_8e-15, 1.421_511_758_316_446e-7, 1.846_318_317_510_054_8e-5, 7.868_691_311_456_133e-4,
     1.487_536_129_085_061_5e-2, 1.369_298_809_227_358e-1, 5.998_322_065_558_88e-1, 1.0],
);

/// A draw from a lognormal, given a standard normal `z`.
pub(super) fn lognormal(law: Lognormal, z: f64) -> f64 {
    libm::exp(law.mu + law.sigma * z)
}

/// A draw from a lognormal cut off above `cap`, given a uniform `u`.
pub(super) fn lognormal_below(law: Lognormal, cap: f64, u: f64) -> f64 {
    let inside = normal_cdf((libm::log(cap) - law.mu) / law.sigma);
    lognormal(law, normal_quantile(u * inside)).min(cap)
}

/// The entry of a table of (value, weight) at quantile `u`; weights need not add up to 1.
pub(super) fn pick<T>(table: &[(T, f64)], u: f64) -> &T {
    let total: f64 = table.iter().map(|(_, weight)| weight).sum();
    let mut left = u * total;
    for (value, weight) in table {
        left -= weight;
        if left < 0.0 {
            return value;
        }
    }
    // Rounding may leave a crumb after the last entry.
    &table[table.len() - 1].0
}

/// A batch size at quantile `u`: `ccdf` lists (n, P(size >= n)) with n rising from 1, and between
/// two entries the tail is a power law.
pub(super) fn tail_size(ccdf: &[(u32, f64)], u: f64) -> u32 {
    for pair in ccdf.windows(2) {
        let ((low, p_low), (high, p_high)) = (pair[0], pair[1]);
        if u > p_high {
            let step = libm::log(f64::from(high) / f64::from(low)) / libm::log(p_low / p_high);
            let size = f64::from(low) * libm::pow(p_low / u, step);
            return (size as u32).clamp(low, high - 1);
        }
    }
    ccdf[ccdf.len() - 1].0
}

/// Zipf weights 1/rank^`exponent` for ranks 1..=`n`, as a table for [`pick`] of 0-based ranks.
pub(super) fn zipf(n: u32, exponent: f64) -> Vec<(u32, f64)> {
    (0..n)
        .map(|rank| (rank, libm::pow(f64::from(rank + 1), -exponent)))
        .collect()
}

/// Quantiles of a lognormal mixture cut to an interval, indexed by a standard normal.
///
/// A normal score in, a duration out: if the scores of the jobs of a sweep are correlated, their
/// durations are alike, and still every job on its own follows the mixture exactly.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    /// ln seconds at scores `-REACH`, `-REACH + 1/PER_UNIT`, …, `REACH`.
    ln_seconds: Vec<f64>,
    /// Spread of ln seconds, from the quartiles (a lognormal gives its sigma).
    pub(super) spread: f64,
}

/// Scores beyond ±6 (one in a thousand million) are taken as ±6.
const REACH: f64 = 6.0;
const PER_UNIT: f64 = 32.0;

impl Quantiles {
    /// Tabulates `mixture` between `min` and `max` seconds.
    pub(super) fn new(mixture: &[Component], min: f64, max: f64) -> Quantiles {
        let points = (2.0 * REACH * PER_UNIT) as u32;
        let ln_seconds = (0..=points)
            .map(|i| invert(mixture, f64::from(i) / PER_UNIT - REACH, min, max))
            .collect();
        let mut table = Quantiles {
            ln_seconds,
            spread: 0.0,
        };
        const QUARTILE: f64 = 0.674_489_750_196_081_7;
        let quartiles = table.at(QUARTILE) / table.at(-QUARTILE);
        table.spread = libm::log(quartiles) / (2.0 * QUARTILE);
        table
    }

    /// Seconds at normal score `z`.
    pub(super) fn at(&self, z: f64) -> f64 {
        let position = (z.clamp(-REACH, REACH) + REACH) * PER_UNIT;
        let index = (position as usize).min(self.ln_seconds.len() - 2);
        let (low, high) = (self.ln_seconds[index], self.ln_seconds[index + 1]);
        libm::exp(low + (high - low) * (position - index as f64))
    }
}

/// ln of the duration at normal score `z`, by bisection. Works with the nearer tail, where the
/// other one would round to 1.
fn invert(mixture: &[Component], z: f64, min: f64, max: f64) -> f64 {
    let below = z < 0.0;
    let mass = |x: f64| -> f64 {
        let side = if below { -1.0 } else { 1.0 };
        mixture
            .iter()
            .map(|c| {
                c.weight * 0.5 * libm::erfc(side * (x - c.law.mu) / c.law.sigma * FRAC_1_SQRT_2)
            })
            .sum()
    };
    let (mut low, mut high) = (libm::log(min), libm::log(max));
    let tail = normal_cdf(-z.abs());
    let (near, far) = if below { (low, high) } else { (high, low) };
    let target = mass(near) + tail * (mass(far) - mass(near));
    for _ in 0..52 {
        let middle = 0.5 * (low + high);
        if (mass(middle) < target) == below {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::super::preset::component;
    use super::*;

    #[test]
    fn the_normal_quantile_inverts_the_distribution_function() {
        for i in 1..2000 {
            let p = f64::from(i) / 2000.0;
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-14, "{p}");
        }
        for p in [1e-300, 1e-20, 1e-12, 1e-6] {
            let back = normal_cdf(normal_quantile(p));
            assert!((back / p - 1.0).abs() < 1e-12, "{p} {back}");
        }
        assert_eq!(normal_quantile(0.5), 0.0);
    }

    #[test]
    fn quantiles_of_one_lognormal_are_its_exponential() {
        let table = Quantiles::new(&[component(1.0, 7.5, 1.5)], 1e-6, 1e12);
        for z in [-3.0, -0.3, 0.0, 1.7, 4.0] {
            let exact = libm::exp(7.5 + 1.5 * z);
            assert!((table.at(z) / exact - 1.0).abs() < 1e-6, "{z}");
        }
        assert!((table.spread - 1.5).abs() < 1e-6);
    }

    #[test]
    fn quantiles_stay_inside_the_cut() {
        let table = Quantiles::new(&[component(1.0, 7.0, 2.0)], 600.0, 5000.0);
        assert!(table.at(-9.0) >= 599.999 && table.at(9.0) <= 5000.001);
        assert!(table.at(0.0) > 600.0 && table.at(0.0) < 5000.0);
    }

    #[test]
    fn batch_sizes_follow_the_listed_tail() {
        let ccdf = [(1, 1.0), (2, 0.4), (10, 0.04), (250, 0.0004)];
        for (u, size) in [
            (0.999, 1),
            (0.4001, 1),
            (0.3999, 2),
            (0.0401, 9),
            (0.0399, 10),
        ] {
            assert_eq!(tail_size(&ccdf, u), size, "{u}");
        }
        assert_eq!(tail_size(&ccdf, 0.0001), 250);
    }

    #[test]
    fn picking_respects_weights_and_never_falls_off_the_end() {
        let table = [('a', 1.0), ('b', 3.0)];
        assert_eq!(*pick(&table, 0.24), 'a');
        assert_eq!(*pick(&table, 0.26), 'b');
        assert_eq!(*pick(&table, 1.0), 'b');
    }

    #[test]
    fn a_capped_lognormal_stays_below_its_cap() {
        let law = Lognormal {
            mu: 3.5,
            sigma: 1.5,
        };
        assert!(lognormal_below(law, 60.0, 0.999_999) <= 60.0);
        assert!(lognormal_below(law, 60.0, 0.000_001) > 0.0);
    }
}
