//! Quantities as Kubernetes writes them: `500m`, `16Gi`, `1.5`, `2e3`.

use std::fmt;
use std::ops::{Add, Neg};
use std::str::FromStr;

/// Nano-units in a unit.
const NANO: i128 = 1_000_000_000;
/// Nothing is finer than 10⁻⁹.
const NANO_DIGITS: i64 = 9;

/// How a quantity was written, which is how it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Powers of ten by letter: `n`, `u`, `m`, none, `k`, `M`, `G`, `T`, `P`, `E`.
    #[default]
    DecimalSi,
    /// Powers of 1024: `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`.
    BinarySi,
    /// Powers of ten by number: `1e3`.
    DecimalExponent,
}

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// No number where one must be.
    #[error("a quantity is a number and perhaps a suffix, such as `500m`, `8` or `16Gi`")]
    NotANumber,
    /// A number, and behind it something that is no suffix.
    #[error("the suffixes are n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei and e<number>")]
    Suffix,
}

/// An exact quantity, in whole nano-units.
///
/// The rules are those of `resource.Quantity` in the API machinery: what is finer than 10⁻⁹ is
/// rounded away from zero; a binary quantity ends at 2⁶³−1; integer views round away from zero.
/// Where upstream would go on beyond 1.7·10²⁹ or wrap around, this saturates.
///
/// ```
/// use gpusched_core::kube::Quantity;
/// let cpu: Quantity = "1.5".parse().unwrap();
/// assert_eq!((cpu.value(), cpu.milli_value()), (2, 1500));
/// assert_eq!(cpu.to_string(), "1500m");
/// let memory: Quantity = "0.5Gi".parse().unwrap();
/// assert_eq!((memory.value(), memory.to_string()), (1 << 29, "512Mi".to_owned()));
/// assert!("1,5".parse::<Quantity>().is_err() && "16GiB".parse::<Quantity>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

impl Quantity {
    /// A whole number of units.
    pub fn new(value: i64, format: Format) -> Quantity {
        Quantity {
            nanos: i128::from(value) * NANO,
            format,
        }
    }

    /// A whole number of thousandths.
    pub fn from_milli(value: i64) -> Quantity {
        Quantity {
            nanos: i128::from(value) * (NANO / 1000),
            format: Format::DecimalSi,
        }
    }

    /// An amount as Kueue writes it into a status: `cpu` in milli-cores, everything else in units,
    /// memory and storage in powers of 1024.
    ///
    /// ```
    /// use gpusched_core::kube::Quantity;
    /// assert_eq!(Quantity::of_resource("cpu", 1500).to_string(), "1500m");
    /// assert_eq!(Quantity::of_resource("memory", 3 << 20).to_string(), "3Mi");
    /// ```
    pub fn of_resource(resource: &str, amount: i64) -> Quantity {
        match resource {
            "cpu" => Quantity::from_milli(amount),
            "memory" | "ephemeral-storage" => Quantity::new(amount, Format::BinarySi),
            name if name.starts_with("hugepages-") => Quantity::new(amount, Format::BinarySi),
            _ => Quantity::new(amount, Format::DecimalSi),
        }
    }

    /// Exact nano-units.
    pub fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whole units, rounded away from zero, at most what an `i64` holds.
    pub fn value(self) -> i64 {
        rounded(self.nanos, NANO)
    }

    /// Thousandths, rounded away from zero, at most what an `i64` holds.
    pub fn milli_value(self) -> i64 {
        rounded(self.nanos, NANO / 1000)
    }

    /// The integer that counts for a resource: thousandths of `cpu`, units of everything else.
    pub fn of(self, resource: &str) -> i64 {
        match resource {
            "cpu" => self.milli_value(),
            _ => self.value(),
        }
    }

    /// The nearest double, as Kueue takes a fair-sharing weight.
    pub fn as_f64(self) -> f64 {
        self.nanos as f64 / NANO as f64
    }
}

/// Quantities are equal when their amounts are, however they are written.
impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> std::cmp::Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// The sum is written like the first term, or like the second if the first is zero.
impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity {
            nanos: self.nanos.saturating_add(other.nanos),
            format: if self.nanos == 0 {
                other.format
            } else {
                self.format
            },
        }
    }
}

impl Neg for Quantity {
    type Output = Quantity;
    fn neg(self) -> Quantity {
        Quantity {
            nanos: self.nanos.saturating_neg(),
            ..self
        }
    }
}

/// `nanos / unit`, away from zero, within `i64`.
fn rounded(nanos: i128, unit: i128) -> i64 {
    let away = if nanos % unit == 0 { 0 } else { nanos.signum() };
    let value = nanos / unit + away;
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// What a suffix multiplies by: a power of ten, or a power of two.
enum Scale {
    Ten(i64),
    Two(u32),
}

fn scale(suffix: &str) -> Result<(Scale, Format), QuantityError> {
    let si = |exponent| Ok((Scale::Ten(exponent), Format::DecimalSi));
    let binary = |exponent| Ok((Scale::Two(exponent), Format::BinarySi));
    match suffix {
        "" => si(0),
        "n" => si(-9),
        "u" => si(-6),
        "m" => si(-3),
        "k" => si(3),
        "M" => si(6),
        "G" => si(9),
        "T" => si(12),
        "P" => si(15),
        "E" => si(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let number = suffix
                .strip_prefix(['e', 'E'])
                .ok_or(QuantityError::Suffix)?;
            let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(QuantityError::Suffix);
            }
            // An exponent no integer holds is as good as the largest.
            let magnitude = digits.parse::<i32>().unwrap_or(i32::MAX);
            let sign = if number.starts_with('-') { -1 } else { 1 };
            Ok((
                Scale::Ten(sign * i64::from(magnitude)),
                Format::DecimalExponent,
            ))
        }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(QuantityError::NotANumber);
        }
        let (scale, mut format) = scale(suffix)?;
        let mut nanos = match scale {
            Scale::Ten(exponent) => decimal(whole, fraction, exponent),
            Scale::Two(exponent) => {
                let most = i128::from(i64::MAX) * NANO;
                binary(whole, fraction, exponent).min(most)
            }
        };
        // As upstream: a fraction of a byte is not written in powers of 1024.
        if format == Format::BinarySi && (1..NANO).contains(&nanos) {
            format = Format::DecimalSi;
        }
        if text.starts_with('-') {
            nanos = -nanos;
        }
        Ok(Quantity { nanos, format })
    }
}

/// A digit of a text that holds nothing else.
fn digit(byte: u8) -> i128 {
    i128::from(byte - b'0')
}

/// An integer written in digits, saturating.
fn integer(digits: impl Iterator<Item = u8>) -> i128 {
    digits.fold(0i128, |sum, byte| {
        sum.saturating_mul(10).saturating_add(digit(byte))
    })
}

/// Nano-units in `whole.fraction · 10^exponent`, rounded up.
fn decimal(whole: &str, fraction: &str, exponent: i64) -> i128 {
    let digits = whole.len() as i64 + fraction.len() as i64;
    // Digits that count nano-units and more; the others are rounded away.
    let kept = (whole.len() as i64)
        .saturating_add(exponent)
        .saturating_add(NANO_DIGITS);
    let all = || whole.bytes().chain(fraction.bytes());
    if kept < digits {
        let kept = usize::try_from(kept).unwrap_or(0);
        let rest = all().skip(kept).any(|byte| byte != b'0');
        return integer(all().take(kept)).saturating_add(i128::from(rest));
    }
    let mut nanos = integer(all());
    for _ in digits..kept {
        if nanos == 0 || nanos == i128::MAX {
            break;
        }
        nanos = nanos.saturating_mul(10);
    }
    nanos
}

/// Nano-units in `whole.fraction · 2^exponent`, rounded up.
fn binary(whole: &str, fraction: &str, exponent: u32) -> i128 {
    let unit = NANO << exponent;
    // From the last digit to the first, so that what is lost is only ever below one nano-unit.
    let (part, inexact) = fraction
        .bytes()
        .rev()
        .fold((0i128, false), |(below, inexact), byte| {
            let sum = digit(byte) * unit + below;
            (sum / 10, inexact || sum % 10 != 0)
        });
    integer(whole.bytes())
        .saturating_mul(unit)
        .saturating_add(part)
        .saturating_add(i128::from(inexact))
}

/// The canonical form: no fraction, the largest suffix that allows this.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let whole = self.nanos / NANO;
        if self.format == Format::BinarySi && self.nanos % NANO == 0 && whole.abs() >= 1024 {
            let (mut amount, mut thousands) = (whole, 0);
            while amount % 1024 == 0 && thousands + 1 < BINARY.len() {
                amount /= 1024;
                thousands += 1;
            }
            return write!(f, "{amount}{}", BINARY[thousands]);
        }
        let (mut amount, mut thousands) = (self.nanos, 0);
        let by_number = self.format == Format::DecimalExponent;
        while amount % 1000 == 0 && (by_number || thousands + 1 < DECIMAL.len()) {
            amount /= 1000;
            thousands += 1;
        }
        match (by_number, 3 * thousands as i64 - NANO_DIGITS) {
            (true, 0) => write!(f, "{amount}"),
            (true, exponent) => write!(f, "{amount}e{exponent}"),
            (false, _) => write!(f, "{amount}{}", DECIMAL[thousands]),
        }
    }
}

/// Suffixes of powers of 1000 from 10⁻⁹ on.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Suffixes of powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

#[cfg(test)]
mod tests;
