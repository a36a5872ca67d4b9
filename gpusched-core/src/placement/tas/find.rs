//! A workload's pod sets, one after the other.

use super::assignment::Assignment;
use super::failure::Failure;
use super::flavor::{Ask, Flavor, Question};
use super::forest::{Forest, TreeId};

/// A node that failed under an admitted workload.
#[derive(Clone, Copy, Debug)]
pub struct Repair<'a> {
    /// The node.
    pub node: &'a str,
    /// The workload is one pod's, which cannot move: what it has stays.
    pub keep: bool,
}

/// How a place is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// As if no workload were running.
    pub simulate_empty: bool,
    /// Only the pods of a failed node need another place; the pod sets say what they have.
    pub repair: Option<Repair<'a>>,
}

/// What came of a pod set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its place.
    Assigned(Assignment),
    /// What it has stays as it is.
    Kept,
    /// There is none.
    Failed(Failure),
}

impl Outcome {
    /// The place, if one was found.
    pub fn assignment(&self) -> Option<&Assignment> {
        match self {
            Outcome::Assigned(assignment) => Some(assignment),
            _ => None,
        }
    }

    /// Why there is none.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// What came of which pod set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The caller's number for the pod set.
    pub pod_set: u16,
    /// The flavor it was looked for in.
    pub tree: TreeId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of pod sets that are placed together.
pub(super) type Results<'a> = Vec<(&'a Ask, Outcome)>;

/// Pod sets that are placed together, in their order.
pub(super) struct Group<'a> {
    first: &'a Ask,
    rest: Vec<&'a Ask>,
}

impl<'a> Group<'a> {
    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Ask> {
        [self.first].into_iter().chain(self.rest.iter().copied())
    }

    /// The workers and, if there is one, the leader: of two pod sets the one with more pods are the
    /// workers, of equals the first. A third one gets nothing.
    fn roles(&self) -> (&'a Ask, Option<&'a Ask>) {
        match self.rest.first() {
            Some(second) if second.count > self.first.count => (second, Some(self.first)),
            second => (self.first, second.copied()),
        }
    }
}

impl Forest {
    /// Places for the pod sets of one workload, flavor by flavor, given what is in use. In a flavor
    /// the first failure ends the search: pod sets after it are not in the result.
    /// O(changes since the last request of the kind · resources + n log n in the domains of a level).
    pub fn find(&mut self, asks: &[Ask], options: Options<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        self.look(asks, |forest, group, last| {
            let results = forest.group(&group, options, asks, last);
            let failed = results.iter().any(|(_, one)| one.failure().is_some());
            found.extend(results.into_iter().map(|(ask, outcome)| Found {
                pod_set: ask.pod_set,
                tree: ask.tree,
                outcome,
            }));
            !failed
        });
        found
    }

    /// Whether [`Forest::find`] would fail for none of the pod sets, without saying where they
    /// would be. The last group is only counted: O(changes · resources + domains of a level).
    pub fn fits_somewhere(&mut self, asks: &[Ask], options: Options<'_>) -> bool {
        let mut fits = true;
        self.look(asks, |forest, group, last| {
            fits &= match (last, options.repair, group.roles()) {
                (true, None, (workers, leader)) if forest.is_fresh(workers) => {
                    forest.counts_suffice(workers, leader, options)
                }
                _ => forest
                    .group(&group, options, asks, last)
                    .iter()
                    .all(|(_, one)| one.failure().is_none()),
            };
            fits
        });
        fits
    }

    /// Hands out the groups of every flavor in turn, and whether a group is the last of all. The
    /// rest of a flavor is skipped when a group says so.
    fn look<'a>(
        &mut self,
        asks: &'a [Ask],
        mut each: impl FnMut(&mut Forest, Group<'a>, bool) -> bool,
    ) {
        let mut rest: Vec<&Ask> = asks.iter().collect();
        rest.sort_by_key(|ask| ask.tree);
        let mut skipped = None;
        while let Some((&first, others)) = rest.split_first() {
            let together = |ask: &&Ask| {
                ask.tree == first.tree && ask.group.is_some() && ask.group == first.group
            };
            let (members, others) = others.iter().partition(|&ask| together(ask));
            rest = others;
            let group = Group {
                first,
                rest: members,
            };
            if skipped != Some(first.tree) && !each(self, group, rest.is_empty()) {
                skipped = Some(first.tree);
            }
        }
        self.forget();
    }

    /// Whether nothing the pod set has already matters.
    fn is_fresh(&self, workers: &Ask) -> bool {
        !self.rules.elastic || workers.previous.is_none()
    }

    /// One group. What it gets is assumed for those after it.
    fn group<'a>(
        &mut self,
        group: &Group<'a>,
        options: Options<'_>,
        asks: &[Ask],
        last: bool,
    ) -> Results<'a> {
        let matters = |tree| !last && asks.iter().any(|ask| ask.tree == tree);
        if let Some(repair) = options.repair {
            return self.repair(group, repair, matters);
        }
        let (workers, leader) = group.roles();
        if !self.is_fresh(workers)
            && let Some(results) = self.resize(workers, leader, options, matters)
        {
            return results;
        }
        let question = Question {
            workers,
            leader,
            pods: workers.count,
            empty: options.simulate_empty,
            instead: None,
        };
        match self.place(question) {
            Err(failure) => group
                .iter()
                .map(|ask| (ask, Outcome::Failed(failure.clone())))
                .collect(),
            Ok((for_workers, for_leader)) => {
                let leader = leader.zip(for_leader);
                let results = [(workers, for_workers)].into_iter().chain(leader);
                let results: Vec<(&Ask, Assignment)> = results.collect();
                if !last {
                    for (ask, assignment) in &results {
                        self.assume(assignment, ask.requests, matters);
                    }
                }
                let outcome = |(ask, one)| (ask, Outcome::Assigned(one));
                results.into_iter().map(outcome).collect()
            }
        }
    }

    /// A place for the workers, and one for their leader.
    pub(super) fn place(
        &mut self,
        question: Question<'_>,
    ) -> Result<(Assignment, Option<Assignment>), Failure> {
        let Forest {
            rules,
            table,
            flavors,
            ..
        } = self;
        let (table, rules) = (&*table, *rules);
        let tree = question.workers.tree;
        let flavor = &mut flavors[usize::from(tree.0)];
        let picks = flavor.search(table, rules, question, |search, what, free| {
            let preferred = !search.plan.required && !search.plan.unconstrained;
            let balanced = match rules.balanced_placement && preferred {
                true => search.balance(what),
                false => None,
            };
            if let Some((level, picks, counts)) = balanced {
                return Ok(search.descend(level, picks, &counts, true));
            }
            match search.choose() {
                Ok((level, picks)) => Ok(search.descend(level, picks, search.counts, false)),
                Err(short) => {
                    let excluded = Flavor::excluded(search, what, free, table);
                    Err(search.explain(short, excluded))
                }
            }
        })??;
        let leaves = &flavor.tree;
        let assignment = |pods: fn(&super::picks::Pick) -> i64| Assignment {
            tree,
            domains: picks
                .iter()
                .map(|pick| (leaves.leaf(pick.domain), pods(pick) as i32))
                .filter(|(_, pods)| *pods > 0)
                .collect(),
        };
        let workers = assignment(|pick| pick.counts.pods);
        let leader = question
            .leader
            .map(|_| assignment(|pick| pick.counts.leaders));
        Ok((workers, leader))
    }

    fn counts_suffice(
        &mut self,
        workers: &Ask,
        leader: Option<&Ask>,
        options: Options<'_>,
    ) -> bool {
        let question = Question {
            workers,
            leader,
            pods: workers.count,
            empty: options.simulate_empty,
            instead: None,
        };
        let flavor = &mut self.flavors[usize::from(workers.tree.0)];
        flavor
            .search(&self.table, self.rules, question, |search, _, _| {
                search.fits()
            })
            .unwrap_or(false)
    }
}
