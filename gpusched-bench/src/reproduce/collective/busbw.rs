//! The curves of `allreduce_busbw.csv`.

use super::super::Sheet;
use super::data;
use super::fit::{PARAMETERS, Point, fit};
use super::platforms::{Platform, Use, platforms};
use crate::conformance::Unreadable;
use gpusched_core::performance::collective::Law;
use gpusched_core::performance::sharing::fit::Errors;
use std::path::Path;

const MIB: f64 = 1_048_576.0;

/// Fits, prints and returns the law.
pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<Law, Unreadable> {
    let (rows, platforms) = (data::busbw(dir)?, platforms());
    let find = |name: &str| platforms.iter().find(|platform| platform.name == name);
    let mut points = Vec::new();
    for row in &rows {
        let at = find(&row.platform).filter(|at| at.group.gpus == row.gpus);
        let at = at.ok_or_else(|| {
            let file = dir.join("allreduce_busbw.csv");
            Unreadable::file(
                &file,
                format_args!("platform {} with {} GPUs", row.platform, row.gpus),
            )
        })?;
        points.push(Point { at, row });
    }
    let (fitted, predicted): (Vec<_>, Vec<_>) = points
        .into_iter()
        .partition(|point| point.at.used == Use::Fitted);
    let law = fit(&fitted);
    sheet.section("All-reduce: parameters from one half of the curves (shipped beside)")?;
    for (name, parameter, _) in PARAMETERS {
        let (mut found, mut shipped) = (law, Law::FITTED);
        let (found, shipped) = (*parameter(&mut found), *parameter(&mut shipped));
        let same = (found / shipped - 1.0).abs() < 0.01;
        sheet.target(
            same,
            name,
            format!("{found:.3}"),
            format!("shipped: {shipped}; target within 1 %"),
        )?;
    }
    sheet.section("All-reduce: bus bandwidth, error by size")?;
    for (title, points) in [("fitted", &fitted), ("predicted", &predicted)] {
        for (class, from, to, target) in CLASSES {
            let inside = |point: &&Point<'_>| (*from..*to).contains(&(point.row.bytes / MIB));
            let errors = errors(&law, points.iter().filter(inside));
            let what = format!("{title}, {class}");
            let got = format!(
                "{} points: median {:.1} %, mean {:.1} %",
                errors.points, errors.median, errors.mape
            );
            match target {
                Some(most) if title == "predicted" => {
                    let met = errors.points > 0 && errors.median <= *most;
                    sheet.target(met, &what, got, format!("target: median ≤ {most} %"))?;
                }
                _ => sheet.figure(&what, got, "")?,
            }
        }
    }
    sheet.section("All-reduce: error by platform (mean, and signed at the largest size)")?;
    for platform in &platforms {
        by_platform(&law, platform, fitted.iter().chain(&predicted), sheet)?;
    }
    nvlink_domains(&law, &predicted, &fitted, sheet)?;
    Ok(law)
}

/// Name, from and to in MiB, and the most the median error of predicted points may be, percent.
type Class = (&'static str, f64, f64, Option<f64>);

const CLASSES: &[Class] = &[
    ("16 MiB and more", 16.0, f64::INFINITY, Some(10.0)),
    ("1 MiB and more", 1.0, f64::INFINITY, Some(20.0)),
    ("1 to 16 MiB alone", 1.0, 16.0, None),
    ("below 1 MiB", 0.0, 1.0, None),
];

fn errors<'a>(law: &Law, points: impl Iterator<Item = &'a Point<'a>>) -> Errors {
    let pairs: Vec<_> = points
        .map(|point| (point.predict(law), point.row.gbps))
        .collect();
    Errors::of(&pairs)
}

fn by_platform<'a>(
    law: &Law,
    platform: &Platform,
    points: impl Iterator<Item = &'a Point<'a>>,
    sheet: &mut Sheet<'_>,
) -> Result<(), Unreadable> {
    let own: Vec<_> = points
        .filter(|point| point.at.name == platform.name)
        .collect();
    let Some(largest) = own
        .iter()
        .max_by(|one, other| one.row.bytes.total_cmp(&other.row.bytes))
    else {
        return Ok(());
    };
    let end = largest.predict(law) / largest.row.gbps - 1.0;
    let large = own.iter().filter(|point| point.row.bytes >= MIB).copied();
    let errors = errors(law, large);
    let got = format!(
        "{} points from 1 MiB: {:.1} %, end {:+.1} %",
        errors.points,
        errors.mape,
        100.0 * end
    );
    let used = if platform.used == Use::Fitted {
        "fitted"
    } else {
        "predicted"
    };
    sheet.figure(platform.name, got, used)
}

/// Ratios between NVLink domains of 4, 8 and 72.
fn nvlink_domains(
    law: &Law,
    predicted: &[Point<'_>],
    fitted: &[Point<'_>],
    sheet: &mut Sheet<'_>,
) -> Result<(), Unreadable> {
    sheet.section("NVLink domains of 4, 8 and 72: ratio of bus bandwidths")?;
    let at = |name: &str, bytes: f64| {
        let all = predicted.iter().chain(fitted);
        all.into_iter()
            .find(|point| point.at.name == name && point.row.bytes == bytes)
    };
    let large = 16.0 * 1024.0 * MIB;
    for (one, other, bytes) in [
        (
            "GB200 3x NVL8 across racks ring",
            "GB200 3x NVL4 across racks ring",
            large,
        ),
        (
            "GB200 3x NVL8 across racks tree",
            "GB200 3x NVL4 across racks tree",
            large,
        ),
        ("GB200 1 rack NVL72", "GB200 2 racks", large / 2.0),
        ("GB200 1 rack NVL72", "GB200 20 racks", large / 2.0),
    ] {
        let (Some(one), Some(other)) = (at(one, bytes), at(other, bytes)) else {
            continue;
        };
        let (law, seen) = (
            one.predict(law) / other.predict(law),
            one.row.gbps / other.row.gbps,
        );
        let what = format!("{} over {}", short(one.at.name), short(other.at.name));
        let got = format!("{law:.2}");
        let fitted = |point: &Point<'_>| point.at.used == Use::Fitted;
        if fitted(one) && fitted(other) {
            sheet.figure(&what, got, format!("measured: {seen:.2}; both are fitted"))?;
        } else {
            let met = (law / seen - 1.0).abs() <= 0.1;
            let wanted = format!("measured: {seen:.2}; target within 10 %");
            sheet.target(met, &what, got, wanted)?;
        }
    }
    Ok(())
}

fn short(name: &str) -> String {
    name.replace("GB200 ", "")
        .replace(" across racks", "")
        .replace(" NVL72", "")
}
