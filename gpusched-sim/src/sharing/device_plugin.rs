//! The configuration file of NVIDIA's Kubernetes device plugin: which resources are shared, and
//! how (NVIDIA/k8s-device-plugin 1b826ac, `version: v1`).
//!
//! A file stands alone, or in a ConfigMap under one of several names, as the GPU operator wants
//! it; `FILE#NAME` says which.

use super::{Replicas, Scope, SharingMode};
use crate::diagnostic::{Diagnostic, Result};
use crate::yaml;
use gpusched_core::gpu::mig::{MigStrategy, profile_of_resource};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

const SHAPE: &str = "a device plugin configuration has `version: v1` and a section `sharing` with \
                     `timeSlicing` or `mps`, each with `resources: [{name: nvidia.com/gpu, \
                     replicas: 4}]`";

/// Most clients MPS takes on one device (CUDA 13.1 and later; 48 before).
const MPS_CLIENTS: u32 = 60;

/// A configuration file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginConfig {
    file: String,
    text: String,
    /// How MIG instances are advertised.
    pub strategy: MigStrategy,
    /// How devices are shared; `None` = not at all.
    pub sharing: Option<Sharing>,
}

/// Which of the two sections a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `timeSlicing`.
    TimeSlicing,
    /// `mps`.
    Mps,
}

/// A sharing section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// Which section.
    pub kind: Kind,
    /// Whether shared resources are advertised with `.shared` behind their name.
    pub rename_by_default: bool,
    /// Whether a pod that asks for several is refused; always so under MPS.
    pub fail_more_than_one: bool,
    /// Shared resources: name, new name if it has one, replicas.
    pub resources: Vec<SharedResource>,
}

/// A shared resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedResource {
    /// `nvidia.com/gpu`, or one of a MIG profile.
    pub name: String,
    /// What it is advertised as.
    pub rename: Option<String>,
    /// How often each device is advertised.
    pub replicas: u32,
}

impl Sharing {
    /// The name a resource is advertised under, and how many times each device.
    ///
    /// ```
    /// use gpusched_sim::sharing::device_plugin::parse;
    /// let config = parse("c.yaml", "version: v1\nsharing:\n  timeSlicing:\n    renameByDefault: true\n    resources:\n    - name: nvidia.com/gpu\n      replicas: 4\n").unwrap();
    /// let sharing = config.sharing.unwrap();
    /// assert_eq!(sharing.advertised("nvidia.com/gpu"), ("nvidia.com/gpu.shared".to_owned(), 4));
    /// assert_eq!(sharing.advertised("nvidia.com/mig-1g.5gb").1, 1);
    /// ```
    pub fn advertised(&self, resource: &str) -> (String, u32) {
        let shared = self.resources.iter().find(|one| one.name == resource);
        match shared {
            None => (resource.to_owned(), 1),
            Some(one) => {
                let name = match (&one.rename, self.rename_by_default) {
                    (Some(rename), _) => rename.clone(),
                    (None, true) => format!("{resource}.shared"),
                    (None, false) => resource.to_owned(),
                };
                (name, one.replicas)
            }
        }
    }
}

impl PluginConfig {
    /// The way of sharing it means for a replay.
    ///
    /// # Errors
    /// What of it cannot be replayed, and what can.
    pub fn mode(&self) -> Result<SharingMode> {
        let Some(sharing) = &self.sharing else {
            return Ok(SharingMode::Exclusive);
        };
        let [one] = sharing.resources.as_slice() else {
            let named = sharing.resources.iter().map(|one| one.name.as_str());
            let problem = Diagnostic::new(format!(
                "{} shared resources cannot be replayed together ({})",
                sharing.resources.len(),
                named.collect::<Vec<_>>().join(", ")
            ));
            return Err(self.blame("resources", problem.help("leave one of them in")));
        };
        if let Some(profile) = profile_of_resource(&one.name) {
            let problem = Diagnostic::new(format!(
                "sharing instances of {profile} cannot be replayed"
            ))
            .help("replay the instances unshared (`--sharing mig:…`), or share nvidia.com/gpu");
            return Err(self.blame(&one.name, problem));
        }
        let scope = match sharing.fail_more_than_one {
            true => Scope::One,
            false => Scope::Any,
        };
        let replicas = Replicas {
            count: one.replicas,
            scope,
        };
        Ok(match sharing.kind {
            Kind::TimeSlicing => SharingMode::TimeSlice(replicas),
            Kind::Mps => SharingMode::Mps(replicas),
        })
    }

    fn blame(&self, word: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let file = yaml::File {
            name: &self.file,
            text: &self.text,
            shape: SHAPE,
        };
        file.blame(word, problem)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    version: String,
    #[serde(default)]
    flags: RawFlags,
    #[serde(default)]
    sharing: RawSharing,
    /// Renames resources by device pattern; nothing here depends on such names.
    #[serde(default, rename = "resources")]
    _resources: Option<IgnoredAny>,
    #[serde(default, rename = "imex")]
    _imex: Option<IgnoredAny>,
}

/// The one flag that matters; the others are about how the plugin talks to the kubelet.
#[derive(Default, Deserialize)]
struct RawFlags {
    #[serde(default, rename = "migStrategy")]
    mig_strategy: Option<MigStrategy>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawSharing {
    time_slicing: Option<RawSection>,
    mps: Option<RawSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawSection {
    #[serde(default)]
    rename_by_default: bool,
    fail_requests_greater_than_one: Option<bool>,
    #[serde(default)]
    resources: Vec<RawResource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResource {
    name: String,
    rename: Option<String>,
    devices: Option<serde_json::Value>,
    replicas: i64,
}

#[derive(Deserialize)]
struct RawConfigMap {
    kind: String,
    data: BTreeMap<String, String>,
}

/// Reads `FILE` or `FILE#NAME`.
///
/// # Errors
/// What is wrong with the file, located.
pub fn load(spec: &str) -> Result<PluginConfig> {
    let (path, name) = match spec.split_once('#') {
        Some((path, name)) => (path, Some(name)),
        None => (spec, None),
    };
    let text = yaml::read(path, "device plugin configuration")?;
    let Ok(map) = serde_saphyr::from_str::<RawConfigMap>(&text) else {
        return match name {
            None => parse(path, &text),
            Some(name) => Err(Diagnostic::new(format!(
                "there is no configuration `{name}`: the file is no ConfigMap"
            ))
            .in_file(path)
            .help(format!("write `plugin:{path}`"))),
        };
    };
    if map.kind != "ConfigMap" {
        let problem = Diagnostic::new(format!("a {} holds no configuration", map.kind));
        return Err(problem.in_file(path).help(SHAPE));
    }
    let names: Vec<&str> = map.data.keys().map(String::as_str).collect();
    let chosen = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => {
            return Err(
                Diagnostic::new("the ConfigMap holds several configurations")
                    .in_file(path)
                    .help(format!(
                        "say which, as in `plugin:{path}#{}`; there are {}",
                        names.first().unwrap_or(&"name"),
                        names.join(", ")
                    )),
            );
        }
    };
    match map.data.get(chosen) {
        Some(text) => parse(&format!("{path}#{chosen}"), text),
        None => Err(
            Diagnostic::new(format!("the ConfigMap holds no configuration `{chosen}`"))
                .in_file(path)
                .help(format!("there are {}", names.join(", "))),
        ),
    }
}

/// Reads the text of a configuration; `name` is what the file is called in messages.
///
/// # Errors
/// What is wrong with it, located.
pub fn parse(name: &str, text: &str) -> Result<PluginConfig> {
    let file = yaml::File {
        name,
        text,
        shape: SHAPE,
    };
    let raw: RawConfig = file.parse()?;
    if raw.version != "v1" {
        let problem = Diagnostic::new(format!("version `{}` is not known", raw.version));
        return Err(file.blame("version", problem.help("`v1` is the version there is")));
    }
    let (kind, word, section) = match (raw.sharing.time_slicing, raw.sharing.mps) {
        (Some(_), Some(_)) => {
            let problem = Diagnostic::new("a device cannot be shared by time-slicing and MPS both")
                .help("leave one of `timeSlicing` and `mps` out");
            return Err(file.blame("mps", problem));
        }
        (Some(section), None) => (Kind::TimeSlicing, "timeSlicing", section),
        (None, Some(section)) => (Kind::Mps, "mps", section),
        (None, None) => {
            return Ok(PluginConfig {
                file: name.to_owned(),
                text: text.to_owned(),
                strategy: raw.flags.mig_strategy.unwrap_or_default(),
                sharing: None,
            });
        }
    };
    if section.resources.is_empty() {
        let problem = Diagnostic::new(format!("`{word}` shares no resource")).help(SHAPE);
        return Err(file.blame(word, problem));
    }
    let mut resources: Vec<SharedResource> = Vec::new();
    for resource in section.resources {
        let resource = checked(&file, kind, resource)?;
        if resources.iter().any(|one| one.name == resource.name) {
            let problem = Diagnostic::new(format!("{} is shared twice", resource.name));
            let problem = problem.help("a resource is shared in one way: leave one entry out");
            return Err(file.blame(&resource.name, problem));
        }
        resources.push(resource);
    }
    Ok(PluginConfig {
        file: name.to_owned(),
        text: text.to_owned(),
        strategy: raw.flags.mig_strategy.unwrap_or_default(),
        sharing: Some(Sharing {
            kind,
            rename_by_default: section.rename_by_default,
            fail_more_than_one: match kind {
                Kind::Mps => true,
                Kind::TimeSlicing => section.fail_requests_greater_than_one.unwrap_or(false),
            },
            resources,
        }),
    })
}

fn checked(file: &yaml::File<'_>, kind: Kind, resource: RawResource) -> Result<SharedResource> {
    let RawResource {
        name,
        rename,
        devices,
        replicas,
    } = resource;
    let profile = profile_of_resource(&name);
    if name != "nvidia.com/gpu" && profile.is_none() {
        let problem = Diagnostic::new(format!("`{name}` is no resource of the plugin"));
        let help = "it advertises nvidia.com/gpu and, with MIG, nvidia.com/mig-<profile>";
        return Err(file.blame(&name, problem.help(help)));
    }
    if let (Kind::Mps, Some(profile)) = (kind, &profile) {
        let problem = Diagnostic::new(format!(
            "the device plugin does not run MPS on MIG instances ({profile})"
        ));
        let help = "share them by time-slicing, or share nvidia.com/gpu by MPS";
        return Err(file.blame(&name, problem.help(help)));
    }
    let most = match kind {
        Kind::TimeSlicing => 1000,
        Kind::Mps => MPS_CLIENTS,
    };
    let count = u32::try_from(replicas).ok();
    let Some(replicas) = count.filter(|count| (2..=most).contains(count)) else {
        let problem = Diagnostic::new(format!("{name} cannot have {replicas} replicas"));
        let help = match kind {
            Kind::TimeSlicing => format!("give 2 to {most}"),
            Kind::Mps => format!("give 2 to {most}, which is what a device takes of MPS clients"),
        };
        return Err(file.blame("replicas", problem.help(help)));
    };
    if devices.is_some_and(|devices| devices != "all") {
        let problem = Diagnostic::new("sharing some devices of a node cannot be replayed");
        let help = "leave `devices` out: all devices of every node are then shared";
        return Err(file.blame("devices", problem.help(help)));
    }
    Ok(SharedResource {
        name,
        rename,
        replicas,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, resource: &str) -> String {
        format!("version: v1\nsharing:\n  {kind}:\n    resources:\n    - {resource}\n")
    }

    #[test]
    fn a_file_means_the_mode_it_sets_up() {
        let mode = |text: String| parse("c.yaml", &text).unwrap().mode().unwrap().to_string();
        let four = "{name: nvidia.com/gpu, replicas: 4}";
        assert_eq!(mode(text("timeSlicing", four)), "timeslice:4:any");
        assert_eq!(mode(text("mps", four)), "mps:4:all");
        let strict = text("timeSlicing", four).replace(
            "    resources",
            "    failRequestsGreaterThanOne: true\n    resources",
        );
        assert_eq!(mode(strict), "timeslice:4:all");
        assert_eq!(
            mode("version: v1\nflags:\n  migStrategy: mixed\n".into()),
            "exclusive"
        );
    }

    #[test]
    fn what_cannot_be_is_shown_where_it_stands() {
        let both = "version: v1\nsharing:\n  timeSlicing:\n    resources: [{name: nvidia.com/gpu, replicas: 2}]\n  mps:\n    resources: [{name: nvidia.com/gpu, replicas: 2}]\n";
        let cases = [
            (both.to_owned(), 5, "both"),
            (
                text("mps", "{name: nvidia.com/mig-1g.5gb, replicas: 2}"),
                5,
                "1g.5gb",
            ),
            (text("mps", "{name: nvidia.com/gpu, replicas: 61}"), 5, "61"),
            (
                text("timeSlicing", "{name: nvidia.com/gpu, replicas: 1}"),
                5,
                "1 replicas",
            ),
            (
                text("timeSlicing", "{name: nvidia.com/gpu, replicas: -3}"),
                5,
                "-3",
            ),
            (
                text("timeSlicing", "{name: amd.com/gpu, replicas: 2}"),
                5,
                "amd.com",
            ),
            (
                text(
                    "timeSlicing",
                    "{name: nvidia.com/gpu, replicas: 2, devices: [0]}",
                ),
                5,
                "some devices",
            ),
            (
                text("timeSlicing", "{name: nvidia.com/gpu, replica: 2}"),
                5,
                "replica",
            ),
            (
                text("timeslicing", "{name: nvidia.com/gpu, replicas: 2}"),
                3,
                "timeslicing",
            ),
            ("version: v2\n".to_owned(), 1, "v2"),
            ("flags: {}\n".to_owned(), 1, "version"),
            (
                "version: v1\nsharing:\n  mps:\n    resources: []\n".to_owned(),
                3,
                "no resource",
            ),
        ];
        for (text, line, word) in cases {
            let error = parse("c.yaml", &text).unwrap_err();
            assert_eq!(error.line, line, "{text}\n{error:?}");
            assert!(error.message.contains(word), "{error:?}");
            assert!(error.help.is_some(), "{error:?}");
        }
    }

    #[test]
    fn shared_instances_are_read_and_not_replayed() {
        let config = text("timeSlicing", "{name: nvidia.com/mig-1g.5gb, replicas: 2}");
        let config = parse("c.yaml", &config).unwrap();
        assert!(config.mode().unwrap_err().message.contains("1g.5gb"));
    }
}
