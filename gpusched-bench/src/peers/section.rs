//! Writing the measured tables into a document, between two markers.

use gpusched_sim::diagnostic::Diagnostic;
use std::path::Path;

/// The line before the section.
const BEGIN: &str = "<!-- peers:begin -->";

/// The line after it.
const END: &str = "<!-- peers:end -->";

/// `text` with `body` between the markers; everything else stays as it is.
///
/// # Errors
/// A marker is missing, there twice, or they are in the wrong order.
///
/// ```
/// use gpusched_bench::peers::section::replace;
/// let page = "# Speed\n<!-- peers:begin -->\nold\n<!-- peers:end -->\nmore\n";
/// let new = "# Speed\n<!-- peers:begin -->\n\nnew\n\n<!-- peers:end -->\nmore\n";
/// assert_eq!(replace(page, "new").unwrap(), new);
/// ```
pub fn replace(text: &str, body: &str) -> Result<String, Box<Diagnostic>> {
    let (before, rest) = once(text, BEGIN)?;
    once(text, END)?;
    let Some((_, after)) = rest.split_once(END) else {
        return Err(Diagnostic::new(format!("`{END}` comes before `{BEGIN}`"))
            .help("put the end marker after the begin marker"));
    };
    let body = body.trim();
    Ok(format!("{before}{BEGIN}\n\n{body}\n\n{END}{after}"))
}

/// What is before and after the only place of `marker`.
fn once<'a>(text: &'a str, marker: &str) -> Result<(&'a str, &'a str), Box<Diagnostic>> {
    match text.split_once(marker) {
        Some(parts) if !parts.1.contains(marker) => Ok(parts),
        Some(_) => Err(Diagnostic::new(format!("`{marker}` is there twice"))
            .help("keep one: the section has one place")),
        None => Err(
            Diagnostic::new(format!("`{marker}` is missing")).help(format!(
                "add the lines `{BEGIN}` and `{END}` where the tables belong"
            )),
        ),
    }
}

/// Replaces the section of a file, wholly or not at all.
///
/// # Errors
/// Those of [`replace`], and whatever keeps the file from being read or written.
pub fn rewrite(path: &Path, body: &str) -> Result<(), Box<Diagnostic>> {
    let name = path.display().to_string();
    let unusable = |what: &str, error: std::io::Error| {
        Diagnostic::new(format!("cannot {what} the document: {error}")).in_file(name.clone())
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable("read", error))?;
    let text = replace(&text, body).map_err(|error| error.in_file(name.clone()))?;
    let draft = path.with_extension(format!("unfinished-{}", std::process::id()));
    let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|error| {
        // Whatever there is of it must not stay.
        let _ = std::fs::remove_file(&draft);
        unusable("write", error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_replaces_what_was_written_before() {
        let page = format!("a\n{BEGIN}\n{END}\nb\n");
        let once = replace(&page, "table 1").unwrap();
        let twice = replace(&once, "table 2").unwrap();
        assert_eq!(twice, format!("a\n{BEGIN}\n\ntable 2\n\n{END}\nb\n"));
        assert_eq!(replace(&twice, "table 2").unwrap(), twice);
    }

    #[test]
    fn a_document_without_one_place_for_it_is_refused() {
        let pages = [
            "nothing".to_string(),
            BEGIN.to_string(),
            END.to_string(),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
        ];
        for page in pages {
            assert!(replace(&page, "table").is_err(), "{page}");
        }
    }

    #[test]
    fn a_refused_document_keeps_its_bytes() {
        let dir = std::env::temp_dir().join(format!("gpusched-peers-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("page.md");
        std::fs::write(&path, "no markers\n").unwrap();
        assert!(rewrite(&path, "table").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "no markers\n");
        std::fs::write(&path, format!("{BEGIN}\n{END}\n")).unwrap();
        rewrite(&path, "table").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{BEGIN}\n\ntable\n\n{END}\n"));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
