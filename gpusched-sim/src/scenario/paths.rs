//! Paths inside scenarios: relative ones count from the directory of the file.

use super::Scenario;
use crate::builtin;
use crate::topology;
use crate::trace::{detect, inline};
use std::path::{Component, Path, PathBuf};

/// Makes the relative paths of `scenario`, which count from `directory`, count from the working
/// directory.
pub(super) fn rebase(scenario: &mut Scenario, directory: &Path) {
    map(scenario, |path| directory.join(path));
    if let Some(out) = &mut scenario.out {
        *out = directory.join(&out);
    }
}

/// The files, and folders of files, that say how something is done, by key: not the trace, the
/// cluster and its wiring.
pub(super) fn side_files(scenario: &Scenario) -> Vec<(&'static str, PathBuf)> {
    let mut files = Vec::new();
    let mut push = |key, path: Option<&Path>| files.extend(path.map(|path| (key, path.into())));
    push("throughputs", scenario.throughputs.as_deref());
    push("profile", scenario.profile.as_deref());
    push("scheduler-config", scenario.scheduler_config.as_deref());
    let profile = scenario.job_profile.as_deref();
    push(
        "job-profile",
        profile.filter(|name| name.ends_with(".csv")).map(Path::new),
    );
    let sharing = scenario.sharing.as_deref().and_then(sharing_file);
    push("sharing", sharing.map(|(_, path, _)| Path::new(path)));
    push("cloud", scenario.cloud.as_deref());
    push("node-pools", scenario.node_pools.as_deref());
    push("node-groups", scenario.node_groups.as_deref());
    files
}

/// Makes the relative paths of `scenario`, which count from the working directory, count from
/// `directory`, so that a copy of the scenario put there means the same.
pub(super) fn relative_to(scenario: &mut Scenario, directory: &Path) {
    map(scenario, |path| between(directory, path));
}

fn map(scenario: &mut Scenario, change: impl Fn(&Path) -> PathBuf) {
    if let Some(trace) = &mut scenario.trace {
        *trace = map_spec(trace, &change);
    }
    if let Some(cluster) = &mut scenario.cluster
        && (!inline::looks_inline(cluster) || Path::new(cluster.as_str()).exists())
    {
        *cluster = map_spec(cluster, &change);
    }
    let files = [
        &mut scenario.throughputs,
        &mut scenario.profile,
        &mut scenario.scheduler_config,
        &mut scenario.virtual_clusters,
        &mut scenario.manifests,
        &mut scenario.queue_map,
        &mut scenario.cloud,
        &mut scenario.node_pools,
        &mut scenario.node_groups,
    ];
    for file in files {
        if let Some(file) = file
            && file.is_relative()
        {
            *file = change(file);
        }
    }
    if let Some(profile) = &mut scenario.job_profile
        && profile.ends_with(".csv")
        && Path::new(profile.as_str()).is_relative()
    {
        *profile = change(Path::new(profile.as_str())).display().to_string();
    }
    if let Some(topology) = &mut scenario.topology {
        *topology = map_topology(topology, &change);
    }
    if let Some(sharing) = &mut scenario.sharing {
        *sharing = map_sharing(sharing, &change);
    }
}

/// Changes the path inside `FORMAT:PATH`. What is no path stays as it is, to be complained about
/// where it is read.
fn map_spec(spec: &str, change: impl Fn(&Path) -> PathBuf) -> String {
    if builtin::is_builtin(spec) {
        return spec.to_owned();
    }
    let path = match detect::split_spec(spec) {
        Ok((_, path)) => path,
        Err(_) => return spec.to_owned(),
    };
    if path == "-" || Path::new(path).is_absolute() {
        return spec.to_owned();
    }
    let format = &spec[..spec.len() - path.len()];
    format!("{format}{}", change(Path::new(path)).display())
}

/// Mode, file and name inside it of `plugin:FILE[#NAME]` and `mig:FILE#NAME`.
fn sharing_file(sharing: &str) -> Option<(&str, &str, Option<&str>)> {
    let (mode, rest) = sharing.split_once(':')?;
    match (mode, rest.split_once('#')) {
        ("plugin" | "mig", Some((path, name))) => Some((mode, path, Some(name))),
        ("plugin", None) => Some((mode, rest, None)),
        _ => None,
    }
}

/// Changes the path inside `plugin:FILE` and `mig:FILE#NAME`.
fn map_sharing(sharing: &str, change: impl Fn(&Path) -> PathBuf) -> String {
    match sharing_file(sharing) {
        Some((mode, path, name)) if Path::new(path).is_relative() => {
            let name = name.map_or_else(String::new, |name| format!("#{name}"));
            format!("{mode}:{}{name}", change(Path::new(path)).display())
        }
        _ => sharing.to_owned(),
    }
}

/// Changes the path inside `FORM:FILE`; a preset has none.
fn map_topology(topology: &str, change: impl Fn(&Path) -> PathBuf) -> String {
    let Ok(source) = topology::Source::parse(topology) else {
        return topology.to_owned();
    };
    match source.file() {
        Some(file) if Path::new(file).is_relative() => {
            let form = &topology[..topology.len() - file.len()];
            format!("{form}{}", change(Path::new(file)).display())
        }
        _ => topology.to_owned(),
    }
}

/// The file of jobs behind a trace, for messages: a directory holds it as `jobs.csv`.
///
/// ```
/// use gpusched_sim::scenario::jobs_file;
/// assert_eq!(jobs_file("itp:data/a.csv"), "data/a.csv");
/// ```
pub fn jobs_file(spec: &str) -> String {
    let path = detect::split_spec(spec).map_or(spec, |(_, path)| path);
    if path == "-" {
        return "<stdin>".to_owned();
    }
    if !Path::new(path).is_dir() {
        return path.to_owned();
    }
    let file = Path::new(path).join("jobs.csv");
    let file = if file.exists() { file } else { path.into() };
    file.display().to_string()
}

/// The way from `directory` to `path`, both relative to the working directory.
fn between(directory: &Path, path: &Path) -> PathBuf {
    let (Some(from), Some(to)) = (real(directory), real(path)) else {
        return path.to_owned();
    };
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// The absolute path, with symbolic links followed as far as the path exists.
fn real(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let existing = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    });
    Some(tidy(&existing.unwrap_or(path)))
}

/// Without `a/..`, by the letters alone.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                tidy.pop();
            }
            Component::CurDir => {}
            part => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_file() {
        let mut scenario = Scenario {
            trace: Some("itp:data/a.csv".into()),
            cluster: Some("4x8:T4".into()),
            throughputs: Some("t.json".into()),
            ..Scenario::default()
        };
        rebase(&mut scenario, Path::new("sub"));
        assert_eq!(scenario.trace.as_deref(), Some("itp:sub/data/a.csv"));
        assert_eq!(scenario.cluster.as_deref(), Some("4x8:T4"));
        relative_to(&mut scenario, Path::new("out/one"));
        assert_eq!(scenario.trace.as_deref(), Some("itp:../../sub/data/a.csv"));
        assert_eq!(scenario.throughputs, Some("../../sub/t.json".into()));
    }

    #[test]
    fn what_is_no_path_stays() {
        for spec in ["builtin:sample", "v1:-", "-", "nosuchformat:x.csv"] {
            assert_eq!(map_spec(spec, |path| Path::new("sub").join(path)), spec);
        }
    }
}
