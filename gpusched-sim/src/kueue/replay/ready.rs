//! How long pods take to be ready.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::generate::{Purpose, Stream};
use gpusched_core::units::{Span, parse_seconds};
use std::fmt;

/// From the admission of a workload until all of its pods are ready: a small distribution. The
/// default is at once.
///
/// ```
/// use gpusched_core::units::Span;
/// use gpusched_sim::kueue::replay::ReadyDelay;
/// assert!(ReadyDelay::default().is_none());
/// let fixed: ReadyDelay = "90".parse()?;
/// assert_eq!(fixed.mean(), Some(Span::from_secs(90)));
/// // Nine of ten need half a minute, and one never gets there.
/// let broken: ReadyDelay = "30@9,never".parse()?;
/// assert_eq!(broken.mean(), None);
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadyDelay {
    /// Delay (`None` = never) and weight, not 0. Empty = at once.
    choices: Vec<(Option<Span>, u32)>,
}

impl ReadyDelay {
    /// Whether all pods are ready at once.
    pub fn is_none(&self) -> bool {
        let at_once = |(delay, _): &(Option<Span>, u32)| *delay == Some(Span::ZERO);
        self.choices.iter().all(at_once)
    }

    /// The mean, cut to microseconds; `None` if some are never ready.
    pub fn mean(&self) -> Option<Span> {
        let (mut sum, mut weights) = (0i128, 0i128);
        for (delay, weight) in &self.choices {
            let weight = i128::from(*weight);
            sum += i128::from((*delay)?.0) * weight;
            weights += weight;
        }
        Some(Span((sum / weights.max(1)) as i64))
    }

    /// The delay of an admission, `None` = never: keyed by the seed, the position of the workload
    /// and how often it was admitted before.
    pub(super) fn draw(&self, seed: u64, workload: u32, admission: u32) -> Option<Span> {
        let (first, more) = match self.choices.split_first() {
            None => return Some(Span::ZERO),
            Some(((first, _), more)) => (*first, more),
        };
        if more.is_empty() {
            return first;
        }
        let entity = u64::from(workload) << 32 | u64::from(admission);
        let u = Stream::new(seed, Purpose::PodsReady, entity).unit();
        let total: u64 = self
            .choices
            .iter()
            .map(|(_, weight)| u64::from(*weight))
            .sum();
        let mut left = (u * total as f64) as u64;
        for (delay, weight) in &self.choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *delay,
            }
        }
        first
    }
}

impl std::str::FromStr for ReadyDelay {
    type Err = Box<Diagnostic>;

    /// Delays in seconds or `never`, separated by commas, each with a weight behind `@` if it is
    /// not 1: `30`, `30@9,never`.
    fn from_str(text: &str) -> Result<ReadyDelay> {
        let choices = text.split(',').map(|choice| {
            let problem = |why: String| {
                Diagnostic::new(format!("`{choice}` is no delay of pods: {why}"))
                    .help("write seconds or `never`, several with weights: `30`, or `30@9,never`")
            };
            let (delay, weight) = match choice.split_once('@') {
                None => (choice.trim(), 1),
                Some((delay, weight)) => {
                    let number = weight.trim().parse().ok().filter(|weight| *weight > 0);
                    let why = || problem(format!("`{weight}` is no weight from 1 on"));
                    (delay.trim(), number.ok_or_else(why)?)
                }
            };
            if delay == "never" {
                return Ok((None, weight));
            }
            let micros = parse_seconds(delay).map_err(|error| problem(error.to_string()))?;
            match micros >= 0 {
                true => Ok((Some(Span(micros)), weight)),
                false => Err(problem("it is negative".to_owned())),
            }
        });
        Ok(ReadyDelay {
            choices: choices.collect::<Result<_>>()?,
        })
    }
}

impl fmt::Display for ReadyDelay {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.choices.is_empty() {
            return f.write_str("0");
        }
        for (at, (delay, weight)) in self.choices.iter().enumerate() {
            f.write_str(if at > 0 { "," } else { "" })?;
            match delay {
                Some(delay) => write!(f, "{delay}")?,
                None => f.write_str("never")?,
            }
            if *weight != 1 {
                write!(f, "@{weight}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights() {
        let delay: ReadyDelay = "30@3, 60,never@4".parse().unwrap();
        let mut counts = [0; 3];
        for workload in 0..8000 {
            counts[match delay.draw(1, workload, 0) {
                Some(Span(30_000_000)) => 0,
                Some(Span(60_000_000)) => 1,
                Some(other) => panic!("{other}"),
                None => 2,
            }] += 1;
        }
        // 3, 1 and 4 of 8; standard deviations of 43, 30 and 45.
        for (count, expected) in counts.iter().zip([3000i32, 1000, 4000]) {
            assert!((count - expected).abs() < 180, "{counts:?}");
        }
    }

    #[test]
    fn what_is_no_delay_is_refused() {
        for (text, why) in [
            ("", "not a number"),
            ("-1", "negative"),
            ("30@0", "weight"),
            ("30@x", "weight"),
            ("30,", "not a number"),
            ("soon", "not a number"),
        ] {
            let problem = text.parse::<ReadyDelay>().unwrap_err();
            assert!(problem.message.contains(why), "{text}: {}", problem.message);
        }
        for text in ["0", "30@9,never", "0.5,1@2"] {
            assert_eq!(text.parse::<ReadyDelay>().unwrap().to_string(), text);
        }
        assert_eq!(ReadyDelay::default().to_string(), "0");
        assert!("0".parse::<ReadyDelay>().unwrap().is_none());
        assert!("0,0@7".parse::<ReadyDelay>().unwrap().is_none());
        assert!(!"0,1".parse::<ReadyDelay>().unwrap().is_none());
    }
}
