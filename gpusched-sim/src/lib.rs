//! Replay GPU-cluster traces against the scheduler you are about to deploy.

pub mod audit;
pub mod bounds;
pub mod builtin;
pub mod calibrate;
pub mod catalog;
pub mod cloud;
pub mod diagnostic;
pub mod dra;
pub mod engine;
pub mod experiment;
pub mod export;
pub mod kueue;
pub mod manifest;
pub mod metrics;
pub mod network;
pub mod provision;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod sharing;
pub mod spot;
pub mod stats;
pub mod sweep;
pub mod topology;
pub mod trace;
pub mod virtual_clusters;
mod yaml;
