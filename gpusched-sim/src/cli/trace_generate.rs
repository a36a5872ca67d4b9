//! `gpusched trace generate`.

use super::args::GenerateArgs;
use super::failure::Outcome;
use super::out_dir::{self, OutDir};
use super::terminal::{self, count};
use super::trace::{FILES, write_rows};
use gpusched_sim::trace::generate::{self as generator, GenerateOptions, nodes, preset, presets};
use gpusched_sim::trace::{JobsWriter, Meta, write_nodes};
use std::io::Write;

/// Runs the verb.
pub(crate) fn generate(args: &GenerateArgs) -> Outcome {
    let Some(name) = &args.preset else {
        return list();
    };
    let options = GenerateOptions {
        preset: name.clone(),
        jobs: args.jobs,
        seed: args.seed,
        rate_scale: args.rate_scale,
        gpus_per_pod: args.gpus_per_pod,
    };
    let preset = preset(name)?;
    if let Some(place) = &args.out {
        out_dir::check(place, &FILES)?;
    }
    // Twice the same rows: first to see which columns are needed, then to write them. That costs
    // less than to hold ten million of them.
    let mut writer = JobsWriter::default();
    generator::generate(&options, &mut |row| {
        writer.look(&row);
        Ok(())
    })?;
    let mut write = |out: &mut dyn Write| {
        write_rows(&mut writer, out, |each| generator::generate(&options, each))
    };
    let Some(place) = &args.out else {
        return terminal::write(write);
    };
    let machines = nodes(preset);
    let out = OutDir::begin(place)?;
    out.file("jobs.csv", &mut write)?;
    if !machines.is_empty() {
        out.file("nodes.csv", |to| write_nodes(to, &machines))?;
    }
    out.file("meta.toml", |to| meta(&options).write(to))?;
    out.publish()?;
    let place = place.display();
    let next = if machines.is_empty() {
        format!("`gpusched run --trace {place} --cluster …`")
    } else {
        format!("`gpusched run --trace {place}`")
    };
    terminal::say(&format!(
        "Wrote {} and {} to {place}; {next} replays them.",
        count(args.jobs, "job"),
        count(machines.len() as u64, "machine"),
    ));
    Ok(())
}

fn list() -> Outcome {
    let width = presets()
        .iter()
        .map(|preset| preset.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from("Presets:\n");
    for preset in presets() {
        text += &format!("  {:width$}  {}\n", preset.name, preset.about);
    }
    text += "Generate one: `gpusched trace generate --preset sample --jobs 1000 --out DIR`\n";
    terminal::print(&text)
}

/// How the trace was made, as a command that makes it again.
fn meta(options: &GenerateOptions) -> Meta {
    let defaults = GenerateOptions::new(options.preset.as_str());
    let mut command = format!(
        "gpusched trace generate --preset {} --seed {} --jobs {}",
        options.preset, options.seed, options.jobs
    );
    if options.rate_scale != defaults.rate_scale {
        command += &format!(" --rate-scale {}", options.rate_scale);
    }
    if options.gpus_per_pod != defaults.gpus_per_pod {
        command += &format!(" --gpus-per-pod {}", options.gpus_per_pod);
    }
    Meta {
        schema: Some(1),
        source: Some(command),
        ..Meta::default()
    }
}
