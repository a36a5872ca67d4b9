//! How fast a job runs on a slice of a device.
//!
//! Step time is a part that does not scale (host, kernel launches, input) plus a part that shrinks
//! with the share of compute: `t(share) = a + c/share`. Two measurements fix it. A time measured
//! on that very slice goes before the law, and the answer says which of the two it was.

use super::Speed;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A part of a device's compute: slices of seven, SMs of all SMs.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    num: u32,
    den: u32,
}

impl Share {
    /// The whole device.
    pub const WHOLE: Share = Share { num: 1, den: 1 };

    /// `None` unless `0 < num ≤ den`.
    pub const fn new(num: u32, den: u32) -> Option<Share> {
        if num == 0 || num > den {
            return None;
        }
        Some(Share { num, den })
    }

    /// The share of a MIG instance of a board with seven slices.
    pub const fn sevenths(slices: u32) -> Option<Share> {
        Share::new(slices, 7)
    }

    /// Between 0 (not included) and 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    fn cross(self, other: Share) -> (u64, u64) {
        let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
        (product(self.num, other.den), product(other.num, self.den))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Share) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Share {}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Share) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value: 2/8 is 1/4.
impl Ord for Share {
    fn cmp(&self, other: &Share) -> Ordering {
        let (left, right) = self.cross(*other);
        left.cmp(&right)
    }
}

/// Reads `3/7` or `1`.
impl std::str::FromStr for Share {
    type Err = ();

    fn from_str(text: &str) -> Result<Share, ()> {
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let whole = |part: &str| part.trim().parse::<u32>().map_err(|_| ());
        Share::new(whole(num)?, whole(den)?).ok_or(())
    }
}

/// As it was written.
impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.num, self.den) {
            (num, den) if num == den => f.write_str("1"),
            (num, den) => write!(f, "{num}/{den}"),
        }
    }
}

/// `t(share) = fixed + scaling/share`, in seconds (or any unit) per step.
///
/// `scaling` is never negative, so a larger share is never slower. `fixed` may be: a job that
/// gains more than its share (cache, memory bandwidth) has a negative fixed part, and its time is
/// positive all the same because that of the whole device is.
///
/// ```
/// use gpusched_core::performance::sharing::slice::{Share, SliceLaw};
/// // 40 ms that stay, 60 ms that scale: a third of the device takes 40 + 180 ms.
/// let law = SliceLaw::new(0.040, 0.060).unwrap();
/// let third = Share::new(1, 3).unwrap();
/// assert!((law.time(third) - 0.220).abs() < 1e-12);
/// assert!((law.speed(third) - 0.100 / 0.220).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawLaw")]
pub struct SliceLaw {
    fixed: f64,
    scaling: f64,
}

/// A law as a file gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLaw {
    fixed: f64,
    scaling: f64,
}

impl TryFrom<RawLaw> for SliceLaw {
    type Error = &'static str;

    fn try_from(raw: RawLaw) -> Result<SliceLaw, &'static str> {
        SliceLaw::new(raw.fixed, raw.scaling)
            .ok_or("a slice law needs scaling >= 0 and a positive fixed + scaling")
    }
}

impl SliceLaw {
    /// `None` unless `scaling ≥ 0` and the whole device takes positive, finite time.
    pub fn new(fixed: f64, scaling: f64) -> Option<SliceLaw> {
        let whole = fixed + scaling;
        (scaling >= 0.0 && whole > 0.0 && whole.is_finite()).then_some(SliceLaw { fixed, scaling })
    }

    /// The part that does not scale.
    pub fn fixed(self) -> f64 {
        self.fixed
    }

    /// The part that does.
    pub fn scaling(self) -> f64 {
        self.scaling
    }

    /// Time of a step on a share.
    pub fn time(self, share: Share) -> f64 {
        self.fixed + self.scaling / share.fraction()
    }

    /// Speed on a share, relative to the whole device.
    pub fn speed(self, share: Share) -> f64 {
        self.time(Share::WHOLE) / self.time(share)
    }

    /// The law of the same job as an MPS client that may use `cap` of the SMs and could make use
    /// of `needed`: a cap above the need costs nothing, one below stretches the scaling part.
    pub fn capped(self, cap: Share, needed: Share) -> SliceLaw {
        let stretch = (cap.fraction() / needed.fraction()).min(1.0);
        SliceLaw {
            scaling: self.scaling / stretch,
            ..self
        }
    }
}

/// Where a speed comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Measured on this very slice.
    Table,
    /// The law, fitted to measurements on other slices.
    Law,
}

/// A speed with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rated {
    /// Relative to the whole device.
    pub speed: Speed,
    /// Measured or predicted.
    pub origin: Origin,
}

/// As it prints.
impl Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// As it prints.
impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| {
            serde::de::Error::custom(format!("`{text}` is no share such as 1 or 3/7"))
        })
    }
}

/// What is known of one job on slices of one device model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "RawProfile")]
pub struct SliceProfile {
    table: Vec<(Share, f64)>,
    law: Option<SliceLaw>,
}

/// A profile as a file gives it.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct RawProfile {
    table: Vec<(Share, f64)>,
    law: Option<SliceLaw>,
}

impl From<RawProfile> for SliceProfile {
    fn from(raw: RawProfile) -> SliceProfile {
        SliceProfile::new(&raw.table, raw.law)
    }
}

impl SliceProfile {
    /// From step times measured on shares (of which the last stands when a share occurs twice) and
    /// a law for the rest. Times that are not positive are left out.
    pub fn new(times: &[(Share, f64)], law: Option<SliceLaw>) -> SliceProfile {
        let mut table: Vec<(Share, f64)> = Vec::with_capacity(times.len());
        for &(share, time) in times {
            if !(time > 0.0 && time.is_finite()) {
                continue;
            }
            match table.binary_search_by(|(known, _)| known.cmp(&share)) {
                Ok(at) => table[at].1 = time,
                Err(at) => table.insert(at, (share, time)),
            }
        }
        SliceProfile { table, law }
    }

    /// Measured step times, smallest share first.
    pub fn table(&self) -> &[(Share, f64)] {
        &self.table
    }

    /// The law, if two shares were measured.
    pub fn law(&self) -> Option<SliceLaw> {
        self.law
    }

    /// Step time on a share, measured or predicted.
    pub fn time(&self, share: Share) -> Option<(f64, Origin)> {
        match self.table.binary_search_by(|(known, _)| known.cmp(&share)) {
            Ok(at) => Some((self.table[at].1, Origin::Table)),
            Err(_) => self.law.map(|law| (law.time(share), Origin::Law)),
        }
    }

    /// Speed on a share relative to the whole device; `None` when neither table nor law knows
    /// both. It counts as measured only when both times were.
    pub fn rate(&self, share: Share) -> Option<Rated> {
        let (whole, whole_origin) = self.time(Share::WHOLE)?;
        let (time, origin) = self.time(share)?;
        let measured = whole_origin == Origin::Table && origin == Origin::Table;
        Some(Rated {
            speed: Speed::from_factor(whole / time)?,
            origin: if measured { Origin::Table } else { Origin::Law },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(slices: u32) -> Share {
        Share::sevenths(slices).unwrap()
    }

    #[test]
    fn shares_compare_by_value_and_read_what_they_print() {
        assert_eq!(Share::new(2, 8), Share::new(1, 4));
        assert_eq!(share(7), Share::WHOLE);
        assert!(share(3) < Share::new(1, 2).unwrap());
        assert_eq!("3/7".parse(), Ok(share(3)));
        assert_eq!("1".parse(), Ok(Share::WHOLE));
        assert_eq!(
            (share(3).to_string(), share(7).to_string()),
            ("3/7".into(), "1".into())
        );
        for text in ["", "0/7", "8/7", "1/0", "a", "1/2/3", "-1/7"] {
            assert_eq!(text.parse::<Share>(), Err(()), "{text}");
        }
    }

    #[test]
    fn what_was_measured_goes_before_the_law() {
        let law = SliceLaw::new(1.0, 1.0);
        let profile =
            SliceProfile::new(&[(share(7), 2.0), (share(1), 10.0), (share(2), -1.0)], law);
        let one = profile.rate(share(1)).unwrap();
        assert_eq!(
            (one.speed, one.origin),
            (Speed::ratio(1, 5).unwrap(), Origin::Table)
        );
        // Law: 1 + 7/2 = 4.5.
        let two = profile.rate(share(2)).unwrap();
        assert_eq!(
            (two.speed, two.origin),
            (Speed::from_factor(2.0 / 4.5).unwrap(), Origin::Law)
        );
        let bare = SliceProfile::new(&[(share(1), 10.0)], None);
        assert_eq!(bare.rate(share(1)), None, "the whole device is not known");
    }

    #[test]
    fn a_cap_counts_only_below_the_need() {
        let law = SliceLaw::new(1.0, 2.0).unwrap();
        let half = Share::new(1, 2).unwrap();
        let quarter = Share::new(1, 4).unwrap();
        assert_eq!(law.capped(half, quarter), law);
        assert_eq!(law.capped(quarter, half).scaling(), 4.0);
    }

    #[test]
    fn laws_that_make_no_sense_are_refused() {
        assert_eq!(SliceLaw::new(1.0, -0.1), None);
        assert_eq!(SliceLaw::new(-1.0, 1.0), None);
        assert_eq!(SliceLaw::new(f64::NAN, 1.0), None);
        assert!(SliceLaw::new(-0.5, 1.0).is_some());
    }

    proptest! {
        #[test]
        fn a_larger_share_is_never_slower(
            whole in 1e-6f64..1e3, part in 0.0f64..1.5, a in 1u32..100, b in 1u32..100,
        ) {
            let law = SliceLaw::new(whole * (1.0 - part), whole * part).unwrap();
            let (small, large) = (Share::new(a.min(b), 100).unwrap(), Share::new(a.max(b), 100).unwrap());
            prop_assert!(law.time(small) >= law.time(large));
            prop_assert!(law.time(small) > 0.0 && law.speed(small) <= 1.0 + 1e-12);
        }
    }
}
