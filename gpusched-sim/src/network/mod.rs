//! What the network costs: how jobs on several GPUs slow down by where they are.
//!
//! | mode | a job on several GPUs runs | measured |
//! |---|---|---|
//! | `ideal` | as recorded, wherever it is | |
//! | `level` | as its profile says of the level where its GPUs meet | the law: `reproduce collective` |
//! | `flow` | likewise, and shares links with the others | not the sharing |
//! | `gavel` | by Gavel's table, on one node or several | V100, P100, K80 |
//! | `blox` | by constants of Blox, on one node or several | nothing: they are hard-coded there |
//! | `across:F` | F times as long on several nodes (PAL takes 1.5) | nothing |
//!
//! `level` and `flow` ask what jobs exchange: see [`JobProfiles`]. Where the topology says nothing of
//! a node it is taken for the usual machine of its GPU model; without any topology all nodes hang
//! on one switch that nothing is lost in.

mod profiles;

pub use profiles::JobProfiles;

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::performance::collective::Wiring;
use gpusched_core::performance::flow::Flow;
use gpusched_core::performance::{Gangs, LevelLaw, Locality, LocalityTable, Performance};
use gpusched_core::topology::{Fabric, Topology};
use gpusched_core::workload::Workload;
use std::fmt;
use std::sync::Arc;

/// How the network is modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NetworkMode {
    /// Not at all.
    #[default]
    Ideal,
    /// By the level where the GPUs of a job meet.
    Level,
    /// By shares of links.
    Flow,
    /// By a table, on one node or several.
    Table(LocalityTable),
}

impl NetworkMode {
    /// Reads `ideal`, `level`, `flow`, `gavel`, `blox` or `across:F`.
    ///
    /// # Errors
    /// What is wrong with it and what there is.
    ///
    /// ```
    /// use gpusched_sim::network::NetworkMode;
    /// assert_eq!(NetworkMode::parse("across:1.5").unwrap().to_string(), "across:1.5");
    /// assert!(NetworkMode::parse("across:0.5").is_err() && NetworkMode::parse("level:2").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<NetworkMode> {
        match text {
            "ideal" => Ok(NetworkMode::Ideal),
            "level" => Ok(NetworkMode::Level),
            "flow" => Ok(NetworkMode::Flow),
            "gavel" => Ok(NetworkMode::Table(LocalityTable::Gavel)),
            "blox" => Ok(NetworkMode::Table(LocalityTable::Blox)),
            _ => {
                let factor = text.strip_prefix("across:").map(str::parse::<f64>);
                match factor {
                    Some(Ok(factor)) if (1.0..=1000.0).contains(&factor) => {
                        Ok(NetworkMode::Table(LocalityTable::Across(factor)))
                    }
                    Some(_) => Err(Diagnostic::new(format!(
                        "`{text}` does not say how many times as long jobs take"
                    ))
                    .help("write a factor of 1 to 1000, such as `across:1.5`")),
                    None => Err(unknown(text)),
                }
            }
        }
    }

    /// Whether it asks what jobs exchange.
    pub fn asks_profiles(self) -> bool {
        matches!(self, NetworkMode::Level | NetworkMode::Flow)
    }

    /// How fast jobs run on these machines; `None` = as recorded.
    pub fn performance(
        self,
        work: &Workload,
        inventory: &Inventory,
        profiles: &JobProfiles,
    ) -> Option<Box<dyn Performance>> {
        let gangs = || {
            let flat = || {
                let nodes = inventory.nodes().len();
                let unknown = Topology::new(Fabric::flat(nodes), Vec::new(), vec![None; nodes]);
                Arc::new(unknown)
            };
            let topology = inventory.topology().cloned().unwrap_or_else(flat);
            Gangs::new(Wiring::new(inventory, topology), profiles.of(work))
        };
        match self {
            NetworkMode::Ideal => None,
            NetworkMode::Level => Some(Box::new(LevelLaw::new(gangs()))),
            NetworkMode::Flow => Some(Box::new(Flow::new(gangs()))),
            NetworkMode::Table(table) => Some(Box::new(Locality::new(table, inventory))),
        }
    }
}

fn unknown(text: &str) -> Box<Diagnostic> {
    let names = ["ideal", "level", "flow", "gavel", "blox", "across:1.5"];
    let help = match did_you_mean(text, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("choose one of: {}", names.join(", ")),
    };
    Diagnostic::new(format!("`{text}` is no model of the network")).help(help)
}

impl fmt::Display for NetworkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetworkMode::Ideal => f.write_str("ideal"),
            NetworkMode::Level => f.write_str("level"),
            NetworkMode::Flow => f.write_str("flow"),
            NetworkMode::Table(LocalityTable::Gavel) => f.write_str("gavel"),
            NetworkMode::Table(LocalityTable::Blox) => f.write_str("blox"),
            NetworkMode::Table(LocalityTable::Across(factor)) => write!(f, "across:{factor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_print_as_they_are_written_and_others_are_answered_with_one() {
        for text in ["ideal", "level", "flow", "gavel", "blox", "across:2.5"] {
            assert_eq!(NetworkMode::parse(text).unwrap().to_string(), text);
        }
        let help = |text| NetworkMode::parse(text).unwrap_err().help.unwrap();
        assert!(help("levle").contains("`level`"));
        assert!(help("across:x").contains("across:1.5"));
        assert!(help("astra").contains("choose one of"));
    }
}
