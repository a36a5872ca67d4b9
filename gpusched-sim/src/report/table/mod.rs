//! Tables for people: plain text, no colour, no dependence on the terminal's width.

mod compare;
mod layout;
mod summary;

pub use compare::compare_table;
pub use layout::Layout;
pub(crate) use layout::{plain, right_align};
pub use summary::summary_table;

pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

pub(super) fn number(value: f64) -> String {
    format!("{value:.2}")
}

/// A name that came with the input, without anything that could move a cursor or a column.
fn name(text: &str) -> String {
    match text {
        "" => "(none)".into(),
        _ => text.replace(char::is_control, "\u{fffd}"),
    }
}

/// A length of time in the two units that matter: `0s`, `12.5s`, `3m20s`, `2h05m`, `3d04h`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds == 0.0 => "0s".into(),
        0..60 => format!("{seconds:.1}s"),
        60..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3_600..172_800 => format!("{}h{:02}m", whole / 3_600, whole / 60 % 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole / 3_600 % 24),
    }
}

/// A whole number with its thousands apart: `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Summary, Window};

    fn run(queueing: &str, makespan_s: f64) -> Summary {
        Summary {
            queueing: queueing.into(),
            placement: "first-fit".into(),
            fidelity: "ideal".into(),
            window: Window {
                makespan_s,
                ..Window::default()
            },
            ..Summary::default()
        }
    }

    #[test]
    fn the_best_value_of_a_column_is_marked_where_runs_differ() {
        let text = compare_table(&[run("fifo", 7200.0), run("easy", 60.4)], Layout::Plain);
        let rows: Vec<&str> = text.lines().collect();
        assert!(
            rows[1].contains("2h00m ") && rows[2].contains("1m00s*"),
            "{text}"
        );
        assert_eq!(text.matches('*').count(), 1, "{text}");
    }

    #[test]
    fn in_markdown_the_best_value_is_bold_and_what_runs_share_is_a_list() {
        let runs = [run("my_own|one", 7200.0), run("easy", 60.4)];
        let text = compare_table(&runs, Layout::Markdown);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[2].starts_with("| my\\_own\\|one/first-fit |"),
            "{text}"
        );
        assert!(lines[3].contains(" **1m00s** |"), "{text}");
        assert_eq!(lines[4], "");
        assert!(lines[5].starts_with("- 0 jobs, on 0 GPUs"), "{text}");
    }

    #[test]
    fn tables_are_plain_text() {
        let both =
            summary_table(&run("fifo", 1.0)) + &compare_table(&[run("fifo", 1.0)], Layout::Plain);
        assert!(!both.contains('\u{1b}'));
        assert!(both.lines().all(|line| line.trim_end() == line));
    }

    #[test]
    fn spans_read_naturally() {
        let texts = [0.0, 12.5, 200.0, 7_500.0, 100_000.0, 273_600.0].map(span);
        assert_eq!(texts, ["0s", "12.5s", "3m20s", "2h05m", "27h46m", "3d04h"]);
    }
}
