//! CEL for device selectors: the rules one by one, and properties on expressions nobody wrote.

mod properties;
mod rules;

use gpusched_core::cel::{Attribute, COST_LIMIT, DeviceFacts, Env, Evaluation, Program};

/// A GPU of 80 GB.
fn gpu() -> DeviceFacts {
    let text = |text: &str| Attribute::Text(text.to_owned());
    DeviceFacts {
        driver: "gpu.nvidia.com".to_owned(),
        attributes: [
            ("type", text("gpu")),
            ("uuid", text("GPU-1")),
            ("index", Attribute::Int(3)),
            ("healthy", Attribute::Bool(true)),
            ("driverVersion", Attribute::Version("580.65.6".to_owned())),
            ("resource.kubernetes.io/pcieRoot", text("pci0000:10")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect(),
        capacity: [("memory".to_owned(), "80Gi".parse().unwrap())].into(),
        allow_multiple_allocations: None,
    }
}

fn evaluate(text: &str) -> Evaluation {
    Program::compile(text, &Env::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .evaluate(&gpu(), COST_LIMIT)
}

/// `true`, `false`, or the kind of error.
fn answer(text: &str) -> String {
    match evaluate(text).outcome {
        Ok(matches) => matches.to_string(),
        Err(error) => error.kind.as_str().to_owned(),
    }
}

/// The kind of a compile error.
fn refusal(text: &str) -> &'static str {
    match Program::compile(text, &Env::default()) {
        Ok(_) => "compiles",
        Err(error) => error.kind.as_str(),
    }
}
