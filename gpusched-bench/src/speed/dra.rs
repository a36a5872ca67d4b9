//! The DRA allocator: one pod asked about on every node of a cluster, as the kube-scheduler's
//! filter does, on nodes of eight whole GPUs and on nodes whose GPUs MIG cuts on demand.

use gpusched_core::gpu::model::find;
use gpusched_core::ids::NodeId;
use gpusched_core::kube;
use gpusched_core::placement::dra::objects::{
    ClaimSpec, DeviceRequest, RequestKind, ResourceClaim, ResourceSlice, SubRequest,
};
use gpusched_core::placement::dra::publish::{
    FixedGpu, GPU_DRIVER, Gpu, Node, SliceModel, device_classes, dynamic, fixed,
};
use gpusched_core::placement::dra::{Allocator, Cluster, Features, Quirks, UseOf};

/// GPUs of a node.
const GPUS: u16 = 8;

/// A cluster as its drivers publish it, which of its devices are in use, and a claim.
#[derive(Clone)]
pub struct Published {
    cluster: Cluster,
    claims: Vec<ResourceClaim>,
    in_use: Vec<(String, String)>,
}

/// Such a cluster with its allocator.
pub struct Sweep {
    allocator: Allocator,
    claims: Vec<ResourceClaim>,
    /// A device of each node that is in use.
    changes: Vec<(String, String)>,
}

impl Published {
    /// Whole H100: four of eight in use on each node; one of at least 40 Gi is asked for.
    pub fn whole(nodes: u16) -> Published {
        let slices = |node: &Node| {
            let whole = |gpu| FixedGpu {
                gpu,
                instances: Vec::new(),
            };
            let gpus: Vec<FixedGpu> = gpus(node).into_iter().map(whole).collect();
            fixed(node, &gpus).expect("a known model").slices
        };
        let large = "device.attributes['gpu.nvidia.com'].type == 'gpu' && \
            device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0";
        let used = |device: &str| device < "gpu-4";
        Published::new(nodes, slices, used, "gpu.nvidia.com", large)
    }

    /// Every placement of every MIG profile of an H100 a device: on each GPU the first half is in
    /// use as 1g.10gb instances; one more is asked for.
    pub fn dynamic_mig(nodes: u16) -> Published {
        let slices = |node: &Node| {
            let published = dynamic(node, &gpus(node), SliceModel::Split, true);
            published.expect("a known board").slices
        };
        let used = |device: &str| {
            let start = device.split_once("-mig-1g10gb-19-");
            start.is_some_and(|(_, start)| start < "4")
        };
        let profile = "device.attributes['gpu.nvidia.com'].profile == '1g.10gb'";
        Published::new(nodes, slices, used, "mig.nvidia.com", profile)
    }

    fn new(
        nodes: u16,
        slices: impl Fn(&Node) -> Vec<ResourceSlice>,
        used: impl Fn(&str) -> bool,
        class: &str,
        selector: &str,
    ) -> Published {
        let machines = (0..nodes).map(|at| Node {
            name: format!("node-{at}"),
            driver_version: "570.133.20".to_owned(),
            cuda_driver_version: "12.8.0".to_owned(),
        });
        let machines: Vec<Node> = machines.collect();
        let slices: Vec<ResourceSlice> = machines.iter().flat_map(slices).collect();
        let devices = slices.iter().flat_map(|slice| {
            let devices = slice.content.devices.iter();
            devices.map(|device| (slice.pool.clone(), device.name.clone()))
        });
        let in_use: Vec<_> = devices.filter(|(_, device)| used(device)).collect();
        let node = |node: &Node| kube::Node {
            name: node.name.clone(),
            ..kube::Node::default()
        };
        let cluster = Cluster {
            classes: device_classes(),
            slices,
            nodes: machines.iter().map(node).collect(),
        };
        let body = SubRequest {
            class: class.to_owned(),
            selectors: vec![Some(selector.to_owned())],
            ..SubRequest::default()
        };
        let claim = ResourceClaim {
            name: "claim".to_owned(),
            spec: ClaimSpec {
                requests: vec![DeviceRequest {
                    name: "gpu".to_owned(),
                    kind: RequestKind::Exactly(body),
                }],
                ..ClaimSpec::default()
            },
            ..ResourceClaim::default()
        };
        Published {
            cluster,
            claims: vec![claim],
            in_use,
        }
    }
}

impl Sweep {
    /// An allocator with the devices in use.
    ///
    /// # Panics
    /// When a device in use is not published.
    pub fn new(published: Published) -> Sweep {
        let Published {
            cluster,
            claims,
            in_use,
        } = published;
        let mut sweep = Sweep {
            allocator: Allocator::new(cluster, Features::V1_36, Quirks::KUBE),
            claims,
            changes: Vec::new(),
        };
        for (pool, device) in in_use {
            sweep.take(&pool, &device);
            if sweep.changes.last().is_none_or(|(last, _)| *last != pool) {
                sweep.changes.push((pool, device));
            }
        }
        sweep
    }

    fn take(&mut self, pool: &str, device: &str) {
        let known = self.allocator.take(GPU_DRIVER, pool, device, &UseOf::Whole);
        assert!(known, "{pool}/{device} is published");
    }

    /// Asks every node; how many have devices. Everything that is found out once is known.
    ///
    /// # Panics
    /// When a selector fails.
    pub fn warm(&mut self) -> usize {
        let nodes = self.allocator.nodes().len();
        let mut attempt = self.allocator.attempt(&self.claims);
        let fits = |at: &usize| {
            let outcome = attempt.on(NodeId::from(*at));
            outcome
                .answer
                .expect("the selectors have answers")
                .is_some()
        };
        (0..nodes).filter(fits).count()
    }

    /// The same for a pod after another one got a device on every node, so that what is left of all
    /// counters is found out anew.
    pub fn after_changes(&mut self) -> usize {
        let changes = std::mem::take(&mut self.changes);
        for (pool, device) in &changes {
            self.take(pool, device);
        }
        self.changes = changes;
        self.warm()
    }
}

fn gpus(node: &Node) -> Vec<Gpu> {
    let gpu = |minor: u16| Gpu {
        minor,
        model: find("H100-SXM5-80GB").expect("in the catalogue"),
        uuid: format!("GPU-{}-{minor}", node.name),
        pci_bus_id: format!("0000:{:02x}:00.0", minor * 16 + 15),
        pcie_root: Some(format!("pci0000:{:02x}", minor * 16)),
        extras: Default::default(),
    };
    (0..GPUS).map(gpu).collect()
}
