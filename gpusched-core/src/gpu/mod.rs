//! What a GPU is.

pub mod model;
