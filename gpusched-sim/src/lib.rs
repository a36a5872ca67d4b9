//! Replay GPU-cluster traces against the scheduler you are about to deploy.

pub mod calibrate;
pub mod diagnostic;
pub mod engine;
pub mod trace;
