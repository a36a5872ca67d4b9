//! Power of nodes: what CPUs and GPUs draw by how much of them is allocated.
//!
//! The model of the PWR plug-in (CCGrid 2025; Fr4nz83/PWR-plugin-kubernetes,
//! `GetEnergyConsumptionNode`). A GPU draws full power as soon as anything is allocated on it. A
//! CPU socket draws full power as soon as one of its cores is; two milli-CPU thousands are one
//! physical core, and allocated cores are packed on as few sockets as can hold them. All integers.

use crate::cluster::{Cluster, Inventory, Node, NodeView};
use crate::gpu::model;
use crate::ids::NodeId;

/// Milli-CPU of one physical core: two hardware threads.
const CORE: i64 = 2_000;

/// Idle and full power of GPUs in PWR's own table, which goes before the catalogue.
const GPUS: &[(&str, i64, i64)] = &[
    ("T4", 10, 70),
    ("A10", 30, 150),
    ("G2", 30, 150),
    ("P100", 25, 250),
    ("V100M16", 30, 300),
    ("V100M32", 30, 300),
    ("A100", 50, 400),
    ("G3", 50, 400),
];

/// A CPU model: power of an idle and of a busy socket, cores per socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket {
    idle_w: i64,
    full_w: i64,
    cores: i64,
}

const fn socket(idle_w: i64, full_w: i64, cores: i64) -> Socket {
    Socket {
        idle_w,
        full_w,
        cores,
    }
}

/// What PWR takes for a CPU it does not know.
const DEFAULT_SOCKET: Socket = socket(15, 120, 16);

const SOCKETS: &[(&str, Socket)] = &[
    ("Intel-Xeon-ES-2682-V4", DEFAULT_SOCKET),
    ("Intel-Xeon-8163", socket(20, 165, 24)),
    ("Intel-Xeon-6326", socket(20, 185, 16)),
    ("Intel-Xeon-8369B", socket(20, 270, 32)),
    ("Intel-Xeon-8269CY", socket(20, 205, 26)),
];

/// The power model of one cluster.
///
/// GPUs: PWR's table, else the [catalogue](crate::gpu::model), else 30 W idle and 300 W full.
/// CPUs: by [`Node::cpu_model`], else 16-core sockets of 15 W idle and 120 W full; a node whose
/// CPU was not recorded draws no CPU power.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::placement::power::Power;
/// let node = Node { cpu_milli: 96_000, ..Node::with_gpus("a", 2, "T4") };
/// let inventory = Inventory::new(vec![node]).unwrap();
/// let power = Power::new(&inventory);
/// let cluster = Cluster::new(inventory, &[]);
/// let idle = cluster.node(NodeId(0));
/// // 48 cores are three idle sockets of 16; two idle T4.
/// assert_eq!((power.cpu(idle), power.gpu(idle)), (3 * 15, 2 * 10));
/// ```
#[derive(Clone, Debug)]
pub struct Power {
    gpus: Vec<(i64, i64)>,
    hosts: Vec<Option<Host>>,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    socket: Socket,
    cores: i64,
    sockets: i64,
}

impl Power {
    /// Looks up every model of the inventory.
    pub fn new(inventory: &Inventory) -> Power {
        Power {
            gpus: inventory
                .models()
                .iter()
                .map(|(name, _)| gpu_watts(name))
                .collect(),
            hosts: inventory.nodes().iter().map(host).collect(),
        }
    }

    /// Watts of a node's CPUs.
    pub fn cpu(&self, node: NodeView<'_>) -> i64 {
        self.cpu_at(node.id, node.cpu())
    }

    /// Watts of a node's CPUs if `left` milli-CPU were left.
    #[inline]
    pub fn cpu_at(&self, node: NodeId, left: i64) -> i64 {
        let Some(host) = self.hosts[node.index()] else {
            return 0;
        };
        let busy_cores = host.cores - left / CORE;
        let active = div_ceil(busy_cores, host.socket.cores);
        host.socket.idle_w * (host.sockets - active) + host.socket.full_w * active
    }

    /// Watts of a node's GPUs.
    pub fn gpu(&self, node: NodeView<'_>) -> i64 {
        let (idle, full) = self.gpus[node.model().index()];
        let free = i64::from(node.idle_devices());
        idle * free + full * (i64::from(node.gpus()) - free)
    }

    /// Watts one more device of the node draws once it is used.
    #[inline]
    pub fn gpu_rise(&self, node: NodeView<'_>) -> i64 {
        let (idle, full) = self.gpus[node.model().index()];
        full - idle
    }

    /// Watts of all CPUs and of all GPUs. O(nodes).
    pub fn total(&self, cluster: &Cluster) -> (i64, i64) {
        (0..cluster.len())
            .map(|node| cluster.node(NodeId(node as u32)))
            .fold((0, 0), |(cpu, gpu), node| {
                (cpu + self.cpu(node), gpu + self.gpu(node))
            })
    }
}

fn gpu_watts(name: &str) -> (i64, i64) {
    match GPUS.iter().find(|(known, ..)| *known == name) {
        Some(&(_, idle, full)) => (idle, full),
        None => {
            let known = model::find(name).unwrap_or(&model::UNKNOWN);
            (i64::from(known.idle_w), i64::from(known.full_w))
        }
    }
}

fn host(node: &Node) -> Option<Host> {
    if node.cpu_milli >= Node::UNLIMITED {
        return None;
    }
    let socket = SOCKETS
        .iter()
        .find(|(known, _)| *known == node.cpu_model)
        .map_or(DEFAULT_SOCKET, |(_, socket)| *socket);
    let cores = div_ceil(node.cpu_milli as i64, CORE);
    Some(Host {
        socket,
        cores,
        sockets: div_ceil(cores, socket.cores),
    })
}

/// `⌈a / b⌉` for `a ≥ 0`, `b > 0`.
#[inline]
fn div_ceil(a: i64, b: i64) -> i64 {
    (a + b - 1) / b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power_of(node: Node) -> (Power, Cluster) {
        let inventory = Inventory::new(vec![node]).unwrap();
        (Power::new(&inventory), Cluster::new(inventory, &[]))
    }

    #[test]
    fn pwr_table_goes_before_the_catalogue_and_that_before_the_guess() {
        assert_eq!(gpu_watts("A100"), (50, 400));
        assert_eq!(gpu_watts("H100-SXM5-80GB"), (71, 700));
        assert_eq!(gpu_watts("mystery"), (30, 300));
    }

    #[test]
    fn sockets_fill_one_after_the_other() {
        let node = Node {
            cpu_milli: 128_000,
            cpu_model: "Intel-Xeon-8369B".into(),
            ..Node::with_gpus("a", 0, "")
        };
        let (power, _) = power_of(node);
        // 64 cores are two sockets of 32. Half a core in use makes one of them busy.
        assert_eq!(power.cpu_at(NodeId(0), 128_000), 40);
        assert_eq!(power.cpu_at(NodeId(0), 127_000), 20 + 270);
        assert_eq!(power.cpu_at(NodeId(0), 64_000), 20 + 270);
        assert_eq!(power.cpu_at(NodeId(0), 63_999), 540);
    }

    #[test]
    fn unknown_cpu_capacity_draws_nothing() {
        let (power, cluster) = power_of(Node::with_gpus("a", 1, "T4"));
        assert_eq!(power.total(&cluster), (0, 10));
    }
}
