//! `spec.disruption` of a NodePool.

use crate::manifest::cursor::{At, Read};
use crate::manifest::time;
use gpusched_core::provisioning::karpenter::disruption::{Budget, Reason, Schedule};
use gpusched_core::provisioning::karpenter::{ConsolidationPolicy, Disruption};
use gpusched_core::units::Span;

/// Most budgets of a pool.
const MOST: usize = 50;

const POLICIES: &[(&str, ConsolidationPolicy)] = &[
    (
        "WhenEmptyOrUnderutilized",
        ConsolidationPolicy::WhenEmptyOrUnderutilized,
    ),
    ("WhenEmpty", ConsolidationPolicy::WhenEmpty),
    ("Balanced", ConsolidationPolicy::Balanced),
];

const REASONS: &[(&str, Reason)] = &[
    ("Underutilized", Reason::Underutilized),
    ("Empty", Reason::Empty),
    ("Drifted", Reason::Drifted),
];

/// When nodes of a pool are disrupted.
pub(super) fn disruption(at: &At<'_, '_>) -> Read<Disruption> {
    at.only(&[&["consolidationPolicy", "consolidateAfter", "budgets"]])?;
    let mut read = Disruption::default();
    if let Some(policy) = at.field("consolidationPolicy").choice(POLICIES)? {
        read.policy = policy;
    }
    let after = at.field("consolidateAfter");
    if after.present() {
        read.consolidate_after = or_never(&after)?;
    }
    let budgets = at.field("budgets");
    if budgets.present() {
        read.budgets = budgets.list(budget)?;
        if read.budgets.len() > MOST {
            let count = read.budgets.len();
            return Err(budgets.fault(format!("{count} budgets, where {MOST} may be")));
        }
    }
    Ok(read)
}

/// A length of time that is not negative, or `Never`.
pub(super) fn or_never(at: &At<'_, '_>) -> Read<Option<Span>> {
    match at.str()? {
        Some("Never") => Ok(None),
        Some(text) => {
            let span = time::duration(text).filter(|span| span.0 >= 0);
            span.map(Some).ok_or_else(|| {
                at.fault(format!("`{text}` is no length of time"))
                    .help("write it like 30s, 5m or 720h, or Never")
            })
        }
        None => Err(at.missing()),
    }
}

fn budget(at: At<'_, '_>) -> Read<Budget> {
    at.only(&[&["nodes", "reasons", "schedule", "duration"]])?;
    let nodes = at.field("nodes");
    let read = match nodes.str()? {
        None => Budget::DEFAULT.nodes,
        Some(text) => text.parse().map_err(|error| {
            let fault = nodes.fault(format!("{error}"));
            fault.help("0 allows nothing; a share is rounded up")
        })?,
    };
    let reasons = at.field("reasons").list(|item| {
        let reason = item.choice(REASONS)?;
        reason.ok_or_else(|| item.missing())
    })?;
    Ok(Budget {
        nodes: read,
        reasons,
        window: window(&at)?,
    })
}

/// When a budget holds: `schedule` and `duration` come together.
fn window(at: &At<'_, '_>) -> Read<Option<(Schedule, Span)>> {
    let (schedule, duration) = (at.field("schedule"), at.field("duration"));
    let (text, span) = match (schedule.str()?, duration.duration()?) {
        (None, None) => return Ok(None),
        (Some(text), Some(span)) => (text, span),
        (Some(_), None) => {
            let fault = duration.fault("a budget with a `schedule` has a `duration`");
            return Err(fault.help("say how long it holds from every hit on, such as 8h"));
        }
        (None, Some(_)) => {
            let fault = schedule.fault("a budget with a `duration` has a `schedule`");
            return Err(fault.help("say when it begins, such as \"0 9 * * mon-fri\" (UTC)"));
        }
    };
    let minutes = span.0 % 60_000_000 == 0;
    if span.0 <= 0 || !minutes {
        let fault = duration.fault("a `duration` is of whole minutes and above 0");
        return Err(fault.help("write it like 10m, 8h or 1h30m"));
    }
    let read = text.parse::<Schedule>().map_err(|error| {
        let fault = schedule.fault(error.to_string());
        fault.help("minute hour day month weekday in UTC, such as \"0 9 * * mon-fri\", or @daily")
    })?;
    Ok(Some((read, span)))
}
