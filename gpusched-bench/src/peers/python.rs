//! Peers that are Python programs: SimPy, and a plain loop.

use super::work::Work;
use super::{Outcome, Run, Setup};
use gpusched_sim::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::process::{Command, Stdio};

/// The decisions of FIFO and EASY, written anew in Python: no line is shared with the Rust ones.
const POOL: &str = include_str!("python/pool.py");
const MAIN: &str = include_str!("python/main.py");

/// What a program reads.
#[derive(Serialize)]
struct Request {
    case: &'static str,
    procs: u32,
    runs: usize,
    /// Submit, run and estimate in µs, processors.
    jobs: Vec<(i64, i64, i64, u32)>,
}

/// What it answers.
#[derive(Deserialize)]
struct Answer {
    version: String,
    seconds: f64,
    starts: Vec<Option<i64>>,
}

pub(super) fn plain_loop(work: &Work, setup: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    run(
        "plain loop",
        "json",
        include_str!("python/plain_loop.py"),
        work,
        setup,
    )
}

pub(super) fn simpy(work: &Work, setup: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    run(
        "SimPy",
        "simpy",
        include_str!("python/simpy_engine.py"),
        work,
        setup,
    )
}

fn run(
    name: &str,
    module: &str,
    script: &str,
    work: &Work,
    setup: &Setup,
) -> Result<Outcome, Box<Diagnostic>> {
    let python = setup.python.display();
    let probe = Command::new(&setup.python)
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status();
    match probe {
        Err(error) => return Ok(Outcome::Absent(format!("{name}: no `{python}` ({error})"))),
        Ok(status) if !status.success() => {
            let why = format!("{name}: `{python}` has no module {module}");
            return Ok(Outcome::Absent(why));
        }
        Ok(_) => {}
    }
    let failed = |why: String| {
        Diagnostic::new(format!(
            "{name} did not do the work `{}`: {why}",
            work.case.name()
        ))
        .help("run it with another interpreter: `--python FILE`")
    };
    let program = [POOL, script, MAIN].join("\n");
    let mut child = Command::new(&setup.python)
        .args(["-c", &program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let request = serde_json::to_vec(&request(work, setup)).expect("numbers and a name");
    // A program that ended early says why on its standard error, which is read below.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(&request));
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().into(),
        ));
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("its answer cannot be read: {error}")))?;
    Ok(Outcome::Ran(Run {
        version: answer.version,
        seconds: answer.seconds,
        starts: answer.starts,
    }))
}

fn request(work: &Work, setup: &Setup) -> Request {
    let jobs = work.jobs.iter();
    Request {
        case: work.case.name(),
        procs: work.procs,
        runs: setup.runs,
        jobs: jobs
            .map(|job| (job.submit, job.run, job.estimate, job.procs))
            .collect(),
    }
}
