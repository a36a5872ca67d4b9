//! Every pair of operators over a small universe against sets, and one case per written rule.

use super::*;

/// Values a label may have in these tests: integers around the bounds, two words and what is
/// neither.
const UNIVERSE: [&str; 9] = ["-1", "0", "1", "2", "3", "4", "A", "B", ""];

fn of(operator: Operator, values: &[&str]) -> Requirement {
    Requirement::new("key", operator, values).unwrap()
}

/// Every operator on every set of up to two of five values, and every bound from 0 to 4.
fn all() -> Vec<(Operator, Vec<&'static str>)> {
    let mut all = vec![(Operator::Exists, vec![]), (Operator::DoesNotExist, vec![])];
    let listed = ["1", "2", "9", "A", "B"];
    for operator in [Operator::In, Operator::NotIn] {
        for (at, one) in listed.iter().enumerate() {
            all.push((operator, vec![*one]));
            all.extend(listed[..at].iter().map(|two| (operator, vec![*one, *two])));
        }
    }
    for operator in [Operator::Gt, Operator::Lt, Operator::Gte, Operator::Lte] {
        all.extend(["0", "1", "2", "3", "4"].map(|bound| (operator, vec![bound])));
    }
    all
}

/// Twin: what the operator means, read off its name.
fn allows(operator: Operator, values: &[&str], value: &str) -> bool {
    let integer = value.parse::<i64>().ok();
    let bound = || values[0].parse::<i64>().unwrap();
    match operator {
        Operator::In => values.contains(&value),
        Operator::NotIn => !values.contains(&value),
        Operator::Exists => true,
        Operator::DoesNotExist => false,
        Operator::Gt => integer.is_some_and(|integer| integer > bound()),
        Operator::Lt => integer.is_some_and(|integer| integer < bound()),
        Operator::Gte => integer.is_some_and(|integer| integer >= bound()),
        Operator::Lte => integer.is_some_and(|integer| integer <= bound()),
    }
}

#[test]
fn every_pair_of_operators_intersects_as_their_sets_do() {
    let mut pairs = 0;
    for (left, left_values) in all() {
        for (right, right_values) in all() {
            let (one, two) = (of(left, &left_values), of(right, &right_values));
            let both = one.intersection(&two);
            for value in UNIVERSE.into_iter().chain(["9", "77"]) {
                let expected =
                    allows(left, &left_values, value) && allows(right, &right_values, value);
                assert_eq!(both.has(value), expected, "{one} ∩ {two} has {value}");
            }
            assert_eq!(both, two.intersection(&one), "{one} ∩ {two} either way");
            let empty = both.operator() == Operator::DoesNotExist;
            assert_eq!(one.intersects(&two), !empty, "{one} meets {two}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 52 * 52);
}

#[test]
fn every_triple_intersects_the_same_in_any_grouping() {
    let some: Vec<Requirement> = all().iter().map(|(op, values)| of(*op, values)).collect();
    for a in &some {
        for b in some.iter().step_by(3) {
            for c in some.iter().step_by(5) {
                let left = a.intersection(b).intersection(c);
                let right = a.intersection(&b.intersection(c));
                for value in UNIVERSE {
                    assert_eq!(left.has(value), right.has(value), "{a}, {b}, {c}: {value}");
                }
            }
        }
    }
}

#[test]
fn gt_and_lt_are_kept_as_inclusive_bounds() {
    assert_eq!(of(Operator::Gt, &["4"]), of(Operator::Gte, &["5"]));
    assert_eq!(of(Operator::Lt, &["4"]), of(Operator::Lte, &["3"]));
    assert_eq!(of(Operator::Gt, &["4"]).operator(), Operator::Exists);
}

#[test]
fn gt_the_largest_integer_allows_nothing() {
    let most = i64::MAX.to_string();
    assert_eq!(
        of(Operator::Gt, &[&most]).operator(),
        Operator::DoesNotExist
    );
    assert!(of(Operator::Gte, &[&most]).has(&most));
}

#[test]
fn bounds_that_cross_leave_does_not_exist_and_keep_min_values() {
    let low = of(Operator::Lt, &["3"]).with_min_values(Some(2));
    let both = low.intersection(&of(Operator::Gt, &["3"]));
    assert_eq!(both, Requirement::none("key").with_min_values(Some(2)));
}

#[test]
fn bounds_that_touch_leave_one_integer() {
    let both = of(Operator::Gte, &["3"]).intersection(&of(Operator::Lte, &["3"]));
    assert_eq!(both.to_string(), "key Exists >=3 <=3");
    assert!(both.has("3") && !both.has("2") && !both.has("4"));
}

#[test]
fn values_that_are_no_integers_fail_bounds() {
    let both = of(Operator::In, &["A", "2"]).intersection(&of(Operator::Gt, &["0"]));
    assert_eq!(both, of(Operator::In, &["2"]));
}

#[test]
fn concrete_sets_drop_bounds_and_complements_keep_them() {
    let bounded = of(Operator::Gt, &["1"]);
    assert_eq!(
        bounded
            .intersection(&of(Operator::In, &["2", "0"]))
            .bounds(),
        (None, None)
    );
    let complement = bounded.intersection(&of(Operator::NotIn, &["2", "0"]));
    // What is excluded and out of bounds anyway is forgotten.
    assert_eq!(complement.to_string(), "key NotIn [2] >=2");
}

#[test]
fn complements_meet_even_where_nothing_is_left() {
    let both_excluded = of(Operator::NotIn, &["3"]).intersection(&of(Operator::Gte, &["3"]));
    let only_three = of(Operator::Lte, &["3"]);
    assert!(both_excluded.intersects(&only_three));
    assert!(!both_excluded.intersection(&only_three).has("3"));
}

#[test]
fn min_values_is_the_larger_of_the_two() {
    let one = of(Operator::Exists, &[]).with_min_values(Some(3));
    let two = of(Operator::In, &["A"]).with_min_values(Some(5));
    assert_eq!(one.intersection(&two).min_values(), Some(5));
    assert_eq!(
        one.intersection(&Requirement::any("key")).min_values(),
        Some(3)
    );
}

#[test]
fn old_names_of_labels_are_replaced() {
    for (old, new) in [
        (
            "failure-domain.beta.kubernetes.io/zone",
            "topology.kubernetes.io/zone",
        ),
        (
            "failure-domain.beta.kubernetes.io/region",
            "topology.kubernetes.io/region",
        ),
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        (
            "beta.kubernetes.io/instance-type",
            "node.kubernetes.io/instance-type",
        ),
    ] {
        assert_eq!(Requirement::any(old).key(), new);
    }
}

#[test]
fn a_bound_has_to_be_one_integer() {
    for values in [&["x"][..], &[], &["1", "2"], &["1.5"]] {
        let error = Requirement::new("cpu", Operator::Gt, values).unwrap_err();
        assert!(error.to_string().starts_with("Gt on cpu takes one integer"));
    }
}

#[test]
fn long_lists_are_cut_where_they_are_shown() {
    let long = of(Operator::In, &["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(long.to_string(), "key In [a b c d e and 2 others]");
}

#[test]
fn operators_have_their_names() {
    for (name, operator) in Operator::ALL {
        assert_eq!(Operator::named(name), Some(*operator));
        assert_eq!(operator.name(), *name);
    }
    assert_eq!(Operator::named("Near"), None);
}
