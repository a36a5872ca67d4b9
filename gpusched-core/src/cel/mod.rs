//! CEL, as Kubernetes evaluates selectors of devices with it.

mod device;

pub use device::{Attribute, DeviceFacts};
