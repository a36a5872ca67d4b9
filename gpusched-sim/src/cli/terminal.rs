//! Standard output and standard error: who writes what, and with which colours.

use super::failure::{Failure, Outcome};
use gpusched_sim::diagnostic::Diagnostic;
pub(crate) use gpusched_sim::report::thousands;
use gpusched_sim::trace::ReadReport;
use std::io::{self, BufWriter, IsTerminal, Write};

/// Writes data to standard output.
pub(crate) fn print(text: &str) -> Outcome {
    write(|out| out.write_all(text.as_bytes()))
}

/// Lets `fill` write data to standard output.
pub(crate) fn write(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
    let mut out = BufWriter::new(io::stdout().lock());
    fill(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::stdout(&error))
}

/// Writes text for people, which may hold names from a trace, to standard output.
pub(crate) fn print_text(text: &str) -> Outcome {
    print(&harmless(text))
}

/// Without what could move a cursor: names in a trace may hold anything.
fn harmless(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

/// Says something beside the data. That nobody listens is no failure.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
}

/// Shows a problem.
pub(crate) fn complain(problem: &Diagnostic) {
    let text = problem.render(colours());
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Shows something that is less than an end, under its own word.
pub(crate) fn report(word: &str, problem: &Diagnostic) {
    let text = problem.render_as(word, colours());
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether a person watches standard error.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

fn colours() -> bool {
    watched() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Says what a reader left out or wants to be known.
pub(crate) fn say_notes(report: &ReadReport) {
    for (reason, count) in &report.jobs_dropped {
        let rows = if *count == 1 { "row" } else { "rows" };
        say(&format!(
            "Note: {} {rows} left out of {}: {reason}",
            thousands(*count),
            report.path
        ));
    }
    for note in &report.notes {
        say(&format!("Note: {}: {note}", report.path));
    }
}

/// `12.3%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `3 jobs`, `1 job`.
pub(crate) fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", thousands(number))
}

/// At most one decimal, and none where there is nothing to see.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_naturally() {
        let texts = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "job") + ", " + &count(2, "job"), "1 job, 2 jobs");
        assert_eq!([3.0, 2.46].map(short), ["3", "2.5"]);
    }

    #[test]
    fn text_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2J\nb\r"), "a\u{fffd}[2J\nb\u{fffd}");
    }
}
