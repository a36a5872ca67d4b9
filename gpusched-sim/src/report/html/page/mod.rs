//! The text of the page.
//!
//! What stands here can be read without a script, by a screen reader, and on paper: every chart
//! has its numbers as a table below it. A section without data is left out and named in the notes.

mod charts;
mod figure;
mod groups;
mod kpis;
mod machines;
mod notes;
mod policy;
mod runs;

use super::data::{Data, condense};
use super::encode::script_json;
use super::markup::Html;
use super::read::Run;
use crate::report::thousands;

/// One page being written.
pub(super) struct Sheet<'a> {
    runs: &'a [Run],
    data: &'a Data,
    /// Sections that are not there, and why.
    missing: Vec<(&'static str, String)>,
    /// Sections that are: id and title.
    there: Vec<(&'static str, &'static str)>,
}

impl Sheet<'_> {
    /// Writes a section, or notes that there is none.
    fn section(
        &mut self,
        html: &mut Html,
        id: &'static str,
        title: &'static str,
        content: Result<impl FnOnce(&mut Html), String>,
    ) {
        match content {
            Ok(content) => {
                self.there.push((id, title));
                html.element("section", &[("id", id)], |html| {
                    html.leaf("h2", &[], title);
                    content(html);
                });
            }
            Err(why) => self.missing.push((title, why)),
        }
    }

    fn labels(&self) -> impl Iterator<Item = &str> + Clone {
        self.runs.iter().map(|run| run.label.as_str())
    }
}

/// The whole page.
pub(super) fn render(runs: &[Run], baseline: usize) -> String {
    let data = condense(runs, baseline);
    let mut sheet = Sheet {
        runs,
        data: &data,
        missing: Vec::new(),
        there: Vec::new(),
    };
    let mut main = Html::new();
    kpis::section(&mut sheet, &mut main);
    charts::curves(&mut sheet, &mut main);
    charts::over_time(&mut sheet, &mut main);
    runs::reasons(&mut sheet, &mut main);
    runs::occupancy(&mut sheet, &mut main);
    runs::gantt(&mut sheet, &mut main);
    charts::fragmentation(&mut sheet, &mut main);
    machines::slots(&mut sheet, &mut main);
    machines::levels(&mut sheet, &mut main);
    machines::cost(&mut sheet, &mut main);
    groups::fairness(&mut sheet, &mut main);
    groups::longest_waits(&mut sheet, &mut main);
    notes::section(&mut sheet, &mut main);

    let mut html = Html::new();
    html.trusted("<!doctype html>\n");
    html.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, runs));
        html.element("body", &[], |html| {
            html.leaf(
                "a",
                &[("class", "skip"), ("href", "#main")],
                "Skip to the results",
            );
            html.element("header", &[], |html| header(html, &sheet));
            html.element("main", &[("id", "main")], |html| {
                html.trusted(&main.into_string());
            });
            html.element("footer", &[], |html| {
                html.text(format_args!(
                    "gpusched {}. This page is complete: it loads nothing and asks nobody.",
                    env!("CARGO_PKG_VERSION")
                ));
            });
            html.element(
                "script",
                &[("type", "application/json"), ("id", "data")],
                |html| {
                    // Maps with text keys and numbers cannot fail to be written.
                    html.trusted(&script_json(&data).unwrap_or_default());
                },
            );
            html.element("script", &[], |html| {
                html.trusted(policy::SCRIPT);
            });
        });
    });
    html.into_string()
}

fn head(html: &mut Html, runs: &[Run]) {
    html.void("meta", &[("charset", "utf-8")]);
    html.void(
        "meta",
        &[
            ("http-equiv", "Content-Security-Policy"),
            ("content", &policy::policy()),
        ],
    );
    html.void(
        "meta",
        &[
            ("name", "viewport"),
            ("content", "width=device-width, initial-scale=1"),
        ],
    );
    html.void(
        "meta",
        &[("name", "color-scheme"), ("content", "light dark")],
    );
    html.leaf("title", &[], format_args!("gpusched: {}", subject(runs)));
    html.element("style", &[], |html| {
        html.trusted(policy::STYLE);
    });
}

/// What was replayed, in a line.
fn subject(runs: &[Run]) -> String {
    let Some(first) = runs.first() else {
        return String::new();
    };
    let summary = &first.summary;
    let trace = summary.inputs.iter().find(|input| input.role == "jobs");
    let trace = trace.map_or("a trace", |input| input.name.trim_end_matches("/jobs.csv"));
    format!(
        "{} jobs of {trace} on {} GPUs in {} machines",
        thousands(summary.jobs.total),
        thousands(summary.capacity_gpus),
        thousands(summary.nodes)
    )
}

fn header(html: &mut Html, sheet: &Sheet<'_>) {
    html.element("div", &[("class", "title")], |html| {
        html.leaf("h1", &[], subject(sheet.runs));
        let what = match sheet.runs {
            [one] => format!("One run: {}", one.label),
            many => format!("{} runs compared", many.len()),
        };
        html.leaf("p", &[("class", "lead")], what);
    });
    // Nothing to choose without a script.
    html.element(
        "div",
        &[("class", "controls"), ("id", "controls"), ("hidden", "")],
        |html| {
            if sheet.runs.len() > 1 {
                chooser(html, sheet, "baseline", "Compare with", sheet.data.baseline);
                let other = usize::from(sheet.data.baseline == 0);
                chooser(html, sheet, "shown", "Show in detail", other);
            }
            html.leaf(
                "button",
                &[
                    ("type", "button"),
                    ("id", "theme"),
                    ("aria-pressed", "false"),
                ],
                "Dark",
            );
        },
    );
    html.element("nav", &[("aria-label", "Sections")], |html| {
        for (id, title) in &sheet.there {
            html.leaf("a", &[("href", &format!("#{id}"))], title);
        }
    });
}

fn chooser(html: &mut Html, sheet: &Sheet<'_>, id: &str, label: &str, chosen: usize) {
    html.element("label", &[], |html| {
        html.text(label).text(" ");
        html.element("select", &[("id", id)], |html| {
            for (at, name) in sheet.labels().enumerate() {
                let value = at.to_string();
                let mut attributes = vec![("value", value.as_str())];
                if at == chosen {
                    attributes.push(("selected", ""));
                }
                html.leaf("option", &attributes, name);
            }
        });
    });
}
