//! Emptiness: nodes without pods that matter are deleted, all that budgets allow at once.

use super::candidate::{Candidate, Scene};
use super::{Action, Method, Reason, Why};
use crate::provisioning::controller::MachineId;

/// Whether a node is deleted for being empty.
pub(super) fn eligible(scene: &Scene<'_>, id: MachineId) -> Result<Candidate, Why> {
    let one = scene.candidate(id, Reason::Empty)?;
    if !one.is_empty() {
        return Err(Why::NotEmpty(scene.pools[one.pool].template.name.clone()));
    }
    scene.consolidatable(&one, true).map(|()| one)
}

/// The nodes to delete, and whether budgets kept others; candidates are in order.
pub(super) fn compute(
    scene: &Scene<'_>,
    candidates: impl Iterator<Item = Candidate>,
) -> (Option<Action>, bool) {
    let mut budgets = scene.budgets(Reason::Empty);
    let (candidates, kept): (Vec<_>, Vec<_>) =
        candidates.partition(|one| take(&mut budgets[one.pool]));
    let action = (!candidates.is_empty()).then(|| Action {
        method: Method::Emptiness,
        candidates,
        replacements: Vec::new(),
        placed: Vec::new(),
    });
    (action, !kept.is_empty())
}

/// What is still valid of the nodes to delete.
pub(super) fn validate(scene: &Scene<'_>, mut action: Action) -> Option<Action> {
    let mut budgets = scene.budgets(Reason::Empty);
    action.candidates.retain(|one| {
        let there = scene.view.machines.contains_key(&one.machine);
        there && eligible(scene, one.machine).is_ok() && take(&mut budgets[one.pool])
    });
    (!action.candidates.is_empty()).then_some(action)
}

/// Takes one off a budget, if there is any left.
pub(super) fn take(budget: &mut u32) -> bool {
    let left = *budget > 0;
    *budget = budget.saturating_sub(1);
    left
}
