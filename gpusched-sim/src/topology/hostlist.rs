//! Lists of hosts as Slurm writes them: `gpu[001-016,020],login1`, `rack[0-3]n[0-7]`.

/// Most names one list may stand for: more is a slip.
const MOST: usize = 1_000_000;

/// The names a list stands for, in order. Numbers keep the digits they are written with.
///
/// ```
/// use gpusched_sim::topology::hostlist::expand;
/// assert_eq!(expand("n[08-10],m").unwrap(), ["n08", "n09", "n10", "m"]);
/// assert_eq!(expand("r[0-1]n[0-1]").unwrap(), ["r0n0", "r0n1", "r1n0", "r1n1"]);
/// assert!(expand("n[3-1]").is_err());
/// ```
///
/// # Errors
/// What is wrong, as a sentence without a full stop.
pub fn expand(list: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for item in items(list)? {
        let more = one(item)?;
        if names.len() + more.len() > MOST {
            return Err(format!("`{list}` stands for more than {MOST} names"));
        }
        names.extend(more);
    }
    Ok(names)
}

/// The parts between commas that stand outside brackets.
fn items(list: &str) -> Result<Vec<&str>, String> {
    let mut items = Vec::new();
    let (mut from, mut open) = (0, false);
    for (at, c) in list.char_indices() {
        match (c, open) {
            ('[', false) => open = true,
            (']', true) => open = false,
            ('[' | ']', _) => return Err(format!("the brackets of `{list}` do not match")),
            (',', false) => {
                items.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if open {
        return Err(format!("the brackets of `{list}` do not match"));
    }
    items.push(&list[from..]);
    match items.iter().any(|item| item.trim().is_empty()) {
        true => Err(format!("`{list}` has an empty name")),
        false => Ok(items),
    }
}

/// The names of one item: every combination of its ranges, the last fastest.
fn one(item: &str) -> Result<Vec<String>, String> {
    let item = item.trim();
    let Some((head, rest)) = item.split_once('[') else {
        return Ok(vec![item.to_owned()]);
    };
    let (ranges, tail) = rest
        .split_once(']')
        .ok_or_else(|| format!("the brackets of `{item}` do not match"))?;
    let tails = match tail.is_empty() {
        true => vec![String::new()],
        false => one(tail)?,
    };
    let mut names = Vec::new();
    for range in ranges.split(',') {
        for number in numbers(range)? {
            if names.len() + tails.len() > MOST {
                return Err(format!("`{item}` stands for more than {MOST} names"));
            }
            names.extend(tails.iter().map(|tail| format!("{head}{number}{tail}")));
        }
    }
    Ok(names)
}

fn numbers(range: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`[{range}]` is no range: write [FIRST-LAST], the smaller first");
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return Err(wrong());
    }
    let parse = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let (from, to) = (parse(first)?, parse(last)?);
    if from > to {
        return Err(wrong());
    }
    if (to - from) as usize >= MOST {
        return Err(format!("`[{range}]` stands for more than {MOST} names"));
    }
    let width = first.len();
    Ok((from..=to)
        .map(|number| format!("{number:0width$}"))
        .collect())
}
