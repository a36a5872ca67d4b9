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
use gpusched_core::topology::{Fabric, Scope, Topology};
use gpusched_core::workload::Workload;
use std::fmt;
use std::sync::Arc;

/// Oversubscription by level, where it is not that of the topology: `rack=2,block=4` says that of
/// what the nodes of a rack could send a half leaves it, and of that a fourth the block. 0 = as the
/// topology says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lost([f64; 3]);

/// The levels it is said of.
const SCOPES: [Scope; 3] = [Scope::Rack, Scope::Block, Scope::Zone];

impl Lost {
    fn parse(text: &str) -> Option<Lost> {
        let mut lost = Lost::default();
        for part in text.split(',') {
            let (name, factor) = part.split_once('=')?;
            let place = SCOPES.iter().position(|scope| scope.name() == name)?;
            let factor: f64 = factor.parse().ok()?;
            if !(1.0..=1e6).contains(&factor) {
                return None;
            }
            lost.0[place] = factor;
        }
        Some(lost)
    }

    /// The topology with what is said here.
    fn apply(self, topology: Arc<Topology>) -> Arc<Topology> {
        let mut fabric = topology.fabric().clone();
        for (scope, factor) in SCOPES.into_iter().zip(self.0) {
            if factor > 0.0 {
                fabric = fabric
                    .with_oversubscription(scope, factor)
                    .expect("read as 1 or more");
            }
        }
        Arc::new(topology.with_fabric(fabric))
    }
}

/// `:` and what is said, or nothing.
impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = SCOPES
            .iter()
            .zip(self.0)
            .filter(|(_, factor)| *factor > 0.0);
        for (place, (scope, factor)) in said.enumerate() {
            let before = if place == 0 { ':' } else { ',' };
            write!(f, "{before}{}={factor}", scope.name())?;
        }
        Ok(())
    }
}

/// How the network is modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NetworkMode {
    /// Not at all.
    #[default]
    Ideal,
    /// By the level where the GPUs of a job meet.
    Level(Lost),
    /// By shares of links.
    Flow(Lost),
    /// By a table, on one node or several.
    Table(LocalityTable),
}

impl NetworkMode {
    /// Reads `ideal`, `level`, `flow`, `gavel`, `blox` or `across:F`; `level` and `flow` may say what
    /// is lost on the way up ([`Lost`]): `level:rack=2,block=4`.
    ///
    /// # Errors
    /// What is wrong with it and what there is.
    ///
    /// ```
    /// use gpusched_sim::network::NetworkMode;
    /// assert_eq!(NetworkMode::parse("across:1.5").unwrap().to_string(), "across:1.5");
    /// assert!(NetworkMode::parse("across:0.5").is_err() && NetworkMode::parse("level:2").is_err());
    /// assert!(NetworkMode::parse("flow:rack=2,block=4").is_ok());
    /// ```
    pub fn parse(text: &str) -> Result<NetworkMode> {
        let lossy = match text.split_once(':') {
            Some(("level", lost)) => Some((NetworkMode::Level as fn(Lost) -> _, lost)),
            Some(("flow", lost)) => Some((NetworkMode::Flow as fn(Lost) -> _, lost)),
            _ => None,
        };
        if let Some((mode, lost)) = lossy {
            return Lost::parse(lost).map(mode).ok_or_else(|| {
                Diagnostic::new(format!("`{text}` does not say what is lost at which level")).help(
                    "write a factor of 1 or more for rack, block or zone: `level:rack=2,block=4`",
                )
            });
        }
        match text {
            "ideal" => Ok(NetworkMode::Ideal),
            "level" => Ok(NetworkMode::Level(Lost::default())),
            "flow" => Ok(NetworkMode::Flow(Lost::default())),
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

    /// Reads modes with commas between them, each once, in the order they first come up. A comma
    /// between the factors of one mode is told from one between modes by what follows it: `rack=`,
    /// `block=` or `zone=` goes on with the mode before.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be read ([`NetworkMode::parse`]).
    ///
    /// ```
    /// use gpusched_sim::network::NetworkMode;
    /// let modes = NetworkMode::parse_list(&["ideal,level:rack=2,block=4,flow".into()]).unwrap();
    /// let modes: Vec<String> = modes.iter().map(NetworkMode::to_string).collect();
    /// assert_eq!(modes, ["ideal", "level:rack=2,block=4", "flow"]);
    /// ```
    pub fn parse_list(given: &[String]) -> Result<Vec<NetworkMode>> {
        let goes_on = |part: &str| {
            let name = part.split_once('=').map(|(name, _)| name);
            SCOPES.iter().any(|scope| name == Some(scope.name()))
        };
        let mut texts: Vec<String> = Vec::new();
        for list in given {
            for (at, part) in list.split(',').map(str::trim).enumerate() {
                match texts.last_mut() {
                    Some(before) if at > 0 && goes_on(part) => *before += &format!(",{part}"),
                    _ => texts.push(part.to_owned()),
                }
            }
        }
        let mut modes = Vec::new();
        for text in &texts {
            let mode = NetworkMode::parse(text)?;
            if !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        Ok(modes)
    }

    /// Whether it asks what jobs exchange.
    pub fn asks_profiles(self) -> bool {
        matches!(self, NetworkMode::Level(_) | NetworkMode::Flow(_))
    }

    /// How fast jobs run on these machines; `None` = as recorded.
    pub fn performance(
        self,
        work: &Workload,
        inventory: &Inventory,
        profiles: &JobProfiles,
    ) -> Option<Box<dyn Performance>> {
        let gangs = |lost: Lost| {
            let flat = || {
                let nodes = inventory.nodes().len();
                let unknown = Topology::new(Fabric::flat(nodes), Vec::new(), vec![None; nodes]);
                Arc::new(unknown)
            };
            let topology = inventory.topology().cloned().unwrap_or_else(flat);
            let wiring = Wiring::new(inventory, lost.apply(topology));
            Gangs::new(wiring, profiles.of(work))
        };
        match self {
            NetworkMode::Ideal => None,
            NetworkMode::Level(lost) => Some(Box::new(LevelLaw::new(gangs(lost)))),
            NetworkMode::Flow(lost) => Some(Box::new(Flow::new(gangs(lost)))),
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
            NetworkMode::Level(lost) => write!(f, "level{lost}"),
            NetworkMode::Flow(lost) => write!(f, "flow{lost}"),
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
        for text in [
            "ideal",
            "level",
            "flow",
            "gavel",
            "blox",
            "across:2.5",
            "level:rack=2",
            "flow:block=4,zone=1.5",
        ] {
            assert_eq!(NetworkMode::parse(text).unwrap().to_string(), text);
        }
        let help = |text| NetworkMode::parse(text).unwrap_err().help.unwrap();
        assert!(help("levle").contains("`level`"));
        assert!(
            help("level:rack=0.5").contains("rack=2") && help("flow:rail=2").contains("rack=2")
        );
        assert!(help("across:x").contains("across:1.5"));
        assert!(help("astra").contains("choose one of"));
    }

    #[test]
    fn a_list_has_each_mode_once_and_its_factors_stay_with_it() {
        let list = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            let modes = NetworkMode::parse_list(&given)?;
            Ok::<_, Box<Diagnostic>>(modes.iter().map(NetworkMode::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            list(&["gavel, level:rack=2,block=4,gavel,across:2", "ideal"]).unwrap(),
            ["gavel", "level:rack=2,block=4", "across:2", "ideal"]
        );
        // The flag said twice: a factor does not go on with what the other one said.
        assert!(list(&["level:rack=2", "block=4"]).is_err());
        // No factor is left over, and an empty place is no mode.
        assert!(list(&["gavel,rack=2"]).is_err() && list(&["gavel,"]).is_err());
    }
}
