//! What is shown of the machines of one run at a time: MIG, network, cost.

use super::super::kpi::Kind;
use super::super::markup::Html;
use super::super::read::{Run, Series};
use super::super::shape::slice_means;
use super::Sheet;
use super::charts::SLICES;
use super::figure::{Table, figure};
use super::runs::{ROWS, more, section};
use crate::metrics::{CostSummary, TopologySummary};
use crate::report::{span, thousands};

pub(super) fn slots(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (runs, data) = (sheet.runs, sheet.data);
    section(
        sheet,
        html,
        ("mig", "MIG", "MIG cuts no GPU in these runs"),
        |at| data.runs[at].slots.is_some(),
        |html, at| {
            let (Some(slots), Some(mig)) = (&data.runs[at].slots, &runs[at].summary.mig) else {
                return;
            };
            html.leaf(
                "p",
                &[("class", "note")],
                format_args!(
                    "{} GPUs with {} slots; {:.1}% of the slots were held, {:.2} lost on average. Instances \
                     are placed by {} and cut {}: {} created, {} destroyed.",
                    thousands(mig.gpus),
                    thousands(mig.slots),
                    mig.slot_use * 100.0,
                    mig.slots_lost,
                    mig.placement,
                    mig.repartition,
                    thousands(mig.created),
                    thousands(mig.destroyed),
                ),
            );
            let mut map = Table::new(&["Node", "GPU", "Board", "Slots", "Instances in use"]);
            for (node, gpu, board, slots, instances) in slots.gpus.iter().take(ROWS) {
                let gpu = gpu.to_string();
                map.rows.push(vec![
                    node.clone(),
                    gpu,
                    board.clone(),
                    slots.clone(),
                    instances.clone(),
                ]);
            }
            more(&mut map, slots.gpus.len() + slots.left_out);
            let says = format!(
                "At {}, when most slots were in use. Numbers: slices of the instance there; W: in use as \
                 a whole device; x: free, but no legal placement can use it.",
                span(slots.at)
            );
            figure(
                html,
                &format!("slots:{at}"),
                "Slots at the peak",
                &says,
                &[map],
            );
            let mut blocked = Table::new(&["Profile", "Board", "Share"]);
            for (board, profile, share) in &slots.blocked {
                blocked.rows.push(vec![
                    profile.clone(),
                    board.clone(),
                    Kind::Percent.show(*share),
                ]);
            }
            figure(
                html,
                &format!("blocked:{at}"),
                "Blocked profiles",
                "Free slot-time on GPUs where the profile had no legal start ÷ all free slot-time.",
                &[blocked],
            );
        },
    );
}

pub(super) fn levels(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (runs, data) = (sheet.runs, sheet.data);
    section(
        sheet,
        html,
        (
            "topology",
            "Levels of the network",
            "nothing is known of the network (no --topology), and it costs nothing",
        ),
        |at| data.runs[at].levels.is_some(),
        |html, at| {
            if let Some(topology) = &runs[at].summary.topology {
                let series = runs[at].series.as_ref();
                let window = (data.from, data.until);
                let gangs = series.and_then(|series| gang_table(series, &runs[at], window));
                levels_of(html, at, topology, gangs);
            }
        },
    );
}

fn levels_of(html: &mut Html, at: usize, topology: &TopologySummary, gangs: Option<Table>) {
    let mut table = Table::new(&[
        "Level",
        "Jobs",
        "GPU-hours",
        "Largest gang that would fit",
        "Fragmented",
    ]);
    for level in &topology.levels {
        table.rows.push(vec![
            level.level.clone(),
            thousands(level.jobs),
            Kind::Number.show(level.gpu_hours),
            Kind::Number.show(level.largest_gang),
            Kind::Percent.show(level.fragmented),
        ]);
    }
    figure(
        html,
        &format!("levels:{at}"),
        "Where gangs ran",
        "GPU-hours of jobs of two or more GPUs by the smallest domain that held them whole.",
        &[table],
    );
    if let Some(gangs) = gangs {
        figure(
            html,
            &format!("gangs:{at}"),
            "Largest gang that would fit",
            "Free whole GPUs in the domain of each level that has most, over time.",
            &[gangs],
        );
    }
    let mut bins = Table::new(&["Slowdown from", "Jobs"]);
    for bin in &topology.slowdown_histogram {
        bins.rows
            .push(vec![format!("{:.2}", bin.from), thousands(bin.jobs)]);
    }
    figure(
        html,
        &format!("slowdowns:{at}"),
        "What the network cost",
        "Finished jobs of two or more GPUs by run time ÷ recorded run time.",
        &[bins],
    );
}

/// Means over slices of time, by level.
fn gang_table(series: &Series, run: &Run, (from, until): (f64, f64)) -> Option<Table> {
    let closed = run.summary.window.closed_s;
    let mut table = Table::new(&["Until"]);
    let mut means = Vec::new();
    for (level, values) in series.columns("largest_gang_") {
        table.head.push(level.to_owned());
        means.push(slice_means(
            &series.t,
            values,
            (from, until),
            closed,
            SLICES,
        ));
    }
    for slice in 0..SLICES {
        let end = (until - from) * (slice + 1) as f64 / SLICES as f64;
        let cells = means
            .iter()
            .map(|means| means[slice].map_or("–".to_owned(), |mean| Kind::Number.show(mean)));
        table
            .rows
            .push(std::iter::once(span(end)).chain(cells).collect());
    }
    (!means.is_empty()).then_some(table)
}

pub(super) fn cost(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (runs, data) = (sheet.runs, sheet.data);
    section(
        sheet,
        html,
        (
            "cost",
            "Cost",
            "machines have no price and are there all the time",
        ),
        |at| data.runs[at].cost.is_some(),
        |html, at| {
            if let Some(cost) = &runs[at].summary.cost {
                cost_of(html, at, cost);
            }
        },
    );
}

fn cost_of(html: &mut Html, at: usize, cost: &CostSummary) {
    let hours = &cost.gpu_hours;
    let mut table = Table::new(&["GPU-hours", "Value", "Share of paid", "USD"]);
    let rows = [
        ("paid", hours.paid),
        ("boot", hours.boot),
        ("idle", hours.idle),
        ("… fragmented", hours.fragmented),
        ("overhead", hours.overhead),
        ("lost", hours.lost),
        ("useful", hours.useful),
        ("… not needed", hours.unneeded),
    ];
    for (name, value) in rows {
        let share = match hours.paid > 0.0 {
            true => value / hours.paid,
            false => 0.0,
        };
        let usd = cost
            .usd
            .map_or("–".to_owned(), |usd| Kind::Number.show(usd * share));
        table.rows.push(vec![
            name.to_owned(),
            Kind::Number.show(value),
            Kind::Percent.show(share),
            usd,
        ]);
    }
    let mut says = format!(
        "From what was paid for to work that counts; {} launches under {} provisioning.",
        thousands(cost.launches),
        cost.provisioning
    );
    if let Some(usd) = cost.usd {
        says += &format!(" The bill: {} USD", Kind::Number.show(usd));
        says += &match cost.usd_per_useful_gpu_hour {
            Some(each) => format!(", {each:.3} USD per useful GPU-hour."),
            None => format!(
                ", without {} launches of machines that have no price.",
                cost.unpriced
            ),
        };
        says += " USD below are the bill split in proportion to GPU-hours.";
    }
    figure(html, &format!("cost:{at}"), "GPU-hours", &says, &[table]);
}
