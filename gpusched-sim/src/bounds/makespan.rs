//! Makespan.

use super::Task;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, microlp, variable};
use gpusched_core::units::Time;
use std::collections::BTreeMap;

/// Arrivals are told apart in so many steps.
const STEPS: usize = 48;

/// A lower bound on the instant of the last end, µs.
///
/// The larger of the latest submission plus run time, and the least T such that the work fits: for
/// every step of arrivals, all work that arrives from then on has to be done by GPUs of models its
/// jobs may use, between then and T. Which model does how much of what is a linear program, solved
/// by microlp. Work of a step counts from the step's first arrival on, which only lowers the bound.
pub(super) fn end(tasks: &[Task], capacity: &[i64]) -> f64 {
    let alone = tasks.iter().map(|task| task.submit + task.run);
    let alone = alone.max().unwrap_or(Time::ZERO).0 as f64;
    // In hours and GPUs: numbers a solver is good at.
    const HOUR: f64 = 3.6e9;
    let size = tasks.len().div_ceil(STEPS).max(1);
    let mut starts: Vec<f64> = Vec::new();
    let mut work: BTreeMap<(u64, usize), f64> = BTreeMap::new();
    for (step, tasks) in tasks.chunks(size).enumerate() {
        starts.push(tasks[0].submit.0 as f64 / HOUR);
        for task in tasks.iter().filter(|task| task.area > 0) {
            *work.entry((task.models, step)).or_default() += task.area as f64 / HOUR / 1000.0;
        }
    }
    let gpus: Vec<f64> = capacity
        .iter()
        .map(|milli| *milli as f64 / 1000.0)
        .collect();
    let solved = solve(&starts, &work, &gpus);
    // A solver's answer is right to about nine digits: a bound must not be above the truth.
    solved.map_or(alone, |hours| alone.max(hours * HOUR * (1.0 - 1e-7)))
}

/// The least T in hours; `None` if the solver gives up.
fn solve(starts: &[f64], work: &BTreeMap<(u64, usize), f64>, gpus: &[f64]) -> Option<f64> {
    let mut variables = ProblemVariables::new();
    let end = variables.add(variable().min(0.0));
    // By model and step: what it does of it.
    let mut done: BTreeMap<(usize, usize), Expression> = BTreeMap::new();
    let mut whole: Vec<(Expression, f64)> = Vec::new();
    for ((models, step), amount) in work {
        let mut sum = Expression::from(0.0);
        for model in (0..gpus.len()).filter(|model| models >> model & 1 == 1) {
            let part = variables.add(variable().min(0.0));
            sum += part;
            *done
                .entry((model, *step))
                .or_insert_with(|| Expression::from(0.0)) += part;
        }
        whole.push((sum, *amount));
    }
    let mut problem = variables.minimise(end).using(microlp);
    for (sum, amount) in whole {
        problem = problem.with(sum.geq(amount));
    }
    for (model, gpus) in gpus.iter().enumerate() {
        let mut later = Expression::from(0.0);
        for (step, start) in starts.iter().enumerate().rev() {
            if let Some(here) = done.get(&(model, step)) {
                later += here.clone();
                problem = problem.with(later.clone().leq(*gpus * end - gpus * start));
            }
        }
    }
    problem.solve().ok().map(|solution| solution.value(end))
}
