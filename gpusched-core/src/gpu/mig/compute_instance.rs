//! Compute instances: how the compute slices of one GPU instance are divided further.
//!
//! Compute instances of a GPU instance share its memory and engines; nothing isolates them from
//! one another there. Source: MIG user guide, and NVIDIA/go-nvml's A100 table. That any widths
//! whose slices add up can stand together is assumed: their placements were not found.

use super::name::{MigName, NameError};

/// Widths a compute instance can have, by their `nvidia-smi mig -cci` id.
pub const COMPUTE_WIDTHS: [u8; 5] = [1, 2, 3, 4, 7];

/// One width offered inside a GPU instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComputeProfile {
    /// Compute slices.
    pub slices: u8,
    /// Id for `nvidia-smi mig -cci`.
    pub smi_id: u8,
    /// Most of them in the GPU instance.
    pub max_count: u8,
}

/// The widths offered inside a GPU instance of `gi_slices`.
///
/// ```
/// use gpusched_core::gpu::mig::compute_profiles;
/// let widths: Vec<_> = compute_profiles(7).map(|width| (width.slices, width.max_count)).collect();
/// assert_eq!(widths, [(1, 7), (2, 3), (3, 2), (4, 1), (7, 1)]);
/// ```
pub fn compute_profiles(gi_slices: u8) -> impl Iterator<Item = ComputeProfile> {
    let offered: &[u8] = match gi_slices {
        1 => &[1],
        2 => &[1, 2],
        3 => &[1, 2, 3],
        4 => &[1, 2, 4],
        7 => &COMPUTE_WIDTHS,
        _ => &[],
    };
    (0..)
        .zip(COMPUTE_WIDTHS)
        .filter(|(_, slices)| offered.contains(slices))
        .map(move |(smi_id, slices)| ComputeProfile {
            slices,
            smi_id,
            max_count: gi_slices / slices,
        })
}

/// The name of a compute instance of `slices` in a GPU instance called `profile`.
///
/// # Errors
/// [`NameError`] when `profile` is no profile name, or has fewer slices.
///
/// ```
/// use gpusched_core::gpu::mig::compute_name;
/// assert_eq!(compute_name("3g.20gb", 1).unwrap(), "1c.3g.20gb");
/// assert_eq!(compute_name("3g.20gb", 3).unwrap(), "3g.20gb");
/// assert!(compute_name("1g.5gb", 2).is_err());
/// ```
pub fn compute_name(profile: &str, slices: u8) -> Result<String, NameError> {
    let mut name: MigName = profile.parse()?;
    if slices == 0 || slices > name.slices {
        return Err(NameError::Compute(format!("{slices}c.{profile}")));
    }
    name.compute = slices;
    Ok(name.to_string())
}

/// The compute instances of one GPU instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComputeSplit {
    gi_slices: u8,
    free: u8,
    /// By `-cci` id.
    counts: [u8; 5],
}

/// Why a compute instance cannot be created or destroyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// Not a width of this GPU instance.
    #[error("a GPU instance of {gi_slices} slices offers no compute instance of {slices}")]
    Width {
        /// Slices of the GPU instance.
        gi_slices: u8,
        /// Slices asked for.
        slices: u8,
    },
    /// Not enough slices left.
    #[error("{slices} compute slices asked for, {free} free")]
    Full {
        /// Slices asked for.
        slices: u8,
        /// Slices left.
        free: u8,
    },
    /// None of that width.
    #[error("there is no compute instance of {0} slices")]
    Missing(u8),
}

impl ComputeSplit {
    /// An undivided GPU instance.
    pub fn new(gi_slices: u8) -> ComputeSplit {
        ComputeSplit {
            gi_slices,
            free: gi_slices,
            counts: [0; 5],
        }
    }

    /// Compute slices left.
    pub fn free(&self) -> u8 {
        self.free
    }

    fn width(&self, slices: u8) -> Result<usize, ComputeError> {
        compute_profiles(self.gi_slices)
            .find(|width| width.slices == slices)
            .map(|width| usize::from(width.smi_id))
            .ok_or(ComputeError::Width {
                gi_slices: self.gi_slices,
                slices,
            })
    }

    /// Creates a compute instance.
    ///
    /// # Errors
    /// [`ComputeError`]: no such width here, or not enough slices left.
    pub fn create(&mut self, slices: u8) -> Result<(), ComputeError> {
        let width = self.width(slices)?;
        if slices > self.free {
            return Err(ComputeError::Full {
                slices,
                free: self.free,
            });
        }
        self.free -= slices;
        self.counts[width] += 1;
        Ok(())
    }

    /// Destroys a compute instance.
    ///
    /// # Errors
    /// [`ComputeError`]: no such width here, or none created.
    pub fn destroy(&mut self, slices: u8) -> Result<(), ComputeError> {
        let width = self.width(slices)?;
        if self.counts[width] == 0 {
            return Err(ComputeError::Missing(slices));
        }
        self.counts[width] -= 1;
        self.free += slices;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_ids_are_those_of_the_guide() {
        let list = |gi| {
            let widths = compute_profiles(gi).map(|w| (w.slices, w.max_count, w.smi_id));
            widths.collect::<Vec<_>>()
        };
        assert_eq!(list(1), [(1, 1, 0)]);
        assert_eq!(list(2), [(1, 2, 0), (2, 1, 1)]);
        assert_eq!(list(3), [(1, 3, 0), (2, 1, 1), (3, 1, 2)]);
        assert_eq!(list(4), [(1, 4, 0), (2, 2, 1), (4, 1, 3)]);
        assert_eq!(list(5), []);
    }

    #[test]
    fn a_split_never_gives_more_slices_than_there_are() {
        let mut split = ComputeSplit::new(7);
        split.create(4).unwrap();
        split.create(3).unwrap();
        assert_eq!(
            split.create(1),
            Err(ComputeError::Full { slices: 1, free: 0 })
        );
        assert_eq!(split.destroy(2), Err(ComputeError::Missing(2)));
        split.destroy(4).unwrap();
        assert_eq!(split.free(), 4);
        assert!(matches!(
            ComputeSplit::new(3).create(4),
            Err(ComputeError::Width { .. })
        ));
    }
}
