//! What a GPU is and how it may be cut.

pub mod mig;
pub mod model;
