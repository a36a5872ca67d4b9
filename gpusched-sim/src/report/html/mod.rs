//! One page that shows runs: a single HTML file that needs nothing else and asks nobody.
//!
//! | place | does |
//! |---|---|
//! | `read/` | reads the files of runs back |
//! | `shape/` | makes few numbers of many: curves, lines, maps, bars |
//! | `kpi.rs` | the numbers that are compared |
//! | `data.rs` | what the charts are drawn from, as JSON |
//! | `page/` | the text of the page: what stands there without any script, and every chart as a table |
//! | `js/`, `style.css` | the charts, one per file, and how all looks |
//!
//! The page may run the scripts and styles of this program and nothing else: its content security
//! policy names their hashes and forbids every connection. Names from a trace are text wherever
//! they stand: `markup.rs` escapes them in HTML, `encode.rs` in JSON, and the scripts only ever set
//! `textContent`.

mod data;
mod encode;
mod kpi;
mod markup;
mod page;
mod read;
mod shape;

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use read::Run;
use std::path::PathBuf;

/// More runs than this on one page cannot be told apart.
pub const MOST_RUNS: usize = 16;

/// A page about one run, or about several that are compared.
///
/// ```no_run
/// use gpusched_sim::report::Page;
/// let page = Page::read(&["results".into()], Some("fifo/best-fit"))?;
/// std::fs::write("report.html", page.render())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Page {
    runs: Vec<Run>,
    baseline: usize,
}

impl Page {
    /// Reads the runs in these directories. The baseline is named by its label in the page or by
    /// its folder; `None` = the first run.
    ///
    /// # Errors
    /// A directory without runs, a damaged file (with its line), more than [`MOST_RUNS`] runs, or a
    /// baseline that is none of them.
    pub fn read(directories: &[PathBuf], baseline: Option<&str>) -> Result<Page> {
        let folders = read::find(directories)?;
        if folders.len() > MOST_RUNS {
            let problem = format!(
                "there are {} runs here, and a page shows {MOST_RUNS} at most",
                folders.len()
            );
            let names = folders
                .iter()
                .take(2)
                .map(|folder| folder.display().to_string());
            return Err(Diagnostic::new(problem)
                .in_file(
                    directories
                        .first()
                        .map_or(String::new(), |one| one.display().to_string()),
                )
                .help(format!(
                    "name those to show: `gpusched report {} …`",
                    names.collect::<Vec<_>>().join(" ")
                )));
        }
        let mut runs = folders
            .iter()
            .map(|folder| Run::read(folder))
            .collect::<Result<Vec<_>>>()?;
        tell_apart(&mut runs);
        let baseline = baseline.map_or(Ok(0), |name| find(&runs, name))?;
        Ok(Page { runs, baseline })
    }

    /// How many runs it shows.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The page. The same files give the same bytes.
    pub fn render(&self) -> String {
        page::render(&self.runs, self.baseline)
    }
}

/// Adds the folder to labels that several runs have.
fn tell_apart(runs: &mut [Run]) {
    let labels: Vec<String> = runs.iter().map(|run| run.label.clone()).collect();
    for run in runs {
        if labels.iter().filter(|label| **label == run.label).count() > 1 {
            run.label += &format!(" ({})", run.folder.display());
        }
    }
}

fn find(runs: &[Run], name: &str) -> Result<usize> {
    let folder = |run: &Run| {
        run.folder
            .file_name()
            .map(|name| name.display().to_string())
    };
    let is_it = |run: &Run| {
        run.label == name || folder(run).as_deref() == Some(name) || run.folder.as_os_str() == name
    };
    runs.iter().position(is_it).ok_or_else(|| {
        let labels = runs.iter().map(|run| run.label.as_str());
        let help = match did_you_mean(name, labels.clone()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the runs are: {}", labels.collect::<Vec<_>>().join(", ")),
        };
        Diagnostic::new(format!("there is no run `{name}`"))
            .in_file("--baseline")
            .help(help)
    })
}
