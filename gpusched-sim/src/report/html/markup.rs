//! HTML that is escaped because there is no other way to write it.

use std::fmt::{Display, Write as _};

/// A piece of a page. Element and attribute names come from this program; everything else goes
/// through [`escape`].
#[derive(Clone, Debug, Default)]
pub(super) struct Html {
    text: String,
}

impl Html {
    pub(super) fn new() -> Html {
        Html::default()
    }

    /// An element with attributes and a content.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        content: impl FnOnce(&mut Html),
    ) -> &mut Html {
        self.open(name, attributes);
        content(self);
        self.text += "</";
        self.text += name;
        self.text += ">";
        // Lines end only where no text runs on.
        if !matches!(
            name,
            "b" | "a" | "code" | "td" | "th" | "option" | "button" | "span" | "label" | "select"
        ) {
            self.text += "\n";
        }
        self
    }

    /// An element with attributes and text.
    pub(super) fn leaf(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        text: impl Display,
    ) -> &mut Html {
        self.element(name, attributes, |html| {
            html.text(text);
        })
    }

    /// An element without content or end.
    pub(super) fn void(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) {
        self.open(name, attributes);
        self.text += "\n";
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Html {
        // Writing to a string cannot fail.
        let _ = write!(Escaped(&mut self.text), "{text}");
        self
    }

    /// A script or style sheet of this program, or JSON of [`super::encode::script_json`].
    pub(super) fn trusted(&mut self, text: &str) -> &mut Html {
        self.text += text;
        self
    }

    pub(super) fn into_string(self) -> String {
        self.text
    }

    fn open(&mut self, name: &str, attributes: &[(&'static str, &str)]) {
        self.text += "<";
        self.text += name;
        for (attribute, value) in attributes {
            self.text += " ";
            self.text += attribute;
            if !value.is_empty() {
                self.text += "=\"";
                escape(&mut self.text, value);
                self.text += "\"";
            }
        }
        self.text += ">";
    }
}

struct Escaped<'a>(&'a mut String);

impl std::fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

/// Appends text so that it means itself, in content and in quoted attributes. Characters that
/// HTML does not allow are replaced.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => *out += "&amp;",
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '"' => *out += "&quot;",
            '\'' => *out += "&#39;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_trace_cannot_become_markup() {
        let evil = "\"><script>alert('1')</script>\u{0}&amp;";
        let mut html = Html::new();
        html.leaf("td", &[("title", evil)], evil);
        let safe = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\u{fffd}&amp;amp;";
        assert_eq!(
            html.into_string(),
            format!("<td title=\"{safe}\">{safe}</td>")
        );
    }
}
