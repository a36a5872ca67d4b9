//! What a node advertises to Kubernetes: resource names and counts, by the MIG strategy.
//!
//! Source: NVIDIA/k8s-device-plugin 1b826ac.

use super::geometry::Geometry;
use super::layout::GpuLayout;
use super::name::MigStrategy;
use std::collections::BTreeMap;

const GPU: &str = "nvidia.com/gpu";

/// Why a node advertises nothing under `single`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// A whole GPU beside cut ones.
    #[error("MIG strategy `single` wants all GPUs alike: GPU {whole} is whole, GPU {cut} is cut")]
    WholeBesideCut {
        /// The whole one.
        whole: usize,
        /// The cut one.
        cut: usize,
    },
    /// Instances of two profiles.
    #[error(
        "MIG strategy `single` wants one profile on the node: GPU {gpu} has {other}, others have {one}"
    )]
    Profiles {
        /// The GPU.
        gpu: usize,
        /// The profile seen first.
        one: &'static str,
        /// The one that differs.
        other: &'static str,
    },
    /// MIG mode without an instance.
    #[error("MIG strategy `single`: GPU {0} is in MIG mode and has no instance")]
    Empty(usize),
}

/// Resources by name, and how many of each the node has. `gpus` are its GPUs by number with what
/// they look like; `None` for a GPU that cannot be cut.
///
/// Under `none`, MIG is ignored: every GPU counts, cut or not.
///
/// # Errors
/// [`StrategyError`]: `single` on a node whose GPUs differ. The plugin then advertises nothing.
///
/// ```
/// use gpusched_core::gpu::mig::{advertised, board, Geometry, MigConfig, MigStrategy};
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let layout = MigConfig::built_in(a100.board()).expand("all-balanced", &[Some(&a100)]).unwrap();
/// let node = [(Some(&a100), &layout[0])];
/// let mixed = advertised(MigStrategy::Mixed, &node).unwrap();
/// assert_eq!(mixed["nvidia.com/mig-1g.5gb"], 2);
/// assert!(advertised(MigStrategy::Single, &node).is_err());
/// assert_eq!(advertised(MigStrategy::None, &node).unwrap()["nvidia.com/gpu"], 1);
/// ```
pub fn advertised(
    strategy: MigStrategy,
    gpus: &[(Option<&Geometry>, &GpuLayout)],
) -> Result<BTreeMap<String, u32>, StrategyError> {
    if strategy == MigStrategy::Single {
        check_single(gpus)?;
    }
    let mut resources = BTreeMap::new();
    let mut add = |name: String| *resources.entry(name).or_insert(0) += 1;
    for (geometry, layout) in gpus {
        match (strategy, geometry, layout) {
            (MigStrategy::Single | MigStrategy::Mixed, Some(geometry), GpuLayout::Mig(list)) => {
                let names = list.iter().map(|one| geometry.profile(one.profile).name);
                names
                    .filter_map(|name| strategy.resource(name))
                    .for_each(&mut add);
            }
            _ => add(GPU.to_owned()),
        }
    }
    Ok(resources)
}

fn check_single(gpus: &[(Option<&Geometry>, &GpuLayout)]) -> Result<(), StrategyError> {
    let mut whole = None;
    let mut cut = None;
    let mut one: Option<&'static str> = None;
    for (gpu, (geometry, layout)) in gpus.iter().enumerate() {
        match (geometry, layout) {
            (Some(geometry), GpuLayout::Mig(instances)) => {
                cut = cut.or(Some(gpu));
                if instances.is_empty() {
                    return Err(StrategyError::Empty(gpu));
                }
                for instance in instances {
                    let other = geometry.profile(instance.profile).name;
                    let one = *one.get_or_insert(other);
                    if one != other {
                        return Err(StrategyError::Profiles { gpu, one, other });
                    }
                }
            }
            _ => whole = whole.or(Some(gpu)),
        }
    }
    match (whole, cut) {
        (Some(whole), Some(cut)) => Err(StrategyError::WholeBesideCut { whole, cut }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MigConfig, board};
    use super::*;

    fn node(
        configs: &[&str],
        strategy: MigStrategy,
    ) -> Result<BTreeMap<String, u32>, StrategyError> {
        let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
        let file = MigConfig::built_in(a100.board());
        let layouts: Vec<GpuLayout> = configs
            .iter()
            .map(|config| file.expand(config, &[Some(&a100)]).unwrap().remove(0))
            .collect();
        let gpus: Vec<_> = layouts.iter().map(|layout| (Some(&a100), layout)).collect();
        advertised(strategy, &gpus)
    }

    #[test]
    fn single_counts_instances_as_gpus_and_wants_them_alike() {
        let single = |configs: &[&str]| node(configs, MigStrategy::Single);
        assert_eq!(
            single(&["all-1g.5gb", "all-1g.5gb"]).unwrap()["nvidia.com/gpu"],
            14
        );
        assert_eq!(
            single(&["all-disabled", "all-disabled"]).unwrap()["nvidia.com/gpu"],
            2
        );
        assert_eq!(
            single(&["all-disabled", "all-1g.5gb"]),
            Err(StrategyError::WholeBesideCut { whole: 0, cut: 1 })
        );
        assert_eq!(single(&["all-enabled"]), Err(StrategyError::Empty(0)));
        assert!(matches!(
            single(&["all-1g.5gb", "all-2g.10gb"]),
            Err(StrategyError::Profiles { gpu: 1, .. })
        ));
    }

    #[test]
    fn mixed_counts_every_profile_and_whole_gpus_apart() {
        let mixed = node(
            &["all-disabled", "all-1g.5gb.me", "all-3g.20gb"],
            MigStrategy::Mixed,
        );
        let expected = [
            ("nvidia.com/gpu", 1),
            ("nvidia.com/mig-1g.5gb.me", 1),
            ("nvidia.com/mig-3g.20gb", 2),
        ];
        let expected = expected.map(|(name, count)| (name.to_owned(), count));
        assert_eq!(mixed.unwrap(), BTreeMap::from(expected));
    }
}
