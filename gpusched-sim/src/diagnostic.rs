//! Located errors: what is wrong, where, and how to mend it.
//!
//! Everything a user can get wrong ends as a [`Diagnostic`]. It is data; how it looks on a
//! terminal is decided in one place, [`Diagnostic::render`].

use std::fmt;

/// The result of anything that reads what a user wrote.
pub type Result<T, E = Box<Diagnostic>> = std::result::Result<T, E>;

/// One problem in something the user gave us.
///
/// ```
/// use gpusched_sim::diagnostic::Diagnostic;
/// let problem = Diagnostic::new("run_s is negative (-5)")
///     .at("jobs.csv", 3, 17)
///     .source_line("b,120,-5")
///     .help("give the run time in seconds, 0 or more");
/// let text = problem.render(false);
/// assert!(text.contains("jobs.csv:3:17"));
/// assert!(text.contains("run_s is negative"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file (or flag) it was found in, as the user named it.
    pub file: Option<String>,
    /// 1-based line; 0 when the problem has no line.
    pub line: u64,
    /// 1-based column in characters; 0 when the problem has no column.
    pub column: u64,
    /// How many characters the offending text spans (at least 1 when `column` is set).
    pub width: usize,
    /// The offending line as it stands in the file.
    pub source: Option<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A problem without a place yet.
    pub fn new(message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic {
            message: message.into(),
            width: 1,
            ..Diagnostic::default()
        })
    }

    /// Sets the place: file, 1-based line and column (0 = unknown).
    pub fn at(mut self: Box<Self>, file: impl Into<String>, line: u64, column: u64) -> Box<Self> {
        self.file = Some(file.into());
        self.line = line;
        self.column = column;
        self
    }

    /// Sets only the file.
    pub fn in_file(self: Box<Self>, file: impl Into<String>) -> Box<Self> {
        self.at(file, 0, 0)
    }

    /// Keeps the offending line, to be shown below the message.
    pub fn source_line(mut self: Box<Self>, source: impl Into<String>) -> Box<Self> {
        self.source = Some(source.into());
        self
    }

    /// Sets how many characters from the column on are wrong.
    pub fn width(mut self: Box<Self>, width: usize) -> Box<Self> {
        self.width = width.max(1);
        self
    }

    /// Sets how to mend it.
    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// The problem as a person reads it: message, place, the offending line with a marker below
    /// the offending characters, and the help. `colour` adds terminal colours; without it the
    /// text holds `file:line:column` literally.
    pub fn render(&self, colour: bool) -> String {
        self.render_as("error", colour)
    }

    /// The same under another word than `error`: a rule's name, or `warning`, which is yellow.
    pub fn render_as(&self, word: &str, colour: bool) -> String {
        let paint = |code: &str, text: &str| match colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_string(),
        };
        let shade = match word.starts_with("error") {
            true => "1;31",
            false => "1;33",
        };
        let mut text = format!("{}: {}\n", paint(shade, word), paint("1", &self.message));
        let number = if self.line > 0 {
            self.line.to_string()
        } else {
            String::new()
        };
        let margin = " ".repeat(number.len());
        if let Some(file) = &self.file {
            let mut place = printable(file);
            for part in [self.line, self.column]
                .into_iter()
                .take_while(|part| *part > 0)
            {
                place += &format!(":{part}");
            }
            text += &format!("{margin} {} {place}\n", paint("34", "-->"));
        }
        if let Some((line, marker)) = self.excerpt() {
            let bar = paint("34", "|");
            text += &format!("{margin} {bar}\n{} {bar} {line}\n", paint("34", &number));
            text += &format!("{margin} {bar} {}\n", paint("1;31", &marker));
        }
        if let Some(help) = &self.help {
            text += &format!("{margin} {} {help}\n", paint("36", "= help:"));
        }
        text
    }

    /// The part of the offending line around the column, and the marker for the line below.
    fn excerpt(&self) -> Option<(String, String)> {
        let start = usize::try_from(self.column.checked_sub(1)?).ok()?;
        let source = self.source.as_ref()?;
        // Of a long line only the surroundings are of use.
        let first = start.saturating_sub(120);
        let shown: String = source.chars().skip(first).take(200).collect();
        let cut_before = if first > 0 { "..." } else { "" };
        let cut_after = if source.chars().nth(first + 200).is_some() {
            "..."
        } else {
            ""
        };
        let mut marker = " ".repeat(cut_before.len());
        let marked = self.width.clamp(1, 80);
        let mut length = 0;
        for (at, c) in shown.chars().enumerate().take(start - first + marked) {
            marker.push_str(match (at >= start - first, is_wide(c)) {
                (false, false) => " ",
                (false, true) => "  ",
                (true, false) => "^",
                (true, true) => "^^",
            });
            length = at + 1;
        }
        if length <= start - first {
            // Past the end of the line, where something is missing.
            marker.push_str(if length == start - first { "^" } else { " ^" });
        }
        Some((
            format!("{cut_before}{}{cut_after}", printable(&shown)),
            marker,
        ))
    }
}

/// A text without anything that would steer a terminal or move the columns.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Whether a character takes two columns of a terminal: East Asian scripts and emoji.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if self.line > 0 {
                write!(f, "{}:", self.line)?;
            }
            if self.column > 0 {
                write!(f, "{}:", self.column)?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl From<Box<Diagnostic>> for Diagnostic {
    fn from(problem: Box<Diagnostic>) -> Self {
        *problem
    }
}

impl From<std::io::Error> for Box<Diagnostic> {
    fn from(error: std::io::Error) -> Self {
        Diagnostic::new(error.to_string())
    }
}

/// The known name closest to `given`, when it is close enough to be a slip of the hand.
///
/// ```
/// use gpusched_sim::diagnostic::did_you_mean;
/// assert_eq!(did_you_mean("fgdd", ["fgd", "pwr"]), Some("fgd"));
/// assert_eq!(did_you_mean("kubernetes", ["fgd", "pwr"]), None);
/// ```
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&given, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= 1 + name.len().max(given.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
