//! `--topology`, and the key `topology` of a scenario: which form, which file.

use super::{Places, kube, lingjun, preset, slurm};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::trace::ReadReport;
use crate::trace::input::{self, fnv1a};
use gpusched_core::cluster::Inventory;
use gpusched_core::topology::FabricShape;
use std::path::Path;

/// Where a topology is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A fabric of a known shape.
    Preset(FabricShape),
    /// A file.
    File(Form, String),
}

/// What a file of topology is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Slurm's topology.conf or topology.yaml.
    Slurm,
    /// The host table of the Lingjun dataset.
    Lingjun,
    /// Kubernetes Nodes, and Kueue's Topology.
    Nodes,
}

/// The prefixes there are, and their forms.
const FORMS: [(&str, Form); 3] = [
    ("slurm", Form::Slurm),
    ("lingjun", Form::Lingjun),
    ("nodes", Form::Nodes),
];

impl Form {
    /// Its name, which is also its prefix and the format of the report.
    pub fn name(self) -> &'static str {
        FORMS
            .iter()
            .find(|(_, form)| *form == self)
            .map_or("", |(name, _)| name)
    }
}

impl Source {
    /// Reads `preset:NAME[,PARAM=…]` or `FORM:FILE`.
    ///
    /// # Errors
    /// When the preset is none, or the prefix.
    pub fn parse(text: &str) -> Result<Source> {
        let (prefix, rest) = text.split_once(':').unwrap_or(("", text));
        if prefix == "preset" {
            return Ok(Source::Preset(preset::parse(rest)?));
        }
        let known = FORMS.iter().find(|(name, _)| *name == prefix);
        if let Some((_, form)) = known {
            return Ok(Source::File(*form, rest.to_owned()));
        }
        let names = FORMS.iter().map(|(name, _)| *name).chain(["preset"]);
        let help = match did_you_mean(prefix, names) {
            Some(near) if !prefix.is_empty() => format!("did you mean `{near}:`?"),
            _ => "write slurm:FILE, lingjun:FILE, nodes:FILE or preset:NAME".to_owned(),
        };
        Err(Diagnostic::new(format!("`{text}` is no topology")).help(help))
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Source::Preset(_) => None,
            Source::File(_, file) => Some(file),
        }
    }

    /// The machines, wired as this says, and how reading it went.
    ///
    /// # Errors
    /// Whatever is wrong with the file, located, or with how it goes with the machines.
    pub fn apply(&self, inventory: Inventory) -> Result<(Inventory, ReadReport)> {
        match self {
            Source::Preset(shape) => {
                let report = ReadReport {
                    format: "preset",
                    path: "preset".to_owned(),
                    rows: inventory.nodes().len() as u64,
                    ..ReadReport::default()
                };
                Ok((preset::apply(shape, inventory)?, report))
            }
            Source::File(form, file) => {
                let (places, digest) = read(*form, file)?;
                let (inventory, notes) = places.seat(inventory)?;
                let report = ReadReport {
                    format: form.name(),
                    path: file.clone(),
                    rows: places.places.len() as u64,
                    notes,
                    sha256_or_digest: digest,
                    ..ReadReport::default()
                };
                Ok((inventory, report))
            }
        }
    }
}

/// The places of a file, and the digest of its bytes.
///
/// # Errors
/// Whatever is wrong with it, located.
pub fn read(form: Form, file: &str) -> Result<(Places, u64)> {
    match form {
        Form::Lingjun => lingjun::read(&input::Source::new(file)),
        Form::Nodes => {
            let places = kube::read(Path::new(file))?;
            Ok((places, 0))
        }
        Form::Slurm => {
            let text = text_of(file)?;
            let digest = fnv1a(0xcbf2_9ce4_8422_2325, text.as_bytes());
            Ok((slurm::parse(file, &text)?, digest))
        }
    }
}

/// The text of a file of topology.
pub(super) fn text_of(file: &str) -> Result<String> {
    input::Source::new(file).open()?.read_all()
}
