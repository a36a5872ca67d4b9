//! What is published here against recorded clusters that hold what NVIDIA's driver publishes:
//! every device with its name, attributes, capacities and counters, and how slices are cut.
//!
//! UUIDs, bus ids and versions are taken from the record: they belong to one machine. The order of
//! devices is compared where the driver fixes it (dynamic MIG).

use gpusched_core::cel::Attribute;
use gpusched_core::gpu::mig::{Instance, board_of_model};
use gpusched_core::gpu::model::{CATALOGUE, GpuModel};
use gpusched_core::placement::dra::objects::{Device, ResourceSlice};
use gpusched_core::placement::dra::publish::{
    COMPUTE_DOMAIN_DRIVER, Extras, FixedGpu, FixedInstance, GPU_DRIVER, Gpu, Node, Published,
    SliceModel, compute_domain, device_classes, dynamic, fixed,
};
use gpusched_sim::manifest::{DraObjects, dra_from_json};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

/// Recorded clusters of the kinds that hold nothing but NVIDIA's devices.
fn clusters() -> Option<Vec<(String, DraObjects)>> {
    let path = "../../shared/conformance/dra/random/clusters.jsonl";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(text) = std::fs::read_to_string(path) else {
        // Straight to standard error: what the test harness captures, nobody sees.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared not present");
        return None;
    };
    let kinds = ["full-gpu", "dynamic-mig", "static-mig", "compute-domain"];
    let lines = text
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).expect("JSON") });
    let ours = lines.filter(|one| kinds.iter().any(|kind| one["kind"] == *kind));
    let read = ours.map(|one| {
        let lists = ["nodes", "deviceClasses", "resourceSlices"];
        let objects = lists
            .iter()
            .flat_map(|list| one[*list].as_array())
            .flatten();
        let objects = dra_from_json(objects).expect("readable objects");
        (format!("{} ({})", one["id"], one["kind"]), objects)
    });
    Some(read.collect())
}

fn text<'d>(device: &'d Device, name: &str) -> &'d str {
    match device.attributes.get(name) {
        Some(Attribute::Text(value) | Attribute::Version(value)) => value,
        other => panic!("{}: {name} is {other:?}", device.name),
    }
}

/// The model a product name stands for: the one that, published, has that name.
fn model(product: &str) -> &'static GpuModel {
    let node = Node {
        name: String::new(),
        driver_version: String::new(),
        cuda_driver_version: String::new(),
    };
    let publishes = |model: &&'static GpuModel| {
        let gpu = Gpu {
            minor: 0,
            model,
            uuid: String::new(),
            pci_bus_id: String::new(),
            pcie_root: None,
            extras: Extras::default(),
        };
        let instances = Vec::new();
        fixed(&node, &[FixedGpu { gpu, instances }]).is_ok_and(|published| {
            text(&published.slices[0].content.devices[0], "productName") == product
        })
    };
    let found = CATALOGUE.iter().find(publishes);
    found.unwrap_or_else(|| panic!("no model publishes {product}"))
}

/// The GPU a recorded device is or is part of.
fn gpu(device: &Device) -> Gpu {
    let minor = device.name.split('-').nth(1).expect("a minor number");
    let root = "resource.kubernetes.io/pcieRoot";
    let uuid = match text(device, "type") {
        "gpu" => "uuid",
        _ => "parentUUID",
    };
    Gpu {
        minor: minor.parse().expect("a number"),
        model: model(text(device, "productName")),
        uuid: text(device, uuid).to_owned(),
        pci_bus_id: text(device, "resource.kubernetes.io/pciBusID").to_owned(),
        pcie_root: device
            .attributes
            .contains_key(root)
            .then(|| text(device, root).to_owned()),
        extras: Extras::default(),
    }
}

/// The instance a recorded device is, if it is one.
fn instance(device: &Device) -> Option<FixedInstance> {
    (text(device, "type") == "mig").then(|| {
        let mut parts = device
            .name
            .rsplit('-')
            .map(|part| part.parse::<u8>().expect("a number"));
        let (start, id) = (parts.next().expect("a start"), parts.next().expect("an id"));
        let model = model(text(device, "productName"));
        let board = board_of_model(model.name, model.mem_mib).expect("a board");
        let profile = board.by_id(id).expect("a profile");
        FixedInstance {
            instance: Instance { profile, start },
            uuid: text(device, "uuid").to_owned(),
        }
    })
}

/// A device without what belongs to the moment (taints) or is only there at times.
fn plain(device: &Device) -> Device {
    let mut plain = device.clone();
    plain.attributes.remove("addressingMode");
    plain.taints.clear();
    plain
}

fn node(slice: &ResourceSlice, device: &Device) -> Node {
    Node {
        name: slice.pool.clone(),
        driver_version: text(device, "driverVersion").to_owned(),
        cuda_driver_version: text(device, "cudaDriverVersion").to_owned(),
    }
}

/// Publishes what the recorded slices of one pool describe.
fn again(slices: &[&ResourceSlice]) -> Published {
    let devices = || slices.iter().flat_map(|slice| &slice.content.devices);
    let first = devices().next().expect("a device");
    let node = node(slices[0], first);
    if devices().any(|device| !device.consumes.is_empty()) {
        let gpus = devices().filter(|device| text(device, "type") == "gpu");
        let gpus: Vec<Gpu> = gpus.map(gpu).collect();
        return dynamic(&node, &gpus, SliceModel::Split, true).expect("boards of the tables");
    }
    let mut gpus: BTreeMap<u16, FixedGpu> = BTreeMap::new();
    for device in devices() {
        let gpu = gpu(device);
        let instances = Vec::new();
        let entry = gpus.entry(gpu.minor).or_insert(FixedGpu { gpu, instances });
        entry.instances.extend(instance(device));
    }
    let gpus: Vec<FixedGpu> = gpus.into_values().collect();
    fixed(&node, &gpus).expect("boards of the tables")
}

#[test]
fn recorded_clusters_hold_what_is_published_here() {
    let Some(clusters) = clusters() else {
        return;
    };
    let (mut pools, mut devices) = (0, 0);
    for (id, cluster) in &clusters {
        let mut recorded: BTreeMap<&str, Vec<&ResourceSlice>> = BTreeMap::new();
        for slice in cluster
            .slices
            .iter()
            .filter(|slice| slice.driver == GPU_DRIVER)
        {
            recorded.entry(&slice.pool).or_default().push(slice);
        }
        for (pool, mut slices) in recorded {
            slices.sort_by(|a, b| a.name.cmp(&b.name));
            let published = again(&slices);
            assert_eq!(published.omitted, BTreeSet::new(), "{id} {pool}");
            assert_eq!(published.slices.len(), slices.len(), "{id} {pool}");
            for (ours, theirs) in published.slices.iter().zip(slices) {
                let shared = &theirs.content.shared_counters;
                assert_eq!(&ours.content.shared_counters, shared, "{id} {pool}");
                let (mut wanted, mut found) = (Vec::new(), Vec::new());
                wanted.extend(theirs.content.devices.iter().map(plain));
                found.extend(ours.content.devices.iter().map(plain));
                if wanted.iter().all(|device| device.consumes.is_empty()) {
                    wanted.sort_by(|a, b| a.name.cmp(&b.name));
                    found.sort_by(|a, b| a.name.cmp(&b.name));
                }
                devices += wanted.len();
                assert_eq!(found, wanted, "{id} {pool}");
                assert_eq!(ours.scope, theirs.scope, "{id} {pool}");
                assert_eq!(ours.slice_count, theirs.slice_count, "{id} {pool}");
                // The controller's random ending is left out.
                assert!(
                    theirs.name.starts_with(&ours.name),
                    "{} {}",
                    theirs.name,
                    ours.name
                );
            }
            pools += 1;
        }
    }
    println!("{pools} pools with {devices} devices agree");
    assert!(pools > 40 && devices > 1300);
}

#[test]
fn recorded_compute_domains_hold_what_is_published_here() {
    let Some(clusters) = clusters() else {
        return;
    };
    let mut compared = 0;
    for (id, cluster) in &clusters {
        let slices = cluster.slices.iter();
        for slice in slices.filter(|slice| slice.driver == COMPUTE_DOMAIN_DRIVER) {
            let ours = compute_domain(&Node {
                name: slice.pool.clone(),
                driver_version: String::new(),
                cuda_driver_version: String::new(),
            });
            assert_eq!(ours.content, slice.content, "{id}");
            compared += 1;
        }
    }
    assert!(compared > 3);
}

/// A recorded class of a name has the same selectors; some have configuration on top.
#[test]
fn recorded_classes_are_those_of_the_driver() {
    let Some(clusters) = clusters() else {
        return;
    };
    let ours = device_classes();
    let mut seen = BTreeSet::new();
    for class in clusters.iter().flat_map(|(_, cluster)| &cluster.classes) {
        if let Some(own) = ours.iter().find(|own| own.name == class.name) {
            assert_eq!(own.selectors, class.selectors, "{}", class.name);
            assert_eq!(own.extended_resource, class.extended_resource);
            seen.insert(class.name.as_str());
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}
