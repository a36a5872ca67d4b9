//! What a workload is charged: effective requests per pod set.

use super::config::{ResourcesConfig, Transformation, TransformationStrategy};
use super::gates::Gates;
use super::objects::{PodSet, Workload};
use crate::kube::{PodSpec, Resources, pod_requests};
use std::collections::BTreeMap;

/// What all pods of a pod set are charged together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSetRequests {
    /// The pod set.
    pub name: String,
    /// Pods charged: without those that ended.
    pub count: i32,
    /// Amounts of all of them.
    pub requests: Resources,
    /// Flavor by resource, where quota is reserved.
    pub flavors: BTreeMap<String, String>,
}

/// Effective requests of every pod set, in order.
///
/// A workload that holds a reservation is charged what the reservation says, less the pods that
/// ended since; any other is charged per pod what [`charged`] says, times its pods that have not
/// ended. Linear in pod sets and resources.
pub fn total_requests(
    workload: &Workload,
    config: &ResourcesConfig,
    gates: Gates,
) -> Vec<PodSetRequests> {
    let left = |pod_set: &PodSet| {
        let ended = match gates.reclaimable_pods {
            true => workload
                .reclaimable
                .get(&pod_set.name)
                .copied()
                .unwrap_or(0),
            false => 0,
        };
        pod_set.count.saturating_sub(ended.min(pod_set.count))
    };
    let Some(admission) = &workload.admission else {
        return workload
            .pod_sets
            .iter()
            .map(|pod_set| {
                let count = left(pod_set);
                let mut requests = charged(&pod_set.template, config);
                for amount in requests.values_mut() {
                    *amount = amount.saturating_mul(i64::from(count));
                }
                PodSetRequests {
                    name: pod_set.name.clone(),
                    count,
                    requests,
                    flavors: BTreeMap::new(),
                }
            })
            .collect();
    };
    admission
        .pod_sets
        .iter()
        .map(|assigned| {
            let spec = workload
                .pod_sets
                .iter()
                .find(|one| one.name == assigned.name);
            let mut total = PodSetRequests {
                name: assigned.name.clone(),
                count: assigned.count,
                requests: assigned.usage.clone(),
                flavors: assigned.flavors.clone(),
            };
            // A reservation for fewer pods than are left was a partial admission, not a reclaim.
            let left = spec.map_or(0, left);
            if left < total.count {
                for amount in total.requests.values_mut() {
                    *amount = scaled(*amount, total.count, left);
                }
                total.count = left;
            }
            total
        })
        .collect()
}

/// An amount for `from` pods, for `to` pods: divided first, as upstream does, so that what does
/// not divide evenly is lost.
pub fn scaled(amount: i64, from: i32, to: i32) -> i64 {
    match from == to || from == 0 {
        true => amount,
        false => (amount / i64::from(from)).saturating_mul(i64::from(to)),
    }
}

/// What one pod is charged: its effective requests without excluded resources, after
/// transformations, none below zero; and what its claims on devices count.
///
/// Outputs of a transformation add up over inputs before anything else, and what they come to is
/// never negative (upstream: `applyResourceTransformations`).
pub fn charged(pod: &PodSpec, config: &ResourcesConfig) -> Resources {
    let mut requests = pod_requests(pod);
    requests.retain(|name, _| {
        let excluded = |prefix: &String| name.starts_with(prefix.as_str());
        !config.exclude_prefixes.iter().any(excluded)
    });
    let transformation = |name: &String| {
        let mut rules = config.transformations.iter().rev();
        rules.find(|one| one.input == *name)
    };
    let mut kept = Resources::new();
    let mut generated: BTreeMap<&String, i128> = BTreeMap::new();
    for (name, amount) in &requests {
        let rule = transformation(name);
        for (output, exact) in rule
            .into_iter()
            .flat_map(|rule| outputs(rule, *amount, &requests))
        {
            let sum = generated.entry(output).or_default();
            *sum = sum.saturating_add(exact);
        }
        if rule.is_none_or(|rule| rule.strategy == TransformationStrategy::Retain) {
            kept.insert(name.clone(), *amount);
        }
    }
    for (name, exact) in generated {
        let amount = rounded_up(exact.max(0), unit(name));
        let sum = kept.entry(name.clone()).or_default();
        *sum = sum.saturating_add(amount);
    }
    for amount in kept.values_mut() {
        *amount = (*amount).max(0);
    }
    // Neither excluded nor transformed: no container asked for these.
    for (name, amount) in &pod.claimed {
        let sum = kept.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*amount);
    }
    kept
}

/// Outputs are summed in units of 10⁻¹⁵: milli input, milli multiplier and nano factor exactly.
const EXACT: i128 = 1_000_000_000_000_000;

/// What an amount of 1 stands for, in base units per thousand: `cpu` counts milli-cores.
fn unit(resource: &str) -> i128 {
    if resource == "cpu" { 1 } else { 1000 }
}

fn outputs<'a>(
    rule: &'a Transformation,
    amount: i64,
    requests: &Resources,
) -> impl Iterator<Item = (&'a String, i128)> {
    let milli = |name: &str, amount: i64| i128::from(amount) * unit(name);
    let by = rule.multiply_by.as_ref();
    let by = by.and_then(|name| Some(milli(name, *requests.get(name)?)));
    let input = milli(&rule.input, amount).saturating_mul(by.unwrap_or(1000));
    rule.outputs
        .iter()
        .map(move |(name, factor)| (name, input.saturating_mul(*factor)))
}

fn rounded_up(exact: i128, unit: i128) -> i64 {
    let size = EXACT / 1000 * unit;
    let amount = exact / size + i128::from(exact % size > 0);
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::Container;

    fn pod(requests: &[(&str, i64)]) -> PodSpec {
        let requests = requests.iter().map(|(n, a)| (n.to_string(), *a)).collect();
        let container = Container {
            requests,
            ..Container::default()
        };
        PodSpec {
            containers: vec![container],
            ..PodSpec::default()
        }
    }

    fn rule(input: &str, outputs: &[(&str, i128)]) -> Transformation {
        Transformation {
            input: input.into(),
            strategy: TransformationStrategy::Replace,
            multiply_by: None,
            outputs: outputs.iter().map(|(n, f)| (n.to_string(), *f)).collect(),
        }
    }

    const ONE: i128 = 1_000_000_000;

    /// 2 slices of 5 units and 1 of 10, less an allowance of 30 on another resource: the sum is
    /// 20 - 30 < 0, so nothing; the memory that was asked for stays whole.
    #[test]
    fn outputs_add_up_and_stop_at_zero_before_they_meet_requests() {
        let mut config = ResourcesConfig {
            transformations: vec![
                rule("mig-1g", &[("units", 5 * ONE), ("memory", -ONE)]),
                rule("mig-2g", &[("units", 10 * ONE)]),
            ],
            ..ResourcesConfig::default()
        };
        let pod = pod(&[("mig-1g", 2), ("mig-2g", 1), ("memory", 7)]);
        let got = charged(&pod, &config);
        assert_eq!(
            got,
            Resources::from([("units".into(), 20), ("memory".into(), 7)])
        );
        config.transformations[1]
            .outputs
            .insert("units".into(), -30 * ONE);
        let got = charged(&pod, &config);
        assert_eq!(
            got,
            Resources::from([("units".into(), 0), ("memory".into(), 7)])
        );
    }

    /// 1.5 cores × 4 GPUs × 0.1 = 0.6 of a unit, rounded up to 1; in cpu it is 600 milli-cores.
    #[test]
    fn multipliers_are_exact_and_round_up_once() {
        let mut one = rule("cpu", &[("units", ONE / 10)]);
        one.multiply_by = Some("gpu".into());
        let mut config = ResourcesConfig {
            transformations: vec![one],
            ..ResourcesConfig::default()
        };
        let pod = pod(&[("cpu", 1500), ("gpu", 4)]);
        assert_eq!(charged(&pod, &config)["units"], 1);
        config.transformations[0].outputs = BTreeMap::from([("cpu".into(), ONE / 10)]);
        assert_eq!(charged(&pod, &config)["cpu"], 600);
    }

    #[test]
    fn excluded_prefixes_are_not_charged() {
        let config = ResourcesConfig {
            exclude_prefixes: vec!["networking.example.com/".into()],
            ..ResourcesConfig::default()
        };
        let pod = pod(&[("cpu", 1), ("networking.example.com/vpc", 1)]);
        assert_eq!(charged(&pod, &config), Resources::from([("cpu".into(), 1)]));
    }

    /// `gpus` is mapped from claims: neither the prefix nor the transformation touches it.
    #[test]
    fn claims_are_charged_as_they_are() {
        let config = ResourcesConfig {
            exclude_prefixes: vec!["gp".into()],
            transformations: vec![rule("gpus", &[("units", ONE)])],
            ..ResourcesConfig::default()
        };
        let pod = PodSpec {
            claimed: Resources::from([("gpus".into(), 2)]),
            ..pod(&[("cpu", 1)])
        };
        assert_eq!(
            charged(&pod, &config),
            Resources::from([("cpu".into(), 1), ("gpus".into(), 2)])
        );
    }

    #[test]
    fn scaling_divides_first() {
        assert_eq!(scaled(10, 3, 2), 6);
        assert_eq!(scaled(10, 3, 3), 10);
        assert_eq!(scaled(10, 0, 3), 10);
        assert_eq!(scaled(i64::MAX, 1, 2), i64::MAX);
    }
}
