//! The inputs of the full runs: nodes and pods of the openb trace (Alibaba, 2023).

use super::super::files::{self, Unreadable};
use super::shape;
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::ShapeId;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Workload, WorkloadBuilder};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The folder of inputs, and what was read of it.
pub(super) struct Inputs {
    dir: PathBuf,
    nodes: FxHashMap<String, NodeRow>,
    traces: FxHashMap<String, Rc<Trace>>,
}

/// A pod list: every pod a job of its own, in file order.
pub(super) struct Trace {
    pub(super) work: Workload,
    shape_of: FxHashMap<String, ShapeId>,
}

#[derive(Clone, Deserialize)]
struct NodeRow {
    sn: String,
    cpu_milli: u64,
    memory_mib: u64,
    gpu: u32,
    #[serde(default)]
    model: String,
}

#[derive(Deserialize)]
struct PodRow {
    name: String,
    cpu_milli: u64,
    memory_mib: u64,
    num_gpu: u32,
    gpu_milli: u32,
    #[serde(default)]
    gpu_spec: String,
}

impl Inputs {
    /// Finds the inputs beside the vectors.
    pub(super) fn beside(vectors: &Path) -> Result<Inputs, Unreadable> {
        let dir = vectors.join("../../datasets/openb-2023");
        if !dir.is_dir() {
            let why = "the vectors name pods and nodes of this data set; put the openb-2023 \
                       lists there";
            return Err(Unreadable::file(&dir, why));
        }
        let mut nodes = FxHashMap::default();
        for list in [
            "openb_node_list_all_node.csv",
            "openb_node_list_gpu_node.csv",
        ] {
            let path = dir.join(list);
            if path.is_file() {
                let rows: Vec<NodeRow> = files::rows(&path)?;
                nodes.extend(rows.into_iter().map(|row| (row.sn.clone(), row)));
            }
        }
        Ok(Inputs {
            dir,
            nodes,
            traces: FxHashMap::default(),
        })
    }

    /// The machines of that name, in that order of rank.
    pub(super) fn inventory(&self, ranked: &[String]) -> Result<Inventory, Unreadable> {
        let find = |name: &String| match self.nodes.get(name) {
            Some(row) => Ok(row.node()),
            None => Err(Unreadable::new(
                name,
                "no such node in the openb node lists",
            )),
        };
        let nodes = ranked.iter().map(find).collect::<Result<_, _>>()?;
        Inventory::new(nodes).map_err(|error| Unreadable::file(&self.dir, error))
    }

    /// A pod list by name, such as `openb_pod_list_default`.
    pub(super) fn trace(&mut self, list: &str) -> Result<Rc<Trace>, Unreadable> {
        if let Some(known) = self.traces.get(list) {
            return Ok(Rc::clone(known));
        }
        let trace = Rc::new(Trace::read(&self.dir.join(format!("{list}.csv")))?);
        self.traces.insert(list.to_owned(), Rc::clone(&trace));
        Ok(trace)
    }
}

impl NodeRow {
    fn node(&self) -> Node {
        Node {
            cpu_milli: self.cpu_milli,
            mem_mib: self.memory_mib,
            cpu_model: cpu_model(&self.model).to_owned(),
            ..Node::with_gpus(&self.sn, self.gpu, &self.model)
        }
    }
}

/// The CPU that goes with a GPU model in the PWR runs. The trace does not tell; this is the
/// mapping the vectors were made with.
fn cpu_model(gpu_model: &str) -> &'static str {
    match gpu_model {
        "T4" => "Intel-Xeon-8163",
        "P100" => "Intel-Xeon-ES-2682-V4",
        "V100M16" | "V100M32" => "Intel-Xeon-6326",
        "A10" | "G2" | "G3" | "A100" => "Intel-Xeon-8369B",
        _ => "",
    }
}

impl Trace {
    fn read(path: &Path) -> Result<Trace, Unreadable> {
        let rows: Vec<PodRow> = files::rows(path)?;
        let mut builder = WorkloadBuilder::new();
        for row in &rows {
            let shape = shape(
                row.cpu_milli,
                row.memory_mib,
                row.num_gpu,
                row.gpu_milli,
                &row.gpu_spec,
            );
            let pod = JobDraft::new(&row.name, Time::ZERO, Span::from_secs(1), shape);
            builder
                .push(&pod)
                .map_err(|error| Unreadable::file(path, error))?;
        }
        let work = builder
            .finish()
            .map_err(|error| Unreadable::file(path, error))?;
        // All pods arrive at once, so job i is row i.
        let shape_of = rows
            .into_iter()
            .zip(work.jobs())
            .map(|(row, job)| (row.name, work.spec(job.spec).pod_sets[0].shape))
            .collect();
        Ok(Trace { work, shape_of })
    }

    /// The request of a pod, or of the pod it is a copy of (`<pod>-tuned-<k>`).
    pub(super) fn shape(&self, pod: &str) -> Option<ShapeId> {
        let original = pod.split_once("-tuned-").map_or(pod, |(name, _)| name);
        self.shape_of.get(original).copied()
    }
}
