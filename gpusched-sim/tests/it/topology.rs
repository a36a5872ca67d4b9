//! Topologies: what readers make of files, what the command shows, what a run heeds.

use crate::cli::Desk;
use crate::common::Scratch;
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::NodeId;
use gpusched_core::topology::{LevelId, Scope, Topology};
use gpusched_sim::manifest::Manifests;
use gpusched_sim::topology::{Places, Source, kube, slurm, smi, yaml};
use gpusched_sim::trace::ReadOptions;
use gpusched_sim::trace::build::load_inventory;
use proptest::prelude::*;

const OURS: &str = include_str!("../../../examples/topology.yaml");

fn scopes(places: &Places) -> Vec<Scope> {
    places.levels.iter().map(|level| level.scope).collect()
}

fn path<'a>(places: &'a Places, node: &str) -> Vec<&'a str> {
    let place = places
        .places
        .iter()
        .find(|place| place.name == node)
        .unwrap();
    place.path.iter().map(String::as_str).collect()
}

/// The names of a node's domains, far to near.
fn domains(topology: &Topology, node: u32) -> Vec<String> {
    let fabric = topology.fabric();
    let path = fabric.path(NodeId(node));
    path.map(|domain| fabric.domains()[domain.index()].name.clone())
        .collect()
}

fn cluster(text: &str) -> Inventory {
    let scratch = Scratch::new(&format!("topology-{}", text.len()));
    let file = scratch.write("nodes.csv", text.as_bytes());
    load_inventory(&file, &ReadOptions::default()).unwrap().0
}

/// A level a row does not name is a domain of its own; a row that names none stands outside.
#[test]
fn columns_of_a_node_list_are_levels() {
    let inventory = cluster(
        "node,gpu_model,gpu,rack,zone,nvlink_domain,labels\n\
         a,GB200,4,r1,z,d1,\n\
         b,GB200,4,r1,z,d1,\n\
         c,GB200,4,r1,z,,\n\
         d,GB200,4,,,,topology.kubernetes.io/zone=z;other=x\n\
         login,,0,,,,\n",
    );
    let topology = inventory.topology().unwrap();
    let fabric = topology.fabric();
    let scopes: Vec<Scope> = fabric.levels().iter().map(|level| level.scope).collect();
    assert_eq!(scopes, [Scope::Zone, Scope::Rack, Scope::Nvlink]);
    assert_eq!(domains(topology, 1), ["z", "r1", "d1"]);
    assert_eq!(domains(topology, 2), ["z", "r1", "c"]);
    assert_eq!(domains(topology, 3), ["z", "d", "d"]);
    assert!(domains(topology, 4).is_empty());
    assert_eq!(fabric.meets(NodeId(0), NodeId(1)), Some(LevelId(2)));
    assert_eq!(fabric.meets(NodeId(0), NodeId(2)), Some(LevelId(1)));
    assert_eq!(topology.board(NodeId(0)).unwrap().name(), "gb200-tray");
    assert!(topology.board(NodeId(4)).is_none());
}

/// 4 cards of 100 Gb/s are 4 × 12.5 GB/s; NVLink bandwidth is one way, per GPU.
#[test]
fn columns_of_a_node_list_are_boards() {
    let inventory = cluster(
        "node,gpu_model,gpu,nvlink_gbps,nic_count,nic_gbps\n\
         a,A100-SXM4-80GB,8,,4,100\n\
         b,H100-SXM5-80GB,8,200,,\n\
         c,secret,8,300,8,400\n\
         d,secret,8,,,\n\
         e,V100-SXM2-16GB,8,300,,\n",
    );
    let topology = inventory.topology().unwrap();
    let board = |node| topology.board(NodeId(node)).unwrap();
    assert_eq!((board(0).nic_gbps(), board(0).nics().len()), (50.0, 4));
    assert_eq!(board(0).nics()[3].gpu, None);
    assert_eq!(
        (board(1).link(0, 7).gbps, board(1).nic_gbps()),
        (200.0, 400.0)
    );
    assert_eq!(
        (board(2).link(0, 7).gbps, board(2).nic_gbps()),
        (300.0, 400.0)
    );
    assert_eq!(board(2).nics()[3].gpu, Some(3));
    assert!(topology.board(NodeId(3)).is_none());
    // A DGX-1 has 150 GB/s of links per GPU: all twice as fast.
    assert_eq!(
        (board(4).link(0, 3).gbps, board(4).link(0, 5).gbps),
        (100.0, 10.0)
    );
}

#[test]
fn an_inline_cluster_has_boards_without_anything_said() {
    let (inventory, _) = load_inventory("3x8:H100-SXM5-80GB", &ReadOptions::default()).unwrap();
    let topology = inventory.topology().unwrap();
    assert_eq!(topology.boards().len(), 1);
    assert_eq!(topology.board(NodeId(2)).unwrap().name(), "hgx-h100");
    assert!(topology.fabric().levels().is_empty());
}

/// Leaves are racks, what is above them blocks, then zones; a short branch stands alone.
#[test]
fn slurm_trees_are_levels_by_height() {
    let places = slurm::parse(
        "topology.conf",
        "# a comment\n\
         SwitchName=s0 Nodes=n[00-03]\n\
         switchname=s1 nodes=n[04-05],n09 LinkSpeed=900\n\
         SwitchName=mid Switches=s[0-1]\n\
         SwitchName=s2 Nodes=n[10-11]\n\
         SwitchName=top Switches=mid,s2\n",
    )
    .unwrap();
    assert_eq!(scopes(&places), [Scope::Zone, Scope::Block, Scope::Rack]);
    assert_eq!(path(&places, "n09"), ["top", "mid", "s1"]);
    assert_eq!(path(&places, "n10"), ["top", "s2", "s2"]);
    assert_eq!(places.places.len(), 9);
}

/// Larger blocks are aligned runs in the order of the file (`BlockSizes`).
#[test]
fn slurm_blocks_are_aligned_runs() {
    let text = "BlockName=b1 Nodes=n[1-4]\nBlockName=b2 Nodes=n[5-8]\n\
                BlockName=b3 Nodes=n[9-12]\nBlockSizes=4,8\n";
    let places = slurm::parse("topology.conf", text).unwrap();
    assert_eq!(scopes(&places), [Scope::Zone, Scope::Block]);
    assert_eq!(path(&places, "n5"), ["b1..b2", "b2"]);
    assert_eq!(path(&places, "n12"), ["b3..b3", "b3"]);
}

#[test]
fn slurm_yaml_says_the_same_as_conf() {
    let yaml = "- topology: topo1\n  cluster_default: true\n  tree:\n    switches:\n\
                \x20     - switch: top\n        children: s[0-1]\n\
                \x20     - switch: s0\n        nodes: n[0-1]\n\
                \x20     - switch: s1\n        nodes: n[2-3]\n\
                - topology: other\n  flat: true\n";
    let conf =
        "SwitchName=top Switches=s[0-1]\nSwitchName=s0 Nodes=n[0-1]\nSwitchName=s1 Nodes=n[2-3]\n";
    let (one, other) = (
        slurm::parse("t", yaml).unwrap(),
        slurm::parse("t", conf).unwrap(),
    );
    assert_eq!(one.levels, other.levels);
    let paths = |places: &Places| -> Vec<_> {
        let places = places.places.iter();
        places
            .map(|place| (place.name.clone(), place.path.clone()))
            .collect()
    };
    assert_eq!(paths(&one), paths(&other));
    let block = "- topology: b\n  block:\n    block_sizes: [2]\n    blocks:\n\
                 \x20     - {block: b0, nodes: \"n[0-1]\"}\n";
    assert_eq!(path(&slurm::parse("t", block).unwrap(), "n1"), ["b0"]);
}

const NODES: &str = "\
apiVersion: v1
kind: Node
metadata: {name: a, labels: {example.com/hall: h1, topology.kubernetes.io/rack: r1, nvidia.com/gpu.clique: x.1}}
---
apiVersion: v1
kind: Node
metadata: {name: b, labels: {example.com/hall: h1, topology.kubernetes.io/rack: r2}}
---
apiVersion: v1
kind: Node
metadata: {name: plain}
";

#[test]
fn labels_of_kubernetes_nodes_are_levels() {
    let places = kube::of(&Manifests::parse([("nodes.yaml", NODES)]), "nodes.yaml").unwrap();
    assert_eq!(scopes(&places), [Scope::Rack, Scope::Nvlink]);
    assert_eq!(path(&places, "a"), ["r1", "x.1"]);
    assert_eq!(path(&places, "b"), ["r2", "b"]);
    assert_eq!(places.places.len(), 2);
}

/// Kueue's Topology says which labels are levels; the host name is the node itself.
#[test]
fn a_topology_of_kueue_names_the_levels() {
    let topology = "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Topology\nmetadata: {name: t}\n\
                    spec:\n  levels:\n  - nodeLabel: example.com/hall\n\
                    \x20 - nodeLabel: topology.kubernetes.io/rack\n\
                    \x20 - nodeLabel: kubernetes.io/hostname\n---\n";
    let manifests = Manifests::parse([("nodes.yaml", format!("{topology}{NODES}"))]);
    let places = kube::of(&manifests, "nodes.yaml").unwrap();
    assert_eq!(scopes(&places), [Scope::Block, Scope::Rack]);
    assert_eq!(path(&places, "b"), ["h1", "r2"]);
}

/// As a terminal shows it: underlined head, tabs, two kinds of affinity, a legend.
const PASTED: &str = "\t\u{1b}[4mGPU0\tGPU1\tGPU2\tGPU3\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\u{1b}[0m
GPU0\t X \tNV12\tSYS\tSYS\tPXB\tSYS\t0-31,64-95\t0\t\tN/A
GPU1\tNV12\t X \tSYS\tSYS\tNODE\tSYS\t0-31,64-95\t0\t\tN/A
GPU2\tSYS\tSYS\t X \tNV12\tSYS\tPIX\t32-63,96-127\t1\t\tN/A
GPU3\tSYS\tSYS\tNV12\t X \tSYS\tPIX\t32-63,96-127\t1\t\tN/A
NIC0\tPXB\tNODE\tSYS\tSYS\t X \tSYS
NIC1\tSYS\tSYS\tPIX\tPIX\tSYS\t X

Legend:

  X    = Self
  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes
NIC Legend:

  NIC0: mlx5_0
  NIC1: mlx5_1
";

#[test]
fn what_nvidia_smi_prints_is_read() {
    let board = smi::parse("pasted", PASTED).unwrap();
    assert_eq!((board.gpus(), board.nics().len()), (4, 2));
    assert_eq!(
        (board.link(0, 1).nvlinks, board.link(0, 1).gbps),
        (12, 300.0)
    );
    assert_eq!((board.numa(1), board.numa(2)), (0, 1));
    // The second card is as near to two GPUs.
    assert_eq!((board.nics()[0].gpu, board.nics()[1].gpu), (Some(0), None));
    assert_eq!((board.nics()[0].numa, board.nics()[1].numa), (0, 1));
    assert!(board.switch().is_none());
}

/// 7 × 18 links are more than a GPU has: they end at a switch.
#[test]
fn links_of_more_than_a_gpu_has_end_at_a_switch() {
    let names: Vec<String> = (0..8).map(|gpu| format!("GPU{gpu}")).collect();
    let mut text = format!("\t{}\n", names.join("\t"));
    for one in 0..8 {
        let cells = (0..8).map(|other| if one == other { " X " } else { "NV18" });
        text += &format!("GPU{one}\t{}\n", cells.collect::<Vec<_>>().join("\t"));
    }
    let board = smi::parse("pasted", &text).unwrap();
    let switch = board.switch().unwrap();
    assert_eq!((switch.links, switch.gbps_per_gpu), (18, 450.0));
    assert_eq!(board.link(0, 7).score(), 0);
}

/// 8 nodes × 50 GB/s go into a rail switch and 4 × 50 GB/s out of it; 4 × 12.5 and 25 at the rack.
#[test]
fn our_own_example_is_what_its_comments_say() {
    let authored = yaml::parse("topology.yaml", OURS).unwrap();
    assert_eq!(authored.problems(), []);
    let places = authored.places().unwrap();
    assert_eq!(scopes(&places), [Scope::Block, Scope::Rack]);
    assert_eq!(places.levels[1].oversubscription, 2.0);
    assert_eq!((places.rails, places.places.len()), (8, 20));
    assert_eq!(path(&places, "h09"), ["spine", "unit1"]);
    assert_eq!(path(&places, "l3"), ["spine", "tor"]);
    let topology = places.alone().unwrap();
    let board = topology.board(NodeId(19)).unwrap();
    assert_eq!(
        (board.name(), board.link(0, 1).gbps, board.nic_gbps()),
        ("bridged", 56.0, 12.5)
    );
}

/// By name where all are named, in rank order where none is.
#[test]
fn machines_take_places_by_name_or_by_rank() {
    let conf = "SwitchName=s0 Nodes=a,c\nSwitchName=s1 Nodes=b,d\nSwitchName=t Switches=s[0-1]\n";
    let places = slurm::parse("topology.conf", conf).unwrap();
    let (named, notes) = places.seat(cluster("node,gpu\na,1\nb,1\n")).unwrap();
    assert_eq!(domains(named.topology().unwrap(), 1), ["t", "s1"]);
    assert_eq!(notes, ["2 places are of nodes the cluster does not have"]);
    let (ranked, notes) = places.seat(cluster("node,gpu\nx,1\ny,1\nz,1\n")).unwrap();
    assert_eq!(domains(ranked.topology().unwrap(), 1), ["t", "s0"]);
    assert_eq!(domains(ranked.topology().unwrap(), 2), ["t", "s1"]);
    assert_eq!(notes.len(), 1);
    // A machine without GPUs need not be named.
    let (named, _) = places.seat(cluster("node,gpu\na,1\nlogin,0\n")).unwrap();
    assert!(domains(named.topology().unwrap(), 1).is_empty());
    let half = places.seat(cluster("node,gpu\na,1\nbb,1\n")).unwrap_err();
    assert_eq!(
        half.message,
        "node bb is not in the topology, as 1 of 2 nodes"
    );
    let listed = places
        .seat(cluster("node,gpu,rack\na,1,r\nb,1,r\n"))
        .unwrap_err();
    assert_eq!(
        listed.message,
        "the node list has a and b in one rack (r), and the topology does not"
    );
    let few = places
        .seat(cluster("node,gpu\np,1\nq,1\nr,1\ns,1\nt,1\n"))
        .unwrap_err();
    assert_eq!(
        few.message,
        "the cluster has 5 nodes, and the topology places for 4"
    );
}

/// 847 hosts, 3 aggregation groups, 119 racks of 2 to 8 (README of the dataset).
#[test]
fn the_lingjun_table_is_a_cluster_and_a_topology() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/datasets/lingjun-2023/topo.csv"
    );
    if !std::path::Path::new(file).exists() {
        eprintln!("skipped: {file} is not present");
        return;
    }
    let options = ReadOptions::default();
    let (inventory, report) = load_inventory(&format!("lingjun:{file}"), &options).unwrap();
    assert_eq!((inventory.nodes().len(), inventory.gpus()), (847, 847 * 8));
    assert!(report.notes[0].contains("assumed"), "{:?}", report.notes);
    let count = |inventory: &Inventory, scope| {
        let fabric = inventory.topology().unwrap().fabric();
        fabric.domains_of(fabric.level(scope).unwrap()).len()
    };
    let counts = |inventory: &Inventory| {
        [Scope::Zone, Scope::Block, Scope::Rack].map(|scope| count(inventory, scope))
    };
    assert_eq!(counts(&inventory), [1, 3, 119]);
    let (inline, _) = load_inventory("847x8:H100-SXM5-80GB", &options).unwrap();
    let source = Source::parse(&format!("lingjun:{file}")).unwrap();
    let (wired, _) = source.apply(inline).unwrap();
    assert_eq!(counts(&wired), [1, 3, 119]);
    assert_eq!(
        wired.topology().unwrap().board(NodeId(5)).unwrap().name(),
        "hgx-h100"
    );
}

#[test]
fn screens_of_topo() {
    let desk = Desk::new("topo-screens");
    desk.write("topology.yaml", OURS);
    desk.write("smi.txt", PASTED);
    desk.write(
        "conf",
        "SwitchName=s0 Nodes=n[0-1]\nSwitchName=s1 Nodes=n[2-4]\nSwitchName=t Switches=s[0-1]\n",
    );
    for (name, line) in [
        ("list", "topo show"),
        ("board", "topo show dgx-1v"),
        ("smi", "topo show smi:smi.txt"),
        ("ours", "topo show topology.yaml"),
        ("slurm", "topo show slurm:conf"),
        (
            "preset",
            "topo show preset:fat-tree,nodes-per-leaf=2,leaves-per-spine=2,oversubscription=2:4 --cluster 9x8:A100-SXM4-80GB",
        ),
        ("lint", "topo lint topology.yaml"),
        ("score_gpus", "topo score dgx-1v --gpus 0,3,4"),
        (
            "score_nodes",
            "topo score topology.yaml --nodes h00,h01,h09",
        ),
        ("dot", "topo export dot 4xrtx8000"),
        ("help", "topo --help"),
    ] {
        insta::assert_snapshot!(format!("topo_{name}"), desk.line(line).screen());
    }
    let json = desk.line("topo export json topology.yaml");
    assert_eq!(json.code, 0, "{}", json.err);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let vertices = json["vertices"].as_array().unwrap();
    let gpus = vertices
        .iter()
        .filter(|vertex| vertex["kind"] == "gpu")
        .count();
    assert_eq!(gpus, 16 * 8 + 4 * 4);
}

/// A run takes `--topology` as the scenario takes the key; the flag may not contradict it.
#[test]
fn a_run_is_wired_by_flag_or_by_key() {
    let desk = Desk::new("topo-run");
    desk.write(
        "sub/conf",
        "SwitchName=s0 Nodes=alpha\nSwitchName=s1 Nodes=beta\nSwitchName=t Switches=s[0-1]\n",
    );
    desk.write("sub/my.yaml", "trace: ../trace\ntopology: slurm:conf\n");
    let ran = desk.line("run sub/my.yaml --out result");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let stored = String::from_utf8(desk.files("result")["scenario.yaml"].clone()).unwrap();
    assert!(stored.contains("topology: slurm:../sub/conf"), "{stored}");
    let summary = String::from_utf8(desk.files("result")["summary.json"].clone()).unwrap();
    assert!(summary.contains("\"role\": \"topology\""), "{summary}");
    let ran = desk.line("run --trace trace --topology slurm:sub/conf");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = desk.line("run sub/my.yaml --topology preset:leaf-spine");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("contradicts"), "{}", ran.err);
}

/// What must be and is not there is refused at its row; what would be nice is said.
#[test]
fn a_required_level_must_exist() {
    let desk = Desk::new("topo-required");
    let jobs = |mode: &str| {
        format!(
            "job_id,submit_s,run_s,gpu,topo_mode,topo_level\na,0,5,1,none,\nb,0,5,1,{mode},rack\n"
        )
    };
    desk.write("t/jobs.csv", &jobs("required"));
    desk.write("t/nodes.csv", "node,gpu,zone\nn,1,z\n");
    let ran = desk.line("run --trace t");
    insta::assert_snapshot!("topo_required_level", ran.screen());
    let ran = desk.line("run --trace t --topology preset:leaf-spine");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = desk.line("run --trace t --lenient");
    assert!(
        ran.err.contains("1 jobs must be within a level"),
        "{}",
        ran.err
    );
    desk.write("t/jobs.csv", &jobs("preferred"));
    let ran = desk.line("run --trace t");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("1 jobs prefer a level"), "{}", ran.err);
}

#[test]
fn nvlink_no_board_has_is_refused() {
    let desk = Desk::new("topo-nvlink");
    desk.write(
        "t/jobs.csv",
        "job_id,submit_s,run_s,gpu,nvlink_gbps_min\na,0,5,2,600\n",
    );
    desk.write("t/nodes.csv", "node,gpu_model,gpu\nn,H100-SXM5-80GB,8\n");
    let ran = desk.line("run --trace t");
    assert_eq!(ran.code, 2);
    for words in ["t/jobs.csv:2", "600 GB/s", "has 450", "--lenient"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

proptest! {
    /// Readers say what is wrong with any text; they do not fall over.
    #[test]
    fn readers_take_any_text(text in "[SwitchNameBlockodes=, \\[\\]0-9\n:GPUXNV#-]{0,200}") {
        let _ = slurm::parse("t", &text);
        let _ = smi::parse("t", &text);
        let _ = yaml::parse("t", &text).map(|authored| authored.problems());
        let _ = Source::parse(&text);
    }
}
