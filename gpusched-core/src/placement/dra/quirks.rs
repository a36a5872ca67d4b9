//! What the allocator of Kubernetes 1.36 gets wrong, each a switch.

macro_rules! quirks {
    ($($tag:literal $field:ident $doc:literal;)*) => {
        /// Deviations of the real allocator from what the API promises, each reproduced when its
        /// switch is on. The tags are ours; none of the behaviours is documented upstream
        /// (observed on v0.36.2 of `k8s.io/dynamic-resource-allocation`).
        ///
        /// ```
        /// use gpusched_core::placement::dra::Quirks;
        /// let mut quirks = Quirks::NONE;
        /// assert!(quirks.set("B4", true) && quirks.counters_by_pool_name);
        /// assert!(!quirks.set("B99", true));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Quirks {
            $(#[doc = concat!($tag, ": ", $doc)] pub $field: bool,)*
        }

        impl Quirks {
            /// Mode `kube-compat`: all of them, as the program that is deployed.
            pub const KUBE: Quirks = Quirks { $($field: true,)* };
            /// Mode `correct`: none of them.
            pub const NONE: Quirks = Quirks { $($field: false,)* };
            /// Tag and description of each.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$(($tag, $doc),)*];

            /// Sets one by its tag; `false` when there is none of this tag.
            pub fn set(&mut self, tag: &str, on: bool) -> bool {
                match tag {
                    $($tag => self.$field = on,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

quirks! {
    "B1" distinct_forgets "`distinctAttribute` remembers one value for each request: the next device of the request overwrites it, and taking one device back forgets it.";
    "B2" taint_keeps_counters "A device that one of its taints refuses keeps the counters it was checked for.";
    "B3" constraint_keeps_counters "A device that a constraint refuses keeps the counters it was checked for.";
    "B4" counters_by_pool_name "Counters are looked up by pool name without the driver: the driver whose device is checked first fixes the limits of all.";
    "B5" intersection_sticks "With list attributes, what all devices have in common is not restored when one is taken back.";
    "B6a" shared_keeps_counters "Taking back a device that several claims may have does not give its counters back.";
    "B6b" capacity_keeps_constraints "Mode `All`: a device whose capacity does not suffice stays counted in the constraints.";
}
