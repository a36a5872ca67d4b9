//! `gpusched report`: a page about results.

use super::args::ReportArgs;
use super::failure::Outcome;
use super::terminal::{self, count};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::report::Page;
use std::path::Path;

/// Runs the verb.
pub(crate) fn report(args: &ReportArgs) -> Outcome {
    let page = Page::read(&args.runs, args.baseline.as_deref())?;
    let html = page.render();
    write(&args.out, &html)?;
    terminal::say(&format!(
        "{} shows {} in {} kB; any browser opens it, without a network.",
        args.out.display(),
        count(page.runs() as u64, "run"),
        html.len().div_ceil(1000),
    ));
    Ok(())
}

/// Writes the page beside its place and moves it there, so that nobody sees half of it.
fn write(place: &Path, html: &str) -> Result<()> {
    let unusable = |error: std::io::Error| {
        Diagnostic::new(format!("the page cannot be written: {error}"))
            .in_file(place.display().to_string())
            .help("name a file in a directory you may write to, such as `-o report.html`")
    };
    let Some(name) = place.file_name().filter(|_| !place.is_dir()) else {
        return Err(
            Diagnostic::new("`--out` names a directory, but the page is a file")
                .in_file(place.display().to_string())
                .help("name a file, such as `-o report.html`"),
        );
    };
    let draft = place.with_file_name(format!(
        ".{}.unfinished-{}",
        name.display(),
        std::process::id()
    ));
    let written = std::fs::write(&draft, html).and_then(|()| std::fs::rename(&draft, place));
    written.map_err(|error| {
        // Whatever there is of it must not stay.
        let _ = std::fs::remove_file(&draft);
        unusable(error)
    })
}
