//! The example of mixed MIG sizes: its trace is what the generator makes, and its table is what the
//! command prints.

use crate::cli::Desk;
use std::path::{Path, PathBuf};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dra/mixed-mig")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(example().join(file)).expect("the example")
}

fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("mixed-mig-{test}"));
    for file in ["scenario.yaml", "jobs.csv", "layouts.yaml"] {
        desk.write(&format!("examples/dra/mixed-mig/{file}"), &text(file));
    }
    desk
}

#[test]
fn the_trace_of_the_example_is_generated() {
    let ran = desk("generate").line("trace generate --preset mixed-mig --jobs 1200 --seed 1");
    assert_eq!(ran.code, 0, "{}", ran.screen());
    assert_eq!(ran.out, text("jobs.csv"));
}

/// The command of the README, put together from its lines.
fn command(readme: &str) -> String {
    let first = readme.find("gpusched compare").expect("a command");
    let command = readme[first..].split("```").next().expect("its end");
    let words = command.replace("\\\n", " ");
    words.trim_start_matches("gpusched ").trim().to_owned()
}

#[test]
fn the_table_of_the_example_is_what_the_command_prints() {
    let readme = text("README.md");
    let ran = desk("compare").line(&command(&readme));
    assert_eq!(ran.code, 0, "{}", ran.screen());
    // Of what is printed: accepted, mean and p95 wait, GPUs needed, slots lost.
    let columns = [1, 3, 4, 8, 13];
    let rows = ran.out.lines().map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let cell = |at: &usize| cells.get(*at).map(|cell| cell.trim_end_matches('*'));
        let shown: Vec<&str> = columns.iter().filter_map(cell).collect();
        (cells.first().copied().unwrap_or_default(), shown)
    });
    let rows: Vec<(&str, Vec<&str>)> = rows.collect();
    let mut checked = 0;
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (mode, policy) = (cells[0].trim_matches('`'), cells[1].trim_matches('`'));
        // The default policy has no name in the first column.
        let ends = match policy {
            "best-fit-slots" => mode.to_owned(),
            policy => format!("{mode}/{policy}"),
        };
        let row = rows.iter().find(|(label, _)| label.ends_with(&ends));
        assert_eq!(row.expect("a row of its own").1, cells[2..], "{line}");
        checked += 1;
    }
    assert_eq!(checked, 5);
}
