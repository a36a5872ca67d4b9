//! How files are read, as a scenario says it; and what can be told of them by their names.

use crate::builtin;
use crate::diagnostic::{Diagnostic, Result};
use crate::scenario::{Origins, Scenario};
use crate::trace::{ReadOptions, ZeroRun, detect, inline};
use gpusched_core::units::{Span, parse_seconds};
use std::path::Path;

impl Scenario {
    /// How traces are read.
    ///
    /// # Errors
    /// As [`Scenario::plan`].
    pub fn read_options(&self, origins: &Origins) -> Result<ReadOptions> {
        let defaults = ReadOptions::default();
        if self.gpus_per_pod == Some(0) {
            let problem = Diagnostic::new("a pod needs room for at least one GPU")
                .help("give the number of GPUs of your largest node, usually 8");
            return Err(origins.blame("gpus-per-pod", problem));
        }
        let zero_run = match &self.zero_run {
            None => defaults.zero_run,
            Some(text) => {
                parse_zero_run(text).map_err(|problem| origins.blame("zero-run", problem))?
            }
        };
        Ok(ReadOptions {
            gpus_per_pod: self.gpus_per_pod.unwrap_or(defaults.gpus_per_pod),
            zero_run,
            lenient: self.lenient.unwrap_or(false),
            gpu_only: self.gpu_only.unwrap_or(false),
            attempts: self.attempts.map_or(defaults.attempts, Into::into),
            swf_procs: self.swf_procs.map_or(defaults.swf_procs, Into::into),
            throughputs: self.throughputs.clone(),
            timezone: self.timezone.clone(),
            queue_only: self.queue_only.clone(),
            limit: self.limit,
            ..defaults
        })
    }
}

/// The machines that come with a trace: a directory may hold `nodes.csv` beside `jobs.csv`.
pub(super) fn own_cluster(trace: &str) -> Result<String> {
    if builtin::is_builtin(trace) {
        return Ok(trace.to_owned());
    }
    let (_, path) = detect::split_spec(trace)?;
    let holds_nodes = |directory: &Path| {
        let names = ["nodes.csv", "nodes.csv.gz"];
        names.iter().any(|name| directory.join(name).is_file())
    };
    if holds_nodes(Path::new(path)) {
        return Ok(trace.to_owned());
    }
    let help = match Path::new(path).parent() {
        Some(above) if !above.as_os_str().is_empty() && holds_nodes(above) => format!(
            "name the directory, `--trace {}`, to take the machines from its nodes.csv",
            above.display()
        ),
        _ => "say which with `--cluster`, such as `--cluster 16x8:A100-SXM4-80GB` (sixteen \
              machines of eight GPUs) or `--cluster nodes.csv`"
            .to_owned(),
    };
    Err(Diagnostic::new("no machines to replay this trace on").help(help))
}

/// Checks what can be checked without reading anything.
pub(super) fn check_spec(spec: &str) -> Result<()> {
    if !builtin::is_builtin(spec) {
        return match inline::looks_inline(spec) {
            true => Ok(()),
            false => detect::split_spec(spec).map(|_| ()),
        };
    }
    if spec == builtin::SAMPLE {
        return Ok(());
    }
    Err(
        Diagnostic::new(format!("there is nothing built in called `{spec}`"))
            .help(format!("what is built in is `{}`", builtin::SAMPLE)),
    )
}

fn parse_zero_run(text: &str) -> Result<ZeroRun> {
    let wrong = |message: String| {
        Diagnostic::new(message)
            .help("choose `error`, `drop`, `keep`, or `clamp:SECONDS` such as `clamp:1`")
    };
    match text {
        "error" => return Ok(ZeroRun::Error),
        "drop" => return Ok(ZeroRun::Drop),
        "keep" => return Ok(ZeroRun::Keep),
        _ => {}
    }
    let Some(seconds) = text.strip_prefix("clamp:") else {
        return Err(wrong(format!("`{text}` is no way to treat run times of 0")));
    };
    match parse_seconds(seconds) {
        Ok(micros) if micros > 0 => Ok(ZeroRun::Clamp(Span(micros))),
        Ok(_) => Err(wrong(format!("`{seconds}` is no run time above 0"))),
        Err(error) => Err(wrong(format!("`{seconds}` is {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_treat_run_times_of_0() {
        assert_eq!(parse_zero_run("keep"), Ok(ZeroRun::Keep));
        assert_eq!(
            parse_zero_run("clamp:0.5"),
            Ok(ZeroRun::Clamp(Span(500_000)))
        );
        for text in [
            "", "clamp", "clamp:", "clamp:0", "clamp:-1", "clamp:x", "Keep",
        ] {
            assert!(parse_zero_run(text).is_err(), "{text}");
        }
    }
}
