//! Many numbers made few, without hiding what matters: every function says what it keeps exactly.

mod cdf;
mod gantt;
mod heat;
mod timeline;
mod top;

pub(super) use cdf::{Axis, shares};
pub(super) use gantt::{Gantt, gantt};
pub(super) use heat::{Heat, heat};
pub(super) use timeline::{Grid, extremes, slice_means};
pub(super) use top::Top;
