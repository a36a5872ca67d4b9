//! Flags, from a command line or from a Deployment's.

use super::table::{FLAGS, Field, OTHER, UNSUPPORTED};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::manifest::cursor::{At, Read};
use crate::manifest::time;
use gpusched_core::provisioning::cluster_autoscaler::expander::Expander;
use gpusched_core::provisioning::cluster_autoscaler::{Limited, NodeGroup, Options, ResourceLimit};
use gpusched_core::units::Span;

/// What flags say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configured {
    /// The settings.
    pub options: Options,
    /// Sizes of groups, in the order of the flags `nodes`.
    pub sizes: Vec<GroupSize>,
}

/// `--nodes=min:max:id`: how large a group may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSize {
    /// The group's id.
    pub id: String,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
}

impl Configured {
    /// Refuses sizes of groups that are nowhere described.
    pub(super) fn all_sized(&self, groups: &[NodeGroup]) -> Result<()> {
        let unknown = |size: &&GroupSize| !groups.iter().any(|group| group.id == size.id);
        let Some(size) = self.sizes.iter().find(unknown) else {
            return Ok(());
        };
        let ids = groups.iter().map(|group| group.id.as_str());
        let problem = Diagnostic::new(format!(
            "--nodes names the group `{}`, which is nowhere described",
            size.id
        ));
        Err(problem.help(match did_you_mean(&size.id, ids) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "describe it in a document with `nodeGroups`: what nodes it has".to_owned(),
        }))
    }
}

/// Reads flags as they stand on a command line: `--name=value`, `--name value`, or `--name` alone
/// for a switch; one dash will do. What is no flag (the name of the program) is left out.
///
/// # Errors
/// A flag that does not exist, that is not modelled although it decides, or whose value is not what
/// it has to be.
///
/// ```
/// use gpusched_sim::manifest::cluster_autoscaler::flags;
/// let read = flags(&["--expander=priority,least-waste", "--nodes=1:10:workers", "--v=4"]).unwrap();
/// assert_eq!(read.options.expanders.len(), 2);
/// assert_eq!((read.sizes[0].min, read.sizes[0].max), (1, 10));
/// let problem = flags(&["--scan-intervall=5s"]).unwrap_err();
/// assert!(problem.help.unwrap().contains("--scan-interval"));
/// ```
pub fn flags<S: AsRef<str>>(words: &[S]) -> Result<Configured> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let read = read(&words, |_, message, help| {
        Diagnostic::new(message).help(help)
    });
    read.map_err(|problem| problem.in_file("the flags of Cluster Autoscaler"))
}

/// The flags of the workload that runs Cluster Autoscaler; `None` if it does not.
pub(super) fn of_workload(at: At<'_, '_>) -> Read<Option<Configured>> {
    let spec = at.field("spec");
    let template = spec.field("template");
    let pod = template.field("spec");
    let containers = pod.field("containers");
    let count = containers.list(|_| Ok(()))?.len();
    for index in 0..count {
        let container = containers.item(index);
        let mut words = Vec::new();
        let mut places = Vec::new();
        for list in ["command", "args"] {
            let given = container.field(list).strings()?;
            places.extend((0..given.len()).map(|at| (list, at)));
            words.extend(given);
        }
        let named = |word: &str| word.contains("cluster-autoscaler");
        let runs = words.iter().any(|word| named(word))
            || container
                .field("image")
                .string()
                .is_ok_and(|image| named(&image));
        if !runs {
            continue;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let read = read(&words, |at, message, help| {
            let (list, at) = places[at];
            container.field(list).item(at).fault(message).help(help)
        });
        return read.map(Some);
    }
    Ok(None)
}

/// Reads words; `complain` makes a problem of the word of that number, a message and a help.
fn read<E>(words: &[&str], complain: impl Fn(usize, String, String) -> E) -> Result<Configured, E> {
    let mut configured = Configured::default();
    let mut seen: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let here = at;
        at += 1;
        let Some(flag) = words[here].strip_prefix('-') else {
            continue;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, mut value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let problem = |message: String, help: String| complain(here, message, help);
        let field = FLAGS.iter().find(|(known, _)| *known == name);
        let Some((name, field)) = field else {
            let off = value.and_then(switch) == Some(false);
            unknown(name, off).map_err(|(message, help)| problem(message, help))?;
            continue;
        };
        let switch = matches!(field, Field::Switch(_));
        let next = words.get(at).filter(|next| !next.starts_with("--"));
        if let (None, false, Some(next)) = (value, switch, next) {
            value = Some(next);
            at += 1;
        }
        let value = match (value, switch) {
            (Some(value), _) => value,
            (None, true) => "true",
            (None, false) => {
                return Err(problem(
                    format!("--{name} needs a value"),
                    format!("write --{name}=…"),
                ));
            }
        };
        let first = !seen.contains(name);
        seen.push(name);
        set(&mut configured, *field, value, first)
            .map_err(|wanted| problem(format!("`{value}` is not possible for --{name}"), wanted))?;
    }
    Ok(configured)
}

/// A flag that decides nothing, or one that is off, is passed over; another is explained.
fn unknown(name: &str, off: bool) -> Result<(), (String, String)> {
    let unsupported = UNSUPPORTED.iter().find(|(known, _)| *known == name);
    if let Some((_, why)) = unsupported.filter(|_| !off) {
        return Err((
            format!("--{name} is not modelled"),
            format!("take it out: {why}"),
        ));
    }
    if unsupported.is_some() || OTHER.contains(&name) {
        return Ok(());
    }
    let all = FLAGS
        .iter()
        .map(|(known, _)| *known)
        .chain(OTHER.iter().copied());
    let help = match did_you_mean(name, all) {
        Some(close) => format!("did you mean --{close}?"),
        None => "see the flags of Cluster Autoscaler 1.36".to_owned(),
    };
    Err((format!("there is no flag --{name}"), help))
}

/// Sets a field; if the value is not possible, what is wanted. `first`: whether the flag has not
/// come before, so that what it lists replaces the default.
fn set(to: &mut Configured, field: Field, value: &str, first: bool) -> Result<(), String> {
    let options = &mut to.options;
    match field {
        Field::Duration(of) => {
            let span = time::duration(value).filter(|span| *span >= Span::ZERO);
            *of(options) = span.ok_or("a length of time, such as 30s, 5m or 1h30m")?;
        }
        Field::Seconds(of) => {
            let wanted = "a number of seconds";
            *of(options) = Span::from_secs(value.parse::<u32>().map_err(|_| wanted)?.into());
        }
        Field::Count(of) => {
            *of(options) = value.parse().map_err(|_| "a whole number, 0 or more")?;
        }
        Field::Priority(of) => {
            *of(options) = value.parse().map_err(|_| "a whole number")?;
        }
        Field::Share(of) => {
            let share = value
                .parse::<f64>()
                .ok()
                .filter(|share| (0.0..=1.0).contains(share));
            *of(options) = share.ok_or("a share between 0 and 1")?;
        }
        Field::Switch(of) => {
            *of(options) = switch(value).ok_or("true or false")?;
        }
        Field::Words(of) => of(options).extend(value.split(',').map(str::to_owned)),
        Field::Expanders => options.expanders = expanders(value)?,
        Field::Bypassed => options.wait_for_scheduler = value.is_empty(),
        Field::Cores => limit(options, Limited::Cpu, value, 1000)?,
        Field::MemoryGib => limit(options, Limited::Memory, value, 1 << 30)?,
        Field::Gpus => {
            let (of, range) = value
                .split_once(':')
                .ok_or("a type and its bounds: h100:0:64")?;
            limit(options, Limited::Gpu(of.to_owned()), range, 1)?;
        }
        Field::Nodes => {
            if first {
                to.sizes.clear();
            }
            to.sizes.push(size(value)?);
        }
    }
    Ok(())
}

/// As Go reads a switch.
fn switch(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn expanders(value: &str) -> Result<Vec<Expander>, String> {
    let mut chain: Vec<Expander> = Vec::new();
    for name in value.split(',') {
        let all = Expander::ALL.map(Expander::name).join(", ");
        let expander = Expander::named(name).ok_or_else(|| match name {
            "grpc" => "what an external expander answers cannot be known".to_owned(),
            _ => format!("some of: {all}"),
        })?;
        if chain.contains(&expander) {
            return Err(format!("{expander} once, not twice"));
        }
        if chain.last() == Some(&Expander::Random) {
            return Err("nothing behind random, which leaves one option".into());
        }
        chain.push(expander);
    }
    Ok(chain)
}

/// Two whole numbers, the first not above the second.
fn range(text: &str) -> Option<(u32, u32)> {
    let (min, max) = text.split_once(':')?;
    let (min, max) = (min.parse().ok()?, max.parse().ok()?);
    (min <= max).then_some((min, max))
}

fn limit(options: &mut Options, of: Limited, value: &str, unit: i64) -> Result<(), String> {
    let (min, max) = range(value).ok_or("the least and the most: 0:64")?;
    let limit = ResourceLimit {
        of,
        min: i64::from(min) * unit,
        max: i64::from(max) * unit,
    };
    options.limits.retain(|known| known.of != limit.of);
    options.limits.push(limit);
    Ok(())
}

fn size(value: &str) -> Result<GroupSize, String> {
    const WANTED: &str = "the least, the most and the id of a group: 1:10:workers";
    let mut parts = value.splitn(3, ':');
    let (min, max, id) = (parts.next(), parts.next(), parts.next());
    let (Some(min), Some(max), Some(id)) = (min, max, id.filter(|id| !id.is_empty())) else {
        return Err(WANTED.into());
    };
    let (min, max) = range(&format!("{min}:{max}")).ok_or(WANTED)?;
    Ok(GroupSize {
        id: id.to_owned(),
        min,
        max,
    })
}
