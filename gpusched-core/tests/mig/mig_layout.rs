//! mig-parted configurations.

use gpusched_core::gpu::mig::{BOARDS, Geometry, GpuLayout, Held, MigConfig, board};
use serde_json::json;

fn geometry(name: &str) -> Geometry {
    Geometry::of(board(name).unwrap()).unwrap()
}

fn config(entries: serde_json::Value) -> MigConfig {
    serde_json::from_value(json!({"version": "v1", "mig-configs": {"mine": entries}})).unwrap()
}

fn error(entries: serde_json::Value, gpus: &[Option<&Geometry>]) -> String {
    config(entries)
        .expand("mine", gpus)
        .unwrap_err()
        .to_string()
}

#[test]
fn every_built_in_configuration_can_be_applied() {
    for board in BOARDS.iter().filter(|board| board.units.is_some()) {
        let geometry = Geometry::of(board).unwrap();
        let built_in = MigConfig::built_in(board);
        assert_eq!(built_in.mig_configs.len(), board.profiles.len() + 3);
        for name in built_in.mig_configs.keys() {
            let layouts = built_in.expand(name, &[Some(&geometry)]).unwrap();
            let instances = layouts[0].instances();
            assert!(
                Held::of(&geometry, instances).is_some(),
                "{} {name}",
                board.name
            );
        }
        let text = serde_json::to_string(&built_in).unwrap();
        assert_eq!(serde_json::from_str::<MigConfig>(&text).unwrap(), built_in);
    }
}

#[test]
fn balanced_is_two_small_one_medium_one_large() {
    let names = |name: &str| {
        let geometry = geometry(name);
        let built_in = MigConfig::built_in(geometry.board());
        let layouts = built_in.expand("all-balanced", &[Some(&geometry)]).unwrap();
        let mut names: Vec<_> = layouts[0]
            .instances()
            .iter()
            .map(|instance| geometry.profile(instance.profile).name)
            .collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(names("A100-40GB"), "1g.5gb 1g.5gb 2g.10gb 3g.20gb");
    assert_eq!(names("H200-141GB"), "1g.18gb 1g.18gb 2g.35gb 3g.71gb");
    assert_eq!(names("A30"), "1g.6gb 1g.6gb 2g.12gb");
    assert_eq!(names("RTX-PRO-6000-96GB"), "1g.24gb 1g.24gb 2g.48gb");
}

#[test]
fn filters_choose_boards_and_lists_choose_gpus() {
    let (a100, h100) = (geometry("A100-40GB"), geometry("H100-80GB-SXM"));
    let node = [Some(&a100), Some(&h100), None, Some(&h100)];
    let file = config(json!([
        {"device-filter": "0x233010DE", "devices": "all", "mig-enabled": true, "mig-devices": {"7g.80gb": 1}},
        {"device-filter": ["0x20B010DE", "0x20F110DE"], "devices": [0], "mig-enabled": true},
        {"devices": [2], "mig-enabled": false},
    ]));
    let layouts = file.expand("mine", &node).unwrap();
    assert_eq!(layouts[0], GpuLayout::Mig(vec![]));
    assert_eq!(layouts[1].instances().len(), 1);
    assert_eq!(layouts[2], GpuLayout::Whole);
    assert_eq!(layouts[3], layouts[1]);
}

#[test]
fn errors_name_the_configuration_the_gpu_the_profile_and_what_is_legal() {
    let a100 = geometry("A100-40GB");
    let node = [Some(&a100), None];
    let mig = |devices: serde_json::Value| json!([{"devices": [0], "mig-enabled": true, "mig-devices": devices}]);
    assert_eq!(
        error(mig(json!({"1g.10gb": 5})), &node),
        "configuration `mine`, GPU 0: 5 × 1g.10gb do not fit a A100-40GB together; alone it takes 4 × 1g.10gb"
    );
    assert_eq!(
        error(mig(json!({"3g.40gb": 1})), &node),
        "configuration `mine`, GPU 0: A100-40GB has no profile 3g.40gb; it has 1g.5gb, 1g.5gb+me, \
         1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb"
    );
    assert!(
        error(mig(json!({"1g.5gb": 4_000_000_000_u32})), &node).contains("4000000000 × 1g.5gb")
    );
    assert!(
        error(mig(json!({"3g.20gb": 1, "4g.20gb": 1, "1g.5gb": 1})), &node).contains("do not fit")
    );
    assert_eq!(
        error(json!([{"devices": [7], "mig-enabled": false}]), &node),
        "configuration `mine` names GPU 7; the node has 2"
    );
    assert_eq!(
        error(json!([{"devices": "all", "mig-enabled": true}]), &node),
        "configuration `mine` turns MIG on for GPU 1, which cannot be cut"
    );
    assert_eq!(
        error(
            json!([{"devices": [0], "mig-enabled": false, "mig-devices": {"1g.5gb": 1}}]),
            &node
        ),
        "configuration `mine` asks for instances on GPU 0 with `mig-enabled: false`"
    );
    let twice =
        json!([{"devices": [0], "mig-enabled": false}, {"devices": "all", "mig-enabled": false}]);
    assert_eq!(
        error(twice, &node),
        "configuration `mine` says twice what GPU 0 shall be"
    );
    let unknown = config(json!([])).expand("yours", &node).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no MIG configuration `yours`; there are mine"
    );
    let typo =
        json!({"version": "v1", "mig-configs": {"a": [{"devices": "each", "mig-enabled": true}]}});
    assert!(serde_json::from_value::<MigConfig>(typo).is_err());
}
