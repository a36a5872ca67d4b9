//! Layouts an administrator writes down: the configuration file of mig-parted.
//!
//! The types here are the file's own shape, for any serde format; reading YAML is not core's task.
//! [`MigConfig::expand`] turns one named configuration into the instances of each GPU of a node,
//! or says which configuration, GPU and profile is wrong and what would be legal.
//!
//! Source: NVIDIA/mig-parted bd7160f.

use super::arrange::{Held, create_in_some_order};
use super::boards::board_by_pci;
use super::geometry::{Geometry, GeometryError, Instance};
use super::order::StartOrder;
use super::profiles::{Board, Media};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mig-parted file.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, MigConfig};
/// let file: MigConfig = serde_json::from_str(r#"{
///   "version": "v1",
///   "mig-configs": {
///     "mixed": [
///       {"devices": [0], "mig-enabled": true, "mig-devices": {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}},
///       {"devices": [1], "mig-enabled": false}
///     ]
///   }
/// }"#).unwrap();
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let node = file.expand("mixed", &[Some(&a100), Some(&a100)]).unwrap();
/// assert_eq!(node[0].instances().len(), 4);
/// assert!(node[1].instances().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigConfig {
    /// `v1`.
    pub version: String,
    /// Named configurations.
    #[serde(rename = "mig-configs")]
    pub mig_configs: BTreeMap<String, Vec<MigConfigEntry>>,
}

/// What some of a node's GPUs shall look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MigConfigEntry {
    /// PCI device ids the entry is limited to (`0x233010DE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_filter: Option<OneOrMany>,
    /// The GPUs, by number.
    pub devices: Devices,
    /// Whether MIG mode is on.
    pub mig_enabled: bool,
    /// Instances by profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mig_devices: BTreeMap<String, u32>,
}

/// One text or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// Which GPUs of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Devices {
    /// `all`.
    Word(All),
    /// These numbers.
    List(Vec<usize>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `all`.
    All,
}

/// What one GPU of a node shall look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuLayout {
    /// No entry speaks of it.
    Untouched,
    /// MIG mode off.
    Whole,
    /// MIG mode on, with these instances in order of creation.
    Mig(Vec<Instance>),
}

impl GpuLayout {
    /// The instances; none unless MIG mode is on.
    pub fn instances(&self) -> &[Instance] {
        match self {
            GpuLayout::Mig(instances) => instances,
            _ => &[],
        }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Another version.
    #[error("version `{0}` of mig-parted files is not known; `v1` is")]
    Version(String),
    /// No such configuration.
    #[error("there is no MIG configuration `{config}`; there are {known}")]
    UnknownConfig {
        /// The name.
        config: String,
        /// The names there are.
        known: String,
    },
    /// A GPU the node does not have.
    #[error("configuration `{config}` names GPU {gpu}; the node has {gpus}")]
    NoGpu {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
        /// GPUs of the node.
        gpus: usize,
    },
    /// Two entries for one GPU.
    #[error("configuration `{config}` says twice what GPU {gpu} shall be")]
    Twice {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
    },
    /// MIG on a GPU without.
    #[error("configuration `{config}` turns MIG on for GPU {gpu}, which cannot be cut")]
    NotMig {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
    },
    /// Instances without MIG mode.
    #[error("configuration `{config}` asks for instances on GPU {gpu} with `mig-enabled: false`")]
    Disabled {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
    },
    /// A profile the board does not have.
    #[error("configuration `{config}`, GPU {gpu}: {source}")]
    Profile {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
        /// Which profile, and which there are.
        source: GeometryError,
    },
    /// Instances that cannot stand together.
    #[error(
        "configuration `{config}`, GPU {gpu}: {wanted} do not fit a {board} together; alone it takes {legal}"
    )]
    DoesNotFit {
        /// The configuration.
        config: String,
        /// The GPU.
        gpu: usize,
        /// The board.
        board: &'static str,
        /// What was asked for.
        wanted: String,
        /// Most instances of each profile asked for.
        legal: String,
    },
}

/// A GPU being configured, for messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    config: &'a str,
    gpu: usize,
}

impl MigConfig {
    /// What each GPU of a node shall look like under the configuration `config`. `gpus` are the
    /// node's GPUs by number, `None` for one that cannot be cut.
    ///
    /// # Errors
    /// [`LayoutError`] names the configuration, the GPU and the profile.
    pub fn expand(
        &self,
        config: &str,
        gpus: &[Option<&Geometry>],
    ) -> Result<Vec<GpuLayout>, LayoutError> {
        if self.version != "v1" {
            return Err(LayoutError::Version(self.version.clone()));
        }
        let entries = self
            .mig_configs
            .get(config)
            .ok_or_else(|| LayoutError::UnknownConfig {
                config: config.to_owned(),
                known: joined(self.mig_configs.keys().cloned()),
            })?;
        let mut layouts = vec![GpuLayout::Untouched; gpus.len()];
        for entry in entries {
            for gpu in entry.gpus(config, gpus)? {
                let place = Place { config, gpu };
                if layouts[gpu] != GpuLayout::Untouched {
                    return Err(place.twice());
                }
                layouts[gpu] = entry.layout(place, gpus[gpu])?;
            }
        }
        Ok(layouts)
    }

    /// The configurations mig-parted generates for a board: `all-disabled`, `all-enabled`, one
    /// `all-<profile>` per profile with as many as fit, and `all-balanced`.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::{board, MigConfig};
    /// let names = MigConfig::built_in(board("A30").unwrap()).mig_configs;
    /// let names: Vec<_> = names.keys().map(String::as_str).collect();
    /// assert_eq!(names, ["all-1g.6gb", "all-1g.6gb.me", "all-2g.12gb", "all-2g.12gb.me",
    ///     "all-4g.24gb", "all-balanced", "all-disabled", "all-enabled"]);
    /// ```
    pub fn built_in(board: &Board) -> MigConfig {
        let entry = |mig_enabled, devices: &[(&str, u32)]| {
            vec![MigConfigEntry {
                device_filter: None,
                devices: Devices::Word(All::All),
                mig_enabled,
                mig_devices: devices
                    .iter()
                    .map(|&(name, count)| (name.to_owned(), count))
                    .collect(),
            }]
        };
        let mut configs = BTreeMap::from([
            ("all-disabled".to_owned(), entry(false, &[])),
            ("all-enabled".to_owned(), entry(true, &[])),
            ("all-balanced".to_owned(), entry(true, &balanced(board))),
        ]);
        for profile in board.profiles {
            let name = format!("all-{}", profile.name.replace('+', "."));
            let count = u32::from(profile.max_count);
            configs.insert(name, entry(true, &[(profile.name, count)]));
        }
        MigConfig {
            version: "v1".to_owned(),
            mig_configs: configs,
        }
    }
}

/// Two 1g, one 2g and, on boards of seven slices, one 3g; of profiles of one size the one that
/// fits most often.
fn balanced(board: &Board) -> Vec<(&'static str, u32)> {
    let parts: &[(u8, u32)] = if board.slices() == 7 {
        &[(1, 2), (2, 1), (3, 1)]
    } else {
        &[(1, 2), (2, 1)]
    };
    let base = |slices| {
        board
            .profiles
            .iter()
            .rev()
            .filter(|profile| profile.slices == slices && profile.media == Media::Plain)
            .max_by_key(|profile| profile.max_count)
    };
    parts
        .iter()
        .filter_map(|&(slices, count)| Some((base(slices)?.name, count)))
        .collect()
}

impl MigConfigEntry {
    /// The GPUs the entry speaks of.
    fn gpus(&self, config: &str, gpus: &[Option<&Geometry>]) -> Result<Vec<usize>, LayoutError> {
        let listed: Vec<usize> = match &self.devices {
            Devices::Word(All::All) => (0..gpus.len()).collect(),
            Devices::List(list) => list.clone(),
        };
        if let Some(&gpu) = listed.iter().find(|&&gpu| gpu >= gpus.len()) {
            return Err(LayoutError::NoGpu {
                config: config.to_owned(),
                gpu,
                gpus: gpus.len(),
            });
        }
        Ok(listed
            .into_iter()
            .filter(|&gpu| self.matches(gpus[gpu]))
            .collect())
    }

    fn matches(&self, gpu: Option<&Geometry>) -> bool {
        let Some(filter) = &self.device_filter else {
            return true;
        };
        let board = gpu.map(Geometry::board);
        let same = |id: &String| {
            let named = board_by_pci(id);
            named.is_some() && named.map(|b| b.name) == board.map(|b| b.name)
        };
        filter.all().iter().any(same)
    }

    fn layout(&self, place: Place<'_>, gpu: Option<&Geometry>) -> Result<GpuLayout, LayoutError> {
        let asked = self.mig_devices.values().any(|&count| count > 0);
        match (self.mig_enabled, gpu) {
            (false, _) if asked => Err(place.disabled()),
            (false, _) => Ok(GpuLayout::Whole),
            (true, None) => Err(place.not_mig()),
            (true, Some(geometry)) => self.instances(place, geometry).map(GpuLayout::Mig),
        }
    }

    fn instances(
        &self,
        place: Place<'_>,
        geometry: &Geometry,
    ) -> Result<Vec<Instance>, LayoutError> {
        let mut wanted = Vec::new();
        for (name, &count) in &self.mig_devices {
            let row = geometry.row(name).map_err(|source| place.profile(source))?;
            // More than a board has units never fits; do not build the list first.
            let count = count.min(u32::from(geometry.units()) + 1);
            wanted.extend(std::iter::repeat_n(row, count as usize));
        }
        let free = Held::default();
        let too_many = wanted.len() > usize::from(geometry.units());
        (!too_many)
            .then(|| create_in_some_order(geometry, free, StartOrder::Driver, &wanted))
            .flatten()
            .ok_or_else(|| place.does_not_fit(&self.mig_devices, geometry.board()))
    }
}

impl Place<'_> {
    fn twice(self) -> LayoutError {
        LayoutError::Twice {
            config: self.config.to_owned(),
            gpu: self.gpu,
        }
    }

    fn disabled(self) -> LayoutError {
        LayoutError::Disabled {
            config: self.config.to_owned(),
            gpu: self.gpu,
        }
    }

    fn not_mig(self) -> LayoutError {
        LayoutError::NotMig {
            config: self.config.to_owned(),
            gpu: self.gpu,
        }
    }

    fn profile(self, source: GeometryError) -> LayoutError {
        LayoutError::Profile {
            config: self.config.to_owned(),
            gpu: self.gpu,
            source,
        }
    }

    fn does_not_fit(self, asked: &BTreeMap<String, u32>, board: &'static Board) -> LayoutError {
        let most = |name: &String| {
            let profile = board.profile(board.by_name(name)?);
            Some(format!("{} × {}", profile.max_count, profile.name))
        };
        LayoutError::DoesNotFit {
            config: self.config.to_owned(),
            gpu: self.gpu,
            board: board.name,
            wanted: joined(
                asked
                    .iter()
                    .map(|(name, count)| format!("{count} × {name}")),
            ),
            legal: joined(asked.keys().filter_map(most)),
        }
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}
