//! What the controllers do together, one case per rule, worked out by hand.

mod provisioning;

use super::testing::*;
