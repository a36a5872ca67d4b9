//! Topology-aware scheduling: which nodes the pods of a pod set get, so that pods that talk to one
//! another are near one another.
//!
//! Nodes are the leaves of a tree whose inner domains (blocks, racks) are the values of node labels.
//! A request says within which level all pods must, or should, be; in which groups (*slices*) they
//! come; and whether one of them is a leader. The decisions are those of Kueue's topology-aware
//! scheduling (`pkg/cache/scheduler/tas_*.go` at commit `ff69552`); nothing else of Kueue is needed
//! here.
//!
//! How: (1) count how many pods and slices fit into each leaf and, rolled up, into each domain; (2a) find the level and the domains that take everything; (2b) go down from there, with
//! as few domains as the profile asks for. A [`Forest`] holds the trees of all flavors, what is in
//! use, and the counts of the requests asked for lately.
//!
//! ```
//! use gpusched_core::kube::{Labels, Node, NodeAffinity, Resources};
//! use gpusched_core::placement::tas::{FlavorTopology, Forest, HOSTNAME, Options, PodSet, Rules};
//! use gpusched_core::queueing::kueue::objects::{TopologyMode, TopologyRequest};
//!
//! let nodes: Vec<Node> = ["r1", "r1", "r2"]
//!     .iter()
//!     .enumerate()
//!     .map(|(index, rack)| {
//!         let name = format!("n{index}");
//!         let labels = [("rack", *rack), (HOSTNAME, name.as_str())];
//!         Node {
//!             labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
//!             allocatable: [("gpu".to_owned(), 8), ("pods".to_owned(), 100)].into(),
//!             ready: true,
//!             name,
//!             ..Node::default()
//!         }
//!     })
//!     .collect();
//! let levels = ["rack".to_owned(), HOSTNAME.to_owned()];
//! let flavor = FlavorTopology {
//!     name: "gpu",
//!     topology: "racks",
//!     levels: &levels,
//!     node_labels: &Labels::new(),
//!     tolerations: &[],
//! };
//! let mut forest = Forest::new(&[flavor], &nodes, &[], Rules::default());
//! let tree = forest.tree("gpu").unwrap();
//! let request = TopologyRequest {
//!     mode: TopologyMode::Required("rack".into()),
//!     ..TopologyRequest::default()
//! };
//! let requests = Resources::from([("gpu".to_owned(), 4)]);
//! let ask = forest.ask(tree, &PodSet { topology: Some(&request), ..PodSet::new(0, 3, &requests) });
//! let found = forest.find(&[ask.clone()], Options::default());
//! let assignment = found[0].outcome.assignment().unwrap();
//! let text = forest.topology_assignment(assignment);
//! assert_eq!(text.domains.iter().map(|one| one.count).collect::<Vec<_>>(), [2, 1]);
//! forest.add_usage(&forest.usage(assignment, ask.requests()));
//! assert!(!forest.fits_somewhere(&[ask], Options::default()));
//! ```

mod assignment;
mod balanced;
mod choose;
mod counts;
mod descend;
mod elastic;
mod failure;
mod filter;
mod find;
mod flavor;
mod forest;
mod picks;
mod plan;
mod repair;
mod requests;
mod tree;
mod usage;

pub use assignment::Assignment;
pub use failure::{Failure, LayerFit};
pub use filter::Exclusions;
pub use find::{Found, Options, Outcome, Repair};
pub use flavor::{Ask, PodSet};
pub use forest::{Forest, Rules, TreeId};
pub use requests::RequestsId;
pub use tree::{FlavorTopology, HOSTNAME};
pub use usage::{Mark, Usage};
