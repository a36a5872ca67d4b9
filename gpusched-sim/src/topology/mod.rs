//! How machines are wired: where it is said, and how it becomes the topology of an inventory.
//!
//! | file | what |
//! |---|---|
//! | `source` | `--topology` and the key of that name: which form, which file |
//! | `places` | places for nodes, as every file gives them, and who takes which |
//! | `preset` | `preset:NAME[,PARAM=…]` |
//! | `columns` | what a node list says: its columns, its labels, its GPU models |
//! | `labels` | which node labels are levels |
//! | `kube` | Kubernetes Nodes (and Kueue's Topology) |
//! | `lingjun` | the host table of the Lingjun dataset |
//! | `slurm`, `hostlist` | Slurm's topology.conf and topology.yaml |
//! | `heed` | whether what jobs ask for is there |

pub mod columns;
pub mod heed;
pub mod hostlist;
pub mod kube;
pub mod labels;
pub mod lingjun;
pub mod places;
pub mod preset;
pub mod slurm;
pub mod source;

pub use places::{Place, Places};
pub use source::Source;
