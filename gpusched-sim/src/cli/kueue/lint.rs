//! `gpusched kueue lint`: everything wrong with manifests, and everything that is probably not
//! meant.

use super::super::args::KueueLintArgs;
use super::super::failure::{Failure, Outcome};
use super::super::terminal;
use super::word;
use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::manifest::lint::{RULES, SIMULATIONS, lint as findings, simulate};
use gpusched_sim::manifest::{Manifests, Severity};

/// Runs the verb.
pub(super) fn lint(args: &KueueLintArgs) -> Outcome {
    let path = match &args.manifests {
        Some(path) if !args.rules => path,
        _ => return list(),
    };
    let manifests = Manifests::read(path)?;
    let mut errors = 0;
    let mut rest = 0;
    let mut text = String::new();
    for problem in manifests.problems() {
        match problem.severity {
            Severity::Error => errors += 1,
            Severity::Warning => rest += 1,
        }
        text += &shown(word(problem.severity), &problem.diagnostic);
    }
    let simulated = args.simulate.then(|| simulate(&manifests));
    for finding in findings(&manifests)
        .into_iter()
        .chain(simulated.into_iter().flatten())
    {
        rest += 1;
        text += &shown(finding.rule, &finding.diagnostic);
    }
    let objects = manifests.objects();
    let queues = terminal::count(objects.cluster_queues.len() as u64, "ClusterQueue");
    let doors = terminal::count(objects.local_queues.len() as u64, "LocalQueue");
    let workloads = terminal::count(objects.workloads.len() as u64, "Workload");
    text += &format!(
        "{queues}, {doors}, {workloads}: {}, {}\n",
        terminal::count(errors, "error"),
        terminal::count(rest, "finding"),
    );
    terminal::print_text(&text)?;
    match errors > 0 || (args.strict && rest > 0) {
        true => Err(Failure::Told(2)),
        false => Ok(()),
    }
}

fn shown(word: &str, problem: &Diagnostic) -> String {
    problem.render_as(word, false) + "\n"
}

fn list() -> Outcome {
    let all = || RULES.iter().chain(SIMULATIONS);
    let width = all().map(|rule| rule.name.len()).max();
    let width = width.unwrap_or_default();
    let lines = all().map(|rule| format!("{:width$}  {}\n", rule.name, rule.finds));
    terminal::print(&lines.collect::<String>())
}
