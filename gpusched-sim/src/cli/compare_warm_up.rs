//! One warm-up for all runs of a comparison: means over different jobs would say nothing of the
//! policies.

use super::compare::{options, pool};
use super::compare_trials::Trial;
use super::failure::{Failure, Outcome};
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::run::replay_one;
use super::terminal;
use gpusched_core::units::Span;
use gpusched_sim::metrics::{Summary, WarmUp, WarmUpSummary};
use gpusched_sim::scenario::{Loaded, Plan};
use rayon::prelude::*;

/// What to say of a warm-up instead of what a run says, where it was found in another way.
pub(super) struct Found {
    rule: String,
    steady: bool,
}

impl Found {
    /// Puts it into a summary.
    pub(super) fn tell(&self, summary: &mut Summary) {
        let told = summary.warm_up.take().unwrap_or_default();
        summary.warm_up = Some(WarmUpSummary {
            rule: self.rule.clone(),
            seconds: self.steady.then(|| told.seconds.unwrap_or(0.0)),
            ..told
        });
    }
}

/// With `mser-5`: replays everything once to find where waits become steady under each policy, and
/// puts the latest of these instants into the plan; nothing is left out where one of them sees none.
pub(super) fn agree(
    plan: &mut Plan,
    loaded: &Loaded,
    trials: &[Trial],
    threads: usize,
    interrupt: &Interrupt,
) -> Outcome<Option<Found>> {
    if plan.warm_up != Some(WarmUp::Mser5) {
        return Ok(None);
    }
    let progress = Progress::runs(loaded.work.len(), trials.len());
    interrupt.replaying();
    let found: Outcome<Vec<Summary>> = pool(threads)?.install(|| {
        let each = trials.par_iter().enumerate();
        each.map(|(at, trial)| {
            let mut options = options(plan, trial, interrupt);
            options.progress = Some(progress.counter(at));
            Ok(replay_one(&loaded.work, &loaded.inventory, &options)?.summary)
        })
        .collect()
    });
    drop(progress);
    let found = found?;
    if found.iter().any(|run| run.interrupted) {
        terminal::say("Interrupted before the warm-up was found: there are no results.");
        return Err(Failure::Told(1));
    }
    let ends = found.iter().map(|run| run.warm_up.as_ref()?.seconds);
    let unsettled = ends.clone().filter(Option::is_none).count();
    let last = ends.flatten().fold(0.0, f64::max);
    let runs = found.len();
    let (rule, end) = match unsettled {
        0 => ("the longest of all runs".to_owned(), Some(last)),
        _ => (format!("not steady in {unsettled} of {runs} runs"), None),
    };
    plan.warm_up = end
        .filter(|end| *end > 0.0)
        .map(|end| WarmUp::After(Span((end * 1e6).round() as i64)));
    Ok(Some(Found {
        rule: format!("{}, {rule}", WarmUp::MSER5),
        steady: end.is_some(),
    }))
}
