//! Tables of text: records split into fields that can be read by column name, and that know
//! their exact place when they are wrong.
//!
//! Lines are split here rather than by a CSV library because every error has to show the line
//! as it stands in the file. Memory use is one record.

use super::fields::Problem;
use super::input::Input;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};

/// A quoted field over more lines than this is a quote that was never closed.
const LONGEST_QUOTE: u64 = 100;

/// How a line falls apart into fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Commas; fields may be quoted as in RFC 4180.
    Comma,
    /// Tabs; quotes have no meaning.
    Tab,
    /// Runs of spaces and tabs; lines that begin with `;` are comments.
    Whitespace,
}

/// A column of a [`Table`]; one that is absent reads as empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column(usize);

impl Column {
    /// A column the table does not have.
    pub const ABSENT: Column = Column(usize::MAX);

    /// Whether the table has it.
    pub fn present(self) -> bool {
        self != Column::ABSENT
    }
}

/// Byte range of a field in the raw record, quotes included, and of its value when that had to
/// be unquoted.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    end: usize,
    unquoted: Option<(usize, usize)>,
}

/// A table being read.
pub struct Table {
    input: Input,
    split: Split,
    columns: Vec<String>,
    header: String,
    header_line: u64,
    aliases: &'static [(&'static str, &'static str)],
    line: u64,
    text: String,
    values: String,
    fields: Vec<Field>,
}

impl Table {
    /// A table whose first line that is not blank names the columns.
    ///
    /// # Errors
    /// When there is no header, a name is repeated, or the line is separated by something else.
    pub fn with_header(input: Input, split: Split) -> Result<Table> {
        let mut table = Table::empty(input, split);
        if !table.take_record()? {
            return Err(Diagnostic::new("the file is empty")
                .at(table.input.name(), 1, 1)
                .help("the first line has to name the columns"));
        }
        table.header = table.text.clone();
        table.header_line = table.line;
        table.columns = (0..table.fields.len())
            .map(|at| table.value(at).trim().to_string())
            .collect();
        table.check_separator()?;
        for (at, name) in table.columns.iter().enumerate() {
            if !name.is_empty() && table.columns[..at].contains(name) {
                return Err(table
                    .header_error(at, format!("column \"{name}\" is there twice"))
                    .help("rename or remove one of the two"));
            }
        }
        Ok(table)
    }

    /// A table without a header line, whose columns are `names`.
    pub fn headerless(input: Input, split: Split, names: &[&str]) -> Table {
        let mut table = Table::empty(input, split);
        table.columns = names.iter().map(|name| (*name).to_string()).collect();
        table
    }

    fn empty(input: Input, split: Split) -> Table {
        Table {
            input,
            split,
            columns: Vec::new(),
            header: String::new(),
            header_line: 0,
            aliases: &[],
            line: 0,
            text: String::new(),
            values: String::new(),
            fields: Vec::new(),
        }
    }

    /// Tells which of this table's columns a canonical column was made from, so that a broken
    /// rule about the canonical one can point at the original: `(canonical, original)`.
    pub fn aliases(mut self, aliases: &'static [(&'static str, &'static str)]) -> Table {
        self.aliases = aliases;
        self
    }

    /// The names of the columns, in file order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The input below, for its name and digest.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// The column `name`, or [`Column::ABSENT`].
    pub fn optional(&self, name: &str) -> Column {
        self.columns
            .iter()
            .position(|column| column == name)
            .map_or(Column::ABSENT, Column)
    }

    /// The column `name`.
    ///
    /// # Errors
    /// When there is none; the help lists those that were found.
    pub fn column(&self, name: &str) -> Result<Column> {
        let column = self.optional(name);
        if column.present() {
            return Ok(column);
        }
        let found = self.columns.join(", ");
        let known = self.columns.iter().map(String::as_str);
        let help = match did_you_mean(name, known) {
            Some(close) => format!("did you mean \"{close}\" to be \"{name}\"? found: {found}"),
            None => format!("add it; found: {found}"),
        };
        Err(Diagnostic::new(format!("column \"{name}\" is missing"))
            .at(self.input.name(), self.header_line, 1)
            .source_line(&self.header)
            .width(self.header.chars().count())
            .help(help))
    }

    /// Refuses columns that are neither known nor private (`x_…`).
    ///
    /// # Errors
    /// At the first such column, with the known name it is closest to.
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<()> {
        for (at, name) in self.columns.iter().enumerate() {
            if name.starts_with("x_") || known.contains(&name.as_str()) {
                continue;
            }
            let help = match did_you_mean(name, known.iter().copied()) {
                Some(close) => format!("did you mean \"{close}\"?"),
                None => "remove it, or prefix it with x_ to carry it along".to_string(),
            };
            let message = match name.as_str() {
                "" => "a column has no name".to_string(),
                _ => format!("unknown column \"{name}\""),
            };
            return Err(self.header_error(at, message).help(help));
        }
        Ok(())
    }

    /// The next record that is not blank, or `None` at the end. The inner error is a record
    /// with too few or too many fields, which a lenient reader can skip.
    ///
    /// # Errors
    /// When the text below it cannot be read or a quote is never closed.
    pub fn next_row(&mut self) -> Result<Option<Result<Row<'_>, Problem>>> {
        if !self.take_record()? {
            return Ok(None);
        }
        let row = Row(self);
        if self.fields.len() == self.columns.len() {
            return Ok(Some(Ok(row)));
        }
        Ok(Some(Err(row.wrong_length())))
    }

    /// Whether a header read as one field is because another separator was used.
    fn check_separator(&self) -> Result<()> {
        if self.split != Split::Comma || self.columns.len() != 1 {
            return Ok(());
        }
        for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
            if let Some(at) = self.header.chars().position(|c| c == separator) {
                return Err(Diagnostic::new(format!("fields are separated by {name}"))
                    .at(self.input.name(), self.header_line, at as u64 + 1)
                    .source_line(&self.header)
                    .help("separate them by commas"));
            }
        }
        Ok(())
    }

    fn header_error(&self, at: usize, message: String) -> Box<Diagnostic> {
        // The fields still are those of the header: no record has been read since.
        Row(self).locate(Column(at), Diagnostic::new(message))
    }

    fn take_record(&mut self) -> Result<bool> {
        loop {
            let Some(line) = self.input.next_line()? else {
                return Ok(false);
            };
            let comment = self.split == Split::Whitespace && line.starts_with(';');
            if comment || line.trim_ascii().is_empty() {
                continue;
            }
            self.text.clear();
            self.text.push_str(line);
            break;
        }
        self.line = self.input.line_number();
        self.fields.clear();
        self.values.clear();
        match self.split {
            Split::Whitespace => self.split_at_whitespace(),
            Split::Comma if self.text.as_bytes().contains(&b'"') => self.split_quoted()?,
            Split::Comma => self.split_at(b','),
            Split::Tab => self.split_at(b'\t'),
        }
        Ok(true)
    }

    fn split_at(&mut self, separator: u8) {
        let mut start = 0;
        for (at, byte) in self.text.bytes().enumerate() {
            if byte == separator {
                self.fields.push(Field {
                    start,
                    end: at,
                    unquoted: None,
                });
                start = at + 1;
            }
        }
        self.fields.push(Field {
            start,
            end: self.text.len(),
            unquoted: None,
        });
    }

    fn split_at_whitespace(&mut self) {
        let mut at = 0;
        for part in self.text.split_ascii_whitespace() {
            let start = at + self.text[at..].find(part).unwrap_or(0);
            at = start + part.len();
            self.fields.push(Field {
                start,
                end: at,
                unquoted: None,
            });
        }
    }

    fn split_quoted(&mut self) -> Result<()> {
        let mut start = 0;
        loop {
            let end = if self.text.as_bytes().get(start) == Some(&b'"') {
                self.take_quoted(start)?
            } else {
                let rest = &self.text.as_bytes()[start..];
                let length = rest
                    .iter()
                    .position(|byte| *byte == b',')
                    .unwrap_or(rest.len());
                self.fields.push(Field {
                    start,
                    end: start + length,
                    unquoted: None,
                });
                start + length
            };
            if end >= self.text.len() {
                return Ok(());
            }
            start = end + 1;
        }
    }

    /// Takes the quoted field that starts at byte `start`; returns where it ends.
    fn take_quoted(&mut self, start: usize) -> Result<usize> {
        let value_start = self.values.len();
        let mut at = start + 1;
        loop {
            let Some(length) = self.text[at..].find('"') else {
                self.values.push_str(&self.text[at..]);
                at = self.text.len();
                self.continue_quoted(start)?;
                continue;
            };
            self.values.push_str(&self.text[at..at + length]);
            at += length + 1;
            match self.text.as_bytes().get(at) {
                Some(b'"') => {
                    self.values.push('"');
                    at += 1;
                }
                None | Some(b',') => break,
                Some(_) => {
                    return Err(self
                        .located(at, Diagnostic::new("text after a closing quote"))
                        .help("write a quote inside a quoted field twice: \"\""));
                }
            }
        }
        let unquoted = Some((value_start, self.values.len()));
        self.fields.push(Field {
            start,
            end: at,
            unquoted,
        });
        Ok(at)
    }

    /// Adds the next line to a record whose quoted field goes on.
    fn continue_quoted(&mut self, start: usize) -> Result<()> {
        let lines = self.input.line_number() - self.line;
        if lines < LONGEST_QUOTE
            && let Some(line) = self.input.next_line()?
        {
            self.text.push('\n');
            self.text.push_str(line);
            return Ok(());
        }
        Err(self
            .located(start, Diagnostic::new("this quote is never closed"))
            .help("close it, or write a quote that belongs to the text as \"\""))
    }

    fn value(&self, at: usize) -> &str {
        match self.fields.get(at) {
            Some(Field {
                unquoted: Some((start, end)),
                ..
            }) => &self.values[*start..*end],
            Some(field) => &self.text[field.start..field.end],
            None => "",
        }
    }

    /// Places a problem at byte `at` of the record.
    fn located(&self, at: usize, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.line + before.bytes().filter(|byte| *byte == b'\n').count() as u64;
        let column = before[line_start..].chars().count() as u64 + 1;
        let source = self.text[line_start..]
            .split('\n')
            .next()
            .unwrap_or_default();
        problem
            .at(self.input.name(), line, column)
            .source_line(source)
    }
}

/// The record a [`Table`] stands on.
#[derive(Clone, Copy)]
pub struct Row<'a>(&'a Table);

impl<'a> Row<'a> {
    /// 1-based number of its first line.
    pub fn line(self) -> u64 {
        self.0.line
    }

    /// The text of a field, without quotes and surrounding spaces; empty when absent.
    pub fn text(self, column: Column) -> &'a str {
        self.0.value(column.0).trim_ascii()
    }

    /// Whether every field is empty.
    pub fn is_blank(self) -> bool {
        (0..self.0.fields.len()).all(|at| self.0.value(at).trim_ascii().is_empty())
    }

    /// The name of a column.
    pub fn name(self, column: Column) -> &'a str {
        self.0.columns.get(column.0).map_or("", String::as_str)
    }

    /// Places a problem at a field, or at the line when the table has no such column.
    pub fn locate(self, column: Column, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let Some(field) = self.0.fields.get(column.0) else {
            return self
                .0
                .located(0, problem)
                .width(self.0.text.chars().count());
        };
        let width = self.0.text[field.start..field.end].chars().count();
        self.0.located(field.start, problem).width(width)
    }

    /// Places a problem at the field a canonical column was read from.
    pub fn locate_canonical(self, name: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let aliased = self
            .0
            .aliases
            .iter()
            .find(|(canonical, _)| *canonical == name);
        let column = self
            .0
            .optional(aliased.map_or(name, |(_, original)| original));
        self.locate(column, problem)
    }

    fn wrong_length(self) -> Problem {
        let (found, wanted) = (self.0.fields.len(), self.0.columns.len());
        let at = match self.0.fields.get(wanted) {
            Some(first_extra) => first_extra.start,
            None => self.0.text.len(),
        };
        let help = if found < wanted {
            format!("the next column is \"{}\"", self.0.columns[found])
        } else {
            "put quotes around a field that holds the separator, or remove the extra fields".into()
        };
        let message = format!("{found} fields where {wanted} are needed");
        Problem::new(
            "wrong number of fields",
            self.0.located(at, Diagnostic::new(message)).help(help),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::input::Source;

    fn table(text: &str) -> Result<Table> {
        let input = Source::from_bytes("t.csv", text.as_bytes().to_vec()).open()?;
        Table::with_header(input, Split::Comma)
    }

    #[test]
    fn quoted_fields_may_hold_separators_quotes_and_line_ends() {
        let mut table = table("a,b\n\"x,\"\"y\"\"\nz\",2\n").unwrap();
        let (a, b) = (table.column("a").unwrap(), table.column("b").unwrap());
        let row = table.next_row().unwrap().unwrap().ok().unwrap();
        assert_eq!(row.text(a), "x,\"y\"\nz");
        let place = row.locate(b, Diagnostic::new("bad"));
        assert_eq!((place.line, place.column), (3, 4));
        assert_eq!(place.source.as_deref(), Some("z\",2"));
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let mut table = table("a,b\ngrün,5\n").unwrap();
        let b = table.column("b").unwrap();
        let row = table.next_row().unwrap().unwrap().ok().unwrap();
        assert_eq!(row.locate(b, Diagnostic::new("bad")).column, 6);
    }

    #[test]
    fn a_trailing_comma_is_an_empty_last_field() {
        let mut table = table("a,b\n\"q\",\n").unwrap();
        let b = table.column("b").unwrap();
        let row = table.next_row().unwrap().unwrap().ok().unwrap();
        assert_eq!(row.text(b), "");
    }
}
