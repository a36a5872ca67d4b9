//! `gpusched completions`.

use super::args::Cli;
use super::failure::Outcome;
use super::terminal;
use clap::CommandFactory;

/// Prints the completion script of a shell.
pub(crate) fn print(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gpusched", &mut script);
    terminal::write(|out| out.write_all(&script))
}
