//! One case a rule. Expectations are the rules of the CEL specification and of Kubernetes'
//! libraries, worked out by hand.

use super::{answer, evaluate, gpu, refusal};
use gpusched_core::cel::{Attribute, COST_LIMIT, DeviceFacts, Env, Expressions, Program};

#[track_caller]
fn all_true(expressions: &[&str]) {
    for text in expressions {
        assert_eq!(answer(text), "true", "{text}");
    }
}

#[test]
fn an_unknown_domain_is_empty_and_an_unknown_name_is_an_error() {
    all_true(&[
        r#"size(device.attributes["nowhere.example.com"]) == 0"#,
        r#"!("nowhere.example.com" in device.attributes)"#,
        r#"!has(device.attributes["gpu.nvidia.com"].nothing)"#,
    ]);
    assert_eq!(
        answer(r#"device.attributes["nowhere.example.com"].x == 1"#),
        "no-such-key"
    );
}

#[test]
fn a_name_without_a_domain_belongs_to_the_driver() {
    all_true(&[
        r#"device.attributes["gpu.nvidia.com"].type == "gpu""#,
        r#"device.attributes["resource.kubernetes.io"].pcieRoot.startsWith("pci")"#,
        r#""memory" in device.capacity["gpu.nvidia.com"]"#,
    ]);
}

#[test]
fn logic_needs_only_the_side_that_decides() {
    let broken = r#"device.attributes["x"].y == 1"#;
    assert_eq!(answer(&format!("{broken} || true")), "true");
    assert_eq!(answer(&format!("{broken} && false")), "false");
    assert_eq!(answer(&format!("{broken} && true")), "no-such-key");
    assert_eq!(
        answer(&format!("false || {broken} || 1 / 0 == 1")),
        "no-such-key"
    );
}

#[test]
fn operators_bind_as_in_the_specification() {
    all_true(&[
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "10 - 4 - 3 == 3",
        "-2 - -3 == 1",
        "--2 == 2 && !!true",
        "7 / 2 * 2 + 7 % 2 == 7",
        "-7 / 2 == -3 && -7 % 2 == -1",
        "true || false && false",
        "1 < 2 == true",
        "false ? false : true ? true : false",
        "-9223372036854775808 < 0",
        "0x10 == 16 && 1.5e1 == 15.0 && .5 == 0.5",
    ]);
}

#[test]
fn numbers_do_not_wrap() {
    for text in [
        "9223372036854775807 + 1 > 0",
        "-9223372036854775808 - 1 < 0",
        "9223372036854775807 * 2 > 0",
        "-(-9223372036854775807 - 1) > 0",
        "0u - 1u == 0u",
        "int(1e19 * 1.0) > 0",
        "uint(0 - 1) == 0u",
    ] {
        assert_eq!(answer(text), "overflow", "{text}");
    }
    assert_eq!(answer("1 % 0 == 0"), "divide-by-zero");
    assert_eq!(answer("1.0 / 0.0 > 1e300"), "true");
}

#[test]
fn numbers_of_different_kinds_compare_by_value() {
    all_true(&[
        "dyn(1) == 1u && dyn(1u) == 1.0",
        "1 < 1.5 && 2u > 1 && 1.0 <= 1u",
        "dyn(3.0) in [1, 2, 3]",
        "{1: 'a'}[dyn(1.0)] == 'a'",
    ]);
    assert_eq!(refusal("1 == 1u"), "no-matching-overload");
}

#[test]
fn texts_count_characters() {
    all_true(&[
        r#""größe".size() == 5 && "größe".charAt(2) == "ö""#,
        r#""größe".indexOf("e") == 4 && "größe".substring(2, 4) == "öß""#,
        r#""abab".lastIndexOf("ab") == 2 && "abab".lastIndexOf("ab", 1) == 0"#,
        r#""abab".indexOf("ab", 1) == 2 && "ab".indexOf("c") == -1"#,
        r#""a,b,c".split(",", 2) == ["a", "b,c"] && "abc".split("") == ["a", "b", "c"]"#,
        r#""aaa".replace("a", "b", 2) == "bba""#,
        r#"" \t x ".trim() == "x""#,
        r#"["a", "b"].join() == "ab""#,
    ]);
    assert_eq!(answer(r#""abc".substring(2, 1) == """#), "other");
    assert_eq!(answer(r#""abc".charAt(4) == """#), "other");
}

#[test]
fn strings_are_escaped_as_in_the_specification() {
    all_true(&[
        r#""\x41\u0042\103" == "ABC""#,
        r#"r"\n".size() == 2 && "\n".size() == 1"#,
        "'''a\nb''' == 'a\\nb'",
        r#"b"\xff".size() == 1 && b"ÿ".size() == 2"#,
        r#"string(b"abc") == "abc" && bytes("ÿ") == b"ÿ""#,
    ]);
    for text in [
        r#""\q" == """#,
        r#""\u12" == """#,
        "'a\nb' == ''",
        r#""open"#,
    ] {
        assert_eq!(refusal(text), "syntax", "{text}");
    }
}

#[test]
fn quantities_are_exact() {
    all_true(&[
        r#"quantity("1.5Gi") == quantity("1536Mi")"#,
        r#"quantity("0.1").add(quantity("0.2")) == quantity("300m")"#,
        r#"quantity("1k").sub(1).asInteger() == 999"#,
        r#"sign(quantity("-1")) == -1"#,
        r#"!quantity("1.5").isInteger() && quantity("1500m").asApproximateFloat() == 1.5"#,
    ]);
    assert_eq!(answer(r#"quantity("1.5").asInteger() == 1"#), "not-integer");
    // Upstream cannot compare with a sum on the right.
    let sum = r#"quantity("3") == quantity("1").add(quantity("2"))"#;
    assert_eq!(answer(sum), "no-such-overload");
}

#[test]
fn versions_are_ordered_as_semantic_versions() {
    // https://semver.org, rule 11
    let order = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ];
    for pair in order.windows(2) {
        let text = format!(
            r#"semver("{}").isLessThan(semver("{}")) && semver("{}").compareTo(semver("{}")) == 1"#,
            pair[0], pair[1], pair[1], pair[0]
        );
        assert_eq!(answer(&text), "true", "{text}");
    }
    all_true(&[
        r#"semver("1.0.0+a") == semver("1.0.0+b")"#,
        r#"semver("v01.2", true) == semver("1.2.0")"#,
        r#"!isSemver("1.02.3") && !isSemver("1.2") && !isSemver("1.2.3-")"#,
        r#"!isSemver("1.2-rc", true)"#,
    ]);
}

#[test]
fn optional_values_short_circuit() {
    all_true(&[
        r#"device.attributes["gpu.nvidia.com"].?index.orValue(0) == 3"#,
        r#"device.attributes["x"].?y.or(optional.of(1)).hasValue()"#,
        "optional.of(1).orValue(1 / 0) == 1",
        "[1, ?optional.none(), ?optional.of(2)] == [1, 2]",
        "{?'a': optional.of(1), ?'b': optional.none()} == {'a': 1}",
        "[[1, 2]][?0][?5] == optional.none()",
        "optional.of(2).optFlatMap(x, optional.of(x + 1)).value() == 3",
        "[optional.of(1), optional.none()].unwrapOpt() == [1]",
        "optional.ofNonZeroValue('') == optional.none()",
    ]);
}

#[test]
fn macros_fold_lists_and_maps() {
    all_true(&[
        "[1, 2, 3].map(x, x > 1, x * x) == [4, 9]",
        "[].all(x, false) && ![].exists(x, true)",
        "[1, 1].existsOne(x, x == 1) == false",
        "{'b': 1, 'a': 2}.map(k, k) == ['a', 'b']",
        "['x', 'y'].transformMap(i, v, v) == {0: 'x', 1: 'y'}",
        "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
        "['bb', 'a'].sortBy(s, s.size()) == ['a', 'bb']",
        "cel.bind(x, [1, 2], x.all(y, y in x))",
        "[1, 2].map(x, [3].map(y, x + y)) == [[4], [5]]",
        "[[1, 2], [3]].flatten() == [1, 2, 3]",
    ]);
    assert_eq!(answer("[1, 0].exists(x, 1 / x == 7)"), "divide-by-zero");
    assert_eq!(answer("[0, 1].exists(x, 1 / x == 1)"), "true");
    assert_eq!(refusal("[1].all(1, true)"), "syntax");
    assert_eq!(refusal("5.all(x, true)"), "no-matching-overload");
}

#[test]
fn times_follow_the_calendar() {
    all_true(&[
        r#"timestamp("2024-02-29T12:00:00Z").getDayOfYear() == 59"#,
        r#"timestamp("2026-11-22T00:00:00Z").getDayOfWeek() == 0"#,
        r#"timestamp("1969-12-31T23:59:59Z").getFullYear() == 1969"#,
        r#"timestamp("2026-01-01T00:30:00+01:00") == timestamp("2025-12-31T23:30:00Z")"#,
        r#"timestamp("2026-01-01T00:00:00Z").getHours("-01:30") == 22"#,
        r#"timestamp("2026-01-01T00:00:00Z") - timestamp("2025-12-31T23:00:00Z") == duration("1h")"#,
        r#"duration("1h30m").getMinutes() == 90 && string(duration("1500ms")) == "1.5s""#,
        r#"string(timestamp("2026-01-02T03:04:05.060Z")) == "2026-01-02T03:04:05.06Z""#,
    ]);
    assert_eq!(
        refusal(r#"timestamp("2025-02-29T00:00:00Z") != null"#),
        "bad-literal"
    );
    assert_eq!(
        refusal(r#"duration("soon") == duration("1s")"#),
        "bad-literal"
    );
    let berlin = r#"timestamp("2026-01-01T00:00:00Z").getHours("Europe/Berlin") == 1"#;
    assert_eq!(refusal(berlin), "unsupported");
}

#[test]
fn networks_contain_what_their_bits_say() {
    all_true(&[
        r#"cidr("10.1.0.0/15").containsIP("10.0.255.255")"#,
        r#"!cidr("10.1.0.0/16").containsIP("10.0.255.255")"#,
        r#"cidr("10.0.0.0/8").containsCIDR("10.9.0.0/16")"#,
        r#"!cidr("10.9.0.0/16").containsCIDR("10.0.0.0/8")"#,
        r#"string(cidr("10.9.8.7/12").masked()) == "10.0.0.0/12""#,
        r#"cidr("::/0").containsIP("fe80::1") && !cidr("::/0").containsIP("1.2.3.4")"#,
        r#"!isIP("::ffff:1.2.3.4") && !isIP("fe80::1%eth0") && !isCIDR("10.0.0.0/08")"#,
    ]);
}

#[test]
fn urls_are_taken_apart() {
    let url = r#"url("https://user@[::1]:80/a%20b?k=1&k=2#f")"#;
    all_true(&[
        &format!(r#"{url}.getHost() == "[::1]:80" && {url}.getHostname() == "::1""#),
        &format!(
            r#"{url}.getEscapedPath() == "/a%20b" && {url}.getQuery() == {{"k": ["1", "2"]}}"#
        ),
        r#"url("/only/path").getScheme() == "" && !isURL("relative/path") && !isURL("")"#,
        r#"!isURL("http://host:port/") && !isURL("http://a b/")"#,
    ]);
}

#[test]
fn named_formats_check_names() {
    all_true(&[
        r#"!format.dns1123Label().validate("a-1").hasValue()"#,
        r#"format.dns1123Label().validate("A").hasValue()"#,
        r#"format.dns1035Label().validate("1a").hasValue()"#,
        r#"!format.qualifiedName().validate("example.com/Name_1").hasValue()"#,
        r#"!format.named("uuid").value().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()"#,
        r#"format.date().validate("2025-02-29").hasValue() && !format.named("x").hasValue()"#,
    ]);
}

#[test]
fn format_writes_values() {
    all_true(&[
        r#""%d%% %s %x".format([7, [1, "a"], 255]) == "7% [1, \"a\"] ff""#,
        r#""%.2f".format([1234.5]) == "1,234.50""#,
        r#""%b %o".format([5, 8]) == "101 10""#,
        r#"string(1000000.0) == "1e+06" && string(0.5) == "0.5""#,
    ]);
    for text in [
        r#""%d".format([]) == """#,
        r#""%d".format(["a"]) == """#,
        r#""%q".format([1]) == """#,
    ] {
        assert_eq!(refusal(text), "no-matching-overload", "{text}");
    }
}

#[test]
fn literals_are_of_one_type() {
    assert_eq!(refusal("[1, 'a'].size() == 2"), "no-matching-overload");
    assert_eq!(
        refusal("{'a': 1, 2: 1}.size() == 2"),
        "no-matching-overload"
    );
    assert_eq!(
        refusal("[device.driver, 1].size() == 2"),
        "no-matching-overload"
    );
}

#[test]
fn regular_expressions_are_checked_when_compiled() {
    assert_eq!(refusal(r#""a".matches("[")"#), "bad-regex");
    assert_eq!(refusal(r#""a".find("a**") == """#), "bad-regex");
    all_true(&[
        r#""gpu-12".findAll("[0-9]") == ["1", "2"] && "gpu-12".findAll("[0-9]", 1) == ["1"]"#,
        r#""x".find("y") == """#,
    ]);
}

#[test]
fn a_result_is_a_truth_value() {
    for text in [
        "1",
        "device",
        "device.driver",
        "[true]",
        "null",
        "dyn(true)",
    ] {
        assert_eq!(refusal(text), "not-bool", "{text}");
    }
    assert_eq!(
        answer(r#"device.attributes["gpu.nvidia.com"].healthy"#),
        "true"
    );
    assert_eq!(
        answer(r#"device.attributes["gpu.nvidia.com"].type"#),
        "not-bool"
    );
}

#[test]
fn names_must_be_declared() {
    for text in [
        "x",
        "f(1)",
        "device.driver.f()",
        "[1].all(x, y)",
        "Foo{a: 1} == null",
    ] {
        assert_eq!(refusal(text), "undeclared", "{text}");
    }
    assert_eq!(refusal("device.serial == 1"), "undefined-field");
    assert_eq!(refusal("google.protobuf.Struct{} != null"), "unsupported");
    for text in [
        "",
        "1 +",
        "a b",
        "(1",
        "[1 2]",
        "if",
        "device.in",
        "1 = 1",
        "has(device)",
    ] {
        assert_eq!(refusal(text), "syntax", "{text}");
    }
}

#[test]
fn gates_decide_what_new_selectors_may_use() {
    let new = |text: &str, consumable_capacity, list_type_attributes| {
        let env = Env {
            expressions: Expressions::New,
            consumable_capacity,
            list_type_attributes,
        };
        Program::compile(text, &env).map_or_else(|error| error.kind.as_str(), |_| "compiles")
    };
    assert_eq!(
        new("device.allowMultipleAllocations", true, false),
        "compiles"
    );
    assert_eq!(
        new("device.allowMultipleAllocations", false, false),
        "undefined-field"
    );
    assert_eq!(new("device.driver.includes('a')", true, true), "compiles");
    assert_eq!(
        new("device.driver.includes('a')", true, false),
        "undeclared"
    );
}

#[test]
fn an_attribute_that_cannot_be_read_fails_every_selector() {
    let program = Program::compile("true", &Env::default()).unwrap();
    let mut device = gpu();
    device
        .attributes
        .insert("list".into(), Attribute::Ints(vec![1]));
    let kind = |device: &DeviceFacts| {
        let outcome = program.evaluate(device, COST_LIMIT).outcome;
        outcome.map_err(|error| error.kind.as_str())
    };
    assert_eq!(kind(&device), Err("unsupported-attribute-value"));
    device
        .attributes
        .insert("list".into(), Attribute::Version("1".into()));
    assert_eq!(kind(&device), Err("bad-semver"));
}

#[test]
fn the_limit_ends_an_evaluation_wherever_it_is() {
    let ten = "[0,1,2,3,4,5,6,7,8,9]";
    let loops = format!("{ten}.all(a, {ten}.all(b, {ten}.all(c, a + b + c >= 0)))");
    let program = Program::compile(&loops, &Env::default()).unwrap();
    // Inside: a, b, c and two sums and a comparison, 6; and the accumulator. See the corpus.
    assert_eq!(program.evaluate(&gpu(), 9441).outcome, Ok(true));
    let cut = program.evaluate(&gpu(), 9440);
    assert_eq!(cut.outcome.unwrap_err().kind.as_str(), "cost-limit");
    assert_eq!(cut.cost, 9441);
    // Not even `|| true` saves it.
    let saved = Program::compile(&format!("{loops} && false || true"), &Env::default()).unwrap();
    assert!(saved.evaluate(&gpu(), 100).outcome.is_err());
}

#[test]
fn what_would_not_fit_into_memory_is_not_made() {
    for text in [
        "lists.range(1000000000000).size() > 0",
        "cel.bind(a, lists.range(900000), cel.bind(b, a + a, (b + b).size() > 0))",
        "cel.bind(a, lists.range(2000).map(x, 'aaaaaaaaaa').join(), \
         a.replace('a', a).replace('a', a).size() > 0)",
    ] {
        assert_eq!(answer(text), "cost-limit", "{text}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(refusal(&nested(200)), "compiles");
    assert_eq!(refusal(&nested(300)), "syntax");
    assert_eq!(refusal(&"(".repeat(10_000)), "syntax");
    assert_eq!(refusal(&"[".repeat(10_000)), "syntax");
    assert_eq!(refusal(&format!("{}true", "!".repeat(5_000))), "compiles");
    assert_eq!(
        refusal(&format!("{} > 0", ["1"; 2_000].join(" + "))),
        "syntax"
    );
    assert_eq!(refusal(&["true"; 1_000].join(" && ")), "compiles");
    assert_eq!(
        refusal(&format!("device{} == 1", ".a".repeat(4_000))),
        "syntax"
    );
    assert_eq!(refusal(&format!("true //{}", " ".repeat(20_000))), "syntax");
    let chain = ".optMap(x, x)".repeat(100);
    assert_eq!(
        refusal(&format!("optional.of(1){chain}.hasValue()")),
        "unsupported"
    );
}

#[test]
fn devices_of_one_shape_differ_in_nothing_a_selector_reads() {
    let compile = |text| Program::compile(text, &Env::default()).unwrap();
    let mut other = gpu();
    other
        .attributes
        .insert("uuid".into(), Attribute::Text("GPU-2".into()));
    let by_type = compile(r#"device.attributes["gpu.nvidia.com"].type == "gpu""#);
    assert_eq!(by_type.shape(&gpu()), by_type.shape(&other));
    let read = ("gpu.nvidia.com".to_owned(), "type".to_owned());
    assert!(by_type.reads().attributes.contains(&read) && !by_type.reads().everything);
    for text in [
        r#"device.attributes["gpu.nvidia.com"].uuid == "GPU-1""#,
        r#"device.attributes["gpu.nvidia.com"].exists(n, n == "uuid")"#,
        r#"cel.bind(a, device.attributes["gpu.nvidia.com"], a.uuid == "GPU-1")"#,
        r#"device.attributes[device.driver].uuid == "GPU-1""#,
    ] {
        let program = compile(text);
        assert_ne!(program.shape(&gpu()), program.shape(&other), "{text}");
    }
    let memory = compile(r#"device.capacity["gpu.nvidia.com"].memory.isInteger()"#);
    other.capacity.clear();
    assert_ne!(memory.shape(&gpu()), memory.shape(&other));
}

#[test]
fn an_error_stops_calls_of_many_arguments_only() {
    // Three for the attribute that is missing and one for the look; a call of two arguments still
    // counts, one of three counts nothing when its first argument is the error.
    let missing = r#"device.attributes["x"].y"#;
    assert_eq!(evaluate(&format!("{missing} == 1")).cost, 5);
    assert_eq!(
        evaluate(&format!(r#"{missing}.replace("a", "b") == "b""#)).cost,
        5
    );
    assert_eq!(evaluate(&format!(r#"{missing}.matches("a")"#)).cost, 4);
}
