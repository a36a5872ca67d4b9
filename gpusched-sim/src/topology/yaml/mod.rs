//! A topology of one's own, in YAML: `boards`, `switches`, `cables` and `nodes`.
//!
//! Names may be lists of hosts (`n[00-15]`). Cables between two lists join every pair. A node's
//! cards are dealt out to its leaves in order: card `i` ends at leaf `i mod leaves`. See
//! `examples/topology.yaml`.

mod boards;
mod schema;

use super::hostlist::expand;
use super::{Place, Places, labels};
use crate::diagnostic::{Diagnostic, Result};
use crate::yaml::File;
use gpusched_core::topology::graph::{
    Cable, CableKind, Element, Finding, TopoGraph, Vertex, VertexId,
};
use gpusched_core::topology::{Board, Level, Scope};
use rustc_hash::FxHashMap;
use schema::{CableEntry, Document, Kind, NodeEntry, Oversubscription, SwitchEntry};
use std::sync::Arc;

const SHAPE: &str = "a topology has the keys boards, switches, cables, nodes and oversubscription; \
                     examples/topology.yaml is one to start from";

/// Nodes and switches of a file, and cables of one entry: more is a slip.
const MOST: usize = 100_000;

/// What is wrong with a topology: the name of the rule, and the problem with its place.
pub type Wrong = (&'static str, Box<Diagnostic>);

/// A topology as it stands in a file.
#[derive(Debug)]
pub struct Authored {
    name: String,
    text: String,
    graph: TopoGraph,
    boards: FxHashMap<String, Arc<Board>>,
    labels: Vec<(String, String, String)>,
    oversubscription: Oversubscription,
    /// By element: the word of the file it comes from.
    words: FxHashMap<String, String>,
}

/// Reads a topology; `name` is what the file is called in messages. What cannot be wired so is
/// found by [`Authored::problems`].
///
/// # Errors
/// At the first key, value or name that is not understood.
pub fn parse(name: &str, text: &str) -> Result<Authored> {
    let file = File {
        name,
        text,
        shape: SHAPE,
    };
    let document: Document = file.parse()?;
    let mut draft = Draft {
        file,
        graph: TopoGraph::default(),
        ids: FxHashMap::default(),
        words: FxHashMap::default(),
        boards: FxHashMap::default(),
        labels: Vec::new(),
    };
    let mut kinds = FxHashMap::default();
    for (name, entry) in &document.boards {
        let kind = boards::build(name, entry).map_err(|problem| file.blame(name, problem))?;
        kinds.insert(name.as_str(), kind);
    }
    for switch in &document.switches {
        draft.switch(switch)?;
    }
    for cable in &document.cables {
        draft.cable(cable)?;
    }
    for node in &document.nodes {
        draft.node(node, &kinds)?;
    }
    if document.nodes.is_empty() {
        return Err(Diagnostic::new("the topology has no nodes")
            .in_file(name)
            .help(SHAPE));
    }
    Ok(Authored {
        name: name.to_owned(),
        text: text.to_owned(),
        graph: draft.graph,
        boards: draft.boards,
        labels: draft.labels,
        oversubscription: document.oversubscription,
        words: draft.words,
    })
}

/// Puts a problem where an element is named: after `name:` where it stands there.
fn point(file: &File<'_>, word: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
    let named = ["", "\"", "'"].map(|quote| format!("name: {quote}{word}{quote}"));
    for (index, line) in file.text.lines().enumerate() {
        for pattern in &named {
            let Some(at) = line.find(pattern.as_str()) else {
                continue;
            };
            let after = line[at + pattern.len()..].chars().next();
            if after.is_some_and(|c| c.is_alphanumeric() || "-_.[".contains(c)) {
                continue;
            }
            let before = line[..at].chars().count() + pattern.find(word).unwrap_or(0);
            return problem
                .at(file.name, index as u64 + 1, before as u64 + 1)
                .source_line(line)
                .width(word.chars().count());
        }
    }
    file.blame(word, problem)
}

/// A board, and the most NVLinks a GPU of it may have.
type BoardKind = (Arc<Board>, Option<u8>);

struct Draft<'a> {
    file: File<'a>,
    graph: TopoGraph,
    ids: FxHashMap<String, VertexId>,
    words: FxHashMap<String, String>,
    boards: FxHashMap<String, Arc<Board>>,
    labels: Vec<(String, String, String)>,
}

impl Draft<'_> {
    fn hosts(&self, list: &str) -> Result<Vec<String>> {
        expand(list).map_err(|problem| {
            let problem = Diagnostic::new(problem).help("write names such as n[00-15],login");
            self.file.blame(list, problem)
        })
    }

    fn find(&self, name: &str, word: &str) -> Result<VertexId> {
        self.ids.get(name).copied().ok_or_else(|| {
            let known = self.ids.keys().map(String::as_str);
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            let help = match crate::diagnostic::did_you_mean(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "list it under `switches`".to_owned(),
            };
            let problem = Diagnostic::new(format!("there is no switch `{name}`")).help(help);
            self.file.blame(word, problem)
        })
    }

    fn switch(&mut self, entry: &SwitchEntry) -> Result<()> {
        for name in self.hosts(&entry.name)? {
            let element = match entry.kind {
                Kind::Leaf => Element::Leaf { rail: entry.rail },
                Kind::Spine => Element::Spine,
                Kind::Core => Element::Core,
                Kind::Nvswitch => Element::NvSwitch {
                    reduces: entry.reduces,
                },
            };
            let host = None;
            let id = self.graph.add(Vertex {
                name: name.clone(),
                host,
                element,
            });
            self.words.insert(name.clone(), entry.name.clone());
            self.ids.insert(name, id);
        }
        Ok(())
    }

    fn cable(&mut self, entry: &CableEntry) -> Result<()> {
        let cable = Cable {
            kind: CableKind::Network,
            count: entry.count,
            gbps: entry.gbps,
            latency_ns: entry.latency_ns,
            shared: true,
        };
        let (from, to) = (self.hosts(&entry.from)?, self.hosts(&entry.to)?);
        if from.len().saturating_mul(to.len()) > MOST {
            let pairs = format!(
                "{} × {} pairs of switches are too many",
                from.len(),
                to.len()
            );
            let problem = Diagnostic::new(pairs).help("an entry has at most 100,000 cables");
            return Err(self.file.blame(&entry.from, problem));
        }
        for one in &from {
            for other in &to {
                let ends = (self.find(one, &entry.from)?, self.find(other, &entry.to)?);
                self.graph.join(ends.0, ends.1, cable);
            }
        }
        Ok(())
    }

    fn node(&mut self, entry: &NodeEntry, kinds: &FxHashMap<&str, BoardKind>) -> Result<()> {
        let board = match &entry.board {
            None => None,
            Some(name) => Some(match kinds.get(name.as_str()) {
                Some(kind) => kind.clone(),
                None => {
                    boards::preset(name, None).map_err(|problem| self.file.blame(name, problem))?
                }
            }),
        };
        let leaves = entry.leaf.names();
        let names = self.hosts(&entry.name)?;
        if names.len() + self.words.len() > MOST {
            let problem = Diagnostic::new(format!("{} nodes more are too many", names.len()))
                .help("a topology has at most 100,000 nodes and switches");
            return Err(self.file.blame(&entry.name, problem));
        }
        for name in names {
            let most = board.as_ref().and_then(|(_, most)| *most);
            let devices = self
                .graph
                .host(&name, board.as_ref().map(|(board, _)| &**board), most);
            let mut ends = Vec::new();
            for leaf in &leaves {
                ends.push(self.find(leaf, leaf)?);
            }
            if leaves.len() > devices.cards.len() {
                let problem = Diagnostic::new(format!(
                    "node {name} is below {} leaves, and has {} network cards",
                    leaves.len(),
                    devices.cards.len()
                ))
                .help("give it a board with a card per leaf, or fewer leaves");
                return Err(point(&self.file, &entry.name, problem));
            }
            let nics = board.as_ref().map_or(&[][..], |(board, _)| board.nics());
            for (card, id) in devices.cards.iter().enumerate() {
                let Some(end) = ends.get(card % ends.len().max(1)) else {
                    continue;
                };
                let gbps = nics.get(card).map_or(0.0, |nic| nic.gbps);
                let cable = Cable {
                    latency_ns: entry.latency_ns,
                    ..Cable::new(CableKind::Network, gbps)
                };
                self.graph.join(*id, *end, cable);
            }
            let switch = board.as_ref().and_then(|(board, _)| board.switch());
            if let Some(switch) = switch {
                let end = match &entry.nvswitch {
                    Some(domain) => self.find(domain, domain)?,
                    None => self.graph.add(Vertex {
                        name: format!("{name}/nvswitch"),
                        host: Some(name.clone()),
                        element: Element::NvSwitch {
                            reduces: switch.reduces,
                        },
                    }),
                };
                let count = u16::from(switch.links).max(1);
                let cable = Cable {
                    count,
                    ..Cable::new(CableKind::NvLink, switch.gbps_per_gpu / f64::from(count))
                };
                for gpu in &devices.gpus {
                    self.graph.join(*gpu, end, cable);
                }
            } else if let Some(domain) = &entry.nvswitch {
                let problem =
                    Diagnostic::new(format!("node {name} has no NVLink that ends at a switch"))
                        .help("give it a board with a switch, or leave nvswitch out");
                return Err(self.file.blame(domain, problem));
            }
            for (key, value) in &entry.labels {
                self.labels.push((name.clone(), key.clone(), value.clone()));
            }
            self.words.insert(name.clone(), entry.name.clone());
            if let Some((board, _)) = &board {
                self.boards.insert(name, board.clone());
            }
        }
        Ok(())
    }
}

impl Authored {
    /// The graph.
    pub fn graph(&self) -> &TopoGraph {
        &self.graph
    }

    /// Everything that is wrong: the name of the rule, and the problem with its place.
    pub fn problems(&self) -> Vec<Wrong> {
        let findings = self.graph.lint();
        if !findings.is_empty() {
            return findings.iter().map(|finding| self.place(finding)).collect();
        }
        match self.seats() {
            Ok((_, problems)) => problems,
            Err(problem) => vec![("levels", problem)],
        }
    }

    /// The places of its nodes.
    ///
    /// # Errors
    /// The first of [`Authored::problems`].
    pub fn places(&self) -> Result<Places> {
        if let Some((rule, mut problem)) = self.problems().into_iter().next() {
            problem.message = format!("{} ({rule})", problem.message);
            return Err(problem);
        }
        Ok(self.seats()?.0)
    }

    /// The places, and what labels and declared levels disagree with.
    fn seats(&self) -> Result<(Places, Vec<Wrong>)> {
        let flat = self
            .graph
            .flatten()
            .map_err(|findings| match findings.first() {
                Some(finding) => self.place(finding).1,
                None => Diagnostic::new("the topology cannot be flattened").in_file(&self.name),
            })?;
        let fabric = flat.topology.fabric();
        let mut problems = Vec::new();
        let levels: Vec<Level> = fabric
            .levels()
            .iter()
            .cloned()
            .map(|level| {
                let declared = self.oversubscription.of(level.scope);
                let oversubscription = declared.unwrap_or(level.oversubscription);
                if !(oversubscription >= 1.0 && oversubscription.is_finite()) {
                    let problem = Diagnostic::new(format!(
                        "oversubscription of {} cannot be {oversubscription}",
                        level.name
                    ))
                    .help("it is bandwidth into a domain over bandwidth out of it, at least 1");
                    problems.push((
                        "oversubscription",
                        self.file().blame("oversubscription", problem),
                    ));
                }
                Level {
                    oversubscription,
                    ..level
                }
            })
            .collect();
        let mut places = Vec::new();
        // Many nodes come from one word.
        let mut lines: FxHashMap<&str, u64> = FxHashMap::default();
        for (rank, host) in flat.hosts.iter().enumerate() {
            let path = fabric.path(rank.into());
            let path: Vec<String> = path
                .map(|domain| fabric.domains()[domain.index()].name.clone())
                .collect();
            if path.len() == levels.len() {
                let word = self.words.get(host).map_or(host.as_str(), String::as_str);
                let line = *lines
                    .entry(word)
                    .or_insert_with(|| point(&self.file(), word, Diagnostic::new("")).line);
                places.push(Place {
                    name: host.clone(),
                    path,
                    board: self.boards.get(host).cloned(),
                    line,
                });
            }
        }
        self.check_labels(&levels, &places, &mut problems);
        let places = Places {
            file: self.name.clone(),
            levels,
            rails: fabric.rails(),
            places,
        };
        Ok((places, problems))
    }

    /// Labels that name another domain than the one a node is in.
    fn check_labels(&self, levels: &[Level], places: &[Place], problems: &mut Vec<Wrong>) {
        let by_name: FxHashMap<&str, &Place> = places
            .iter()
            .map(|place| (place.name.as_str(), place))
            .collect();
        for (node, key, value) in &self.labels {
            let scope = labels::scope_of(key);
            let level = levels.iter().position(|level| Some(level.scope) == scope);
            let (Some(level), Some(place)) = (level, by_name.get(node.as_str())) else {
                continue;
            };
            if place.path[level] != *value {
                let problem = Diagnostic::new(format!(
                    "node {node} is in {} {}, and its label {key} says {value}",
                    levels[level].name, place.path[level]
                ))
                .help("correct the label, or the leaf the node is below");
                problems.push(("labels-disagree", self.file().blame(value, problem)));
            }
        }
    }

    fn file(&self) -> File<'_> {
        File {
            name: &self.name,
            text: &self.text,
            shape: SHAPE,
        }
    }

    /// A finding where the element stands in the file.
    fn place(&self, finding: &Finding) -> Wrong {
        // A device is called after its node.
        let host = finding.element.split('/').next().unwrap_or_default();
        let of = |name: &str| self.words.get(name).cloned();
        let word = of(&finding.element).or_else(|| of(host));
        let problem = Diagnostic::new(&finding.message).help(finding.help);
        let word = word.unwrap_or_else(|| finding.element.clone());
        (finding.rule, point(&self.file(), &word, problem))
    }
}

impl Oversubscription {
    fn of(&self, scope: Scope) -> Option<f64> {
        match scope {
            Scope::Rack => self.leaf,
            Scope::Block => self.spine,
            Scope::Zone => self.core,
            Scope::Node | Scope::Nvlink => None,
        }
    }
}
