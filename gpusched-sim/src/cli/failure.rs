//! How a verb ends when it does not end well, and what the user and the shell see of it.

use super::terminal;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use gpusched_sim::diagnostic::Diagnostic;
use std::io;
use std::process::ExitCode;

/// Why a verb ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user gave something that cannot be used: exit code 2.
    Input(Box<Diagnostic>),
    /// The run itself went wrong: exit code 1.
    Run(Box<Diagnostic>),
    /// Everything has been said already.
    Told(u8),
    /// Nobody reads our output any more (`| head`): that is fine.
    Closed,
}

/// How a verb ends.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl From<Box<Diagnostic>> for Failure {
    fn from(problem: Box<Diagnostic>) -> Failure {
        Failure::Input(problem)
    }
}

impl Failure {
    /// A failure to write to standard output.
    pub(crate) fn stdout(error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::Closed;
        }
        Failure::Run(
            Diagnostic::new(format!("cannot write the result: {error}"))
                .help("is the disk full? results can also be written with `--out`"),
        )
    }
}

/// Shows what went wrong, if anything, and chooses the exit code.
pub(crate) fn exit(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Told(code)) => ExitCode::from(code),
        Err(Failure::Run(problem)) => {
            terminal::complain(&problem);
            ExitCode::from(1)
        }
        Err(Failure::Input(problem)) => {
            terminal::complain(&problem);
            ExitCode::from(2)
        }
    }
}

/// What clap has to say: a help text, or arguments it does not understand.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let asked = !error.use_stderr();
            // Help that cannot be written is no failure.
            let _ = error.print();
            ExitCode::from(if asked { 0 } else { 2 })
        }
        _ => exit(Err(Failure::Input(diagnose(error)))),
    }
}

/// A clap error as a diagnostic.
fn diagnose(error: &clap::Error) -> Box<Diagnostic> {
    let text = error.to_string();
    let mut paragraphs = text.trim_start_matches("error: ").split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let tips: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .filter(|tip| !tip.contains("'--"))
        .map(str::to_owned)
        .collect();
    let close = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    let close = close.iter().find_map(|&kind| match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(many) => many.first().cloned(),
        _ => None,
    });
    let usage = text
        .lines()
        .find_map(|line| line.strip_prefix("Usage: "))
        .unwrap_or("gpusched <COMMAND>");
    let verb: Vec<&str> = usage
        .split_whitespace()
        .take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    let mut help = match close {
        Some(close) => format!("did you mean `{close}`? "),
        None => tips
            .first()
            .map_or_else(String::new, |tip| format!("{tip}; ")),
    };
    help += &format!("`{} --help` lists what there is", verb.join(" "));
    Diagnostic::new(message).help(help)
}
