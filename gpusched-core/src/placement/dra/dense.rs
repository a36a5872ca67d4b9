//! Dense indices of this module's own tables, as those of [`crate::ids`].

macro_rules! dense {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(in crate::placement::dra) struct $name(pub(in crate::placement::dra) u32);

        impl $name {
            /// The position as an array index.
            #[inline]
            pub(in crate::placement::dra) const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// # Panics
            /// When the table has outgrown its index: four thousand million devices.
            #[inline]
            fn from(index: usize) -> Self {
                $name(u32::try_from(index).expect("fewer devices than 2^32"))
            }
        }
    };
}

pub(in crate::placement::dra) use dense;
