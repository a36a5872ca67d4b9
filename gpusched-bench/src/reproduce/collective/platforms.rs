//! How the measured platforms are wired, and which of them are fitted.

use gpusched_core::performance::collective::{Algorithm, Group, Wire};

/// What a curve is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To find the parameters.
    Fitted,
    /// To see how good they are.
    Predicted,
}

/// A platform of the table.
#[derive(Clone, Debug)]
pub(super) struct Platform {
    pub(super) name: &'static str,
    pub(super) used: Use,
    pub(super) group: Group,
    pub(super) algorithm: Option<Algorithm>,
}

const A100: Wire = switch(300.0, false);
const HOPPER: Wire = switch(450.0, true);
const BLACKWELL: Wire = switch(900.0, true);
/// An NVLink domain of several trays.
const NVL: Wire = Wire {
    spans_nodes: true,
    ..BLACKWELL
};

const fn switch(gbps: f64, reduces: bool) -> Wire {
    Wire {
        ring_gbps: gbps,
        gpu_gbps: gbps,
        reduces,
        spans_nodes: false,
    }
}

/// Eight meshed GPUs with a link of 64 GB/s for every pair, `rings` of which are in rings.
const fn mesh(rings: f64) -> Wire {
    Wire {
        ring_gbps: rings * 64.0,
        gpu_gbps: 448.0,
        reduces: false,
        spans_nodes: false,
    }
}

/// Islands of `thinnest` GPUs with `nic` GB/s of cards each; `per_node` of them on a node.
const fn group(islands: u32, thinnest: u32, per_node: u32, wire: Wire, nic: f64) -> Group {
    Group {
        gpus: islands * thinnest,
        islands,
        thinnest,
        per_node,
        wire,
        nic_gbps: nic * thinnest as f64,
        oversubscription: 1.0,
        crossing_us: 0.0,
    }
}

const fn node(gpus: u32, wire: Wire) -> Group {
    group(1, gpus, gpus, wire, 0.0)
}

/// What twenty racks of GB200 reach in the end is half of what their cards allow. Their fabric is
/// not published; the curve is fitted as if 8:1 oversubscribed, for its latencies.
const TWENTY_RACKS: Group = Group {
    oversubscription: 8.0,
    ..group(20, 72, 4, NVL, 50.0)
};

/// All platforms. Of each family (Ampere, Hopper, Blackwell, GB200) one part is fitted and its
/// siblings are predicted: H100 from H200, two nodes from one, two racks from one and twenty, B200
/// with fewer GPUs from all eight, IB from EFA; MI300X from rings elsewhere. With cards of 400 Gb/s
/// per GPU, or 100 Gb/s for two (P4de).
pub(super) fn platforms() -> Vec<Platform> {
    use Use::{Fitted, Predicted};
    let plain = |name, used, group| Platform {
        name,
        used,
        group,
        algorithm: None,
    };
    let by = |name, group, algorithm| Platform {
        name,
        used: Predicted,
        group,
        algorithm: Some(algorithm),
    };
    let mut all = vec![
        plain("A100-SXM 8x NVLink3", Fitted, node(8, A100)),
        plain(
            "A100 2x8 P4de EFA 4x100G",
            Predicted,
            group(2, 8, 8, A100, 6.25),
        ),
        plain("H200-SXM 8x (NVLS)", Fitted, node(8, HOPPER)),
        plain("H100-SXM 8x (NVLS)", Predicted, node(8, HOPPER)),
        plain(
            "H100 2x8 P5 EFA 32x100G",
            Predicted,
            group(2, 8, 8, HOPPER, 50.0),
        ),
        plain(
            "64 GPU IB example (H100 assumed)",
            Predicted,
            group(8, 8, 8, HOPPER, 50.0),
        ),
        by(
            "H200 4x8 P5en EFA 16x200G ring",
            group(4, 8, 8, HOPPER, 50.0),
            Algorithm::Ring,
        ),
        plain("B200 8x P6 (NVLS)", Fitted, node(8, BLACKWELL)),
        plain(
            "B200 4x8 P6 EFA 8x400G",
            Fitted,
            group(4, 8, 8, BLACKWELL, 50.0),
        ),
        plain("GB200 1 rack NVL72", Fitted, group(1, 72, 4, NVL, 50.0)),
        plain("GB200 2 racks", Predicted, group(2, 72, 4, NVL, 50.0)),
        plain("GB200 20 racks", Fitted, TWENTY_RACKS),
        plain("MI300X 2 of 8", Predicted, node(2, mesh(1.0))),
        plain("MI300X 8 of 8", Predicted, node(8, mesh(6.0))),
    ];
    for (gpus, ring, tree) in [
        (
            4,
            "GB200 3x NVL4 across racks ring",
            "GB200 3x NVL4 across racks tree",
        ),
        (
            8,
            "GB200 3x NVL8 across racks ring",
            "GB200 3x NVL8 across racks tree",
        ),
    ] {
        let three = group(3, gpus, 4, if gpus > 4 { NVL } else { BLACKWELL }, 50.0);
        all.push(by(ring, three, Algorithm::Ring));
        all.push(by(tree, three, Algorithm::Tree));
    }
    let partial = [
        (
            4,
            "H200 4 of 8 default",
            "H200 4 of 8 NVLS off",
            "B200 4 of 8 default",
            "B200 4 of 8 NVLS off",
        ),
        (
            5,
            "H200 5 of 8 default",
            "H200 5 of 8 NVLS off",
            "B200 5 of 8 default",
            "B200 5 of 8 NVLS off",
        ),
        (
            6,
            "H200 6 of 8 default",
            "H200 6 of 8 NVLS off",
            "B200 6 of 8 default",
            "B200 6 of 8 NVLS off",
        ),
        (
            7,
            "H200 7 of 8 default",
            "H200 7 of 8 NVLS off",
            "B200 7 of 8 default",
            "B200 7 of 8 NVLS off",
        ),
        (
            8,
            "H200 8 of 8 default",
            "H200 8 of 8 NVLS off",
            "B200 8 of 8 default",
            "B200 8 of 8 NVLS off",
        ),
    ];
    for (gpus, h200, h200_ring, b200, b200_ring) in partial {
        for (used, wire, default, off) in [
            (Fitted, HOPPER, h200, h200_ring),
            (Predicted, BLACKWELL, b200, b200_ring),
        ] {
            all.push(plain(default, used, node(gpus, wire)));
            let wire = Wire {
                reduces: false,
                ..wire
            };
            all.push(plain(off, used, node(gpus, wire)));
        }
    }
    all
}
