//! Which attributes a selector can see.
//!
//! Devices that differ only in what a selector never looks at (a UUID, a PCI address) get the same
//! answer. What it looks at is found in its text: every mention of `device.attributes` or
//! `device.capacity` must be followed by a domain and a name, both written out; a selector that
//! handles the maps in any other way is taken to read everything.

/// What a selector reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Possibly everything.
    Everything,
    /// These names, each by domain and id, and nothing else that differs between devices of one
    /// driver.
    Only(Vec<(String, String)>),
}

impl Reads {
    /// What an expression reads.
    pub(super) fn of(expression: &str) -> Reads {
        only(expression).map_or(Reads::Everything, Reads::Only)
    }

    /// What both read together.
    pub(super) fn and(self, other: Reads) -> Reads {
        match (self, other) {
            (Reads::Only(mut a), Reads::Only(b)) => {
                a.extend(b);
                Reads::Only(a)
            }
            _ => Reads::Everything,
        }
    }

    /// Whether an attribute or capacity of this name, published by this driver, may be read.
    pub(super) fn reads(&self, driver: &str, name: &str) -> bool {
        let (domain, id) = name.split_once('/').unwrap_or((driver, name));
        match self {
            Reads::Everything => true,
            Reads::Only(names) => names.iter().any(|(d, i)| d == domain && i == id),
        }
    }
}

fn only(expression: &str) -> Option<Vec<(String, String)>> {
    // Where a text literal says `device`, or the variable is bound to another name, the text is
    // no guide.
    let mut names = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find("device") {
        let (before, after) = (&rest[..at], &rest[at + "device".len()..]);
        let word = |text: Option<char>| text.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if word(before.chars().next_back()) || word(after.chars().next()) {
            return None;
        }
        rest = field(after, &mut names)?;
    }
    Some(names)
}

/// Reads past the field that follows the variable.
fn field<'t>(after: &'t str, names: &mut Vec<(String, String)>) -> Option<&'t str> {
    for plain in [".driver", ".allowMultipleAllocations"] {
        if let Some(rest) = after.strip_prefix(plain) {
            return Some(rest);
        }
    }
    let maps = [".attributes", ".capacity"];
    let rest = maps.iter().find_map(|map| after.strip_prefix(map))?;
    let (domain, rest) = index(rest)?;
    let (id, rest) = match rest.strip_prefix('.') {
        Some(member) => {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = member.find(|c| !word(c)).unwrap_or(member.len());
            (&member[..end], &member[end..])
        }
        None => index(rest)?,
    };
    // Called like a function, it is no name but a macro that walks the map.
    if id.is_empty() || rest.trim_start().starts_with('(') {
        return None;
    }
    names.push((domain.to_owned(), id.to_owned()));
    Some(rest)
}

/// A plain text in brackets, and what follows.
fn index(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let quote = inner.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let inner = &inner[1..];
    let end = inner.find(quote)?;
    let literal = &inner[..end];
    let rest = inner[end + 1..].strip_prefix(']')?;
    let plain = !literal.is_empty() && !literal.contains(['\\', '\n', '\'', '"']);
    plain.then_some((literal, rest))
}

#[cfg(test)]
mod tests {
    use super::Reads;

    fn only(expression: &str) -> Vec<(String, String)> {
        match Reads::of(expression) {
            Reads::Only(names) => names,
            Reads::Everything => panic!("{expression} reads everything"),
        }
    }

    #[test]
    fn names_that_are_written_out_are_found() {
        let selector = "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'gpu'\
            && device.capacity[\"gpu.nvidia.com\"][\"memory\"].compareTo(quantity('40Gi')) >= 0";
        let names = only(selector);
        let names: Vec<_> = names.iter().map(|(d, i)| (d.as_str(), i.as_str())).collect();
        let domain = "gpu.nvidia.com";
        assert_eq!(names, [(domain, "type"), (domain, "memory")]);
        let reads = Reads::of(selector);
        assert!(reads.reads(domain, "type") && reads.reads("other", "gpu.nvidia.com/type"));
        assert!(!reads.reads(domain, "uuid") && !reads.reads("other", "type"));
    }

    #[test]
    fn a_guarded_name_is_found() {
        assert_eq!(only("has(device.attributes[\"d\"].x) && true").len(), 1);
    }

    #[test]
    fn maps_handled_as_a_whole_read_everything() {
        for selector in [
            "'x' in device.attributes['d']",
            "device.attributes['d'].exists(k, k == 'x')",
            "device.attributes.all(d, true)",
            "device.attributes['d'][device.driver] == 1",
            "device.attributes[\"a\\\"]\"].x",
            "cel.bind(v, device, v.attributes['d'].x)",
            "dyn(device).attributes['d'].x",
            "mydevice.attributes['d'].x",
            "device . attributes['d'].x",
            "device.attributes['d'].?x.orValue(true)",
        ] {
            assert_eq!(Reads::of(selector), Reads::Everything, "{selector}");
        }
    }
}
