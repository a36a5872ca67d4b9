//! Speed: figures with a ratio against a twin measured in the same run.
//!
//! Absolute times depend on the machine; ratios hardly do. Every figure that states a bound is a
//! ratio, or says on what machine the bound was stated (`docs/benchmarks.md`). The twins make the
//! same decisions, which is checked each time.

pub mod bare;
pub mod bare_easy;
pub mod dra;
pub mod event_queue;
pub mod flow;
pub mod kueue;
pub mod mig;
pub mod openb;
pub mod replay;
pub mod tas;
pub mod workload;

use comfy_table::{Cell, CellAlignment, Table};
use std::path::Path;
use std::time::Instant;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// How fast it was.
    pub figure: String,
    /// What it was measured against, and how fast that was.
    pub against: String,
    /// The ratio, in words.
    pub ratio: String,
    /// The stated bound, and whether it was kept. `None` = no bound is stated.
    pub bound: Option<(String, bool)>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A tenth of the jobs: a look, in seconds.
    Quick,
    /// What the bounds are stated on.
    Full,
}

impl Effort {
    /// `jobs`, or a tenth of them.
    pub fn of(self, jobs: usize) -> usize {
        match self {
            Effort::Quick => jobs / 10,
            Effort::Full => jobs,
        }
    }
}

/// Least wall time in seconds of a few runs, and what the last one returned: the least is what
/// the code takes, the rest is what the machine adds.
pub fn least_seconds<T>(runs: usize, mut run: impl FnMut() -> T) -> (f64, T) {
    let mut timed = || {
        let start = Instant::now();
        let value = run();
        (start.elapsed().as_secs_f64(), value)
    };
    let (mut least, mut value) = timed();
    for _ in 1..runs {
        let (seconds, next) = timed();
        least = least.min(seconds);
        value = next;
    }
    (least, value)
}

/// The same in seconds of a core, whoever else shares it; `prepare` makes the input of each run and
/// is not counted. Where the system does not tell, seconds on the wall.
pub fn least_core_seconds<I, T>(
    runs: usize,
    prepare: impl Fn() -> I,
    run: impl Fn(I) -> T,
) -> (f64, T) {
    let timed = || {
        let input = prepare();
        let (wall, core) = (Instant::now(), core_nanoseconds());
        let value = run(input);
        // The core's clock moves in ticks of some milliseconds: a few of them are no measurement.
        let seconds = match core.zip(core_nanoseconds()) {
            Some((before, after)) if after - before >= 20_000_000 => (after - before) as f64 / 1e9,
            _ => wall.elapsed().as_secs_f64(),
        };
        (seconds, value)
    };
    let (mut least, mut value) = timed();
    for _ in 1..runs {
        let (seconds, next) = timed();
        least = least.min(seconds);
        value = next;
    }
    (least, value)
}

/// How long this thread was on a core so far.
fn core_nanoseconds() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

/// Measures everything. `vectors` is where the recorded openb run may be.
pub fn measure(effort: Effort, vectors: &Path) -> Vec<Figure> {
    let mut figures = replay::figures(effort);
    figures.push(replay::easy(effort));
    figures.push(replay::interference(effort));
    figures.extend(fgd(effort, vectors));
    figures.push(event_queue::figure(effort));
    figures.extend(mig::figures(effort));
    figures.push(kueue::million(effort));
    figures.extend(replay::memory(effort));
    figures
}

fn fgd(effort: Effort, vectors: &Path) -> [Figure; 1] {
    let (input, setup) = openb::setup(vectors);
    let (seconds, _) = least_seconds(5, || openb::place_all(&setup, "fgd"));
    let first = effort.of(2_000);
    let (twin, slow) = least_seconds(1, || openb::rescan(&setup, first));
    let (fast_first, fast) = least_seconds(3, || openb::first_places(&setup, "fgd", first));
    let same = slow == fast;
    [Figure {
        what: format!("one FGD experiment ({input}), all metrics after each pod"),
        figure: format!("{:.3} s for {} pods", seconds, setup.pods.len()),
        against: format!("rating every node anew: {twin:.2} s for the first {first} pods"),
        ratio: format!("{:.0}x faster, {}", twin / fast_first, decisions(same)),
        bound: Some(("0.15 s, same decisions".into(), seconds <= 0.15 && same)),
    }]
}

fn decisions(same: bool) -> &'static str {
    if same {
        "same decisions"
    } else {
        "DECISIONS DIFFER"
    }
}

/// The figures as one table.
pub fn table(figures: &[Figure]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["what", "figure", "against", "ratio", "bound"]);
    for figure in figures {
        let bound = match &figure.bound {
            None => String::new(),
            Some((bound, true)) => format!("{bound}: kept"),
            Some((bound, false)) => format!("{bound}: MISSED"),
        };
        table.add_row([
            Cell::new(&figure.what),
            Cell::new(&figure.figure),
            Cell::new(&figure.against),
            Cell::new(&figure.ratio),
            Cell::new(bound).set_alignment(CellAlignment::Left),
        ]);
    }
    table.to_string()
}
