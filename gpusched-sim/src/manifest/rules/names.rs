//! Names of objects, labels and resources.

use crate::manifest::cursor::{At, Read};

/// Letters and digits that names of objects are made of.
fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(is_plain)
            && label.ends_with(is_plain)
            && label.chars().all(|c| is_plain(c) || c == '-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label_text(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let outer = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63 && text.starts_with(outer) && text.ends_with(outer) && text.chars().all(inner)
}

/// Whether a text is a label key or the name of a resource: `name` or `prefix/name`.
pub(super) fn is_qualified(name: &str) -> bool {
    match name.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_label_text(name),
        None => is_label_text(name),
    }
}

/// `metadata.name` must be there and be a name.
pub(in crate::manifest) fn object_name(object: &At<'_, '_>) -> Read<()> {
    let metadata = object.field("metadata");
    let at = metadata.field("name");
    match at.str()? {
        None => at.refuse(at.missing()),
        Some(_) => reference(&at)?,
    }
    Ok(())
}

/// The name of another object.
pub(super) fn reference(at: &At<'_, '_>) -> Read<()> {
    if let Some(name) = at.str()?
        && !is_subdomain(name)
    {
        at.refuse(
            at.fault(format!("`{name}` cannot be the name of an object"))
                .help("names are lower-case letters, digits, `-` and `.`, such as team-a"),
        );
    }
    Ok(())
}

/// A label key or the name of a resource.
pub(in crate::manifest) fn qualified(at: &At<'_, '_>) -> Read<()> {
    if let Some(name) = at.str()?
        && !is_qualified(name)
    {
        at.refuse(no_key(at, name));
    }
    Ok(())
}

fn no_key(at: &At<'_, '_>, name: &str) -> Box<crate::manifest::fault::Fault> {
    at.fault(format!("`{name}` is no label or resource name"))
        .help("names look like cpu, nvidia.com/gpu or topology.kubernetes.io/zone")
}

/// Labels: keys and values.
pub(super) fn labels(at: &At<'_, '_>) -> Read<()> {
    at.map(|key, value| {
        if !is_qualified(key) {
            value.refuse(no_key(&value, key).at_key());
        }
        label_value(&value)
    })?;
    Ok(())
}

/// The value of a label or taint.
pub(in crate::manifest) fn label_value(at: &At<'_, '_>) -> Read<()> {
    if let Some(text) = at.str()?
        && !(text.is_empty() || is_label_text(text))
    {
        at.refuse(
            at.fault(format!("`{text}` is no label value"))
                .help("values are at most 63 letters, digits, `-`, `_` and `.`"),
        );
    }
    Ok(())
}

/// Keys and values of a label selector.
pub(super) fn selector(at: &At<'_, '_>) -> Read<()> {
    labels(&at.field("matchLabels"))?;
    at.field("matchExpressions")
        .list(|item| qualified(&item.field("key")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_api_server() {
        for good in ["a", "team-a", "a.b-c.d0", "0"] {
            assert!(is_subdomain(good), "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "a b", "ä", "a/b"] {
            assert!(!is_subdomain(bad), "{bad}");
        }
        for good in ["cpu", "nvidia.com/gpu", "example.com/A_b.c-d", "x"] {
            assert!(is_qualified(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "Example.com/gpu",
            "-a",
            "a b",
            "a:b",
        ] {
            assert!(!is_qualified(bad), "{bad}");
        }
    }
}
