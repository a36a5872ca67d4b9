//! The catalogue: the built-in table, a user's own, and files that are wrong.

use crate::cli::Desk;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, eks_reserved_cpu};
use gpusched_sim::catalog::{builtin, read};
use gpusched_sim::trace::input::Source;

const HEADER: &str =
    "instance_type,gpu_model,gpus,vcpus,memory_gib,zones,on_demand_usd_h,spot_usd_h\n";

fn csv(rows: &str) -> Source {
    Source::from_bytes("prices.csv", format!("{HEADER}{rows}").into_bytes())
}

fn refused(source: &Source) -> String {
    read(source).unwrap_err().render(false)
}

fn builtin_type(name: &str) -> InstanceType {
    let types = read(&builtin()).unwrap();
    types.into_iter().find(|one| one.name == name).unwrap()
}

#[test]
fn the_built_in_table_reads_and_every_type_is_dated_and_priced() {
    let types = read(&builtin()).unwrap();
    assert_eq!(types.len(), 115);
    for one in &types {
        assert!(!one.offerings.is_empty(), "{}", one.name);
        assert!(
            one.dated.0.starts_with("202") && !one.dated.1.is_empty(),
            "{}",
            one.name
        );
        assert!(one.gpus.is_some(), "{}", one.name);
    }
}

#[test]
fn known_prices_are_there() {
    // Read in the provider's price table of 2026-07-20.
    let p5 = builtin_type("p5.48xlarge");
    let price = |capacity| p5.cheapest(capacity).map(|offer| offer.price);
    assert_eq!(price(CapacityType::OnDemand), Price::parse("55.04").ok());
    assert_eq!(p5.capacity["nvidia.com/gpu"], 8);
    assert_eq!(p5.capacity["memory"], 2048 << 30);
}

#[test]
fn eks_keeps_back_the_cpu_it_documents_on_every_type() {
    let types = read(&builtin()).unwrap();
    let of_aws = types.iter().filter(|one| one.cloud == "aws");
    for one in of_aws {
        let cores = one.capacity["cpu"] / 1000;
        let kept = one.capacity["cpu"] - one.allocatable["cpu"];
        assert_eq!(kept, eks_reserved_cpu(cores), "{}", one.name);
    }
}

#[test]
fn a_share_of_a_gpu_counts_as_none() {
    let slice = builtin_type("g6f.xlarge");
    assert_eq!(
        slice.gpus.as_ref().map(|gpus| (gpus.milli, gpus.whole())),
        Some((125, 0))
    );
    assert!(!slice.capacity.contains_key("nvidia.com/gpu"));
}

#[test]
fn an_own_catalogue_has_an_offering_per_zone_and_price() {
    let types = read(&csv("big,H100,8,96,1024,a|b,40,10.5\n\n# a comment\n")).unwrap();
    assert_eq!(types.len(), 1);
    let offered: Vec<String> = types[0]
        .offerings
        .iter()
        .map(|offer| format!("{} {} {}", offer.zone, offer.capacity_type, offer.price))
        .collect();
    assert_eq!(
        offered,
        [
            "a on-demand 40",
            "b on-demand 40",
            "a spot 10.5",
            "b spot 10.5"
        ]
    );
}

#[test]
fn json_says_the_same_as_csv() {
    let json = r#"[{"instance_type": "big", "gpu_model": "H100", "gpus": 8, "vcpus": 96,
        "memory_gib": 1024, "zones": ["a", "b"], "on_demand_usd_h": 40, "spot_usd_h": "10.5"}]"#;
    let from_json = read(&Source::from_bytes("prices.json", json.as_bytes())).unwrap();
    assert_eq!(
        from_json,
        read(&csv("big,H100,8,96,1024,a|b,40,10.5\n")).unwrap()
    );
}

#[test]
fn wrong_catalogues_say_where_and_how_to_mend_them() {
    for (rows, message) in [
        ("big,H100,8,96,1024,,,\n", "big has no price"),
        (
            "big,H100,8,96,1024,,-1,\n",
            "on_demand_usd_h is negative (-1)",
        ),
        (
            "big,H100,8,96,1024,,cheap,\n",
            "\"cheap\" is no number for on_demand_usd_h",
        ),
        ("big,H100,8,0,1024,,1,\n", "vcpus is empty or 0"),
        ("big,,8,96,1024,,1,\n", "give both gpus and gpu_model"),
        (",H100,8,96,1024,,1,\n", "instance_type is empty"),
        (
            "big,H100,8,96,1024,,1,\nbig,H100,8,96,1024,,1,\n",
            "the other one is in line 2",
        ),
    ] {
        let text = refused(&csv(rows));
        assert!(text.contains(message), "{text}");
        assert!(text.contains("prices.csv:"), "{text}");
    }
    let json = Source::from_bytes(
        "prices.json",
        &b"[{\"instance_type\": \"x\", \"price\": 1}]"[..],
    );
    assert!(refused(&json).contains("unknown key \"price\""));
}

#[test]
fn the_command_lists_filters_and_refuses() {
    let desk = Desk::new("catalog");
    insta::assert_snapshot!("catalog_h100", desk.line("catalog --gpu h100").screen());
    insta::assert_snapshot!(
        "catalog_unknown_gpu",
        desk.line("catalog --gpu h1000").screen()
    );
    desk.write("mine.csv", &format!("{HEADER}big,H100,8,96,1024,a,40,\n"));
    insta::assert_snapshot!(
        "catalog_own_csv",
        desk.line("catalog --catalog mine.csv --format csv")
            .screen()
    );
    desk.write("bad.csv", &format!("{HEADER}big,H100,8,96,1024,a,,\n"));
    insta::assert_snapshot!(
        "catalog_no_price",
        desk.line("catalog --catalog bad.csv").screen()
    );
}
