//! Several directories of one experiment, made into the one a single sweep would have written.

use super::files::{begin, directory, finish, is_ours};
use super::manifest::{Manifest, Shard};
use super::store::{Store, names};
use super::{Column, Trouble, read_rows};
use crate::diagnostic::{Diagnostic, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Merges directories of results of the same experiment and the same inputs into `out`, and says
/// how many runs that makes. Like a sweep it may be killed and begun again.
///
/// # Errors
/// [`Trouble`]: a directory is none of results, they were made from different things, a run is
/// missing or differs, or `out` cannot be written.
pub fn merge(from: &[PathBuf], out: &Path) -> Result<usize, Trouble> {
    let manifests = from
        .iter()
        .map(|place| manifest(place))
        .collect::<Result<Vec<_>>>()?;
    let Some((first, rest)) = manifests.split_first() else {
        let problem = Diagnostic::new("there is nothing to merge");
        return Err(problem.help("name the directories of the shards").into());
    };
    for (other, place) in rest.iter().zip(&from[1..]) {
        if let Some(difference) = first.difference(other) {
            let message = format!("these are shards of different things: {difference}");
            let help = format!(
                "here is {}, there is {}; make one of them again, from the same inputs",
                from[0].display(),
                place.display()
            );
            let problem = Diagnostic::new(message).in_file(place.display().to_string());
            return Err(problem.help(help).into());
        }
    }
    let places = places(first, from)?;
    let whole = Manifest {
        shard: Shard::WHOLE,
        ..first.clone()
    };
    let experiment = read(&from[0].join("experiment.yaml"))?;
    let store = Store::open(out, is_ours)?;
    begin(&store, out, &whole, &experiment)?;
    let mut columns: Option<Vec<Column>> = None;
    for entry in &whole.runs {
        let name = directory(&entry.run);
        let source = &places[entry.run.as_str()][0];
        if !store.has(&name) {
            store.directory(&name, |draft| {
                for file in names(source)? {
                    let bytes = fs::read(source.join(&file))?;
                    draft.file(&file, |to| to.write_all(&bytes))?;
                }
                Ok(())
            })?;
        }
        if columns.is_none() {
            let path = source.join("summary.csv");
            let (names, _) = read_rows(&path).map_err(|error| unreadable(&path, &error))?;
            columns = Some(Column::named(&names, entry.axes.len()));
        }
    }
    let digests = whole.runs.iter().map(|entry| entry.run.as_str());
    finish(&store, &whole, digests, &columns.unwrap_or_default())?;
    Ok(whole.runs.len())
}

fn manifest(place: &Path) -> Result<Manifest> {
    Manifest::read(place)?.ok_or_else(|| {
        Diagnostic::new("there are no results of a sweep here: there is no manifest.json")
            .in_file(place.display().to_string())
            .help("name directories that `gpusched sweep --out` wrote")
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    Diagnostic::new(format!("the results of a run cannot be read: {error}"))
        .in_file(path.display().to_string())
        .help("make the shard it stands in again")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

/// Where each run stands. All runs of the experiment have to be somewhere; one that stands in
/// several places has to be the same in all.
fn places<'m>(manifest: &'m Manifest, from: &[PathBuf]) -> Result<BTreeMap<&'m str, Vec<PathBuf>>> {
    let mut places = BTreeMap::new();
    for (number, entry) in manifest.runs.iter().enumerate() {
        let all = from.iter().map(|place| place.join(directory(&entry.run)));
        let found: Vec<PathBuf> = all.filter(|place| place.is_dir()).collect();
        let Some((one, others)) = found.split_first() else {
            return Err(missing(manifest, number, from)?);
        };
        let mine = contents(one)?;
        for other in others {
            if contents(other)? != mine {
                let message = format!(
                    "run {} is not the same in {} and {}",
                    entry.run,
                    one.display(),
                    other.display()
                );
                let problem = Diagnostic::new(message);
                return Err(problem.help("was a file changed? make one of the shards again"));
            }
        }
        places.insert(entry.run.as_str(), found);
    }
    Ok(places)
}

/// What to say of a run that is nowhere.
fn missing(manifest: &Manifest, number: usize, from: &[PathBuf]) -> Result<Box<Diagnostic>> {
    let entry = &manifest.runs[number];
    let axes: Vec<String> = entry
        .axes
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut what = format!("run {} ({} seed={})", entry.run, axes.join(" "), entry.seed);
    for place in from {
        let shard = self::manifest(place)?.shard;
        if shard.part(manifest.runs.len()).contains(&number) {
            what = format!("{what} of shard {shard} in {}", place.display());
            let problem = Diagnostic::new(format!("{what} is not finished"));
            return Ok(
                problem.help("give the command of that shard again: it goes on where it was")
            );
        }
    }
    let problem = Diagnostic::new(format!("{what} is in none of these directories"));
    Ok(problem.help("name the directories of all shards"))
}

fn contents(place: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let unreadable = |error: io::Error| unreadable(place, &error);
    let names = names(place).map_err(unreadable)?.into_iter();
    let files = names.map(|name| {
        let bytes = fs::read(place.join(&name)).map_err(unreadable)?;
        Ok((name, bytes))
    });
    files.collect()
}
