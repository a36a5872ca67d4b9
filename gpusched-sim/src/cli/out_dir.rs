//! The directory of results: written beside its place and moved there when it is whole, so that
//! nobody ever sees half of one.

use super::failure::{Failure, Outcome};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A directory of results in the making. Dropped before [`OutDir::publish`], it leaves nothing.
#[derive(Debug)]
pub(crate) struct OutDir {
    place: PathBuf,
    draft: PathBuf,
}

/// Makes sure that `place` can take results without losing anything: it does not exist, is empty,
/// or holds nothing but files of these names (an earlier run).
///
/// # Errors
/// When it cannot, with the reason.
pub(crate) fn check(place: &Path, own: &[&str]) -> Result<()> {
    let shown = place.display().to_string();
    let refuse =
        |message: String, help: &str| Err(Diagnostic::new(message).in_file(&shown).help(help));
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(_) if place.is_file() => {
            return refuse(
                "`--out` names a file, but results need a directory".into(),
                "name a new directory",
            );
        }
        Err(error) if is_missing(&error) => return check_parent(place),
        Err(error) => {
            return refuse(
                format!("`--out` cannot be used: {error}"),
                "name a directory you may write to",
            );
        }
    };
    for entry in entries {
        let name = entry?.file_name();
        if !own.iter().any(|own| *own == name) {
            return Err(something_else(place, &name));
        }
    }
    Ok(())
}

fn something_else(place: &Path, name: &OsStr) -> Box<Diagnostic> {
    Diagnostic::new(format!(
        "`--out` names a directory that holds something else: {}",
        name.display()
    ))
    .in_file(place.display().to_string())
    .help("name a new directory, or one written by this command before")
}

/// As [`check`], for a directory of several runs: the first of `lists` names them, and beside these
/// files there are only folders, each of which holds nothing but files of the names in `own`.
///
/// # Errors
/// When it cannot take results, with the reason.
pub(crate) fn check_several(place: &Path, lists: &[&str], own: &[&str]) -> Result<()> {
    if !place.is_dir() {
        return check(place, &[]);
    }
    let listed = lists.first().is_some_and(|list| place.join(list).is_file());
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_folder = entry.file_type()?.is_dir();
        let is_list = lists.iter().any(|list| *list == name);
        match listed && (is_folder || is_list) {
            true if is_folder => check(&entry.path(), own)?,
            true => {}
            false => return Err(something_else(place, &name)),
        }
    }
    Ok(())
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A directory that does not exist must be one that can come to exist.
fn check_parent(place: &Path) -> Result<()> {
    let real = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_ok();
    match place.ancestors().skip(1).find(real) {
        Some(above) if !above.is_dir() => Err(Diagnostic::new(format!(
            "`--out` lies below {}, which is no directory",
            above.display()
        ))
        .in_file(place.display().to_string())
        .help("name a place below a directory")),
        _ => Ok(()),
    }
}

impl OutDir {
    /// Begins the directory that is to stand at `place`, which [`check`] has passed.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn begin(place: &Path) -> Result<OutDir> {
        let unusable = |error: io::Error| {
            Diagnostic::new(format!("`--out` cannot be used: {error}"))
                .in_file(place.display().to_string())
                .help("name a directory you may write to")
        };
        let Some(name) = place.file_name() else {
            return Err(Diagnostic::new("`--out` needs a name of its own")
                .in_file(place.display().to_string())
                .help("name a new directory, such as `--out result`"));
        };
        let above = place.parent().unwrap_or(Path::new(""));
        if !above.as_os_str().is_empty() {
            fs::create_dir_all(above).map_err(unusable)?;
        }
        let draft = above.join(format!(
            ".{}.unfinished-{}",
            name.display(),
            std::process::id()
        ));
        fs::create_dir(&draft).map_err(unusable)?;
        Ok(OutDir {
            place: place.to_owned(),
            draft,
        })
    }

    /// Where it is in the making.
    pub(crate) fn draft(&self) -> PathBuf {
        self.draft.clone()
    }

    /// Writes one file; its name may begin with a folder.
    ///
    /// # Errors
    /// When it cannot be written: the disk is full.
    pub(crate) fn file(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Outcome {
        let path = self.draft.join(name);
        let write = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut out = BufWriter::with_capacity(1 << 16, File::create(&path)?);
            fill(&mut out)?;
            out.flush()
        };
        write().map_err(|error| self.failed(name, &error))
    }

    /// Moves the directory to its place. An earlier run that stands there makes way.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub(crate) fn publish(self) -> Outcome {
        let mut old = self.draft.clone().into_os_string();
        old.push(".old");
        let old = PathBuf::from(old);
        let swap = || {
            if !self.place.exists() {
                return fs::rename(&self.draft, &self.place);
            }
            fs::rename(&self.place, &old)?;
            if let Err(error) = fs::rename(&self.draft, &self.place) {
                // Better the earlier run than none.
                fs::rename(&old, &self.place)?;
                return Err(error);
            }
            fs::remove_dir_all(&old)
        };
        swap().map_err(|error| self.failed("", &error))
    }

    fn failed(&self, name: &str, error: &io::Error) -> Failure {
        Failure::Run(
            Diagnostic::new(format!("cannot write the results: {error}"))
                .in_file(self.place.join(name).display().to_string())
                .help("is the disk full? nothing was left behind"),
        )
    }
}

impl Drop for OutDir {
    fn drop(&mut self) {
        // Gone already when it was published.
        let _ = fs::remove_dir_all(&self.draft);
    }
}
