//! Multi-Instance GPU (MIG): how one GPU is cut into isolated instances.
//!
//! A *profile* (`2g.10gb`) says how many compute slices, memory slots and engines an instance has;
//! a *placement* says at which slot it starts. Only some starts are legal, so what fits depends on
//! where the instances stand, not only on how much is free. The modules, from facts to decisions:
//!
//! | module | holds |
//! |---|---|
//! | [`boards`] | every board and its profiles, as data with sources |
//! | [`name`] | profile names and resource names |
//! | [`advertise`] | what a node offers Kubernetes |
//! | [`geometry`] | one board compiled into O(1) tables over its occupancies |
//! | [`counters`] | engine counts and the one-`+me` rule |
//! | [`order`] | in which order starts are tried |
//! | [`mod@enumerate`] | all states of a GPU |
//! | [`arrange`] | where a wanted set of instances can stand |
//! | [`state`] | one GPU: instances, used or free |
//! | [`scan`] | the best of many GPUs, fast |
//! | [`fragmentation`] | what holes cost |
//! | [`compute_instance`] | subdivision of an instance |
//! | [`layout`] | mig-parted configurations |
//! | [`repartition`] | when instances are created and destroyed, and what it costs |
//!
//! Which GPU and start a request gets is a policy: [`crate::placement::mig`].

pub mod advertise;
pub mod arrange;
pub mod boards;
pub mod compute_instance;
pub mod counters;
pub mod enumerate;
pub mod fragmentation;
pub mod geometry;
pub mod layout;
pub mod name;
pub mod order;
pub mod profiles;
pub mod repartition;
pub mod scan;
pub mod state;

pub use advertise::{StrategyError, advertised};
pub use arrange::{Held, create_in_order, create_in_some_order, search};
pub use boards::{BOARDS, board, board_by_pci, board_of_model};
pub use compute_instance::{
    COMPUTE_WIDTHS, ComputeError, ComputeProfile, ComputeSplit, compute_name, compute_profiles,
};
pub use counters::{Counters, Limits};
pub use enumerate::{
    Layout, Multiset, Totals, enumerate, maximal_multisets, multiset, visit_layouts,
};
pub use fragmentation::{Blocked, Holes};
pub use geometry::{Geometry, GeometryError, Instance, ProfileSet, Rules, Units};
pub use layout::{All, Devices, GpuLayout, LayoutError, MigConfig, MigConfigEntry, OneOrMany};
pub use name::{
    Attributes, MigName, MigStrategy, NameError, eighths_gb, name_for_total, printed_gb,
    profile_of_resource,
};
pub use order::StartOrder;
pub use profiles::{Board, Engines, Evidence, Media, NvmlProfile, Profile, ProfileRow};
pub use scan::Scores;
pub use state::{InstanceError, MigGpu};
