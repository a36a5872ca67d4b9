//! What a GPU is, how it may be cut, and how several jobs may use one.

pub mod mig;
pub mod model;
pub mod sharing;
