//! Opening what the user named: files and standard input, plain or gzip, as lines of UTF-8.
//!
//! Nothing here holds more than one line, so a trace of any length can be streamed. Every
//! failure (a missing file, a broken gzip stream, bytes that are no UTF-8) is a located
//! [`Diagnostic`].

use crate::diagnostic::{Diagnostic, Result};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// A longer line is taken for a file that is no text, before it can fill the memory.
const LONGEST_LINE: usize = 64 << 20;

/// The FNV-1a digest of no bytes.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Something that can be opened from the beginning, more than once.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Path(PathBuf),
    Stdin,
    Bytes(Arc<[u8]>),
}

impl Source {
    /// A path, or `-` for standard input.
    pub fn new(path: &str) -> Source {
        let kind = match path {
            "-" => Kind::Stdin,
            _ => Kind::Path(PathBuf::from(path)),
        };
        let name = if path == "-" { "<stdin>" } else { path };
        Source {
            name: name.to_string(),
            kind,
        }
    }

    /// Bytes in memory, named `name` in errors.
    pub fn from_bytes(name: &str, bytes: impl Into<Arc<[u8]>>) -> Source {
        Source {
            name: name.to_string(),
            kind: Kind::Bytes(bytes.into()),
        }
    }

    /// The name used in errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path, unless it is standard input or memory.
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.kind {
            Kind::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The file name without directory and extensions; empty when it is no file.
    pub fn stem(&self) -> String {
        let name = self
            .path()
            .and_then(|path| path.file_name())
            .unwrap_or_default();
        let name = name.to_string_lossy();
        name.trim_end_matches(".gz")
            .trim_end_matches(".csv")
            .to_string()
    }

    /// The same source, readable twice: standard input is read into memory (still compressed).
    ///
    /// # Errors
    /// When standard input cannot be read.
    pub fn replayable(self) -> Result<Source> {
        if !matches!(self.kind, Kind::Stdin) {
            return Ok(self);
        }
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(&self.name, &error))?;
        Ok(Source::from_bytes(&self.name, bytes))
    }

    /// Opens it from the beginning.
    ///
    /// # Errors
    /// When the file is missing, is a directory or cannot be read, or its gzip header is broken.
    pub fn open(&self) -> Result<Input> {
        let raw: Box<dyn Read> = match &self.kind {
            Kind::Path(path) => {
                if path.is_dir() {
                    return Err(Diagnostic::new("this is a directory, not a file")
                        .in_file(&self.name)
                        .help("name one of the files in it"));
                }
                Box::new(File::open(path).map_err(|error| unreadable(&self.name, &error))?)
            }
            Kind::Stdin => Box::new(io::stdin()),
            Kind::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        Input::new(&self.name, raw)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Box<Diagnostic> {
    let (what, help) = match error.kind() {
        io::ErrorKind::NotFound => (
            "no such file".to_string(),
            "check the path; relative paths start at the current directory",
        ),
        io::ErrorKind::PermissionDenied => (
            "this file may not be read".to_string(),
            "give yourself read permission",
        ),
        _ => (
            format!("cannot be read: {error}"),
            "check the path and the disk",
        ),
    };
    Diagnostic::new(what).in_file(name).help(help)
}

/// An open text, read line by line.
pub struct Input {
    name: String,
    reader: Box<dyn BufRead>,
    gzip: bool,
    line: Vec<u8>,
    /// 1-based number of the line in `line`; 0 before the first.
    number: u64,
    /// The line in `line` is to be handed out again.
    again: bool,
    ended: bool,
    digest: u64,
}

impl Input {
    /// Reads from `raw`, which is called `name` in errors.
    ///
    /// # Errors
    /// When the first bytes cannot be read.
    pub fn new(name: &str, raw: Box<dyn Read>) -> Result<Input> {
        let mut raw = BufReader::with_capacity(1 << 16, raw);
        let start = raw.fill_buf().map_err(|error| unreadable(name, &error))?;
        // The name of the file says nothing reliable: `.gz` files get unpacked in place.
        let gzip = start.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead> = if gzip {
            let unpacked = flate2::bufread::MultiGzDecoder::new(raw);
            Box::new(BufReader::with_capacity(1 << 16, unpacked))
        } else {
            Box::new(raw)
        };
        Ok(Input {
            name: name.to_string(),
            reader,
            gzip,
            line: Vec::new(),
            number: 0,
            again: false,
            ended: false,
            digest: FNV_START,
        })
    }

    /// The name used in errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 1-based number of the line last returned; 0 before the first.
    pub fn line_number(&self) -> u64 {
        self.number
    }

    /// FNV-1a digest of the (decompressed) bytes read so far.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The next line without its line end, or `None` at the end.
    ///
    /// # Errors
    /// When reading fails, the gzip stream is damaged, or the line is not UTF-8.
    pub fn next_line(&mut self) -> Result<Option<&str>> {
        if !self.advance()? {
            return Ok(None);
        }
        let text = self.checked()?;
        Ok(Some(text))
    }

    /// Looks at the next line that is not blank, without taking it. Blank lines before it are
    /// skipped.
    ///
    /// # Errors
    /// As [`Input::next_line`].
    pub fn peek_line(&mut self) -> Result<Option<&str>> {
        loop {
            if !self.advance()? {
                return Ok(None);
            }
            if !self.checked()?.trim().is_empty() {
                break;
            }
        }
        self.again = true;
        let text = self.checked()?;
        Ok(Some(text))
    }

    /// All that is left, as one string.
    ///
    /// # Errors
    /// As [`Input::next_line`].
    pub fn read_all(&mut self) -> Result<String> {
        let mut all = String::new();
        while self.advance()? {
            all.push_str(self.checked()?);
            all.push('\n');
        }
        Ok(all)
    }

    fn advance(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.again) {
            return Ok(true);
        }
        if self.ended {
            return Ok(false);
        }
        self.line.clear();
        self.number += 1;
        let mut limited = (&mut self.reader).take(LONGEST_LINE as u64);
        let length = match limited.read_until(b'\n', &mut self.line) {
            Ok(length) => length,
            Err(error) => return Err(self.broken(&error)),
        };
        if length == 0 {
            self.ended = true;
            self.number -= 1;
            return Ok(false);
        }
        if length == LONGEST_LINE {
            return Err(self.problem("this line is longer than 64 MiB", 1).help(
                "this does not look like a trace: check that it is text with one record per line",
            ));
        }
        self.digest = fnv1a(self.digest, &self.line);
        self.strip();
        Ok(true)
    }

    /// Removes the line end, and from the first line the byte order mark of UTF-8.
    fn strip(&mut self) {
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        if self.number == 1 && self.line.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.line.drain(..3);
        }
    }

    fn checked(&self) -> Result<&str> {
        if self.number == 1
            && (self.line.starts_with(&[0xff, 0xfe])
                || self.line.starts_with(&[0xfe, 0xff])
                || self.line.get(1) == Some(&0))
        {
            return Err(self
                .problem("this is UTF-16 text; UTF-8 is needed", 1)
                .help(format!(
                    "convert it: iconv -f UTF-16 -t UTF-8 {} > utf8.csv",
                    self.name
                )));
        }
        std::str::from_utf8(&self.line).map_err(|error| {
            let at = error.valid_up_to();
            let byte = self.line.get(at).copied().unwrap_or(0);
            self.problem(&format!("byte 0x{byte:02X} is not UTF-8"), at as u64 + 1)
                .source_line(String::from_utf8_lossy(&self.line))
                .help(format!(
                    "if the file is Latin-1, convert it: iconv -f LATIN1 -t UTF-8 {} > utf8.csv",
                    self.name
                ))
        })
    }

    fn problem(&self, message: &str, column: u64) -> Box<Diagnostic> {
        Diagnostic::new(message).at(&self.name, self.number, column)
    }

    fn broken(&self, error: &io::Error) -> Box<Diagnostic> {
        if !self.gzip {
            return self
                .problem(&format!("reading failed: {error}"), 0)
                .help("check the disk");
        }
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the gzip data ends in the middle (truncated file)",
            _ => "the gzip data is damaged",
        };
        self.problem(what, 0).help(format!(
            "fetch the file again, and test it with: gzip -t {}",
            self.name
        ))
    }
}

/// The FNV-1a digest of some bytes.
pub(crate) fn fnv1a_of(bytes: &[u8]) -> u64 {
    fnv1a(FNV_START, bytes)
}

/// Continues an FNV-1a digest.
pub(crate) fn fnv1a(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut input = Source::from_bytes("x", bytes.to_vec()).open().unwrap();
        let mut lines = Vec::new();
        while let Some(line) = input.next_line().unwrap() {
            lines.push(line.to_string());
        }
        lines
    }

    #[test]
    fn line_ends_and_the_byte_order_mark_are_not_part_of_the_lines() {
        assert_eq!(lines(b"\xef\xbb\xbfa\r\nb\n\nc"), ["a", "b", "", "c"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_peeked_line_is_read_again() {
        let mut input = Source::from_bytes("x", b"\n \na\nb".to_vec())
            .open()
            .unwrap();
        assert_eq!(input.peek_line().unwrap(), Some("a"));
        assert_eq!(input.next_line().unwrap(), Some("a"));
        assert_eq!(input.line_number(), 3);
        assert_eq!(input.next_line().unwrap(), Some("b"));
        assert_eq!(input.peek_line().unwrap(), None);
    }

    #[test]
    fn the_digest_is_fnv1a() {
        let mut input = Source::from_bytes("x", b"foobar".to_vec()).open().unwrap();
        input.read_all().unwrap();
        assert_eq!(input.digest(), 0x8594_4171_f739_67e8);
    }
}
