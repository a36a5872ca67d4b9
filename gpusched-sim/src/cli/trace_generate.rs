//! `gpusched trace generate`.

use super::args::GenerateArgs;
use super::failure::Outcome;
use super::out_dir::{self, OutDir};
use super::terminal::{self, count};
use super::trace::FILES;
use gpusched_sim::trace::generate::{self as generator, GenerateOptions, nodes, preset, presets};
use gpusched_sim::trace::row::JobRow;
use gpusched_sim::trace::{Meta, write_jobs, write_nodes};

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
    let mut jobs: Vec<JobRow> = Vec::new();
    generator::generate(&options, &mut |row| {
        jobs.push(row);
        Ok(())
    })?;
    let Some(place) = &args.out else {
        return terminal::write(|out| write_jobs(out, &jobs));
    };
    let machines = nodes(preset);
    let out = OutDir::begin(place)?;
    out.file("jobs.csv", |to| write_jobs(to, &jobs))?;
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
        count(jobs.len() as u64, "job"),
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
