//! Where the deployed allocator and a mended one part, and which quirk it is.

use super::allocator::Allocator;
use super::failure::FailureKind;
use super::objects::ResourceClaim;
use super::quirks::Quirks;
use super::solution::{Outcome, Solution};
use crate::ids::NodeId;

/// A node on which the two give different answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The node.
    pub node: NodeId,
    /// The answer of the deployed allocator ([`Quirks::KUBE`]).
    pub deployed: Outcome,
    /// The answer of a mended one ([`Quirks::NONE`]).
    pub mended: Outcome,
    /// Tags of the quirks each of which alone changes the answer; none when it takes several
    /// together.
    pub causes: Vec<&'static str>,
}

/// What an answer decides: the devices, or the kind of error. Steps of the search do not count.
fn decision(outcome: &Outcome) -> Result<Option<&Solution>, FailureKind> {
    match &outcome.answer {
        Ok(solution) => Ok(solution.as_ref()),
        Err(failure) => Err(failure.kind),
    }
}

/// Asks nodes both ways, from the same state, and says where the answers differ. As a scheduler
/// would, each way stops at an error that ends the attempt of the pod: what it would have said on
/// later nodes is not compared.
///
/// Costs two attempts, and one more for each quirk where they differ.
pub fn compare(
    allocator: &mut Allocator,
    claims: &[ResourceClaim],
    nodes: &[NodeId],
) -> Vec<Difference> {
    let mut ask = |quirks: Quirks| {
        let mut attempt = allocator.attempt_as(claims, quirks);
        let mut outcomes = Vec::with_capacity(nodes.len());
        for &node in nodes {
            outcomes.push(attempt.on(node));
            let fatal = |outcome: &Outcome| {
                let failure = outcome.answer.as_ref().err();
                failure.is_some_and(|failure| !failure.kind.is_of_node())
            };
            if outcomes.last().is_some_and(fatal) {
                break;
            }
        }
        outcomes
    };
    let (deployed, mended) = (ask(Quirks::KUBE), ask(Quirks::NONE));
    let both = nodes.iter().zip(deployed.iter().zip(mended));
    let differs = |(_, (deployed, mended)): &(&NodeId, (&Outcome, Outcome))| {
        decision(deployed) != decision(mended)
    };
    let mut differences: Vec<Difference> = both
        .filter(differs)
        .map(|(&node, (deployed, mended))| Difference {
            node,
            deployed: deployed.clone(),
            mended,
            causes: Vec::new(),
        })
        .collect();
    if differences.is_empty() {
        return differences;
    }
    for &(tag, _) in Quirks::ALL {
        let mut quirks = Quirks::KUBE;
        quirks.set(tag, false);
        let outcomes = ask(quirks);
        for difference in &mut differences {
            let asked = nodes.iter().zip(&outcomes);
            let mut here = asked.filter(|(node, _)| **node == difference.node);
            let changed = here.any(|(_, one)| decision(one) != decision(&difference.deployed));
            if changed {
                difference.causes.push(tag);
            }
        }
    }
    differences
}
