//! A workload slice takes over the place of the one it replaces (gate
//! `ElasticJobsViaWorkloadSlicesWithTAS`): only what is new is placed, what is too much is dropped.

use super::assignment::Assignment;
use super::find::{Options, Outcome, Results};
use super::flavor::{Ask, Question};
use super::forest::{Forest, TreeId};
use std::cmp::Ordering;

impl Forest {
    /// `None` when the old place is not there any more: then all pods are placed anew.
    pub(super) fn resize<'a>(
        &mut self,
        workers: &'a Ask,
        leader: Option<&'a Ask>,
        options: Options<'_>,
        matters: impl Fn(TreeId) -> bool,
    ) -> Option<Results<'a>> {
        let had = |forest: &Forest, ask: &Ask| -> Result<Option<Assignment>, ()> {
            let had = ask.previous.as_ref();
            let had = had.map(|had| forest.resolve(ask.tree, had)).transpose();
            had.map_err(|_| ())
        };
        let before = had(self, workers).ok()??;
        let led = match leader {
            Some(leader) => had(self, leader).ok()?.map(|place| (leader, place)),
            None => None,
        };
        let mut placed = Vec::new();
        match i64::from(workers.count).cmp(&before.pods()) {
            Ordering::Less => placed.push((workers, before.first(workers.count))),
            Ordering::Equal => placed.push((workers, before)),
            Ordering::Greater => {
                // The pods that run, and their leader, are in the way of the new ones.
                self.assume(&before, workers.requests, &matters);
                if let Some((leader, place)) = &led {
                    self.assume(place, leader.requests, &matters);
                }
                let question = Question {
                    workers,
                    leader: leader.filter(|_| led.is_none()),
                    pods: (i64::from(workers.count) - before.pods()) as i32,
                    empty: options.simulate_empty,
                    instead: None,
                };
                let (new, for_leader) = match self.place(question) {
                    Ok(placed) => placed,
                    Err(failure) => return Some(vec![(workers, Outcome::Failed(failure))]),
                };
                self.assume(&new, workers.requests, &matters);
                let mut results = vec![(workers, Outcome::Assigned(new.with(&before)))];
                if let Some((leader, place)) = led.or(leader.zip(for_leader.clone())) {
                    if let Some(new) = for_leader {
                        self.assume(&new, leader.requests, &matters);
                    }
                    results.push((leader, Outcome::Assigned(place)));
                }
                return Some(results);
            }
        }
        placed.extend(led);
        for (ask, place) in &placed {
            self.assume(place, ask.requests, &matters);
        }
        let outcome = |(ask, place)| (ask, Outcome::Assigned(place));
        Some(placed.into_iter().map(outcome).collect())
    }
}
