//! Which jobs a rule is about: those that may run on spot capacity, those that must not be
//! disrupted.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::generate::{Purpose, Stream};
use gpusched_core::ids::JobId;
use gpusched_core::workload::{Owner, Workload};
use std::fmt;

/// A set of jobs: those that any of its parts names.
///
/// ```
/// use gpusched_sim::cloud::JobRule;
/// let rule: JobRule = "queue=batch,priority<0".parse()?;
/// assert_eq!(rule.to_string(), "queue=batch,priority<0");
/// assert!("queue".parse::<JobRule>().is_err());
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobRule {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    All,
    None,
    /// Those the trace says (`spot_ok`).
    Trace,
    Preemptible,
    Queue(String),
    Tenant(String),
    User(String),
    PriorityBelow(i32),
    PriorityAbove(i32),
}

impl Part {
    fn read(text: &str) -> Option<Part> {
        let name = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        Some(match text {
            "all" => Part::All,
            "none" => Part::None,
            "trace" => Part::Trace,
            "preemptible" => Part::Preemptible,
            _ => {
                if let Some((key, value)) = text.split_once('=') {
                    match key {
                        "queue" => Part::Queue(name(value)?),
                        "tenant" => Part::Tenant(name(value)?),
                        "user" => Part::User(name(value)?),
                        _ => return None,
                    }
                } else if let Some(limit) = text.strip_prefix("priority<") {
                    Part::PriorityBelow(limit.parse().ok()?)
                } else {
                    Part::PriorityAbove(text.strip_prefix("priority>")?.parse().ok()?)
                }
            }
        })
    }

    fn names(&self, owner: &Owner) -> bool {
        match self {
            Part::All => true,
            Part::None => false,
            Part::Trace => owner.spot_ok,
            Part::Preemptible => owner.preemptible,
            Part::Queue(name) => owner.queue == *name,
            Part::Tenant(name) => owner.tenant == *name,
            Part::User(name) => owner.user == *name,
            Part::PriorityBelow(limit) => owner.priority < *limit,
            Part::PriorityAbove(limit) => owner.priority > *limit,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::All => f.write_str("all"),
            Part::None => f.write_str("none"),
            Part::Trace => f.write_str("trace"),
            Part::Preemptible => f.write_str("preemptible"),
            Part::Queue(name) => write!(f, "queue={name}"),
            Part::Tenant(name) => write!(f, "tenant={name}"),
            Part::User(name) => write!(f, "user={name}"),
            Part::PriorityBelow(limit) => write!(f, "priority<{limit}"),
            Part::PriorityAbove(limit) => write!(f, "priority>{limit}"),
        }
    }
}

impl JobRule {
    /// What the column `spot_ok` of the trace says.
    pub fn trace() -> JobRule {
        JobRule {
            parts: vec![Part::Trace],
        }
    }

    /// Whether each job is named, or among a `share` of them drawn by `seed`: a draw per job of the
    /// trace, so that more jobs, or another rule, change nobody's.
    pub fn of(&self, work: &Workload, share: f64, seed: u64) -> Vec<bool> {
        let drawn = |job: JobId| {
            let mut stream = Stream::new(seed, Purpose::SpotShare, u64::from(work.source(job)));
            share > 0.0 && stream.unit() < share
        };
        let named = |job: JobId| self.parts.iter().any(|part| part.names(work.owner(job)));
        let jobs = (0..work.len()).map(JobId::from);
        jobs.map(|job| named(job) || drawn(job)).collect()
    }
}

impl fmt::Display for JobRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(Part::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

impl std::str::FromStr for JobRule {
    type Err = Box<Diagnostic>;

    fn from_str(text: &str) -> Result<JobRule> {
        let read = |part: &str| {
            Part::read(part.trim()).ok_or_else(|| {
                Diagnostic::new(format!("`{}` names no jobs", part.trim())).help(
                    "choose from all, none, trace, preemptible, queue=NAME, tenant=NAME, user=NAME, \
                     priority<N and priority>N; several, with commas between, name the jobs of each",
                )
            })
        };
        let parts = text.split(',').map(read).collect::<Result<_>>()?;
        Ok(JobRule { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::units::{Span, Time};
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    fn jobs(owners: Vec<Owner>) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for (index, owner) in owners.into_iter().enumerate() {
            let name = format!("j{index}");
            let shape = Shape::whole_gpus(1);
            let draft = JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape);
            builder.push(&JobDraft { owner, ..draft }).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn a_job_is_meant_that_any_part_names() {
        let work = jobs(vec![
            Owner {
                queue: "batch".into(),
                ..Owner::default()
            },
            Owner {
                priority: -1,
                ..Owner::default()
            },
            Owner {
                spot_ok: true,
                ..Owner::default()
            },
            Owner::default(),
        ]);
        let of = |rule: &str| rule.parse::<JobRule>().unwrap().of(&work, 0.0, 0);
        assert_eq!(of("queue=batch, priority<0"), [true, true, false, false]);
        assert_eq!(of("trace"), [false, false, true, false]);
        assert_eq!(of("none"), [false; 4]);
        assert_eq!(of("all"), [true; 4]);
    }

    #[test]
    fn a_share_is_drawn_by_job_and_kept_when_jobs_are_added() {
        let share = |count| JobRule::default().of(&jobs(vec![Owner::default(); count]), 0.3, 7);
        let drawn = share(2_000);
        // 600 of 2,000, and four standard deviations of 20.5.
        let count = drawn.iter().filter(|drawn| **drawn).count();
        assert!((518..=682).contains(&count), "{count}");
        assert_eq!(share(500), drawn[..500]);
    }
}
