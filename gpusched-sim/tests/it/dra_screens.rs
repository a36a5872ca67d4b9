//! What `gpusched dra` prints: the example from the request to the devices, what drivers publish,
//! and what is wrong.

use crate::cli::Desk;
use gpusched_sim::manifest::{DraManifests, dra_from_json, resource_slice, write};
use serde_json::Value;
use std::path::Path;

/// A desk with the example on it.
fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("dra-{test}"));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dra");
    for file in std::fs::read_dir(examples).expect("the example") {
        let file = file.expect("a file");
        if file.path().is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).expect("text");
        desk.write(
            &format!("dra/{}", file.file_name().to_string_lossy()),
            &text,
        );
    }
    desk
}

/// The nodes of the example are what the command in its first lines prints.
#[test]
fn the_cluster_of_the_example_is_published() {
    let desk = desk("cluster");
    let ran = desk.line(
        "dra publish --gpus GB200:2 --nodes 4 --clique 2 --compute-domains --with-classes \
         --with-nodes",
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let printed = DraManifests::parse([("printed.yaml", ran.out)]);
    let kept = DraManifests::read([
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dra/cluster.yaml")
    ]);
    assert_eq!(printed.problems(), []);
    assert_eq!(printed.objects(), kept.expect("the example").objects());
}

/// "A GPU with at least 40 GB and NVLink to the neighbouring node": asked for node by node, the
/// pods end in two NVLink domains; together they end in one.
#[test]
fn the_request_is_met_within_one_nvlink_domain() {
    let desk = desk("request");
    let apart = desk.line("dra allocate --manifests dra");
    assert_eq!(apart.code, 0, "{}", apart.screen());
    let at = |text: &str, pod: &str, node: &str| {
        assert!(
            text.contains(&format!("training/{pod} -> {node}\n")),
            "{text}"
        );
    };
    at(&apart.out, "train-0", "node-2");
    at(&apart.out, "train-1", "node-3");
    let together = desk.line("dra allocate --manifests dra --same nvidia.com/gpu.clique");
    assert_eq!(together.code, 0, "{}", together.screen());
    at(&together.out, "train-0", "node-3");
    at(&together.out, "train-1", "node-4");
    insta::assert_snapshot!("dra_request", together.screen());
}

/// With three pods no domain is large enough: the reasons say what is in the way.
#[test]
fn what_is_in_the_way_is_said_for_each_device() {
    let desk = desk("why");
    let ran = desk.line("dra allocate --manifests dra --node node-1");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("dra_in_use", ran.screen());
    let claim = "apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: odd}
spec:
  devices:
    requests:
    - name: small
      exactly: {deviceClassName: mig.nvidia.com, count: 3, selectors: [{cel: {expression: \"device.attributes['gpu.nvidia.com'].profile == '2g.12gb'\"}}]}
    - name: rest
      firstAvailable:
      - {name: whole, deviceClassName: gpu.nvidia.com}
      - {name: half, deviceClassName: mig.nvidia.com, selectors: [{cel: {expression: \"device.attributes['gpu.nvidia.com'].profile == '4g.24gb'\"}}]}
    constraints:
    - {matchAttribute: gpu.nvidia.com/parentUUID}
";
    desk.write("claim.yaml", claim);
    let ran = desk.line("dra publish --gpus A30:2 --mig dynamic --with-classes");
    desk.write("slices.yaml", &ran.out);
    let ran = desk.line("dra allocate --slices slices.yaml --claims claim.yaml");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("dra_constraint", ran.screen());
    let ran = desk.line("dra allocate --slices slices.yaml --claims claim.yaml --format json");
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    let reasons = |json: &Value, request: usize| -> Vec<String> {
        let request = &json["pods"][0]["refused"][0]["requests"][request];
        assert_eq!(request["met"], false);
        let devices = request["refused"].as_array().expect("devices").iter();
        devices.map(|one| one["why"].to_string()).collect()
    };
    assert!(reasons(&json, 0).contains(&"\"constraint\"".to_owned()));
    // The real allocator keeps the counters of devices that a constraint refuses (B3).
    assert!(reasons(&json, 1).contains(&"\"counter\"".to_owned()));
    let line = "dra allocate --slices slices.yaml --claims claim.yaml --format json --mode correct";
    let json: Value = serde_json::from_str(&desk.line(line).out).expect("JSON");
    assert!(!reasons(&json, 1).contains(&"\"counter\"".to_owned()));
}

/// Slices cut for dynamic MIG, whole GPUs, and a layout.
#[test]
fn what_is_published_can_be_looked_at() {
    let desk = Desk::new("dra-publish");
    let dynamic = desk.line("dra publish --gpus A30:1 --mig dynamic --format table");
    insta::assert_snapshot!("dra_publish_dynamic", dynamic.screen());
    let old = desk.line("dra publish --gpus A30:1 --mig dynamic --format table --kubernetes 1.34");
    assert_eq!(
        old.out
            .lines()
            .filter(|line| line.starts_with("0000"))
            .count(),
        1
    );
    let layout = desk.line("dra publish --gpus A100-SXM4-40GB:1 --mig all-balanced --format table");
    insta::assert_snapshot!("dra_publish_layout", layout.screen());
    let whole = desk.line("dra publish --gpus h100:1 --extras");
    insta::assert_snapshot!("dra_publish_extras", whole.screen());
    let unknown = desk.line("dra publish --gpus B200-180GB:1 --mig dynamic --format json");
    assert_eq!(unknown.code, 0);
    assert!(
        unknown
            .err
            .contains("B200-180GB: `memory` of 1g.23gb is not known"),
        "{}",
        unknown.err
    );
    let list: Value = serde_json::from_str(&unknown.out).expect("JSON");
    let read = dra_from_json(list["items"].as_array().expect("items")).expect("slices");
    assert_eq!(read.slices.len(), 2);
}

#[test]
fn what_is_wrong_is_said_with_the_way_out() {
    let desk = desk("wrong");
    for (line, message, help) in [
        (
            "dra publish --gpus H100-SXM5-80BG:8",
            "`H100-SXM5-80BG` is no known GPU model",
            "did you mean `H100-SXM5-80GB`?",
        ),
        (
            "dra publish --gpus A30:0",
            "`A30:0` says no number of GPUs",
            "write MODEL:COUNT",
        ),
        (
            "dra publish --gpus T4:2 --mig dynamic",
            "MIG cannot cut a `T4`",
            "leave `--mig` out",
        ),
        (
            "dra publish --gpus A30:9 --mig dynamic",
            "at most 8 counter sets, not 9",
            "fewer GPUs",
        ),
        (
            "dra publish --gpus A30:1 --mig all-balnced",
            "all-balnced",
            "did you mean",
        ),
        (
            "dra publish --gpus MI300X:8",
            "how NVIDIA's driver describes a `MI300X`",
            "another model",
        ),
        (
            "dra publish --gpus A30:1 --kubernetes 1.30",
            "`1.30` is no version",
            "1.34 and newer",
        ),
        (
            "dra publish --gpus A30:1 --mig-stays-on",
            "says nothing",
            "add `--mig dynamic`",
        ),
        (
            "dra publish --gpus A30:1 --nodes 0",
            "0 nodes cannot be published",
            "give 1 to",
        ),
        (
            "dra allocate",
            "there is nothing to read",
            "--manifests DIR",
        ),
        (
            "dra allocate --manifests nowhere",
            "cannot read the manifests",
            "name a folder",
        ),
        (
            "dra allocate --manifests dra/cluster.yaml",
            "nothing here asks for devices",
            "give ResourceClaims",
        ),
        (
            "dra allocate --manifests dra/request.yaml",
            "there are no nodes",
            "give Nodes",
        ),
        (
            "dra allocate --manifests dra --node node-9",
            "there is no node `node-9`",
            "did you mean",
        ),
        (
            "dra allocate --manifests dra --policy best-fti",
            "there is no policy `best-fti`",
            "did you mean `best-fit`?",
        ),
    ] {
        let ran = desk.line(line);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{line}: {}",
            ran.screen()
        );
        assert!(
            ran.err.contains(message) && ran.err.contains(help),
            "{line}: {}",
            ran.err
        );
    }
    desk.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {resourceClaims: [{name: g, resourceClaimTemplateName: large-gpus}]}\n");
    let ran = desk.line("dra allocate --manifests dra pod.yaml");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("there is no ResourceClaimTemplate `large-gpus`"),
        "{}",
        ran.err
    );
    desk.write("class.yaml", "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: c}\nspec: {devices: {requests: [{name: r, exactly: {deviceClassName: gpus}}]}}\n");
    let ran = desk.line("dra allocate --manifests dra/cluster.yaml class.yaml");
    assert_eq!(ran.code, 1, "{}", ran.screen());
    assert!(ran.out.contains("class-not-found"), "{}", ran.out);
}

/// What is written is read as the same object.
#[test]
fn slices_survive_being_written() {
    let path = "../../shared/conformance/dra/random/clusters.jsonl";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(text) = std::fs::read_to_string(path) else {
        use std::io::Write;
        // Past the capture of the test harness: a skipped test must not look like a passed one.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared not present");
        return;
    };
    for line in text.lines() {
        let cluster: Value = serde_json::from_str(line).expect("JSON");
        for slice in cluster["resourceSlices"].as_array().expect("slices") {
            let slice = resource_slice(slice).expect("a slice");
            let written = write::resource_slice(&slice);
            assert_eq!(resource_slice(&written).expect("a slice"), slice);
        }
    }
}

/// Jobs of several MIG profiles on static layouts of the device plugin, and cut on demand under
/// DRA's order of names and others: one table, and policies that cannot serve a mode are left out.
#[test]
fn static_layouts_and_dra_compare_in_one_table() {
    let desk = Desk::new("dra-compare");
    let profiles = [
        "1g.5gb", "2g.10gb", "1g.5gb", "3g.20gb", "1g.5gb", "7g.40gb",
    ];
    let mut jobs = "job_id,submit_s,run_s,mig_profile,mig_count\n".to_owned();
    for number in 0..60 {
        let profile = profiles[number * 7 % profiles.len()];
        jobs += &format!(
            "j{number},{},{},{profile},1\n",
            number * 20,
            300 + number * 37 % 400
        );
    }
    desk.write("t/jobs.csv", &jobs);
    desk.write(
        "t/nodes.csv",
        "node,gpu,gpu_model\nn0,2,A100-SXM4-40GB\nn1,2,A100-SXM4-40GB\n",
    );
    let line = "compare --trace t --queueing fifo-greedy --sharing mig:all-balanced,mig:dynamic \
                --mig-placement device-plugin-distributed,dra-name-order,best-fit-slots,min-fragmentation";
    let ran = desk.line(line);
    assert_eq!(ran.code, 0, "{}", ran.screen());
    insta::assert_snapshot!("dra_compare", ran.screen());
    // Ten of the sixty jobs ask for a 7g.40gb, which all-balanced does not have.
    let accepted = |mode: &str| {
        let lines = ran.out.lines().filter(|line| line.contains(mode));
        lines
            .map(|line| line.split_whitespace().nth(1))
            .collect::<Vec<_>>()
    };
    assert_eq!(accepted("mig:all-balanced"), [Some("83.3%"); 4]);
    assert_eq!(accepted("mig:dynamic"), [Some("100.0%"); 3]);
    let one = desk.line("compare --trace t --sharing exclusive --mig-placement lottery");
    assert_eq!(one.code, 2);
}
