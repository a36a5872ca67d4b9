//! A node failed: its pods get another place, the others stay.

use super::assignment::Assignment;
use super::failure::Failure;
use super::find::{Group, Outcome, Repair, Results};
use super::flavor::{Ask, Question};
use super::forest::{Forest, TreeId};
use super::plan::Plan;
use super::tree::Tree;
use crate::queueing::kueue::objects::{SliceLayer, TopologyAssignment, TopologyRequest};
use std::collections::BTreeMap;

impl Forest {
    /// Repairs pod sets one by one; the first failure ends it.
    pub(super) fn repair<'a>(
        &mut self,
        group: &Group<'a>,
        repair: Repair<'_>,
        matters: impl Fn(TreeId) -> bool,
    ) -> Results<'a> {
        let mut results = Vec::new();
        for ask in group.iter() {
            let Some(existing) = &ask.previous else {
                continue;
            };
            if repair.keep {
                results.push((ask, Outcome::Kept));
                continue;
            }
            match self.replace(ask, existing, repair.node) {
                Ok((rest, replacement)) => {
                    self.assume(&replacement, ask.requests, &matters);
                    let whole = replacement.with(&rest);
                    results.push((ask, Outcome::Assigned(whole)));
                }
                Err(failure) => {
                    results.push((ask, Outcome::Failed(failure)));
                    break;
                }
            }
        }
        results
    }

    /// What stays of an assignment, and the place of the pods that were on the node.
    fn replace(
        &mut self,
        ask: &Ask,
        existing: &TopologyAssignment,
        node: &str,
    ) -> Result<(Assignment, Assignment), Failure> {
        let mut rest = existing.clone();
        let mut lost = 0;
        rest.domains.retain(|domain| {
            let failed = domain.values.last().is_some_and(|value| value == node);
            if failed {
                lost = domain.count;
            }
            !failed
        });
        let rest = self
            .resolve(ask.tree, &rest)
            .map_err(|stale| Failure::Stale(stale.to_owned()))?;
        let flavor = self.get(ask.tree);
        let resolved = &flavor.resolved[ask.plan as usize];
        let plan = resolved.plan.as_ref().map_err(Failure::clone)?;
        let slices = resolved.request.as_ref().map_or(&[][..], |one| &one.slices);
        let domain = confine(&flavor.tree, plan, slices, &rest, lost);
        let within = domain.map(|domain| {
            let below = flavor.tree.below(domain..domain + 1);
            let leaves = below.last().cloned().unwrap_or(0..0);
            flavor.tree.leaf(leaves.start)..flavor.tree.leaf(leaves.end)
        });
        let broken = within.is_some() && i64::from(lost) % plan.slicing.size != 0;
        let plan = match &resolved.request {
            Some(request) if broken => {
                // The widest layer that can still be kept whole, which is an inner one.
                let whole = slices.iter().rfind(|layer| lost % layer.size == 0);
                let request = TopologyRequest {
                    slices: whole.cloned().into_iter().collect(),
                    ..request.clone()
                };
                Plan::new(&flavor.tree, Some(&request))?
            }
            _ => plan.clone(),
        };
        let question = Question {
            workers: ask,
            leader: None,
            pods: lost,
            empty: false,
            instead: Some((&plan, within.as_ref())),
        };
        let (replacement, _) = self.place(question)?;
        match replacement.domains.is_empty() {
            true => Err(Failure::NoReplacement(node.to_owned())),
            false => Ok((rest, replacement)),
        }
    }
}

/// The domain the lost pods must come back to: that of the innermost slice that is not whole any
/// more, or that of all pods where one is required. O(domains · levels).
fn confine(
    tree: &Tree,
    plan: &Plan,
    slices: &[SliceLayer],
    rest: &Assignment,
    lost: i32,
) -> Option<u32> {
    let &(first, _) = rest.domains.first()?;
    let whole = |size: i32| lost % size == 0;
    match slices {
        [outer, ..] if !whole(outer.size) => {
            let broken = slices.iter().rfind(|layer| !whole(layer.size))?;
            incomplete(tree, tree.level(&broken.topology)?, broken.size, rest, lost)
        }
        _ => plan.required.then(|| tree.around(first, plan.level)),
    }
}

/// The first domain of a level that has whole slices again with the lost pods.
fn incomplete(tree: &Tree, level: usize, size: i32, rest: &Assignment, lost: i32) -> Option<u32> {
    let mut pods: BTreeMap<u32, i64> = BTreeMap::new();
    for &(leaf, count) in &rest.domains {
        *pods.entry(tree.around(leaf, level)).or_default() += i64::from(count);
    }
    let whole = |pods: i64| (pods + i64::from(lost)) % i64::from(size) == 0;
    let domain = pods.iter().find(|(_, pods)| whole(**pods));
    domain.map(|(domain, _)| *domain)
}
