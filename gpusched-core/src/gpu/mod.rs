//! What a GPU is, and how several jobs may use one.

pub mod model;
pub mod sharing;
