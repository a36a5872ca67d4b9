//! The tests of gpusched-sim from outside, in one program: linked once, helpers shared.

mod cases;
mod cli;
mod common;

mod bad_traces;
mod catalog;
mod cli_bad_input;
mod cli_results;
mod cli_screens;
mod cluster_twin;
mod generator;
mod invariants;
mod kueue_admit;
mod kueue_bad_manifests;
mod kueue_load;
mod kueue_manifests;
mod kueue_replay;
mod kueue_run;
mod kueue_screens;
mod metrics;
mod mig;
mod rules;
mod sharing;
mod speeds;
mod spot;
mod summary_twin;
mod trace_datasets;
mod trace_formats;
mod trace_v1;
mod worlds;
