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

use super::Compared;
use super::data::{Data, condense};
use super::encode::script_json;
use super::markup::Html;
use super::read::Run;
use crate::report::thousands;
pub(super) use figure::{Table, figure};
use serde::Serialize;

/// One page being written.
pub(super) struct Sheet<'a> {
    compared: &'a Compared,
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
pub(super) fn render(compared: &Compared) -> String {
    let (runs, baseline) = (&compared.runs[..], compared.baseline);
    let data = condense(compared);
    let mut sheet = Sheet {
        compared,
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

    let what = match runs {
        [one] => format!("One run: {}", one.label),
        some if !compared.ranked.is_empty() => format!(
            "{} of {} runs compared: the baseline, and the best by mean JCT",
            some.len(),
            compared.ranked.len()
        ),
        many => format!("{} runs compared", many.len()),
    };
    let labels = || runs.iter().map(|run| run.label.as_str());
    shell(
        Shell {
            title: &subject(runs),
            lead: &what,
            there: &sheet.there,
            data: &data,
        },
        main,
        |html| {
            if runs.len() > 1 {
                chooser(html, labels(), "baseline", "Compare with", baseline);
                let other = usize::from(baseline == 0);
                chooser(html, labels(), "shown", "Show in detail", other);
            }
        },
    )
}

/// What goes around the sections of a page.
pub(super) struct Shell<'a, D> {
    pub(super) title: &'a str,
    pub(super) lead: &'a str,
    /// Sections that are there: id and title.
    pub(super) there: &'a [(&'static str, &'static str)],
    /// What the scripts draw.
    pub(super) data: &'a D,
}

/// A page around its sections; `choosers` are what a script offers to choose.
pub(super) fn shell<D: Serialize>(
    of: Shell<'_, D>,
    main: Html,
    choosers: impl FnOnce(&mut Html),
) -> String {
    let mut html = Html::new();
    html.trusted("<!doctype html>\n");
    html.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, of.title));
        html.element("body", &[], |html| {
            html.leaf(
                "a",
                &[("class", "skip"), ("href", "#main")],
                "Skip to the results",
            );
            html.element("header", &[], |html| header(html, &of, choosers));
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
                    html.trusted(&script_json(of.data).unwrap_or_default());
                },
            );
            html.element("script", &[], |html| {
                html.trusted(policy::SCRIPT);
            });
        });
    });
    html.into_string()
}

fn head(html: &mut Html, title: &str) {
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
    html.leaf("title", &[], format_args!("gpusched: {title}"));
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

fn header<D>(html: &mut Html, of: &Shell<'_, D>, choosers: impl FnOnce(&mut Html)) {
    html.element("div", &[("class", "title")], |html| {
        html.leaf("h1", &[], of.title);
        html.leaf("p", &[("class", "lead")], of.lead);
    });
    // Nothing to choose without a script.
    html.element(
        "div",
        &[("class", "controls"), ("id", "controls"), ("hidden", "")],
        |html| {
            choosers(html);
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
        for (id, title) in of.there {
            html.leaf("a", &[("href", &format!("#{id}"))], title);
        }
    });
}

/// A list to choose one of these from.
pub(super) fn chooser<'n>(
    html: &mut Html,
    names: impl Iterator<Item = &'n str>,
    id: &str,
    label: &str,
    chosen: usize,
) {
    html.element("label", &[], |html| {
        html.text(label).text(" ");
        html.element("select", &[("id", id)], |html| {
            for (at, name) in names.enumerate() {
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
