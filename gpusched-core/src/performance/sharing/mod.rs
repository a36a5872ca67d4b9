//! How fast a job runs on a part of a GPU, and next to whom.
//!
//! Four laws, each the smallest that describes published measurements; the errors are those of
//! `gpusched-bench reproduce sharing`:
//!
//! | situation | law | checked against |
//! |---|---|---|
//! | a [slice](mod@slice) of the device | step time `a + c/share`; a measured time goes before it | MISO, ParvaGPU: 8 % |
//! | [MPS](neighbours) | slowdown `1 + Σ S_i·P_j` over the neighbours | nos: 1 %; Gavel pairs |
//! | [time-slicing](neighbours) | slowdown `1.11 · Σ duty` | nos: 1 % |
//! | MIG neighbours | none | nos: 1 % |
//!
//! Never scale throughput by the number of slices: on the same data that is wrong by 36–39 %.
//!
//! Floats live in laws and [fits](fit). What leaves them is a [`Speed`], an integer; remaining
//! work and finishing instants ([`Progress`]) are integers throughout, so no number of speed
//! changes loses or invents work.

pub mod calibrate;
pub mod fit;
pub mod neighbours;
mod progress;
pub mod slice;
mod speed;

pub use progress::{Progress, Work};
pub use speed::Speed;
