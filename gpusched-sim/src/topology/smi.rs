//! What `nvidia-smi topo -m` prints, pasted from a terminal.
//!
//! The table says which path joins two devices and how many NVLinks, not what they carry: 25 GB/s
//! per link in one direction is assumed (NVLink 2 to 4; generation 5 has twice that). Where a GPU
//! would need more than the 18 links any GPU has, its links end at a switch.

use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::topology::{Board, BoardError, Link, Nic, Path, Switch};

/// GB/s of one link.
const PER_LINK: f64 = 25.0;
/// Most links of a GPU.
const MOST_LINKS: u32 = 18;

/// A cell of the table.
#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Same,
    NvLinks(u8),
    Path(Path),
}

/// A line of the table.
struct Row<'a> {
    device: &'a str,
    cells: Vec<Cell>,
    rest: Vec<&'a str>,
    line: u64,
    source: &'a str,
}

/// Reads the table; the board is called `name`.
///
/// ```
/// use gpusched_core::topology::Path;
/// let table = "        GPU0  GPU1  NIC0  CPU Affinity  NUMA Affinity
/// GPU0     X    NV12  PIX   0-31          0
/// GPU1    NV12   X    SYS   32-63         1
/// NIC0    PIX   SYS    X
/// ";
/// let board = gpusched_sim::topology::smi::parse("pasted", table).unwrap();
/// assert_eq!((board.link(0, 1).nvlinks, board.numa(1)), (12, 1));
/// assert_eq!(board.nics()[0].gpu, Some(0));
/// ```
///
/// # Errors
/// At the first line that is not as the table should be, or where it contradicts itself.
pub fn parse(name: &str, text: &str) -> Result<Board> {
    let plain = without_colours(text);
    let (columns, rows) = table(name, &plain)?;
    let gpus = columns
        .iter()
        .take_while(|device| device.starts_with("GPU"))
        .count();
    if gpus == 0 {
        return Err(Diagnostic::new("the table has no GPU")
            .in_file(name)
            .help(SHAPE));
    }
    for (row, device) in rows.iter().zip(&columns) {
        if row.device != *device {
            return Err(row.blame(
                name,
                format!("the line of {device} is wanted here, not {}", row.device),
            ));
        }
    }
    if rows.len() != columns.len() {
        let message = format!(
            "the table has {} columns and {} lines",
            columns.len(),
            rows.len()
        );
        return Err(Diagnostic::new(message).in_file(name).help(SHAPE));
    }
    let degree = |row: &Row<'_>| -> u32 {
        let links = row.cells[..gpus].iter().map(|cell| match cell {
            Cell::NvLinks(links) => u32::from(*links),
            _ => 0,
        });
        links.sum()
    };
    let switched = rows[..gpus].iter().any(|row| degree(row) > MOST_LINKS);
    let most = rows[..gpus].iter().flat_map(|row| &row.cells[..gpus]);
    let most = most.filter_map(|cell| match cell {
        Cell::NvLinks(links) => Some(*links),
        _ => None,
    });
    let switch = most.max().filter(|_| switched).map(|links| Switch {
        links,
        gbps_per_gpu: f64::from(links) * PER_LINK,
        reduces: links == 18,
    });
    let links = rows[..gpus]
        .iter()
        .flat_map(|row| row.cells[..gpus].iter().map(|cell| link(*cell, switched)))
        .collect();
    let numa: Vec<u8> = rows[..gpus].iter().map(numa).collect();
    let nics = rows[gpus..].iter().map(|row| card(row, &numa)).collect();
    Board::new(name, links, numa, switch, nics).map_err(|error| {
        let line = match error {
            BoardError::Asymmetric { other, .. } => rows.get(other),
            _ => None,
        };
        let message = error.to_string();
        match line {
            Some(row) => row.blame(name, message),
            None => Diagnostic::new(message).in_file(name).help(SHAPE),
        }
    })
}

const SHAPE: &str =
    "paste all of what `nvidia-smi topo -m` prints, from the line of device names on";

impl Row<'_> {
    fn blame(&self, name: &str, message: String) -> Box<Diagnostic> {
        Diagnostic::new(message)
            .at(name, self.line, 1)
            .source_line(self.source)
            .width(self.device.len())
            .help(SHAPE)
    }
}

/// Terminals underline the first line.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match (c, inside) {
            ('\u{1b}', _) => inside = true,
            (c, true) => inside = !c.is_ascii_alphabetic(),
            (c, false) => plain.push(c),
        }
    }
    plain
}

fn is_device(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit());
    let stem = &word[..word.len() - digits.len()];
    let named = ["GPU", "NIC", "mlx5_", "mlx4_"].contains(&stem);
    named && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The devices of the first line, and a row for each line that begins with one.
fn table<'a>(name: &str, text: &'a str) -> Result<(Vec<&'a str>, Vec<Row<'a>>)> {
    let mut lines = text.lines().zip(1..);
    let header = lines.find(|(line, _)| line.split_whitespace().next().is_some_and(is_device));
    let Some((header, _)) = header else {
        return Err(Diagnostic::new("there is no line of device names here")
            .in_file(name)
            .help(SHAPE));
    };
    let columns: Vec<&str> = header
        .split_whitespace()
        .take_while(|word| is_device(word))
        .collect();
    let mut rows = Vec::new();
    for (source, line) in lines {
        let mut words = source.split_whitespace();
        let Some(device) = words.next().filter(|word| is_device(word)) else {
            continue;
        };
        let mut row = Row {
            device,
            cells: Vec::new(),
            rest: Vec::new(),
            line,
            source,
        };
        for word in words {
            if row.cells.len() == columns.len() {
                row.rest.push(word);
                continue;
            }
            match cell(word) {
                Some(cell) => row.cells.push(cell),
                None => {
                    return Err(row.blame(name, format!("`{word}` is no path between devices")));
                }
            }
        }
        if row.cells.len() < columns.len() {
            let message = format!(
                "{device} has {} of {} paths",
                row.cells.len(),
                columns.len()
            );
            return Err(row.blame(name, message));
        }
        rows.push(row);
    }
    Ok((columns, rows))
}

fn cell(word: &str) -> Option<Cell> {
    match word {
        "X" => Some(Cell::Same),
        // The name before 2017.
        "SOC" => Some(Cell::Path(Path::Sys)),
        _ => match word.strip_prefix("NV") {
            Some(links) => {
                let links = links.parse().ok();
                links
                    .filter(|links| (1..=36).contains(links))
                    .map(Cell::NvLinks)
            }
            None => word.parse().ok().map(Cell::Path),
        },
    }
}

fn link(cell: Cell, switched: bool) -> Link {
    let plain = Link {
        nvlinks: 0,
        path: None,
        gbps: 0.0,
    };
    match cell {
        Cell::Same => plain,
        Cell::Path(path) => Link {
            path: Some(path),
            ..plain
        },
        Cell::NvLinks(links) => Link {
            nvlinks: if switched { 0 } else { links },
            gbps: f64::from(links) * PER_LINK,
            ..plain
        },
    }
}

/// CPU affinity comes first, NUMA affinity after it; 0 where it is not said.
fn numa(row: &Row<'_>) -> u8 {
    row.rest
        .get(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0)
}

/// A card stands beside the only GPU it shares switches with.
fn card(row: &Row<'_>, numa: &[u8]) -> Nic {
    let path = |cell: &Cell| match cell {
        Cell::Path(path) => *path,
        Cell::Same | Cell::NvLinks(_) => Path::Sys,
    };
    let paths: Vec<Path> = row.cells[..numa.len()].iter().map(path).collect();
    let best = paths.iter().copied().min().unwrap_or(Path::Sys);
    let near: Vec<usize> = (0..paths.len()).filter(|gpu| paths[*gpu] == best).collect();
    let own = match near[..] {
        [gpu] if best <= Path::Pxb => Some(gpu as u8),
        _ => None,
    };
    Nic {
        gbps: 0.0,
        numa: near
            .first()
            .filter(|_| best < Path::Sys)
            .map_or(0, |gpu| numa[*gpu]),
        gpu: own,
    }
}
