//! What `gpusched kueue` prints about the examples and about manifests with every kind of trouble.

use crate::cli::Desk;
use std::path::{Path, PathBuf};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kueue")
}

/// A desk with the example manifests on it, so that messages name short paths.
fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("kueue-{test}"));
    for folder in std::fs::read_dir(examples()).unwrap() {
        let folder = folder.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let name = Path::new(&folder.file_name()).join(file.file_name());
            let text = std::fs::read_to_string(file.path()).unwrap();
            desk.write(&name.to_string_lossy(), &text);
        }
    }
    desk
}

#[test]
fn every_example_is_in_order() {
    let desk = desk("examples");
    let names = [
        "single-queue",
        "cohort",
        "taints",
        "topology",
        "fair-sharing",
        "provisioning",
    ];
    for name in names.iter().chain(&["admission-fair-sharing"]) {
        let ran = desk.run(&["kueue", "lint", "--strict", "--manifests", name]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.screen());
        assert!(ran.out.ends_with("0 errors, 0 findings\n"), "{}", ran.out);
        let ran = desk.run(&["kueue", "explain", "--manifests", name]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
    }
    let folders = std::fs::read_dir(examples()).unwrap().count();
    assert_eq!(folders, names.len() + 1);
}

const TROUBLE: &str = "apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata:
  name: research
spec:
  cohort: gpus
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors:
    - name: default
      resources:
      - name: cpu
        nominalQuota: 8
      - name: memory
        nominalQuota: 36GiB
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: notes
";

const DOUBTFUL: &str = "apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata:
  name: research
spec:
  cohortName: gpus
  resourceGroups:
  - coveredResources: [cpu]
    flavors:
    - name: defualt
      resources:
      - name: cpu
        nominalQuota: 8
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata:
  name: default
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata:
  name: papers
  namespace: lab
spec:
  clusterQueue: reserach
";

fn troubled(name: &str) -> Desk {
    let desk = desk(&format!("screen-{name}"));
    desk.write("trouble/queue.yaml", TROUBLE);
    desk.write("doubtful/queue.yaml", DOUBTFUL);
    desk
}

screens! {
    "kueue_" on troubled;
    help: "kueue --help";
    help_lint: "kueue lint --help";
    help_explain: "kueue explain --help";
    rules: "kueue lint --rules";
    lint_errors: "kueue lint --manifests trouble";
    lint_findings: "kueue lint --manifests doubtful";
    lint_strict: "kueue lint --strict --manifests doubtful/queue.yaml";
    lint_nothing: "kueue lint --manifests trace";
    explain_cohort: "kueue explain --manifests cohort";
    explain_inactive: "kueue explain --manifests doubtful";
    explain_errors: "kueue explain --manifests trouble";
    explain_json: "kueue explain --manifests cohort --format json";
    explain_csv: "kueue explain --manifests fair-sharing --format csv";
}
