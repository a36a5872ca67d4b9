//! Writers of results: one file per output.

mod csv;
mod html;
mod json;
mod statistics;
mod table;

pub use csv::{
    summary_columns, write_costs_csv, write_jobs_csv, write_machines_csv, write_mig_holes_csv,
    write_occupancy_csv, write_places_csv, write_series_csv, write_summary_csv, write_waits_csv,
};
pub use html::Page;
pub use json::{write_summaries_json, write_summary_json};
pub use statistics::{
    BlockComparison, BlockRow, DrawnComparison, Intervals, JobTimes, METRICS, Metric, MetricDrawn,
    PolicyDrawn, blocks_of, drawn_of,
};
pub use table::{Layout, compare_table, span, summary_table, thousands};
