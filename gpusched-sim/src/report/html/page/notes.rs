//! How the numbers came about, and what the page does not show.

use super::super::markup::Html;
use super::super::read::Run;
use super::Sheet;
use super::figure::Table;
use crate::metrics::{InputDigest, Summary};
use crate::report::{span, thousands};

pub(super) fn section(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (alike, differing) = how(sheet);
    let inputs = inputs(sheet.runs);
    let honest = honest(sheet);
    let missing: Vec<_> = sheet.missing.clone();
    sheet.section(
        html,
        "notes",
        "How these numbers came about",
        Ok(|html: &mut Html| {
            for table in [alike, differing] {
                if !table.rows.is_empty() {
                    table.write(html);
                }
            }
            html.leaf("h3", &[], "What was replayed");
            inputs.write(html);
            html.leaf("h3", &[], "How this page was made");
            html.element("ul", &[], |html| {
                for line in &honest {
                    html.leaf("li", &[], line);
                }
                for line in MADE {
                    html.leaf("li", &[], line);
                }
            });
            if !missing.is_empty() {
                html.leaf("h3", &[], "What is not shown");
                html.element("ul", &[], |html| {
                    for (title, why) in &missing {
                        html.element("li", &[], |html| {
                            html.leaf("b", &[], title).text(": ").text(why).text(".");
                        });
                    }
                });
            }
        }),
    );
}

/// What was left out and what is not known, of these very runs.
fn honest(sheet: &Sheet<'_>) -> [String; 3] {
    let cut = |run: &Run| run.summary.warm_up.is_some();
    let warm_up = match sheet.runs.iter().any(cut) {
        false => {
            "Warm-up: none is cut. Every job of the trace counts from the first submission on, so a cluster that \
             starts empty flatters the first waits."
        }
        true => {
            "Warm-up: see the table above. Jobs before its end run as all others do; they are in no mean or quantile \
             of waits, JCT and slowdown, and in everything else."
        }
    };
    let censored = "Censoring: jobs that had not ended at the close are counted above, and never dropped \
                    silently. Means of waits are of the jobs that started, means of JCT of those that finished; \
                    means to τ are Kaplan–Meier means of min(time, τ) over all that came, where what nobody watched \
                    counts as lasting to τ; curves count all that came.";
    let intervals = match &sheet.compared.intervals {
        Some(found) => format!("Intervals: {}", found.source()),
        None => "Intervals: none. Each run is one deterministic replay of one trace; there is no source of \
                 randomness from which an interval could come."
            .to_owned(),
    };
    [warm_up.to_owned(), censored.to_owned(), intervals]
}

const MADE: [&str; 5] = [
    "Curves are exact at 240 places of a logarithmic axis. Quantiles are by nearest rank, over all jobs.",
    "Lines over time: series.csv on 360 cells, two points each, the lowest and the highest value that held \
     in a cell; tables below them are means over time.",
    "The map of occupancy: exact means of GPUs held in at most 240 bins per run, from occupancy.csv; rounded to 0.4%.",
    "Reasons: waits.csv summed exactly in at most 240 bins. A job scheduled in parts waits once per part.",
    "Bars of jobs are rounded to 1/65535 of the time shown.",
];

/// What holds for all runs, and what does not, with one column per run.
fn how(sheet: &Sheet<'_>) -> (Table, Table) {
    let mut alike = Table::new(&["For all runs", ""]).of_words();
    let mut differing = Table::per_run("By run", sheet).of_words();
    let mut add = |name: &str, value: &dyn Fn(&Summary) -> String| {
        let values: Vec<String> = sheet.runs.iter().map(|run| value(&run.summary)).collect();
        let mut row = vec![name.to_owned()];
        match values.first() {
            Some(first) if values.iter().all(|value| value == first) => {
                if !first.is_empty() {
                    row.push(first.clone());
                    alike.rows.push(row);
                }
            }
            _ => {
                row.extend(values);
                differing.rows.push(row);
            }
        }
    };
    add("Queueing", &|run| run.queueing.clone());
    add("Placement", &|run| run.placement.clone());
    add("Sharing of GPUs", &|run| run.sharing.clone());
    add("Performance model", &|run| run.performance.clone());
    add("Network", &|run| {
        run.topology
            .as_ref()
            .map_or_else(String::new, |one| one.network.clone())
    });
    add("Warm-up", &|run| {
        run.warm_up
            .as_ref()
            .map_or_else(String::new, |cut| match cut.seconds {
                Some(end) => format!(
                    "the first {} ({}): {} jobs",
                    span(end),
                    cut.rule,
                    thousands(cut.jobs_left_out)
                ),
                None => format!("nothing cut: waits do not become steady ({})", cut.rule),
            })
    });
    add("τ of means of censored times", &|run| {
        run.restricted.map_or_else(String::new, |means| {
            format!(
                "{} ({} waits and {} JCT censored)",
                span(means.bound_s),
                thousands(means.waits_censored),
                thousands(means.jcts_censored)
            )
        })
    });
    add("Provisioning", &|run| {
        run.cost
            .as_ref()
            .map_or_else(String::new, |bill| bill.provisioning.clone())
    });
    add("Fidelity", &|run| match run.fidelity.as_str() {
        "ideal" => "ideal: no latency of any control plane".to_owned(),
        other => other.to_owned(),
    });
    add("Order of simultaneous events", &|run| {
        serde_json::to_value(run.discipline).map_or_else(
            |_| String::new(),
            |name| name.as_str().unwrap_or_default().to_owned(),
        )
    });
    add("Seed", &|run| run.seed.to_string());
    add("Run-time estimates", &|run| run.estimates.source.clone());
    add("Speeds measured / fitted / assumed", &|run| {
        run.speeds.map_or_else(String::new, |speeds| {
            format!("{} / {} / {}", speeds.table, speeds.law, speeds.assumed)
        })
    });
    add("Offered load", &|run| {
        run.offered_load
            .map_or_else(String::new, |load| format!("{:.1}%", load * 100.0))
    });
    add("… per GPU model", &|run| {
        let models = run.offered_load_by_model.iter();
        let load =
            |one: &crate::metrics::ModelValue| format!("{} {:.1}%", one.model, one.value * 100.0);
        models.map(load).collect::<Vec<_>>().join(", ")
    });
    add("Horizon", &|run| {
        run.horizon_s
            .map_or_else(|| "to the end".to_owned(), |at| format!("{at} s"))
    });
    add("Jobs finished / died", &|run| {
        format!(
            "{} / {}",
            thousands(run.jobs.finished),
            thousands(run.jobs.failed)
        )
    });
    add("Running / waiting / not come at the close", &|run| {
        let jobs = &run.jobs;
        [jobs.running, jobs.waiting, jobs.not_arrived]
            .map(thousands)
            .join(" / ")
    });
    add("Jobs that fit no machine", &|run| {
        thousands(run.jobs.unschedulable)
    });
    add("Samples", &|run| {
        format!(
            "{}, every {} s",
            thousands(run.sampled.samples),
            run.sampled.every_s
        )
    });
    add("gpusched", &|run| run.version.clone());
    (alike, differing)
}

/// Inputs of all runs, each once.
fn inputs(runs: &[Run]) -> Table {
    let mut table = Table::new(&["Used as", "Name", "Format", "Digest", "By"]);
    let mut known: Vec<(&InputDigest, Vec<&str>)> = Vec::new();
    for run in runs {
        for input in &run.summary.inputs {
            match known.iter_mut().find(|(other, _)| *other == input) {
                Some((_, by)) => by.push(&run.label),
                None => known.push((input, vec![&run.label])),
            }
        }
    }
    for (input, by) in known {
        table.rows.push(vec![
            input.role.clone(),
            input.name.clone(),
            input.format.clone(),
            input.digest.clone(),
            match by.len() == runs.len() {
                true => "all runs".to_owned(),
                false => by.join(", "),
            },
        ]);
    }
    table
}
