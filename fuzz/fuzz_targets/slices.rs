//! Manifests of devices and claims: any text is read with located problems or without, and whatever
//! was read can be given out on every node, in both modes; never a panic. The first byte, if it is
//! one of a few, puts the rest where it is deep inside an object.

#![no_main]

use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::{Choice, Features, Quirks};
use gpusched_sim::dra::{Devices, pods};
use gpusched_sim::manifest::{DraManifests, write};
use libfuzzer_sys::fuzz_target;

/// Beginnings of objects, so that the fuzzer need not find them.
const FRONTS: &[&str] = &[
    "",
    "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: a}\nspec:\n",
    "apiVersion: resource.k8s.io/v1beta1\nkind: ResourceSlice\nmetadata: {name: a}\nspec:\n",
    "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: a}\nspec:\n  driver: d\n  pool: {name: p, generation: 1, resourceSliceCount: 1}\n  allNodes: true\n  devices:\n",
    "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: a}\nspec:\n  devices:\n",
    "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: a}\nspec:\n",
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n",
];

/// Something to give out and somewhere to do it, whatever the text is.
const REST: &str = "apiVersion: v1
kind: Node
metadata: {name: n}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: c}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: any}
spec: {devices: {requests: [{name: r, exactly: {deviceClassName: c, count: 2}}]}}
";

fuzz_target!(|data: &[u8]| {
    let Some((&pick, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let front = FRONTS[usize::from(pick) % FRONTS.len()];
    let text = format!("{front}{text}");
    let manifests = DraManifests::parse([("any.yaml", text), ("rest.yaml", REST.to_owned())]);
    for problem in manifests.problems() {
        let _ = problem.diagnostic.render(false);
    }
    for slice in &manifests.objects().slices {
        let _ = write::resource_slice(slice).to_string();
    }
    let Ok(pods) = pods(manifests.objects()) else {
        return;
    };
    for quirks in [Quirks::KUBE, Quirks::NONE] {
        let choice = Choice::FirstFit;
        let mut devices = Devices::new(manifests.objects(), Features::V1_36, quirks, choice);
        let nodes: Vec<NodeId> = (0..devices.nodes().len() as u32).map(NodeId).collect();
        // A search is exponential in the worst case; a few pods show a panic as well as many.
        for pod in pods.iter().take(4) {
            let _ = devices.place(pod, &nodes);
        }
    }
});
