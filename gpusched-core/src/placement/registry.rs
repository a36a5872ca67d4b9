//! The table of placement policies: every name the project knows, and how each is made.
//!
//! Besides the names a *weighted sum* of rating policies is understood, such as
//! `pwr:0.2+fgd:0.8`: the final score of a node is the sum of weight × normalised score, ties go
//! to the lowest rank, and devices are chosen by the policy of largest weight (`fgd` when weights
//! are equal, else the one named first).

use super::fragmentation::Fragmentation;
use super::kube_scheduler::{
    Balance, KubeRating, KubeScheduler, Profile as SchedulerProfile, Release, ScoredResource,
    Strategy,
};
use super::levels::{
    self, ByLevel, Hived, KaiTopology, Profile, RackPack, Segments, SlurmBlock, SlurmTree, Tas,
    VolcanoTier,
};
use super::power::Power;
use super::{
    BestFit, Consolidate, DotProduct, Fgd, FirstFit, GpuClustering, GpuPacking, NodeScore, Pal,
    Placement, Pwr, Random, Scored, TypicalConfig, TypicalPods, WorstFit,
};
use super::{
    best_fit, consolidate, dot_product, fgd, first_fit, gpu_clustering, gpu_packing, hived,
    kube_scheduler, pal, pwr, random, worst_fit,
};
use crate::cluster::Inventory;
use crate::policy::{PolicyError, PolicyInfo};
use crate::workload::Workload;

/// What policies may need to know when they are made.
#[derive(Clone, Copy, Debug)]
pub struct PlacementContext<'a> {
    /// The jobs of the replay; FGD's target workload is cut out of them.
    pub work: &'a Workload,
    /// The machines.
    pub inventory: &'a Inventory,
    /// Seed of policies that draw.
    pub seed: u64,
}

struct Entry {
    info: PolicyInfo,
    make: Make,
}

enum Make {
    Policy(fn(&PlacementContext<'_>) -> Box<dyn Placement>),
    Rating(fn(&PlacementContext<'_>, &TypicalConfig) -> Box<dyn NodeScore>),
}

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    Entry { info: first_fit::INFO, make: Make::Policy(|_| Box::new(FirstFit)) },
    Entry { info: random::INFO, make: Make::Policy(|context| Box::new(Random::new(context.seed))) },
    Entry { info: best_fit::INFO, make: Make::Rating(|_, _| Box::new(BestFit)) },
    Entry { info: worst_fit::INFO, make: Make::Rating(|_, _| Box::new(WorstFit)) },
    Entry { info: dot_product::INFO, make: Make::Rating(|_, _| Box::new(DotProduct)) },
    Entry { info: gpu_packing::INFO, make: Make::Rating(|_, _| Box::new(GpuPacking)) },
    Entry { info: gpu_clustering::INFO, make: Make::Rating(|_, _| Box::new(GpuClustering)) },
    Entry { info: fgd::INFO, make: Make::Rating(make_fgd) },
    Entry { info: pwr::INFO, make: Make::Rating(|context, _| Box::new(Pwr::new(Power::new(context.inventory)))) },
    Entry { info: kube_scheduler::INFO, make: Make::Policy(|_| Box::new(KubeScheduler::new(&SchedulerProfile::default()))) },
    Entry { info: kube_scheduler::INFO_1_35, make: Make::Policy(|context| Box::new(KubeScheduler::new(&SchedulerProfile::of(Release::V1_35, context.seed)))) },
    Entry { info: kube_scheduler::LEAST, make: Make::Rating(|_, _| Box::new(KubeRating::fit(Strategy::LeastAllocated, &ScoredResource::defaults()))) },
    Entry { info: kube_scheduler::MOST, make: Make::Rating(|_, _| Box::new(KubeRating::fit(Strategy::MostAllocated, &ScoredResource::defaults()))) },
    Entry { info: kube_scheduler::BALANCED, make: Make::Rating(|_, _| Box::new(KubeRating::balanced(Balance::Change, &ScoredResource::defaults()))) },
    Entry { info: consolidate::INFO, make: Make::Policy(|_| Box::new(Consolidate::new())) },
    Entry { info: pal::INFO, make: Make::Policy(|context| Box::new(Pal::new(context.inventory))) },
    Entry { info: levels::RACK_PACK, make: Make::Policy(|context| by_level(RackPack, context)) },
    Entry { info: *Profile::Mixed.info(), make: Make::Policy(|context| by_level(Tas::new(Profile::Mixed), context)) },
    Entry { info: *Profile::BestFit.info(), make: Make::Policy(|context| by_level(Tas::new(Profile::BestFit), context)) },
    Entry { info: *Profile::Balanced.info(), make: Make::Policy(|context| by_level(Tas::new(Profile::Balanced), context)) },
    Entry { info: levels::VOLCANO_TIER, make: Make::Policy(|context| by_level(VolcanoTier::new(context.inventory), context)) },
    Entry { info: levels::SLURM_TREE, make: Make::Policy(|context| by_level(SlurmTree, context)) },
    Entry { info: *Segments::Free.info(), make: Make::Policy(|context| by_level(SlurmBlock::new(Segments::Free), context)) },
    Entry { info: *Segments::Consolidate.info(), make: Make::Policy(|context| by_level(SlurmBlock::new(Segments::Consolidate), context)) },
    Entry { info: *Segments::Spread.info(), make: Make::Policy(|context| by_level(SlurmBlock::new(Segments::Spread), context)) },
    Entry { info: levels::HIVED, make: Make::Policy(make_hived) },
    Entry { info: levels::KAI_TOPOLOGY, make: Make::Policy(|context| by_level(KaiTopology, context)) },
];

fn by_level(
    policy: impl levels::LevelPolicy + 'static,
    context: &PlacementContext<'_>,
) -> Box<dyn Placement> {
    Box::new(ByLevel::new(policy, context.inventory))
}

fn make_hived(context: &PlacementContext<'_>) -> Box<dyn Placement> {
    match context.inventory.virtual_clusters() {
        Some(clusters) => Box::new(hived::Hived::new(context, clusters)),
        None => by_level(Hived::new(context.inventory), context),
    }
}

fn make_fgd(context: &PlacementContext<'_>, typical: &TypicalConfig) -> Box<dyn NodeScore> {
    let typical = TypicalPods::from_workload(context.work, typical);
    Box::new(Fgd::new(Fragmentation::new(typical, context.inventory)))
}

static INFOS: [PolicyInfo; TABLE.len()] = {
    let mut infos = [TABLE[0].info; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        infos[at] = TABLE[at].info;
        at += 1;
    }
    infos
};

/// Every placement policy that has a name of its own.
pub fn placements() -> &'static [PolicyInfo] {
    &INFOS
}

/// Makes the policy of that name, or the weighted sum of that text.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node};
/// use gpusched_core::placement::registry::{placement, PlacementContext};
/// use gpusched_core::workload::Workload;
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "T4")]).unwrap();
/// let work = Workload::default();
/// let context = PlacementContext { work: &work, inventory: &inventory, seed: 42 };
/// assert_eq!(placement("pwr:0.2+fgd:0.8", &context).unwrap().name(), "pwr:0.2+fgd:0.8");
/// assert!(placement("fdg", &context).is_err());
/// ```
///
/// # Errors
/// [`PolicyError`]: no such name, or a weighted sum that cannot be read.
pub fn placement(
    name: &str,
    context: &PlacementContext<'_>,
) -> Result<Box<dyn Placement>, PolicyError> {
    match scored(name, context, &TypicalConfig::default())? {
        Some(scored) => Ok(Box::new(scored)),
        None => match &find(name)?.make {
            Make::Policy(make) => Ok(make(context)),
            Make::Rating(_) => Err(unknown(name)),
        },
    }
}

/// As [`placement`], for policies that rate nodes only: their scores can be asked for, and the
/// target workload can be cut otherwise. `None` where the policy of that name does not rate nodes.
///
/// # Errors
/// As [`placement`].
pub fn scored(
    name: &str,
    context: &PlacementContext<'_>,
    typical: &TypicalConfig,
) -> Result<Option<Scored>, PolicyError> {
    if is_sum(name) {
        return sum(name, context, typical).map(Some);
    }
    Ok(match &find(name)?.make {
        Make::Policy(_) => None,
        Make::Rating(make) => Some(Scored::weighted(name, vec![(1, make(context, typical))])),
    })
}

fn find(name: &str) -> Result<&'static Entry, PolicyError> {
    TABLE
        .iter()
        .find(|entry| entry.info.name == name)
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> PolicyError {
    PolicyError::Unknown {
        role: "placement",
        name: name.to_owned(),
    }
}

fn is_sum(name: &str) -> bool {
    name.contains([':', '+'])
}

fn sum(
    text: &str,
    context: &PlacementContext<'_>,
    typical: &TypicalConfig,
) -> Result<Scored, PolicyError> {
    let wrong = |problem: String| PolicyError::Weights {
        text: text.to_owned(),
        problem,
    };
    let mut terms: Vec<(i64, Box<dyn NodeScore>)> = Vec::new();
    for part in text.split('+') {
        let Some((name, weight)) = part.split_once(':') else {
            return Err(wrong(format!("`{part}` has no weight; write `{part}:0.5`")));
        };
        let Make::Rating(make) = &find(name)?.make else {
            return Err(wrong(format!("`{name}` does not rate nodes")));
        };
        let Some(weight) = thousandths(weight) else {
            return Err(wrong(format!(
                "weight `{weight}` is no decimal above 0 with at most three places"
            )));
        };
        let rater = make(context, typical);
        if terms.iter().any(|(_, other)| other.name() == rater.name()) {
            return Err(wrong(format!("`{name}` stands twice")));
        }
        terms.push((weight, rater));
    }
    // The first of equal weights chooses devices, and that is FGD wherever it takes part.
    terms.sort_by_key(|(_, rater)| rater.name() != fgd::INFO.name);
    Ok(Scored::weighted(text, terms))
}

/// Reads a decimal such as `0.25` exactly, in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 6 || fraction.len() > 3 {
        return None;
    }
    let value =
        whole.parse::<i64>().ok()? * 1000 + format!("{fraction:0<3}").parse::<i64>().ok()?;
    (value > 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Node;

    fn with_context<T>(test: impl Fn(&PlacementContext<'_>) -> T) -> T {
        let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "T4")]).unwrap();
        let work = Workload::default();
        test(&PlacementContext {
            work: &work,
            inventory: &inventory,
            seed: 1,
        })
    }

    #[test]
    fn every_name_makes_the_policy_of_that_name() {
        for info in placements() {
            let name =
                with_context(|context| placement(info.name, context).map(|made| made.name()));
            assert_eq!(name.as_deref(), Ok(info.name));
        }
    }

    #[test]
    fn unknown_names_are_named_also_inside_a_sum() {
        for text in ["fdg", "pwr:0.5+fdg:0.5"] {
            let error = with_context(|context| placement(text, context).err());
            let unknown = PolicyError::Unknown {
                role: "placement",
                name: "fdg".into(),
            };
            assert_eq!(error, Some(unknown));
        }
    }

    #[test]
    fn weights_are_exact_decimals() {
        assert_eq!(thousandths("0.05"), Some(50));
        assert_eq!(thousandths("0.8"), Some(800));
        assert_eq!(thousandths("1"), Some(1000));
        for text in [
            "0", "0.000", "-1", ".5", "1.", "0.1234", "1e3", "", "9999999",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }

    #[test]
    fn sums_that_make_no_sense_are_refused() {
        for text in ["fgd+pwr:1", "random:1+fgd:1", "fgd:0.5+fgd:0.5", "fgd:x"] {
            let error = with_context(|context| placement(text, context).err());
            assert!(
                matches!(error, Some(PolicyError::Weights { .. })),
                "{text}: {error:?}"
            );
        }
    }
}
