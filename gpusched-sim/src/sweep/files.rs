//! What stands in a directory of results.
//!
//! ```text
//! experiment.yaml            the experiment file
//! manifest.json              digests of every input, all runs, the shard
//! summary.csv                one row per run that is here, in the order of the runs
//! summary.parquet            the same
//! contrasts.csv              how sure differences from the baseline are, where all runs are here
//!                            and something differs from seed to seed
//! run=DIGEST/summary.json    as `gpusched run --out` writes it
//!            summary.csv     its row
//!            summary.parquet the same: the directory is a Hive-partitioned data set
//!            scenario.yaml   where `gpusched run` can repeat it
//!            jobs.csv, …     with `keep: all`, the rest of what `gpusched run --out` writes
//! ```

use super::contrasts::{self, sweep_contrasts};
use super::manifest::{self, Manifest, Shard};
use super::runs::{Made, Run, Sweep, for_each};
use super::store::{Draft, Store};
use super::{Column, Trouble};
use crate::diagnostic::{Diagnostic, Result};
use crate::experiment::{Keep, Order};
use crate::report;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const EXPERIMENT: &str = "experiment.yaml";
pub(super) const SUMMARY: &str = "summary.csv";
const CONTRASTS: &str = "contrasts.csv";
pub(super) const PARQUET: &str = "summary.parquet";

/// The names of results.
pub(super) fn is_ours(name: &str) -> bool {
    let files = [manifest::FILE, EXPERIMENT, SUMMARY, PARQUET, CONTRASTS];
    files.contains(&name) || name.starts_with("run=")
}

/// The directory of a run.
pub(super) fn directory(digest: &str) -> String {
    format!("run={digest}")
}

/// Makes the runs of a part of a sweep that are not in the directory yet; `done` is told of each
/// run that is there. Ends early, with `false`, when `stop` is set.
///
/// # Errors
/// [`Trouble`]: the directory cannot be used, holds other results, or a run cannot be made or
/// written. What was finished before stays.
pub fn sweep(
    sweep: &Sweep,
    shard: Shard,
    threads: usize,
    out: &Path,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn() + Sync),
) -> Result<bool, Trouble> {
    let store = Store::open(out, is_ours)?;
    let manifest = Manifest::of(sweep, shard);
    begin(&store, out, &manifest, &sweep.experiment.text)?;
    let part: Vec<&Run> = sweep.runs[shard.part(sweep.runs.len())].iter().collect();
    let finished = |run: &Run| row(&store, &run.digest, &sweep.columns).is_ok();
    for_each(&part, threads, stop, |run| {
        if !finished(run) {
            let Some(made) = sweep.make(run, stop)? else {
                return Ok(());
            };
            store.directory(&directory(&run.digest), |draft| {
                write_run(draft, sweep, run, &made)
            })?;
        }
        done();
        Ok(())
    })?;
    if stop.load(Ordering::Relaxed) && !part.iter().all(|run| finished(run)) {
        return Ok(false);
    }
    finish(
        &store,
        &manifest,
        part.iter().map(|run| run.digest.as_str()),
        &sweep.columns,
    )?;
    Ok(true)
}

/// Puts down what the results are made from, or makes sure that it is what is put down there.
pub(super) fn begin(
    store: &Store,
    out: &Path,
    manifest: &Manifest,
    experiment: &str,
) -> Result<(), Trouble> {
    let Some(there) = Manifest::read(out)? else {
        store.file(EXPERIMENT, |to| to.write_all(experiment.as_bytes()))?;
        return store.file(manifest::FILE, |to| {
            to.write_all(manifest.text().as_bytes())
        });
    };
    let refuse = |message: String| {
        let problem = Diagnostic::new(message).in_file(out.display().to_string());
        Err(problem
            .help("name a new directory, or remove this one")
            .into())
    };
    if let Some(difference) = manifest.difference(&there) {
        return refuse(format!(
            "`--out` holds results of something else: {difference}"
        ));
    }
    if manifest.shard != there.shard {
        return refuse(format!(
            "`--out` holds shard {}, and this is shard {}",
            there.shard, manifest.shard
        ));
    }
    Ok(())
}

/// Writes the tables over all runs, and what may be said of differences where all runs are here.
pub(super) fn finish<'d>(
    store: &Store,
    manifest: &Manifest,
    digests: impl Iterator<Item = &'d str>,
    columns: &[Column],
) -> Result<(), Trouble> {
    let mut rows = Vec::new();
    for digest in digests {
        let mut row = row(store, digest, columns)?;
        row.insert(0, digest.to_owned());
        rows.push(row);
    }
    if rows.len() == manifest.runs.len() {
        let bare: Vec<Vec<String>> = rows.iter().map(|row| row[1..].to_vec()).collect();
        let found = sweep_contrasts(manifest, columns, &bare);
        if !found.is_empty() {
            store.file(CONTRASTS, |to| contrasts::write(to, columns, &found))?;
        }
    }
    let mut named = vec![Column::run()];
    named.extend_from_slice(columns);
    store.file(SUMMARY, |to| write_csv(to, &named, &rows))?;
    #[cfg(feature = "parquet")]
    store.file(PARQUET, |to| super::parquet::write(to, &named, &rows))?;
    Ok(())
}

fn write_csv(out: &mut dyn Write, columns: &[Column], rows: &[Vec<String>]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(columns.iter().map(|column| &column.name))?;
    rows.iter().try_for_each(|row| table.write_record(row))?;
    table.flush()
}

/// The row of a run that is finished.
pub(super) fn row(store: &Store, digest: &str, columns: &[Column]) -> Result<Vec<String>> {
    let path = store.path(&directory(digest)).join(SUMMARY);
    let unreadable = |why: String| {
        Diagnostic::new(format!("the results of a run cannot be read: {why}"))
            .in_file(path.display().to_string())
            .help("remove the directory it stands in, and give the command of the sweep again")
    };
    let (names, mut rows) = read_rows(&path).map_err(|error| unreadable(error.to_string()))?;
    let wanted = columns.iter().map(|column| &column.name);
    match (names.iter().eq(wanted), rows.pop()) {
        (true, Some(row)) if rows.is_empty() => Ok(row),
        _ => Err(unreadable(
            "it has other columns, or not one row".to_owned(),
        )),
    }
}

/// A table: the names of its columns, and its rows.
///
/// # Errors
/// When the file cannot be read, or rows differ in length.
pub fn read_rows(path: &Path) -> io::Result<(Vec<String>, Vec<Vec<String>>)> {
    let mut table = csv::Reader::from_path(path)?;
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let names = texts(table.headers()?);
    let rows = table.records().map(|record| Ok(texts(&record?)));
    Ok((names, rows.collect::<io::Result<_>>()?))
}

fn write_run(draft: &mut Draft, sweep: &Sweep, run: &Run, made: &Made<'_>) -> io::Result<()> {
    let rows = std::slice::from_ref(&made.row);
    let result = &made.result;
    draft.file(SUMMARY, |to| write_csv(to, &sweep.columns, rows))?;
    #[cfg(feature = "parquet")]
    draft.file(PARQUET, |to| {
        super::parquet::write(to, &sweep.columns, rows)
    })?;
    draft.file("summary.json", |to| {
        report::write_summary_json(to, &result.summary)
    })?;
    let keys = &sweep.experiment.keys;
    if keys.arrivals.as_recorded() && keys.machine_order == Order::Recorded {
        let scenario = sweep.scenario(run)?;
        draft.file("scenario.yaml", |to| to.write_all(scenario.as_bytes()))?;
    }
    match keys.keep {
        Keep::Summary => Ok(()),
        Keep::All => write_all(draft, sweep, run, made),
    }
}

/// What `gpusched run --out` writes beside the summary.
fn write_all(draft: &mut Draft, sweep: &Sweep, run: &Run, made: &Made<'_>) -> io::Result<()> {
    let result = &made.result;
    let plan = &sweep.ready(run).plan;
    let shared = plan
        .sharing
        .interpret(&made.work, &made.inventory, plan.risks.overcommit);
    let (work, inventory) = shared.map_err(|problem| io::Error::other(problem.message.clone()))?;
    draft.file("jobs.csv", |to| {
        report::write_jobs_csv(to, &work, result, &inventory)
    })?;
    let topology = result.summary.topology.as_ref();
    draft.file("series.csv", |to| {
        report::write_series_csv(to, &result.series, topology)
    })?;
    draft.file("waits.csv", |to| {
        report::write_waits_csv(to, &work, &result.waits)
    })?;
    if !result.places.is_empty() {
        draft.file("places.csv", |to| {
            report::write_places_csv(to, &work, &result.places)
        })?;
    }
    match &result.mig_peak {
        None => Ok(()),
        Some(peak) => draft.file("mig_holes.csv", |to| {
            report::write_mig_holes_csv(to, peak, &inventory)
        }),
    }
}
