//! Golden replays: one rule each, small enough to be followed by hand.

use crate::cases::{job, keeping, run, t4_nodes};
use gpusched_core::cluster::Node;
use gpusched_core::queueing::Reason;
use gpusched_core::queueing::registry::queueings;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Gang, JobDraft, Owner};
use gpusched_sim::engine::Discipline;
use gpusched_sim::replay::ReplayOptions;

/// Four GPUs: `a` leaves one, `b` needs two, `c` needs one.
fn blocked() -> [JobDraft<'static>; 3] {
    [job("a", 0, 10, 3), job("b", 1, 5, 2), job("c", 2, 1, 1)]
}

#[test]
fn fifo_blocks_behind_its_head() {
    let run = run(&keeping("fifo"), t4_nodes(1, 4), &blocked());
    assert_eq!(run.starts(["a", "b", "c"]), [0, 10, 10]);
    assert_eq!(run.waits("b"), [(Reason::Capacity, 1, 10)]);
    assert_eq!(run.waits("c"), [(Reason::Behind, 2, 10)]);
}

#[test]
fn fifo_greedy_skips_what_does_not_fit() {
    let run = run(&keeping("fifo-greedy"), t4_nodes(1, 4), &blocked());
    assert_eq!(run.starts(["a", "b", "c"]), [0, 10, 2]);
}

#[test]
fn sjf_takes_the_shortest_of_those_waiting() {
    let jobs = [job("a", 0, 10, 1), job("b", 1, 8, 1), job("c", 2, 2, 1)];
    let run = run(&keeping("sjf"), t4_nodes(1, 1), &jobs);
    assert_eq!(run.starts(["a", "b", "c"]), [0, 12, 10]);
    // b headed the queue for a second, then c came.
    assert_eq!(
        run.waits("b"),
        [
            (Reason::Capacity, 1, 2),
            (Reason::Behind, 2, 10),
            (Reason::Capacity, 10, 12)
        ]
    );
}

#[test]
fn sjf_goes_by_the_estimate_not_by_the_run_time() {
    let mut long = job("b", 1, 8, 1);
    long.estimate = Some(Span::from_secs(1));
    let jobs = [job("a", 0, 10, 1), long, job("c", 2, 2, 1)];
    let run = run(&keeping("sjf"), t4_nodes(1, 1), &jobs);
    assert_eq!(run.starts(["a", "b", "c"]), [0, 10, 18]);
}

#[test]
fn priority_goes_first_but_evicts_nobody() {
    let mut urgent = job("c", 2, 2, 1);
    urgent.owner = Owner {
        priority: 5,
        ..Owner::default()
    };
    let jobs = [job("a", 0, 10, 1), job("b", 1, 1, 1), urgent];
    let run = run(&keeping("priority"), t4_nodes(1, 1), &jobs);
    assert_eq!(run.starts(["a", "b", "c"]), [0, 12, 10]);
}

#[test]
fn easy_backfills_what_does_not_delay_the_head() {
    // a holds 3 of 4 GPUs until 10, b needs all: its reservation is at 10.
    // c ends by then and starts at once. d would not: it fits from 7 on, but has to let b pass.
    let jobs = [
        job("a", 0, 10, 3),
        job("b", 1, 5, 4),
        job("c", 2, 5, 1),
        job("d", 3, 20, 1),
    ];
    let run = run(&keeping("easy"), t4_nodes(1, 4), &jobs);
    assert_eq!(run.starts(["a", "b", "c", "d"]), [0, 10, 2, 15]);
    assert_eq!(
        run.waits("d"),
        [
            (Reason::Capacity, 3, 7),
            (Reason::Reservation, 7, 10),
            (Reason::Capacity, 10, 15)
        ]
    );
}

/// a holds 2 of 4 GPUs until 10; b gets 3 at 10, which leaves 1; c needs all when b ends at 20;
/// d needs 1 for long.
fn two_reservations() -> [JobDraft<'static>; 4] {
    [
        job("a", 0, 10, 2),
        job("b", 1, 10, 3),
        job("c", 2, 10, 4),
        job("d", 3, 30, 1),
    ]
}

#[test]
fn easy_protects_the_head_only() {
    // d takes the GPU that b leaves over, and c has to wait for its end at 33.
    let run = run(&keeping("easy"), t4_nodes(1, 4), &two_reservations());
    assert_eq!(run.starts(["a", "b", "c", "d"]), [0, 10, 33, 3]);
}

#[test]
fn conservative_protects_everybody() {
    // d may not delay c, which has its reservation at 20: it starts when c ends.
    let run = run(
        &keeping("conservative"),
        t4_nodes(1, 4),
        &two_reservations(),
    );
    assert_eq!(run.starts(["a", "b", "c", "d"]), [0, 10, 20, 30]);
    assert_eq!(
        run.waits("d"),
        [(Reason::Reservation, 3, 20), (Reason::Capacity, 20, 30)]
    );
}

#[test]
fn a_gang_waits_until_all_pods_fit() {
    // Two pods sit on different nodes, so of three nodes only one has both GPUs free. The gang
    // needs two such nodes: 4 GPUs are free, one of its pods would fit, not both.
    let mut spread = job("a", 0, 10, 1);
    spread.count = 2;
    spread.shape.max_per_node = 1;
    let mut gang = job("b", 1, 5, 2);
    gang.count = 2;
    let run = run(&keeping("fifo"), t4_nodes(3, 2), &[spread, gang]);
    assert_eq!(run.starts(["a", "b"]), [0, 10]);
    assert_eq!(run.waits("b"), [(Reason::Gang, 1, 10)]);
}

#[test]
fn one_pod_waits_for_one_node() {
    let mut spread = job("a", 0, 10, 1);
    spread.count = 2;
    spread.shape.max_per_node = 1;
    let run = run(
        &keeping("fifo"),
        t4_nodes(2, 2),
        &[spread, job("b", 1, 5, 2)],
    );
    assert_eq!(run.waits("b"), [(Reason::Fragmentation, 1, 10)]);
}

#[test]
fn a_job_waits_for_its_gpu_model() {
    let nodes = vec![
        Node::with_gpus("t", 1, "T4"),
        Node::with_gpus("a", 1, "A100-SXM4-40GB"),
    ];
    let on_a100 = |name, submit| {
        let mut draft = job(name, submit, 10, 1);
        draft.shape.models = vec!["A100".into()];
        draft
    };
    let run = run(&keeping("fifo"), nodes, &[on_a100("a", 0), on_a100("b", 1)]);
    assert_eq!(run.starts(["a", "b"]), [0, 10]);
    assert_eq!(run.waits("b"), [(Reason::Model, 1, 10)]);
}

#[test]
fn what_can_never_run_blocks_nobody() {
    for policy in queueings() {
        let jobs = [job("giant", 0, 10, 8), job("a", 1, 10, 4)];
        let run = run(&keeping(policy.name), t4_nodes(1, 4), &jobs);
        let jobs = run.result.summary.jobs;
        assert_eq!((jobs.total, jobs.finished), (2, 1), "{}", policy.name);
        assert_eq!(jobs.unschedulable, 1, "{}", policy.name);
        assert_eq!(run.start("giant"), None);
    }
}

#[test]
fn simultaneous_submissions_are_ordered_by_the_discipline() {
    let jobs = [job("long", 0, 10, 1), job("short", 0, 1, 1)];
    let with = |discipline| {
        let options = ReplayOptions {
            discipline,
            ..keeping("sjf")
        };
        run(&options, t4_nodes(1, 1), &jobs).starts(["long", "short"])
    };
    // One pass after both are in, or one after each.
    assert_eq!(with(Discipline::Batched), [1, 0]);
    assert_eq!(with(Discipline::PerEvent), [0, 10]);
}

#[test]
fn a_job_without_length_starts_and_ends_in_its_instant() {
    for policy in queueings() {
        for discipline in [Discipline::Batched, Discipline::PerEvent] {
            let options = ReplayOptions {
                discipline,
                ..keeping(policy.name)
            };
            let jobs = [job("flash", 0, 0, 1), job("a", 0, 5, 1)];
            let run = run(&options, t4_nodes(1, 1), &jobs);
            let finished = run.result.summary.jobs.finished;
            assert_eq!(finished, 2, "{} {discipline:?}", policy.name);
            // Longest first lets it wait for the other.
            if policy.name != "ljf" {
                assert_eq!(run.starts(["flash", "a"]), [0, 0], "{}", policy.name);
                let slowdown = run.result.summary.bounded_slowdown.unwrap();
                assert_eq!(slowdown.max, 1.0);
            }
        }
    }
}

#[test]
fn nodes_come_late_and_leave_early() {
    // n1 takes pods from 5 to 20. b waits for it, c still gets in and runs to its end at 26, d
    // comes too late and waits for a.
    let mut nodes = t4_nodes(2, 1);
    nodes[1].from = Time::from_secs(5);
    nodes[1].to = Time::from_secs(20);
    let jobs = [
        job("a", 0, 100, 1),
        job("b", 1, 10, 1),
        job("c", 16, 10, 1),
        job("d", 21, 10, 1),
    ];
    for policy in queueings() {
        let run = run(&keeping(policy.name), nodes.clone(), &jobs);
        let starts = run.starts(["a", "b", "c", "d"]);
        assert_eq!(starts, [0, 5, 16, 100], "{}", policy.name);
        let used = run.result.summary.utilisation.window.unwrap();
        // Held 100 + 3 × 10 s of 110 + 15 s open: c and nobody else ran past the closing.
        assert_eq!(used, 130.0 / 125.0, "{}", policy.name);
    }
}

#[test]
fn a_reservation_knows_of_nodes_that_opened_later() {
    // a holds n0. Both further nodes open at 5. b starts on n1; the pair waits for n2 and one
    // more, which b returns at 25; the short job may use n2 meanwhile.
    let mut nodes = t4_nodes(3, 1);
    for node in &mut nodes[1..] {
        node.from = Time::from_secs(5);
    }
    let mut pair = job("pair", 7, 10, 1);
    pair.count = 2;
    let jobs = [
        job("a", 0, 100, 1),
        job("head", 1, 1, 1),
        job("b", 5, 20, 1),
        pair,
        job("short", 8, 10, 1),
        job("long", 9, 90, 1),
    ];
    let run = run(&keeping("easy"), nodes, &jobs);
    let names = ["a", "head", "b", "pair", "short", "long"];
    assert_eq!(run.starts(names), [0, 5, 5, 25, 8, 35]);
}

#[test]
fn a_job_without_gang_is_one_job_in_parts() {
    // Two pods, one GPU: from 0 to 10 and from 10 to 20.
    let mut loose = job("a", 0, 10, 1);
    loose.count = 2;
    loose.gang = Gang::None;
    let run = run(&keeping("fifo"), t4_nodes(1, 1), &[loose]);
    let summary = &run.result.summary;
    assert_eq!((summary.jobs.total, summary.jobs.parts), (1, 2));
    assert_eq!(summary.wait_s.unwrap().max, 0.0);
    assert_eq!(summary.jct_s.unwrap().max, 20.0);
}

#[test]
fn a_job_without_an_end_keeps_its_gpu_and_is_censored() {
    for info in queueings() {
        let mut service = job("service", 0, 0, 1);
        service.run = Span::FOREVER;
        let jobs = [service, job("b", 5, 10, 1), job("c", 6, 1, 1)];
        let run = run(&keeping(info.name), t4_nodes(1, 2), &jobs);
        let counts = &run.result.summary.jobs;
        assert_eq!((counts.running, counts.finished), (1, 2), "{}", info.name);
        // b holds the second GPU from 5 to 15; c comes after it.
        assert_eq!(run.result.summary.window.closed_s, 16.0, "{}", info.name);
    }
}

#[test]
fn who_waits_for_a_job_without_an_end_waits_to_the_close() {
    for info in queueings() {
        let mut service = job("service", 0, 0, 1);
        service.run = Span::FOREVER;
        let run = run(
            &keeping(info.name),
            t4_nodes(1, 1),
            &[service, job("b", 5, 10, 1)],
        );
        let counts = &run.result.summary.jobs;
        assert_eq!((counts.running, counts.waiting), (1, 1), "{}", info.name);
        assert_eq!(run.result.summary.window.closed_s, 5.0, "{}", info.name);
    }
}
