//! Results as CSV: exact decimals, one header line, a final newline. One file per output.

mod fields;
mod jobs;
mod machines;
mod mig_holes;
mod places;
mod series;
mod summary;
mod waits;

pub use jobs::write_jobs_csv;
pub use machines::{write_costs_csv, write_machines_csv};
pub use mig_holes::write_mig_holes_csv;
pub use places::write_places_csv;
pub use series::write_series_csv;
pub use summary::write_summary_csv;
pub use waits::write_waits_csv;
