//! `gpusched calibrate`: measurements of jobs that share GPUs in, a profile of how they slow each
//! other down out.

use super::args::CalibrateArgs;
use super::failure::{Failure, Outcome};
use super::terminal;
use gpusched_core::performance::sharing::calibrate::{DeviceProfile, Profile, calibrate as fit};
use gpusched_core::performance::sharing::fit::{Errors, PairForm};
use gpusched_sim::calibrate::{profile_yaml, read_samples};
use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::trace::input::Source;
use std::fs;
use std::path::Path;

/// Runs the verb.
pub(crate) fn calibrate(args: &CalibrateArgs) -> Outcome {
    let samples = read_samples(&Source::new(&args.file))?;
    let profile = fit(&samples, args.seed.unwrap_or(0));
    let yaml = profile_yaml(&profile).map_err(Failure::Run)?;
    match &args.out {
        None => terminal::print(&yaml),
        Some(out) => {
            save(out, &yaml)?;
            terminal::print_text(&report(&profile))?;
            terminal::say(&format!("The profile is in {}.", out.display()));
            Ok(())
        }
    }
}

/// Writes beside the place and renames: a reader sees the old profile or the new one.
fn save(out: &Path, yaml: &str) -> Outcome {
    let mut draft = out.as_os_str().to_owned();
    draft.push(".draft");
    let written = fs::write(&draft, yaml).and_then(|()| fs::rename(&draft, out));
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        let problem = Diagnostic::new(format!("cannot write the profile: {error}"));
        Failure::Input(
            problem
                .in_file(out.display().to_string())
                .help("name a file in a directory that exists and can be written to"),
        )
    })
}

/// What was learnt and how far it is from measurements it has not seen.
fn report(profile: &Profile) -> String {
    let mut lines = String::new();
    for (device, learnt) in &profile.devices {
        lines += &format!("{device}: {} jobs\n", learnt.jobs.len());
        for (law, errors) in laws(learnt) {
            lines += &format!("  {law:<28} {}\n", held_out(errors));
        }
        if learnt.unused > 0 {
            lines += &format!("  {} rows no law could use\n", learnt.unused);
        }
    }
    lines
}

fn laws(learnt: &DeviceProfile) -> Vec<(String, &Errors)> {
    let errors = &learnt.errors;
    let mut laws = vec![("slices, a + c/share".to_owned(), &errors.slices)];
    for (form, errors) in &errors.pairs {
        let used = match learnt.pair_form == Some(*form) {
            true => " (used)",
            false => "",
        };
        laws.push((format!("MPS pairs, {}{used}", name(*form)), errors));
    }
    laws.push(("MPS, three or more".into(), &errors.crowds));
    laws.push(("MPS, copies of one job".into(), &errors.copies));
    laws.push(("time-slicing".into(), &errors.turns));
    laws
}

fn name(form: PairForm) -> &'static str {
    match form {
        PairForm::Constant => "constant",
        PairForm::Scalar => "scalar",
        PairForm::Rank1 => "rank 1",
        PairForm::Rank2 => "rank 2",
    }
}

fn held_out(errors: &Errors) -> String {
    match errors.points {
        0 => "not enough measurements to tell its error".into(),
        points => format!(
            "{:.1}% off on average, {:.1}% in the median, over {points} held-out points",
            errors.mape, errors.median
        ),
    }
}
