//! Pools and node groups of the file of `--cloud`.

use super::file::{CloudFile, DisruptionKeys, GroupKeys, PoolKeys, RequirementKeys};
use super::policies::Groups;
use super::read::Reader;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::cluster_autoscaler::NodeGroup;
use gpusched_core::provisioning::cluster_autoscaler::expander::Priorities;
use gpusched_core::provisioning::karpenter::disruption::Budget;
use gpusched_core::provisioning::karpenter::objects::NodePool;
use gpusched_core::provisioning::karpenter::{
    ConsolidationPolicy, Disruption, Operator, Pool, Requirement,
};
use gpusched_core::units::{Span, parse_seconds};
use std::collections::BTreeMap;

/// Most nodes of a group, where nothing says how many.
const MOST_OF_GROUP: u32 = 1000;

impl Reader<'_> {
    /// The pools; without any, one that may launch everything, and whose nodes get as old as they
    /// like: a job that runs for longer than they may would begin again and again.
    fn pools(&self, keys: &[PoolKeys]) -> Result<Vec<Pool>> {
        if keys.is_empty() {
            return Ok(vec![Pool {
                expire_after: None,
                ..Pool::from(NodePool {
                    name: "default".into(),
                    ..NodePool::default()
                })
            }]);
        }
        let mut pools: Vec<Pool> = Vec::new();
        for key in keys {
            if pools.iter().any(|one| one.template.name == key.name) {
                let problem = Diagnostic::new(format!("there are two pools `{}`", key.name));
                return Err(self.blame(&key.name, problem.help("names of pools are unique")));
            }
            let requirements = key.requirements.iter().map(|one| self.requirement(one));
            let limits = key
                .limits
                .iter()
                .map(|(name, amount)| self.limit(name, *amount));
            let limits: BTreeMap<String, i64> = limits.collect::<Result<_>>()?;
            let mut pool = Pool::from(NodePool {
                name: key.name.clone(),
                weight: key.weight,
                requirements: requirements.collect::<Result<_>>()?,
                limits: (!limits.is_empty()).then_some(limits),
                ..NodePool::default()
            });
            self.disrupt(&mut pool, &key.disruption)?;
            pools.push(pool);
        }
        Ok(pools)
    }

    pub(super) fn all_groups(&self, keys: &CloudFile, types: &[InstanceType]) -> Result<Groups> {
        Ok(Groups {
            pools: self.pools(&keys.node_pools)?,
            groups: self.groups(&keys.node_groups, types)?,
            priorities: self.priorities(&keys.priorities)?,
            options: None,
        })
    }

    /// The node groups; without any, one for every way to launch a type.
    fn groups(&self, keys: &[GroupKeys], types: &[InstanceType]) -> Result<Vec<NodeGroup>> {
        let offers = |index: usize| types[index].offerings.iter().enumerate();
        if keys.is_empty() {
            let group = |(index, at, offer): (usize, usize, &Offering)| NodeGroup {
                id: format!(
                    "{}-{}-{}",
                    types[index].name, offer.zone, offer.capacity_type
                ),
                max: MOST_OF_GROUP,
                node_type: index,
                offering: at,
                ..NodeGroup::default()
            };
            let all = (0..types.len())
                .flat_map(|index| offers(index).map(move |(at, offer)| (index, at, offer)));
            return Ok(all.map(group).collect());
        }
        let mut groups: Vec<NodeGroup> = Vec::new();
        for key in keys {
            let wrong = |problem: Box<Diagnostic>| self.blame(&key.name, problem);
            if groups.iter().any(|one| one.id == key.name) {
                let problem = Diagnostic::new(format!("there are two groups `{}`", key.name));
                return Err(wrong(problem.help("names of groups are unique")));
            }
            if key.min > key.max {
                let problem = format!("at least {} and at most {} nodes", key.min, key.max);
                return Err(wrong(Diagnostic::new(problem).help("min is at most max")));
            }
            let node_type = types.iter().position(|of| of.name == key.instance_type);
            let node_type = node_type.ok_or_else(|| {
                let problem = format!("`{}` is no type that may be launched", key.instance_type);
                let near =
                    did_you_mean(&key.instance_type, types.iter().map(|of| of.name.as_str()));
                let help = near.map_or(
                    "see `gpusched catalog`, and `instance-types`".into(),
                    |near| format!("did you mean `{near}`?"),
                );
                self.blame(&key.instance_type, Diagnostic::new(problem).help(help))
            })?;
            let way = match &key.capacity_type {
                None => CapacityType::OnDemand,
                Some(name) => self.way(name)?,
            };
            let meant = |offer: &Offering| {
                offer.capacity_type == way
                    && key.zone.as_ref().is_none_or(|zone| *zone == offer.zone)
            };
            let offering = offers(node_type).find(|(_, offer)| meant(offer));
            let offering = offering.ok_or_else(|| {
                let problem = format!("`{}` is not offered like that", key.instance_type);
                wrong(Diagnostic::new(problem).help("check zone and capacity-type"))
            })?;
            groups.push(NodeGroup {
                id: key.name.clone(),
                min: key.min,
                max: key.max,
                node_type,
                offering: offering.0,
                ..NodeGroup::default()
            });
        }
        Ok(groups)
    }

    fn priorities(&self, keys: &BTreeMap<i64, Vec<String>>) -> Result<Priorities> {
        let mut priorities = Priorities::default();
        for (priority, list) in keys {
            for pattern in list {
                priorities.add(*priority, pattern).map_err(|error| {
                    let problem = Diagnostic::new(error.to_string());
                    self.blame(pattern, problem.help("patterns are regular expressions"))
                })?;
            }
        }
        Ok(priorities)
    }

    fn requirement(&self, keys: &RequirementKeys) -> Result<Requirement> {
        let operator = Operator::named(&keys.operator).ok_or_else(|| {
            let problem = Diagnostic::new(format!("`{}` is no operator", keys.operator))
                .help("choose from In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte and Lte");
            self.blame(&keys.operator, problem)
        })?;
        let requirement = Requirement::new(&keys.key, operator, &keys.values).map_err(|error| {
            let problem = Diagnostic::new(error.to_string());
            self.blame(
                &keys.key,
                problem.help("see the documentation of NodePools"),
            )
        })?;
        Ok(requirement.with_min_values(keys.min_values))
    }

    /// A limit in the units resources are counted in.
    fn limit(&self, name: &str, amount: u64) -> Result<(String, i64)> {
        let unit: i64 = match name {
            "cpu" => 1000,
            "memory" => 1 << 30,
            "nvidia.com/gpu" | "nodes" => 1,
            other => {
                let problem = Diagnostic::new(format!("pools are not limited by `{other}` here"))
                    .help("choose from cpu (cores), memory (GiB), nvidia.com/gpu and nodes");
                return Err(self.blame(other, problem));
            }
        };
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        Ok((name.to_owned(), amount.saturating_mul(unit)))
    }

    fn disrupt(&self, pool: &mut Pool, keys: &DisruptionKeys) -> Result<()> {
        let Disruption {
            policy,
            consolidate_after,
            budgets,
        } = &mut pool.disruption;
        if let Some(name) = &keys.consolidation_policy {
            *policy = ConsolidationPolicy::named(name).ok_or_else(|| {
                let problem = Diagnostic::new(format!("`{name}` is no consolidation policy"))
                    .help("choose from WhenEmpty, WhenEmptyOrUnderutilized and Balanced");
                self.blame(name, problem)
            })?;
        }
        if let Some(text) = &keys.consolidate_after {
            *consolidate_after = self.or_never(text, 1)?;
        }
        if let Some(text) = &keys.expire_after {
            pool.expire_after = self.or_never(text, 3600)?;
        }
        if let Some(text) = &keys.budget {
            let nodes = text.parse().map_err(|error| {
                let problem = Diagnostic::new(format!("{error}"));
                self.blame(text, problem.help("write 5 or 10%"))
            })?;
            *budgets = vec![Budget {
                nodes,
                ..Budget::DEFAULT
            }];
        }
        Ok(())
    }

    /// A number of units of `seconds`, or `Never`.
    fn or_never(&self, text: &str, seconds: i64) -> Result<Option<Span>> {
        if text == "Never" {
            return Ok(None);
        }
        match parse_seconds(text) {
            Ok(micros) if micros >= 0 => Ok(Some(Span(micros.saturating_mul(seconds)))),
            _ => {
                let problem = Diagnostic::new(format!("`{text}` is no length of time"))
                    .help("give a number that is not negative, or Never");
                Err(self.blame(text, problem))
            }
        }
    }
}
