//! Measurements of GPU sharing: read from CSV, and the profile fitted to them written as YAML.
//!
//! The columns are described in [`gpusched_core::performance::sharing::calibrate`].

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::table::{Column, Row, Split, Table};
use crate::yaml;
use gpusched_core::performance::sharing::calibrate::{Mode, Profile, Sample};

/// The columns of a file of measurements.
const COLUMNS: [&str; 6] = ["device", "job", "mode", "share", "with", "step_s"];

/// Reads measurements.
///
/// # Errors
/// The first thing that is wrong, with its place.
///
/// ```
/// use gpusched_sim::calibrate::read_samples;
/// use gpusched_sim::trace::input::Source;
/// let text = "device,job,mode,share,with,step_s\nT4,bert,mps,1,bert;resnet,0.5\n";
/// let samples = read_samples(&Source::from_bytes("m.csv", text.as_bytes().to_vec())).unwrap();
/// assert_eq!(samples[0].with, ["bert", "resnet"]);
/// ```
pub fn read_samples(source: &Source) -> Result<Vec<Sample>> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    table.refuse_unknown(&COLUMNS)?;
    let mut columns = [Column::ABSENT; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = table.column(name)?;
    }
    let mut samples = Vec::new();
    while let Some(row) = table.next_row()? {
        let sample = row.and_then(|row| sample(row, columns));
        samples.push(sample.map_err(|problem| problem.diagnostic)?);
    }
    Ok(samples)
}

fn sample(row: Row<'_>, columns: [Column; COLUMNS.len()]) -> FieldResult<Sample> {
    let [device, job, mode_at, share, with, step] = columns;
    let mode = row.text(mode_at).parse().map_err(|()| {
        let message = format!("\"{}\" is no way of sharing", row.text(mode_at));
        row.wrong(mode_at, message, "write alone, mps or time-slicing")
    })?;
    let others: Vec<String> = row
        .text(with)
        .split(';')
        .map(|name| name.trim().to_string())
        .filter(|name| !name.is_empty())
        .collect();
    if mode == Mode::Alone && !others.is_empty() {
        let message = "a job that is alone has no company".to_string();
        return Err(row.wrong(
            with,
            message,
            "leave it empty, or set mode to mps or time-slicing",
        ));
    }
    Ok(Sample {
        device: row.required(device)?,
        job: row.required(job)?,
        mode,
        share: row.text(share).parse().map_err(|()| {
            let message = format!("\"{}\" is no part of a device", row.text(share));
            row.wrong(share, message, "write 1, or a fraction such as 3/7")
        })?,
        with: others,
        step_s: seconds(row, step)?,
    })
}

/// A measurement, which unlike an instant of a trace need not be a whole number of microseconds.
fn seconds(row: Row<'_>, column: Column) -> FieldResult<f64> {
    match row.text(column).parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => {
            let message = format!("\"{}\" is no positive number of seconds", row.text(column));
            Err(row.wrong(
                column,
                message,
                "leave rows out that failed or ran out of memory",
            ))
        }
    }
}

/// The profile as YAML.
///
/// # Errors
/// When it cannot be written as such, which is a fault of this program.
pub fn profile_yaml(profile: &Profile) -> Result<String> {
    serde_saphyr::to_string(profile).map_err(|error| Diagnostic::new(error.to_string()))
}

/// Reads a profile back; `name` is what the file is called in messages.
///
/// # Errors
/// What is wrong with it, located.
pub fn parse_profile(name: &str, text: &str) -> Result<Profile> {
    let file = yaml::File {
        name,
        text,
        shape: "a profile is what `gpusched calibrate MEASUREMENTS.csv -o FILE` writes",
    };
    file.parse()
}

/// Reads a profile from a file.
///
/// # Errors
/// When it cannot be read, or as [`parse_profile`].
pub fn load_profile(path: &str) -> Result<Profile> {
    parse_profile(path, &yaml::read(path, "profile")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::performance::sharing::calibrate::calibrate;

    const HEADER: &str = "device,job,mode,share,with,step_s\n";

    fn read(rows: &str) -> Result<Vec<Sample>> {
        let text = format!("{HEADER}{rows}").into_bytes();
        read_samples(&Source::from_bytes("m.csv", text))
    }

    #[test]
    fn measurements_become_a_profile() {
        let rows = "T4,bert,alone,1,,0.1\nT4,bert,alone,1/2,,0.15\nT4,bert,mps,1,bert,0.14\n";
        let profile = calibrate(&read(rows).unwrap(), 1);
        let yaml = profile_yaml(&profile).unwrap();
        assert!(yaml.contains("bert:") && yaml.contains("1/2"), "{yaml}");
        assert_eq!(parse_profile("p.yaml", &yaml).unwrap(), profile);
        let copies = profile.devices["T4"].jobs["bert"].copies.unwrap();
        assert!((copies - 0.4).abs() < 1e-9);
    }

    #[test]
    fn a_profile_that_makes_no_sense_is_refused_where_it_stands() {
        let jobs = |inner: &str| format!("devices:\n  T4:\n    jobs:\n      a:\n{inner}");
        for (text, line) in [
            (jobs("        slice: {}\n"), 5),
            (jobs("        slices:\n          table: [[9/7, 1.0]]\n"), 6),
            (
                jobs("        slices:\n          law: {fixed: 1.0, scaling: -2.0}\n"),
                6,
            ),
            ("device: {}\n".to_owned(), 1),
        ] {
            let error = parse_profile("p.yaml", &text).unwrap_err();
            assert!(error.line >= line - 1 && error.line <= line, "{error:?}");
            assert!(error.help.is_some());
        }
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands() {
        for (row, column, word) in [
            ("T4,a,solo,1,,1", 6, "way of sharing"),
            ("T4,a,alone,8/7,,1", 12, "part of a device"),
            ("T4,a,alone,1,,0", 15, "positive"),
            ("T4,a,alone,1,,", 15, "positive"),
            ("T4,a,alone,1,b,1", 14, "company"),
            (",a,alone,1,,1", 1, ""),
        ] {
            let error = read(&format!("{row}\n")).unwrap_err();
            assert_eq!((error.line, error.column), (2, column), "{row}");
            assert!(error.message.contains(word), "{row}: {}", error.message);
        }
    }
}
