//! What a solution gives the claims: results, configuration, and the nodes they bind pods to.

use super::inventory::{Inventory, UnitId};
use super::objects::{AllocationResult, ClaimConfig, DeviceConfig, DeviceResult, NodeScope};
use super::problem::Problem;
use super::solution::{Pick, Solution};
use crate::kube::{NodeSelectorTerm, Operator, Requirement};
use std::collections::BTreeMap;

/// What results are made of.
pub(super) struct Maker<'s, 'a> {
    pub(super) problem: &'s Problem<'a>,
    pub(super) inventory: &'a Inventory,
    pub(super) node: &'a str,
    /// Binding conditions are passed on.
    pub(super) binding_conditions: bool,
}

impl Maker<'_, '_> {
    /// One result for each claim, in their order. Shares are numbered from `next_share` on.
    pub(super) fn all(&self, solution: &Solution, next_share: &mut u64) -> Vec<AllocationResult> {
        let claims = 0..self.problem.claims.len();
        claims
            .map(|claim| {
                let mine = |pick: &&Pick| self.problem.asks[pick.ask].claim == claim;
                let picks: Vec<&Pick> = solution.picks.iter().filter(mine).collect();
                let devices = picks.iter().map(|pick| self.device(pick, next_share));
                AllocationResult {
                    devices: devices.collect(),
                    config: self.config(claim, solution),
                    node_selector: self.node_selector(&picks),
                }
            })
            .collect()
    }

    fn device(&self, pick: &Pick, next_share: &mut u64) -> DeviceResult {
        let ask = &self.problem.asks[pick.ask];
        let device = self.inventory.published(pick.unit);
        let (driver, pool, name) = self.inventory.names(self.inventory.unit(pick.unit).device);
        let conditions = |list: &Vec<String>| match self.binding_conditions {
            true => list.clone(),
            false => Vec::new(),
        };
        let share_id = pick.share.as_ref().map(|_| {
            *next_share += 1;
            format!("share-{next_share}")
        });
        DeviceResult {
            request: ask.full_name(),
            driver: driver.to_owned(),
            pool: pool.to_owned(),
            device: name.to_owned(),
            admin_access: ask.admin.then_some(true),
            tolerations: ask.body.tolerations.clone(),
            binding_conditions: conditions(&device.binding_conditions),
            binding_failure_conditions: conditions(&device.binding_failure_conditions),
            share_id,
            consumed_capacity: pick.share.clone().unwrap_or_default(),
        }
    }

    /// Configuration of each class once, for all requests that chose it; then that of the claim,
    /// once for each request it names.
    fn config(&self, claim: usize, solution: &Solution) -> Vec<DeviceConfig> {
        let requests = self.problem.requests[claim].iter();
        let asks: Vec<_> = requests
            .filter_map(|request| {
                let chosen = solution
                    .alternatives
                    .iter()
                    .find(|ask| request.asks.contains(ask));
                let ask = if request.alternatives {
                    chosen.copied()
                } else {
                    Some(request.asks.start)
                };
                ask.map(|ask| &self.problem.asks[ask])
            })
            .collect();
        let mut config = Vec::new();
        let mut of_class: BTreeMap<&str, std::ops::Range<usize>> = BTreeMap::new();
        for ask in &asks {
            if let Some(range) = of_class.get(ask.class.name.as_str()) {
                for one in &mut config[range.clone()] {
                    let one: &mut DeviceConfig = one;
                    one.requests.push(ask.full_name());
                }
                continue;
            }
            let first = config.len();
            config.extend(ask.class.config.iter().map(|opaque| DeviceConfig {
                from_class: true,
                requests: vec![ask.full_name()],
                opaque: Some(opaque.clone()),
            }));
            of_class.insert(&ask.class.name, first..config.len());
        }
        for one in &self.problem.claims[claim].spec.config {
            let of_claim = || DeviceConfig {
                from_class: false,
                requests: one.requests.clone(),
                opaque: one.opaque.clone(),
            };
            let times = match one.requests.is_empty() {
                true => 1,
                false => asks
                    .iter()
                    .filter(|ask| concerns(one, ask.name, ask.sub))
                    .count(),
            };
            config.extend((0..times).map(|_| of_claim()));
        }
        config
    }

    /// Where pods with these devices can run: on this node, if a device is of it or binds to it;
    /// else where all selectors of their slices are true; else everywhere.
    fn node_selector(&self, picks: &[&Pick]) -> Option<Vec<NodeSelectorTerm>> {
        let mut merged = NodeSelectorTerm::default();
        for pick in picks {
            let scope = self.scope(pick.unit);
            let here = matches!(scope, Some(NodeScope::Node(_)));
            if here || self.inventory.published(pick.unit).binds_to_node {
                let name = Requirement {
                    key: "metadata.name".to_owned(),
                    operator: Operator::In,
                    values: vec![self.node.to_owned()],
                };
                return Some(vec![NodeSelectorTerm {
                    match_fields: vec![name],
                    match_expressions: Vec::new(),
                }]);
            }
            if let Some(NodeScope::Selector(term)) = scope {
                merge(&term.match_fields, &mut merged.match_fields);
                merge(&term.match_expressions, &mut merged.match_expressions);
            }
        }
        (merged != NodeSelectorTerm::default()).then(|| vec![merged])
    }

    fn scope(&self, unit: UnitId) -> Option<&NodeScope> {
        let slice = self.inventory.slice(self.inventory.unit(unit).slice);
        match &slice.scope {
            Some(NodeScope::PerDevice) => self.inventory.published(unit).scope.as_ref(),
            scope => scope.as_ref(),
        }
    }
}

/// Whether configuration of a claim is for a request and the alternative chosen.
fn concerns(config: &ClaimConfig, name: &str, sub: Option<&str>) -> bool {
    config.requests.iter().any(|listed| {
        let full = || sub.is_some_and(|sub| *listed == format!("{name}/{sub}"));
        listed == name || full()
    })
}

/// Adds requirements that are not there yet; the order of values is no difference.
fn merge(from: &[Requirement], to: &mut Vec<Requirement>) {
    let values = |one: &Requirement| {
        let mut values = one.values.clone();
        values.sort_unstable();
        values.dedup();
        values
    };
    for one in from {
        let same = |known: &Requirement| {
            known.key == one.key && known.operator == one.operator && values(known) == values(one)
        };
        if !to.iter().any(same) {
            to.push(one.clone());
        }
    }
}
