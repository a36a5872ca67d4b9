//! Nothing panics, everything ends, answers repeat.

use super::gpu;
use gpusched_core::cel::{Attribute, Env, Program};
use proptest::prelude::*;

const TOKENS: [&str; 48] = [
    "device",
    ".driver",
    ".attributes",
    ".capacity",
    "[\"gpu.nvidia.com\"]",
    "[0]",
    "[?0]",
    ".type",
    ".?index",
    "has(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "?",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    " in ",
    "true",
    "false",
    "null",
    "1",
    "2u",
    "1.5",
    "\"a\"",
    "b\"a\"",
    ".all(x, ",
    ".map(x, ",
    "x",
    ".size()",
    "quantity(\"1Gi\")",
    ".compareTo(",
    ".orValue(",
    "semver(\"1.2.3\")",
];

/// Expressions that parse, and mostly have the right types.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "true",
        "device.driver == \"gpu.nvidia.com\"",
        "device.attributes[\"gpu.nvidia.com\"].healthy",
        "device.attributes[\"gpu.nvidia.com\"].missing == 1",
        "device.attributes[\"gpu.nvidia.com\"].index > 2",
        "device.capacity[\"gpu.nvidia.com\"].memory.isLessThan(quantity(\"1Ti\"))",
        "device.attributes[\"gpu.nvidia.com\"].?index.orValue(0) / 0 == 1",
        "[1, 2, 3].map(y, y * 2).sum() == 12",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner
                .clone()
                .prop_map(|a| format!("[0, 1, 2].exists(x, x > 0 && {a})")),
            inner.prop_map(|a| format!("cel.bind(z, {a}, z == z)")),
        ]
    })
}

proptest! {
    #[test]
    fn no_soup_of_tokens_panics(soup in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..40)) {
        if let Ok(program) = Program::compile(&soup.concat(), &Env::default()) {
            let _ = program.evaluate(&gpu(), 10_000);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = Program::compile(&text, &Env::default());
    }

    #[test]
    fn answers_repeat_and_keep_the_limit(text in expression(), limit in 0u64..300) {
        let program = Program::compile(&text, &Env::default()).unwrap();
        let once = program.evaluate(&gpu(), u64::MAX);
        prop_assert_eq!(&once, &program.evaluate(&gpu(), u64::MAX));
        let again = Program::compile(&text, &Env::default()).unwrap();
        prop_assert_eq!(&once, &again.evaluate(&gpu(), u64::MAX));
        let limited = program.evaluate(&gpu(), limit);
        if once.cost <= limit {
            prop_assert_eq!(limited, once);
        } else {
            prop_assert_eq!(limited.outcome.unwrap_err().kind.as_str(), "cost-limit");
            prop_assert!(limited.cost > limit);
        }
    }

    #[test]
    fn what_is_not_read_does_not_matter(text in expression(), uuid in "[a-z]{4}") {
        let program = Program::compile(&text, &Env::default()).unwrap();
        let mut other = gpu();
        other.attributes.insert("uuid".to_owned(), Attribute::Text(uuid));
        prop_assert_eq!(program.shape(&gpu()), program.shape(&other));
        prop_assert_eq!(program.evaluate(&gpu(), 10_000), program.evaluate(&other, 10_000));
    }

    /// A twin in Rust: sums and products of small numbers.
    #[test]
    fn arithmetic_is_arithmetic(a in -50i64..50, b in -50i64..50, c in 1i64..50) {
        let expected = (a + b * c) % c - a / c;
        let text = format!("({a} + {b} * {c}) % {c} - {a} / {c} == {expected}");
        let program = Program::compile(&text, &Env::default()).unwrap();
        prop_assert_eq!(program.evaluate(&gpu(), 1_000).outcome, Ok(true), "{}", text);
    }
}
