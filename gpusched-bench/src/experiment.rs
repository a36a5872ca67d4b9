//! The experiment of the FGD paper: pods arrive one by one, are placed or fail once, and never
//! leave; after each the state of the cluster is measured.

use gpusched_core::cluster::{CapacityError, Cluster, Inventory, Spot};
use gpusched_core::ids::{JobId, NodeId, ShapeId};
use gpusched_core::placement::fragmentation::{Amounts, ClusterFragmentation, Fragmentation};
use gpusched_core::placement::power::Power;
use gpusched_core::placement::{Placement, Pod, TypicalConfig, TypicalPods, View};
use gpusched_core::workload::{Shape, Workload};

/// An experiment with all it needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The trace before it is tuned to the cluster: request kinds, and FGD's target workload.
    pub work: Workload,
    /// The machines, in rank order.
    pub inventory: Inventory,
    /// The request of each pod, in order of arrival.
    pub pods: Vec<ShapeId>,
    /// Fragmentation against the target workload.
    pub measure: Fragmentation,
}

impl Setup {
    /// The usual target workload: 95 % of the trace's pods.
    pub fn new(work: Workload, inventory: Inventory, pods: Vec<ShapeId>) -> Setup {
        let typical = TypicalPods::from_workload(&work, &TypicalConfig::default());
        Setup {
            measure: Fragmentation::new(typical, &inventory),
            work,
            inventory,
            pods,
        }
    }

    /// The experiment, without power.
    pub fn experiment(&self) -> Experiment<'_> {
        Experiment {
            inventory: &self.inventory,
            shapes: self.work.shapes(),
            pods: &self.pods,
            measure: &self.measure,
            power: None,
        }
    }
}

/// What is run: machines in rank order, request kinds, and the pods in order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Experiment<'a> {
    /// The machines.
    pub inventory: &'a Inventory,
    /// The request kinds.
    pub shapes: &'a [Shape],
    /// The request of each pod.
    pub pods: &'a [ShapeId],
    /// How fragmentation is measured.
    pub measure: &'a Fragmentation,
    /// How power is measured, if it is.
    pub power: Option<&'a Power>,
}

/// The cluster after a pod.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// Nodes with any CPU or GPU in use.
    pub used_nodes: u64,
    /// All GPUs of those nodes.
    pub used_gpus: u64,
    /// Milli-GPU allocated.
    pub used_milli: i64,
    /// Milli-GPU asked for so far, also by pods that failed.
    pub arrived_milli: i64,
    /// Pods that fit nowhere.
    pub failed: u64,
    /// Fragmentation of the cluster, by category.
    pub fragmentation: Amounts,
    /// Watts of all CPUs and of all GPUs (0 without a power model).
    pub power: (i64, i64),
}

/// Runs the experiment with a policy; `observe` sees each pod's place and the state after it.
///
/// # Errors
/// [`CapacityError`] when the policy proposes a place that cannot hold the pod.
pub fn run(
    experiment: &Experiment<'_>,
    policy: &mut dyn Placement,
    mut observe: impl FnMut(usize, Option<Spot>, &State),
) -> Result<Cluster, CapacityError> {
    let place = |cluster: &mut Cluster, seq: usize| {
        let pod = Pod {
            shape: experiment.pods[seq],
            job: JobId(seq as u32),
            ordinal: 0,
        };
        policy.choose(&mut View::new(cluster), pod)
    };
    let stop = |_: &Cluster, seq: usize, spot: Option<Spot>, state: &State| {
        observe(seq, spot, state);
        false
    };
    run_with(experiment, place, stop)
}

/// As [`run`], with any function that says where a pod goes; `stop` sees the cluster too and ends
/// the run by saying `true`.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    experiment: &Experiment<'_>,
    mut place: impl FnMut(&mut Cluster, usize) -> Option<Spot>,
    mut stop: impl FnMut(&Cluster, usize, Option<Spot>, &State) -> bool,
) -> Result<Cluster, CapacityError> {
    let mut cluster = Cluster::new(experiment.inventory.clone(), experiment.shapes);
    let mut fragmentation = ClusterFragmentation::new(experiment.measure, &cluster);
    let mut state = State {
        fragmentation: fragmentation.total(),
        power: experiment
            .power
            .map_or((0, 0), |power| power.total(&cluster)),
        ..State::default()
    };
    for (seq, &shape) in experiment.pods.iter().enumerate() {
        state.arrived_milli += cluster.ask(shape).total_milli();
        let spot = place(&mut cluster, seq);
        match spot {
            Some(spot) => {
                take(experiment, &mut cluster, &mut state, shape, spot)?;
                fragmentation.update(&cluster);
                state.fragmentation = fragmentation.total();
            }
            None => state.failed += 1,
        }
        if stop(&cluster, seq, spot, &state) {
            break;
        }
    }
    Ok(cluster)
}

/// Takes a place and accounts for it: only one node changes.
fn take(
    experiment: &Experiment<'_>,
    cluster: &mut Cluster,
    state: &mut State,
    shape: ShapeId,
    spot: Spot,
) -> Result<(), CapacityError> {
    if spot.node.index() >= cluster.len() {
        return Err(CapacityError::NoSuchNode(spot.node.0));
    }
    let was_used = is_used(cluster, spot.node);
    let before = watts(experiment, cluster, spot.node);
    cluster.take(shape, spot)?;
    let after = watts(experiment, cluster, spot.node);
    state.power.0 += after.0 - before.0;
    state.power.1 += after.1 - before.1;
    state.used_milli += cluster.ask(shape).total_milli();
    if !was_used && is_used(cluster, spot.node) {
        state.used_nodes += 1;
        state.used_gpus += u64::from(cluster.node(spot.node).gpus());
    }
    Ok(())
}

fn watts(experiment: &Experiment<'_>, cluster: &Cluster, node: NodeId) -> (i64, i64) {
    experiment.power.map_or((0, 0), |power| {
        let node = cluster.node(node);
        (power.cpu(node), power.gpu(node))
    })
}

fn is_used(cluster: &Cluster, node: NodeId) -> bool {
    let node = cluster.node(node);
    node.free_devices() < node.gpus() || (node.cpu() as u64) < node.describe().cpu_milli
}
