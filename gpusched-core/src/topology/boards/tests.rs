use super::*;

fn nvlinks(name: &str) -> Vec<Vec<u8>> {
    let board = board_preset(name).unwrap();
    let board = board.build(u32::from(board.gpus)).unwrap();
    let row = |one| {
        let cell = |other| match one == other {
            true => 0,
            false => board.link(one, other).nvlinks,
        };
        (0..board.gpus()).map(cell).collect()
    };
    (0..board.gpus()).map(row).collect()
}

/// The table of links per pair of a DGX-1 with V100, as upstream's fixture has it.
#[test]
fn dgx_1v_is_the_hybrid_cube_mesh() {
    let expected = [
        [0, 1, 1, 2, 2, 0, 0, 0],
        [1, 0, 2, 1, 0, 2, 0, 0],
        [1, 2, 0, 2, 0, 0, 1, 0],
        [2, 1, 2, 0, 0, 0, 0, 1],
        [2, 0, 0, 0, 0, 1, 1, 2],
        [0, 2, 0, 0, 1, 0, 2, 1],
        [0, 0, 1, 0, 1, 2, 0, 2],
        [0, 0, 0, 1, 2, 1, 2, 0],
    ];
    assert_eq!(nvlinks("dgx-1v"), expected);
}

#[test]
fn every_gpu_of_a_dgx_1_uses_all_its_links() {
    for (name, links) in [("dgx-1p", 4), ("dgx-1v", 6)] {
        for row in nvlinks(name) {
            assert_eq!(row.into_iter().sum::<u8>(), links, "{name}");
        }
    }
}

/// Pair scores by hand from the rule: NVLink 100 each, PIX 50, PHB 30, NODE 20, SYS 10.
#[test]
fn pair_scores_add_links_and_path() {
    let volta = board_preset("dgx-1v").unwrap().build(8).unwrap();
    let score = |one, other| volta.link(one, other).score();
    assert_eq!(
        (score(0, 1), score(0, 3), score(0, 4), score(0, 5)),
        (150, 230, 210, 10)
    );
    let pascal = board_preset("dgx-1p").unwrap().build(8).unwrap();
    assert_eq!(
        (pascal.link(0, 2).score(), pascal.link(0, 1).score()),
        (150, 130)
    );
    let quadro = board_preset("4xrtx8000").unwrap().build(4).unwrap();
    let score = |one, other| quadro.link(one, other).score();
    // The fixture gives pairs with NVLink no other link.
    assert_eq!((score(0, 3), score(0, 1), score(0, 2)), (200, 20, 10));
    assert_eq!(quadro.set_score(&[0, 1, 2, 3]), 2 * 200 + 2 * 20 + 2 * 10);
}

/// NVML reports the switch, not the peer: only PCIe counts on a switched board.
#[test]
fn links_into_a_switch_score_nothing() {
    let board = board_for_model("H100-SXM5-80GB", 8).unwrap();
    assert_eq!(
        (board.link(0, 1).score(), board.link(0, 4).score()),
        (20, 10)
    );
    assert_eq!(board.nvlinks_of(3), 18);
}

#[test]
fn bandwidths_are_those_of_the_data_sheets() {
    let of = |name: &str| {
        let preset = board_preset(name).unwrap();
        let board = preset.build(u32::from(preset.gpus)).unwrap();
        (board.link(0, 1).gbps, board.nic_gbps())
    };
    assert_eq!(of("dgx-a100"), (300.0, 200.0));
    assert_eq!(of("hgx-h200"), (450.0, 400.0));
    assert_eq!(of("hgx-h800"), (200.0, 400.0));
    assert_eq!(of("hgx-b200"), (900.0, 400.0));
    assert_eq!(of("gb200-tray"), (900.0, 200.0));
    assert_eq!(of("p5"), (450.0, 400.0));
    assert_eq!(of("p4d"), (300.0, 50.0));
    assert_eq!(of("a3-mega"), (450.0, 200.0));
    assert_eq!(of("mi300x"), (64.0, 400.0));
    assert_eq!(of("a100-pcie-pairs"), (300.0, 12.5));
}

#[test]
fn a_part_of_a_machine_is_its_first_gpus() {
    let board = board_for_model("V100-SXM2-16GB", 4).unwrap();
    assert_eq!(
        (board.gpus(), board.link(0, 3).nvlinks, board.numa(3)),
        (4, 2, 0)
    );
    let board = board_for_model("H100-SXM5-80GB", 2).unwrap();
    assert_eq!(board.nics().len(), 2);
    // Boxes of cards may have more than the usual number.
    let board = board_for_model("T4", 16).unwrap();
    assert_eq!(
        (board.link(7, 8).path, board.link(6, 7).path),
        (Some(Path::Sys), Some(Path::Node))
    );
}

#[test]
fn network_cards_stand_beside_their_gpus() {
    let board = board_preset("p5").unwrap().build(8).unwrap();
    let gpus: Vec<_> = board.nics().iter().map(|nic| nic.gpu.unwrap()).collect();
    assert_eq!((gpus[0], gpus[3], gpus[4], gpus[31]), (0, 0, 1, 7));
    let board = board_preset("dgx-1v").unwrap().build(8).unwrap();
    let numa: Vec<_> = board.nics().iter().map(|nic| (nic.gpu, nic.numa)).collect();
    assert_eq!(numa, [(None, 0), (None, 0), (None, 1), (None, 1)]);
}

#[test]
fn every_row_builds_and_no_gpu_has_more_links_than_its_generation() {
    for preset in BOARDS {
        for gpus in 1..=u32::from(preset.gpus) {
            let board = preset.build(gpus).unwrap();
            for gpu in 0..board.gpus() {
                assert!(
                    board.nvlinks_of(gpu) <= u32::from(preset.most_nvlinks()),
                    "{}",
                    preset.name
                );
            }
        }
        assert_eq!(
            BOARDS
                .iter()
                .filter(|other| other.name == preset.name)
                .count(),
            1
        );
        for model in preset.models {
            let rows = BOARDS.iter().filter(|other| other.models.contains(model));
            assert_eq!(rows.count(), 1, "{model}");
        }
    }
}
