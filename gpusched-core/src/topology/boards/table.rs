//! The boards there are, one row each.

use super::links::{
    AS_WIDE, NVLINK1, NVLINK2, NVLINK3, NVLINK3_GDDR, NVLINK4, NVLINK5, PCIE3, PCIE4, PCIE5,
    SAPPHIRE_RAPIDS, SKYLAKE,
};
use super::{BoardPreset, Pcie, Wiring};
use crate::topology::Path;

/// Links per pair of the DGX-1 with P100: a mesh in each half, and one to the twin in the other.
const CUBE_MESH: &[(u8, u8, u8)] = &[
    (0, 1, 1),
    (0, 2, 1),
    (0, 3, 1),
    (1, 2, 1),
    (1, 3, 1),
    (2, 3, 1),
    (4, 5, 1),
    (4, 6, 1),
    (4, 7, 1),
    (5, 6, 1),
    (5, 7, 1),
    (6, 7, 1),
    (0, 4, 1),
    (1, 5, 1),
    (2, 6, 1),
    (3, 7, 1),
];

/// Links per pair of the DGX-1 with V100: six per GPU.
const HYBRID_CUBE_MESH: &[(u8, u8, u8)] = &[
    (0, 3, 2),
    (0, 4, 2),
    (1, 2, 2),
    (1, 5, 2),
    (2, 3, 2),
    (4, 7, 2),
    (5, 6, 2),
    (6, 7, 2),
    (0, 1, 1),
    (0, 2, 1),
    (1, 3, 1),
    (2, 6, 1),
    (3, 7, 1),
    (4, 5, 1),
    (4, 6, 1),
    (5, 7, 1),
];

const fn pcie(gbps: f64, socket_gbps: f64, near: Option<(u8, Path)>, inside: Path) -> Pcie {
    Pcie {
        gbps,
        socket_gbps,
        near,
        inside,
    }
}

const HALVES3: Pcie = pcie(PCIE3, SKYLAKE, None, Path::Node);
const HALVES4: Pcie = pcie(PCIE4, AS_WIDE, None, Path::Node);
const HALVES5: Pcie = pcie(PCIE5, SAPPHIRE_RAPIDS, None, Path::Node);
const SWITCHED3: Pcie = pcie(PCIE3, SKYLAKE, Some((1, Path::Pix)), Path::Node);
const SWITCHED4: Pcie = pcie(PCIE4, AS_WIDE, Some((1, Path::Pix)), Path::Node);

const GO: &str = "NVIDIA/go-gpuallocator 876e7b7, test fixtures";
const ML: &str = "stas00/ml-engineering, network/README.md";
const AZURE: &str = "thresholds of Azure/azurehpc-health-checks; links assumed";
const ASSUMED: &str = "assumed: two sockets, direct attach";

/// Every board the project knows. The first row that lists a model is its default.
#[rustfmt::skip]
pub const BOARDS: &[BoardPreset] = &[
    BoardPreset { name: "dgx-1p", models: &["P100-SXM2-16GB"], gpus: 8,
        wiring: Wiring::Pairs { nvlink: NVLINK1, pairs: CUBE_MESH, beside_pcie: true },
        pcie: pcie(PCIE3, SKYLAKE, Some((2, Path::Pix)), Path::Phb), nics: (4, 100.0), source: GO },
    BoardPreset { name: "dgx-1v", models: &["V100-SXM2-16GB", "V100-SXM2-32GB"], gpus: 8,
        wiring: Wiring::Pairs { nvlink: NVLINK2, pairs: HYBRID_CUBE_MESH, beside_pcie: true },
        pcie: pcie(PCIE3, SKYLAKE, Some((1, Path::Pix)), Path::Phb), nics: (4, 100.0), source: GO },
    BoardPreset { name: "dgx-2", models: &["V100-SXM3-32GB"], gpus: 16,
        wiring: Wiring::Switch { nvlink: NVLINK2, links: 6, reduces: false },
        pcie: SWITCHED3, nics: (8, 100.0), source: ML },
    BoardPreset { name: "dgx-a100", models: &["A100-SXM4-40GB", "A100-SXM4-80GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK3, links: 12, reduces: false },
        pcie: SWITCHED4, nics: (8, 200.0), source: ML },
    BoardPreset { name: "p4d", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK3, links: 12, reduces: false },
        pcie: SWITCHED4, nics: (4, 100.0), source: ML },
    BoardPreset { name: "hgx-h100", models: &["H100-SXM5-80GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 400.0), source: ML },
    BoardPreset { name: "p5", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (32, 100.0), source: ML },
    BoardPreset { name: "a3-mega", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 200.0), source: ML },
    BoardPreset { name: "a3-high", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (4, 200.0), source: ML },
    BoardPreset { name: "hgx-h800", models: &["H800-SXM5-80GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 8, reduces: true },
        pcie: HALVES5, nics: (8, 400.0), source: ML },
    BoardPreset { name: "hgx-h20", models: &["H20-96GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 400.0), source: "as hgx-h100: assumed" },
    BoardPreset { name: "hgx-h200", models: &["H200-SXM-141GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 400.0), source: ML },
    BoardPreset { name: "p5en", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK4, links: 18, reduces: true },
        pcie: HALVES5, nics: (16, 200.0), source: ML },
    BoardPreset { name: "hgx-b200", models: &["B200-180GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK5, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 400.0), source: ML },
    BoardPreset { name: "hgx-b300", models: &["B300-270GB"], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK5, links: 18, reduces: true },
        pcie: HALVES5, nics: (8, 800.0), source: ML },
    BoardPreset { name: "p6-b300", models: &[], gpus: 8,
        wiring: Wiring::Switch { nvlink: NVLINK5, links: 18, reduces: true },
        pcie: HALVES5, nics: (16, 400.0), source: ML },
    BoardPreset { name: "gb200-tray", models: &["GB200"], gpus: 4,
        wiring: Wiring::Switch { nvlink: NVLINK5, links: 18, reduces: true },
        pcie: HALVES5, nics: (4, 400.0), source: ML },
    BoardPreset { name: "gb300-tray", models: &["GB300"], gpus: 4,
        wiring: Wiring::Switch { nvlink: NVLINK5, links: 18, reduces: true },
        pcie: HALVES5, nics: (4, 800.0), source: "as gb200-tray, with the cards of hgx-b300: assumed" },
    BoardPreset { name: "gh200", models: &["GH200-96GB"], gpus: 1,
        wiring: Wiring::Pcie, pcie: HALVES5, nics: (1, 400.0), source: "assumed" },
    BoardPreset { name: "a100-pcie-pairs", models: &["A100-PCIE-40GB", "A100-PCIE-80GB"], gpus: 4,
        wiring: Wiring::Groups { nvlink: NVLINK3, of: 2, links: 12 },
        pcie: HALVES4, nics: (1, 100.0), source: AZURE },
    BoardPreset { name: "a30-pairs", models: &["A30"], gpus: 4,
        wiring: Wiring::Groups { nvlink: NVLINK3, of: 2, links: 4 },
        pcie: HALVES4, nics: (1, 100.0), source: ASSUMED },
    BoardPreset { name: "a40-pairs", models: &["A40"], gpus: 8,
        wiring: Wiring::Groups { nvlink: NVLINK3_GDDR, of: 2, links: 4 },
        pcie: HALVES4, nics: (1, 100.0), source: "NVIDIA/nccl topo.h, NVIDIA/nccl-tests issue 74; links assumed" },
    BoardPreset { name: "h100-pcie-pairs", models: &["H100-PCIE-80GB"], gpus: 4,
        wiring: Wiring::Groups { nvlink: NVLINK4, of: 2, links: 12 },
        pcie: HALVES5, nics: (1, 100.0), source: AZURE },
    BoardPreset { name: "h100-nvl-pairs", models: &["H100-NVL-94GB"], gpus: 2,
        wiring: Wiring::Groups { nvlink: NVLINK4, of: 2, links: 12 },
        pcie: HALVES5, nics: (1, 100.0), source: AZURE },
    BoardPreset { name: "h200-nvl-quads", models: &["H200-NVL-141GB"], gpus: 8,
        wiring: Wiring::Groups { nvlink: NVLINK4, of: 4, links: 6 },
        pcie: HALVES5, nics: (1, 400.0), source: "data sheet: bridges of four; links per pair assumed" },
    BoardPreset { name: "4xrtx8000", models: &["RTX-8000"], gpus: 4,
        wiring: Wiring::Pairs { nvlink: NVLINK2, pairs: &[(0, 3, 2), (1, 2, 2)], beside_pcie: false },
        pcie: HALVES3, nics: (1, 100.0), source: GO },
    BoardPreset { name: "l40s", models: &["L40S"], gpus: 4,
        wiring: Wiring::Pcie, pcie: HALVES4, nics: (1, 400.0), source: "warpem/miss-alignment issue 106" },
    BoardPreset { name: "l4", models: &["L4"], gpus: 8,
        wiring: Wiring::Pcie, pcie: HALVES4, nics: (1, 100.0), source: ASSUMED },
    BoardPreset { name: "t4", models: &["T4"], gpus: 4,
        wiring: Wiring::Pcie, pcie: HALVES3, nics: (1, 100.0), source: ASSUMED },
    BoardPreset { name: "pcie3", models: &["K80", "P100"], gpus: 8,
        wiring: Wiring::Pcie, pcie: SWITCHED3, nics: (1, 100.0), source: ASSUMED },
    BoardPreset { name: "pcie4", models: &["A10", "RTX-3090"], gpus: 8,
        wiring: Wiring::Pcie, pcie: HALVES4, nics: (1, 100.0), source: ASSUMED },
    BoardPreset { name: "pcie5", models: &["RTX-PRO-6000-Blackwell-Server"], gpus: 8,
        wiring: Wiring::Pcie, pcie: HALVES5, nics: (1, 400.0), source: ASSUMED },
    BoardPreset { name: "mi250x", models: &["MI250"], gpus: 8,
        wiring: Wiring::Mesh { gbps: 50.0 }, pcie: HALVES4, nics: (8, 200.0), source: ML },
    BoardPreset { name: "mi300x", models: &["MI300X"], gpus: 8,
        wiring: Wiring::Mesh { gbps: 64.0 }, pcie: HALVES5, nics: (8, 400.0), source: ML },
];
