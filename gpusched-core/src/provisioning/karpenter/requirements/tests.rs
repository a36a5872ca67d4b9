//! Compatibility: every pair of operators against the nodes that could satisfy both.

use super::super::labels::{ARCH, ZONE};
use super::*;

fn of(key: &str, operator: Operator, values: &[&str]) -> Requirements {
    let one = Requirement::new(key, operator, values).unwrap();
    [one].into_iter().collect()
}

const ASKS: [(Operator, &[&str]); 10] = [
    (Operator::In, &["1"]),
    (Operator::In, &["1", "2"]),
    (Operator::NotIn, &["1"]),
    (Operator::NotIn, &["1", "2"]),
    (Operator::Exists, &[]),
    (Operator::DoesNotExist, &[]),
    (Operator::Gt, &["1"]),
    (Operator::Lt, &["2"]),
    (Operator::Gte, &["1"]),
    (Operator::Lte, &["2"]),
];

/// Whether a node whose label is `value` (`None` = not set) would satisfy it.
fn satisfies(operator: Operator, values: &[&str], value: Option<i64>) -> bool {
    let bound = || values[0].parse::<i64>().unwrap();
    let listed = |value: i64| values.contains(&value.to_string().as_str());
    match operator {
        Operator::In => value.is_some_and(listed),
        Operator::NotIn => !value.is_some_and(listed),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
        Operator::Gt => value.is_some_and(|value| value > bound()),
        Operator::Lt => value.is_some_and(|value| value < bound()),
        Operator::Gte => value.is_some_and(|value| value >= bound()),
        Operator::Lte => value.is_some_and(|value| value <= bound()),
    }
}

/// A pair is compatible when some node, with or without the label, satisfies both.
#[test]
fn every_pair_is_compatible_when_some_node_satisfies_both() {
    for (there, there_values) in ASKS {
        for (asked, asked_values) in ASKS {
            let exists = std::iter::once(None).chain((-3..9).map(Some)).any(|value| {
                satisfies(there, there_values, value) && satisfies(asked, asked_values, value)
            });
            let got = of("team", there, there_values)
                .compatible(&of("team", asked, asked_values), Undefined::Denied);
            assert_eq!(
                got.is_ok(),
                exists,
                "{there:?} {there_values:?}, {asked:?} {asked_values:?}"
            );
        }
    }
}

#[test]
fn custom_labels_that_nothing_defines_are_denied_unless_refused() {
    let nothing = Requirements::default();
    for (operator, values) in ASKS {
        let got = nothing.compatible(&of("team", operator, values), Undefined::WellKnown(&[]));
        let refusing = matches!(operator, Operator::NotIn | Operator::DoesNotExist);
        assert_eq!(got.is_ok(), refusing, "{operator:?}");
        if !refusing {
            assert_eq!(got, Err(Incompatible::Unknown("team".into())));
        }
    }
}

#[test]
fn well_known_labels_may_be_undefined_on_a_node_to_be_made() {
    let nothing = Requirements::default();
    let zone = of(ZONE, Operator::In, &["a"]);
    assert!(nothing.compatible(&zone, Undefined::WellKnown(&[])).is_ok());
    assert!(nothing.compatible(&zone, Undefined::Denied).is_err());
    let gpu = of("karpenter.k8s.aws/instance-gpu-count", Operator::Gt, &["0"]);
    assert!(nothing.compatible(&gpu, Undefined::WellKnown(&[])).is_err());
    let of_provider = ["karpenter.k8s.aws/instance-gpu-count"];
    let allowed = Undefined::WellKnown(&of_provider);
    assert!(nothing.compatible(&gpu, allowed).is_ok());
}

#[test]
fn what_is_defined_and_not_asked_for_is_no_contradiction() {
    let there = of("team", Operator::In, &["a"]);
    assert!(
        there
            .compatible(&Requirements::default(), Undefined::Denied)
            .is_ok()
    );
}

#[test]
fn the_first_contradiction_is_named() {
    let mut there = of(ZONE, Operator::In, &["a"]);
    there.add(Requirement::one_of(ARCH, &["amd64"]));
    let mut asked = of(ZONE, Operator::In, &["b"]);
    asked.add(Requirement::one_of(ARCH, &["arm64"]));
    let error = there.compatible(&asked, Undefined::Denied).unwrap_err();
    assert_eq!(
        error.to_string(),
        "key kubernetes.io/arch, kubernetes.io/arch In [arm64] not in kubernetes.io/arch In [amd64]"
    );
    // A label nothing defines comes first.
    asked.add(Requirement::any("zeta"));
    let error = there.compatible(&asked, Undefined::Denied).unwrap_err();
    assert_eq!(
        error.to_string(),
        "label \"zeta\" does not have known values"
    );
}

#[test]
fn adding_to_a_label_intersects_and_aliases_meet() {
    let mut zones = of(
        "failure-domain.beta.kubernetes.io/zone",
        Operator::In,
        &["a", "b"],
    );
    zones.add(Requirement::one_of(ZONE, &["b", "c"]));
    assert_eq!(zones.to_string(), "topology.kubernetes.io/zone In [b]");
}
