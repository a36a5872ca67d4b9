//! Names: of devices, drivers, attributes and capacities.

use crate::manifest::cursor::{At, Read};

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// Lower-case letters, digits and `-`, 63 at most, not beginning or ending with `-`.
fn is_label(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|c| is_plain(c) || c == '-')
}

/// Labels with dots between them.
fn is_subdomain(name: &str, most: usize) -> bool {
    name.len() <= most && name.split('.').all(is_label)
}

/// What C would take for an identifier, 32 characters at most.
fn is_identifier(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(inner)
}

/// `id` or `domain/id`.
fn is_qualified(name: &str) -> bool {
    match name.split_once('/') {
        Some((domain, id)) => is_subdomain(domain, 63) && is_identifier(id),
        None => is_identifier(name),
    }
}

/// A name of devices, counters, requests and the like; it must be there.
pub(super) fn label(at: &At<'_, '_>) -> Read<()> {
    match at.str()? {
        None | Some("") => at.refuse(at.missing()),
        Some(name) => label_text(at, name),
    }
    Ok(())
}

/// The same, of a name that is a key.
pub(super) fn label_text(at: &At<'_, '_>, name: &str) {
    if !is_label(name) {
        let help = "such names are at most 63 lower-case letters, digits and `-`, such as gpu-0";
        at.refuse(
            at.fault(format!("`{name}` cannot be a name here"))
                .help(help),
        );
    }
}

/// The name of a driver; it must be there.
pub(super) fn driver(at: &At<'_, '_>) -> Read<()> {
    match at.str()? {
        None | Some("") => at.refuse(at.missing()),
        Some(name) if !is_subdomain(name, 63) => {
            let help = "drivers are named like gpu.nvidia.com, with 63 characters at most";
            at.refuse(at.fault(format!("`{name}` cannot be a driver")).help(help));
        }
        Some(_) => {}
    }
    Ok(())
}

/// The name of an object; it must be there.
pub(super) fn object(at: &At<'_, '_>) -> Read<()> {
    match at.str()? {
        None | Some("") => at.refuse(at.missing()),
        Some(name) if !is_subdomain(name, 253) => {
            let help = "names are lower-case letters, digits, `-` and `.`, such as gpu.nvidia.com";
            at.refuse(
                at.fault(format!("`{name}` cannot be the name of an object"))
                    .help(help),
            );
        }
        Some(_) => {}
    }
    Ok(())
}

/// The name of a pool: names of objects with `/` between them.
pub(super) fn pool(at: &At<'_, '_>) -> Read<()> {
    match at.str()? {
        None | Some("") => at.refuse(at.missing()),
        Some(name) => {
            let good = name.split('/').all(|part| is_subdomain(part, 253));
            if !good || name.len() > 253 {
                let help = "pools are named like node-1 or rack-1/board-2";
                at.refuse(at.fault(format!("`{name}` cannot be a pool")).help(help));
            }
        }
    }
    Ok(())
}

/// The name of an attribute or capacity, as key of `at`.
pub(super) fn qualified_key(at: &At<'_, '_>, name: &str) {
    if !is_qualified(name) {
        at.refuse(not_qualified(at, name).at_key());
    }
}

/// The full name of an attribute: with its domain.
pub(super) fn full(at: &At<'_, '_>) -> Read<()> {
    match at.str()? {
        None => {}
        Some(name) if !is_qualified(name) => at.refuse(not_qualified(at, name)),
        Some(name) if !name.contains('/') => {
            let help = "put the driver in front, as in gpu.nvidia.com/productName";
            at.refuse(at.fault(format!("`{name}` has no domain")).help(help));
        }
        Some(_) => {}
    }
    Ok(())
}

fn not_qualified(at: &At<'_, '_>, name: &str) -> Box<crate::manifest::fault::Fault> {
    at.fault(format!("`{name}` cannot name an attribute or capacity"))
        .help("write id or domain/id; an id is at most 32 letters, digits and `_`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes_are_identifiers_perhaps_with_a_domain() {
        for good in [
            "memory",
            "memorySlice0",
            "_x",
            "a.b/c",
            "resource.kubernetes.io/pcieRoot",
        ] {
            assert!(is_qualified(good), "{good}");
        }
        let long = "a".repeat(33);
        for bad in ["", "1g", "a-b", "a/", "/a", "a/b/c", "A.b/c", long.as_str()] {
            assert!(!is_qualified(bad), "{bad}");
        }
    }
}
