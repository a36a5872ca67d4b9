//! What every place says to one pod: why it went where it did, or nowhere.

use super::super::objects::PodSpec;
use super::claim::{Claim, Context};
use super::spec::SpecId;
use super::{Problem, SolveError, Solver};

/// What every place said to a pod when it was last tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Whether preferences of the pod had been given up by then.
    pub relaxed: bool,
    /// Every place in the order it is tried: the pod goes to the first that takes it.
    pub trials: Vec<Trial>,
}

/// What one place said to a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The place.
    pub place: Place,
    /// That it takes the pod, or why it does not.
    pub answer: Result<(), SolveError>,
}

/// Where a pod may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A node that is there: an index into the problem.
    Node(usize),
    /// A node that was to be made already: its number, from 0 in the order they were first needed.
    Claim(usize),
    /// A new node of a pool.
    Pool(String),
}

/// Solves a problem, and says what every place said to one of its pods (an index) when it was last
/// tried. As long as [`super::solve`], and for that pod O(nodes + claims × types).
///
/// ```
/// use gpusched_core::provisioning::karpenter::objects::{ExistingNode, Pod, PodSpec};
/// use gpusched_core::provisioning::karpenter::{Place, Problem, SolveError, explain};
/// let wants = |cpu| PodSpec { requests: [("cpu".into(), cpu)].into(), ..PodSpec::default() };
/// let node = |name: &str, cpu| ExistingNode {
///     name: name.into(),
///     available: [("cpu".into(), cpu), ("pods".into(), 10)].into(),
///     initialized: true,
///     ..ExistingNode::default()
/// };
/// let explained = explain(
///     &Problem {
///         nodes: vec![node("a", 500), node("b", 4000)],
///         pods: vec![Pod { spec: wants(1000), ..Pod::default() }],
///         ..Problem::default()
///     },
///     0,
/// );
/// let [full, free] = &explained.trials[..] else { panic!() };
/// assert_eq!((&full.place, &full.answer), (&Place::Node(0), &Err(SolveError::Resources)));
/// assert_eq!((&free.place, &free.answer), (&Place::Node(1), &Ok(())));
/// ```
pub fn explain(problem: &Problem, pod: usize) -> Explanation {
    let mut solver = Solver::new(problem);
    solver.watched = Some((pod, Explanation::default()));
    solver.solve();
    solver
        .watched
        .map_or_else(Explanation::default, |one| one.1)
}

impl Solver<'_> {
    /// Notes what every place says now, if this is the pod that is watched.
    pub(super) fn watch(&mut self, pod: usize, id: SpecId) {
        if self.watched.as_ref().is_some_and(|one| one.0 == pod) {
            let asked: &PodSpec = &self.problem.pods[pod].spec;
            let explanation = Explanation {
                relaxed: *self.specs.get(id).pod != *asked,
                trials: self.trials(pod, id),
            };
            self.watched = Some((pod, explanation));
        }
    }

    fn trials(&mut self, pod: usize, id: SpecId) -> Vec<Trial> {
        let spec = self.specs.get(id);
        let waiting = self.problem.pods[pod].waiting;
        let mut trials = Vec::new();
        for node in &self.existing {
            if node.node.closed && !waiting {
                continue;
            }
            let answer = node.check(spec, &mut self.classes, &self.topology);
            let answer = answer.map(|_| ());
            let answer = answer.map_err(|refusal| refusal.in_words(&self.topology));
            let place = Place::Node(node.index);
            trials.push(Trial { place, answer });
        }
        let mut context = Context {
            problem: self.problem,
            units: &self.units,
            types: &self.types,
            classes: &mut self.classes,
            topology: &mut self.topology,
            reservations: &mut self.reservations,
        };
        for number in self.claims.in_order() {
            let claim = &self.claims.all[number];
            let template = &self.templates[claim.template];
            let place = Place::Claim(number);
            let answer = claim.would_join(spec, template, &mut context, false);
            trials.push(Trial { place, answer });
        }
        let relax = self.problem.options.relax_min_values;
        for (index, template) in self.templates.iter().enumerate() {
            let types = self.limits[index].within(&template.types, self.problem);
            let answer = types.and_then(|types| {
                let number = self.claims.all.len();
                let claim = Claim::new(index, number, template, types, &mut context);
                claim.would_join(spec, template, &mut context, relax)
            });
            let stop = matches!(answer, Err(SolveError::Reserved(_)));
            let place = Place::Pool(template.pool.name.clone());
            trials.push(Trial { place, answer });
            if stop {
                break;
            }
        }
        trials
    }
}
