//! Feature gates that change what the allocator does.

/// A feature nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no DRA feature `{0}`: {known}", known = Features::NAMES.join(", "))]
pub struct UnknownFeature(pub String);

macro_rules! features {
    ($($name:literal $gate:literal $field:ident $v1_36:literal $doc:literal;)*) => {
        /// Features of the allocator, each named as in the library; their gates are named with the
        /// prefix `DRA`.
        ///
        /// ```
        /// use gpusched_core::placement::dra::Features;
        /// let mut features = Features::V1_36;
        /// assert!(!features.list_type_attributes);
        /// features.set("DRAListTypeAttributes", true).unwrap();
        /// features.set("DeviceTaints", false).unwrap();
        /// assert!(features.list_type_attributes && !features.device_taints);
        /// assert!(features.set("NoSuchFeature", true).is_err());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Features {
            $(#[doc = concat!("`", $name, "` (`", $gate, "`): ", $doc)] pub $field: bool,)*
        }

        impl Features {
            /// The defaults of Kubernetes 1.36.
            pub const V1_36: Features = Features { $($field: $v1_36,)* };
            /// The names of the library, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Sets a feature by its name in the library or by the name of its gate.
            ///
            /// # Errors
            /// [`UnknownFeature`] when there is none of this name.
            pub fn set(&mut self, name: &str, on: bool) -> Result<(), UnknownFeature> {
                match name {
                    $($name | $gate => self.$field = on,)*
                    _ => return Err(UnknownFeature(name.to_owned())),
                }
                Ok(())
            }
        }
    };
}

features! {
    "AdminAccess" "DRAAdminAccess" admin_access true "Requests may ask for access beside the users of a device.";
    "PrioritizedList" "DRAPrioritizedList" prioritized_list true "Requests may list alternatives.";
    "PartitionableDevices" "DRAPartitionableDevices" partitionable_devices true "Devices may draw on counters, and say themselves where they can be used.";
    "DeviceTaints" "DRADeviceTaints" device_taints true "Taints of devices keep claims away.";
    "DeviceBindingAndStatus" "DRADeviceBindingConditions" binding_conditions true "Devices may have binding conditions.";
    "ConsumableCapacity" "DRAConsumableCapacity" consumable_capacity true "Several claims may have a device at once.";
    "ListTypeAttributes" "DRAListTypeAttributes" list_type_attributes false "Attributes may be lists (alpha in 1.36; the experimental allocator).";
}

impl Default for Features {
    fn default() -> Self {
        Features::V1_36
    }
}
