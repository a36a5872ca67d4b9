//! Manifests that are wrong, and what is said about each, with its place.

use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::manifest::{Problem, Severity};

/// A manifest with `«` in front of what is wrong, under what it comes (`error`, `warning`, or a
/// rule of lint), and the words to expect.
pub(crate) type Bad = (&'static str, &'static str, &'static str);

/// Something said, and under what.
pub(crate) type Said = (&'static str, Diagnostic);

/// What a reader said.
pub(crate) fn said(problems: &[Problem]) -> Vec<Said> {
    let word = |severity: &Severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let one = |problem: &Problem| (word(&problem.severity), problem.diagnostic.clone());
    problems.iter().map(one).collect()
}

/// The manifest in full, where `parts` says what each `@word` stands for, and the line and column
/// of the `«` in it.
pub(crate) fn written_out(manifest: &str, parts: &[(&str, &str)]) -> (String, Option<(u64, u64)>) {
    let mut text = manifest.to_owned();
    for (short, long) in parts {
        text = text.replace(short, long);
    }
    let place = text.find('«').map(|at| {
        let before = &text[..at];
        let line = before.matches('\n').count() as u64 + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        (line, last.chars().count() as u64 + 1)
    });
    (text.replace('«', ""), place)
}

/// Makes sure that each manifest, read as `bad.yaml`, is told of where it is wrong; and that there
/// are errors in those only that the API server refuses.
pub(crate) fn each_is_said_where_it_stands(
    bad: &[Bad],
    parts: &[(&str, &str)],
    read: impl Fn(&str) -> Vec<Said>,
) {
    let mut failures = Vec::new();
    for (manifest, under, says) in bad {
        let (text, place) = written_out(manifest, parts);
        let all = read(&text);
        let found = all.iter().any(|(word, diagnostic)| {
            word == under
                && diagnostic.message.contains(says)
                && diagnostic.file.as_deref() == Some("bad.yaml")
                && place.is_none_or(|place| (diagnostic.line, diagnostic.column) == place)
        });
        let refused = all.iter().any(|(word, _)| *word == "error");
        if !found || refused != (*under == "error") {
            let all: String = all.iter().map(|(_, one)| one.render(false)).collect();
            failures.push(format!("{says} at {place:?}:\n{text}\nsaid was:\n{all}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n----\n"));
}
