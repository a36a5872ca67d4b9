//! Published nodes worked out by hand from listings of the boards, and the one property that
//! matters: counters allow exactly the layouts that the hardware does.

use super::*;
use crate::gpu::mig::{BOARDS, Geometry, Instance, MigGpu, visit_layouts};
use crate::gpu::model::{CATALOGUE, find};
use crate::ids::NodeId;
use crate::kube::Quantity;
use crate::placement::dra::objects::{
    AllocationResult, ClaimSpec, CounterSet, Device, DeviceRequest, RequestKind, ResourceClaim,
    SubRequest,
};
use crate::placement::dra::{Allocator, Cluster, Features, Quirks};
use crate::placement::mig::{DraNameOrder, MigPlacement, dra_device_name};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn node() -> Node {
    Node {
        name: "n".to_owned(),
        driver_version: "570.133.20".to_owned(),
        cuda_driver_version: "12.8.0".to_owned(),
    }
}

fn gpu(model: &str, minor: u16) -> Gpu {
    Gpu {
        minor,
        model: find(model).expect("a model"),
        uuid: format!("GPU-{minor}"),
        pci_bus_id: format!("0000:{minor:02x}:00.0"),
        pcie_root: None,
        extras: Extras::default(),
    }
}

fn one(model: &str) -> Published {
    dynamic(&node(), &[gpu(model, 0)], SliceModel::Split, true).expect("a known board")
}

fn names(published: &Published, slice: usize) -> Vec<&str> {
    let devices = published.slices[slice].content.devices.iter();
    devices.map(|device| device.name.as_str()).collect()
}

fn device<'p>(published: &'p Published, name: &str) -> &'p Device {
    let devices = published
        .slices
        .iter()
        .flat_map(|slice| &slice.content.devices);
    devices
        .into_iter()
        .find(|device| device.name == name)
        .expect("the device")
}

fn written(counters: &BTreeMap<String, Quantity>) -> String {
    let all = counters
        .iter()
        .map(|(name, amount)| format!("{name}={amount}"));
    all.collect::<Vec<_>>().join(" ")
}

/// `nvidia-smi mig -lgip` of an A30: 2g.12gb has 28 SMs, two copy engines, two decoders, and
/// 11.69 GiB; its second placement starts at slot 2.
#[test]
fn an_instance_takes_its_units_and_the_slots_it_stands_on() {
    let published = one("A30");
    let use_ = &device(&published, "gpu-0-mig-2g12gb-5-2").consumes[0];
    assert_eq!(use_.counter_set, "gpu-0-counter-set");
    assert_eq!(
        written(&use_.counters),
        "copy-engines=2 decoders=2 encoders=0 jpeg-engines=0 memory=11968Mi memory-slice-2=1 \
         memory-slice-3=1 multiprocessors=28 ofa-engines=0"
    );
}

/// The whole GPU takes all there is: beside it no instance fits, and it fits beside none.
#[test]
fn the_whole_gpu_takes_everything() {
    let published = one("A30");
    let set = &published.slices[0].content.shared_counters[0];
    assert_eq!(
        device(&published, "gpu-0").consumes[0].counters,
        set.counters
    );
    assert_eq!(
        written(&set.counters),
        "copy-engines=4 decoders=4 encoders=0 jpeg-engines=1 memory=24000Mi memory-slice-0=1 \
         memory-slice-1=1 memory-slice-2=1 memory-slice-3=1 multiprocessors=56 ofa-engines=1"
    );
}

/// What is offered of a GPU whose mode cannot be switched has no device for the whole.
#[test]
fn a_gpu_that_stays_cut_is_not_offered_whole() {
    let published = dynamic(&node(), &[gpu("A30", 0)], SliceModel::Split, false);
    let published = published.expect("a known board");
    assert_eq!(names(&published, 1)[0], "gpu-0-mig-1g6gb-14-0");
    assert_eq!(published.slices[0].content.shared_counters.len(), 1);
}

/// Before Kubernetes 1.35 a slice holds both; from then on the counters have one of their own.
#[test]
fn slices_are_cut_as_the_version_wants_them() {
    let gpus = [gpu("A30", 0), gpu("A30", 1)];
    let shape = |model| -> Vec<(String, usize, usize)> {
        let published = dynamic(&node(), &gpus, model, true).expect("a known board");
        let slices = published.slices.iter();
        let sizes = slices.map(|slice| {
            assert_eq!(slice.slice_count, published.slices.len() as i64);
            let content = &slice.content;
            let sizes = (content.shared_counters.len(), content.devices.len());
            (slice.name.clone(), sizes.0, sizes.1)
        });
        sizes.collect()
    };
    // 4 + 4 placements of 1g, 2 + 2 of 2g, one of 4g, and the GPU.
    let name = |number: u32| format!("0000{number}-gpu.nvidia.com-n");
    assert_eq!(
        shape(SliceModel::Combined),
        [(name(0), 1, 14), (name(1), 1, 14)]
    );
    assert_eq!(
        shape(SliceModel::Split),
        [(name(0), 2, 0), (name(1), 0, 14), (name(2), 0, 14)]
    );
}

/// GPUs come in the order of the bus, whatever their minor numbers are; within one, text decides.
#[test]
fn gpus_are_in_bus_order_and_devices_in_text_order() {
    let (mut far, near) = (gpu("H100-SXM5-80GB", 0), gpu("H100-SXM5-80GB", 1));
    far.pci_bus_id = "0000:9d:00.0".to_owned();
    let published = dynamic(&node(), &[far, near], SliceModel::Split, true).expect("known");
    assert_eq!(names(&published, 1)[0], "gpu-1");
    assert_eq!(names(&published, 2)[0], "gpu-0");
    let devices = names(&published, 1);
    let at = |name: &str| {
        devices
            .iter()
            .position(|one| *one == name)
            .expect("the device")
    };
    assert!(at("gpu-1-mig-1g10gb-19-6") < at("gpu-1-mig-1g10gb-me-20-0"));
    assert!(at("gpu-1-mig-1g20gb-15-0") < at("gpu-1-mig-2g20gb-14-0"));
}

/// An RTX PRO 6000 counts twelfths, and tells profiles of one name part apart by their ids.
#[test]
fn a_board_of_twelve_units_has_twelve_slots() {
    let published = one("RTX-PRO-6000-Blackwell-Server");
    let taken = &device(&published, "gpu-0-mig-2g48gb-meall-64-6").consumes[0].counters;
    let slots: Vec<&str> = taken
        .keys()
        .filter_map(|name| name.strip_prefix("memory-slice-"))
        .collect();
    assert_eq!(slots, ["10", "11", "6", "7", "8", "9"]);
    let names = names(&published, 1);
    assert!(names.contains(&"gpu-0-mig-1g24gb-me-21-0"));
    assert!(names.contains(&"gpu-0-mig-1g24gb-me-67-0"));
}

/// What nobody has published of a B200 is said by name, and what is known is there.
#[test]
fn what_is_not_known_is_named() {
    let published = one("B200-180GB");
    let said: Vec<String> = published.omitted.iter().map(Omission::to_string).collect();
    let has = |text: &str| assert!(said.iter().any(|one| one == text), "{text}: {said:#?}");
    has("B200-180GB: `memory` of 1g.23gb is not known");
    has("B200-180GB: `multiprocessors` of 7g.180gb is not known");
    has("B200-180GB: what instances take of `memory` is not known");
    // The guide gives one decoder to every instance and to the whole board.
    has("B200-180GB: what instances take of `decoders` is not known");
    let small = device(&published, "gpu-0-mig-1g23gb-19-0");
    assert_eq!(small.capacity["multiprocessors"].value.value(), 18);
    assert!(!small.consumes[0].counters.contains_key("decoders"));
    assert!(!small.capacity.contains_key("memory"));
}

#[test]
fn what_cannot_be_published_is_refused_by_name() {
    let fails = |model: &str| {
        let model = CATALOGUE
            .iter()
            .find(|one| one.name == model)
            .expect("a model");
        let gpu = Gpu {
            model,
            ..gpu("T4", 0)
        };
        dynamic(&node(), &[gpu], SliceModel::Split, true)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(fails("T4"), "MIG cannot cut a `T4`");
    let gpu = gpu("MI300X", 0);
    let instances = Vec::new();
    let whole = fixed(&node(), &[FixedGpu { gpu, instances }]).expect_err("refused");
    assert_eq!(whole, PublishError::Model("MI300X"));
}

/// A slice holds eight counter sets; in combined slices there is no such end.
#[test]
fn nine_gpus_share_no_slice_of_counters() {
    let gpus: Vec<Gpu> = (0..9).map(|minor| self::gpu("A30", minor)).collect();
    let split = dynamic(&node(), &gpus, SliceModel::Split, true).expect_err("refused");
    assert_eq!(
        split.to_string(),
        "a ResourceSlice holds at most 8 counter sets, not 9"
    );
    assert!(dynamic(&node(), &gpus, SliceModel::Combined, true).is_ok());
}

/// Attributes beyond NVIDIA's are there when asked for, under another domain.
#[test]
fn extras_stand_under_a_domain_of_their_own() {
    let mut gpu = gpu("A30", 0);
    let plain = dynamic(&node(), std::slice::from_ref(&gpu), SliceModel::Split, true);
    let own = |published: &Published, name: &str| -> Vec<String> {
        let names = device(published, name).attributes.keys();
        names
            .filter(|key| key.starts_with("gpusched.dev/"))
            .cloned()
            .collect()
    };
    assert_eq!(own(&plain.expect("known"), "gpu-0"), [""; 0]);
    gpu.extras = Extras {
        nvlink_domain: Some("rack".to_owned()),
        numa: Some(1),
    };
    let more = dynamic(&node(), &[gpu], SliceModel::Split, true).expect("known");
    for name in ["gpu-0", "gpu-0-mig-1g6gb-14-0"] {
        assert_eq!(
            own(&more, name),
            ["gpusched.dev/numa", "gpusched.dev/nvlinkDomain"]
        );
    }
}

fn fits(set: &CounterSet, devices: &[&Device]) -> bool {
    let mut used: BTreeMap<&str, i128> = BTreeMap::new();
    for (name, amount) in devices
        .iter()
        .flat_map(|device| &device.consumes[0].counters)
    {
        *used.entry(name).or_default() += amount.nanos();
    }
    used.iter()
        .all(|(name, used)| *used <= set.counters[*name].nanos())
}

/// On every board with known placements: what MIG can cut at once, counters allow at once, and no
/// instance that cannot be added to a layout may be allocated beside it.
#[test]
fn counters_allow_what_the_hardware_does() {
    for board in BOARDS {
        let (Ok(geometry), Some(model)) = (Geometry::of(board), board.models.first()) else {
            continue;
        };
        let published = one(model);
        let set = &published.slices[0].content.shared_counters[0];
        let geometry = Arc::new(geometry);
        let empty = MigGpu::new(geometry.clone(), NodeId(0), 0);
        let all: Vec<Instance> = (board.rows())
            .flat_map(|profile| {
                let starts = geometry.starts(profile).iter();
                starts.map(move |&start| Instance { profile, start })
            })
            .collect();
        let of = |instance: Instance| {
            let name = dra_device_name(&empty, instance).expect("a known id");
            device(&published, &name)
        };
        let devices: BTreeMap<(u8, u8), &Device> = all
            .iter()
            .map(|one| ((one.profile.0, one.start), of(*one)))
            .collect();
        let mut layouts = 0;
        // The layouts of plain profiles number thousands; every third of them tells.
        visit_layouts(&geometry, geometry.base(), |layout, _| {
            layouts += 1;
            if layouts % 3 != 0 {
                return;
            }
            let mut taken: Vec<&Device> = layout
                .iter()
                .map(|one| devices[&(one.profile.0, one.start)])
                .collect();
            assert!(fits(set, &taken), "{model}: {layout:?}");
            let mut gpu = empty.clone();
            for one in layout {
                gpu.create(one.profile, one.start).expect("legal");
            }
            for one in &all {
                taken.push(devices[&(one.profile.0, one.start)]);
                let can = gpu.can_create(one.profile, one.start);
                assert_eq!(fits(set, &taken), can, "{model}: {layout:?} and {one:?}");
                taken.pop();
            }
        });
        assert!(layouts > 10, "{model}");
    }
}

/// A claim on instances of MIG profiles, one request each.
fn claim(number: usize, profiles: &[&str]) -> ResourceClaim {
    let request = |(at, profile): (usize, &&str)| DeviceRequest {
        name: format!("r{at}"),
        kind: RequestKind::Exactly(SubRequest {
            class: "mig.nvidia.com".to_owned(),
            selectors: vec![Some(format!(
                "device.attributes['gpu.nvidia.com'].profile == '{profile}'"
            ))],
            ..SubRequest::default()
        }),
    };
    ResourceClaim {
        name: format!("c{number}"),
        spec: ClaimSpec {
            requests: profiles.iter().enumerate().map(request).collect(),
            ..ClaimSpec::default()
        },
        ..ResourceClaim::default()
    }
}

proptest! {
    /// The policy `dra-name-order`, which a replay of MIG jobs uses, chooses the devices that the
    /// allocator chooses among what is published of the same boards: claim by claim, while others
    /// come and go. And where there is none, the explanation has a request that is not met.
    #[test]
    fn a_replay_chooses_as_the_allocator_does_on_published_slices(
        board in 0_usize..3,
        steps in proptest::collection::vec((any::<bool>(), 0_usize..100, 0_usize..100), 1..60),
    ) {
        let model = ["A30", "A100-SXM4-40GB", "H100-SXM5-80GB"][board];
        let gpus = [gpu(model, 0), gpu(model, 1)];
        let published = dynamic(&node(), &gpus, SliceModel::Split, true).expect("known");
        let cluster = Cluster {
            classes: device_classes(),
            slices: published.slices,
            nodes: vec![crate::kube::Node { name: "n".to_owned(), ..Default::default() }],
        };
        let mut allocator = Allocator::new(cluster, Features::V1_36, Quirks::NONE);
        let board = crate::gpu::mig::board(model).expect("a board");
        let geometry = Arc::new(Geometry::of(board).expect("known placements"));
        let mut cut: Vec<MigGpu> =
            (0..2).map(|minor| MigGpu::new(geometry.clone(), NodeId(0), minor)).collect();
        let mut held = Vec::new();
        for (number, (release, a, b)) in steps.into_iter().enumerate() {
            if release && !held.is_empty() {
                let (result, places): (AllocationResult, Vec<(usize, u8)>) =
                    held.swap_remove(a % held.len());
                allocator.release(&result);
                for (gpu, start) in places {
                    cut[gpu].free(start).expect("in use");
                }
                continue;
            }
            let name = |at: usize| board.profiles[at % board.profiles.len()].name;
            let both = [name(a), name(b)];
            let profiles = &both[..1 + (a + b) % 2];
            let claims = [claim(number, profiles)];
            let mut attempt = allocator.attempt(&claims);
            let theirs = attempt.on(NodeId(0)).answer.expect("no error");
            let theirs = theirs.map(|solution| attempt.results(&solution).remove(0));
            if theirs.is_none() {
                let why = attempt.explain(NodeId(0)).expect("no error");
                let unmet = why.requests.iter().any(|one| !one.is_met());
                // The first devices a request takes may leave none for the next.
                prop_assert!(unmet, "{profiles:?}: {why:?}");
            }
            let ours = DraNameOrder.choose_all(&mut cut, profiles);
            let names = ours.as_ref().map(|choices| {
                let choices = choices.iter().zip(profiles);
                let names = choices.map(|(choice, profile)| {
                    let profile = board.by_name(profile).expect("a profile");
                    let start = choice.start;
                    dra_device_name(&cut[choice.gpu], Instance { profile, start }).expect("an id")
                });
                names.collect::<Vec<_>>()
            });
            let devices = theirs.as_ref().map(|result| {
                result.devices.iter().map(|one| one.device.clone()).collect::<Vec<_>>()
            });
            prop_assert_eq!(&names, &devices, "{:?}", profiles);
            let (Some(result), Some(choices)) = (theirs, ours) else { continue };
            allocator.commit(&result);
            let mut places = Vec::new();
            for (choice, profile) in choices.iter().zip(profiles) {
                let row = board.by_name(profile).expect("a profile");
                cut[choice.gpu].allocate(row, choice.start).expect("legal");
                places.push((choice.gpu, choice.start));
            }
            held.push((result, places));
        }
    }
}
