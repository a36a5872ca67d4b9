//! Which job exchanges what: one profile for all, or a file that says which.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::ids::JobId;
use gpusched_core::performance::Profiles;
use gpusched_core::performance::collective::presets::{NAMES, Preset, PresetError};
use gpusched_core::workload::Workload;
use std::path::Path;

/// A rule: a job that has these names has this profile. Empty = any.
#[derive(Clone, Debug, PartialEq)]
struct Rule {
    queue: String,
    group: String,
    class: String,
    preset: Preset,
}

/// What jobs exchange.
///
/// One name (`llm-70b:tp=8`, see [`gpusched_core::performance::collective::presets`]) stands for all
/// jobs. A CSV file with the columns `queue,group,class,profile` says it line by line: a field left
/// empty means any, the first line that fits decides, and jobs that none fits exchange nothing.
/// `class` is what the trace calls the model or job type of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobProfiles {
    said: String,
    rules: Vec<Rule>,
}

const HEADER: &str = "queue,group,class,profile";

impl JobProfiles {
    /// Reads a name, or the file when the text ends in `.csv`.
    ///
    /// # Errors
    /// What is wrong with it, in a file where it stands.
    ///
    /// ```
    /// use gpusched_sim::network::JobProfiles;
    /// assert!(JobProfiles::load("llm-7b:tp=4").is_ok());
    /// let problem = JobProfiles::load("llm-7").unwrap_err();
    /// assert_eq!(problem.help.as_deref(), Some("did you mean `llm-7b`?"));
    /// ```
    pub fn load(text: &str) -> Result<JobProfiles> {
        if Path::new(text).extension().is_none_or(|end| end != "csv") {
            return Ok(JobProfiles {
                said: text.to_owned(),
                rules: vec![Rule {
                    queue: String::new(),
                    group: String::new(),
                    class: String::new(),
                    preset: Preset::parse(text).map_err(|error| explain(&error))?,
                }],
            });
        }
        let lines = std::fs::read_to_string(text).map_err(|error| {
            Diagnostic::new(format!("cannot read the job profiles: {error}"))
                .in_file(text)
                .help(format!("name a CSV file with the columns {HEADER}"))
        })?;
        JobProfiles::parse(text, &lines)
    }

    /// Reads the lines of a file called `name`.
    ///
    /// # Errors
    /// As [`JobProfiles::load`].
    pub fn parse(name: &str, text: &str) -> Result<JobProfiles> {
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map_or("", |(line, _)| line);
        let header = header.trim_start_matches('\u{feff}').trim();
        if header != HEADER {
            return Err(Diagnostic::new("this is no table of job profiles")
                .at(name, 1, 1)
                .source_line(header)
                .help(format!("its first line must be `{HEADER}`")));
        }
        let mut rules = Vec::new();
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            // A profile may have options with commas of their own.
            let fields: Vec<&str> = line.splitn(4, ',').collect();
            let &[queue, group, class, profile] = fields.as_slice() else {
                let problem = Diagnostic::new(format!("this line has {} columns", fields.len()));
                return Err(problem
                    .at(name, number, 1)
                    .source_line(line)
                    .help(format!("write {HEADER}; leave empty what may be any")));
            };
            let column = line.len() - profile.len() + 1;
            let word = |text: &str| text.trim().trim_matches('"').to_owned();
            let preset = Preset::parse(&word(profile)).map_err(|error| {
                let problem = explain(&error).at(name, number, column as u64);
                problem.source_line(line).width(profile.chars().count())
            })?;
            rules.push(Rule {
                queue: word(queue),
                group: word(group),
                class: word(class),
                preset,
            });
        }
        Ok(JobProfiles {
            said: name.to_owned(),
            rules,
        })
    }

    /// What it was read from: a name or a file.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The profile of every job. O(jobs × rules).
    pub fn of(&self, work: &Workload) -> Profiles {
        let fits = |rule: &Rule, job: JobId| {
            let owner = work.owner(job);
            let class = work.behaviour(job).map_or("", |known| &known.class);
            let same = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
            same(&rule.queue, &owner.queue)
                && same(&rule.group, &owner.group)
                && same(&rule.class, class)
        };
        let first = |job| {
            let found = self.rules.iter().position(|rule| fits(rule, job));
            found.map(|place| place as u32)
        };
        Profiles {
            presets: self.rules.iter().map(|rule| rule.preset.clone()).collect(),
            of_job: (0..work.len()).map(|job| first(JobId::from(job))).collect(),
        }
    }
}

fn explain(error: &PresetError) -> Box<Diagnostic> {
    let names = || NAMES.iter().map(|(name, _)| *name);
    let help = match error {
        PresetError::Unknown(name) => match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "choose one of: {}; or name a file that ends in .csv",
                names().collect::<Vec<_>>().join(", ")
            ),
        },
        PresetError::Option { .. } => "transformers take tp, pp, micro, batch and tflops of 1 or \
                                       more and overlap of 0 to 100, such as `llm-70b:tp=8,pp=4`"
            .to_owned(),
    };
    Diagnostic::new(error.to_string()).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::units::{Span, Time};
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    #[test]
    fn the_first_line_that_fits_decides() {
        let file = "queue,group,class,profile\nllm,,,llm-70b:tp=8,pp=2\n,,resnet,resnet50\n";
        let profiles = JobProfiles::parse("p.csv", file).unwrap();
        assert_eq!(profiles.rules.len(), 2);
        let mut jobs = WorkloadBuilder::new();
        let (submit, run) = (Time::ZERO, Span::from_secs(1));
        for queue in ["llm", "other"] {
            let mut draft = JobDraft::new(queue, submit, run, Shape::whole_gpus(2));
            draft.owner.queue = queue.into();
            jobs.push(&draft).unwrap();
        }
        let of = profiles.of(&jobs.finish().unwrap());
        assert_eq!(of.of_job, [Some(0), None]);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        let problem = JobProfiles::parse("p.csv", "queue,profile\n").unwrap_err();
        assert_eq!(problem.line, 1);
        let file = "queue,group,class,profile\n,,,llm-7\n";
        let problem = JobProfiles::parse("p.csv", file).unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 4));
        assert!(problem.help.unwrap().contains("`llm-7b`"));
        let problem = JobProfiles::parse("p.csv", "queue,group,class,profile\na,b\n").unwrap_err();
        assert!(problem.message.contains("2 columns"));
    }
}
