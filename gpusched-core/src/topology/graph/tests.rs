use super::*;
use crate::topology::{
    BOARDS, FABRICS, FabricShape, Path, Scope, Topology, board_for_model, fabric_preset,
};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|rank| format!("n{rank:03}")).collect()
}

fn again(topology: &Topology) -> Topology {
    let names = names(topology.fabric().nodes());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let graph = unfold(topology, &names);
    graph
        .flatten()
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .topology
}

/// What is drawn is what it was drawn from: every link and card of every board.
#[test]
fn boards_survive_the_graph() {
    for preset in BOARDS {
        let board = preset.build(u32::from(preset.gpus)).unwrap();
        let flat = fabric_preset("leaf-spine")
            .unwrap()
            .shape
            .fabric(1)
            .unwrap();
        let topology = Topology::new(flat, vec![board.clone().into()], vec![Some(0)]);
        let found = again(&topology);
        let found = &found.boards()[0];
        for one in 0..board.gpus() {
            for other in (0..board.gpus()).filter(|other| *other != one) {
                let (expected, link) = (board.link(one, other), found.link(one, other));
                assert_eq!(
                    link.nvlinks, expected.nvlinks,
                    "{} {one}-{other}",
                    preset.name
                );
                if expected.path.is_some() {
                    assert_eq!(link.path, expected.path, "{} {one}-{other}", preset.name);
                    assert_eq!(link.gbps, expected.gbps, "{} {one}-{other}", preset.name);
                }
            }
            assert_eq!(found.numa(one), board.numa(one), "{}", preset.name);
        }
        assert_eq!(found.nics(), board.nics(), "{}", preset.name);
        assert_eq!(found.switch(), board.switch(), "{}", preset.name);
    }
}

#[test]
fn fabrics_survive_the_graph() {
    for preset in FABRICS {
        let shape = FabricShape {
            nodes_per_leaf: preset.shape.nodes_per_domain.map_or(4, |domain| 2 * domain),
            leaves_per_spine: preset.shape.leaves_per_spine.map(|_| 3),
            oversubscription: [2.0, 4.0, 1.0],
            ..preset.shape
        };
        let fabric = shape.fabric(50).unwrap();
        let board = board_for_model("GB200", 4).unwrap();
        let topology = Topology::new(fabric, vec![board.into()], vec![Some(0); 50]);
        let found = again(&topology);
        let (found, fabric) = (found.fabric(), topology.fabric());
        let scopes = |fabric: &crate::topology::Fabric| -> Vec<Scope> {
            fabric.levels().iter().map(|level| level.scope).collect()
        };
        assert_eq!(scopes(found), scopes(fabric), "{}", preset.name);
        assert_eq!(
            found.domains().len(),
            fabric.domains().len(),
            "{}",
            preset.name
        );
        for one in 0..50 {
            for other in 0..one {
                let (one, other) = (one.into(), other.into());
                assert_eq!(
                    found.meets(one, other),
                    fabric.meets(one, other),
                    "{}",
                    preset.name
                );
            }
        }
        // No node has more cards than the rails that are used.
        assert_eq!(found.rails(), fabric.rails().min(4), "{}", preset.name);
        for (found, level) in found.levels().iter().zip(fabric.levels()) {
            // The top has no cables out of it: nothing can be said of what they lose.
            if found.scope < scopes(fabric)[0] {
                let lost = (found.oversubscription - level.oversubscription).abs();
                assert!(lost < 1e-9, "{}: {found:?} {level:?}", preset.name);
            }
            assert_eq!(found.latency_ns, level.latency_ns, "{}", preset.name);
        }
    }
}

/// PIX, PXB, PHB, NODE and SYS by what stands between two GPUs.
#[test]
fn paths_are_what_stands_between() {
    let mut graph = TopoGraph::default();
    let mut add = |name: &str, element| {
        graph.add(Vertex {
            name: name.into(),
            host: Some("n".into()),
            element,
        })
    };
    let gpu = |index| Element::Gpu {
        index,
        most_nvlinks: 0,
    };
    let gpus: Vec<VertexId> = (0..6)
        .map(|index| add(&format!("g{index}"), gpu(index)))
        .collect();
    let switches: Vec<VertexId> = (0..5)
        .map(|index| add(&format!("s{index}"), Element::PcieSwitch))
        .collect();
    let bridges: Vec<VertexId> = (0..3)
        .map(|index| add(&format!("b{index}"), Element::HostBridge))
        .collect();
    let numa: Vec<VertexId> = (0..2)
        .map(|index| add(&format!("m{index}"), Element::Numa { index }))
        .collect();
    let mut pcie = |one, other| graph.join(one, other, Cable::new(CableKind::Pcie, 31.0));
    // g0, g1 on s0; g2 on s1; s0 and s1 on s2; g3 on s3 on the same bridge; g4 on another bridge
    // of the first socket; g5 on the second.
    for (device, switch) in [(0, 0), (1, 0), (2, 1), (3, 3), (4, 4)] {
        pcie(gpus[device], switches[switch]);
    }
    pcie(gpus[5], bridges[2]);
    pcie(switches[0], switches[2]);
    pcie(switches[1], switches[2]);
    pcie(switches[2], bridges[0]);
    pcie(switches[3], bridges[0]);
    pcie(switches[4], bridges[1]);
    pcie(bridges[0], numa[0]);
    pcie(bridges[1], numa[0]);
    pcie(bridges[2], numa[1]);
    graph.join(numa[0], numa[1], Cable::new(CableKind::Socket, 22.0));
    let flat = graph.flatten().unwrap();
    let board = &flat.topology.boards()[0];
    let link = |other| {
        (
            board.link(0, other).path.unwrap(),
            board.link(0, other).gbps,
        )
    };
    let expected = [
        (Path::Pix, 31.0),
        (Path::Pxb, 31.0),
        (Path::Phb, 31.0),
        (Path::Node, 31.0),
        (Path::Sys, 22.0),
    ];
    assert_eq!([1, 2, 3, 4, 5].map(link), expected);
    assert_eq!((board.numa(0), board.numa(5)), (0, 1));
}

/// The rules a graph breaks: `what` names vertices, `joined` pairs of them.
fn rules(
    what: &[(&str, Option<&str>, Element)],
    joined: &[(usize, usize, Cable)],
) -> Vec<&'static str> {
    let mut graph = TopoGraph::default();
    let ids: Vec<VertexId> = what
        .iter()
        .map(|(name, host, element)| {
            graph.add(Vertex {
                name: (*name).to_owned(),
                host: host.map(str::to_owned),
                element: *element,
            })
        })
        .collect();
    for (one, other, cable) in joined {
        graph.join(ids[*one], ids[*other], *cable);
    }
    graph
        .lint()
        .into_iter()
        .map(|finding| finding.rule)
        .collect()
}

const fn gpu(index: u8) -> Element {
    Element::Gpu {
        index,
        most_nvlinks: 0,
    }
}

/// One smallest graph per rule; those a topology file can break are in its own tests.
#[test]
fn every_rule_has_a_smallest_graph() {
    let nvlink = Cable::new(CableKind::NvLink, 25.0);
    let pcie = Cable::new(CableKind::Pcie, 31.0);
    let (a, b) = (Some("a"), Some("b"));
    let switch = Element::NvSwitch { reduces: true };
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", a, gpu(1))], &[(0, 1, nvlink)]),
        [""; 0]
    );
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", a, gpu(2))], &[(0, 1, nvlink)]),
        ["numbers"]
    );
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", a, gpu(0))], &[(0, 1, nvlink)]),
        ["numbers"]
    );
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", a, gpu(1))], &[]),
        ["disconnected"]
    );
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", b, gpu(0))], &[(0, 1, nvlink)]),
        ["between-hosts"]
    );
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", b, gpu(0))], &[(0, 1, pcie)]),
        ["between-hosts"]
    );
    assert_eq!(
        rules(
            &[("g", a, gpu(0)), ("n", a, Element::Numa { index: 0 })],
            &[(0, 1, nvlink)]
        ),
        ["wrong-ends"]
    );
    assert_eq!(rules(&[("p", None, Element::PcieSwitch)], &[]), ["no-host"]);
    assert_eq!(
        rules(
            &[("g", a, gpu(0)), ("s", a, Element::Leaf { rail: 0 })],
            &[]
        ),
        ["switch-in-host", "nothing-below"]
    );
    let slow = Cable {
        latency_ns: f64::NAN,
        ..nvlink
    };
    assert_eq!(
        rules(&[("g", a, gpu(0)), ("h", a, gpu(1))], &[(0, 1, slow)]),
        ["latency"]
    );
    assert_eq!(
        rules(
            &[("g", a, gpu(0)), ("h", a, gpu(1)), ("s", a, switch)],
            &[(0, 2, nvlink)]
        ),
        ["half-switched"]
    );
    assert_eq!(
        rules(
            &[("g", a, gpu(0)), ("s", None, switch), ("t", None, switch)],
            &[(0, 1, nvlink), (0, 2, nvlink)]
        ),
        ["two-nvlink-domains"]
    );
    let many: Vec<String> = (0..65).map(|gpu| format!("g{gpu}")).collect();
    let many: Vec<_> = many
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), a, gpu(index as u8)))
        .collect();
    assert_eq!(rules(&many, &[]), ["gpu-count"]);
}
