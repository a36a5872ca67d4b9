//! Budgets: how many nodes of a pool may be disrupted at once.

use super::Schedule;
use crate::units::Span;
use std::fmt;
use std::str::FromStr;

/// Why a node is disrupted, as budgets tell reasons apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Its pods would do with fewer or cheaper nodes.
    Underutilized,
    /// It has no pod that matters.
    Empty,
    /// It is no longer what its pool asks for.
    Drifted,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 3] = [Reason::Underutilized, Reason::Empty, Reason::Drifted];

    /// Karpenter's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Underutilized => "Underutilized",
            Reason::Empty => "Empty",
            Reason::Drifted => "Drifted",
        }
    }

    /// The reason of that name.
    pub fn named(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A number of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// So many.
    Count(u32),
    /// So many of a hundred, rounded up: 10 % of one node is one node.
    Percent(u32),
}

/// Why a text is no number of nodes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither a number of nodes, like 5, nor a share from 0% to 100%")]
pub struct NodesError(String);

impl FromStr for Nodes {
    type Err = NodesError;

    fn from_str(text: &str) -> Result<Nodes, NodesError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten()
        };
        let read = match text.strip_suffix('%') {
            Some(share) => number(share)
                .filter(|share| *share <= 100)
                .map(Nodes::Percent),
            None => number(text).map(Nodes::Count),
        };
        read.ok_or_else(|| NodesError(text.to_owned()))
    }
}

impl Nodes {
    /// The number among `nodes`.
    pub fn of(self, nodes: u32) -> u32 {
        match self {
            Nodes::Count(count) => count,
            Nodes::Percent(share) => (u64::from(nodes) * u64::from(share)).div_ceil(100) as u32,
        }
    }
}

/// One budget of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most nodes that may be going at once.
    pub nodes: Nodes,
    /// Which reasons it limits; empty = every one.
    pub reasons: Vec<Reason>,
    /// When it holds: from every hit of the schedule on, for so long; `None` = always.
    pub window: Option<(Schedule, Span)>,
}

impl Budget {
    /// What a pool that says nothing has: 10 % of its nodes.
    pub const DEFAULT: Budget = Budget {
        nodes: Nodes::Percent(10),
        reasons: Vec::new(),
        window: None,
    };

    fn limits(&self, reason: Reason, now: i64) -> bool {
        let named = self.reasons.is_empty() || self.reasons.contains(&reason);
        let open = |(schedule, duration): (Schedule, Span)| schedule.open(now, duration);
        named && self.window.is_none_or(open)
    }
}

/// The most nodes of a pool that may be going at once for a reason: the least any budget allows
/// that holds at `now` (microseconds since 1970); `None` = no budget does.
///
/// ```
/// use gpusched_core::provisioning::karpenter::disruption::{Budget, Nodes, Reason, allowed};
/// // 10 % of 11 nodes is 1.1, rounded up.
/// assert_eq!(allowed(&[Budget::DEFAULT], 11, Reason::Empty, 0), Some(2));
/// let none = Budget { nodes: Nodes::Count(0), reasons: vec![Reason::Drifted], window: None };
/// let budgets = [Budget::DEFAULT, none];
/// assert_eq!(allowed(&budgets, 11, Reason::Empty, 0), Some(2));
/// assert_eq!(allowed(&budgets, 11, Reason::Drifted, 0), Some(0));
/// ```
pub fn allowed(budgets: &[Budget], nodes: u32, reason: Reason, now: i64) -> Option<u32> {
    let hold = budgets.iter().filter(|budget| budget.limits(reason, now));
    hold.map(|budget| budget.nodes.of(nodes)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_up() {
        for (text, nodes, allowed) in [
            ("10%", 0, 0),
            ("10%", 1, 1),
            ("10%", 10, 1),
            ("10%", 11, 2),
            ("5%", 10, 1),
            ("0%", 1000, 0),
            ("100%", 7, 7),
            // A count is no share: more than there are is allowed.
            ("15", 7, 15),
            ("0", 7, 0),
        ] {
            assert_eq!(text.parse::<Nodes>().unwrap().of(nodes), allowed, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_nodes_is_refused() {
        for text in ["", "%", "-1", "1000a%", "101%", "1.5", "+3", "4294967296"] {
            assert!(text.parse::<Nodes>().is_err(), "{text}");
        }
    }

    fn budget(nodes: &str, reasons: &[Reason], schedule: &str, hours: i64) -> Budget {
        let schedule = (!schedule.is_empty()).then(|| schedule.parse().unwrap());
        Budget {
            nodes: nodes.parse().unwrap(),
            reasons: reasons.to_vec(),
            window: schedule.map(|schedule| (schedule, Span::from_secs(3600 * hours))),
        }
    }

    /// 12:30:30 on 15 June 2000.
    const JUNE: i64 = 961_072_230_000_000;

    #[test]
    fn the_least_budget_that_holds_for_the_reason_counts() {
        use Reason::{Drifted, Empty, Underutilized};
        let always = "* * * * *";
        let budgets = [
            budget("10", &[], always, 1),
            budget("100%", &[], always, 1),
            budget("15", &[Drifted, Underutilized], always, 1),
            budget("5", &[Drifted], always, 1),
            budget("4", &[Empty], always, 1),
            // A week from Sunday, one hour: not on a Thursday.
            budget("0", &[], "@weekly", 1),
        ];
        for (reason, least) in [(Empty, 4), (Drifted, 5), (Underutilized, 10)] {
            assert_eq!(
                allowed(&budgets, 100, reason, JUNE),
                Some(least),
                "{reason}"
            );
        }
    }

    #[test]
    fn without_a_budget_that_holds_nothing_is_limited() {
        let budgets = [budget("1", &[], "@yearly", 1)];
        assert_eq!(allowed(&budgets, 100, Reason::Empty, JUNE), None);
        assert_eq!(allowed(&[], 100, Reason::Empty, JUNE), None);
    }
}
