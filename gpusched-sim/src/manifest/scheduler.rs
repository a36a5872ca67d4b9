//! `KubeSchedulerConfiguration` (`kubescheduler.config.k8s.io/v1`): what of it decides where pods of
//! a trace go.

use super::cursor::{At, Read};
use super::document::{Document, File};
use super::fault::{Fault, Notices};
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::placement::kube_scheduler::{Profile, ScoredResource, ShapePoint, Strategy};
use std::path::Path;

const FIT: &str = "NodeResourcesFit";
const BALANCED: &str = "NodeResourcesBalancedAllocation";

/// Score plugins that rate all nodes alike for pods of a trace, which have no taints, affinities,
/// spread constraints, images or claims.
const INDIFFERENT: &[&str] = &[
    "TaintToleration",
    "NodeAffinity",
    "PodTopologySpread",
    "InterPodAffinity",
    "DynamicResources",
    "ImageLocality",
    "VolumeBinding",
];

/// In-tree plugins that score nothing, which `multiPoint` may name.
const NO_SCORE: &[&str] = &[
    "SchedulingGates",
    "PrioritySort",
    "NodeUnschedulable",
    "NodeName",
    "NodePorts",
    "NodeVolumeLimits",
    "VolumeRestrictions",
    "VolumeZone",
    "DefaultPreemption",
    "DefaultBinder",
    "GangScheduling",
];

#[derive(Clone, Copy)]
enum Kind {
    Least,
    Most,
    Ratio,
}

const STRATEGIES: &[(&str, Kind)] = &[
    ("LeastAllocated", Kind::Least),
    ("MostAllocated", Kind::Most),
    ("RequestedToCapacityRatio", Kind::Ratio),
];

/// Reads the profile `default-scheduler` of a configuration file, or its first profile if none is
/// called so. What the file leaves open is as in Kubernetes 1.36.
///
/// # Errors
/// When the file cannot be read, is no such configuration, names a plugin that is not known, or
/// has a value upstream would refuse. Located.
pub fn scheduler_profile(path: &Path) -> Result<Profile> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Diagnostic::new(format!("cannot read the configuration: {error}"))
            .in_file(name.as_str())
            .help("name a file of kind KubeSchedulerConfiguration")
    })?;
    parse(&name, text)
}

fn parse(name: &str, text: String) -> Result<Profile> {
    let (file, documents) = File::parse(name, text)?;
    let wanted = |document: &&Document| document.value["kind"] == "KubeSchedulerConfiguration";
    let Some(document) = documents.iter().find(wanted) else {
        return Err(
            Diagnostic::new("there is no KubeSchedulerConfiguration here")
                .in_file(name)
                .help("a configuration begins with `kind: KubeSchedulerConfiguration`"),
        );
    };
    let notices = Notices::default();
    let read = configuration(At::root(&document.value, &notices));
    let profile = read.map_err(|fault| file.blame(document, *fault))?;
    match notices.into_inner().into_iter().next() {
        // What upstream only warns of is refused too: a slip would change what is replayed.
        Some((_, fault)) => Err(file.blame(document, fault)),
        None => Ok(profile),
    }
}

fn configuration(at: At<'_, '_>) -> Read<Profile> {
    at.only(&[
        &["profiles", "percentageOfNodesToScore"],
        &[
            "apiVersion",
            "kind",
            "parallelism",
            "leaderElection",
            "clientConnection",
            "healthzBindAddress",
            "metricsBindAddress",
            "enableProfiling",
            "enableContentionProfiling",
            "podInitialBackoffSeconds",
            "podMaxBackoffSeconds",
            "extenders",
            "delayCacheUntilActive",
        ],
    ])?;
    let extenders = at.field("extenders");
    if extenders.list(|_| Ok(()))?.is_empty() {
        let mut profile = Profile::default();
        percentage(&at, &mut profile)?;
        let profiles = at.field("profiles");
        let names = profiles.list(|item| item.field("schedulerName").string())?;
        let chosen = names
            .iter()
            .position(|name| name.is_empty() || name == "default-scheduler")
            .unwrap_or(0);
        if !names.is_empty() {
            read_profile(profiles.item(chosen), &mut profile)?;
        }
        return Ok(profile);
    }
    let fault = extenders.fault("extenders are not modelled here");
    Err(fault.help("take them out: what an extender answers cannot be known"))
}

fn percentage(at: &At<'_, '_>, profile: &mut Profile) -> Read<()> {
    if let Some(percentage) = within(at.field("percentageOfNodesToScore"), 0, 100)? {
        profile.percentage_of_nodes_to_score = percentage as u8;
    }
    Ok(())
}

/// A whole number between two bounds, if there.
fn within(at: At<'_, '_>, least: i64, most: i64) -> Read<Option<i64>> {
    match at.i64()? {
        Some(number) if !(least..=most).contains(&number) => Err(at
            .fault(format!("{number} is not possible here"))
            .help(format!("it is between {least} and {most}"))),
        number => Ok(number),
    }
}

fn read_profile(at: At<'_, '_>, profile: &mut Profile) -> Read<()> {
    at.only(&[&[
        "schedulerName",
        "percentageOfNodesToScore",
        "plugins",
        "pluginConfig",
    ]])?;
    percentage(&at, profile)?;
    let plugins = at.field("plugins");
    // What `score` says goes before what holds at every point.
    for point in ["multiPoint", "score"] {
        weights(plugins.field(point), profile)?;
    }
    at.field("pluginConfig").list(|item| {
        let args = item.field("args");
        match item.field("name").required()?.as_str() {
            FIT => fit(args, profile),
            BALANCED => {
                args.only(&[&["apiVersion", "kind"], &["resources"]])?;
                let resources = args.field("resources");
                if resources.present() {
                    profile.balanced.resources = scored_resources(&resources)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    })?;
    Ok(())
}

/// `disabled` first, then `enabled`, as upstream merges them. A weight of 0 is a weight of 1.
fn weights(at: At<'_, '_>, profile: &mut Profile) -> Read<()> {
    at.only(&[&["enabled", "disabled"]])?;
    at.field("disabled").list(|item| {
        let name = item.field("name").required()?;
        if matches!(name.as_str(), FIT | "*") {
            profile.fit.weight = 0;
        }
        if matches!(name.as_str(), BALANCED | "*") {
            profile.balanced.weight = 0;
        }
        Ok(())
    })?;
    at.field("enabled").list(|item| {
        item.only(&[&["name", "weight"]])?;
        let name = item.field("name").required()?;
        let weight = within(item.field("weight"), 0, i64::from(i32::MAX) / 100)?;
        let weight = weight.filter(|weight| *weight > 0).unwrap_or(1);
        match name.as_str() {
            FIT => profile.fit.weight = weight,
            BALANCED => profile.balanced.weight = weight,
            known if INDIFFERENT.contains(&known) || NO_SCORE.contains(&known) => {}
            other => {
                let fault = item
                    .field("name")
                    .fault(format!("there is no plugin `{other}` here"));
                return Err(fault.help("plugins of your own are not known; take it out to go on"));
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn fit(args: At<'_, '_>, profile: &mut Profile) -> Read<()> {
    args.only(&[
        &["scoringStrategy"],
        &[
            "apiVersion",
            "kind",
            "ignoredResources",
            "ignoredResourceGroups",
        ],
    ])?;
    let strategy = args.field("scoringStrategy");
    strategy.only(&[&["type", "resources", "requestedToCapacityRatio"]])?;
    let resources = strategy.field("resources");
    if resources.present() {
        profile.fit.resources = scored_resources(&resources)?;
    }
    profile.fit.strategy = match strategy.field("type").choice(STRATEGIES)? {
        None | Some(Kind::Least) => Strategy::LeastAllocated,
        Some(Kind::Most) => Strategy::MostAllocated,
        Some(Kind::Ratio) => Strategy::RequestedToCapacityRatio(shape(
            strategy.field("requestedToCapacityRatio").field("shape"),
        )?),
    };
    Ok(())
}

fn scored_resources(at: &At<'_, '_>) -> Read<Vec<ScoredResource>> {
    at.list(|item| {
        item.only(&[&["name", "weight"]])?;
        Ok(ScoredResource {
            name: item.field("name").required()?,
            weight: within(item.field("weight"), 0, 100)?.unwrap_or(1),
        })
    })
}

fn shape(at: At<'_, '_>) -> Read<Vec<ShapePoint>> {
    let mut last = None;
    let points = at.list(|item| {
        item.only(&[&["utilization", "score"]])?;
        let utilization = within(item.field("utilization"), 0, 100)?.unwrap_or(0);
        if last.is_some_and(|last| utilization <= last) {
            let fault = item.fault(format!("{utilization} is not above the point before it"));
            return Err(fault.help("points stand in order of utilization"));
        }
        last = Some(utilization);
        let score = within(item.field("score"), 0, 10)?.unwrap_or(0);
        Ok(ShapePoint { utilization, score })
    })?;
    match points.is_empty() {
        true => Err(missing_shape(&at)),
        false => Ok(points),
    }
}

fn missing_shape(at: &At<'_, '_>) -> Box<Fault> {
    at.missing().help(
        "give points such as `{utilization: 0, score: 0}` and `{utilization: 100, score: 10}`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\n\
                        kind: KubeSchedulerConfiguration\n";

    fn read(rest: &str) -> Result<Profile> {
        parse("scheduler.yaml", format!("{HEAD}{rest}"))
    }

    #[track_caller]
    fn refused(rest: &str, line: u64, message: &str) {
        let problem = read(rest).unwrap_err();
        assert_eq!((problem.line, problem.message.as_str()), (line, message));
        assert!(problem.help.is_some() && problem.file.as_deref() == Some("scheduler.yaml"));
    }

    #[test]
    fn what_is_left_open_is_the_default() {
        assert_eq!(read("").unwrap(), Profile::default());
        assert_eq!(
            read("profiles: [{schedulerName: mine}]\n").unwrap(),
            Profile::default()
        );
    }

    #[test]
    fn bin_packing_of_gpus_as_people_configure_it() {
        let profile = read(
            "percentageOfNodesToScore: 30
profiles:
- schedulerName: other
- schedulerName: default-scheduler
  plugins:
    score:
      disabled: [{name: NodeResourcesBalancedAllocation}]
      enabled: [{name: NodeResourcesFit, weight: 5}]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: nvidia.com/gpu, weight: 3}, {name: cpu}]
        requestedToCapacityRatio:
          shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]
",
        )
        .unwrap();
        let points =
            [(0, 0), (100, 10)].map(|(utilization, score)| ShapePoint { utilization, score });
        assert_eq!(
            profile.fit.strategy,
            Strategy::RequestedToCapacityRatio(points.into())
        );
        assert_eq!((profile.fit.weight, profile.balanced.weight), (5, 0));
        let weights: Vec<i64> = profile.fit.resources.iter().map(|one| one.weight).collect();
        assert_eq!(
            (weights, profile.percentage_of_nodes_to_score),
            (vec![3, 1], 30)
        );
    }

    #[test]
    fn all_plugins_can_be_turned_off_and_one_on_again() {
        let profile = read(
            "profiles: [{plugins: {score: {disabled: [{name: '*'}], enabled: [{name: NodeResourcesBalancedAllocation}]}}}]\n",
        )
        .unwrap();
        assert_eq!((profile.fit.weight, profile.balanced.weight), (0, 1));
    }

    #[test]
    fn what_is_wrong_is_located() {
        refused(
            "percentageOfNodesToScore: 101\n",
            3,
            "101 is not possible here",
        );
        refused("profile: []\n", 3, "there is no field `profile` here");
        refused(
            "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: MyScore\n",
            7,
            "there is no plugin `MyScore` here",
        );
        let strategy = |inner: &str| {
            format!(
                "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args: {{scoringStrategy: {{{inner}}}}}\n"
            )
        };
        refused(&strategy("type: Most"), 6, "`Most` is not possible here");
        refused(
            &strategy("type: RequestedToCapacityRatio"),
            6,
            "`shape` is missing",
        );
        let falling = "type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: \
                       [{utilization: 50, score: 1}, {utilization: 50, score: 2}]}";
        refused(&strategy(falling), 6, "50 is not above the point before it");
        let problem = parse("x.yaml", "kind: Pod\n".to_owned()).unwrap_err();
        assert_eq!(
            problem.message,
            "there is no KubeSchedulerConfiguration here"
        );
    }
}
