//! Whether what jobs ask of the topology can be had on a cluster.

use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::cluster::Inventory;
use gpusched_core::topology::{Board, Scope, Topology};
use gpusched_core::workload::{Locality, Shape, Workload};

/// Refuses a trace with a job that must be within something the cluster does not have, or needs
/// more NVLink bandwidth than any of its boards has. What jobs only prefer, and everything when
/// `lenient`, becomes a note.
///
/// # Errors
/// The first such job of the trace, with its line and what there is.
pub fn check(
    work: &Workload,
    inventory: &Inventory,
    file: &str,
    lenient: bool,
) -> Result<Vec<String>> {
    let cluster = Wired::of(inventory);
    let mut counts = [0_u64; 4];
    let mut jobs_of = vec![0_u64; work.specs().len()];
    for job in work.jobs() {
        jobs_of[job.spec.index()] += 1;
    }
    for (spec, jobs) in work.specs().iter().zip(jobs_of) {
        let lacks = |rule: fn(&Wired<'_>, &Locality, &Shape) -> bool| {
            spec.pod_sets
                .iter()
                .any(|set| rule(&cluster, &set.locality, work.shape(set.shape)))
        };
        let refused = spec
            .pod_sets
            .iter()
            .find_map(|set| cluster.refuses(&set.locality, work.shape(set.shape)))
            .filter(|_| !lenient);
        if let Some((message, help)) = refused {
            return Err(Diagnostic::new(message)
                .at(file, spec.first_line, 0)
                .help(help));
        }
        let rules: [fn(&Wired<'_>, &Locality, &Shape) -> bool; 4] = [
            |cluster, asked, _| asked.required && cluster.lacks(asked),
            |cluster, asked, _| !asked.required && cluster.lacks(asked),
            |cluster, _, pod| pod.nvlink_gbps > 0 && cluster.most < f64::from(pod.nvlink_gbps),
            |cluster, _, pod| pod.rdma_percent > 0 && !cluster.cards,
        ];
        for (count, rule) in counts.iter_mut().zip(rules) {
            *count += jobs * u64::from(lacks(rule));
        }
    }
    let what = [
        "must be within a level of the topology that this cluster does not have",
        "prefer a level of the topology that this cluster does not have: it is not heeded",
        "ask for NVLink bandwidth that no board of this cluster is known to have",
        "ask for a share of network cards, and no card of this cluster is known: it is not heeded",
    ];
    let counted = counts.into_iter().zip(what);
    Ok(counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} jobs {what}"))
        .collect())
}

/// What a cluster has.
struct Wired<'a> {
    topology: Option<&'a Topology>,
    /// The best NVLink bandwidth between two GPUs of a node, GB/s.
    most: f64,
    /// Some board is known.
    boards: bool,
    /// Some network card is known.
    cards: bool,
}

impl<'a> Wired<'a> {
    fn of(inventory: &'a Inventory) -> Wired<'a> {
        let topology = inventory.topology().map(AsRef::as_ref);
        let boards = || topology.into_iter().flat_map(Topology::boards);
        Wired {
            topology,
            most: boards().map(|board| nvlink_gbps(board)).fold(0.0, f64::max),
            boards: boards().next().is_some(),
            cards: boards().any(|board| !board.nics().is_empty()),
        }
    }

    fn lacks(&self, asked: &Locality) -> bool {
        match (asked.within, self.topology) {
            (None | Some(Scope::Node | Scope::Nvlink), _) => false,
            (Some(_), None) => true,
            (Some(scope), Some(topology)) => topology.fabric().within(scope).is_none(),
        }
    }

    /// Why a pod set cannot be placed at all, and what to do.
    fn refuses(&self, asked: &Locality, pod: &Shape) -> Option<(String, String)> {
        if let Some(scope) = asked.within
            && asked.required
            && self.lacks(asked)
        {
            let message = format!(
                "this job must run within one {}, and the cluster knows of none",
                scope.name()
            );
            let help = format!(
                "it has {}; say where nodes stand with the column `{}` of the node list or with \
                 `--topology`, such as `--topology preset:leaf-spine`; or let such jobs wait with \
                 `--lenient`",
                self.levels(),
                scope.name()
            );
            return Some((message, help));
        }
        let wanted = f64::from(pod.nvlink_gbps);
        if self.boards && wanted > self.most {
            let message = format!(
                "this job needs {wanted} GB/s of NVLink between its GPUs, and the best board of \
                 the cluster has {}",
                self.most
            );
            let help = "GB/s in one direction are meant; say what nodes have with the column \
                        `nvlink_gbps` of the node list, or let such jobs wait with `--lenient`";
            return Some((message, help.to_owned()));
        }
        None
    }

    fn levels(&self) -> String {
        let levels = self
            .topology
            .map_or(&[][..], |topology| topology.fabric().levels());
        let names: Vec<&str> = levels.iter().map(|level| level.scope.name()).collect();
        match names.is_empty() {
            true => "no level above the node".to_owned(),
            false => format!("the levels {}", names.join(", ")),
        }
    }
}

/// The best NVLink bandwidth between two GPUs of a board, GB/s.
fn nvlink_gbps(board: &Board) -> f64 {
    let pairs = (0..board.gpus()).flat_map(|one| (0..one).map(move |other| (one, other)));
    let direct = pairs
        .map(|(one, other)| board.link(one, other))
        .filter(|link| link.nvlinks > 0)
        .map(|link| link.gbps)
        .fold(0.0, f64::max);
    direct.max(board.switch().map_or(0.0, |switch| switch.gbps_per_gpu))
}
