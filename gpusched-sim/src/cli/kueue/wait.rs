//! `gpusched kueue wait`: how long one job will wait.

use super::super::args::{FormatArg, KueueWaitArgs};
use super::super::compare::{pool, threads};
use super::super::failure::{Failure, Outcome};
use super::super::terminal::{self, count};
use super::super::{progress, trace};
use super::admit::{self, CYCLES};
use super::answer::{self, Names};
use super::read;
use gpusched_core::queueing::kueue::Objects;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::diagnose::{Answer, forecast};
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::units::{Span, Time, parse_seconds};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::kueue::jobs::load_jobs;
use gpusched_sim::kueue::queue_map::QueueMap;
use gpusched_sim::kueue::replay::{Fidelity, ReadyDelay};
use gpusched_sim::kueue::wait::{Estimate, History, Question, Report, estimate, table, write_csv};
use gpusched_sim::manifest::{Manifests, Submission};
use gpusched_sim::scenario::FidelityKey;
use serde_json::{Value, json};

const SAMPLES: u32 = 500;
/// More futures than this are taken for a slip.
const MOST_SAMPLES: u32 = 1_000_000;
/// The present of manifests that speak of no time.
const BEGINNING: Time = Time::from_secs(1);
const HORIZON: Span = Span::from_secs(7 * 86_400);

/// The job as it stands now.
struct Asked<'a> {
    kueue: &'a Kueue,
    id: WorkloadId,
    known: bool,
    /// What becomes of it if nobody comes and nobody ends.
    now: Answer,
}

/// Runs the verb.
pub(super) fn wait(args: &KueueWaitArgs) -> Outcome {
    let samples = samples(args.samples)?;
    let horizon = horizon(args.horizon.map(|given| given.0))?;
    let window = args.window.as_deref().map(window).transpose()?;
    let threads = threads(args.threads)?;
    let delay = args.delays.pods_ready_delay.as_deref();
    let ready: Result<ReadyDelay> = delay.map_or(Ok(ReadyDelay::default()), str::parse);
    let ready = ready.map_err(|problem| problem.in_file("--pods-ready-delay"))?;
    let options = trace::read_options(&args.read)?;
    let manifests = read(&args.input.manifests)?;
    let now = now(args.now.as_deref(), &manifests)?;
    let asked = admit::asked(&manifests, &args.job, args.at_queue.as_deref())?;
    let objects = state(&manifests, &asked);
    let map = match &args.queue_map {
        None => QueueMap::by_name(&objects.local_queues),
        Some(path) => QueueMap::read(path, &objects.local_queues)?,
    };
    let spinner = progress::reading(&args.trace);
    let loaded = load_jobs(
        &args.trace,
        &options,
        &map,
        &objects.workload_priority_classes,
    );
    spinner.finish_and_clear();
    let (jobs, report) = loaded?;
    terminal::say_notes(&report);
    let history = History::new(jobs, window, &report)?;
    let question = Question {
        objects: &objects,
        configuration: manifests.configuration(),
        gates: manifests.gates(),
        job: &asked.workload,
        now,
        dated: args.now.is_some() || manifests.present() > BEGINNING,
        history: &history,
        samples,
        seed: args.seed.unwrap_or(0),
        horizon,
        ready,
        fidelity: Fidelity::from(
            args.delays
                .fidelity
                .map(FidelityKey::from)
                .unwrap_or_default(),
        ),
    };
    let (kueue, id) = admit::submit(&manifests, &asked, now);
    let asked = Asked {
        known: asked.known,
        now: forecast(&kueue, id, now, CYCLES).answer,
        kueue: &kueue,
        id,
    };
    let format = args.format.unwrap_or(FormatArg::Table);
    if let Some(waiting) = question.hopeless() {
        asked.never(format, &Answer::Pending(waiting))?;
        return Err(Failure::Told(1));
    }
    terminal::say(&format!(
        "Following {} of {}.",
        count(samples.into(), "future"),
        kueue.workload(id).key()
    ));
    let estimate = pool(threads)?.install(|| estimate(&question));
    let report = Report::of(&question, &estimate, &report.path);
    asked.print(format, &report, &estimate)
}

fn samples(given: Option<u32>) -> Result<u32> {
    match given.unwrap_or(SAMPLES) {
        samples @ 1..=MOST_SAMPLES => Ok(samples),
        samples => Err(
            Diagnostic::new(format!("{samples} futures cannot be followed"))
                .in_file("--samples")
                .help(format!("give a number from 1 to {MOST_SAMPLES}")),
        ),
    }
}

fn horizon(given: Option<Span>) -> Result<Span> {
    let horizon = given.unwrap_or(HORIZON);
    if horizon > Span::ZERO {
        return Ok(horizon);
    }
    Err(
        Diagnostic::new(format!("a horizon of {horizon} s is not ahead"))
            .in_file("--horizon")
            .help("give the seconds to follow futures for, more than 0"),
    )
}

/// Two seconds of the trace.
fn window(text: &str) -> Result<(Time, Time)> {
    let problem = |why: &str| {
        Diagnostic::new(format!("`{text}` is no window of a trace: {why}"))
            .in_file("--window")
            .help("write FROM:TO in seconds of the trace, such as 604800:1209600")
    };
    let (from, to) = text
        .split_once(':')
        .ok_or_else(|| problem("there is no `:`"))?;
    let time = |text: &str| {
        let micros = parse_seconds(text.trim());
        micros
            .map(Time)
            .map_err(|error| problem(&format!("`{text}` is {error}")))
    };
    let (from, to) = (time(from)?, time(to)?);
    match from < to {
        true => Ok((from, to)),
        false => Err(problem("it ends before it begins")),
    }
}

/// When the manifests were dumped, or when somebody says they were.
fn now(given: Option<&str>, manifests: &Manifests) -> Result<Time> {
    let present = manifests.present();
    let latest = present - Span::from_secs(1);
    let Some(text) = given else {
        return Ok(present);
    };
    let problem = |why: String| Diagnostic::new(why).in_file("--now");
    let now = text.parse::<jiff::Timestamp>().map_err(|_| {
        problem(format!("`{text}` is no time"))
            .help("write a date and a time with its offset, such as 2026-03-02T08:00:00Z")
    })?;
    let now = Time(now.as_microsecond());
    if now < latest {
        let known =
            jiff::Timestamp::from_microsecond(latest.0).map_or(String::new(), |at| at.to_string());
        return Err(problem(format!(
            "the manifests speak of {known}, which is later than {text}"
        ))
        .help("leave `--now` out, or give the time of the dump"));
    }
    Ok(now)
}

/// The cluster, without what the job takes the place of.
fn state(manifests: &Manifests, asked: &Submission) -> Objects {
    let mut objects = manifests.objects().clone();
    if let Some(old) = &asked.replaces {
        let namespace = &asked.workload.namespace;
        let is_old = |name: &str, of: &str| name == old && of == namespace;
        objects
            .workloads
            .retain(|one| !is_old(&one.name, &one.namespace));
    }
    objects
}

impl Asked<'_> {
    fn heading(&self) -> String {
        let workload = self.kueue.workload(self.id);
        let mut text = format!("Workload {}, LocalQueue {}", workload.key(), workload.queue);
        if let Some(queue) = self.queue() {
            text += &format!(", ClusterQueue {queue}");
        }
        text += &format!(", priority {}", workload.priority.unwrap_or(0));
        text + match (self.known, workload.is("QuotaReserved")) {
            (true, true) => ", as the manifests hold it\n",
            (true, false) => ", as the manifests hold it: what is left of its wait\n",
            (false, _) => ", submitted now\n",
        }
    }

    fn queue(&self) -> Option<&str> {
        let queue = self.kueue.cluster_queue_of(self.id)?;
        Some(self.kueue.quota().names().cluster_queue_name(queue))
    }

    fn names(&self) -> Names<'_> {
        Names { kueue: self.kueue }
    }

    fn print(&self, format: FormatArg, report: &Report, estimate: &Estimate) -> Outcome {
        match format {
            FormatArg::Table => terminal::print_text(&format!(
                "{}\nIf nobody came and nobody finished: {}\n{}",
                self.heading(),
                answer::text(&self.names(), &self.now),
                table(report, estimate)
            )),
            FormatArg::Json => {
                let mut value = self.json();
                let report = serde_json::to_value(report);
                if let (Some(all), Ok(Value::Object(more))) = (value.as_object_mut(), report) {
                    all.extend(more);
                }
                terminal::print(&format!("{value:#}\n"))
            }
            FormatArg::Csv => terminal::write(|out| write_csv(out, estimate)),
        }
    }

    /// Says why there is nothing to estimate.
    fn never(&self, format: FormatArg, why: &Answer) -> Outcome {
        let text = format!(
            "{}\nIt cannot be admitted as things are, whoever leaves: {}",
            self.heading(),
            answer::text(&self.names(), why)
        );
        match format {
            FormatArg::Table => terminal::print_text(&text),
            FormatArg::Json => {
                let mut value = self.json();
                value["never"] = answer::json(&self.names(), why);
                terminal::print(&format!("{value:#}\n"))
            }
            FormatArg::Csv => {
                terminal::say(text.trim_end());
                Ok(())
            }
        }
    }

    fn json(&self) -> Value {
        let workload = self.kueue.workload(self.id);
        json!({
            "workload": workload.key(),
            "local_queue": workload.queue,
            "cluster_queue": self.queue(),
            "priority": workload.priority.unwrap_or(0),
            "known": self.known,
            "now": answer::json(&self.names(), &self.now),
        })
    }
}
