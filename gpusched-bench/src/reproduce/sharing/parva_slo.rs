//! The six sets of services of ParvaGPU (Lee et al., SC '24): request rates and latency limits.
//!
//! Figures of `SLO/SLO_req_rate.csv` and `SLO/SLO_latency.csv` of MunQ-Lee/ParvaGPU_SC24 (MIT
//! licence), whose columns have no names. Eleven columns stand for eleven models; that they follow
//! the alphabet is inferred, from which services each set leaves out and from the GPU counts.

/// What one service asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slo {
    pub(super) model: &'static str,
    pub(super) req_per_s: f64,
    pub(super) latency_ms: f64,
}

const MODELS: [&str; 11] = [
    "bert",
    "densenet121",
    "densenet169",
    "densenet201",
    "inceptionv3",
    "mobilenetv2",
    "resnet101",
    "resnet152",
    "resnet50",
    "vgg16",
    "vgg19",
];

/// Requests per second, by set; 0 = not served.
#[rustfmt::skip]
const RATES: [[u32; 11]; 6] = [
    [19, 353, 0, 0, 460, 677, 0, 0, 829, 0, 354],
    [19, 353, 308, 276, 460, 677, 393, 281, 829, 410, 354],
    [46, 728, 633, 493, 1051, 1546, 760, 543, 1463, 780, 673],
    [69, 1091, 949, 739, 1576, 2318, 1140, 815, 2195, 1169, 1010],
    [843, 2228, 3507, 1513, 3815, 5009, 1874, 1340, 2796, 1773, 1531],
    [1264, 3342, 5260, 2269, 5722, 7513, 2811, 2010, 4196, 2659, 2296],
];

/// Latency limits, ms, by set.
#[rustfmt::skip]
const LATENCIES: [[f64; 11]; 6] = [
    [6434.0, 183.0, 0.0, 0.0, 418.5, 167.0, 0.0, 0.0, 204.5, 0.0, 396.5],
    [6434.0, 183.0, 216.5, 168.5, 418.5, 167.0, 211.5, 212.5, 204.5, 399.5, 396.5],
    [4294.0, 126.0, 150.0, 119.0, 282.0, 113.0, 144.0, 146.0, 138.0, 227.0, 265.0],
    [4294.0, 126.0, 150.0, 119.0, 282.0, 113.0, 144.0, 146.0, 138.0, 227.0, 265.0],
    [2153.0, 69.0, 83.5, 69.5, 145.5, 59.0, 76.5, 79.5, 71.5, 114.5, 133.5],
    [6434.0, 183.0, 216.5, 168.5, 418.5, 167.0, 211.5, 212.5, 204.5, 399.5, 396.5],
];

/// GPUs of the published deployment maps, by set.
pub(super) const PUBLISHED: [usize; 6] = [2, 3, 5, 7, 13, 16];

/// The services of a set (from 0), in the order of their names.
pub(super) fn services(set: usize) -> impl Iterator<Item = Slo> {
    let columns = RATES[set].into_iter().zip(LATENCIES[set]);
    let asked = MODELS.into_iter().zip(columns);
    asked
        .filter(|(_, (rate, _))| *rate > 0)
        .map(|(model, (rate, latency_ms))| Slo {
            model,
            req_per_s: f64::from(rate),
            latency_ms,
        })
}
