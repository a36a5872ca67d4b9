//! `rack-pack`: the narrowest domain that takes the whole gang.

use super::{LevelPolicy, Levels, Wanted, all_hold, holding, holding_node, pour, pour_anywhere};
use crate::ids::NodeId;
use crate::placement::Explanation;
use crate::policy::PolicyInfo;
use crate::topology::Within;

pub(crate) const INFO: PolicyInfo = PolicyInfo {
    name: "rack-pack",
    summary: "the narrowest domain that takes the whole gang",
    rule: "One node, else one domain of the lowest level, else of the level above, and so on, else \
           all machines: at the first level where one takes all pods, the one with least room. \
           Below it the roomiest domains and nodes first, and the one with least room that takes \
           it for the rest. A job that must be within a level is looked for no wider. \
           Ties: lowest number.",
    source: "best fit by level; the baseline that topology-aware schedulers are compared with",
};

/// Best fit by level. O(nodes) compares for gangs that may fit one node, else O(domains of the
/// levels looked at + n log n in the nodes of the domains used).
#[derive(Clone, Copy, Debug, Default)]
pub struct RackPack;

impl LevelPolicy for RackPack {
    fn info(&self) -> &'static PolicyInfo {
        &INFO
    }

    fn knows_within(&self) -> bool {
        true
    }

    fn choose(
        &mut self,
        levels: &Levels<'_>,
        wanted: &Wanted,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        let pods = u64::from(wanted.pods);
        let mut places = levels.widening(Within::Node, false);
        if let (Some(scope), true) = (wanted.locality.within, wanted.locality.required) {
            // Narrower domains than the one required are as good. Nothing may be called so here.
            let widest = levels.fabric().within(scope)?;
            let end = places.iter().position(|place| *place == Some(widest))?;
            places.truncate(end + 1);
        }
        let mut out = Vec::new();
        for place in places {
            match place {
                Some(Within::Node) => {
                    if let Some(node) = holding_node(levels, pods, record) {
                        return Some(vec![(node, wanted.pods)]);
                    }
                }
                Some(Within::Level(level)) => {
                    if let Some(&(_, domain)) = holding(levels, level, pods, record).first() {
                        pour(levels, domain, pods, &mut out);
                        return Some(out);
                    }
                }
                None => {
                    if all_hold(levels, pods, record) {
                        pour_anywhere(levels, pods, &mut out);
                        return Some(out);
                    }
                }
            }
        }
        None
    }
}
