use super::*;
use proptest::prelude::*;

/// A twin that is too slow to be wrong: decimal digits, the lowest first, as on paper.
#[derive(Clone)]
struct Paper(Vec<u8>);

impl Paper {
    fn times(mut self, factor: u8) -> Paper {
        let mut carry = 0u16;
        for digit in &mut self.0 {
            carry += u16::from(*digit) * u16::from(factor);
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            self.0.push((carry % 10) as u8);
            carry /= 10;
        }
        self
    }

    /// Without its last `places` digits, rounded up.
    fn cut(self, places: usize) -> Paper {
        let lost = self.0.iter().take(places).any(|digit| *digit > 0);
        let mut kept: Vec<u8> = self.0.into_iter().skip(places).collect();
        if lost {
            let nines = kept.iter().take_while(|digit| **digit == 9).count();
            kept[..nines].fill(0);
            match kept.get_mut(nines) {
                Some(digit) => *digit += 1,
                None => kept.push(1),
            }
        }
        Paper(kept)
    }

    fn clamped(&self, most: i128) -> i128 {
        let text: String = self
            .0
            .iter()
            .rev()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        let text = text.trim_start_matches('0');
        if text.len() > most.to_string().len() {
            return most;
        }
        format!("0{text}")
            .parse()
            .map_or(most, |v: i128| v.min(most))
    }
}

/// Nano-units of `whole.fraction` with a suffix, on paper.
fn on_paper(whole: &str, fraction: &str, tens: i32, twos: u32) -> i128 {
    let digits: Vec<u8> = format!("{whole}{fraction}")
        .bytes()
        .rev()
        .map(|byte| byte - b'0')
        .collect();
    let mut paper = Paper(digits);
    for _ in 0..twos {
        paper = paper.times(2);
    }
    let places = 9 + tens - fraction.len() as i32;
    for _ in 0..places {
        paper = paper.times(10);
    }
    let most = match twos {
        0 => i128::MAX,
        _ => i128::from(i64::MAX) * NANO,
    };
    paper
        .cut(usize::try_from(-places).unwrap_or(0))
        .clamped(most)
}

const SUFFIXES: &[(&str, i32, u32)] = &[
    ("n", -9, 0),
    ("u", -6, 0),
    ("m", -3, 0),
    ("", 0, 0),
    ("k", 3, 0),
    ("M", 6, 0),
    ("G", 9, 0),
    ("T", 12, 0),
    ("P", 15, 0),
    ("E", 18, 0),
    ("e-11", -11, 0),
    ("E-3", -3, 0),
    ("e0", 0, 0),
    ("E+4", 4, 0),
    ("e22", 22, 0),
    ("Ki", 0, 10),
    ("Mi", 0, 20),
    ("Gi", 0, 30),
    ("Ti", 0, 40),
    ("Pi", 0, 50),
    ("Ei", 0, 60),
];

fn read(text: &str) -> Quantity {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #[test]
    fn agrees_with_paper(
        whole in "[0-9]{0,25}",
        fraction in "[0-9]{0,25}",
        suffix in proptest::sample::select(SUFFIXES),
        negative: bool,
    ) {
        prop_assume!(!(whole.is_empty() && fraction.is_empty()));
        let (suffix, tens, twos) = suffix;
        let sign = if negative { "-" } else { "" };
        let quantity = read(&format!("{sign}{whole}.{fraction}{suffix}"));
        let expected = on_paper(&whole, &fraction, tens, twos);
        prop_assert_eq!(quantity.nanos(), if negative { -expected } else { expected });
    }

    #[test]
    fn printing_reads_back(
        number in any::<i64>(),
        fraction in "[0-9]{0,9}",
        suffix in proptest::sample::select(SUFFIXES),
    ) {
        let quantity = read(&format!("{number}.{fraction}{}", suffix.0));
        let text = quantity.to_string();
        prop_assert!(!text.contains('.'));
        prop_assert_eq!(read(&text), quantity, "{}", text);
        prop_assert_eq!(read(&text).to_string(), text);
    }

    #[test]
    fn integers_are_the_least_that_are_enough(nanos in -5_000_000_000i128..5_000_000_000) {
        let quantity = Quantity { nanos, format: Format::DecimalSi };
        for (integer, unit) in [(quantity.value(), NANO), (quantity.milli_value(), 1_000_000)] {
            let integer = i128::from(integer);
            prop_assert!(integer.abs() * unit >= nanos.abs());
            prop_assert!((integer.abs() - 1) * unit < nanos.abs());
            prop_assert!(integer * nanos >= 0);
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC*", near in "[-+]?[0-9.eEinumkKMGTP+-]{0,12}") {
        let _ = text.parse::<Quantity>();
        let _ = near.parse::<Quantity>().map(|quantity| quantity.to_string());
    }
}

/// Of upstream's documentation and the defaults of its printer.
#[test]
fn prints_canonically() {
    for (text, expected) in [
        ("0", "0"),
        ("0Gi", "0"),
        ("-0", "0"),
        ("0.1", "100m"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("12345m", "12345m"),
        ("2000m", "2"),
        ("1024Ki", "1Mi"),
        ("1023Ki", "1023Ki"),
        ("0.5Ki", "512"),
        ("1.5Ki", "1536"),
        ("2.5Ki", "2560"),
        ("1.0009765625Mi", "1025Ki"),
        ("0.0001Ki", "102400u"),
        ("1e3", "1e3"),
        ("12E2", "1200"),
        ("1E", "1E"),
        ("1000E", "1000E"),
        (".5", "500m"),
        ("5.", "5"),
        ("+3", "3"),
        ("-1500m", "-1500m"),
        ("0.0000000001", "1n"),
        ("8Ei", "9223372036854775807"),
    ] {
        assert_eq!(read(text).to_string(), expected, "{text}");
    }
    // Whole units of a binary quantity, although written with a fraction.
    assert_eq!(read("1.5Ki").value(), 1536);
}

#[test]
fn what_is_no_quantity_is_refused() {
    use QuantityError::{NotANumber, Suffix};
    for (text, error) in [
        ("", NotANumber),
        ("-", NotANumber),
        (".", NotANumber),
        ("Gi", NotANumber),
        (" 1", NotANumber),
        ("--1", NotANumber),
        ("1 ", Suffix),
        ("1,5", Suffix),
        ("1.2.3", Suffix),
        ("16GiB", Suffix),
        ("1K", Suffix),
        ("1ki", Suffix),
        ("1e", Suffix),
        ("1e+", Suffix),
        ("1e1.5", Suffix),
        ("1e٣", Suffix),
        ("infinity", NotANumber),
        ("0x10", Suffix),
    ] {
        assert_eq!(text.parse::<Quantity>().err(), Some(error), "{text}");
    }
}

#[test]
fn saturates() {
    assert_eq!(read("1e99").value(), i64::MAX);
    assert_eq!(read("-1e999999999999999999").value(), i64::MIN);
    assert_eq!(read("9223372036854775807").value(), i64::MAX);
    assert_eq!(read("9223372036854775807").milli_value(), i64::MAX);
    assert_eq!(read("1e-99").nanos(), 1);
    assert_eq!((read("1e99") + read("1e99")).value(), i64::MAX);
}
