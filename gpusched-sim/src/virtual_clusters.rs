//! `--virtual-clusters FILE`: which queue is promised which cells, for `hived`.
//!
//! ```yaml
//! lazy-preemption: true
//! virtual-clusters:
//!   research:
//!     - {cell: rack, count: 1}
//!     - {cell: node, count: 2, model: H100}
//!   service:
//!     - {cell: gpu, count: 8}
//! ```
//!
//! Cells are `gpu`, `socket`, `node` and the levels of the topology. `model` and `gpus` (GPUs in one
//! cell) say which are meant where there are several kinds. A pod sits within one cell: two cells
//! `gpu` hold no pod of two GPUs. Virtual clusters are served in the order
//! of their names.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::yaml::{File, read};
use gpusched_core::cluster::{Inventory, Quota, VirtualCluster, VirtualClusters};
use gpusched_core::workload::Workload;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

const SHAPE: &str = "under `virtual-clusters` stands a list for each queue, such as \
                     `research: [{cell: node, count: 2}]`";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    #[serde(default)]
    lazy_preemption: bool,
    virtual_clusters: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    cell: Spanned<String>,
    count: Spanned<u32>,
    model: Option<String>,
    gpus: Option<u32>,
}

/// Reads virtual clusters and checks them against the machines.
///
/// # Errors
/// A file that cannot be read or understood; cells there are none of, or too few of, where they are
/// promised.
pub fn load(path: &str, inventory: &Inventory) -> Result<VirtualClusters> {
    let text = read(path, "file of virtual clusters")?;
    parse(path, &text, inventory)
}

/// As [`load`], from a text; `name` is what the file is called in messages.
///
/// # Errors
/// As [`load`].
pub fn parse(name: &str, text: &str, inventory: &Inventory) -> Result<VirtualClusters> {
    let file = File {
        name,
        text,
        shape: SHAPE,
    };
    let document: Document = file.parse()?;
    let entries: Vec<&Vec<Entry>> = document.virtual_clusters.values().collect();
    for entry in entries.iter().copied().flatten() {
        if entry.count.value == 0 {
            let problem = Diagnostic::new("no cells are promised here")
                .help("give a count of at least 1, or leave the entry out");
            return Err(file.point(entry.count.referenced, problem));
        }
    }
    let quota = |entry: &Entry| Quota {
        cell: entry.cell.value.clone(),
        count: entry.count.value,
        model: entry.model.clone(),
        gpus: entry.gpus,
    };
    let clusters = document.virtual_clusters.iter();
    let clusters = clusters.map(|(name, quotas)| VirtualCluster {
        name: name.clone(),
        quotas: quotas.iter().map(quota).collect(),
    });
    let checked = VirtualClusters::new(inventory, clusters.collect(), document.lazy_preemption);
    checked.map_err(|error| {
        let entry = &entries[error.cluster][error.quota];
        let problem = Diagnostic::new(error.problem).help(error.help);
        file.point(entry.cell.referenced, problem)
    })
}

/// Refuses a trace with a guaranteed job (priority 0 or above) of a queue that is no virtual cluster.
/// Such jobs are counted when `lenient`: they are never placed.
///
/// # Errors
/// The first such job, and what there is.
pub fn check(
    work: &Workload,
    clusters: &VirtualClusters,
    file: &str,
    lenient: bool,
) -> Result<Option<String>> {
    let jobs = work.jobs().iter().enumerate();
    let strangers = jobs.filter(|(at, _)| {
        let owner = work.owner((*at).into());
        owner.priority >= 0 && clusters.find(&owner.queue).is_none()
    });
    let mut strangers = strangers.peekable();
    let Some(&(at, job)) = strangers.peek() else {
        return Ok(None);
    };
    if lenient {
        let count = strangers.count();
        return Ok(Some(format!(
            "{count} jobs are in queues that are no virtual clusters, and are never placed"
        )));
    }
    let name = work.name(at.into());
    let queue = &work.owner(at.into()).queue;
    let known = || {
        clusters
            .clusters()
            .iter()
            .map(|cluster| cluster.name.as_str())
    };
    let said = match queue.as_str() {
        "" => format!("job {name} is in no queue, so in no virtual cluster"),
        queue => format!("job {name} is in queue {queue}, which is no virtual cluster"),
    };
    let all = known().collect::<Vec<_>>().join(", ");
    let help = match did_you_mean(queue, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "there are {all}; promise it cells, or make the job opportunistic with a priority below \
             0, or leave such jobs out with `--lenient`"
        ),
    };
    let first_of_kind = work.jobs().iter().position(|other| other.spec == job.spec) == Some(at);
    let line = work.spec(job.spec).first_line;
    let problem = Diagnostic::new(said).help(help);
    Err(match first_of_kind && line > 0 {
        true => problem.at(file, line, 0),
        false => problem.in_file(file),
    })
}
