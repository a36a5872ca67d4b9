//! One case per rule of the replay and of the policies, worked out by hand: ticks of 10, spot at 1
//! and on-demand at 3 per µs.

use super::super::Polarity;
use super::super::policies::{Greedy, OnDemandOnly, SpotOnly, UniformProgress};
use super::*;

const PRICES: Prices = Prices {
    spot: Price(1),
    on_demand: Price(3),
};

fn zone(ticks: &str) -> Availability {
    let counts = ticks.bytes().map(|tick| u32::from(tick == b's')).collect();
    Availability::new(Span(10), Polarity::Available, counts).unwrap()
}

fn job(work: i64, deadline: i64, changeover: i64) -> DeadlineJob {
    DeadlineJob {
        work: Span(work),
        deadline: Span(deadline),
        changeover: Span(changeover),
    }
}

fn run(ticks: &str, job: DeadlineJob, policy: &dyn DeadlinePolicy) -> Outcome {
    replay(&zone(ticks), 0, job, policy, PRICES)
}

#[test]
fn ticks_are_paid_whole() {
    // 25 of work and 4 of changeover end at 29; three ticks are paid.
    let outcome = run("-", job(25, 100, 4), &OnDemandOnly);
    assert_eq!(outcome.finished, Some(Span(29)));
    assert_eq!(outcome.cost, Money(90));
    assert_eq!(outcome.overhead, Span(4));
}

#[test]
fn a_changeover_may_last_several_ticks() {
    // 23 of changeover: nothing, nothing, 7, 10, 10.
    let outcome = run("sssss", job(27, 200, 23), &SpotOnly);
    assert_eq!(outcome.finished, Some(Span(50)));
    assert_eq!(outcome.overhead, Span(23));
}

#[test]
fn a_lost_instance_keeps_the_work_of_its_last_tick() {
    // 6, 10 | lost | 6, 8 of 30: the second start pays its own changeover.
    let outcome = run("ss-ss", job(30, 200, 4), &SpotOnly);
    assert_eq!(outcome.finished, Some(Span(30 + 4 + 10 + 4)));
    assert_eq!((outcome.starts, outcome.interruptions), (2, 1));
}

#[test]
fn an_interrupted_changeover_begins_anew() {
    // 15 of changeover: 10 of it are gone with the instance.
    let outcome = run("s-sss", job(10, 200, 15), &SpotOnly);
    assert_eq!(outcome.overhead, Span(25));
    assert_eq!(outcome.finished, Some(Span(20 + 15 + 10)));
}

#[test]
fn greedy_waits_until_the_deadline_forces_it() {
    // 20 of work and 5 of changeover need 3 ticks: forced when 3 of the 6 are left.
    let outcome = run("------", job(20, 60, 5), &Greedy);
    assert_eq!(outcome.finished, Some(Span(30 + 25)));
    assert_eq!(outcome.on_demand_ticks, 3);
}

#[test]
fn a_working_spot_instance_is_kept_through_the_deadline_rule() {
    let outcome = run("ssssssss", job(60, 70, 5), &Greedy);
    assert_eq!((outcome.spot_ticks, outcome.on_demand_ticks), (0, 7));
    // With a tick more there is room for one changeover, and spot stays to the end.
    let outcome = run("ssssssss", job(60, 80, 5), &Greedy);
    assert_eq!((outcome.spot_ticks, outcome.on_demand_ticks), (7, 0));
}

#[test]
fn a_spot_instance_that_still_boots_is_not_kept() {
    // Started at 0 with 8 ticks for 7 (50 + 15); at 10 it still boots and 7 ticks are left for 7.
    let outcome = run("ssssssss", job(50, 80, 15), &Greedy);
    assert_eq!((outcome.spot_ticks, outcome.on_demand_ticks), (1, 7));
    assert!(!outcome.missed(&job(50, 80, 15)));
}

#[test]
fn spot_only_may_be_late_and_never_done() {
    let late = job(20, 30, 0);
    let outcome = run("s---s", late, &SpotOnly);
    assert_eq!(outcome.finished, Some(Span(50)));
    assert!(outcome.missed(&late));
    assert_eq!(run("s", late, &SpotOnly).finished, None);
}

#[test]
fn uniform_progress_takes_on_demand_when_behind() {
    // C/D = 1/4. At 0 nothing is due: idle. At 10, 2.5 are due and 0 done: on-demand for one tick,
    // done 10; due at 20 is 5, but no spot: it stays.
    let outcome = run("----------------", job(40, 160, 0), &UniformProgress);
    assert_eq!(outcome.on_demand_ticks, 4);
    assert_eq!(outcome.finished, Some(Span(50)));
}

#[test]
fn uniform_progress_leaves_on_demand_only_with_room_for_two_changeovers() {
    // C/D = 1/4, d = 4. Idle, then on-demand: done 6 at 20, 16 at 30. (20 + 8)/4 = 7 is more than 6,
    // (30 + 8)/4 = 9.5 is less than 16: spot from 30 on.
    let outcome = run("--ssssssssssssss", job(40, 160, 4), &UniformProgress);
    assert_eq!((outcome.on_demand_ticks, outcome.starts), (2, 2));
    assert_eq!(outcome.spot_ticks, 3);
}

#[test]
fn uniform_progress_prefers_spot_to_idling_when_ahead() {
    let outcome = run("ss--ss----------", job(40, 160, 0), &UniformProgress);
    // Done 20 at 20: due 20 only at 80, so it idles for two ticks and takes spot again.
    assert_eq!((outcome.spot_ticks, outcome.on_demand_ticks), (4, 0));
}

#[test]
fn uniform_progress_does_not_start_spot_where_two_changeovers_do_not_fit() {
    // 5 ticks left, 30 + 2·6 = 42 need 5: on-demand, although there is spot.
    let outcome = run("sssss", job(30, 50, 6), &UniformProgress);
    assert_eq!((outcome.spot_ticks, outcome.on_demand_ticks), (0, 4));
}
