//! Several runs for people: one row each.

use super::{Layout, number, percent, span};
use crate::cloud::is_rented;
use crate::metrics::{Churn, CostSummary, Summary, TopologySummary};

/// Which end of a column is good.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Low,
    High,
}

type Compared = (
    &'static str,
    Better,
    fn(&Summary) -> Option<f64>,
    fn(f64) -> String,
);

#[rustfmt::skip]
const COMPARED: &[Compared] = &[
    ("finished", Better::High, |run| Some(run.jobs.finished as f64), |count| format!("{count}")),
    ("mean wait", Better::Low, |run| run.wait_s.map(|wait| wait.mean), span),
    (WAIT_TO_TAU, Better::Low, |run| Some(run.restricted?.wait_s), span),
    ("p95 wait", Better::Low, |run| run.wait_s.map(|wait| wait.p95), span),
    ("mean JCT", Better::Low, |run| run.jct_s.map(|jct| jct.mean), span),
    (JCT_TO_TAU, Better::Low, |run| Some(run.restricted?.jct_s), span),
    (OVER_BOUND, Better::Low, Summary::jct_over_bound, |times| format!("{times:.2}x")),
    ("p50 JCT", Better::Low, |run| run.jct_s.map(|jct| jct.p50), span),
    ("slowdown", Better::Low, |run| run.bounded_slowdown.map(|slowdown| slowdown.mean), number),
    ("makespan", Better::Low, |run| Some(run.window.makespan_s), span),
    ("utilisation", Better::High, |run| run.utilisation.window, percent),
    ("fragmented", Better::Low, |run| Some(run.sampled.frag_ratio), percent),
    ("energy kWh", Better::Low, |run| Some(run.sampled.energy_kwh), |kwh| format!("{kwh:.1}")),
    ("USD", Better::Low, |run| cost(run, |bill| bill.usd), |usd| format!("{usd:.2}")),
];

/// Columns that are left out where no run has a value for them.
const OPTIONAL: [&str; 9] = [
    "USD",
    WAIT_TO_TAU,
    JCT_TO_TAU,
    HOLES,
    OVER_BOUND,
    "given back",
    "interrupted",
    "evicted",
    "least USD",
];

/// Means in which censored jobs count too; left out where none is.
const WAIT_TO_TAU: &str = "wait to τ";
const JCT_TO_TAU: &str = "JCT to τ";

/// Mean free slots of MIG that no legal placement could use; left out where MIG cuts nothing.
const HOLES: &str = "slots lost";

/// Mean JCT ÷ the least there can be; left out where no bound was worked out.
const OVER_BOUND: &str = "of bound";

/// What differs when GPUs are shared in different ways.
#[rustfmt::skip]
const SHARED: &[Compared] = &[
    ("accepted", Better::High, |run| Some(run.accepted()), percent),
    ("died", Better::Low, |run| Some(run.jobs.failed as f64), |count| format!("{count}")),
    ("mean wait", Better::Low, |run| run.wait_s.map(|wait| wait.mean), span),
    (WAIT_TO_TAU, Better::Low, |run| Some(run.restricted?.wait_s), span),
    ("p95 wait", Better::Low, |run| run.wait_s.map(|wait| wait.p95), span),
    ("mean JCT", Better::Low, |run| run.jct_s.map(|jct| jct.mean), span),
    (JCT_TO_TAU, Better::Low, |run| Some(run.restricted?.jct_s), span),
    ("slowdown", Better::Low, |run| run.bounded_slowdown.map(|slowdown| slowdown.mean), number),
    ("makespan", Better::Low, |run| Some(run.window.makespan_s), span),
    ("GPUs needed", Better::Low, |run| run.devices.map(|used| used.peak_devices as f64), |count| format!("{count}")),
    ("in use", Better::Low, |run| run.devices.map(|used| used.mean_devices), |count| format!("{count:.1}")),
    ("SM use", Better::High, |run| run.devices.and_then(|used| used.sm_use), percent),
    ("memory use", Better::High, |run| run.devices.and_then(|used| used.memory_use), percent),
    ("wasted", Better::Low, |run| run.devices.and_then(|used| used.wasted), percent),
    (HOLES, Better::Low, |run| run.mig.as_ref().map(|mig| mig.slots_lost), |slots| format!("{slots:.2}")),
    ("energy kWh", Better::Low, |run| Some(run.sampled.energy_kwh), |kwh| format!("{kwh:.1}")),
];

/// What differs when the network costs something.
#[rustfmt::skip]
const NETWORKED: &[Compared] = &[
    ("finished", Better::High, |run| Some(run.jobs.finished as f64), |count| format!("{count}")),
    ("mean wait", Better::Low, |run| run.wait_s.map(|wait| wait.mean), span),
    (WAIT_TO_TAU, Better::Low, |run| Some(run.restricted?.wait_s), span),
    ("p95 wait", Better::Low, |run| run.wait_s.map(|wait| wait.p95), span),
    ("mean JCT", Better::Low, |run| run.jct_s.map(|jct| jct.mean), span),
    (JCT_TO_TAU, Better::Low, |run| Some(run.restricted?.jct_s), span),
    ("p50 JCT", Better::Low, |run| run.jct_s.map(|jct| jct.p50), span),
    ("p95 JCT", Better::Low, |run| run.jct_s.map(|jct| jct.p95), span),
    ("gang slowdown", Better::Low, |run| network(run, |one| Some(one.slowdown?.mean)), number),
    ("p95", Better::Low, |run| network(run, |one| Some(one.slowdown?.p95)), number),
    ("cross-leaf GPU-h", Better::Low, |run| network(run, |one| Some(one.cross_leaf_gpu_hours)), |hours| format!("{hours:.0}")),
    ("makespan", Better::Low, |run| Some(run.window.makespan_s), span),
];

fn network(run: &Summary, value: fn(&TopologySummary) -> Option<f64>) -> Option<f64> {
    run.topology.as_ref().and_then(value)
}

/// What differs when machines come and go in different ways.
#[rustfmt::skip]
const PROVISIONED: &[Compared] = &[
    ("finished", Better::High, |run| Some(run.jobs.finished as f64), |count| format!("{count}")),
    ("mean wait", Better::Low, |run| run.wait_s.map(|wait| wait.mean), span),
    (WAIT_TO_TAU, Better::Low, |run| Some(run.restricted?.wait_s), span),
    ("p95 wait", Better::Low, |run| run.wait_s.map(|wait| wait.p95), span),
    ("mean JCT", Better::Low, |run| run.jct_s.map(|jct| jct.mean), span),
    (JCT_TO_TAU, Better::Low, |run| Some(run.restricted?.jct_s), span),
    ("slowdown", Better::Low, |run| run.bounded_slowdown.map(|slowdown| slowdown.mean), number),
    ("makespan", Better::Low, |run| Some(run.window.makespan_s), span),
    ("launches", Better::Low, |run| cost(run, |bill| Some(bill.launches as f64)), |count| format!("{count}")),
    ("node-hours", Better::Low, |run| cost(run, |bill| Some(bill.node_hours)), |hours| format!("{hours:.1}")),
    ("given back", Better::Low, |run| churn(run, |churn| churn.given_back.values().sum()), |count| format!("{count}")),
    ("interrupted", Better::Low, |run| churn(run, |churn| churn.interrupted), |count| format!("{count}")),
    ("evicted", Better::Low, |run| cost(run, |bill| is_rented(&bill.provisioning).then_some(bill.evictions as f64)), |count| format!("{count}")),
    ("useful", Better::High, |run| cost(run, |bill| Some(bill.gpu_hours.useful / bill.gpu_hours.paid)), percent),
    ("lost GPU-h", Better::Low, |run| cost(run, |bill| Some(bill.gpu_hours.lost)), |hours| format!("{hours:.1}")),
    ("USD", Better::Low, |run| cost(run, |bill| bill.usd), |usd| format!("{usd:.2}")),
    ("USD/GPU-h", Better::Low, |run| cost(run, |bill| bill.usd_per_useful_gpu_hour), |usd| format!("{usd:.3}")),
    ("least USD", Better::Low, |run| cost(run, |bill| bill.bound_usd), |usd| format!("{usd:.2}")),
];

/// How rented machines ended.
fn churn(run: &Summary, value: fn(&Churn) -> u64) -> Option<f64> {
    let cost = run
        .cost
        .as_ref()
        .filter(|cost| is_rented(&cost.provisioning))?;
    Some(value(&cost.bill.as_ref()?.churn) as f64)
}

fn cost(run: &Summary, value: fn(&CostSummary) -> Option<f64>) -> Option<f64> {
    run.cost
        .as_ref()
        .and_then(value)
        .filter(|value| value.is_finite())
}

/// One row per run, and below them what all runs share: jobs, offered load, capacity, censoring.
/// The best value of a column among the runs that serve most jobs carries a `*` (in Markdown it is
/// bold), unless all are equal; values are compared before they are rounded for display.
pub fn compare_table(runs: &[Summary], layout: Layout) -> String {
    let shared_ways = runs.iter().any(|run| run.sharing != "recorded");
    let costs = |run: &Summary| matches!(&run.topology, Some(one) if one.network != "ideal");
    let provisioned =
        |run: &Summary| matches!(&run.cost, Some(bill) if bill.provisioning != "static");
    let columns = match (shared_ways, runs.iter().any(costs)) {
        _ if runs.iter().any(provisioned) => PROVISIONED,
        (_, true) => NETWORKED,
        (true, false) => SHARED,
        (false, false) => COMPARED,
    };
    let told = |(name, _, value, _): &&Compared| {
        !OPTIONAL.contains(name) || runs.iter().any(|run| value(run).is_some())
    };
    let columns = columns.iter().filter(told);
    let names = columns.clone().map(|(name, ..)| *name);
    let head: Vec<String> = std::iter::once("policy")
        .chain(names)
        .map(|name| layout.text(name))
        .collect();
    let row = |run: &Summary| {
        let cells = columns.clone();
        let cells = cells.map(|column| compared(column, run, runs, layout));
        std::iter::once(layout.text(&run.label()))
            .chain(cells)
            .collect()
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    let shared = runs
        .first()
        .map_or_else(String::new, |run| shared(run, runs));
    format!(
        "{}\n\n{}",
        layout.table(&head, &rows),
        layout.lines(&shared)
    )
}

/// What the rows have in common: the load they carry, and what they leave out of the columns.
fn shared(first: &Summary, runs: &[Summary]) -> String {
    let loads = || runs.iter().filter_map(|run| run.offered_load);
    let (least, most_load) = loads().fold((f64::MAX, 0.0_f64), |(low, high), load| {
        (low.min(load), high.max(load))
    });
    // Sharing modes ask for different parts of the same devices.
    let load = match first.offered_load {
        None => "on".into(),
        Some(_) if least < most_load => format!(
            "an offered load of {} to {} on",
            percent(least),
            percent(most_load)
        ),
        Some(load) => format!("an offered load of {} on", percent(load)),
    };
    let estimates = &first.estimates.source;
    let mut lines = format!(
        " {} jobs, {load} {} GPUs; estimates: {estimates}; fidelity: {}\n",
        first.jobs.total, first.capacity_gpus, first.fidelity
    );
    let most = |count: fn(&Summary) -> u64| runs.iter().map(count).max().unwrap_or(0);
    let censored = [
        ("still running", most(|run| run.jobs.running)),
        ("still waiting", most(|run| run.jobs.waiting)),
        ("not arrived", most(|run| run.jobs.not_arrived)),
        ("can never run", most(|run| run.jobs.unschedulable)),
    ];
    let listed: Vec<String> = censored
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    lines.push_str(&warm_up(first, runs));
    lines.push_str(&bound(first, runs));
    lines.push_str(&cost_bound(runs));
    lines.push_str(&match listed.as_slice() {
        [] => " censored: none\n".to_owned(),
        _ => format!(" censored, at most in a row: {}\n", listed.join(", ")),
    });
    lines + &restricted(runs)
}

/// What the warm-up left out.
fn warm_up(first: &Summary, runs: &[Summary]) -> String {
    let Some(cut) = &first.warm_up else {
        return String::new();
    };
    let same = runs.iter().all(|run| run.warm_up == first.warm_up);
    match (cut.seconds, same) {
        (Some(end), true) => format!(
            " warm-up ({}): {} jobs submitted in the first {} are in no mean or quantile of wait, JCT and \
             slowdown;\n   all other columns are of the whole run\n",
            cut.rule,
            cut.jobs_left_out,
            span(end),
        ),
        (None, true) => format!(
            " warm-up ({}): the waits do not become steady, so all jobs count\n",
            cut.rule
        ),
        (_, false) => " warm-up: each row has its own, see warm_up in the JSON form\n".to_owned(),
    }
}

/// What the columns to τ are.
fn restricted(runs: &[Summary]) -> String {
    let mut bounds = runs.iter().filter_map(|run| run.restricted);
    let Some(first) = bounds.next() else {
        return String::new();
    };
    let tau = match bounds.all(|other| other.bound_s == first.bound_s) {
        true => format!("τ = {}", span(first.bound_s)),
        false => "τ, which differs by row,".to_owned(),
    };
    format!(
        " wait and JCT to τ: Kaplan-Meier means of min(time, {tau}), in which censored jobs count too; \
         mean wait and\n   mean JCT leave those out that had not started, or ended. Late jobs are taken to \
         do as early ones; what nobody\n   watched counts as lasting to τ\n",
    )
}

/// How far the best row is from what no schedule can beat.
fn bound(first: &Summary, runs: &[Summary]) -> String {
    let least = |over: fn(&Summary) -> Option<f64>| {
        let all = runs.iter().filter_map(over);
        all.fold(None, |least: Option<f64>, one| {
            Some(least.map_or(one, |least| least.min(one)))
        })
    };
    let (Some(bounds), Some(jct), Some(makespan)) = (
        first.bounds,
        least(Summary::jct_over_bound),
        least(Summary::makespan_over_bound),
    ) else {
        return String::new();
    };
    format!(
        " no schedule has a mean JCT below {} or a makespan below {}; the best row is at {}x and {}x\n",
        span(bounds.mean_jct_s),
        span(bounds.makespan_s),
        number(jct),
        number(makespan),
    )
}

/// The least the bill can be, with what that is.
fn cost_bound(runs: &[Summary]) -> String {
    let bills: Option<Vec<&CostSummary>> = runs.iter().map(|run| run.cost.as_ref()).collect();
    let usd: Option<Vec<f64>> = bills
        .iter()
        .flatten()
        .map(|bill| bill.usd.filter(|usd| *usd > 0.0))
        .collect();
    let all_done = runs.iter().all(|run| run.jobs.finished == run.jobs.total);
    let (Some(bills), Some(usd), true) = (bills, usd, all_done) else {
        return String::new();
    };
    let least_paid = usd.into_iter().fold(f64::INFINITY, f64::min);
    let all_there = runs.iter().map(|run| run.bounds?.cost_usd);
    let all_there: Option<Vec<f64>> = all_there.collect();
    if let Some(bound) = all_there.and_then(|bounds| bounds.first().copied()) {
        return format!(
            " no schedule costs less than {bound:.2} USD on these machines, which are all there and paid for up to \
             the last end;\n   the best row is at {}x\n",
            number(least_paid / bound)
        );
    }
    let bounds: Option<Vec<f64>> = bills.iter().map(|bill| bill.bound_usd).collect();
    let Some(bound) = bounds.and_then(|all| all.into_iter().reduce(f64::min)) else {
        return String::new();
    };
    if bound <= 0.0 {
        return String::new();
    }
    format!(
        " nobody can provide for this work for less than {bound:.2} USD: each pod's GPU time at the lowest price per \
         GPU of the\n   machines it fits, nothing idle, no boots, CPU pods for nothing; the best row is at {}x\n",
        number(least_paid / bound)
    )
}

fn compared(
    (_, better, value, show): &Compared,
    run: &Summary,
    runs: &[Summary],
    layout: Layout,
) -> String {
    let Some(own) = value(run) else {
        return "-".into();
    };
    // Who turns jobs away or lets them die has less to do: such a run is best at nothing.
    let served = |run: &Summary| run.jobs.total - run.jobs.unschedulable - run.jobs.failed;
    let most = runs.iter().map(served).max().unwrap_or(0);
    let all = || {
        runs.iter()
            .filter(|run| served(run) == most)
            .filter_map(value)
    };
    let (low, high) = (
        all().fold(f64::MAX, f64::min),
        all().fold(f64::MIN, f64::max),
    );
    let best = match better {
        Better::Low => low,
        Better::High => high,
    };
    let contends = served(run) == most;
    match contends && low < high && own == best {
        true => layout.best(&show(own)),
        false => layout.text(&show(own)),
    }
}
