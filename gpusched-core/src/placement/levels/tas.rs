//! `tas`: topology-aware scheduling, by the very code that decides for Kueue.

use super::{LevelPolicy, Levels, Wanted, all_hold, holding, holding_node};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::kube::{Labels, Node, Resources};
use crate::placement::Explanation;
use crate::placement::tas::{
    Ask, FlavorTopology, Forest, HOSTNAME, Options, PodSet, Rules, TreeId,
};
use crate::policy::PolicyInfo;
use crate::queueing::kueue::objects::{
    SliceLayer, TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest,
};
use crate::topology::{DomainId, Fabric, Within};
use rustc_hash::FxHashMap;

macro_rules! info {
    ($name:literal, $summary:literal, $profile:literal) => {
        PolicyInfo {
            name: $name,
            summary: $summary,
            rule: concat!(
                $profile,
                " The job asks as `kueue.x-k8s.io/podset-required-topology` (it must be within a \
                 level), `-preferred-topology` (it should), `podset-slice-required-topology` \
                 (groups must, and they divide the pods), or for nothing (unconstrained). Levels \
                 are those of the fabric and the node; domains are ordered by name."
            ),
            source: "Kueue ff69552, pkg/cache/scheduler/tas_flavor_snapshot.go",
        }
    };
}

const MIXED: PolicyInfo = info!(
    "tas",
    "Kueue's topology-aware scheduling",
    "The domain with most room first and the smallest that suffices for the rest; pods that may be \
     anywhere fill the domains with least room first (gate TASProfileMixed, on by default)."
);
const BEST_FIT: PolicyInfo = info!(
    "tas-best-fit",
    "Kueue's topology-aware scheduling, most room first for all",
    "The domain with most room first and the smallest that suffices for the rest, also for pods \
     that may be anywhere (gate TASProfileMixed off)."
);
const BALANCED: PolicyInfo = info!(
    "tas-balanced",
    "Kueue's topology-aware scheduling, preferred gangs spread evenly",
    "As `tas`, and pods that should be within a level are spread evenly over as few domains as \
     will do (gate TASBalancedPlacement)."
);

/// Which of upstream's profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Upstream's defaults.
    Mixed,
    /// Most room first for all.
    BestFit,
    /// Preferred gangs evenly.
    Balanced,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 3] = [Profile::Mixed, Profile::BestFit, Profile::Balanced];

    /// Name, rule and source.
    pub const fn info(self) -> &'static PolicyInfo {
        match self {
            Profile::Mixed => &MIXED,
            Profile::BestFit => &BEST_FIT,
            Profile::Balanced => &BALANCED,
        }
    }

    fn rules(self) -> Rules {
        let rules = Rules::default();
        match self {
            Profile::Mixed => rules,
            Profile::BestFit => Rules {
                profile_mixed: false,
                ..rules
            },
            Profile::Balanced => Rules {
                balanced_placement: true,
                ..rules
            },
        }
    }
}

/// The resource that stands for room: a node has as much as it has room for pods.
const ROOM: &str = "room";
const FLAVOR: &str = "all";

/// Topology-aware scheduling on the counts of this cluster: each node has as many pods free as it
/// has room for ([`Rooms`](super::Rooms)), so that whatever limits a node here does so there.
///
/// One [`Forest`] per kind of request, made when it is first asked for: O(nodes) memory each. Then
/// O(nodes) compares, and what [`Forest::find`] costs on what changed.
#[derive(Debug)]
pub struct Tas {
    profile: Profile,
    forests: Vec<Option<Box<Counted>>>,
}

/// A forest for one kind of request.
#[derive(Debug)]
struct Counted {
    forest: Forest,
    tree: TreeId,
    resource: usize,
    leaf_of: Vec<Option<u32>>,
    node_of: Vec<NodeId>,
    versions: Vec<u32>,
    asks: FxHashMap<(Option<TopologyRequest>, u32), Ask>,
}

impl Tas {
    /// One of upstream's profiles.
    pub fn new(profile: Profile) -> Tas {
        Tas {
            profile,
            forests: Vec::new(),
        }
    }

    fn counted(&mut self, levels: &Levels<'_>) -> &mut Counted {
        let shape = levels.shape().index();
        if self.forests.len() <= shape {
            self.forests.resize_with(shape + 1, || None);
        }
        let rules = self.profile.rules();
        let plant = || Box::new(Counted::plant(levels.fabric(), levels.cluster(), rules));
        let counted = self.forests[shape].get_or_insert_with(plant);
        counted.refresh(levels);
        counted
    }
}

impl Counted {
    /// A tree of the fabric's levels and, below them, the nodes. Nodes outside the fabric are not
    /// in it: upstream takes only nodes that have a label of every level.
    fn plant(fabric: &Fabric, cluster: &Cluster, rules: Rules) -> Counted {
        let mut levels: Vec<String> = fabric
            .levels()
            .iter()
            .map(|level| level.name.clone())
            .collect();
        levels.push(HOSTNAME.to_owned());
        let nodes: Vec<Node> = (0..cluster.len())
            .map(|index| {
                let id = NodeId::from(index);
                let name = cluster.inventory().node(id).name.clone();
                let path = fabric
                    .path(id)
                    .map(|domain| &fabric.domains()[domain.index()]);
                let mut labels: Labels = fabric
                    .levels()
                    .iter()
                    .zip(path)
                    .map(|(level, domain)| (level.name.clone(), domain.name.clone()))
                    .collect();
                labels.insert(HOSTNAME.to_owned(), name.clone());
                Node {
                    labels,
                    allocatable: [(ROOM.to_owned(), 0), ("pods".to_owned(), i64::MAX / 4)].into(),
                    ready: true,
                    name,
                    ..Node::default()
                }
            })
            .collect();
        let flavor = FlavorTopology {
            name: FLAVOR,
            topology: "fabric",
            levels: &levels,
            node_labels: &Labels::new(),
            tolerations: &[],
        };
        let forest = Forest::new(&[flavor], &nodes, &[], rules);
        let tree = forest.tree(FLAVOR).expect("the flavor just planted");
        let resource = forest.resources().iter().position(|name| name == ROOM);
        let mut node_of = vec![NodeId(0); forest.leaves(tree)];
        let mut leaf_of = vec![None; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            let named = TopologyAssignment {
                levels: vec![HOSTNAME.to_owned()],
                domains: vec![TopologyDomain {
                    values: vec![node.name.clone()],
                    count: 1,
                }],
            };
            if let Ok(found) = forest.resolve(tree, &named) {
                let (leaf, _) = found.domains()[0];
                node_of[leaf as usize] = NodeId::from(index);
                leaf_of[index] = Some(leaf);
            }
        }
        Counted {
            resource: resource.expect("every node has it"),
            versions: vec![u32::MAX; nodes.len()],
            asks: FxHashMap::default(),
            forest,
            tree,
            leaf_of,
            node_of,
        }
    }

    fn refresh(&mut self, levels: &Levels<'_>) {
        let cluster = levels.cluster();
        for index in 0..self.versions.len() {
            let node = NodeId::from(index);
            let version = cluster.node(node).version();
            if self.versions[index] == version {
                continue;
            }
            self.versions[index] = version;
            if let Some(leaf) = self.leaf_of[index] {
                let room = i64::from(levels.room(node));
                self.forest.set_free(self.tree, leaf, self.resource, room);
            }
        }
    }
}

/// What a job asks for, in Kueue's words; `Err` = nothing here is called what it must be within.
fn request(fabric: &Fabric, wanted: &Wanted) -> Result<Option<TopologyRequest>, ()> {
    let Some(scope) = wanted.locality.within else {
        return Ok(None);
    };
    let level = match fabric.within(scope) {
        Some(Within::Level(level)) => fabric.levels()[usize::from(level.0)].name.clone(),
        Some(Within::Node) => HOSTNAME.to_owned(),
        None if wanted.locality.required => return Err(()),
        None => return Ok(None),
    };
    let sliced = sliced(wanted);
    Ok(Some(TopologyRequest {
        mode: match wanted.locality.required {
            true if sliced => TopologyMode::SlicesOnly,
            true => TopologyMode::Required(level.clone()),
            false => TopologyMode::Preferred(level.clone()),
        },
        group: None,
        slices: match sliced {
            true => vec![SliceLayer {
                topology: level,
                size: wanted.locality.slice as i32,
            }],
            false => Vec::new(),
        },
    }))
}

/// Whether upstream has a word for the groups: they must be within a level, and are all of one
/// size.
fn sliced(wanted: &Wanted) -> bool {
    let slice = wanted.locality.slice;
    wanted.locality.required && slice > 0 && slice < wanted.pods && wanted.pods % slice == 0
}

impl LevelPolicy for Tas {
    fn info(&self) -> &'static PolicyInfo {
        self.profile.info()
    }

    fn knows_slices(&self, wanted: &Wanted) -> bool {
        sliced(wanted)
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
        let request = request(levels.fabric(), wanted).ok()?;
        look(levels, wanted, record);
        let counted = self.counted(levels);
        let key = (request, wanted.pods);
        let ask = counted
            .asks
            .entry(key)
            .or_insert_with_key(|(request, pods)| {
                let requests = Resources::from([(ROOM.to_owned(), 1)]);
                let set = PodSet {
                    topology: request.as_ref(),
                    ..PodSet::new(0, *pods as i32, &requests)
                };
                counted.forest.ask(counted.tree, &set)
            });
        let found = counted.forest.find(&[ask.clone()], Options::default());
        let assignment = found.first()?.outcome.assignment()?;
        let domains = assignment.domains().iter();
        let chosen: Vec<(NodeId, u32)> = domains
            .map(|&(leaf, pods)| (counted.node_of[leaf as usize], pods as u32))
            .collect();
        note_taken(levels, &chosen, record);
        Some(chosen)
    }
}

/// Notes the levels the search goes through: the one asked for and, until one domain takes all
/// pods, the wider ones.
fn look(levels: &Levels<'_>, wanted: &Wanted, record: &mut Explanation) {
    let pods = match sliced(wanted) {
        true => u64::from(wanted.locality.slice),
        false => u64::from(wanted.pods),
    };
    let within = wanted.locality.within;
    let within = within.and_then(|scope| levels.fabric().within(scope));
    let required = wanted.locality.required;
    let places = within.map_or(vec![None], |within| levels.widening(within, required));
    for place in places {
        let fits = match place {
            None => all_hold(levels, pods, record),
            Some(Within::Node) => holding_node(levels, pods, record).is_some(),
            Some(Within::Level(level)) => !holding(levels, level, pods, record).is_empty(),
        };
        if let Some(last) = record.looks.last_mut() {
            last.taken = None;
        }
        if fits {
            break;
        }
    }
}

/// Notes the domain everything went into, where it is one of the level looked at last.
fn note_taken(levels: &Levels<'_>, chosen: &[(NodeId, u32)], record: &mut Explanation) {
    let Some(last) = record.looks.last_mut() else {
        return;
    };
    let Some(Within::Level(level)) = last.within else {
        return;
    };
    let mut domains = chosen
        .iter()
        .map(|&(node, _)| levels.fabric().domain(node, level));
    let first: Option<DomainId> = domains.next().flatten();
    if let Some(domain) = first.filter(|_| domains.all(|domain| domain == first)) {
        last.taken = Some((domain, levels.room_in(domain)));
    }
}
