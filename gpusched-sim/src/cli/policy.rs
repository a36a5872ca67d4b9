//! `gpusched policy`: what there is to choose from.

use super::args::{FormatArg, PolicyVerb};
use super::failure::Outcome;
use super::terminal;
use gpusched_core::placement::device::registry::device_policies;
use gpusched_core::placement::mig::registry::mig_placements;
use gpusched_core::placement::registry::placements;
use gpusched_core::policy::PolicyInfo;
use gpusched_core::queueing::registry::queueings;
use gpusched_sim::diagnostic::{Diagnostic, did_you_mean};
use gpusched_sim::scenario::all_provisionings;
use serde_json::json;

/// Runs `policy list` or `policy describe`.
pub(crate) fn policy(verb: PolicyVerb) -> Outcome {
    match verb {
        PolicyVerb::List { format } => list(format.unwrap_or(FormatArg::Table)),
        PolicyVerb::Describe { name } => describe(&name),
    }
}

/// Every policy, with its role.
fn all() -> Vec<(&'static str, &'static PolicyInfo)> {
    let queueings = queueings().map(|info| ("queueing", info));
    queueings
        .chain(placements().iter().map(|info| ("placement", info)))
        .chain(device_policies().map(|info| ("device", info)))
        .chain(mig_placements().map(|info| ("MIG placement", info)))
        .chain(all_provisionings().map(|info| ("provisioning", info)))
        .collect()
}

fn list(format: FormatArg) -> Outcome {
    match format {
        FormatArg::Table => terminal::print(&table()),
        FormatArg::Json => {
            let policies: Vec<_> = all()
                .into_iter()
                .map(|(role, info)| {
                    json!({"role": role, "name": info.name, "summary": info.summary,
                           "rule": info.rule, "source": info.source})
                })
                .collect();
            terminal::print(&format!("{:#}\n", json!(policies)))
        }
        FormatArg::Csv => terminal::write(|out| {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(["role", "name", "summary", "source"])?;
            for (role, info) in all() {
                csv.write_record([role, info.name, info.summary, info.source])?;
            }
            csv.flush()
        }),
    }
}

fn table() -> String {
    let width = all()
        .iter()
        .map(|(_, info)| info.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (role, what) in [
        ("queueing", "who starts next (--queueing)"),
        ("placement", "on which machine (--placement)"),
        (
            "device",
            "which devices of a machine a pod of whole GPUs gets (--device-policy)",
        ),
        (
            "MIG placement",
            "on which GPU and slot an instance (--mig-placement)",
        ),
        ("provisioning", "which machines exist (--provisioning)"),
    ] {
        let title = role[..1].to_uppercase() + &role[1..];
        text += &format!("{title}: {what}\n");
        for (_, info) in all().into_iter().filter(|(of, _)| *of == role) {
            text += &format!("  {:width$}  {}\n", info.name, info.summary);
        }
        text += "\n";
    }
    text + "Placement policies that rate machines can be mixed: `--placement pwr:0.2+fgd:0.8`.\n\
            The exact rule of each: `gpusched policy describe NAME`\n"
}

fn describe(name: &str) -> Outcome {
    let found: Vec<_> = all()
        .into_iter()
        .filter(|(_, info)| info.name == name)
        .collect();
    if found.is_empty() {
        let help = match did_you_mean(name, all().iter().map(|(_, info)| info.name)) {
            Some(close) => format!("did you mean `{close}`? all: `gpusched policy list`"),
            None => "`gpusched policy list` lists them all".to_owned(),
        };
        return Err(Diagnostic::new(format!("there is no policy `{name}`"))
            .help(help)
            .into());
    }
    let texts: Vec<String> = found
        .into_iter()
        .map(|(role, info)| {
            format!(
                "{} ({role} policy): {}\n\n{}\n\nSource: {}\n",
                info.name,
                info.summary,
                wrap(info.rule, 88),
                info.source
            )
        })
        .collect();
    terminal::print(&texts.join("\n"))
}

/// Breaks a paragraph into lines of at most `width` characters.
fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_at_words() {
        assert_eq!(wrap("one two  three", 7), "one two\nthree");
        assert_eq!(wrap("immovable", 3), "immovable");
        assert_eq!(wrap("", 3), "");
    }
}
