//! The configuration file of NVIDIA's mig-parted (and the MIG manager): named layouts of the GPUs
//! of a node. Plain, or in a ConfigMap under `config.yaml` as the GPU operator keeps it.

use crate::diagnostic::{Diagnostic, Result};
use crate::yaml;
use gpusched_core::gpu::mig::{Geometry, GpuLayout, LayoutError, MigConfig};
use serde::Deserialize;
use std::collections::BTreeMap;

const SHAPE: &str = "a mig-parted file has `version: v1` and `mig-configs`, a list per name of \
                     `{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}`";

/// What a file inside a ConfigMap is called behind the name of the ConfigMap's.
const IN_CONFIG_MAP: &str = "#config.yaml";

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigParted {
    name: String,
    text: String,
    /// What it says.
    pub config: MigConfig,
}

#[derive(Deserialize)]
struct RawConfigMap {
    kind: String,
    data: BTreeMap<String, String>,
}

/// Reads a file.
///
/// # Errors
/// What is wrong with it, located.
pub fn load(path: &str) -> Result<MigParted> {
    let text = yaml::read(path, "mig-parted file")?;
    match serde_saphyr::from_str::<RawConfigMap>(&text) {
        Ok(map) if map.kind == "ConfigMap" => match map.data.get("config.yaml") {
            Some(text) => parse(&format!("{path}{IN_CONFIG_MAP}"), text),
            None => Err(Diagnostic::new("the ConfigMap has no `config.yaml`")
                .in_file(path)
                .help(SHAPE)),
        },
        _ => parse(path, &text),
    }
}

/// Reads the text of a file; `name` is what it is called in messages.
///
/// # Errors
/// What is wrong with it, located.
///
/// ```
/// use gpusched_core::gpu::mig::{Geometry, board};
/// use gpusched_sim::sharing::mig_parted::parse;
/// let file = parse("mig.yaml", "version: v1\nmig-configs:\n  seven:\n  - devices: all\n    mig-enabled: true\n    mig-devices: {1g.5gb: 7}\n").unwrap();
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let node = file.expand("seven", "node-1", &[Some(&a100)]).unwrap();
/// assert_eq!(node[0].instances().len(), 7);
/// let wrong = file.expand("six", "node-1", &[]).unwrap_err();
/// assert!(wrong.message.contains("`six`"));
/// ```
pub fn parse(name: &str, text: &str) -> Result<MigParted> {
    let file = yaml::File {
        name,
        text,
        shape: SHAPE,
    };
    let config: MigConfig = file.parse()?;
    if config.version != "v1" {
        let problem = Diagnostic::new(LayoutError::Version(config.version).to_string());
        return Err(file.blame("version", problem.help(SHAPE)));
    }
    Ok(MigParted {
        name: name.to_owned(),
        text: text.to_owned(),
        config,
    })
}

impl MigParted {
    /// The file, as it was named.
    pub fn path(&self) -> &str {
        self.name.trim_end_matches(IN_CONFIG_MAP)
    }

    /// Makes sure that there is a configuration of that name.
    ///
    /// # Errors
    /// The names there are.
    pub fn has(&self, config: &str) -> Result<()> {
        if self.config.mig_configs.contains_key(config) {
            return Ok(());
        }
        self.expand(config, "", &[]).map(|_| ())
    }

    /// What the GPUs of the node `node` shall look like under the configuration `config`; `None`
    /// for a GPU that cannot be cut.
    ///
    /// # Errors
    /// Names the node, the GPU, the profile, and what would be legal there.
    pub fn expand(
        &self,
        config: &str,
        node: &str,
        gpus: &[Option<&Geometry>],
    ) -> Result<Vec<GpuLayout>> {
        self.config
            .expand(config, gpus)
            .map_err(|error| self.locate(node, gpus, &error))
    }

    fn locate(
        &self,
        node: &str,
        gpus: &[Option<&Geometry>],
        error: &LayoutError,
    ) -> Box<Diagnostic> {
        let board = |gpu: usize| gpus.get(gpu).copied().flatten().map(Geometry::board);
        let legal = |gpu: usize| {
            let profiles = board(gpu).map_or(&[][..], |board| board.profiles);
            let listed: Vec<String> = profiles
                .iter()
                .map(|profile| format!("{} × {}", profile.max_count, profile.name))
                .collect();
            format!("at most, each alone: {}", listed.join(", "))
        };
        let (word, help) = match error {
            LayoutError::Version(_) => ("version", SHAPE.to_owned()),
            LayoutError::UnknownConfig { known, .. } => {
                ("mig-configs", format!("choose one of: {known}"))
            }
            LayoutError::NoGpu { config, gpus, .. } => (
                config.as_str(),
                format!("the GPUs of the node are 0 to {}", gpus.saturating_sub(1)),
            ),
            LayoutError::Twice { config, .. } => (
                config.as_str(),
                "let each GPU be named by one entry of the configuration".to_owned(),
            ),
            LayoutError::NotMig { config, .. } => (
                config.as_str(),
                "use `device-filter` or `devices` to leave that GPU out".to_owned(),
            ),
            LayoutError::Disabled { config, .. } => (
                config.as_str(),
                "set `mig-enabled: true`, or leave `mig-devices` out".to_owned(),
            ),
            LayoutError::Profile { config, gpu, .. }
            | LayoutError::DoesNotFit { config, gpu, .. } => (config.as_str(), legal(*gpu)),
        };
        let problem = match node {
            "" => Diagnostic::new(error.to_string()),
            node => Diagnostic::new(format!("node {node}: {error}")),
        };
        let problem = problem.help(help);
        let file = yaml::File {
            name: &self.name,
            text: &self.text,
            shape: SHAPE,
        };
        file.blame(&format!("{word}:"), problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::gpu::mig::board;

    fn expand(entries: &str) -> Result<Vec<GpuLayout>> {
        let text = format!("version: v1\nmig-configs:\n  mine:\n{entries}");
        let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
        parse("mig.yaml", &text)?.expand("mine", "n7", &[Some(&a100), None])
    }

    #[test]
    fn a_layout_the_node_cannot_have_names_node_gpu_and_profile() {
        let cases = [
            (
                "  - {devices: [0], mig-enabled: true, mig-devices: {3g.20gb: 3}}\n",
                "3 × 3g.20gb",
                "2 × 3g.20gb",
            ),
            (
                "  - {devices: [0], mig-enabled: true, mig-devices: {3g.40gb: 1}}\n",
                "3g.40gb",
                "2 × 3g.20gb",
            ),
            (
                "  - {devices: [1], mig-enabled: true, mig-devices: {1g.5gb: 1}}\n",
                "GPU 1",
                "device-filter",
            ),
            ("  - {devices: [5], mig-enabled: true}\n", "GPU 5", "0 to 1"),
            (
                "  - {devices: [0], mig-enabled: false, mig-devices: {1g.5gb: 1}}\n",
                "GPU 0",
                "mig-enabled: true",
            ),
            (
                "  - {devices: all, mig-enabled: false}\n  - {devices: [0], mig-enabled: true}\n",
                "GPU 0",
                "one entry",
            ),
        ];
        for (entries, word, help) in cases {
            let error = expand(entries).unwrap_err();
            assert!(
                error.message.contains("node n7") && error.message.contains(word),
                "{error:?}"
            );
            assert_eq!(error.line, 3, "{error:?}");
            assert!(error.help.as_ref().unwrap().contains(help), "{error:?}");
        }
    }

    #[test]
    fn a_file_of_another_shape_is_shown_where_it_differs() {
        for (text, line, word) in [
            ("version: v2\nmig-configs: {}\n", 1, "v2"),
            ("version: v1\nmig-config: {}\n", 2, "mig-config"),
            (
                "version: v1\nmig-configs:\n  a:\n  - {devices: some, mig-enabled: true}\n",
                4,
                "",
            ),
            (
                "version: v1\nmig-configs:\n  a:\n  - {mig-enabled: true}\n",
                4,
                "devices",
            ),
            (
                "version: v1\nmig-configs:\n  a:\n  - {devices: all, mig-enabled: true, mig-devices: {1g.5gb: -1}}\n",
                4,
                "",
            ),
        ] {
            let error = parse("mig.yaml", text).unwrap_err();
            assert_eq!(error.line, line, "{text}{error:?}");
            assert!(
                error.message.contains(word) && error.help.is_some(),
                "{error:?}"
            );
        }
    }
}
