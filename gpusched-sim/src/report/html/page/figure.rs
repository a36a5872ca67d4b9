//! Charts with their numbers as a table, and blocks of which one run's is shown at a time.

use super::super::markup::Html;
use super::Sheet;

/// A table below a chart.
pub(in super::super) struct Table {
    pub(in super::super) head: Vec<String>,
    /// The first cell of a row names it.
    pub(in super::super) rows: Vec<Vec<String>>,
    /// Whether its cells are words, even where one is a number.
    words: bool,
}

impl Table {
    pub(in super::super) fn new(head: &[&str]) -> Table {
        Table {
            head: head.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
            words: false,
        }
    }

    /// With one column per run after the first.
    pub(super) fn per_run(first: &str, sheet: &Sheet<'_>) -> Table {
        let labels = sheet.labels().map(str::to_owned);
        Table {
            head: std::iter::once(first.to_owned()).chain(labels).collect(),
            rows: Vec::new(),
            words: false,
        }
    }

    /// The same, with everything to the left.
    pub(in super::super) fn of_words(self) -> Table {
        Table {
            words: true,
            ..self
        }
    }

    pub(in super::super) fn write(&self, html: &mut Html) {
        html.element("div", &[("class", "scroll"), ("tabindex", "0")], |html| {
            html.element("table", &[], |html| {
                html.element("thead", &[], |html| {
                    html.element("tr", &[], |html| {
                        for (at, name) in self.head.iter().enumerate() {
                            let below = self.rows.first().and_then(|row| row.get(at));
                            let class =
                                below.filter(|_| at > 0).map_or("", |cell| self.class(cell));
                            match class {
                                "n" => html.leaf("th", &[("scope", "col"), ("class", class)], name),
                                _ => html.leaf("th", &[("scope", "col")], name),
                            };
                        }
                    });
                });
                html.element("tbody", &[], |html| {
                    for row in &self.rows {
                        html.element("tr", &[], |html| self.cells(html, row));
                    }
                });
            });
        });
    }
}

impl Table {
    fn cells(&self, html: &mut Html, row: &[String]) {
        for (at, cell) in row.iter().enumerate() {
            match (at, self.class(cell)) {
                (0, _) => html.leaf("th", &[("scope", "row")], cell),
                (_, "") => html.leaf("td", &[], cell),
                (_, class) => html.leaf("td", &[("class", class)], cell),
            };
        }
    }

    /// Numbers stand to the right, and sentences need lines.
    fn class(&self, cell: &str) -> &'static str {
        let is_number = cell.starts_with(|c: char| c.is_ascii_digit() || "-–".contains(c))
            && !cell.contains(' ');
        match cell.len() {
            0..=16 if is_number && !self.words => "n",
            0..=40 => "",
            _ => "long",
        }
    }
}

/// A chart: its place, what it says, and its numbers.
pub(in super::super) fn figure(
    html: &mut Html,
    chart: &str,
    title: &str,
    says: &str,
    tables: &[Table],
) {
    html.element("figure", &[], |html| {
        html.element("figcaption", &[], |html| {
            html.leaf("b", &[], title);
            html.text(" ").leaf("span", &[], says);
        });
        let named = format!("{title}. {says}");
        html.leaf(
            "div",
            &[
                ("class", "plot"),
                ("data-chart", chart),
                ("aria-label", &named),
            ],
            "",
        );
        html.element("details", &[], |html| {
            html.leaf("summary", &[], "As a table");
            tables.iter().for_each(|table| table.write(html));
        });
    });
}

/// A block per run; a script shows that of the run that was chosen.
pub(super) fn per_run(
    html: &mut Html,
    sheet: &Sheet<'_>,
    mut block: impl FnMut(&mut Html, usize) -> Option<String>,
) {
    for (at, label) in sheet.labels().enumerate() {
        html.element("div", &[("data-run", &at.to_string())], |html| {
            if sheet.runs.len() > 1 {
                html.leaf("h3", &[], label);
            }
            if let Some(why) = block(html, at) {
                html.leaf("p", &[("class", "none")], why);
            }
        });
    }
}
