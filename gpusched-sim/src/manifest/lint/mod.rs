//! What is legal and still probably not meant: queues nobody can use, quota nobody can reach.
//!
//! One file per rule. A rule looks at everything that was read and reports with places; the API
//! server accepts all of it, and Kueue then does something surprising or nothing at all.

mod admission_fair_sharing;
mod blocked_workloads;
mod cohort_cycles;
mod idle_queues;
mod inactive_queues;
mod lending_limits;
mod local_queues;
mod namespaces;
mod never_borrows;
mod preemption;
mod preemption_loops;
mod unreachable_quota;
mod unusable_flavors;
mod unweighted;
mod workloads_too_large;

use super::Manifests;
use super::fault::Part;
use crate::diagnostic::Diagnostic;
use gpusched_core::queueing::kueue::objects::{ClusterQueue, Objects};
use gpusched_core::queueing::kueue::status::Status;
use gpusched_core::queueing::kueue::{Configuration, Gates, Quota};

/// One rule.
pub struct Rule {
    /// Its name, which findings carry.
    pub name: &'static str,
    /// What it finds, in one line.
    pub finds: &'static str,
    check: fn(&Context<'_>, &mut Found),
}

/// All rules, in the order they report.
pub const RULES: &[Rule] = &[
    cohort_cycles::RULE,
    inactive_queues::RULE,
    local_queues::RULE,
    idle_queues::RULE,
    namespaces::RULE,
    never_borrows::RULE,
    unreachable_quota::RULE,
    lending_limits::RULE,
    unusable_flavors::RULE,
    preemption::RULE,
    unweighted::RULE,
    admission_fair_sharing::RULE,
    blocked_workloads::RULE,
    workloads_too_large::RULE,
];

/// Rules that simulate: slower, and what they find may be what a configuration is meant to risk.
pub const SIMULATIONS: &[Rule] = &[preemption_loops::RULE];

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// What, where, and how to mend it.
    pub diagnostic: Diagnostic,
}

/// What one rule found, in order.
#[derive(Default)]
struct Found(Vec<Diagnostic>);

impl Found {
    fn push(&mut self, problem: impl Into<Diagnostic>) {
        self.0.push(problem.into());
    }
}

/// Everything that was read, in the forms rules ask for.
struct Context<'m> {
    manifests: &'m Manifests,
    objects: &'m Objects,
    configuration: &'m Configuration,
    gates: Gates,
    status: Status<'m>,
    /// With what admitted workloads use.
    quota: Quota,
}

impl Context<'_> {
    /// A finding at a field of an object without a namespace.
    fn at(
        &self,
        kind: &'static str,
        name: &str,
        path: impl IntoIterator<Item = Part>,
        message: impl Into<String>,
    ) -> Box<Diagnostic> {
        self.within(kind, ("", name), path, message)
    }

    /// A finding at a field of an object: namespace and name.
    fn within(
        &self,
        kind: &'static str,
        name: (&str, &str),
        path: impl IntoIterator<Item = Part>,
        message: impl Into<String>,
    ) -> Box<Diagnostic> {
        let path = path.into_iter().collect();
        self.manifests.locate(kind, name, path, message.into())
    }

    /// ClusterQueues that take part in decisions.
    fn active(&self) -> impl Iterator<Item = &ClusterQueue> {
        let queues = self.objects.cluster_queues.iter();
        queues.filter(|queue| self.status.cluster_queue(queue).is_empty())
    }
}

/// A path of field names.
fn path<const N: usize>(names: [&str; N]) -> [Part; N] {
    names.map(Part::from)
}

/// Where the quotas of a flavor stand: group and flavor by position.
fn flavor_path(group: usize, flavor: usize) -> Vec<Part> {
    vec![
        "spec".into(),
        "resourceGroups".into(),
        group.into(),
        "flavors".into(),
        flavor.into(),
    ]
}

/// Applies every rule of [`RULES`]. Findings come by rule, then in the order of the objects.
///
/// Complexity: objects × depth of the cohorts, and per workload the flavors of its queue.
pub fn lint(manifests: &Manifests) -> Vec<Finding> {
    apply(manifests, RULES)
}

/// Applies every rule of [`SIMULATIONS`].
///
/// Complexity: per tree of queues that may preempt, some hundred simulations of a few workloads.
pub fn simulate(manifests: &Manifests) -> Vec<Finding> {
    apply(manifests, SIMULATIONS)
}

fn apply(manifests: &Manifests, rules: &[Rule]) -> Vec<Finding> {
    let objects = manifests.objects();
    let context = Context {
        manifests,
        objects,
        configuration: manifests.configuration(),
        gates: manifests.gates(),
        status: Status::new(objects, manifests.gates()),
        quota: manifests.quota(),
    };
    let mut findings = Vec::new();
    for rule in rules {
        let mut found = Found::default();
        (rule.check)(&context, &mut found);
        findings.extend(found.0.into_iter().map(|diagnostic| Finding {
            rule: rule.name,
            diagnostic,
        }));
    }
    findings
}
