//! One page that shows runs: a single HTML file that needs nothing else and asks nobody.
//!
//! | place | does |
//! |---|---|
//! | `read/` | reads the files of runs back |
//! | `shape/` | makes few numbers of many: curves, lines, maps, bars |
//! | `kpi.rs` | the numbers that are compared |
//! | `data.rs` | what the charts are drawn from, as JSON |
//! | `sweep/` | the page about a sweep: runs gathered by combination |
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
mod sweep;

use super::Intervals;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::metrics::Summary;
use crate::sweep::Results;
use read::Run;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// More runs than this cannot be told apart in a chart: of more, the best are drawn.
const MOST_DRAWN: usize = 16;

/// A page about one run, about several that are compared, or about a sweep.
///
/// ```no_run
/// use gpusched_sim::report::Page;
/// let page = Page::read(&["results".into()], Some("fifo/best-fit"))?;
/// std::fs::write("report.html", page.render())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Page {
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Runs(Compared),
    Sweep(Box<Results>),
}

/// Runs side by side.
#[derive(Debug)]
struct Compared {
    /// Those that are drawn.
    runs: Vec<Run>,
    baseline: usize,
    /// All of them by mean JCT, where not all are drawn.
    ranked: Vec<(String, Summary)>,
    /// How sure differences are, where that was found out.
    intervals: Option<Intervals>,
}

impl Page {
    /// Reads the runs in these directories, or the one sweep. The baseline is named by its label in
    /// the page or by its folder (`None` = the first run); of a sweep by its values on axes, such as
    /// `queueing=fifo` (`None` = that of the experiment).
    ///
    /// # Errors
    /// A directory without runs, a damaged file (with its line), or a baseline that is none of them.
    pub fn read(directories: &[PathBuf], baseline: Option<&str>) -> Result<Page> {
        if let [one] = directories
            && let Some(mut results) = Results::read(one)?
        {
            if let Some(text) = baseline {
                results.manifest.baseline = axes_of(text, &results)?;
            }
            let shown = Shown::Sweep(Box::new(results));
            return Ok(Page { shown });
        }
        let folders = read::find(directories)?;
        let compared = compared(&folders, baseline)?;
        let intervals = read::intervals(directories)?;
        Ok(Page {
            shown: Shown::Runs(Compared {
                intervals,
                ..compared
            }),
        })
    }

    /// How many runs it shows.
    pub fn runs(&self) -> usize {
        match &self.shown {
            Shown::Runs(compared) => compared.runs.len().max(compared.ranked.len()),
            Shown::Sweep(results) => results.rows.len(),
        }
    }

    /// The page. The same files give the same bytes.
    pub fn render(&self) -> String {
        match &self.shown {
            Shown::Runs(compared) => page::render(compared),
            Shown::Sweep(results) => sweep::render(results),
        }
    }
}

/// Reads runs; of too many only the summaries, but for those that are drawn: the baseline and the
/// best by mean JCT.
fn compared(folders: &[PathBuf], baseline: Option<&str>) -> Result<Compared> {
    let mut labels: Vec<(String, &Path)> = Vec::new();
    let mut summaries = Vec::new();
    for folder in folders {
        let summary = read::summary(folder)?;
        labels.push((summary.label(), folder));
        summaries.push(summary);
    }
    let labels = told_apart(labels);
    let baseline = baseline.map_or(Ok(0), |name| find(&labels, folders, name))?;
    let mut order: Vec<usize> = (0..folders.len()).collect();
    let mut ranked = Vec::new();
    if folders.len() > MOST_DRAWN {
        let jct = |at: usize| summaries[at].jct_s.map_or(f64::INFINITY, |jct| jct.mean);
        order.sort_by(|a, b| jct(*a).total_cmp(&jct(*b)).then(a.cmp(b)));
        let all = order
            .iter()
            .map(|at| (labels[*at].clone(), summaries[*at].clone()));
        ranked.extend(all);
        order.retain(|at| *at != baseline);
        order.insert(0, baseline);
        order.truncate(MOST_DRAWN);
    }
    let read = |at: &usize| -> Result<Run> {
        Ok(Run {
            label: labels[*at].clone(),
            ..Run::read(&folders[*at], summaries[*at].clone())?
        })
    };
    Ok(Compared {
        runs: order.iter().map(read).collect::<Result<_>>()?,
        baseline: order.iter().position(|at| *at == baseline).unwrap_or(0),
        ranked,
        intervals: None,
    })
}

/// `queueing=fifo,placement=fgd` as values of axes that there are.
fn axes_of(text: &str, results: &Results) -> Result<BTreeMap<String, String>> {
    let wrong = |message: String, help: String| {
        Err(Diagnostic::new(message).in_file("--baseline").help(help))
    };
    let runs = &results.manifest.runs;
    let mut values = BTreeMap::new();
    for pair in text.split(',') {
        let (axis, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = runs.iter().filter_map(|run| run.axes.get(axis));
        let mut known: Vec<&str> = known.map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() {
            let axes = runs.first().map_or_else(Vec::new, |run| {
                run.axes.keys().map(String::as_str).collect()
            });
            let help = format!("say `AXIS=VALUE`; the axes are: {}", axes.join(", "));
            return wrong(format!("this sweep has no axis `{axis}`"), help);
        }
        if !known.contains(&value) {
            let help = match did_you_mean(value, known.iter().copied()) {
                Some(close) => format!("did you mean `{axis}={close}`?"),
                None => format!("its values are: {}", known.join(", ")),
            };
            return wrong(format!("the axis `{axis}` has no value `{value}`"), help);
        }
        values.insert(axis.to_owned(), value.to_owned());
    }
    Ok(values)
}

/// Labels, with the folder where several runs have one.
fn told_apart(labels: Vec<(String, &Path)>) -> Vec<String> {
    let same = |label: &str| labels.iter().filter(|(other, _)| other == label).count();
    let told = labels.iter().map(|(label, folder)| match same(label) {
        1 => label.clone(),
        _ => format!("{label} ({})", folder.display()),
    });
    told.collect()
}

fn find(labels: &[String], folders: &[PathBuf], name: &str) -> Result<usize> {
    let is_it = |(label, folder): (&String, &PathBuf)| {
        let last = folder.file_name().map(|last| last.display().to_string());
        label == name || last.as_deref() == Some(name) || folder.as_os_str() == name
    };
    labels.iter().zip(folders).position(is_it).ok_or_else(|| {
        let labels = labels.iter().map(String::as_str);
        let help = match did_you_mean(name, labels.clone()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the runs are: {}", labels.collect::<Vec<_>>().join(", ")),
        };
        Diagnostic::new(format!("there is no run `{name}`"))
            .in_file("--baseline")
            .help(help)
    })
}
