//! Repartitioning on pure state.

use gpusched_core::gpu::mig::repartition::costs::{COSTS, Costs, Known};
use gpusched_core::gpu::mig::repartition::{
    Batched, Change, OnDemand, Plan, RULES, Repartition, Wish, best_partition, mode_change,
    nos_geometries, repartition, repartitions,
};
use gpusched_core::gpu::mig::{
    Geometry, Instance, InstanceError, MigGpu, ProfileRow, Rules, board, maximal_multisets,
};
use gpusched_core::ids::NodeId;
use gpusched_core::units::{Span, Time};
use std::sync::Arc;

fn fleet(gpus: u16) -> Vec<MigGpu> {
    let geometry = Arc::new(Geometry::of(board("A100-40GB").unwrap()).unwrap());
    (0..gpus)
        .map(|minor| MigGpu::new(geometry.clone(), NodeId(0), minor))
        .collect()
}

fn row(name: &str) -> ProfileRow {
    board("A100-40GB").unwrap().by_name(name).unwrap()
}

fn wish(profile: &str, since: i64) -> Wish {
    Wish {
        profile: profile.to_owned(),
        since: Time::from_secs(since),
    }
}

fn names(gpu: &MigGpu) -> Vec<(&'static str, u8, bool)> {
    gpu.instances()
        .map(|(instance, used)| {
            (
                gpu.geometry().profile(instance.profile).name,
                instance.start,
                used,
            )
        })
        .collect()
}

#[test]
fn what_is_used_stays_and_a_failing_plan_changes_nothing() {
    let mut gpus = fleet(1);
    gpus[0].allocate(row("3g.20gb"), 4).unwrap();
    gpus[0].create(row("1g.5gb"), 0).unwrap();
    let before = gpus.clone();
    let create = |name: &str, start| Change::Create {
        gpu: 0,
        instance: Instance {
            profile: row(name),
            start,
        },
    };
    let plan = Plan {
        changes: vec![
            Change::Destroy { gpu: 0, start: 0 },
            create("2g.10gb", 0),
            Change::Destroy { gpu: 0, start: 4 },
        ],
    };
    assert_eq!(plan.apply(&mut gpus), Err(InstanceError::InUse(4)));
    assert_eq!(gpus, before);
    assert_eq!(plan.cost(0, &Costs::default()), Span(1_100_000));
    // Beside a running neighbour, creating and destroying is allowed.
    let beside = Plan {
        changes: vec![Change::Destroy { gpu: 0, start: 0 }, create("2g.10gb", 2)],
    };
    beside.apply(&mut gpus).unwrap();
    assert_eq!(
        names(&gpus[0]),
        [("2g.10gb", 2, false), ("3g.20gb", 4, true)]
    );
    assert!(mode_change(&gpus[0], false, &Costs::default()).is_err());
}

#[test]
fn on_demand_leaves_what_stands_creates_what_fits_and_destroys_only_when_it_must() {
    let mut gpus = fleet(2);
    gpus[0].create(row("1g.5gb"), 0).unwrap();
    let waiting = [
        wish("1g.5gb", 0),
        wish("3g.20gb", 1),
        wish("7g.40gb", 2),
        wish("7g.40gb", 3),
    ];
    let plan = OnDemand::default().plan(&gpus, &waiting, Time::ZERO);
    plan.apply(&mut gpus).unwrap();
    assert_eq!(
        names(&gpus[0]),
        [("1g.5gb", 0, false), ("3g.20gb", 4, false)]
    );
    assert_eq!(names(&gpus[1]), [("7g.40gb", 0, false)]);

    let mut gpus = fleet(1);
    for start in 0..7 {
        gpus[0].create(row("1g.5gb"), start).unwrap();
    }
    gpus[0].take(5).unwrap();
    let plan = OnDemand::default().plan(&gpus, &[wish("2g.10gb", 0)], Time::ZERO);
    plan.apply(&mut gpus).unwrap();
    let made = names(&gpus[0]);
    assert!(made.contains(&("2g.10gb", 0, false)) && made.contains(&("1g.5gb", 5, true)));
    assert_eq!(made.len(), 6);
    // Nothing makes room for a whole GPU beside a used instance.
    assert_eq!(
        OnDemand::default().plan(&gpus, &[wish("7g.40gb", 0)], Time::ZERO),
        Plan::default()
    );
}

#[test]
fn media_extensions_are_freed_by_destroying_the_free_instance_that_holds_them() {
    let a30 = board("A30").unwrap();
    let row = |name: &str| a30.by_name(name).unwrap();
    let mut gpus = vec![MigGpu::new(
        Arc::new(Geometry::of(a30).unwrap()),
        NodeId(0),
        0,
    )];
    gpus[0].create(row("1g.6gb"), 0).unwrap();
    gpus[0].create(row("1g.6gb+me"), 1).unwrap();
    let plan = OnDemand::default().plan(&gpus, &[wish("2g.12gb+me", 0)], Time::ZERO);
    plan.apply(&mut gpus).unwrap();
    assert_eq!(
        names(&gpus[0]),
        [("1g.6gb", 0, false), ("2g.12gb+me", 2, false)]
    );
    // In use, they are gone for good.
    gpus[0].take(2).unwrap();
    let plan = OnDemand::default().plan(&gpus, &[wish("1g.6gb+me", 0)], Time::ZERO);
    assert_eq!(plan, Plan::default());
}

#[test]
fn a_batch_closes_after_its_window_or_when_it_is_quiet() {
    let mut gpus = fleet(1);
    let costs = Costs::default();
    let mut nos = Batched::new(costs.nos_window, costs.nos_idle);
    let early = [wish("1g.5gb", 100)];
    assert_eq!(nos.next(&early), Some(Time::from_secs(110)));
    assert_eq!(
        nos.plan(&gpus, &early, Time::from_secs(109)),
        Plan::default()
    );
    // Requests keep coming: the window ends the batch at 160.
    let busy: Vec<Wish> = (0..8).map(|at| wish("1g.5gb", 100 + 9 * at)).collect();
    assert_eq!(nos.next(&busy), Some(Time::from_secs(160)));
    let waiting = [
        wish("1g.5gb", 100),
        wish("1g.5gb", 101),
        wish("3g.20gb", 102),
    ];
    let plan = nos.plan(&gpus, &waiting, Time::from_secs(112));
    plan.apply(&mut gpus).unwrap();
    let made: Vec<_> = names(&gpus[0]).into_iter().map(|(name, ..)| name).collect();
    // Of the geometries that offer all three the first in the list: {3g, 1g, 1g, 1g}.
    assert_eq!(made.iter().filter(|name| **name == "1g.5gb").count(), 3);
    assert!(made.contains(&"3g.20gb"));
    // The batch is closed: the same requests start no other one.
    assert_eq!(nos.next(&waiting), None);
    assert_eq!(
        nos.plan(&gpus, &waiting, Time::from_secs(500)),
        Plan::default()
    );
}

#[test]
fn nos_keeps_used_instances_when_it_changes_the_geometry() {
    let mut gpus = fleet(1);
    gpus[0].create(row("7g.40gb"), 0).unwrap();
    let mut nos = Batched::new(Span::ZERO, Span::ZERO);
    nos.plan(&gpus, &[wish("2g.10gb", 1)], Time::from_secs(1))
        .apply(&mut gpus)
        .unwrap();
    let start = gpus[0].free_instance(row("2g.10gb")).unwrap();
    gpus[0].take(start).unwrap();
    nos.plan(&gpus, &[wish("3g.20gb", 2)], Time::from_secs(2))
        .apply(&mut gpus)
        .unwrap();
    assert!(names(&gpus[0]).contains(&("2g.10gb", start, true)));
    assert!(gpus[0].free_instance(row("3g.20gb")).is_some());
}

#[test]
fn nos_knows_twelve_geometries_of_the_a100_and_all_of_the_a30() {
    assert_eq!(nos_geometries(board("A100-40GB").unwrap()).len(), 12);
    let a30 = Geometry::of(board("A30").unwrap()).unwrap();
    let maximal = maximal_multisets(&a30, a30.base()).len();
    assert_eq!(nos_geometries(a30.board()).len(), maximal);
    assert!(nos_geometries(board("RTX-PRO-6000-96GB").unwrap()).is_empty());
}

/// Every assignment of jobs to every maximal state, without tables.
fn brute(geometry: &Geometry, speeds: &[Vec<f64>]) -> Option<f64> {
    fn assign(free: &mut [u8], speeds: &[Vec<f64>]) -> Option<f64> {
        let Some((job, rest)) = speeds.split_first() else {
            return Some(0.0);
        };
        let mut best: Option<f64> = None;
        for at in 0..free.len() {
            if free[at] == 0 || job[at] <= 0.0 {
                continue;
            }
            free[at] -= 1;
            let found = assign(free, rest).map(|sum| sum + job[at]);
            free[at] += 1;
            if found > best {
                best = found;
            }
        }
        best
    }
    let all = maximal_multisets(geometry, geometry.base());
    let totals = all
        .into_iter()
        .filter_map(|mut multiset| assign(&mut multiset, speeds));
    totals.fold(None, |best, total| {
        if Some(total) > best {
            Some(total)
        } else {
            best
        }
    })
}

#[test]
fn miso_finds_the_best_partition() {
    let old = Rules {
        four_with_three: false,
    };
    for rules in [Rules::default(), old] {
        let geometry = Geometry::with(board("A100-40GB").unwrap(), rules, &[]).unwrap();
        let mut state = 7u64;
        for jobs in 1..=7usize {
            for _ in 0..20 {
                let speeds: Vec<Vec<f64>> = (0..jobs)
                    .map(|_| {
                        let draw = |_| {
                            state = state
                                .wrapping_mul(6_364_136_223_846_793_005)
                                .wrapping_add(1);
                            ((state >> 40) % 11) as f64 / 10.0
                        };
                        (0..7).map(draw).collect()
                    })
                    .collect();
                let ours = best_partition(&geometry, geometry.base(), &speeds);
                let theirs = brute(&geometry, &speeds);
                assert_eq!(ours.is_some(), theirs.is_some());
                if let (Some(ours), Some(total)) = (ours, theirs) {
                    assert!((ours.speed - total / jobs as f64).abs() < 1e-12);
                    let of_job = ours.of_job.iter().zip(&speeds);
                    let sum: f64 = of_job.map(|(row, speeds)| speeds[row.index()]).sum();
                    assert!((sum - total).abs() < 1e-12);
                }
            }
        }
    }
    let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
    assert_eq!(best_partition(&a100, a100.base(), &[]), None);
    assert_eq!(
        best_partition(&a100, a100.base(), &vec![vec![1.0; 7]; 8]),
        None
    );
}

#[test]
fn names_rules_and_costs_are_documented() {
    for info in repartitions() {
        assert_eq!(
            repartition(info.name, &Costs::default()).unwrap().name(),
            info.name
        );
    }
    assert!(repartition("sometimes", &Costs::default()).is_err());
    assert!(
        RULES
            .iter()
            .all(|rule| !rule.source.is_empty() && !rule.checked_by.is_empty())
    );
    let costs = Costs::default();
    assert_eq!(costs.create, Span(500_000));
    assert_eq!(costs.nos_window, Span::from_secs(60));
    assert_eq!(costs.mig_manager, Span::from_secs(240));
    let assumed: Vec<_> = COSTS
        .iter()
        .filter(|cost| cost.known == Known::Assumed)
        .map(|c| c.name)
        .collect();
    assert_eq!(assumed, ["create", "destroy", "ampere_reset"]);
}
