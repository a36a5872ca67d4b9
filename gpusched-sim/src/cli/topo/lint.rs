//! `gpusched topo lint`.

use super::{Subject, parse};
use crate::cli::args::TopoWhat;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::terminal;
use gpusched_core::topology::board_preset;
use gpusched_sim::topology::Source;
use gpusched_sim::topology::source::{Form, text_of};
use gpusched_sim::topology::yaml;

pub(super) fn lint(args: &TopoWhat) -> Outcome {
    let what = args.what.as_str();
    if board_preset(what).is_none()
        && !what.starts_with("smi:")
        && let Source::File(Form::Yaml, file) = parse(what)?
    {
        let problems = yaml::parse(&file, &text_of(&file)?)?.problems();
        for (rule, problem) in &problems {
            terminal::report(&format!("error[{rule}]"), problem);
        }
        if !problems.is_empty() {
            let count = terminal::count(problems.len() as u64, "problem");
            terminal::say(&format!("{count} in {file}"));
            return Err(Failure::Told(2));
        }
    }
    Subject::read(what, args.cluster.as_deref())?;
    // What was flattened from cables is looked at as cables once more.
    let findings = Subject::graph(what, args.cluster.as_deref())?.lint();
    match findings.first() {
        None => terminal::print_text(&format!("{what}: nothing is wrong\n")),
        Some(_) => {
            for finding in &findings {
                let problem = gpusched_sim::diagnostic::Diagnostic::new(&finding.message)
                    .in_file(what)
                    .help(finding.help);
                terminal::report(&format!("error[{}]", finding.rule), &problem);
            }
            Err(Failure::Told(2))
        }
    }
}
