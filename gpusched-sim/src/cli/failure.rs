//! How a verb ends when it does not end well, and what the user and the shell see of it.

use super::args::Cli;
use super::terminal;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use gpusched_sim::diagnostic::{Diagnostic, did_you_mean};
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
    let first = text.trim_start_matches("error: ").split("\n\n").next();
    let words: Vec<&str> = first.unwrap_or_default().split_whitespace().collect();
    let (path, verb) = typed_verb();
    let close = suggestion(error, &verb);
    let mut help = close.map_or_else(String::new, |close| format!("did you mean `{close}`? "));
    help += &format!("`{path} --help` lists what there is");
    Diagnostic::new(words.join(" ")).help(help)
}

/// The verb that was typed, as far as there is one: its words and what it takes.
fn typed_verb() -> (String, clap::Command) {
    let mut path = "gpusched".to_owned();
    let mut verb = Cli::command();
    verb.build();
    for word in std::env::args().skip(1) {
        match verb.find_subcommand(&word) {
            Some(below) => {
                verb = below.clone();
                path = format!("{path} {word}");
            }
            None => break,
        }
    }
    (path, verb)
}

/// What was probably meant.
fn suggestion(error: &clap::Error, verb: &clap::Command) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => Some(one.clone()),
        Some(ContextValue::Strings(many)) => many.first().cloned(),
        _ => None,
    };
    let by_clap = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    if let Some(close) = by_clap.into_iter().find_map(text) {
        return Some(close);
    }
    let typed = text(ContextKind::InvalidSubcommand)?;
    let names = verb.get_subcommands().map(clap::Command::get_name);
    did_you_mean(&typed, names).map(str::to_owned)
}
