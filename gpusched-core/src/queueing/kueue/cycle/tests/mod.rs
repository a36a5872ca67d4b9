//! Cases by hand, and invariants over random histories.

mod golden;
mod random;
