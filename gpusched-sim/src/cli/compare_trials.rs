//! What `gpusched compare` tries with what.

use super::args::CompareArgs;
use super::terminal;
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::registry::placements;
use gpusched_core::queueing::registry::queueings;
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::network::NetworkMode;
use gpusched_sim::scenario::{
    Plan, all_provisionings, check_mig_placement, check_placement, check_provisioning,
    check_queueing,
};
use gpusched_sim::sharing::SharingMode;
use gpusched_sim::sharing::mig::MigSharing;

/// One run to make.
pub(super) struct Trial {
    pub(super) queueing: String,
    pub(super) placement: String,
    pub(super) sharing: SharingMode,
    pub(super) mig_placement: String,
    pub(super) provisioning: String,
    pub(super) network: NetworkMode,
}

/// Names in the order they first come up.
pub(super) fn names_once<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut once = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// Every queueing policy with every placement policy, sharing mode, MIG placement policy,
/// provisioning policy and model of the network, in the order given.
pub(super) fn product(args: &CompareArgs, plan: &Plan) -> Result<Vec<Trial>> {
    let given = [
        &args.axes.queueing,
        &args.axes.placement,
        &args.axes.sharing,
        &args.axes.mig_placement,
        &args.axes.provisioning,
        &args.axes.network,
    ];
    if given.iter().all(|list| list.is_empty()) {
        return Err(Diagnostic::new("there are no policies to compare").help(
            "name some, such as `--queueing fifo,easy,sjf` or `--placement all`; \
             `gpusched policy list` lists them",
        ));
    }
    let known = queueings().map(|info| info.name);
    let queueing = names(
        "queueing",
        &args.axes.queueing,
        known,
        check_queueing,
        &plan.queueing,
    )?;
    let known = placements().iter().map(|info| info.name);
    let placement = names(
        "placement",
        &args.axes.placement,
        known,
        check_placement,
        &plan.placement,
    )?;
    let sharing = modes(&args.axes.sharing, &plan.sharing)?;
    let known = mig_placements().map(|info| info.name);
    let instances = names(
        "mig-placement",
        &args.axes.mig_placement,
        known,
        check_mig_placement,
        &plan.mig_placement,
    )?;
    let machines = names(
        "provisioning",
        &args.axes.provisioning,
        all_provisionings().map(|info| info.name),
        check_provisioning,
        &plan.machines.policy,
    )?;
    let networks = match &args.axes.network[..] {
        [] => vec![plan.network],
        given => NetworkMode::parse_list(given).map_err(|problem| problem.in_file("--network"))?,
    };
    let ways = ways(&sharing, &instances);
    let mut trials = Vec::new();
    for queueing in &queueing {
        for placement in &placement {
            for (sharing, instances) in &ways {
                for provisioning in &machines {
                    trials.extend(networks.iter().map(|network| Trial {
                        queueing: queueing.clone(),
                        placement: placement.clone(),
                        sharing: (*sharing).clone(),
                        mig_placement: (*instances).to_owned(),
                        provisioning: provisioning.clone(),
                        network: *network,
                    }));
                }
            }
        }
    }
    Ok(trials)
}

/// Sharing modes with the MIG placement policies that make a difference under them: where no
/// instance is placed the first stands for all, and a policy that only uses instances that stand is
/// left out, with a word, where none stands unless it is created.
fn ways<'a>(
    sharing: &'a [SharingMode],
    instances: &'a [String],
) -> Vec<(&'a SharingMode, &'a str)> {
    let mut ways = Vec::new();
    for mode in sharing {
        let creates = |name: &str| mig_placement(name).is_ok_and(|policy| policy.creates());
        let all = instances.iter().map(String::as_str);
        match mode {
            SharingMode::Recorded | SharingMode::Mig(MigSharing::Layout { .. }) => {
                ways.extend(all.map(|name| (mode, name)));
            }
            SharingMode::Mig(_) if instances.len() > 1 => {
                for name in all {
                    match creates(name) {
                        true => ways.push((mode, name)),
                        false => terminal::say(&format!(
                            "Note: left out: {name} under {mode}, where it finds no instance to use"
                        )),
                    }
                }
            }
            _ => ways.extend(all.take(1).map(|name| (mode, name))),
        }
    }
    ways
}

/// The sharing modes given, each once; nothing stands for what the plan says.
fn modes(given: &[String], planned: &SharingMode) -> Result<Vec<SharingMode>> {
    let mut modes = Vec::new();
    for text in given {
        let mode = SharingMode::parse(text.trim()).map_err(|problem| match problem.file {
            Some(_) => problem,
            None => problem.in_file("--sharing"),
        })?;
        if !modes.contains(&mode) {
            modes.push(mode);
        }
    }
    if modes.is_empty() {
        modes.push(planned.clone());
    }
    Ok(modes)
}

/// The names given, each once; `all` stands for all there are, nothing for what the plan says.
fn names(
    flag: &str,
    given: &[String],
    known: impl Iterator<Item = &'static str>,
    check: fn(&str) -> Result<()>,
    planned: &str,
) -> Result<Vec<String>> {
    let given: Vec<String> = match given {
        [] => vec![planned.to_owned()],
        [all] if all == "all" => known.map(str::to_owned).collect(),
        given => given.iter().map(|name| name.trim().to_owned()).collect(),
    };
    let mut names: Vec<String> = Vec::new();
    for name in given {
        check(&name).map_err(|problem| problem.in_file(format!("--{flag}")))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
