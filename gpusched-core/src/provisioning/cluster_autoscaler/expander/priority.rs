//! `priority`: groups whose ids match the patterns of highest priority.

use super::{Expansion, Filtered};
use regex::Regex;
use std::collections::BTreeMap;

/// Patterns by priority: the ConfigMap `cluster-autoscaler-priority-expander`.
#[derive(Clone, Debug, Default)]
pub struct Priorities(BTreeMap<i64, Vec<Regex>>);

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no regular expression: {reason}")]
pub struct PrioritiesError {
    /// What was to be a pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl PartialEq for Priorities {
    fn eq(&self, other: &Priorities) -> bool {
        let plain = |all: &Priorities| -> Vec<(i64, Vec<String>)> {
            let words = |list: &[Regex]| list.iter().map(Regex::to_string).collect();
            let all = all.0.iter();
            all.map(|(priority, list)| (*priority, words(list)))
                .collect()
        };
        plain(self) == plain(other)
    }
}

impl Priorities {
    /// Adds a pattern. It matches anywhere in an id, unless it says otherwise.
    ///
    /// # Errors
    /// When it is no regular expression.
    pub fn add(&mut self, priority: i64, pattern: &str) -> Result<(), PrioritiesError> {
        let regex = Regex::new(pattern).map_err(|error| PrioritiesError {
            pattern: pattern.to_owned(),
            reason: error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
        })?;
        self.0.entry(priority).or_default().push(regex);
        Ok(())
    }

    /// The highest priority with a pattern that matches; those below −1 are as good as none.
    fn of(&self, id: &str) -> Option<i64> {
        let mut falling = self.0.iter().rev();
        let matching = falling.find(|(_, list)| list.iter().any(|one| one.is_match(id)));
        matching
            .map(|(priority, _)| *priority)
            .filter(|priority| *priority >= -1)
    }
}

/// Options whose priority is highest. Groups that nothing matches cannot be used, unless nothing
/// matches any.
pub(super) fn filter(
    options: &[Expansion<'_>],
    left: &[usize],
    priorities: &Priorities,
) -> Filtered {
    let of = |at: &usize| (*at, priorities.of(options[*at].group));
    let found: Vec<(usize, Option<i64>)> = left.iter().map(of).collect();
    let best = found.iter().filter_map(|(_, priority)| *priority).max();
    let best_ones = found.iter().filter(|(_, priority)| *priority == best);
    let kept = best_ones.map(|(at, _)| *at).collect();
    let scores = found
        .iter()
        .map(|(at, priority)| (*at, priority.map(|one| one as f64)));
    (scores.collect(), kept)
}
