//! Topologies that cannot be: each names the element and the rule, and where it stands.

use gpusched_sim::topology::{preset, slurm, smi, yaml};

/// The rule and the message of the first problem of a topology of our own, with its line.
fn first(text: &str) -> (&'static str, String, u64) {
    match yaml::parse("t.yaml", text) {
        Err(problem) => ("", problem.message, problem.line),
        Ok(authored) => {
            let problems = authored.problems();
            let (rule, problem) = problems.into_iter().next().expect("something is wrong");
            assert!(problem.help.is_some(), "{}", problem.message);
            (rule, problem.message, problem.line)
        }
    }
}

/// Text, rule (empty = the reader's), words of the message, line.
const YAML: &[(&str, &str, &str, u64)] = &[
    (
        "nodes: [{name: a, leaf: l0}]\n",
        "",
        "there is no switch `l0`",
        1,
    ),
    ("switches: []\n", "", "`nodes` is missing", 1),
    ("nodes: []\n", "", "the topology has no nodes", 0),
    ("nodes: [{name: a, lea: x}]\n", "", "lea", 1),
    (
        "nodes: [{name: \"a[3-1]\"}]\n",
        "",
        "`[3-1]` is no range",
        1,
    ),
    ("nodes: [{name: \"a[1\"}]\n", "", "brackets", 1),
    (
        "nodes: [{name: a, board: hgx-h10}]\n",
        "",
        "no board `hgx-h10`",
        1,
    ),
    (
        "boards: {b: {preset: hgx-h100, gpus: 9}}\nnodes: [{name: a, board: b}]\n",
        "",
        "board hgx-h100 with 9 GPUs cannot be",
        1,
    ),
    (
        "boards: {b: {preset: hgx-h100, nvlinks: [[0]]}}\nnodes: [{name: a}]\n",
        "",
        "spelled out too",
        1,
    ),
    (
        "boards: {b: {}}\nnodes: [{name: a}]\n",
        "",
        "board b has 0 GPUs",
        1,
    ),
    (
        "boards: {b: {gpus: 2, nvlinks: [[0, 4]]}}\nnodes: [{name: a}]\n",
        "",
        "nvlinks is no table of 2 × 2",
        1,
    ),
    (
        "boards: {b: {gpus: 2, nvlinks: [[0, 4], [2, 0]]}}\nnodes: [{name: a}]\n",
        "",
        "the link from GPU 0 to GPU 1 is not the one back",
        1,
    ),
    (
        "boards: {b: {gpus: 2, paths: [[X, NEAR], [NEAR, X]]}}\nnodes: [{name: a}]\n",
        "",
        "`NEAR` is no path",
        1,
    ),
    (
        "boards: {b: {gpus: 2, numa: [0]}}\nnodes: [{name: a}]\n",
        "",
        "NUMA nodes for 1",
        1,
    ),
    (
        "boards: {b: {gpus: 2, nics: {count: 1, gbps: -1}}}\nnodes: [{name: a}]\n",
        "",
        "network cards of -1 GB/s",
        1,
    ),
    (
        "boards: {b: {gpus: 2, nvlinks: [[0, 5], [5, 0]], most-nvlinks: 4}}\nnodes:\n- {name: a, board: b}\n",
        "nvlink-degree",
        "a/gpu0 has 5 NVLinks, and the GPU has 4",
        3,
    ),
    (
        "switches:\n- {name: \"l[0-1]\", kind: leaf}\n- {name: s, kind: spine}\ncables: [{from: \"l[0-1]\", to: s}]\nnodes:\n- {name: a, board: hgx-h100, leaf: [l0, l1]}\n",
        "two-leaves",
        "node a is below two leaves of rail 0: l0 and l1",
        6,
    ),
    (
        "switches: [{name: \"l[0-1]\", kind: leaf}]\nnodes:\n- {name: a, leaf: l0}\n- {name: b, leaf: l1}\n",
        "disconnected",
        "leaf l1 and what hangs on it are not joined to the rest",
        1,
    ),
    (
        "switches:\n- {name: l0, kind: leaf}\n- {name: l1, kind: leaf, rail: 1}\n- {name: l2, kind: leaf, rail: 1}\n- {name: s, kind: spine}\ncables: [{from: \"l[0-2]\", to: s}]\nnodes:\n- {name: a, board: hgx-h100, leaf: [l0, l1]}\n- {name: b, board: hgx-h100, leaf: [l0, l2]}\n",
        "leaves-shared",
        "leaf l0 serves a and b, whose other leaves differ",
        2,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: s, kind: spine}]\nnodes: [{name: a, leaf: l}]\n",
        "nothing-below",
        "nothing is below spine s",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: c, kind: core}]\ncables: [{from: l, to: c}]\nnodes: [{name: a, leaf: l}]\n",
        "wrong-ends",
        "network joins a leaf and a core (l and c)",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}]\ncables: [{from: l, to: l}]\nnodes: [{name: a, leaf: l}]\n",
        "to-itself",
        "l is joined to itself",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: s, kind: spine}]\ncables: [{from: l, to: s, gbps: -5}]\nnodes: [{name: a, leaf: l}]\n",
        "bandwidth",
        "1 cables of -5 GB/s between l and s cannot be",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: s, kind: spine}]\ncables: [{from: l, to: s}, {from: l, to: s}]\nnodes: [{name: a, leaf: l}]\n",
        "link-twice",
        "the link between l and s stands twice",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: s, kind: spine}]\ncables: [{from: l, to: s, gbps: 50}, {from: s, to: l, gbps: 25}]\nnodes: [{name: a, leaf: l}]\n",
        "asymmetric",
        "l are joined by 1 × 50 GB/s one way and 1 × 25 GB/s the other",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: l, kind: spine}]\nnodes: [{name: a, leaf: l}]\n",
        "name-twice",
        "two elements are called l",
        1,
    ),
    (
        "switches: [{name: l, kind: leaf}]\nnodes:\n- {name: a, leaf: l}\n- {name: b}\n",
        "unplugged",
        "network card b/nic0 ends at no leaf",
        4,
    ),
    (
        "switches: [{name: l, kind: leaf}]\nnodes:\n- {name: a, leaf: l}\n- {name: a, leaf: l}\n",
        "name-twice",
        "two elements are called a/nic0",
        3,
    ),
    (
        "switches: [{name: l, kind: leaf}]\noversubscription: {leaf: 0.5}\nnodes: [{name: a, leaf: l}]\n",
        "oversubscription",
        "oversubscription of leaf cannot be 0.5",
        2,
    ),
    (
        "switches: [{name: l, kind: leaf}]\nnodes:\n- {name: a, leaf: l, labels: {topology.kubernetes.io/rack: other}}\n",
        "labels-disagree",
        "node a is in leaf l, and its label topology.kubernetes.io/rack says other",
        3,
    ),
    (
        "switches: [{name: l, kind: leaf}, {name: k, kind: leaf, rail: 1}]\nnodes:\n- {name: a, board: t4, leaf: [l, k]}\n",
        "",
        "node a is below 2 leaves, and has 1 network cards",
        3,
    ),
    (
        "switches: [{name: v, kind: nvswitch}]\nnodes: [{name: a, board: t4, nvswitch: v}]\n",
        "",
        "node a has no NVLink that ends at a switch",
        1,
    ),
];

#[test]
fn topologies_of_our_own_that_cannot_be() {
    for (text, rule, words, line) in YAML {
        let (found, message, at) = first(text);
        assert_eq!(found, *rule, "{text}\n{message}");
        assert!(message.contains(words), "{text}\n{message}");
        assert_eq!(at, *line, "{text}\n{message}");
    }
}

/// Text, words of the message, line.
const SLURM: &[(&str, &str, u64)] = &[
    ("", "no switch and no block", 0),
    ("SwitchName=a\n", "joins neither nodes nor switches", 1),
    ("SwitchName=a Nodes=n1 Switches=b\n", "or both", 1),
    (
        "SwitchName=a Nodes=n1\nSwitchName=a Nodes=n2\n",
        "switch a stands twice",
        2,
    ),
    (
        "SwitchName=a Nodes=n1\nSwitchName=b Nodes=n[1-2]\n",
        "node n1 is below a and below b",
        2,
    ),
    (
        "SwitchName=a Switches=x\n",
        "joins x, which is not there",
        1,
    ),
    (
        "SwitchName=a Nodes=n1\nSwitchName=b Switches=a\nSwitchName=c Switches=a\n",
        "switch a is below b and below c",
        3,
    ),
    (
        "SwitchName=a Switches=b\nSwitchName=b Switches=a\n",
        "is below itself",
        1,
    ),
    (
        "SwitchNam=a Nodes=n1\n",
        "the key SwitchNam is not known",
        1,
    ),
    ("SwitchName=a Nodes\n", "`Nodes` sets nothing", 1),
    ("SwitchName=a Nodes=n[2-1]\n", "`[2-1]` is no range", 1),
    ("SwitchName=a \\\nNodes=n1\n", "lines that go on", 1),
    ("Nodes=n1\n", "neither a switch nor a block", 1),
    ("BlockName=a\n", "block a has no nodes", 1),
    (
        "BlockName=a Nodes=n1\nSwitchName=b Nodes=n2\n",
        "one file",
        1,
    ),
    (
        "BlockName=a Nodes=n[1-2]\nBlockSizes=4\n",
        "block a has 2 nodes, and the base size is 4",
        1,
    ),
    (
        "BlockName=a Nodes=n[1-2]\nBlockSizes=2,6\n",
        "block size 6 is not 2, 4, 8",
        2,
    ),
    (
        "BlockName=a Nodes=n[1-2]\nBlockSizes=x\n",
        "`x` are no block sizes",
        2,
    ),
    (
        "BlockName=a Nodes=n1\nBlockName=a Nodes=n2\n",
        "block a stands twice",
        2,
    ),
    ("- topology: t\n  flat: true\n", "topology t is flat", 1),
    ("- topology: t\n  tre: {}\n", "tre", 2),
];

#[test]
fn files_of_slurm_that_cannot_be() {
    for (text, words, line) in SLURM {
        let problem = slurm::parse("topology.conf", text).unwrap_err();
        assert!(
            problem.message.contains(words),
            "{text}\n{}",
            problem.message
        );
        assert_eq!(problem.line, *line, "{text}\n{}", problem.message);
        assert!(problem.help.is_some(), "{text}");
    }
}

const SMI: &[(&str, &str, u64)] = &[
    ("nothing here\n", "no line of device names", 0),
    ("NIC0\nNIC0 X\n", "the table has no GPU", 0),
    ("GPU0 GPU1\nGPU0 X NV4\n", "2 columns and 1 lines", 0),
    (
        "GPU0 GPU1\nGPU0 X NEAR\nGPU1 NEAR X\n",
        "`NEAR` is no path",
        2,
    ),
    (
        "GPU0 GPU1\nGPU0 X\nGPU1 SYS X\n",
        "GPU0 has 1 of 2 paths",
        2,
    ),
    (
        "GPU0 GPU1\nGPU0 X NV4\nGPU1 NV2 X\n",
        "GPU 0 to GPU 1 is not the one back",
        3,
    ),
    (
        "GPU0 GPU1\nGPU1 X NV4\nGPU0 NV4 X\n",
        "the line of GPU0 is wanted here",
        2,
    ),
    (
        "GPU0 GPU1\nGPU0 X NV99\nGPU1 NV99 X\n",
        "`NV99` is no path",
        2,
    ),
];

#[test]
fn tables_of_nvidia_smi_that_cannot_be() {
    for (text, words, line) in SMI {
        let problem = smi::parse("pasted", text).unwrap_err();
        assert!(
            problem.message.contains(words),
            "{text}\n{}",
            problem.message
        );
        assert_eq!(problem.line, *line, "{text}\n{}", problem.message);
    }
}

#[test]
fn presets_that_cannot_be() {
    for (text, words) in [
        ("leef-spine", "there is no fabric `leef-spine`"),
        ("leaf-spine,nodes-per-leaf", "`nodes-per-leaf` sets nothing"),
        ("leaf-spine,nodes-per-leaf=x", "`x` is no whole number"),
        (
            "leaf-spine,nodes-per-leaf=0",
            "nodes-per-leaf is at least 1",
        ),
        ("leaf-spine,nodes-per-lef=4", "no parameter `nodes-per-lef`"),
        ("leaf-spine,rails=300", "300 rails are too many"),
        ("leaf-spine,oversubscription=0.5", "`0.5` is no ratio"),
        (
            "leaf-spine,oversubscription=1:1:1:1",
            "`1:1:1:1` is no ratio",
        ),
        (
            "nvl72,nodes-per-leaf=20",
            "no whole number of NVLink domains",
        ),
    ] {
        let problem = preset::parse(text).unwrap_err();
        assert!(
            problem.message.contains(words),
            "{text}: {}",
            problem.message
        );
        assert!(problem.help.is_some(), "{text}");
    }
}
