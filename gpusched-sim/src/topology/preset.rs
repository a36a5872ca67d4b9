//! `preset:NAME[,PARAM=VALUE…]`: a fabric of a known shape over the nodes in rank order.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::topology::{FABRICS, FabricShape, fabric_preset};
use std::sync::Arc;

use super::places::assemble;

/// What may be said after the name.
const PARAMS: [&str; 5] = [
    "nodes-per-leaf",
    "leaves-per-spine",
    "nodes-per-domain",
    "rails",
    "oversubscription",
];

/// Reads what stands after `preset:`.
///
/// ```
/// use gpusched_sim::topology::preset;
/// let shape = preset::parse("leaf-spine,nodes-per-leaf=32,oversubscription=2").unwrap();
/// assert_eq!((shape.nodes_per_leaf, shape.oversubscription), (32, [2.0, 1.0, 1.0]));
/// assert!(preset::parse("leaf-spin").unwrap_err().help.unwrap().contains("leaf-spine"));
/// ```
///
/// # Errors
/// At the first word that means nothing, with what there is.
pub fn parse(text: &str) -> Result<FabricShape> {
    let (name, params) = text.split_once(',').unwrap_or((text, ""));
    let Some(preset) = fabric_preset(name) else {
        let names = || FABRICS.iter().map(|fabric| fabric.name);
        let all: Vec<&str> = names().collect();
        let help = match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`? The presets are: {}", all.join(", ")),
            None => format!("the presets are: {}", all.join(", ")),
        };
        return Err(Diagnostic::new(format!("there is no fabric `{name}`")).help(help));
    };
    let mut shape = preset.shape;
    for param in params.split(',').filter(|param| !param.is_empty()) {
        let Some((key, value)) = param.split_once('=') else {
            return Err(
                Diagnostic::new(format!("`{param}` sets nothing")).help(format!(
                    "write PARAM=VALUE; there are: {}",
                    PARAMS.join(", ")
                )),
            );
        };
        set(&mut shape, key.trim(), value.trim())?;
    }
    // What can be is known for one node as for all.
    shape.fabric(1).map_err(|error| {
        Diagnostic::new(error.to_string()).help("change the parameters of the preset")
    })?;
    Ok(shape)
}

fn set(shape: &mut FabricShape, key: &str, value: &str) -> Result<()> {
    let number = || {
        value.parse::<u32>().map_err(|_| {
            Diagnostic::new(format!("{key}: `{value}` is no whole number"))
                .help(format!("write {key}=N"))
        })
    };
    match key {
        "nodes-per-leaf" => shape.nodes_per_leaf = number()?,
        "leaves-per-spine" => shape.leaves_per_spine = Some(number()?),
        "nodes-per-domain" => shape.nodes_per_domain = Some(number()?),
        "rails" => {
            let wide = |_| {
                Diagnostic::new(format!("{value} rails are too many"))
                    .help("write 1 to 255: one per network card of a node at most")
            };
            shape.rails = u8::try_from(number()?).map_err(wide)?;
        }
        "oversubscription" => shape.oversubscription = ratios(value)?,
        _ => {
            let help = match did_you_mean(key, PARAMS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", PARAMS.join(", ")),
            };
            return Err(Diagnostic::new(format!("a fabric has no parameter `{key}`")).help(help));
        }
    }
    Ok(())
}

/// `LEAF[:SPINE[:CORE]]`.
fn ratios(text: &str) -> Result<[f64; 3]> {
    let mut ratios = [1.0; 3];
    let wrong = || {
        Diagnostic::new(format!("oversubscription: `{text}` is no ratio"))
            .help("write LEAF[:SPINE[:CORE]], each at least 1, such as 2 or 1:4")
    };
    for (tier, part) in text.split(':').enumerate() {
        let ratio = part
            .parse::<f64>()
            .ok()
            .filter(|ratio| *ratio >= 1.0 && ratio.is_finite());
        *ratios.get_mut(tier).ok_or_else(wrong)? = ratio.ok_or_else(wrong)?;
    }
    Ok(ratios)
}

/// The machines of `inventory` below this fabric, in rank order; their boards stay.
///
/// # Errors
/// When the shape cannot be.
pub fn apply(shape: &FabricShape, inventory: Inventory) -> Result<Inventory> {
    let nodes = inventory.nodes().len();
    let fabric = shape
        .fabric(nodes)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let known = inventory.topology().cloned();
    let boards = (0..nodes).map(|rank| known.as_ref()?.board(rank.into()).cloned());
    let topology = assemble(fabric, boards);
    Ok(inventory.with_topology(Arc::new(topology)))
}
