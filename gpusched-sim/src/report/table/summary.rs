//! One run for people: what it was, what came of the jobs, and where the time went.

use super::{name, number, percent, plain, right_align, span};
use crate::metrics::{
    Bill, CostSummary, DeviceUse, Distribution, GroupSummary, MigSummary, RestrictedMeans, Summary,
    TopologySummary, WarmUpSummary,
};

/// Groups shown in [`summary_table`]; all are in the JSON form.
const GROUPS: usize = 10;

/// One run: what it was, what came of the jobs, and where the time went.
pub fn summary_table(summary: &Summary) -> String {
    let mut parts = vec![overview(summary), distributions(summary)];
    if summary.waits.iter().any(|wait| wait.seconds > 0.0) {
        parts.push(waits(summary));
    }
    if let Some(mig) = &summary.mig {
        parts.push(mig_table(mig));
    }
    if let Some(topology) = &summary.topology {
        parts.push(topology_table(topology));
    }
    for (title, groups) in [("queue", &summary.queues), ("user", &summary.users)] {
        if groups.len() > 1 {
            parts.push(group_table(title, groups));
        }
    }
    parts.join("\n\n") + "\n"
}

fn overview(run: &Summary) -> String {
    let mut table = plain();
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    row("policy", format!("{} + {}", run.queueing, run.placement));
    let how = format!("seed {}, {}", run.seed, run.discipline.name());
    row("run", format!("{how}, fidelity {}", run.fidelity));
    if !matches!(run.sharing.as_str(), "" | "recorded") {
        let speed = match run.performance.as_str() {
            "ideal" if run.sharing.starts_with("mig:") => {
                "jobs run as recorded (assumed: what they ask for is what they need)".to_owned()
            }
            "ideal" => "every job at full speed".to_owned(),
            law if run.topology.is_some() => format!("speeds by the {law} law"),
            law => format!("neighbours slow each other down by the {law} law"),
        };
        row("sharing", format!("{}; {speed}", run.sharing));
    }
    if let Some(speeds) = run.speeds {
        let text = format!(
            "{} measured, {} by a law fitted to the job, {} without measurements",
            speeds.table, speeds.law, speeds.assumed
        );
        row("speeds", text);
    }
    row("cluster", cluster(run));
    row("jobs", jobs(run));
    if let Some(cut) = &run.warm_up {
        row("warm-up", warm_up(cut));
    }
    if let Some(means) = &run.restricted {
        row("censored", censored(run, means));
    }
    row("estimates", estimates(run));
    row("makespan", span(run.window.makespan_s));
    row("offered load", load(run));
    row("GPU-hours held", format!("{:.1}", run.gpu_hours));
    row("GPU utilisation", utilisation(run));
    if let Some(used) = &run.devices {
        row("devices in use", devices(used));
        if run.jobs.failed > 0 {
            row("died", died(used));
        }
    }
    row("fragmentation", fragmentation(run));
    row("power", power(run));
    if let Some(cost) = &run.cost {
        row("machines", machines(cost));
        row("GPU-hours paid", waterfall(cost));
        if let Some(usd) = cost.usd {
            row(
                "bill",
                bill(cost, usd, run.bounds.and_then(|bounds| bounds.cost_usd)),
            );
        }
        if let Some(shared) = &cost.bill {
            bought(shared).into_iter().for_each(|line| row("", line));
        }
        if let Some(usd) = cost.energy_usd {
            row("energy", format!("{usd:.2} USD"));
        }
    }
    if let Some(usd) = run.licence_usd {
        row("licences", format!("{usd:.2} USD"));
    }
    table.trim_fmt()
}

fn machines(cost: &CostSummary) -> String {
    let mut text = format!(
        "{}: {} launched or there, {:.1} node-hours",
        cost.provisioning, cost.launches, cost.node_hours
    );
    if cost.evictions > 0 {
        text += &format!(", {} evictions", cost.evictions);
    }
    text
}

/// From what was paid for to what counts.
fn waterfall(cost: &CostSummary) -> String {
    let hours = &cost.gpu_hours;
    let part = |value: f64| match hours.paid {
        paid if paid > 0.0 => percent(value / paid),
        _ => "-".into(),
    };
    let of_which = |value: f64, what: &str| match value > 0.0 {
        true => format!(" ({} {what})", part(value)),
        false => String::new(),
    };
    format!(
        "{:.1}: {} useful{}, {} idle{}, {} booting, {} lost, {} overhead",
        hours.paid,
        part(hours.useful),
        of_which(hours.unneeded, "not needed"),
        part(hours.idle),
        of_which(hours.fragmented, "fragmented"),
        part(hours.boot),
        part(hours.lost),
        part(hours.overhead)
    )
}

fn bill(cost: &CostSummary, usd: f64, all_there: Option<f64>) -> String {
    let mut text = format!("{usd:.2} USD");
    if let Some(each) = cost.usd_per_useful_gpu_hour {
        text += &format!(", {each:.3} per useful GPU-hour");
    }
    if let Some(bound) = all_there {
        text += &format!(", at least {bound:.2} under any schedule on these machines");
    }
    if let Some(bound) = cost.bound_usd {
        text += &format!(", at least {bound:.2} for this work whoever provides");
    }
    if cost.unpriced > 0 {
        text += &format!(" ({} launches without a price left out)", cost.unpriced);
    }
    text
}

/// How machines were bought and how they ended, where they were rented; whose they were.
fn bought(bill: &Bill) -> Vec<String> {
    let mut lines = Vec::new();
    for line in &bill.by_capacity_type {
        if line.capacity_type != "own" {
            lines.push(format!(
                "{}: {:.2} USD for {} machines, {:.1} h",
                line.capacity_type, line.usd, line.launches, line.node_hours
            ));
        }
    }
    let churn = &bill.churn;
    let mut ends: Vec<String> = Vec::new();
    for (reason, count) in &churn.given_back {
        ends.push(format!("{count} {reason}"));
    }
    for (count, what) in [
        (churn.taken, "taken away"),
        (churn.never_joined, "never joined"),
    ] {
        if count > 0 {
            ends.push(format!("{count} {what}"));
        }
    }
    if churn.interrupted > 0 {
        ends.push(format!(
            "{} were told that they would be taken",
            churn.interrupted
        ));
    }
    if !ends.is_empty() {
        lines.push(format!("ends: {}", ends.join(", ")));
    }
    lines
}

fn cluster(run: &Summary) -> String {
    format!("{} nodes, {} GPUs", run.nodes, run.capacity_gpus)
}

fn jobs(run: &Summary) -> String {
    let mut text = format!("{}: {} finished", run.jobs.total, run.jobs.finished);
    let others = [
        ("failed", run.jobs.failed),
        ("running", run.jobs.running),
        ("waiting", run.jobs.waiting),
        ("not arrived", run.jobs.not_arrived),
        ("unschedulable", run.jobs.unschedulable),
    ];
    for (name, count) in others.into_iter().filter(|&(_, count)| count > 0) {
        text += &format!(", {count} {name}");
    }
    if run.accepted() < 1.0 {
        text += &format!(" ({} accepted)", percent(run.accepted()));
    }
    if run.interrupted {
        text += " (interrupted)";
    }
    text
}

fn warm_up(cut: &WarmUpSummary) -> String {
    match cut.seconds {
        Some(end) => format!(
            "the first {} ({}): {} jobs submitted then are in no wait, completion time or slowdown below",
            span(end),
            cut.rule,
            cut.jobs_left_out
        ),
        None => format!(
            "the waits do not become steady ({}), so all jobs count",
            cut.rule
        ),
    }
}

/// Means with those that the close cut off, beside those without.
fn censored(run: &Summary, means: &RestrictedMeans) -> String {
    let plain = |of: &Option<Distribution>| of.as_ref().map_or("-".into(), |of| span(of.mean));
    format!(
        "{} waits, {} completion times; with them, up to τ = {} (Kaplan-Meier), mean wait {} (without {}), \
         mean completion time {} (without {})",
        means.waits_censored,
        means.jcts_censored,
        span(means.bound_s),
        span(means.wait_s),
        plain(&run.wait_s),
        span(means.jct_s),
        plain(&run.jct_s),
    )
}

fn estimates(run: &Summary) -> String {
    match run.estimates.given {
        0 => "perfect (no job has one)".into(),
        given => format!("{} ({given} given)", run.estimates.source),
    }
}

fn load(run: &Summary) -> String {
    let mut text = run.offered_load.map_or("-".into(), percent);
    for model in &run.offered_load_by_model {
        text += &format!(", {} only {}", model.model, percent(model.value));
    }
    text
}

fn utilisation(run: &Summary) -> String {
    let share = |value: Option<f64>| value.map_or("-".into(), percent);
    let mut text = format!(
        "{}, {} while jobs came",
        share(run.utilisation.window),
        share(run.utilisation.submissions)
    );
    if run.utilisation.by_model.len() > 1 {
        for model in &run.utilisation.by_model {
            text += &format!(", {} {}", model.model, percent(model.value));
        }
    }
    text
}

fn devices(used: &DeviceUse) -> String {
    let mut text = format!(
        "{} at most, {:.1} on average",
        used.peak_devices, used.mean_devices
    );
    let shares = [
        ("of all SM time needed", used.sm_use),
        (
            "of what was held not needed",
            used.wasted.filter(|&share| share > 0.0),
        ),
        ("of device memory asked for", used.memory_use),
    ];
    for (what, share) in shares {
        if let Some(share) = share {
            text += &format!(", {} {what}", percent(share));
        }
    }
    text
}

fn died(devices: &DeviceUse) -> String {
    let causes = [
        ("out of memory", devices.out_of_memory),
        ("of a fault", devices.faults),
        ("of a neighbour's fault", devices.neighbour_faults),
    ];
    let listed: Vec<String> = causes
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    format!(
        "{}; {:.1} GPU-hours lost",
        listed.join(", "),
        devices.lost_gpu_hours
    )
}

fn fragmentation(run: &Summary) -> String {
    let means = &run.sampled;
    format!(
        "{:.1} GPUs on average, {} of what was idle",
        means.frag_gpus,
        percent(means.frag_ratio)
    )
}

fn power(run: &Summary) -> String {
    let means = &run.sampled;
    format!(
        "{:.1} kW on average, {:.1} kWh",
        means.power_w / 1000.0,
        means.energy_kwh
    )
}

fn distributions(run: &Summary) -> String {
    let mut table = plain();
    table.set_header(["", "mean", "p50", "p95", "p99", "max", "by GPU-hours"]);
    let mut row = |name: &str, spread: &Option<Distribution>, show: fn(f64) -> String| {
        let Some(spread) = spread else { return };
        let weighted = spread.gpu_hour_weighted_mean.map_or("-".into(), show);
        let [mean, p50, p95, p99, max] =
            [spread.mean, spread.p50, spread.p95, spread.p99, spread.max].map(show);
        table.add_row([name.to_owned(), mean, p50, p95, p99, max, weighted]);
    };
    row("wait", &run.wait_s, span);
    row("completion time", &run.jct_s, span);
    row("bounded slowdown", &run.bounded_slowdown, number);
    row("still waiting", &run.still_waiting_s, span);
    right_align(&mut table);
    table.trim_fmt()
}

fn waits(run: &Summary) -> String {
    let mut table = plain();
    table.set_header(["waited for", "total", "share"]);
    for wait in run.waits.iter().filter(|wait| wait.seconds > 0.0) {
        table.add_row([wait.reason.clone(), span(wait.seconds), percent(wait.share)]);
    }
    right_align(&mut table);
    table.trim_fmt()
}

fn mig_table(mig: &MigSummary) -> String {
    let mut table = plain();
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    row(
        "MIG",
        format!(
            "{} GPUs of {} slots, {} placement, {}",
            mig.gpus,
            mig.slots,
            mig.placement,
            match mig.repartition.as_str() {
                "static" => "layouts stay",
                "on-demand" => "cut on demand",
                _ => "cut batch by batch",
            }
        ),
    );
    row(
        "accepted",
        format!("{} of the jobs", percent(mig.acceptance)),
    );
    row("slots in use", slots_in_use(mig));
    row(
        "slots wasted",
        format!(
            "{:.1} held beyond need, {:.1} free but lost",
            mig.slots_beyond_need, mig.slots_lost
        ),
    );
    let blocked = mig.blocked.iter().filter(|blocked| blocked.share > 0.0);
    let blocked: Vec<String> = blocked
        .map(|blocked| format!("{} {}", blocked.profile, percent(blocked.share)))
        .collect();
    if !blocked.is_empty() {
        row("blocked of free", blocked.join(", "));
    }
    row(
        "instances",
        format!(
            "{} created, {} destroyed; MIG mode toggled {} times",
            mig.created, mig.destroyed, mig.toggled
        ),
    );
    row("setup", format!("{} of job time in all", span(mig.setup_s)));
    table.trim_fmt()
}

fn topology_table(topology: &TopologySummary) -> String {
    let mut table = plain();
    table.set_header([
        "gangs ran within",
        "jobs",
        "GPU-hours",
        "largest gang free",
        "free elsewhere",
    ]);
    let levels = topology.levels.iter();
    for level in levels.filter(|level| level.jobs > 0 || level.largest_gang > 0.0) {
        table.add_row([
            name(&level.level),
            level.jobs.to_string(),
            format!("{:.1}", level.gpu_hours),
            format!("{:.1}", level.largest_gang),
            percent(level.fragmented),
        ]);
    }
    right_align(&mut table);
    let mut text = table.trim_fmt();
    text += &format!("\n network: {}", topology.network);
    if let Some(profile) = &topology.job_profile {
        text += &format!(", jobs exchange as {profile}");
    }
    text += &format!(
        "; {:.1} GPU-hours across leaves\n",
        topology.cross_leaf_gpu_hours
    );
    if let Some(slowdown) = &topology.slowdown {
        let [mean, p50, p95, max] =
            [slowdown.mean, slowdown.p50, slowdown.p95, slowdown.max].map(number);
        text += &format!(" slowdown of gangs: mean {mean}, p50 {p50}, p95 {p95}, max {max};");
        let bins = topology.slowdown_histogram.iter();
        for bin in bins.filter(|bin| bin.jobs > 0) {
            text += &format!(" {} from {}x", bin.jobs, bin.from);
        }
    }
    text.trim_end().to_owned()
}

fn slots_in_use(mig: &MigSummary) -> String {
    let mut text = percent(mig.slot_use);
    if mig.whole_device_slots > 0.0 {
        text += &format!(
            " of what whole devices left ({:.1} slots in whole devices)",
            mig.whole_device_slots
        );
    }
    text
}

fn group_table(title: &str, groups: &[GroupSummary]) -> String {
    let mut table = plain();
    table.set_header([title, "jobs", "GPU-hours", "mean wait", "p95 wait"]);
    let wait = |value: Option<f64>| value.map_or("-".into(), span);
    for group in groups.iter().take(GROUPS) {
        table.add_row([
            name(&group.name),
            group.jobs.to_string(),
            format!("{:.1}", group.gpu_hours),
            wait(group.mean_wait_s),
            wait(group.p95_wait_s),
        ]);
    }
    right_align(&mut table);
    let mut text = table.trim_fmt();
    if groups.len() > GROUPS {
        text += &format!("\n({} more)", groups.len() - GROUPS);
    }
    text
}
