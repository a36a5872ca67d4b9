//! PodDisruptionBudgets and `karpenter.sh/do-not-disrupt`, one case per rule.

use super::*;
use crate::kube::{LabelSelector, Toleration, TolerationOperator};
use crate::provisioning::controller::ViewPod;
use crate::provisioning::karpenter::labels::INSTANCE_TYPE;
use crate::provisioning::karpenter::objects::PodSpec;
use crate::provisioning::karpenter::{PodDisruptionBudget, Requirement};
use crate::units::Span;

fn budget(name: &str, allowed: u32) -> PodDisruptionBudget {
    PodDisruptionBudget {
        namespace: "default".into(),
        name: name.into(),
        selector: Some(LabelSelector {
            match_labels: [("app".to_owned(), "train".to_owned())].into(),
            ..LabelSelector::default()
        }),
        allowed,
        ..PodDisruptionBudget::default()
    }
}

fn labelled(job: u32, app: &str) -> ViewPod {
    let labels = [("app".to_owned(), app.to_owned())].into();
    pod(
        job,
        PodSpec {
            labels,
            ..spec(100)
        },
    )
}

fn under(pod_budgets: Vec<PodDisruptionBudget>) -> Town {
    let options = crate::provisioning::karpenter::KarpenterOptions {
        pod_budgets,
        ..options(vec![pool("default", &[OD])])
    };
    Town::new(options, types())
}

/// What becomes of a machine of eight cores with one small pod.
fn said(pod: ViewPod, budgets: Vec<PodDisruptionBudget>) -> String {
    let mut town = under(budgets);
    let id = town.machine("default", (3, 0), vec![pod]);
    alone(&mut town, id)
}

const REPLACED: &str = "replaced by 1";

#[test]
fn a_budget_that_allows_nothing_keeps_the_node_and_is_named() {
    let held = "pdb default/a prevents pod evictions";
    assert_eq!(said(labelled(1, "train"), vec![budget("a", 0)]), held);
    assert_eq!(said(labelled(1, "train"), vec![budget("a", 1)]), REPLACED);
}

#[test]
fn a_budget_is_about_pods_it_selects_in_its_namespace() {
    assert_eq!(said(labelled(1, "other"), vec![budget("a", 0)]), REPLACED);
    let elsewhere = PodDisruptionBudget {
        namespace: "other".into(),
        ..budget("a", 0)
    };
    assert_eq!(said(labelled(1, "train"), vec![elsewhere]), REPLACED);
    let nobody = PodDisruptionBudget {
        selector: None,
        ..budget("a", 0)
    };
    assert_eq!(said(labelled(1, "train"), vec![nobody]), REPLACED);
    let everybody = PodDisruptionBudget {
        selector: Some(LabelSelector::default()),
        ..budget("a", 0)
    };
    let held = "pdb default/a prevents pod evictions";
    assert_eq!(said(labelled(1, "other"), vec![everybody]), held);
}

#[test]
fn two_budgets_on_one_pod_keep_it_whatever_they_allow() {
    let two = vec![budget("a", 5), budget("b", 5)];
    let why = "eviction does not support multiple PDBs on one pod: default/a, default/b";
    assert_eq!(said(labelled(1, "train"), two), why);
}

#[test]
fn one_eviction_that_is_allowed_is_enough_for_several_pods() {
    let mut town = under(vec![budget("a", 1)]);
    let pods = vec![labelled(1, "train"), labelled(2, "train")];
    let id = town.machine("default", (3, 0), pods);
    assert_eq!(alone(&mut town, id), REPLACED);
}

#[test]
fn a_pod_that_is_not_ready_goes_where_unhealthy_pods_always_may() {
    let mut always = budget("a", 0);
    always.exempt.insert((crate::ids::JobId(1), 0));
    assert_eq!(said(labelled(1, "train"), vec![always]), REPLACED);
}

#[test]
fn a_pod_that_tolerates_the_disruption_taint_is_never_evicted_and_holds_nothing() {
    let mut tolerant = labelled(1, "train");
    let mut spec = (*tolerant.spec).clone();
    let everything = Toleration {
        operator: TolerationOperator::Exists,
        ..Toleration::default()
    };
    spec.tolerations = vec![everything];
    tolerant.spec = spec.into();
    assert_eq!(said(tolerant, vec![budget("a", 0)]), REPLACED);
}

#[test]
fn emptiness_heeds_budgets_too() {
    let mut town = under(vec![budget("a", 0)]);
    let mut worthless = labelled(1, "train");
    worthless.priority = -(1 << 25);
    let id = town.machine("default", (3, 0), vec![worthless]);
    let outlook = town.karpenter.outlook(&town.view);
    let why = outlook.nodes[&id].empty.clone().unwrap_err().to_string();
    assert_eq!(why, "pdb default/a prevents pod evictions");
}

/// A drifted machine of a pool that bounds how long draining may take.
fn drifted(pods: Vec<ViewPod>, budgets: Vec<PodDisruptionBudget>) -> Vec<usize> {
    let mut pool = pool("default", &[OD]);
    pool.termination_grace = Some(Span::from_secs(60));
    let only = Requirement::one_of(INSTANCE_TYPE, &["one", "two"]);
    pool.template.requirements.add(only);
    let options = crate::provisioning::karpenter::KarpenterOptions {
        pod_budgets: budgets,
        ..options(vec![pool])
    };
    let mut town = Town::new(options, types());
    let id = town.machine("default", (3, 0), pods);
    let outlook = town.karpenter.outlook(&town.view);
    let plan = outlook.nodes[&id].drifted.clone().unwrap();
    plan.replacements.iter().map(|one| one.pods.len()).collect()
}

#[test]
fn drift_with_a_termination_grace_period_makes_room_only_for_pods_that_will_be_evicted() {
    // Whatever pods say, the node goes; who will not be evicted needs no place before it does.
    let kept = |job| ViewPod {
        keep: true,
        ..labelled(job, "train")
    };
    let mut blocking = budget("a", 0);
    assert_eq!(drifted(vec![labelled(1, "x"), kept(2)], vec![]), [1]);
    assert_eq!(
        drifted(
            vec![labelled(1, "x"), labelled(2, "train")],
            vec![blocking.clone()]
        ),
        [2]
    );
    blocking.blocking = true;
    assert_eq!(
        drifted(vec![labelled(1, "x"), labelled(2, "train")], vec![blocking]),
        [1]
    );
}
