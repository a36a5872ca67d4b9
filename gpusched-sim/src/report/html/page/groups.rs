//! Who got what, and who waited longest.

use super::super::kpi::Kind;
use super::super::markup::Html;
use super::super::read::{JobTable, LongWait, Run};
use super::Sheet;
use super::figure::{Table, per_run};
use crate::metrics::GroupSummary;
use crate::report::{span, thousands};
use gpusched_core::queueing::Reason;
use std::collections::BTreeMap;

pub(super) fn fairness(sheet: &mut Sheet<'_>, html: &mut Html) {
    let any = sheet
        .runs
        .iter()
        .any(|run| run.summary.queues.len() > 1 || run.summary.users.len() > 1);
    let mut inner = Html::new();
    per_run(&mut inner, sheet, |html, at| {
        let run = &sheet.runs[at];
        let jobs = run.jobs.as_ref();
        groups(
            html,
            "Queue",
            &run.summary.queues,
            run,
            jobs.map(|jobs| &jobs.queues),
        );
        groups(
            html,
            "User",
            &run.summary.users,
            run,
            jobs.map(|jobs| &jobs.users),
        );
        None
    });
    let inner = inner.into_string();
    let content = match any {
        true => Ok(|html: &mut Html| {
            html.leaf(
                "p",
                &[("class", "note")],
                "Largest GPU-hours first. Jain's index of the mean bounded slowdowns is 1 where all are slowed \
                 down alike, and 1/n where one of n bears all.",
            );
            html.trusted(&inner);
        }),
        false => Err("the trace names one queue and one user".to_owned()),
    };
    sheet.section(html, "fairness", "Queues and users", content);
}

type Slowdowns = BTreeMap<String, (u64, f64)>;

fn groups(
    html: &mut Html,
    what: &str,
    groups: &[GroupSummary],
    run: &Run,
    slowdowns: Option<&Slowdowns>,
) {
    if groups.len() < 2 {
        return;
    }
    let mut table = Table::new(&[
        what,
        "Jobs",
        "GPU-hours",
        "Share",
        "Mean wait",
        "p95 wait",
        "Mean slowdown",
    ]);
    for group in groups {
        let slowdown = slowdowns.and_then(|all| all.get(&group.name));
        let share = match run.summary.gpu_hours > 0.0 {
            true => group.gpu_hours / run.summary.gpu_hours,
            false => 0.0,
        };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        table.rows.push(vec![
            match group.name.as_str() {
                "" => "(none)".to_owned(),
                name => name.to_owned(),
            },
            thousands(group.jobs),
            Kind::Number.show(group.gpu_hours),
            Kind::Percent.show(share),
            or_none(group.mean_wait_s.map(span)),
            or_none(group.p95_wait_s.map(span)),
            or_none(slowdown.map(|(jobs, sum)| Kind::Number.show(sum / *jobs as f64))),
        ]);
    }
    table.write(html);
    if let Some(jain) = slowdowns.and_then(jain) {
        let count = slowdowns.map_or(0, BTreeMap::len);
        html.leaf(
            "p",
            &[],
            format_args!(
                "Jain's index over {} {}s with finished jobs: {jain:.3}.",
                thousands(count as u64),
                what.to_lowercase()
            ),
        );
    }
}

/// (Σx)² ÷ (n Σx²) of the mean slowdowns (Jain, Chiu and Hawe, DEC-TR-301, 1984).
fn jain(groups: &Slowdowns) -> Option<f64> {
    let means = groups.values().map(|(jobs, sum)| sum / *jobs as f64);
    let (sum, squares) = means.fold((0.0, 0.0), |(sum, squares), mean| {
        (sum + mean, squares + mean * mean)
    });
    (groups.len() > 1 && squares > 0.0).then(|| sum * sum / (groups.len() as f64 * squares))
}

pub(super) fn longest_waits(sheet: &mut Sheet<'_>, html: &mut Html) {
    let longest = |run: &Run| {
        run.jobs
            .as_ref()
            .is_some_and(|jobs| !jobs.longest.is_empty())
    };
    let any = sheet.runs.iter().any(longest);
    let mut inner = Html::new();
    per_run(&mut inner, sheet, |html, at| {
        let Some(jobs) = sheet.runs[at]
            .jobs
            .as_ref()
            .filter(|jobs| !jobs.longest.is_empty())
        else {
            return Some("No job waited.".to_owned());
        };
        table(jobs).write(html);
        html.element("dl", &[], |html| meanings(html, jobs));
        html.element("p", &[("class", "note")], |html| {
            html.text("The whole story of a job: ");
            html.leaf(
                "code",
                &[],
                format_args!("gpusched explain {} JOB", sheet.runs[at].folder.display()),
            );
        });
        None
    });
    let inner = inner.into_string();
    let content = match any {
        true => Ok(|html: &mut Html| {
            html.trusted(&inner);
        }),
        false => Err("no job waited".to_owned()),
    };
    sheet.section(html, "waits", "Longest waits", content);
}

fn table(jobs: &JobTable) -> Table {
    let mut table = Table::new(&[
        "Job",
        "Queue",
        "User",
        "GPUs",
        "Submitted",
        "Waited",
        "Outcome",
        "Why",
    ]);
    for wait in &jobs.longest {
        table.rows.push(vec![
            wait.name.clone(),
            wait.queue.clone(),
            wait.user.clone(),
            match wait.gpus > 0.0 {
                true => Kind::Number.show(wait.gpus),
                false => "–".to_owned(),
            },
            span(wait.submit),
            span(wait.wait),
            wait.outcome.clone(),
            why(wait),
        ]);
    }
    table
}

/// The reasons with most time, most first.
fn why(wait: &LongWait) -> String {
    let mut parts: Vec<(f64, Reason)> = wait.reasons.iter().copied().zip(Reason::ALL).collect();
    parts.retain(|(seconds, _)| *seconds > 0.0);
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let part = |(seconds, reason): &(f64, Reason)| {
        format!("{:.0}% {}", seconds / wait.wait * 100.0, reason.name())
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// What the reasons that occur mean.
fn meanings(html: &mut Html, jobs: &JobTable) {
    for (at, reason) in Reason::ALL.iter().enumerate() {
        let occurs = |wait: &LongWait| wait.reasons.get(at).is_some_and(|&seconds| seconds > 0.0);
        if jobs.longest.iter().any(occurs) {
            html.leaf("dt", &[], reason.name())
                .leaf("dd", &[], reason.explain());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jains_index_is_one_where_all_fare_alike() {
        let groups = |means: &[f64]| -> Slowdowns {
            let named = means.iter().enumerate();
            named
                .map(|(at, &mean)| (at.to_string(), (2, 2.0 * mean)))
                .collect()
        };
        assert_eq!(jain(&groups(&[3.0, 3.0])), Some(1.0));
        // (1 + 3)² ÷ (2 × (1 + 9)) = 16/20.
        assert_eq!(jain(&groups(&[1.0, 3.0])), Some(0.8));
        assert_eq!(jain(&groups(&[3.0])), None);
    }

    #[test]
    fn the_heaviest_reason_comes_first() {
        let wait = LongWait {
            name: String::new(),
            queue: String::new(),
            user: String::new(),
            outcome: String::new(),
            submit: 0.0,
            wait: 100.0,
            gpus: 1.0,
            reasons: vec![25.0, 75.0, 0.0, 0.0, 0.0, 0.0],
        };
        assert_eq!(why(&wait), "75% capacity, 25% behind");
    }
}
