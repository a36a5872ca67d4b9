//! DeviceClass, and what classes and claims have in common.

use super::{at_most, exactly_one, names};
use crate::manifest::cursor::{At, Read};
use crate::manifest::rules;
use gpusched_core::cel::{Env, Program};

/// Longest CEL expression, in bytes.
const LONGEST_EXPRESSION: usize = 10 << 10;
/// Longest parameters of a driver, in bytes.
const LONGEST_PARAMETERS: usize = 10 << 10;

/// What the API server asks of a DeviceClass.
pub(in crate::manifest) fn device_class(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    let spec = at.field("spec");
    selectors(&spec.field("selectors"))?;
    let config = spec.field("config");
    at_most(&config, 32, "configurations");
    config.list(|item| opaque(&item))?;
    let extended = spec.field("extendedResourceName");
    if let Some(name) = extended.str()? {
        let good = name.contains('/') && !name.contains("kubernetes.io/");
        if !good {
            let help = "extended resources have a domain that is not Kubernetes': nvidia.com/gpu";
            let fault = extended.fault(format!("`{name}` is no extended resource"));
            extended.refuse(fault.help(help));
        }
    }
    Ok(())
}

/// Selectors: so many, each an expression that compiles.
pub(super) fn selectors(at: &At<'_, '_>) -> Read<()> {
    at_most(at, 32, "selectors");
    at.list(|item| {
        let cel = item.field("cel");
        let expression = cel.field("expression");
        let Some(text) = expression.name()? else {
            item.refuse(item.fault("a selector needs `cel.expression`"));
            return Ok(());
        };
        if text.len() > LONGEST_EXPRESSION {
            let message = format!("an expression has at most {LONGEST_EXPRESSION} bytes");
            expression.refuse(expression.fault(message));
        } else if let Err(error) = Program::compile(&text, &Env::default()) {
            let fault = expression.fault(format!("this selector does not compile: {error}"));
            expression.refuse(fault);
        }
        Ok(())
    })?;
    Ok(())
}

/// Configuration for a driver.
pub(super) fn opaque(at: &At<'_, '_>) -> Read<()> {
    exactly_one(at, &["opaque"]);
    let opaque = at.field("opaque");
    if !opaque.present() {
        return Ok(());
    }
    names::driver(&opaque.field("driver"))?;
    let parameters = opaque.field("parameters");
    match parameters.value() {
        Some(value) if value.is_object() => {
            if value.to_string().len() > LONGEST_PARAMETERS {
                let message = format!("parameters have at most {LONGEST_PARAMETERS} bytes");
                parameters.refuse(parameters.fault(message));
            }
        }
        Some(_) => parameters.refuse(parameters.wrong("an object")),
        None => parameters.refuse(parameters.missing()),
    }
    Ok(())
}
