//! Reading an experiment file.

use super::{Experiment, Keys, cells, check};
use crate::diagnostic::{Diagnostic, Result};
use crate::scenario::Origins;
use crate::yaml;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;
use std::path::Path;

const SHAPE: &str = "an experiment has `base`, `axes`, `seeds` and more; `gpusched schema \
                     experiment` prints what may stand in it";

/// The places of values.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Places {
    base: BTreeMap<String, Spanned<IgnoredAny>>,
    axes: BTreeMap<String, Vec<Spanned<IgnoredAny>>>,
}

pub(super) fn file<'a>(name: &'a str, text: &'a str) -> yaml::File<'a> {
    yaml::File {
        name,
        text,
        shape: SHAPE,
    }
}

impl Places {
    /// The place of a value of an axis.
    pub(super) fn value(&self, key: &str, index: usize) -> Option<Location> {
        Some(self.axes.get(key)?.get(index)?.referenced)
    }
}

impl Experiment {
    /// Reads an experiment from text; `name` is what the file is called in messages.
    ///
    /// # Errors
    /// At the first key or value that cannot be.
    pub fn parse(name: &str, text: &str) -> Result<Experiment> {
        Experiment::read(name, text, Path::new(""))
    }

    /// Reads an experiment file.
    ///
    /// # Errors
    /// When it cannot be read, or as [`Experiment::parse`].
    pub fn load(path: &Path) -> Result<Experiment> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(
                Diagnostic::new("this is a directory, not an experiment file")
                    .in_file(&name)
                    .help("name the YAML file; `gpusched merge` joins directories of results"),
            );
        }
        let text = yaml::read(&name, "experiment file")?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Experiment::read(&name, &text, directory)
    }

    fn read(name: &str, text: &str, directory: &Path) -> Result<Experiment> {
        check::version(name, text)?;
        let keys: Keys = file(name, text).parse()?;
        let places: Places = serde_saphyr::from_str(text).unwrap_or_default();
        check::axes(&keys, &places, name, text)?;
        let cells = cells::product(&keys);
        let seeds = match &keys.seeds {
            Some(seeds) => seeds.0.clone(),
            None => vec![keys.base.seed.unwrap_or(0)],
        };
        let experiment = Experiment {
            file: name.to_owned(),
            text: text.to_owned(),
            directory: directory.to_owned(),
            keys,
            cells,
            seeds,
        };
        check::all(&experiment)?;
        Ok(experiment)
    }

    /// Where the values of a cell stand.
    pub(crate) fn origins(&self, cell: &super::Cell) -> Origins {
        let places: Places = serde_saphyr::from_str(&self.text).unwrap_or_default();
        let base = places.base.iter();
        let base = base.map(|(key, value)| (key.clone(), value.referenced));
        let axes = cell.labels.iter().zip(&cell.values);
        let axes = axes
            .filter_map(|((key, _), &index)| Some(((*key).to_owned(), places.value(key, index)?)));
        Origins::within(&self.file, &self.text, base.chain(axes))
    }
}
