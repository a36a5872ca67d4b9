//! Traces: the canonical rows and the formats they are read from and written to.

pub mod generate;
pub mod row;
