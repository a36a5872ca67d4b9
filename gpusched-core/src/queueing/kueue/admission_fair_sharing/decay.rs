//! Decay, and the decimal arithmetic it is done in.

use crate::units::Span;

/// The part of the past that is forgotten within a time: 1 − 2^(−elapsed / half-life); 0 when there
/// is no half-life.
pub(super) fn alpha(elapsed: Span, half_life: Span) -> f64 {
    match half_life {
        Span::ZERO => 0.0,
        _ => 1.0 - libm::exp2(-(elapsed.as_secs_f64() / half_life.as_secs_f64())),
    }
}

/// An amount times a factor between 0 and 1, as Kueue computes it: the shortest decimal number that
/// stands for the factor, exactly, cut off behind the ninth decimal (amounts are in nano-units).
pub(super) fn scaled(nanos: i128, factor: f64) -> i128 {
    let text = format!("{factor:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, after)| after.len());
    let digits: u64 = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    // A factor is at most 1, so that it is never multiplied by a power of ten.
    let shift = u32::try_from(decimals as i64 - exponent).unwrap_or(0);

    let magnitude = nanos.unsigned_abs();
    let mut limbs = [0_u64; 3];
    let mut carry = 0_u128;
    for (limb, part) in limbs
        .iter_mut()
        .zip([magnitude as u64, (magnitude >> 64) as u64, 0])
    {
        let product = u128::from(part) * u128::from(digits) + carry;
        *limb = product as u64;
        carry = product >> 64;
    }
    let mut left = shift;
    while left > 0 && limbs != [0; 3] {
        let step = left.min(19);
        let divisor = 10_u128.pow(step);
        let mut rest = 0_u128;
        for limb in limbs.iter_mut().rev() {
            let value = (rest << 64) | u128::from(*limb);
            *limb = (value / divisor) as u64;
            rest = value % divisor;
        }
        left -= step;
    }
    let value = (u128::from(limbs[1]) << 64 | u128::from(limbs[0])) as i128;
    if nanos < 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_of_the_past_is_forgotten_in_a_half_life() {
        let day = Span::from_secs(86_400);
        assert_eq!(alpha(day, day), 0.5);
        assert_eq!(alpha(Span::ZERO, day), 0.0);
        assert_eq!(alpha(day, Span::ZERO), 0.0);
    }

    #[test]
    fn factors_are_taken_as_they_are_printed() {
        // 0.1 is no binary fraction; as a decimal it is exact.
        assert_eq!(scaled(10, 0.1), 1);
        assert_eq!(scaled(19, 0.1), 1);
        assert_eq!(scaled(-19, 0.1), -1);
        assert_eq!(scaled(1 << 100, 1.0), 1 << 100);
        assert_eq!(scaled(1 << 100, 0.0), 0);
        assert_eq!(scaled(3_000_000_000, 5e-9), 15);
        assert_eq!(scaled(1, 1e-300), 0);
    }

    proptest! {
        #[test]
        fn scaling_is_close_to_floating_point(nanos in -(1_i64 << 50)..1 << 50, factor in 0.0..1.0_f64) {
            let got = scaled(i128::from(nanos), factor) as f64;
            let expected = nanos as f64 * factor;
            prop_assert!((got - expected).abs() <= 1.0 + expected.abs() * 1e-12);
        }
    }
}
