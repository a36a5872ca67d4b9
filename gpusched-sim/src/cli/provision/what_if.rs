//! `gpusched provision what-if`: what Karpenter would do now.

use super::super::args::{AnswerFormatArg, WhatIfArgs};
use super::super::failure::{Failure, Outcome};
use super::super::terminal;
use super::{json, table};
use gpusched_core::provisioning::karpenter::disruption::Why;
use gpusched_core::units::Time;
use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::manifest::{KarpenterManifests, Severity};
use gpusched_sim::provision::{Home, Story, WhatIf};

/// Runs the verb.
pub(super) fn what_if(args: &WhatIfArgs) -> Outcome {
    let at = args.at.as_deref().map(instant_of).transpose()?;
    let manifests = KarpenterManifests::read(&args.manifests, args.catalog.as_deref())?;
    for problem in manifests.problems() {
        match problem.severity {
            Severity::Error => terminal::complain(&problem.diagnostic),
            Severity::Warning => terminal::report("warning", &problem.diagnostic),
        }
    }
    if !manifests.is_sound() {
        return Err(Failure::Told(2));
    }
    let state = manifests.state();
    if state.pools.is_empty() {
        let problem = Diagnostic::new("there is no NodePool among the manifests");
        let place = args.manifests.display().to_string();
        return Err(problem
            .in_file(place)
            .help("without one nothing is made: `kubectl get nodepools -o yaml` prints those there are")
            .into());
    }
    let what_if = WhatIf::new(state, at);
    let format = args.format.unwrap_or_default();
    let homeless = match &args.explain {
        Some(name) => {
            let story = what_if.story(name)?;
            match format {
                AnswerFormatArg::Table => terminal::print_text(&table::story(&story))?,
                AnswerFormatArg::Json => terminal::print(&format!("{:#}\n", json::story(&story)))?,
            }
            matches!(&story, Story::Pod(pod) if matches!(pod.home, Home::Nowhere(_)))
        }
        None => {
            match format {
                AnswerFormatArg::Table => {
                    terminal::print_text(&table::table(&what_if, state, at.is_some()))?;
                }
                AnswerFormatArg::Json => {
                    let answer = json::answer(&what_if, state);
                    terminal::print(&format!("{answer:#}\n"))?;
                }
            }
            let homes = what_if.homes();
            homes
                .iter()
                .any(|(_, home)| matches!(home, Home::Nowhere(_)))
        }
    };
    match homeless {
        true => Err(Failure::Told(1)),
        false => Ok(()),
    }
}

fn instant_of(text: &str) -> Outcome<Time> {
    let read = text.parse::<jiff::Timestamp>();
    read.map(|at| Time(at.as_microsecond())).map_err(|_| {
        let problem = Diagnostic::new(format!("`{text}` is no time")).in_file("--at");
        Failure::Input(problem.help("write it like 2026-01-31T09:30:00Z"))
    })
}

/// An instant as RFC 3339 writes it.
pub(super) fn instant(at: Time) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(at.0);
    timestamp.map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// Why a node stays, with instants people can read.
pub(super) fn reason(why: &Why) -> String {
    match why {
        Why::TooSoon(at) => format!("consolidateAfter has not elapsed before {}", instant(*at)),
        Why::Nominated(at) => format!("it is nominated for a pod until {}", instant(*at)),
        other => other.to_string(),
    }
}
