//! One flavor: its tree, what is free there, and requests made ready for it.

use super::choose::Search;
use super::counts::{Cache, Counted, Free, Shape, Slicing};
use super::failure::Failure;
use super::filter::{Exclusions, Filter, FilterSpec};
use super::forest::{Rules, TreeId};
use super::picks::Profile;
use super::plan::Plan;
use super::requests::{RequestTable, RequestsId};
use super::tree::{NONE, Tree};
use crate::kube::{Labels, NodeAffinity, Resources, Toleration};
use crate::queueing::kueue::objects::{TopologyAssignment, TopologyRequest};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// A pod set that asks for a place.
#[derive(Clone, Copy, Debug)]
pub struct PodSet<'a> {
    /// The caller's number for it.
    pub pod_set: u16,
    /// Pods.
    pub count: i32,
    /// What one pod requests, from its specification.
    pub requests: &'a Resources,
    /// Labels a node must have; looked at where leaves are nodes.
    pub selector: Option<&'a Labels>,
    /// Node affinity; looked at where leaves are nodes.
    pub affinity: Option<&'a NodeAffinity>,
    /// Tolerations, besides those of the flavor.
    pub tolerations: &'a [Toleration],
    /// What is asked for; `None` = the queue implies a topology, pods may be anywhere.
    pub topology: Option<&'a TopologyRequest>,
    /// Pod sets of one group share their domains; of two the smaller one is the leader.
    pub group: Option<&'a str>,
    /// What it has already: the assignment to repair, or that of the workload slice it replaces.
    pub previous: Option<&'a TopologyAssignment>,
}

impl<'a> PodSet<'a> {
    /// Pods without further wishes.
    pub fn new(pod_set: u16, count: i32, requests: &'a Resources) -> Self {
        PodSet {
            pod_set,
            count,
            requests,
            selector: None,
            affinity: None,
            tolerations: &[],
            topology: None,
            group: None,
            previous: None,
        }
    }
}

/// A pod set's request, made ready for a flavor. Made by [`Forest::ask`](super::Forest::ask); it
/// stays valid as long as the forest.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The caller's number for the pod set.
    pub pod_set: u16,
    /// Pods; may be changed, as partial admission does.
    pub count: i32,
    pub(super) tree: TreeId,
    pub(super) requests: RequestsId,
    pub(super) filter: u32,
    pub(super) plan: u32,
    pub(super) group: Option<u32>,
    pub(super) previous: Option<TopologyAssignment>,
}

impl Ask {
    /// The flavor's tree.
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// What one pod requests.
    pub fn requests(&self) -> RequestsId {
        self.requests
    }
}

/// A request, resolved, as it was made.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) request: Option<TopologyRequest>,
    pub(super) plan: Result<Plan, Failure>,
    /// Equal slices have equal numbers.
    slicing: u32,
}

/// One place to be found.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) workers: &'a Ask,
    pub(super) leader: Option<&'a Ask>,
    /// Pods, leader not counted.
    pub(super) pods: i32,
    /// As if no workload were running.
    pub(super) empty: bool,
    /// Another plan than the workers', and the leaves it is confined to.
    pub(super) instead: Option<(&'a Plan, Option<&'a Range<u32>>)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Flavor {
    pub(super) tree: Tree,
    /// What is free beside everything.
    pub(super) now: Free,
    /// What would be free without workloads.
    pub(super) bare: Free,
    /// Site by leaf and leaf by site, where leaves are hosts.
    pub(super) host_of: Vec<u32>,
    pub(super) leaf_of: Vec<u32>,
    filters: Vec<Filter>,
    filter_ids: FxHashMap<FilterSpec, u32>,
    pub(super) resolved: Vec<Resolved>,
    resolved_ids: FxHashMap<Option<TopologyRequest>, u32>,
    slicings: Vec<Slicing>,
    cache: Cache,
}

impl Flavor {
    pub(super) fn new(tree: Tree, width: usize, free: Vec<i64>) -> Self {
        Flavor {
            now: Free::new(width, free.clone()),
            bare: Free::new(width, free),
            tree,
            ..Flavor::default()
        }
    }

    /// The leaf at a site.
    #[inline]
    pub(super) fn leaf_at(&self, site: u32) -> Option<u32> {
        let leaf = match self.tree.of_hosts {
            true => self.leaf_of.get(site as usize).copied().unwrap_or(NONE),
            false => site,
        };
        (leaf != NONE).then_some(leaf)
    }

    /// The site of a leaf.
    #[inline]
    pub(super) fn site_of(&self, leaf: u32) -> u32 {
        match self.tree.of_hosts {
            true => self.host_of[leaf as usize],
            false => leaf,
        }
    }

    /// The number of a filter; equal ones are applied once. O(nodes) the first time.
    pub(super) fn filter(&mut self, pod_set: &PodSet<'_>, rules: Rules) -> u32 {
        let spec = match self.tree.of_hosts {
            false => FilterSpec::default(),
            true => FilterSpec {
                selector: pod_set.selector.cloned().unwrap_or_default(),
                affinity: NodeAffinity {
                    required: pod_set.affinity.and_then(|one| one.required.clone()),
                    preferred: match (pod_set.affinity, rules.respect_preferred_affinity) {
                        (Some(affinity), true) => affinity.preferred.clone(),
                        _ => Vec::new(),
                    },
                },
                tolerations: [pod_set.tolerations, &self.tree.tolerations].concat(),
            },
        };
        if let Some(&known) = self.filter_ids.get(&spec) {
            return known;
        }
        let id = self.filters.len() as u32;
        self.filters.push(match self.tree.of_hosts {
            true => Filter::new(&spec, &self.tree.nodes),
            false => Filter::everything(self.tree.leaf_count()),
        });
        self.filter_ids.insert(spec, id);
        id
    }

    /// The number of a topology request; equal ones are resolved once.
    pub(super) fn resolve(&mut self, request: Option<&TopologyRequest>) -> u32 {
        let request = request.map(|request| TopologyRequest {
            group: None,
            ..request.clone()
        });
        if let Some(&known) = self.resolved_ids.get(&request) {
            return known;
        }
        let plan = Plan::new(&self.tree, request.as_ref());
        let slicing = plan.as_ref().map_or(NONE, |plan| {
            let known = self.slicings.iter().position(|one| *one == plan.slicing);
            known.unwrap_or_else(|| {
                self.slicings.push(plan.slicing.clone());
                self.slicings.len() - 1
            }) as u32
        });
        let id = self.resolved.len() as u32;
        self.resolved.push(Resolved {
            request: request.clone(),
            plan,
            slicing,
        });
        self.resolved_ids.insert(request, id);
        id
    }

    /// Counts for a question, and answers it with them.
    pub(super) fn search<T>(
        &mut self,
        table: &RequestTable,
        rules: Rules,
        question: Question<'_>,
        answer: impl FnOnce(&Search<'_>, Counted<'_>, &Free) -> T,
    ) -> Result<T, Failure> {
        let Question {
            workers,
            leader,
            pods,
            empty,
            instead,
        } = question;
        let resolved = &self.resolved[workers.plan as usize];
        let plan = match instead {
            Some((plan, _)) => plan,
            None => resolved.plan.as_ref().map_err(Failure::clone)?,
        };
        let what = Counted {
            workers: table.get(workers.requests),
            leader: leader.map(|leader| table.get(leader.requests)),
            filter: &self.filters[workers.filter as usize],
            slicing: &plan.slicing,
            within: instead.and_then(|(_, within)| within),
        };
        let free = if empty { &self.bare } else { &self.now };
        let mut once = Vec::new();
        let counts = match instead {
            Some(_) => {
                what.fill(&self.tree, free, &mut once);
                &once[..]
            }
            None => {
                let shape = Shape {
                    workers: workers.requests.0,
                    leader: leader.map_or(NONE, |leader| leader.requests.0),
                    filter: workers.filter,
                    slicing: resolved.slicing,
                    empty,
                };
                self.cache.counts(shape, &self.tree, free, what)
            }
        };
        let search = Search {
            tree: &self.tree,
            plan,
            counts,
            profile: match plan.unconstrained && rules.profile_mixed {
                true => Profile::LeastFree,
                false => Profile::BestFit,
            },
            pods: i64::from(pods),
            leaders: i64::from(leader.is_some()),
        };
        Ok(answer(&search, what, free))
    }

    /// Nodes that could not be used. O(leaves · resources).
    pub(super) fn excluded(
        search: &Search<'_>,
        what: Counted<'_>,
        free: &Free,
        table: &RequestTable,
    ) -> Exclusions {
        let mut excluded = what.filter.excluded.clone();
        for leaf in 0..search.tree.leaf_count() as u32 {
            if !what.filter.allows(leaf) {
                continue;
            }
            if !what.takes(leaf) {
                excluded.domain += 1;
            } else if search.counts[search.tree.domain(leaf) as usize].pods == 0 {
                let short = what.workers.short_of(free.of(leaf), table);
                if let Some(name) = short {
                    *excluded.resources.entry(name.to_owned()).or_default() += 1;
                }
            }
        }
        excluded
    }
}
