//! The DRA allocator: rules worked out by hand, its quirks, brute-force twins, properties.

mod build;
mod choices;
mod gangs;
mod quirks;
mod rules;
mod twins;
