//! Writers of results: one file per output.

mod csv;
mod json;
mod table;

pub use csv::{
    write_costs_csv, write_jobs_csv, write_machines_csv, write_mig_holes_csv, write_places_csv,
    write_series_csv, write_summary_csv, write_waits_csv,
};
pub use json::{write_summaries_json, write_summary_json};
pub use table::{compare_table, span, summary_table};
