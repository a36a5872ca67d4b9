//! Cases by hand: which flavors suit, and where a search goes on.

use super::super::ids::ResourceId;
use super::super::objects::ResourceFlavor;
use super::{LastAssignment, Mismatch, mismatch};
use crate::kube::{
    Effect, NodeSelectorTerm, Operator, PodSpec, Requirement, Taint, Toleration, TolerationOperator,
};

fn flavor() -> ResourceFlavor {
    ResourceFlavor {
        name: "spot".into(),
        node_labels: [("zone".to_owned(), "a".to_owned())].into(),
        node_taints: vec![Taint {
            key: "spot".into(),
            value: String::new(),
            effect: Effect::NoSchedule,
        }],
        tolerations: vec![Toleration {
            key: "spot".into(),
            operator: TolerationOperator::Exists,
            ..Toleration::default()
        }],
        ..ResourceFlavor::default()
    }
}

fn within(key: &str, value: &str) -> Requirement {
    Requirement {
        key: key.into(),
        operator: Operator::In,
        values: vec![value.into()],
    }
}

fn wants(terms: &[Vec<&Requirement>]) -> PodSpec {
    let term = |requirements: &Vec<&Requirement>| NodeSelectorTerm {
        match_expressions: requirements.iter().copied().cloned().collect(),
        ..NodeSelectorTerm::default()
    };
    let mut pod = PodSpec::default();
    pod.affinity.required = Some(terms.iter().map(term).collect());
    pod
}

#[test]
fn a_flavors_own_tolerations_count_for_its_taints() {
    assert_eq!(mismatch(&PodSpec::default(), &flavor()), None);
    let mut bare = flavor();
    bare.tolerations.clear();
    let taint = bare.node_taints[0].clone();
    assert_eq!(
        mismatch(&PodSpec::default(), &bare),
        Some(Mismatch::Taint(taint))
    );
    bare.node_taints[0].effect = Effect::PreferNoSchedule;
    assert_eq!(mismatch(&PodSpec::default(), &bare), None);
}

/// Labels the flavor does not have are other flavors' business; a term of nothing else is
/// satisfied, and terms are alternatives.
#[test]
fn only_labels_of_the_flavor_are_heeded() {
    let flavor = flavor();
    let mut pod = PodSpec::default();
    pod.node_selector.insert("model".into(), "h100".into());
    assert_eq!(mismatch(&pod, &flavor), None);
    pod.node_selector.insert("zone".into(), "b".into());
    assert_eq!(mismatch(&pod, &flavor), Some(Mismatch::Affinity));

    let (model, here, there) = (
        within("model", "h100"),
        within("zone", "a"),
        within("zone", "b"),
    );
    let suits = |terms: &[Vec<&Requirement>]| mismatch(&wants(terms), &flavor).is_none();
    assert!(suits(&[]));
    assert!(suits(&[vec![&here, &model]]));
    assert!(!suits(&[vec![&there, &model]]));
    assert!(suits(&[vec![&there], vec![&here]]));
    assert!(suits(&[vec![&there], vec![&model]]));
    assert!(!suits(&[vec![&there]]));
}

#[test]
fn a_search_goes_on_where_it_stood() {
    let (cpu, gpu) = (ResourceId(0), ResourceId(1));
    let last = LastAssignment {
        tried: vec![vec![(cpu, 1), (gpu, -1)]],
        generation: 5,
        cycle: 7,
        class: Some(3),
    };
    assert!(last.pending_flavors());
    assert_eq!(
        (last.next(0, cpu), last.next(0, gpu), last.next(1, cpu)),
        (2, 0, 0)
    );
    // One cycle old: whatever happened since. Two: until capacity was freed.
    assert!(!last.outdated(true, 9, 8, Some(3)));
    assert!(last.outdated(true, 9, 9, Some(3)));
    assert!(!last.outdated(true, 5, 9, Some(3)));
    // Another shape starts over, unless shapes are not compared.
    assert!(last.outdated(true, 5, 8, Some(4)));
    assert!(!last.outdated(true, 5, 8, None));
    // Without the gate only capacity counts.
    assert!(last.outdated(false, 6, 8, Some(3)));
    assert!(!last.outdated(false, 5, 80, Some(4)));
}
