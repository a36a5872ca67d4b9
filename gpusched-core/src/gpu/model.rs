//! The catalogue of GPU models: one table, no code per model.
//!
//! Sources: NVIDIA and AMD datasheets and public `nvidia-smi` listings; memory is what NVML
//! reports, in MiB. Idle power is partly assumed. Rows named after the openb trace (`G2`, `G3`,
//! `V100M16` …) carry the idle and full power of the PWR plug-in (Fr4nz83/PWR-plugin-kubernetes
//! at 3bfd53fe), which stands in for undisclosed models.

use serde::Serialize;

/// Facts about one GPU model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GpuModel {
    /// Name used in clusters and traces.
    pub name: &'static str,
    /// Architecture.
    pub arch: &'static str,
    /// Device memory, MiB.
    pub mem_mib: u32,
    /// Streaming multiprocessors (compute units for AMD).
    pub sms: u32,
    /// Power of an idle device, W.
    pub idle_w: u32,
    /// Power limit, W.
    pub full_w: u32,
    /// Most MIG instances; 0 = no MIG.
    pub mig_max: u32,
}

const fn model(
    name: &'static str,
    arch: &'static str,
    mem_mib: u32,
    sms: u32,
    idle_w: u32,
    full_w: u32,
    mig_max: u32,
) -> GpuModel {
    GpuModel {
        name,
        arch,
        mem_mib,
        sms,
        idle_w,
        full_w,
        mig_max,
    }
}

/// Every model the project knows, real models first.
#[rustfmt::skip]
pub const CATALOGUE: &[GpuModel] = &[
    model("K80", "Kepler", 11441, 13, 25, 150, 0),
    model("P100-SXM2-16GB", "Pascal", 16280, 56, 25, 300, 0),
    model("V100-SXM2-16GB", "Volta", 16160, 80, 30, 300, 0),
    model("V100-SXM2-32GB", "Volta", 32510, 80, 30, 300, 0),
    model("T4", "Turing", 15360, 40, 10, 70, 0),
    model("A10", "Ampere", 23028, 72, 30, 150, 0),
    model("A30", "Ampere", 24576, 56, 30, 165, 4),
    model("A40", "Ampere", 46068, 84, 22, 300, 0),
    model("A100-PCIE-40GB", "Ampere", 40960, 108, 35, 250, 7),
    model("A100-SXM4-40GB", "Ampere", 40960, 108, 52, 400, 7),
    model("A100-PCIE-80GB", "Ampere", 81920, 108, 45, 300, 7),
    model("A100-SXM4-80GB", "Ampere", 81920, 108, 62, 400, 7),
    model("RTX-3090", "Ampere", 24576, 82, 25, 350, 0),
    model("L4", "Ada", 23034, 58, 16, 72, 0),
    model("L40S", "Ada", 46068, 142, 45, 350, 0),
    model("H100-PCIE-80GB", "Hopper", 81559, 114, 54, 350, 7),
    model("H100-NVL-94GB", "Hopper", 95830, 132, 62, 400, 7),
    model("H100-SXM5-80GB", "Hopper", 81559, 132, 71, 700, 7),
    model("H20-96GB", "Hopper", 97871, 78, 75, 400, 7),
    model("GH200-96GB", "Hopper", 97280, 132, 80, 700, 7),
    model("H200-SXM-141GB", "Hopper", 143771, 132, 77, 700, 7),
    model("H200-NVL-141GB", "Hopper", 143771, 132, 75, 600, 7),
    model("B200-180GB", "Blackwell", 183359, 148, 140, 1000, 7),
    model("GB200", "Blackwell", 190464, 152, 145, 1200, 7),
    model("B300-270GB", "Blackwell Ultra", 276480, 148, 150, 1100, 7),
    model("GB300", "Blackwell Ultra", 285696, 152, 175, 1400, 7),
    model("RTX-PRO-6000-Blackwell-Server", "Blackwell", 97887, 188, 40, 600, 4),
    model("MI250", "CDNA2", 65520, 104, 45, 280, 0),
    model("MI300X", "CDNA3", 196592, 304, 140, 750, 0),
    // openb (Alibaba 2023): names as in its node list; G2 and G3 are undisclosed.
    model("P100", "Pascal", 16280, 56, 25, 250, 0),
    model("V100M16", "Volta", 16160, 80, 30, 300, 0),
    model("V100M32", "Volta", 32510, 80, 30, 300, 0),
    model("G2", "undisclosed", 23028, 0, 30, 150, 0),
    model("G3", "undisclosed", 81920, 0, 50, 400, 0),
];

/// What is assumed of a model the catalogue does not know: a 300 W device that idles at 30 W and
/// whose memory is not known.
pub const UNKNOWN: GpuModel = model("unknown", "unknown", 0, 0, 30, 300, 0);

/// Finds a model by its exact name, or the first variant of a family (`A100` finds
/// `A100-PCIE-40GB`). O(catalogue).
///
/// ```
/// use gpusched_core::gpu::model::find;
/// assert_eq!(find("T4").unwrap().full_w, 70);
/// assert!(find("H100").unwrap().name.starts_with("H100-"));
/// assert!(find("warp-drive").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static GpuModel> {
    let family = |model: &&GpuModel| {
        model
            .name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('-'))
    };
    CATALOGUE
        .iter()
        .find(|model| model.name == name)
        .or_else(|| CATALOGUE.iter().find(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_usable_device_and_names_are_unique() {
        for (index, model) in CATALOGUE.iter().enumerate() {
            assert!(
                model.mem_mib > 0 && model.idle_w < model.full_w,
                "{model:?}"
            );
            assert!(model.mig_max <= 7, "{model:?}");
            let twin = CATALOGUE[..index]
                .iter()
                .any(|other| other.name == model.name);
            assert!(!twin, "{} stands twice", model.name);
        }
    }
}
