//! `gpusched dra allocate`: which devices claims get, or for each device why not.

use super::super::args::{AnswerFormatArg, DraAllocateArgs, DraModeArg};
use super::super::failure::{Failure, Outcome};
use super::super::terminal;
use super::answer;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::{Choice, Features, Quirks};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::dra::{Devices, place_groups, place_together, pods};
use gpusched_sim::manifest::{DraManifests, DraObjects, Severity};
use std::borrow::Cow;

/// Runs the verb.
pub(super) fn allocate(args: &DraAllocateArgs) -> Outcome {
    let choice = choice(args.policy.as_deref().unwrap_or("first-fit"))?;
    let quirks = match args.mode.unwrap_or_default() {
        DraModeArg::KubeCompat | DraModeArg::Both => Quirks::KUBE,
        DraModeArg::Correct => Quirks::NONE,
    };
    let manifests = read(args)?;
    let pods = pods(manifests.objects())?;
    if pods.is_empty() {
        return Err(Failure::Input(
            Diagnostic::new("nothing here asks for devices")
                .help("give ResourceClaims without an allocation, or pods that claim devices"),
        ));
    }
    let objects = taint(args, manifests.objects());
    let mut devices = Devices::new(&objects, Features::V1_36, quirks, choice);
    if args.mode == Some(DraModeArg::Both) {
        devices = devices.comparing();
    }
    let nodes = nodes(&devices, args.node.as_deref())?;
    let groups = match &args.same {
        Some(label) => vec![place_together(&mut devices, &pods, &nodes, label)],
        None => place_groups(&mut devices, &pods, &nodes, &manifests.objects().pod_groups),
    };
    match args.format.unwrap_or_default() {
        AnswerFormatArg::Table => terminal::print_text(&answer::table(&groups))?,
        AnswerFormatArg::Json => terminal::print(&format!("{:#}\n", answer::json(&groups)))?,
    }
    let mut placements = groups.iter().flat_map(|one| &one.placements);
    match placements.all(|one| one.placed.is_some()) {
        true => Ok(()),
        false => Err(Failure::Told(1)),
    }
}

/// The objects, with the taints of rules where those are wanted.
fn taint<'o>(args: &DraAllocateArgs, objects: &'o DraObjects) -> Cow<'o, DraObjects> {
    if args.taint_rules {
        return Cow::Owned(objects.tainted());
    }
    if !objects.taint_rules.is_empty() {
        let rules = terminal::count(objects.taint_rules.len() as u64, "DeviceTaintRule");
        terminal::say(&format!(
            "Note: left out: {rules}, whose gate is off in Kubernetes 1.36; --taint-rules applies them"
        ));
    }
    Cow::Borrowed(objects)
}

/// Reads what is named; warnings are shown, errors end the verb.
fn read(args: &DraAllocateArgs) -> Outcome<DraManifests> {
    let lists = [&args.manifests, &args.slices, &args.claims, &args.classes];
    let mut paths: Vec<_> = Vec::new();
    for path in lists.into_iter().flatten() {
        // One dump may hold everything: `--slices live.json --claims live.json`.
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let problem = Diagnostic::new("there is nothing to read");
        let help = "give `--manifests DIR`, or `--slices` and `--claims`";
        return Err(Failure::Input(problem.help(help)));
    }
    let manifests = DraManifests::read(paths)?;
    for problem in manifests.problems() {
        let word = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        terminal::report(word, &problem.diagnostic);
    }
    match manifests.is_sound() {
        true => Ok(manifests),
        false => Err(Failure::Told(2)),
    }
}

fn choice(name: &str) -> Result<Choice> {
    Choice::named(name).ok_or_else(|| {
        let names = || Choice::ALL.iter().map(|(name, _)| *name);
        let problem = Diagnostic::new(format!("there is no policy `{name}`")).in_file("--policy");
        problem.help(match did_you_mean(name, names()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("policies are {}", names().collect::<Vec<_>>().join(", ")),
        })
    })
}

/// The nodes to ask.
fn nodes(devices: &Devices, only: Option<&str>) -> Result<Vec<NodeId>> {
    let all = devices.nodes();
    let ids = (0..all.len() as u32).map(NodeId);
    let Some(only) = only else {
        if all.is_empty() {
            let problem = Diagnostic::new("there are no nodes");
            return Err(problem.help("give Nodes, or ResourceSlices with a `nodeName`"));
        }
        return Ok(ids.collect());
    };
    let found: Vec<NodeId> = ids.filter(|id| all[id.index()].name == only).collect();
    if found.is_empty() {
        let names = all.iter().map(|node| node.name.as_str());
        let problem = Diagnostic::new(format!("there is no node `{only}`")).in_file("--node");
        return Err(match did_you_mean(only, names) {
            Some(close) => problem.help(format!("did you mean `{close}`?")),
            None => problem,
        });
    }
    Ok(found)
}
