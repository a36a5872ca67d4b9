//! What a directory of results was made from.

use super::runs::{Run, Sweep};
use crate::diagnostic::{Diagnostic, Result};
use crate::experiment::SCHEMA;
use crate::metrics::InputDigest;
use crate::trace::input::fnv1a_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A part of a sweep: the `number`-th of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Which part.
    pub number: usize,
    /// How many parts there are.
    pub of: usize,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// The runs of this part, of so many: neighbours stay together, because they share their trace,
    /// and the parts differ by one run at most.
    ///
    /// ```
    /// use gpusched_sim::sweep::Shard;
    /// let part = |text: &str| text.parse::<Shard>().unwrap().part(10);
    /// assert_eq!([part("1/3"), part("2/3"), part("3/3")], [0..3, 3..6, 6..10]);
    /// ```
    pub fn part(self, runs: usize) -> std::ops::Range<usize> {
        let cut = |number: usize| (number as u128 * runs as u128 / self.of as u128) as usize;
        cut(self.number - 1)..cut(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            Some((0, _)) => Err("shards are counted from 1: `1/8` is the first of eight".into()),
            Some((number, of)) => Err(format!("there is no shard {number} of {of}")),
            None => Err("write `1/8` for the first of eight shards".into()),
        }
    }
}

impl Serialize for Shard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Shard, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A run, as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEntry {
    /// Its digest, which names its directory.
    pub run: String,
    /// Its value on each axis.
    pub axes: BTreeMap<String, String>,
    /// Its seed.
    pub seed: u64,
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of experiment files and results.
    pub schema: u64,
    /// Version of the program.
    pub gpusched: String,
    /// What the experiment is called.
    pub name: String,
    /// Digest of the experiment file.
    pub experiment: String,
    /// The part of the runs that is here.
    pub shard: Shard,
    /// What differs from seed to seed; empty where nothing does, and then there is no error to
    /// estimate.
    pub randomness: Vec<String>,
    /// What the baseline of comparisons has in common.
    pub baseline: BTreeMap<String, String>,
    /// The columns of the results after axes and seed.
    pub metrics: Vec<String>,
    /// Every file that was read, with its digest.
    pub inputs: Vec<InputDigest>,
    /// All runs of the experiment, in order, also those of other shards.
    pub runs: Vec<RunEntry>,
}

impl Manifest {
    /// The manifest of a part of a sweep.
    pub fn of(sweep: &Sweep, shard: Shard) -> Manifest {
        let experiment = &sweep.experiment;
        let entry = |run: &Run| {
            let labels = sweep.cell(run).labels.iter();
            RunEntry {
                run: run.digest.clone(),
                axes: labels
                    .map(|(key, value)| ((*key).to_owned(), value.clone()))
                    .collect(),
                seed: run.seed,
            }
        };
        let metrics = sweep
            .columns
            .iter()
            .skip(experiment.keys.axes.lengths().len() + 1);
        Manifest {
            schema: SCHEMA,
            gpusched: env!("CARGO_PKG_VERSION").into(),
            name: experiment.name(),
            experiment: format!("fnv1a:{:016x}", fnv1a_of(experiment.text.as_bytes())),
            shard,
            randomness: experiment
                .randomness()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            baseline: experiment.keys.baseline.clone().unwrap_or_default(),
            metrics: metrics.map(|column| column.name.clone()).collect(),
            inputs: sweep.inputs.clone(),
            runs: sweep.runs.iter().map(entry).collect(),
        }
    }

    /// Reads the manifest of a directory of results; `None` where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be understood.
    pub fn read(directory: &Path) -> Result<Option<Manifest>> {
        let path = directory.join(FILE);
        let wrong = |message: String| {
            Diagnostic::new(message)
                .in_file(path.display().to_string())
                .help("was the directory written by another version? name a new one")
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(format!("cannot read the manifest: {error}"))),
        };
        #[derive(Deserialize)]
        struct Version {
            schema: u64,
        }
        // The version first: a manifest of another one may have other keys.
        match serde_json::from_str::<Version>(&text) {
            Ok(Version { schema }) if schema != SCHEMA => {
                return Err(wrong(format!(
                    "these are results of version {schema}, and this gpusched reads version {SCHEMA}"
                )));
            }
            _ => {}
        }
        let read = serde_json::from_str(&text);
        read.map(Some)
            .map_err(|error| wrong(format!("this is no manifest of a sweep: {error}")))
    }

    /// What is written, with a final newline.
    pub(super) fn text(&self) -> String {
        format!("{:#}\n", serde_json::json!(self))
    }

    /// The first thing, of everything but the shard, in which it differs from another: in words.
    pub fn difference(&self, other: &Manifest) -> Option<String> {
        let differs = |what: &str, mine: &str, theirs: &str| {
            (mine != theirs).then(|| format!("{what}: {mine} here, {theirs} there"))
        };
        differs("version of gpusched", &self.gpusched, &other.gpusched)
            .or_else(|| self.input_difference(other))
            .or_else(|| {
                differs(
                    "digest of the experiment file",
                    &self.experiment,
                    &other.experiment,
                )
            })
            .or_else(|| {
                let same = Manifest {
                    shard: other.shard,
                    ..self.clone()
                };
                (same != *other).then(|| "the runs, though the experiment is the same".to_owned())
            })
    }

    fn input_difference(&self, other: &Manifest) -> Option<String> {
        let twin = |input: &InputDigest| {
            let mut theirs = other.inputs.iter();
            theirs.find(|theirs| theirs.role == input.role && theirs.name == input.name)
        };
        self.inputs.iter().find_map(|input| {
            let theirs = twin(input).filter(|theirs| *theirs != input)?;
            Some(format!(
                "digest of {} ({}): {} here, {} there",
                input.name, input.role, input.digest, theirs.digest
            ))
        })
    }
}

/// The name of the file.
pub(super) const FILE: &str = "manifest.json";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shards_that_cannot_be_are_refused() {
        for text in ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/5"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!(
            "2/3".parse::<Shard>().map(|shard| shard.to_string()),
            Ok("2/3".into())
        );
    }

    proptest! {
        #[test]
        fn shards_cover_every_run_once(runs in 0usize..200, of in 1usize..50) {
            let mut next = 0;
            for number in 1..=of {
                let part = Shard { number, of }.part(runs);
                prop_assert_eq!(part.start, next);
                prop_assert!(part.len() <= runs / of + 1);
                next = part.end;
            }
            prop_assert_eq!(next, runs);
        }
    }
}
