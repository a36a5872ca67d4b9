//! From canonical rows to the tables the replay works on.

use super::row::{JobRow, NodeRow, ShareMode, TopoMode};
use super::{ENDLESS, ReadOptions, ReadReport, read_jobs, read_nodes};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::sharing::mig;
use crate::topology::columns::Columns;
use gpusched_core::cluster::{Cluster, Inventory, MigMode, Node};
use gpusched_core::gpu::mig::{BOARDS, MigConfig, MigName, board_of_model};
use gpusched_core::gpu::model;
use gpusched_core::provisioning::Price;
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{
    Behaviour, Checkpointing, JobDraft, Locality, MigRequest, Outcome, Owner, Shape, ShareWay,
    Workload, WorkloadBuilder, WorkloadError,
};
use std::path::Path;
use std::sync::Arc;

/// Reads a trace into a workload.
///
/// # Errors
/// Whatever is wrong with the trace, located.
pub fn load_workload(spec: &str, options: &ReadOptions) -> Result<(Workload, ReadReport)> {
    let mut builder = WorkloadBuilder::new();
    let mut capability = 0_u64;
    let mut report = read_jobs(spec, options, &mut |row| {
        known_run_time(&row, spec)?;
        known_mig_profile(&row, spec)?;
        capability += u64::from(row.cc_min > 0.0);
        push_row(&mut builder, &row).map_err(|error| locate(error, spec, row.line))
    })?;
    // Said once, with a count, never passed over.
    if capability > 0 {
        report.notes.push(format!(
            "{capability} rows ask for a compute capability (cc_min), which no policy heeds yet"
        ));
    }
    let work = builder.finish().map_err(|error| locate(error, spec, 0))?;
    if work.is_empty() {
        return Err(Diagnostic::new("the trace has no jobs")
            .in_file(&report.path)
            .help("check the file, and the filters (`--queue-only`, `--gpu-only`, `--limit`)"));
    }
    Ok((work, report))
}

/// Reads a cluster into an inventory; nodes keep their order, which is their rank.
///
/// # Errors
/// Whatever is wrong with the node list, located.
pub fn load_inventory(spec: &str, options: &ReadOptions) -> Result<(Inventory, ReadReport)> {
    let mut nodes = Vec::new();
    let mut shared = 0;
    let mut wiring = Columns::default();
    let file = nodes_file(spec);
    let mut report = read_nodes(spec, options, &mut |row| {
        shared += u64::from(row.share_replicas > 1);
        wiring.push(&row, &file)?;
        nodes.push(node(&row, &file)?);
        Ok(())
    })?;
    if shared > 0 {
        report.notes.push(format!(
            "{shared} nodes have shared replicas, which are not heeded yet: \
             their GPUs are taken as whole (see `--sharing`)"
        ));
    }
    let inventory = Inventory::new(nodes).map_err(|error| {
        Diagnostic::new(error.to_string())
            .in_file(&report.path)
            .help("mend the node list")
    })?;
    let inventory = match wiring.finish() {
        None => inventory,
        Some(topology) => inventory.with_topology(Arc::new(topology)),
    };
    Ok((inventory, report))
}

/// Steps of work take no time until a throughput table says how fast they go.
fn known_run_time(row: &JobRow, spec: &str) -> Result<()> {
    if row.run > Span::ZERO || row.work_steps.is_none() {
        return Ok(());
    }
    let path = spec.split_once(':').map_or(spec, |(_, path)| path);
    Err(Diagnostic::new(format!(
        "job {} says how many steps it takes, but not how long a step is",
        row.job_id
    ))
    .at(path, row.line, 0)
    .help("give the throughput table of its profiles with `--throughputs PATH`"))
}

/// A profile some board has, asked for instead of devices.
fn known_mig_profile(row: &JobRow, spec: &str) -> Result<()> {
    let Some(profile) = &row.mig_profile else {
        return Ok(());
    };
    let path = spec.split_once(':').map_or(spec, |(_, path)| path);
    let wrong = |message: String, help: String| {
        Err(Diagnostic::new(message).at(path, row.line, 0).help(help))
    };
    if row.gpu > 0 {
        return wrong(
            format!(
                "job {} asks for {} GPU(s) and for MIG instances ({profile}) in one pod",
                row.job_id, row.gpu
            ),
            "leave gpu empty, or make two task groups of it".into(),
        );
    }
    if row.mig_count > 64 {
        return wrong(
            format!("job {} asks for {} instances", row.job_id, row.mig_count),
            "a node has at most 56: make several pods of it with `count`".into(),
        );
    }
    if mig_share(profile).is_some() {
        return Ok(());
    }
    let names = || {
        BOARDS
            .iter()
            .flat_map(|board| board.profiles)
            .map(|known| known.name)
    };
    let help = match did_you_mean(profile, names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "write a profile as `nvidia-smi mig -lgip` prints it, such as 1g.10gb".into(),
    };
    let problem = match profile.parse::<MigName>() {
        Ok(_) => "no board has that MIG profile".to_owned(),
        Err(error) => error.to_string(),
    };
    wrong(
        format!("job {} asks for {profile}: {problem}", row.job_id),
        help,
    )
}

/// The compute share of a profile in milli-GPU, on the first board that has the name.
fn mig_share(profile: &str) -> Option<u32> {
    BOARDS.iter().find_map(|board| {
        let slices = board.profile(board.by_name(profile)?).slices;
        Some(MILLI * u32::from(slices) / u32::from(board.slices()))
    })
}

fn locate(error: WorkloadError, spec: &str, line: u64) -> Box<Diagnostic> {
    let path = spec.split_once(':').map_or(spec, |(_, path)| path);
    let line = match &error {
        WorkloadError::Groups { line, .. } => *line,
        WorkloadError::TooMany { .. } => line,
    };
    Diagnostic::new(error.to_string())
        .at(path, line, 0)
        .help("mend the row, or replay a part of the trace with `--limit`")
}

/// The one way of sharing a row allows. Whole devices are not shared unless a row says how.
fn only(row: &JobRow) -> Option<ShareWay> {
    match row.share_mode {
        ShareMode::Any => None,
        // The default of whole devices: nothing was said.
        ShareMode::Exclusive if row.gpu_milli == MILLI => None,
        ShareMode::Exclusive => Some(ShareWay::Exclusive),
        ShareMode::Mps => Some(ShareWay::Mps),
        ShareMode::Timeslice => Some(ShareWay::Timeslice),
        ShareMode::Mig => Some(ShareWay::Mig),
        ShareMode::Vgpu => Some(ShareWay::Vgpu),
    }
}

/// What the row says of how the job runs. Use is kept in percent: more would only
/// make every job a kind of its own.
fn behaviour(row: &JobRow) -> Behaviour {
    let [sm, _, _, footprint, _] = row.util;
    let percent = |value: f32| (value.clamp(0.0, 1.0) * 100.0).round() as u32;
    Behaviour {
        class: row.profile.clone().unwrap_or_default(),
        duty_milli: sm.map_or(0, |sm| percent(sm) * 10),
        footprint_mib: footprint.map_or(0, |mib| mib.max(0.0) as u32),
        checkpoints: Checkpointing {
            every: row.ckpt.unwrap_or_default(),
            cost: row.ckpt_cost,
            restart: row.restart,
        },
    }
}

/// How near to one another the pods of a row must, or should, be.
fn locality(row: &JobRow) -> Locality {
    Locality {
        within: match row.topo_mode {
            TopoMode::None => None,
            TopoMode::Preferred | TopoMode::Required => row.topo_level,
        },
        required: row.topo_mode == TopoMode::Required,
        slice: row.slice_size.unwrap_or(0),
    }
}

/// Adds one canonical row to a workload under construction.
///
/// A wall limit ends the run where it is reached, as a kill; a recorded failure ends it where it
/// happened. The scheduler is told the estimate, else the limit.
///
/// # Errors
/// As [`WorkloadBuilder::push`].
pub fn push_row(builder: &mut WorkloadBuilder, row: &JobRow) -> Result<(), WorkloadError> {
    let (run, outcome) = effective_run(row);
    let mig = row.mig_profile.as_ref();
    builder.push(&JobDraft {
        name: &row.job_id,
        task: &row.task,
        line: row.line,
        count: row.count,
        gang: row.gang,
        submit: row.submit,
        run,
        estimate: row.estimate.or(row.limit),
        outcome,
        shape: Shape {
            gpus: mig.map_or(row.gpu, |_| row.mig_count),
            gpu_milli: mig
                .and_then(|name| mig_share(name))
                .unwrap_or(row.gpu_milli),
            mig: mig.cloned().map(MigRequest::Profile),
            gpu_mem_mib: row.gpu_mem_mib,
            reserves_gpu_mem: true,
            models: row.gpu_models.clone(),
            models_not: row.gpu_not.clone(),
            cpu_milli: row.cpu_milli,
            mem_mib: row.mem_mib,
            max_per_node: row.max_per_node,
            only: only(row),
            // What is asked for is a bound: a fraction of a GB/s more is as much.
            nvlink_gbps: row.nvlink_gbps_min.ceil() as u32,
            rdma_percent: row.rdma,
            on_spot: false,
        },
        locality: locality(row),
        owner: Owner {
            queue: row.queue.clone(),
            user: row.user.clone(),
            tenant: row.tenant.clone(),
            group: row.group.clone(),
            priority: row.priority,
            preemptible: row.preemptible,
            spot_ok: row.spot_ok,
        },
        behaviour: behaviour(row),
    })
}

/// How long a row runs, and how that ends.
pub(crate) fn effective_run(row: &JobRow) -> (Span, Outcome) {
    let recorded = match row.outcome {
        // What the recording saw as unfinished runs, in a replay, for as long as it was seen.
        Outcome::Running | Outcome::Pending => Outcome::Completed,
        outcome => outcome,
    };
    let run = match (recorded, row.fail_at) {
        (Outcome::Failed | Outcome::Killed, Some(at)) => at.min(row.run),
        _ if row.run >= ENDLESS => Span::FOREVER,
        _ => row.run,
    };
    match row.limit {
        Some(limit) if limit < run => (limit, Outcome::Killed),
        _ => (run, recorded),
    }
}

fn node(row: &NodeRow, file: &str) -> Result<Node> {
    let known = model::find(&row.gpu_model).map_or(0, |known| known.mem_mib);
    let mem = row.gpu_mem_mib.unwrap_or(known);
    Ok(Node {
        mig: mig_mode(row, mem).map_err(|problem| problem.at(file, row.line, 0))?,
        name: row.node.clone(),
        gpu_model: row.gpu_model.clone(),
        cpu_model: String::new(),
        gpus: row.gpu,
        gpu_mem_mib: mem,
        cpu_milli: row.cpu_milli.unwrap_or(Node::UNLIMITED),
        mem_mib: row.mem_mib.unwrap_or(Node::UNLIMITED),
        from: row.from.unwrap_or(Time::ZERO),
        to: row.to.unwrap_or(Time::NEVER),
        price: price(row),
        variability: row.variability.clone(),
    })
}

/// What a node costs: its spot price if it is a spot machine, else its on-demand price. Prices of
/// files have at most nine decimals.
fn price(row: &NodeRow) -> Option<Price> {
    let usd = if row.spot {
        row.price_spot_h
    } else {
        row.price_od_h
    }?;
    Some(Price((usd * 1e9).round() as i64))
}

/// The file node rows come from: a directory holds them as `nodes.csv`.
fn nodes_file(spec: &str) -> String {
    let path = spec.split_once(':').map_or(spec, |(_, path)| path);
    match Path::new(path).is_dir() {
        true => Path::new(path).join("nodes.csv").display().to_string(),
        false => path.to_owned(),
    }
}

/// The layout a node row names.
fn mig_mode(row: &NodeRow, mem_mib: u32) -> Result<MigMode> {
    let layout = row.mig_layout.as_str();
    if layout.is_empty() {
        return Ok(MigMode::Off);
    }
    let name = &row.node;
    if row.share_replicas > 1 {
        return Err(Diagnostic::new(format!(
            "node {name} has a MIG layout ({layout}) and {} replicas of each device",
            row.share_replicas
        ))
        .help("a device is shared one way: leave mig_layout or share_replicas empty"));
    }
    let Some(board) = board_of_model(&row.gpu_model, mem_mib).filter(|_| row.gpu > 0) else {
        return Err(Diagnostic::new(format!(
            "node {name} has a MIG layout ({layout}), but its {} GPUs of model \"{}\" cannot be cut",
            row.gpu, row.gpu_model
        ))
        .help(format!("MIG cuts {}", mig::boards())));
    };
    if row.gpu > 8 {
        return Err(Diagnostic::new(format!(
            "node {name} has a MIG layout ({layout}) and {} GPUs",
            row.gpu
        ))
        .help(mig::HELP));
    }
    mig::layout(board, row.gpu, layout, None).map_err(|error| {
        let known = MigConfig::built_in(board).mig_configs;
        let help = match did_you_mean(layout, known.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the layouts mig-parted has for {} are legal", board.name),
        };
        Diagnostic::new(format!("node {name} ({}): {error}", board.name)).help(help)
    })
}

/// Refuses a trace with a pod that fits no node of the cluster, even an empty one: such a job
/// would wait for ever. (A *gang* too large for the cluster is reported as unschedulable instead:
/// that is a finding, not a slip.)
///
/// # Errors
/// The first such job in the trace, with its line and what it asks for.
pub fn check_possible(
    work: &Workload,
    inventory: &Inventory,
    trace: &str,
    concerns: impl Fn(&Shape) -> bool,
) -> Result<()> {
    let mut cluster = Cluster::new(inventory.clone(), work.shapes()).at_best();
    let path = trace.split_once(':').map_or(trace, |(_, path)| path);
    let impossible = work.specs().iter().find_map(|spec| {
        let set = spec
            .pod_sets
            .iter()
            .filter(|set| concerns(work.shape(set.shape)))
            .find(|set| cluster.feasible(set.shape).is_empty())?;
        Some((spec, work.shape(set.shape)))
    });
    match impossible {
        None => Ok(()),
        Some((spec, shape)) => Err(Diagnostic::new(format!(
            "this job can never run: a pod asks for {} and no node of the cluster has that",
            describe(shape)
        ))
        .at(path, spec.first_line, 0)
        .help(match shape.mig.is_some() && !inventory.has_mig() {
            true => "no GPU of the cluster is cut: give nodes a mig_layout, or replay with \
                     `--sharing mig:dynamic`"
                .to_owned(),
            false => format!(
                "{}; give the cluster such nodes, or leave such jobs out with `--lenient`",
                largest(inventory)
            ),
        })),
    }
}

fn describe(shape: &Shape) -> String {
    let mut parts = Vec::new();
    if let Some(MigRequest::Profile(name)) = &shape.mig {
        parts.push(format!("{} MIG instance(s) {name}", shape.gpus));
    } else if shape.is_share() {
        parts.push(format!("{} milli-GPU of one device", shape.gpu_milli));
    } else if shape.gpus > 0 {
        parts.push(format!("{} whole GPU(s)", shape.gpus));
    }
    if shape.nvlink_gbps > 0 && shape.gpus > 1 {
        parts.push(format!("linked at {} GB/s", shape.nvlink_gbps));
    }
    if shape.rdma_percent > 0 {
        parts.push(format!("{} % of the network cards", shape.rdma_percent));
    }
    if !shape.models.is_empty() {
        parts.push(format!("of model {}", shape.models.join(" or ")));
    }
    if !shape.models_not.is_empty() {
        parts.push(format!("not of model {}", shape.models_not.join(" or ")));
    }
    if shape.gpu_mem_mib > 0 {
        parts.push(format!("with {} MiB of device memory", shape.gpu_mem_mib));
    }
    if shape.cpu_milli > 0 {
        parts.push(format!("{} milli-CPU", shape.cpu_milli));
    }
    if shape.mem_mib > 0 {
        parts.push(format!("{} MiB of memory", shape.mem_mib));
    }
    parts.join(", ")
}

fn largest(inventory: &Inventory) -> String {
    let most = |value: fn(&Node) -> u64| inventory.nodes().iter().map(value).max().unwrap_or(0);
    let models: Vec<&str> = inventory
        .models()
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !name.is_empty())
        .collect();
    let models = if models.is_empty() {
        "no model named".to_owned()
    } else {
        models.join(", ")
    };
    format!(
        "the largest node has {} GPUs and the models are: {models}",
        most(|node| u64::from(node.gpus)),
    )
}
