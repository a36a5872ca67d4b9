//! The same rows for a terminal, or for a pull request.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Plain text in columns.
    Plain,
    /// A table of GitHub's Markdown. What a name holds is text there, not markup.
    Markdown,
}

impl Layout {
    /// Text that means itself.
    pub(crate) fn text(self, text: &str) -> String {
        match self {
            Layout::Plain => text.to_owned(),
            Layout::Markdown => escaped(text),
        }
    }

    /// Marks the best of a column.
    pub(crate) fn best(self, text: &str) -> String {
        match self {
            Layout::Plain => format!("{text}*"),
            Layout::Markdown => format!("**{}**", escaped(text)),
        }
    }

    /// Lines below a table: each its own, or an item of a list; a line that starts with two spaces
    /// goes on with the one before it.
    pub(crate) fn lines(self, text: &str) -> String {
        match self {
            Layout::Plain => text.to_owned(),
            Layout::Markdown => {
                let joined = text.replace("\n  ", "");
                let lines = joined.lines().map(str::trim);
                let lines = lines.filter(|line| !line.is_empty());
                lines.map(|line| format!("- {}\n", escaped(line))).collect()
            }
        }
    }

    /// Sentences, broken over lines where the terminal wants that.
    pub(crate) fn prose(self, text: &str) -> String {
        match self {
            Layout::Plain => text.to_owned(),
            Layout::Markdown => {
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                // Names of flags stay code.
                escaped(&line).replace("\\`", "`")
            }
        }
    }

    /// A table: names to the left, numbers to the right. Cells are as [`Layout::text`] and
    /// [`Layout::best`] make them. Ends without a newline.
    pub(crate) fn table(self, head: &[String], rows: &[Vec<String>]) -> String {
        match self {
            Layout::Plain => {
                let mut table = plain();
                table.set_header(head);
                for row in rows {
                    table.add_row(row);
                }
                right_align(&mut table);
                let text = table.to_string();
                let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
                lines.join("\n")
            }
            Layout::Markdown => markdown(head, rows),
        }
    }
}

fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.chain(head.get(column)).map(|one| one.chars().count());
        widths.max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = widths.iter().enumerate().map(|(at, &wide)| {
            let cell = cells.get(at).map_or("", String::as_str);
            match at {
                0 => format!("{cell:<wide$}"),
                _ => format!("{cell:>wide$}"),
            }
        });
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, &wide)| match at {
            0 => format!(":{}", "-".repeat(wide - 1)),
            _ => format!("{}:", "-".repeat(wide - 1)),
        })
        .collect();
    let all = [line(head), line(&rule)].into_iter();
    let all = all.chain(rows.iter().map(|row| line(row)));
    all.collect::<Vec<_>>().join("\n")
}

/// Text in which no character is markup, on one line. An `@` or `#` of GitHub is kept from naming a
/// person or an issue by a word joiner behind it, which nobody sees.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '_' | '*' | '`' | '[' | ']' | '<' | '>' | '~' | '$' | '&' => {
                out.push('\\');
                out.push(c);
            }
            '@' | '#' => {
                out.push(c);
                out.push('\u{2060}');
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Numbers stand to the right, names to the left.
pub(crate) fn right_align(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn names_are_to_the_left_and_numbers_to_the_right() {
        let table = Layout::Markdown.table(
            &texts(&["policy", "wait"]),
            &[texts(&["fifo", "12.5s"]), texts(&["a", "0s"])],
        );
        let lines = [
            "| policy |  wait |",
            "| :----- | ----: |",
            "| fifo   | 12.5s |",
            "| a      |    0s |",
        ];
        assert_eq!(table, lines.join("\n"));
    }

    #[test]
    fn names_cannot_break_a_table_or_become_markup() {
        let text = Layout::Markdown.text("a|b_c*d\n<img>`x`&amp;");
        assert_eq!(text, "a\\|b\\_c\\*d\u{fffd}\\<img\\>\\`x\\`\\&amp;");
        assert_eq!(Layout::Markdown.best("1_0"), "**1\\_0**");
        assert_eq!(Layout::Plain.best("1_0"), "1_0*");
        // Neither a person nor an issue is told.
        assert_eq!(Layout::Markdown.text("@a #1"), "@\u{2060}a #\u{2060}1");
    }

    #[test]
    fn a_footer_becomes_a_list() {
        let lines = Layout::Markdown.lines(" 4 jobs\n   of five\n censored: none\n");
        assert_eq!(lines, "- 4 jobs of five\n- censored: none\n");
    }
}
