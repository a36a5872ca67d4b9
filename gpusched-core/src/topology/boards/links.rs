//! What the links of GPUs carry: NVLink by generation, PCIe, and the wires between sockets.
//!
//! All figures are GB/s in one direction. NVLink: data sheets as collected in
//! stas00/ml-engineering (network/README.md). PCIe and sockets: the constants NCCL 2.30.7 plans
//! with (`src/graph/topo.h`: `PCI_BW`, `SKL_QPI`, `SRP_QPI`), and the rate of the slots where
//! generation 4 and 5 are newer than its table.

/// A generation of NVLink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NvLink {
    /// Its number.
    pub generation: u8,
    /// One link.
    pub gbps: f64,
    /// Most links a GPU of it has.
    pub most: u8,
}

const fn nvlink(generation: u8, gbps: f64, most: u8) -> NvLink {
    NvLink {
        generation,
        gbps,
        most,
    }
}

/// P100.
pub const NVLINK1: NvLink = nvlink(1, 20.0, 4);
/// V100.
pub const NVLINK2: NvLink = nvlink(2, 25.0, 6);
/// A100, A30.
pub const NVLINK3: NvLink = nvlink(3, 25.0, 12);
/// A40 and other boards with GDDR: the same generation, slower links (NCCL's `SM86_NVLINK_BW`).
pub const NVLINK3_GDDR: NvLink = nvlink(3, 14.0, 4);
/// H100, H200.
pub const NVLINK4: NvLink = nvlink(4, 25.0, 18);
/// B200, GB200 and their successors.
pub const NVLINK5: NvLink = nvlink(5, 50.0, 18);

/// PCIe generation 3, sixteen lanes.
pub const PCIE3: f64 = 12.0;
/// PCIe generation 4, sixteen lanes.
pub const PCIE4: f64 = 31.0;
/// PCIe generation 5, sixteen lanes.
pub const PCIE5: f64 = 63.0;

/// Between two Skylake sockets (and those before).
pub const SKYLAKE: f64 = 10.0;
/// Between two Sapphire Rapids sockets.
pub const SAPPHIRE_RAPIDS: f64 = 22.0;
/// A wire between sockets that is no narrower than the slots.
pub const AS_WIDE: f64 = f64::INFINITY;
