//! `gavel`, `blox` and `across:F`: slowdowns from tables, by whether a job is on one node.

use super::sharing::Speed;
use super::sharing::slice::Origin;
use super::{Origins, Performance, Residence};
use crate::cluster::Inventory;
use crate::ids::JobId;

/// A two-way table: on one node, or on several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LocalityTable {
    /// Measured: throughput spread over nodes ÷ on one node, by family of model, GPUs and GPU model
    /// (medians over batch sizes; Narayanan et al., OSDI 2020, `simulation_throughputs.json` at
    /// c4fa400). Ratios above 1 count as 1. A job of no known family gets the median over all; GPU
    /// models newer than V100 count as V100, which is assumed and flatters none of them.
    Gavel,
    /// Constants hard-coded by the authors of Blox in `jobs/model.py` (c8851b2), which are no
    /// measurements: iteration time over a constant by model.
    Blox,
    /// One constant for all, as PAL uses (1.5 there, 1.0 to 3.0 in its sweeps).
    Across(f64),
}

/// Family, then V100, P100 and K80 at 2, 4 and 8 GPUs.
type GavelRow = (&'static str, [[f64; 3]; 3]);

#[rustfmt::skip]
const GAVEL: &[GavelRow] = &[
    ("lm",          [[0.230, 0.311, 0.118], [0.518, 0.468, 0.590], [0.712, 0.840, 0.945]]),
    ("resnet-18",   [[0.425, 0.401, 0.247], [0.615, 0.593, 0.612], [1.000, 1.000, 1.000]]),
    ("resnet-50",   [[0.848, 1.000, 1.000], [0.986, 0.910, 0.911], [1.000, 1.000, 1.000]]),
    ("transformer", [[0.627, 0.549, 0.343], [0.698, 0.674, 0.761], [0.890, 0.948, 0.917]]),
];

/// Medians over all models.
const GAVEL_ANY: [[f64; 3]; 3] = [
    [0.501, 0.524, 0.299],
    [0.686, 0.655, 0.711],
    [1.0, 1.0, 1.0],
];

const BLOX: &[(&str, f64)] = &[
    ("resnet18", 0.8),
    ("resnet-18", 0.8),
    ("alexnet", 0.6),
    ("mobilenet", 0.8),
    ("ssd", 0.8),
    ("shufflenet", 0.7),
    ("m5", 0.8),
    ("deepspeech", 0.8),
];

/// What Blox takes for all other models.
const BLOX_ANY: f64 = 0.9;

/// Jobs on several nodes run as a table says, all others as recorded.
#[derive(Clone, Debug)]
pub struct Locality {
    table: LocalityTable,
    /// By node: 0 = V100 or newer, 1 = P100, 2 = K80.
    generation: Vec<u8>,
    origins: Origins,
}

impl Locality {
    /// For jobs on these machines.
    pub fn new(table: LocalityTable, inventory: &Inventory) -> Locality {
        let generation = |model: &str| match model {
            _ if model.contains("P100") => 1,
            _ if model.contains("K80") => 2,
            _ => 0,
        };
        let nodes = inventory.nodes().iter();
        Locality {
            table,
            generation: nodes.map(|node| generation(&node.gpu_model)).collect(),
            origins: Origins::default(),
        }
    }

    /// The share of its speed a job keeps on several nodes, and whether that was measured.
    fn kept(&self, class: &str, gpus: u32, generation: u8) -> (f64, Option<Origin>) {
        let class = class.to_ascii_lowercase();
        match self.table {
            LocalityTable::Across(factor) => (1.0 / factor, None),
            LocalityTable::Blox => {
                let known = BLOX.iter().find(|(name, _)| class.contains(name));
                (known.map_or(BLOX_ANY, |(_, kept)| *kept), None)
            }
            LocalityTable::Gavel => {
                // The nearest size that was measured, the smaller one half way.
                let size = match gpus {
                    0..=3 => 0,
                    4..=6 => 1,
                    _ => 2,
                };
                let known = GAVEL.iter().find(|(name, _)| class.starts_with(name));
                let rows = known.map_or(&GAVEL_ANY, |(_, rows)| rows);
                let origin = known.map(|_| match gpus {
                    2 | 4 | 8 => Origin::Table,
                    _ => Origin::Law,
                });
                (rows[usize::from(generation)][size], origin)
            }
        }
    }
}

impl Performance for Locality {
    fn name(&self) -> String {
        match self.table {
            LocalityTable::Gavel => "gavel".into(),
            LocalityTable::Blox => "blox (constants of its authors)".into(),
            LocalityTable::Across(factor) => format!("across:{factor}"),
        }
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let mut held = at.spots.iter().filter(|spot| spot.devices != 0);
        let Some(first) = held.next() else { return };
        if held.all(|spot| spot.node == first.node) {
            return;
        }
        let class = at.work.behaviour(at.job).map_or("", |known| &known.class);
        let gpus = at.spots.iter().map(|spot| spot.devices.count_ones()).sum();
        let generations = at
            .spots
            .iter()
            .map(|spot| self.generation[spot.node.index()]);
        // The fastest GPU model pays most.
        let (kept, origin) = self.kept(class, gpus, generations.min().unwrap_or(0));
        self.origins.count(origin);
        let speed = Speed::from_factor(kept.min(1.0)).unwrap_or(Speed::FULL);
        if speed < Speed::FULL {
            speeds.push((at.job, speed));
        }
    }

    fn origins(&self) -> Option<Origins> {
        Some(self.origins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Node;

    fn table(table: LocalityTable) -> Locality {
        let nodes = ["V100-SXM2-16GB", "P100-SXM2-16GB", "A100-SXM4-80GB"];
        let nodes = nodes.map(|model| Node::with_gpus(model, 4, model));
        Locality::new(table, &Inventory::new(nodes.into()).unwrap())
    }

    #[test]
    fn a_faster_gpu_pays_more_and_an_unknown_job_the_median() {
        let gavel = table(LocalityTable::Gavel);
        assert_eq!(gavel.generation, [0, 1, 0]);
        let lm = |generation| gavel.kept("LM (batch size 20)", 8, generation);
        assert_eq!(lm(0), (0.118, Some(Origin::Table)));
        assert_eq!(lm(1), (0.59, Some(Origin::Table)));
        assert_eq!(gavel.kept("LM", 16, 0), (0.118, Some(Origin::Law)));
        assert_eq!(gavel.kept("", 4, 0), (0.524, None));
    }

    #[test]
    fn constants_are_marked_as_such() {
        let blox = table(LocalityTable::Blox);
        assert_eq!(blox.kept("alexnet", 8, 0), (0.6, None));
        assert_eq!(blox.kept("vgg19", 8, 0), (0.9, None));
        assert!(blox.name().contains("constants"));
        assert_eq!(
            table(LocalityTable::Across(2.0)).kept("", 2, 0),
            (0.5, None)
        );
    }
}
