//! What `gpusched` alone prints: three commands to try.

use super::failure::Outcome;
use super::terminal;

const TEXT: &str = "\
gpusched replays GPU-cluster traces against the scheduler you are about to deploy.

Try, in this order (they use a built-in sample):

  gpusched run                                replay it with the default policies
  gpusched compare --queueing fifo,easy,sjf   which queueing policy waits least?
  gpusched run --out result                   keep the results, then ask about a job:
  gpusched explain result j1                  when it came, why it waited, where it ran

Your own trace: `gpusched trace formats` lists what can be read, `gpusched run --help` how.
All commands: `gpusched --help`
";

/// Prints the welcome.
pub(crate) fn print() -> Outcome {
    terminal::print(TEXT)
}
