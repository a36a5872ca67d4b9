//! MIG: the table against its source, the geometry against brute force and the published counts,
//! the policies against what they are known to decide.

mod mig_cluster;
mod mig_golden;
mod mig_layout;
mod mig_packing;
mod mig_policies;
mod mig_properties;
mod mig_repartition;
mod mig_table;

/// Reads a file of the material shared between the authors, or says why a test did not run.
fn shared(path: &str) -> Option<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/");
    let text = std::fs::read_to_string(format!("{root}{path}")).ok();
    if text.is_none() {
        // Straight to standard error: what the test harness captures, nobody sees.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: ../shared not present
",
        );
    }
    text
}
