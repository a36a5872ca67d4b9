//! A directory of results in which everything is whole or not there.
//!
//! What is written gets a name that begins with a dot and says that it is unfinished, is brought
//! to the disk, and only then takes its real name, which is one step of the file system. A process
//! may be killed at any moment: what has its real name is whole, what has not is swept away by the
//! next one. One process writes at a time; it holds a lock that ends with it.

use super::Trouble;
use crate::diagnostic::Diagnostic;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A directory of results.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    /// Held open: the lock ends when it is closed.
    _lock: File,
}

const LOCK: &str = ".lock";
const UNFINISHED: &str = ".unfinished";

fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(UNFINISHED)
}

impl Store {
    /// Opens a directory for results, which is made if it is not there, and removes what a process
    /// that was killed left unfinished. `own` says which names are those of results: a directory
    /// that holds anything else is not touched.
    ///
    /// # Errors
    /// When it cannot be used, or another process is using it.
    pub fn open(directory: &Path, own: impl Fn(&str) -> bool) -> Result<Store, Trouble> {
        let shown = directory.display().to_string();
        let unusable = |error: io::Error| {
            Diagnostic::new(format!("`--out` cannot be used: {error}"))
                .in_file(&shown)
                .help("name a directory you may write to")
        };
        if directory.exists() && !directory.is_dir() {
            let problem = Diagnostic::new("`--out` names a file, but results need a directory");
            return Err(problem.in_file(&shown).help("name a new directory").into());
        }
        let existing = match directory.is_dir() {
            true => names(directory).map_err(unusable)?,
            false => Vec::new(),
        };
        let foreign = |name: &&String| *name != LOCK && !is_unfinished(name) && !own(name);
        if let Some(name) = existing.iter().find(foreign) {
            let problem = Diagnostic::new(format!(
                "`--out` names a directory that holds something else: {name}"
            ));
            let help = "name a new directory, or one written by this command before";
            return Err(problem.in_file(&shown).help(help).into());
        }
        fs::create_dir_all(directory).map_err(unusable)?;
        let lock = File::create(directory.join(LOCK)).map_err(unusable)?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            let problem = Diagnostic::new("another process is writing results there");
            let help = "wait for it, or give every shard a directory of its own";
            return Err(problem.in_file(&shown).help(help).into());
        }
        // A file system without locks is used all the same: most people run one process.
        let store = Store {
            directory: directory.to_owned(),
            _lock: lock,
        };
        for name in existing.iter().filter(|name| is_unfinished(name)) {
            store.remove(name).map_err(unusable)?;
        }
        Ok(store)
    }

    /// The place of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Whether it holds this.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Removes a file or a directory; nothing where there is none.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes a file, replacing the one that stands there.
    ///
    /// # Errors
    /// When it cannot be written; what stood there still does.
    pub fn file(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        let draft = format!(".{name}{UNFINISHED}");
        let write = || {
            write_through(&self.path(&draft), fill)?;
            fs::rename(self.path(&draft), self.path(name))?;
            sync(&self.directory)
        };
        write().map_err(|error| self.failed(name, &draft, &error))
    }

    /// Writes a directory of files, replacing the one that stands there; `fill` writes each file
    /// with the function it is given.
    ///
    /// # Errors
    /// When it cannot be written; nothing else is lost.
    pub fn directory(
        &self,
        name: &str,
        fill: impl FnOnce(&mut Draft) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        let draft = format!(".{name}{UNFINISHED}");
        let write = || {
            self.remove(&draft)?;
            let mut files = Draft(self.path(&draft));
            fs::create_dir(&files.0)?;
            fill(&mut files)?;
            sync(&files.0)?;
            self.remove(name)?;
            fs::rename(&files.0, self.path(name))?;
            sync(&self.directory)
        };
        write().map_err(|error| self.failed(name, &draft, &error))
    }

    fn failed(&self, name: &str, draft: &str, error: &io::Error) -> Trouble {
        // What cannot be removed either goes the next time.
        let _ = self.remove(draft);
        let problem = Diagnostic::new(format!("cannot write the results: {error}"));
        let help = "what was finished is kept: make room, and give the same command again";
        Trouble::Run(
            problem
                .in_file(self.path(name).display().to_string())
                .help(help),
        )
    }
}

/// A directory in the making.
#[derive(Debug)]
pub struct Draft(PathBuf);

impl Draft {
    /// Writes one of its files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        write_through(&self.0.join(name), fill)
    }
}

/// Writes a file, all the way to the disk.
fn write_through(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
    fill(&mut out)?;
    out.into_inner()?.sync_all()
}

/// Brings the names in a directory to the disk, where the system can.
fn sync(directory: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(directory)?.sync_all(),
        false => Ok(()),
    }
}

/// The names in a directory, in order.
pub(super) fn names(directory: &Path) -> io::Result<Vec<String>> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names = fs::read_dir(directory)?
        .map(name)
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Place {
            let name = format!("gpusched-store-{test}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            Place(path)
        }

        fn open(&self) -> Result<Store, Trouble> {
            Store::open(&self.0, |name| name.starts_with("run") || name == "table")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn full(_: &mut dyn Write) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn message(trouble: Trouble) -> String {
        let (Trouble::Input(problem) | Trouble::Run(problem)) = trouble;
        problem.message
    }

    #[test]
    fn a_full_disk_takes_nothing_of_what_was_finished() {
        let place = Place::new("full");
        let store = place.open().unwrap();
        let text = |out: &mut dyn Write| out.write_all(b"one");
        store
            .directory("run=1", |draft| draft.file("a", text))
            .unwrap();
        store.file("table", text).unwrap();
        let second = store.directory("run=2", |draft| {
            draft.file("a", text)?;
            draft.file("b", full)
        });
        assert!(message(second.unwrap_err()).contains("no storage space"));
        assert!(store.file("table", full).is_err());
        assert_eq!(fs::read(store.path("table")).unwrap(), b"one");
        assert_eq!(names(&place.0).unwrap(), [".lock", "run=1", "table"]);
    }

    #[test]
    fn what_was_left_unfinished_goes_and_what_is_not_ours_stays() {
        let place = Place::new("left");
        fs::create_dir_all(place.0.join(".run=1.unfinished/deep")).unwrap();
        fs::write(place.0.join(".table.unfinished"), "half").unwrap();
        drop(place.open().unwrap());
        assert_eq!(names(&place.0).unwrap(), [".lock"]);
        fs::write(place.0.join("thesis.tex"), "years of work").unwrap();
        fs::create_dir_all(place.0.join(".run=1.unfinished")).unwrap();
        assert!(message(place.open().unwrap_err()).contains("thesis.tex"));
        assert!(place.0.join(".run=1.unfinished").exists());
    }

    #[test]
    fn one_process_writes_at_a_time() {
        let place = Place::new("lock");
        let first = place.open().unwrap();
        assert!(message(place.open().unwrap_err()).contains("another process"));
        drop(first);
        assert!(place.open().is_ok());
    }
}
