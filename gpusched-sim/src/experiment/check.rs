//! What may not stand in an experiment, though each value by itself may.

use super::read::{Places, file};
use super::{Experiment, Keys, Order, SCHEMA};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::scenario::Origins;
use crate::sweep::columns;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Keys of a scenario that are no axes, and what to do instead.
pub(super) const NO_AXES: [(&str, &str); 4] = [
    (
        "seed",
        "say `seeds: 10`, or `seeds: [42, 43]`: every combination is run with each",
    ),
    ("out", "`gpusched sweep … --out DIR` says where results go"),
    ("format", "results of a sweep are CSV and Parquet"),
    (
        "warm-up",
        "say `warm-up` beside `base`: columns `steady_…` then tell of the jobs that come later",
    ),
];

/// The version, before anything else: keys of another version mean nothing to this one.
pub(super) fn version(name: &str, text: &str) -> Result<()> {
    #[derive(Default, Deserialize)]
    struct Version {
        schema: Option<u64>,
    }
    let version: Version = serde_saphyr::from_str(text).unwrap_or_default();
    match version.schema {
        None | Some(SCHEMA) => Ok(()),
        Some(other) => {
            let problem = Diagnostic::new(format!(
                "this is an experiment of version {other}, and this gpusched reads version {SCHEMA}"
            ));
            let help = format!("write `schema: {SCHEMA}` and see `gpusched schema experiment`");
            Err(file(name, text).blame("schema", problem.help(help)))
        }
    }
}

/// Axes that can be multiplied.
pub(super) fn axes(keys: &Keys, places: &Places, name: &str, text: &str) -> Result<()> {
    let blame = |word: &str, problem| file(name, text).blame(word, problem);
    let base = serde_json::to_value(&keys.base).unwrap_or_default();
    for (key, length) in keys.axes.lengths() {
        if let Some((_, help)) = NO_AXES.iter().find(|(no, _)| *no == key) {
            let problem = Diagnostic::new(format!("`{key}` is no axis"));
            return Err(blame(&format!("{key}:"), problem.help(*help)));
        }
        if length == 0 {
            let problem = Diagnostic::new(format!(
                "the axis `{key}` has no values, so there is nothing to run"
            ));
            return Err(blame(key, problem.help("give it values, or leave it out")));
        }
        if base.get(key).is_some() {
            let problem = Diagnostic::new(format!("`{key}` is an axis and stands in `base` too"));
            let help = "leave one of them out: the axis says all its values";
            return Err(blame(&format!("{key}:"), problem.help(help)));
        }
        let labels = super::cells::labels(keys, key, length);
        for (index, label) in labels.iter().enumerate() {
            if labels[..index].contains(label) {
                let places = places
                    .value(key, index)
                    .map(|place| (key.to_owned(), place));
                let problem = Diagnostic::new(format!("`{label}` is there twice"));
                let origins = Origins::within(name, text, places);
                return Err(origins.blame(key, problem.help("leave one of them out")));
            }
        }
    }
    for (key, help) in &NO_AXES[1..] {
        if base.get(*key).is_some() {
            let problem =
                Diagnostic::new(format!("`{key}` has no place in the base of an experiment"));
            return Err(blame(&format!("{key}:"), problem.help(*help)));
        }
    }
    if keys.horizon.is_some() && keys.base.horizon.is_some() {
        let problem = Diagnostic::new("`horizon` is there twice: in `base` and beside it");
        return Err(blame("horizon:", problem.help("leave one of them out")));
    }
    if keys.seeds.is_some() && keys.base.seed.is_some() {
        let problem = Diagnostic::new("`seed` of `base` means nothing beside `seeds`");
        return Err(blame("seed:", problem.help("leave one of them out")));
    }
    Ok(())
}

/// Everything that needs the product.
pub(super) fn all(experiment: &Experiment) -> Result<()> {
    combinations(experiment)?;
    seeds(experiment)?;
    arrivals(experiment)?;
    metrics(experiment)?;
    kueue(experiment)
}

fn combinations(experiment: &Experiment) -> Result<()> {
    for (word, values) in experiment
        .keys
        .exclude
        .iter()
        .map(|values| ("exclude", values))
        .chain(
            experiment
                .keys
                .baseline
                .iter()
                .map(|values| ("baseline", values)),
        )
    {
        known_values(experiment, word, values)?;
    }
    if experiment.cells.is_empty() {
        let problem = Diagnostic::new("`exclude` leaves nothing to run");
        return Err(experiment.blame("exclude", problem.help("exclude fewer combinations")));
    }
    Ok(())
}

/// Axes and values of them that exist.
fn known_values(
    experiment: &Experiment,
    word: &str,
    values: &BTreeMap<String, String>,
) -> Result<()> {
    let axes = experiment.keys.axes.lengths();
    for (key, value) in values {
        let Some(&(_, length)) = axes.iter().find(|(axis, _)| axis == key) else {
            let problem = Diagnostic::new(format!("`{word}` names `{key}`, which is no axis here"));
            let names: Vec<&str> = axes.iter().map(|(name, _)| *name).collect();
            return Err(experiment.blame(word, problem.help(suggest(key, &names, "axes"))));
        };
        let labels = super::cells::labels(&experiment.keys, key, length);
        if !labels.contains(value) {
            let problem = Diagnostic::new(format!(
                "`{word}` names `{value}`, which is no value of the axis `{key}`"
            ));
            let names: Vec<&str> = labels.iter().map(String::as_str).collect();
            return Err(experiment.blame(word, problem.help(suggest(value, &names, "values"))));
        }
    }
    Ok(())
}

fn suggest(word: &str, names: &[&str], what: &str) -> String {
    match did_you_mean(word, names.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if names.is_empty() => format!("there are no {what}"),
        None => format!("the {what} are: {}", names.join(", ")),
    }
}

fn seeds(experiment: &Experiment) -> Result<()> {
    let seeds = &experiment.seeds;
    if seeds.is_empty() {
        let problem = Diagnostic::new("there are no seeds, so there is nothing to run");
        let help = "say how many, such as `seeds: 10`, or leave `seeds` out for one run each";
        return Err(experiment.blame("seeds", problem.help(help)));
    }
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let problem = Diagnostic::new(format!("the seed {} is there twice", pair[0]));
        return Err(experiment.blame("seeds", problem.help("leave one of them out")));
    }
    if seeds.len() > 1 && experiment.randomness().is_empty() {
        let problem = Diagnostic::new(format!(
            "{} seeds, but nothing is random here: every seed would give the same runs",
            seeds.len()
        ));
        let help = "add `arrivals: { order: shuffle }`, `machine-order: shuffle`, faults, or `{seed}` in the path of a \
                    generated trace; or leave `seeds` out";
        return Err(experiment.blame("seeds", problem.help(help)));
    }
    Ok(())
}

fn arrivals(experiment: &Experiment) -> Result<()> {
    let keys = &experiment.keys;
    let (jobs, machines) = (keys.arrivals.order, keys.machine_order);
    if machines == Order::FgdSimulator && jobs != Order::FgdSimulator {
        let problem = Diagnostic::new(
            "the simulator of FGD draws the machines after the jobs, which are not drawn by it here",
        );
        let help = "add `arrivals: { order: fgd-simulator, fill: 1.3 }`";
        return Err(experiment.blame("machine-order", problem.help(help)));
    }
    if jobs == Order::FgdSimulator && keys.arrivals.fill.is_none() {
        let problem = Diagnostic::new("the simulator of FGD draws jobs to fill a cluster");
        let help = "add how many times its GPUs are asked for, such as `fill: 1.3`";
        return Err(experiment.blame("arrivals", problem.help(help)));
    }
    let Some(fill) = keys.arrivals.fill else {
        return Ok(());
    };
    if !(fill > 0.0 && fill <= 100.0) {
        let problem = Diagnostic::new(format!("a cluster cannot be filled to {fill}"));
        let help = "give how many times its GPUs are asked for, such as `fill: 1.3`";
        return Err(experiment.blame("fill", problem.help(help)));
    }
    if jobs == Order::Recorded {
        let problem = Diagnostic::new("`fill` draws jobs at random, so their order is random too");
        return Err(experiment.blame("fill", problem.help("add `order: shuffle`")));
    }
    if keys.warm_up.is_some() {
        let problem =
            Diagnostic::new("nothing leaves while a cluster is filled: there is no warm-up");
        return Err(experiment.blame("warm-up", problem.help("leave it out")));
    }
    Ok(())
}

fn metrics(experiment: &Experiment) -> Result<()> {
    let Some(names) = &experiment.keys.metrics else {
        return Ok(());
    };
    if names.is_empty() {
        let problem = Diagnostic::new("`metrics` is empty, so nothing would be known at the end");
        let help = "name some, or leave `metrics` out for all";
        return Err(experiment.blame("metrics", problem.help(help)));
    }
    let known = columns::possible(experiment);
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            let problem = Diagnostic::new(format!("the metric `{name}` is there twice"));
            return Err(experiment.blame(name, problem.help("leave one of them out")));
        }
        if !known.contains(name) {
            let problem = Diagnostic::new(format!("there is no metric `{name}` here"));
            let help = match did_you_mean(name, known.iter().map(String::as_str)) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "`gpusched sweep --list-metrics` names them".to_owned(),
            };
            return Err(experiment.blame(name, problem.help(help)));
        }
    }
    Ok(())
}

/// Kueue's replays have other results.
fn kueue(experiment: &Experiment) -> Result<()> {
    let mut cells = experiment.cells.iter();
    let Some(cell) = cells.find(|cell| cell.scenario.queueing.as_deref() == Some("kueue")) else {
        return Ok(());
    };
    let problem = Diagnostic::new("`queueing: kueue` cannot be swept: its runs have other results");
    let help = "use `gpusched run --queueing kueue --out DIR` once for each";
    Err(experiment
        .origins(cell)
        .blame("queueing", problem.help(help)))
}
