//! Which LocalQueue the jobs of a trace go to.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::trace::row::JobRow;
use gpusched_core::queueing::kueue::objects::LocalQueue;
use std::collections::BTreeMap;
use std::path::Path;

/// How many LocalQueues a message lists.
const LISTED: usize = 12;

/// LocalQueues by what a trace calls them.
///
/// Jobs go by their queue; where a trace has none, by their user, else by their tenant. Without a
/// file those are names of LocalQueues, with their namespace (`lab/door`) or, if only one
/// namespace has such a queue, without. Jobs that name nothing go to the only LocalQueue there is.
#[derive(Clone, Debug)]
pub struct QueueMap {
    /// Namespace and name, by what the trace says.
    known: BTreeMap<String, (String, String)>,
    /// Names that several namespaces have.
    ambiguous: BTreeMap<String, Vec<String>>,
    only: Option<(String, String)>,
    listed: String,
}

impl QueueMap {
    /// The LocalQueues under their own names.
    pub fn by_name(queues: &[LocalQueue]) -> QueueMap {
        let mut names: Vec<(String, String)> = queues
            .iter()
            .map(|one| (one.namespace.clone(), one.name.clone()))
            .collect();
        names.sort();
        let full = |(namespace, name): &(String, String)| format!("{namespace}/{name}");
        let mut short: BTreeMap<String, Vec<&(String, String)>> = BTreeMap::new();
        for one in &names {
            short.entry(one.1.clone()).or_default().push(one);
        }
        let mut known: BTreeMap<String, (String, String)> =
            names.iter().map(|one| (full(one), one.clone())).collect();
        let mut ambiguous = BTreeMap::new();
        for (name, all) in short {
            match all.as_slice() {
                [one] => {
                    known.insert(name, (*one).clone());
                }
                several => {
                    ambiguous.insert(name, several.iter().map(|one| full(one)).collect());
                }
            }
        }
        let mut listed: Vec<String> = names.iter().take(LISTED).map(full).collect();
        if names.len() > LISTED {
            listed.push(format!("and {} more", names.len() - LISTED));
        }
        QueueMap {
            known,
            ambiguous,
            only: match names.as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            },
            listed: match listed.is_empty() {
                true => "none".to_owned(),
                false => listed.join(", "),
            },
        }
    }

    /// Reads a mapping file: CSV with the columns `queue` (what the trace says) and `local_queue`
    /// (`NAMESPACE/NAME`). What it does not mention goes by name.
    ///
    /// # Errors
    /// When it cannot be read, has other columns, or names a LocalQueue there is none of.
    pub fn read(path: &Path, queues: &[LocalQueue]) -> Result<QueueMap> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Diagnostic::new(format!("cannot read the queue map: {error}"))
                .in_file(&name)
                .help("name a CSV file with the columns queue,local_queue")
        })?;
        QueueMap::parse(&name, &text, queues)
    }

    /// As [`QueueMap::read`], from a text; `name` is what the file is called in messages.
    ///
    /// # Errors
    /// As [`QueueMap::read`].
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::objects::LocalQueue;
    /// use gpusched_sim::kueue::queue_map::QueueMap;
    /// let door = LocalQueue { namespace: "lab".into(), name: "door".into(), ..Default::default() };
    /// let problem = QueueMap::parse("map.csv", "queue,local_queue\nvc1,lab/dor\n", &[door]);
    /// let problem = problem.unwrap_err();
    /// assert_eq!((problem.line, problem.help.as_deref()), (2, Some("did you mean `lab/door`?")));
    /// ```
    pub fn parse(name: &str, text: &str, queues: &[LocalQueue]) -> Result<QueueMap> {
        let mut map = QueueMap::by_name(queues);
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map(|(line, _)| line.trim_start_matches('\u{feff}').trim());
        if header != Some("queue,local_queue") {
            return Err(Diagnostic::new("this is no queue map")
                .at(name, 1, 1)
                .source_line(header.unwrap_or_default())
                .help("its first line must be `queue,local_queue`"));
        }
        let own = map.known.clone();
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let wrong = |message: String| Diagnostic::new(message).at(name, number, 1).source_line(line);
            // Names of LocalQueues hold no comma, what traces say may.
            let Some((queue, target)) = line.rsplit_once(',') else {
                return Err(wrong("this line has one column".to_owned())
                    .help("write `QUEUE,NAMESPACE/NAME`"));
            };
            let (queue, target) = (queue.trim().trim_matches('"'), target.trim().trim_matches('"'));
            let Some(local) = own.get(target) else {
                let help = match did_you_mean(target, own.keys().map(String::as_str)) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("LocalQueues: {}", map.listed),
                };
                return Err(wrong(format!("there is no LocalQueue `{target}`")).help(help));
            };
            map.ambiguous.remove(queue);
            map.known.insert(queue.to_owned(), local.clone());
        }
        Ok(map)
    }

    /// Namespace and name of the LocalQueue of a job.
    ///
    /// # Errors
    /// When there is none; the message has no place yet.
    pub fn find(&self, row: &JobRow) -> Result<&(String, String)> {
        let said = [("queue", &row.queue), ("user", &row.user), ("tenant", &row.tenant)];
        let said = said.into_iter().find(|(_, value)| !value.is_empty());
        let Some((column, value)) = said else {
            return self.only.as_ref().ok_or_else(|| {
                Diagnostic::new(format!(
                    "job {} names no queue, user or tenant, so no LocalQueue either",
                    row.job_id
                ))
                .help(format!("LocalQueues: {}", self.listed))
            });
        };
        if let Some(found) = self.known.get(value) {
            return Ok(found);
        }
        let help = match self.ambiguous.get(value) {
            Some(several) => format!("several namespaces have one: write {}", several.join(" or ")),
            None => format!(
                "map it with `--queue-map FILE` (CSV: queue,local_queue); LocalQueues: {}",
                self.listed
            ),
        };
        Err(Diagnostic::new(format!(
            "job {} is of {column} `{value}`, which is no LocalQueue",
            row.job_id
        ))
        .help(help))
    }
}
