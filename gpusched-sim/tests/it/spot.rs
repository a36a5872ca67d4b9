//! Spot traces: the published series where they are at hand, and files that are wrong.

use gpusched_core::provisioning::spot::Polarity;
use gpusched_core::units::Span;
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::spot::{Fleet, read_bamboo, read_json, read_parcae, read_series, read_summary};
use gpusched_sim::trace::input::Source;
use std::path::PathBuf;

/// A file of a published dataset, or `None` with a visible line when it is not there.
fn dataset(name: &str) -> Option<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/datasets");
    let path = root.join(name);
    if !path.is_file() {
        let text = format!("skipped: ../shared/datasets/{name} not present\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        return None;
    }
    Some(Source::new(&path.to_string_lossy()))
}

fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    let problem: Box<Diagnostic> = result.unwrap_err();
    problem.render(false)
}

fn csv(rows: &str) -> Source {
    let header = "trace,gap_seconds,ticks,max_count,rle_value_x_count\n";
    Source::from_bytes("zones.csv", format!("{header}{rows}").into_bytes())
}

#[test]
fn published_series_are_as_their_summary_says_and_only_one_way_round() {
    let (Some(series), Some(summary)) = (
        dataset("spot-availability/skypilot_spot_traces_rle.csv"),
        dataset("spot-availability/skypilot_spot_traces_summary.csv"),
    ) else {
        return;
    };
    let summary = read_summary(&summary).unwrap();
    let right = read_series(&series, Polarity::Available).unwrap();
    assert_eq!((right.len(), summary.len()), (34, 34));
    for (series, statistics) in right.iter().zip(&summary) {
        assert_eq!(series.name, statistics.name);
        statistics.check(series).unwrap();
    }
    // Counts of up to 16 instances cannot be a series of preemptions.
    let text = refused(read_series(&series, Polarity::Preempted));
    assert!(text.contains("holds only 0 and 1"), "{text}");
}

#[test]
fn bamboos_fleets_have_their_published_size_and_loss() {
    let Some(source) = dataset("spot-bamboo-2021/p3-trace.csv") else {
        return;
    };
    let fleet = read_bamboo(&source).unwrap();
    let (mean, hours) = fleet.mean_and_hours();
    assert_eq!((fleet.added, fleet.lifetimes.len()), (177, 167));
    assert_eq!(fleet.sizes.iter().map(|(_, size)| *size).max(), Some(32));
    assert!((mean - 24.0).abs() < 0.05, "{mean}");
    let rate = fleet.lifetimes.len() as f64 / hours;
    assert!((rate - 0.61).abs() < 0.005, "{rate}");
}

#[test]
fn parcaes_segments_have_their_published_mean() {
    for (name, mean) in [
        ("hh_55_65", 27.5),
        ("hl_15_25", 29.6),
        ("lh_80_90", 16.8),
        ("ll_10_11", 14.6),
    ] {
        let Some(source) = dataset(&format!("spot-parcae-2024/bert_trace_{name}.txt")) else {
            return;
        };
        let fleet = read_parcae(&source).unwrap();
        let series = fleet.availability(Span::from_secs(60)).unwrap();
        assert_eq!(series.ticks(), 60, "{name}");
        let total: u32 = (0..60).map(|tick| series.at(tick)).sum();
        assert!(
            (f64::from(total) / 60.0 - mean).abs() <= 0.051,
            "{name}: {total}"
        );
    }
}

#[test]
fn a_series_with_a_gap_is_refused() {
    insta::assert_snapshot!(refused(read_series(&csv("a,60,12,1,0x5 1x6\n"), Polarity::Available)), @r#"
    error: the runs cover fewer ticks than the 12 of the series
      --> zones.csv:2:11
      |
    2 | a,60,12,1,0x5 1x6
      |           ^^^^^^^
      = help: a series has no gaps: every tick needs a value; write 0 for ticks in which nothing was there, and cut the series in two where nothing is known
    "#);
}

#[test]
fn a_series_that_is_the_wrong_way_round_is_refused_by_its_summary() {
    let summary = Source::from_bytes("summary.csv", &b"trace,avail_any_pct\na,80.0\n"[..]);
    let statistics = read_summary(&summary).unwrap();
    let series = read_series(&csv("a,60,10,1,0x8 1x2\n"), Polarity::Available).unwrap();
    insta::assert_snapshot!(refused(statistics[0].check(&series[0])), @r#"
    error: series "a" is available 20.0 % of the time, its summary says 80.0 %
      --> zones.csv:2:1
      = help: it is the wrong way round: read it with polarity preempted
    "#);
    let inverted = read_series(&csv("a,60,10,1,0x8 1x2\n"), Polarity::Preempted).unwrap();
    statistics[0].check(&inverted[0]).unwrap();
}

#[test]
fn unreadable_series_say_where() {
    for (rows, message) in [
        ("a,0,1,1,1x1\n", "longer than 0 s"),
        ("a,-60,1,1,1x1\n", "gap_seconds is negative"),
        ("a,60,3,1,1x2 0\n", "run 2 (\"0\") is no VALUExTICKS"),
        ("a,60,3,1,1x2 0x0\n", "run 2 (\"0x0\") is no VALUExTICKS"),
        ("a,60,2,1,1x3\n", "the runs cover more ticks"),
        ("a,60,3,2,1x3\n", "the largest value is 1, max_count says 2"),
        ("a,60,0,0,\n", "the series has no ticks"),
        (
            "a,60,1,1,1x1\na,60,1,1,1x1\n",
            "series \"a\" is there twice",
        ),
        ("a,60,999999999999,1,1x999999999999\n", "absurdly many"),
    ] {
        let text = refused(read_series(&csv(rows), Polarity::Available));
        assert!(text.contains(message), "{text}");
        assert!(text.contains("zones.csv:"), "{text}");
    }
}

#[test]
fn a_tick_without_a_value_is_located_in_json() {
    let source = |text: &str| Source::from_bytes("a.json", text.as_bytes().to_vec());
    let good = source(r#"{"metadata": {"gap_seconds": 600}, "data": [0, 1, 1]}"#);
    let series = read_json(&good, Polarity::Available).unwrap();
    assert_eq!(
        (series.name.as_str(), series.length()),
        ("a", Span::from_secs(1800))
    );
    let gap = source("{\"metadata\": {\"gap_seconds\": 600},\n \"data\": [0, null, 1]}");
    insta::assert_snapshot!(refused(read_json(&gap, Polarity::Available)), @r#"
    error: this is no spot trace: invalid type: null, expected u32
      --> a.json:2:17
      |
    2 |  "data": [0, null, 1]}
      |                 ^
      = help: wanted: {"metadata": {"gap_seconds": 600}, "data": [0, 1, …]} with a number for every tick; cut the series in two where nothing is known
    "#);
}

#[test]
fn impossible_fleets_are_located() {
    let bamboo = |text: &str| -> Result<Fleet> {
        read_bamboo(&Source::from_bytes("fleet.csv", text.as_bytes().to_vec()))
    };
    for (text, message) in [
        ("0,add,a\n0,add,a\n", "fleet.csv:2:1"),
        ("0,add,a\n0,add,a\n", "added while it is there"),
        ("0,remove,a\n", "removed while it is not there"),
        ("60,add,a\n0,add,b\n", "before the event above"),
        ("0,join,a\n", "\"join\" is no event"),
        ("0,add\n", "no `milliseconds,event,node`"),
        ("\n", "no events"),
    ] {
        let text = refused(bamboo(text));
        assert!(text.contains(message), "{text}");
    }
    let back = bamboo("0,add,a\n60000,remove,a\n120000,add,a\n180000,remove,a\n").unwrap();
    assert_eq!(back.lifetimes, [Span::from_secs(60), Span::from_secs(60)]);
}
