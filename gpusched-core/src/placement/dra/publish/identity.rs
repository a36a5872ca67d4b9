//! What NVML calls the GPU models: product name, brand, architecture, compute capability.
//!
//! Sources: product names as `nvidia-smi -L` prints them and GPU Feature Discovery labels nodes
//! with; compute capabilities from NVIDIA's list of CUDA GPUs; architectures as go-nvlib (3c16156)
//! derives them from the capability.

use crate::gpu::model::GpuModel;

/// How the driver describes a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) product: &'static str,
    /// `None` where no listing was found.
    pub(super) brand: Option<&'static str>,
    pub(super) architecture: &'static str,
    pub(super) capability: &'static str,
}

/// Models whose description is known. Older ones, whose brand depends on the version of the GPU
/// driver, are not here; an empty brand is one nobody has listed.
#[rustfmt::skip]
const IDENTITIES: &[(&str, &str, &str, &str, &str)] = &[
    ("T4", "Tesla T4", "Nvidia", "Turing", "7.5.0"),
    ("A10", "NVIDIA A10", "Nvidia", "Ampere", "8.6.0"),
    ("A30", "NVIDIA A30", "Nvidia", "Ampere", "8.0.0"),
    ("A40", "NVIDIA A40", "Nvidia", "Ampere", "8.6.0"),
    ("A100-PCIE-40GB", "NVIDIA A100-PCIE-40GB", "Nvidia", "Ampere", "8.0.0"),
    ("A100-SXM4-40GB", "NVIDIA A100-SXM4-40GB", "Nvidia", "Ampere", "8.0.0"),
    ("A100-PCIE-80GB", "NVIDIA A100 80GB PCIe", "Nvidia", "Ampere", "8.0.0"),
    ("A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB", "Nvidia", "Ampere", "8.0.0"),
    ("RTX-3090", "NVIDIA GeForce RTX 3090", "", "Ampere", "8.6.0"),
    ("L4", "NVIDIA L4", "Nvidia", "Ada Lovelace", "8.9.0"),
    ("L40S", "NVIDIA L40S", "Nvidia", "Ada Lovelace", "8.9.0"),
    ("H100-PCIE-80GB", "NVIDIA H100 PCIe", "Nvidia", "Hopper", "9.0.0"),
    ("H100-NVL-94GB", "NVIDIA H100 NVL", "Nvidia", "Hopper", "9.0.0"),
    ("H100-SXM5-80GB", "NVIDIA H100 80GB HBM3", "Nvidia", "Hopper", "9.0.0"),
    ("H20-96GB", "NVIDIA H20", "Nvidia", "Hopper", "9.0.0"),
    ("GH200-96GB", "NVIDIA GH200 480GB", "Nvidia", "Hopper", "9.0.0"),
    ("H200-SXM-141GB", "NVIDIA H200", "Nvidia", "Hopper", "9.0.0"),
    ("H200-NVL-141GB", "NVIDIA H200 NVL", "Nvidia", "Hopper", "9.0.0"),
    ("B200-180GB", "NVIDIA B200", "Nvidia", "Blackwell", "10.0.0"),
    ("GB200", "NVIDIA GB200", "Nvidia", "Blackwell", "10.0.0"),
    ("B300-270GB", "NVIDIA B300 SXM6 AC", "Nvidia", "Blackwell", "10.3.0"),
    ("GB300", "NVIDIA GB300", "Nvidia", "Blackwell", "10.3.0"),
    ("RTX-PRO-6000-Blackwell-Server", "NVIDIA RTX PRO 6000 Blackwell Server Edition", "", "Blackwell", "12.0.0"),
];

/// The description of a model, if it is known. O(models).
pub(super) fn identity(model: &GpuModel) -> Option<Identity> {
    let mut rows = IDENTITIES.iter();
    let found = rows.find(|(name, ..)| *name == model.name);
    found.map(|&(_, product, brand, architecture, capability)| Identity {
        product,
        brand: Some(brand).filter(|brand| !brand.is_empty()),
        architecture,
        capability,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::mig::BOARDS;
    use crate::gpu::model::find;

    #[test]
    fn every_row_is_a_model_and_every_mig_model_has_a_row() {
        for (name, product, ..) in IDENTITIES {
            let model = find(name).filter(|model| model.name == *name);
            assert!(model.is_some(), "{name}");
            assert!(product.len() <= 64, "{product}: attributes end there");
        }
        for name in BOARDS.iter().flat_map(|board| board.models) {
            assert!(find(name).and_then(identity).is_some(), "{name}");
        }
    }
}
