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
//! | `yaml` | a topology of one's own: boards, switches, cables and nodes |
//! | `smi` | what `nvidia-smi topo -m` prints |
//! | `picture`, `drawing` | topologies as text, DOT and JSON |
//! | `heed` | whether what jobs ask for is there |

pub mod columns;
pub mod drawing;
pub mod heed;
pub mod hostlist;
pub mod kube;
pub mod labels;
pub mod lingjun;
pub mod picture;
pub mod places;
pub mod preset;
pub mod slurm;
pub mod smi;
pub mod source;
pub mod yaml;

pub use places::{Place, Places};
pub use source::Source;
