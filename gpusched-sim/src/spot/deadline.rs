//! A job with a deadline on recorded spot capacity: what each policy costs, and what none can
//! undercut.

use super::Series;
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::provisioning::spot::policies::{POLICIES, policy};
use gpusched_core::provisioning::spot::{
    Availability, DeadlineJob, DeadlinePolicy, Prices, cheapest, replay,
};
use gpusched_core::units::Span;

/// What is asked of each series.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineQuestion {
    /// The job.
    pub job: DeadlineJob,
    /// What instances cost.
    pub prices: Prices,
    /// How many starts, spread evenly over the series.
    pub starts: usize,
}

/// How one policy did on one series; means are over the starts.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRow {
    /// Its name.
    pub policy: &'static str,
    /// Mean cost, USD.
    pub usd: f64,
    /// Starts that ended after the deadline, or never.
    pub late: u32,
    /// Mean number of spot instances lost.
    pub lost: f64,
    /// Share of the time paid for that was on-demand.
    pub on_demand: f64,
}

/// What came of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesAnswer {
    /// Its name.
    pub series: String,
    /// Share of ticks with an instance.
    pub up: f64,
    /// Mean time from an instance appearing to its loss; `None` when none was lost.
    pub mean_up: Option<Span>,
    /// Starts replayed.
    pub starts: usize,
    /// A cost that no schedule can undercut, mean over the starts, USD.
    pub bound_usd: f64,
    /// One row per policy, in the order of `POLICIES`.
    pub rows: Vec<PolicyRow>,
}

/// Replays the job on a series under every policy. O(starts × ticks of the replays).
///
/// # Errors
/// The series is shorter than the deadline, or no schedule could meet it.
pub fn deadline(series: &Series, question: &DeadlineQuestion) -> Result<SeriesAnswer> {
    let DeadlineQuestion {
        job,
        prices,
        starts,
    } = *question;
    let ticks = &series.availability;
    let starts = ticks.starts(job.deadline, starts);
    let hours = |span: Span| span.as_secs_f64() / 3600.0;
    if starts.is_empty() {
        let (file, line) = &series.place;
        let problem = Diagnostic::new(format!(
            "series \"{}\" covers {:.1} h, and the deadline is after {:.1} h",
            series.name,
            hours(series.length()),
            hours(job.deadline)
        ));
        return Err(problem
            .at(file, *line, 0)
            .help("ask for a shorter deadline, or leave the series out with --only"));
    }
    let bounds = starts
        .iter()
        .map(|&start| cheapest(ticks, start, job, prices));
    let bounds: Option<Vec<f64>> = bounds.map(|cost| cost.map(|cost| cost.as_usd())).collect();
    let bounds = bounds.ok_or_else(|| {
        let (work, all) = (hours(job.work + job.changeover), hours(job.deadline));
        Diagnostic::new(format!(
            "no schedule ends in time: work and one changeover take {work:.2} h in ticks of {} s, the \
             deadline is after {all:.2} h",
            ticks.gap().as_secs_f64()
        ))
        .help("give a later deadline")
    })?;
    let rows = POLICIES
        .iter()
        .filter_map(|info| policy(info.name))
        .map(|policy| row(ticks, &starts, question, policy.as_ref()))
        .collect();
    Ok(SeriesAnswer {
        series: series.name.clone(),
        up: ticks.share_up(),
        mean_up: mean_up(ticks),
        starts: starts.len(),
        bound_usd: bounds.iter().sum::<f64>() / bounds.len() as f64,
        rows,
    })
}

fn row(
    ticks: &Availability,
    starts: &[usize],
    question: &DeadlineQuestion,
    policy: &dyn DeadlinePolicy,
) -> PolicyRow {
    let (mut usd, mut late, mut lost) = (0.0, 0, 0);
    let (mut on_demand, mut paid) = (0u64, 0u64);
    for &start in starts {
        let run = replay(ticks, start, question.job, policy, question.prices);
        usd += run.cost.as_usd();
        late += u32::from(run.missed(&question.job));
        lost += run.interruptions;
        on_demand += u64::from(run.on_demand_ticks);
        paid += u64::from(run.on_demand_ticks) + u64::from(run.spot_ticks);
    }
    let count = starts.len() as f64;
    PolicyRow {
        policy: policy.name(),
        usd: usd / count,
        late,
        lost: f64::from(lost) / count,
        on_demand: if paid > 0 {
            on_demand as f64 / paid as f64
        } else {
            0.0
        },
    }
}

/// Stretches that were cut off by the end of the series are not counted: their loss was not seen.
fn mean_up(ticks: &Availability) -> Option<Span> {
    let mut ended: Vec<i64> = Vec::new();
    let mut open = 0i64;
    for (_, length, count) in ticks.runs() {
        match count > 0 {
            true => open += length as i64,
            false if open > 0 => ended.push(std::mem::take(&mut open)),
            false => {}
        }
    }
    let sum: i64 = ended.iter().sum();
    (!ended.is_empty()).then(|| Span(sum * ticks.gap().0 / ended.len() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::provisioning::Price;
    use gpusched_core::provisioning::spot::Polarity;

    fn series(values: &[u32]) -> Series {
        let hour = Span::from_secs(3_600);
        Series {
            name: "zone".into(),
            place: ("series.csv".into(), 2),
            availability: Availability::new(hour, Polarity::Available, values.to_vec()).unwrap(),
            polarity: Polarity::Available,
        }
    }

    fn question(work_h: i64, deadline_h: i64) -> DeadlineQuestion {
        let hours = |hours: i64| Span::from_secs(3_600 * hours);
        DeadlineQuestion {
            job: DeadlineJob {
                work: hours(work_h),
                deadline: hours(deadline_h),
                changeover: Span::ZERO,
            },
            prices: Prices {
                spot: Price::parse("1").unwrap(),
                on_demand: Price::parse("3").unwrap(),
            },
            starts: 1,
        }
    }

    /// Two hours of work in three: spot in the first hour, none in the others.
    #[test]
    fn each_policy_pays_for_what_it_holds() {
        let answer = deadline(&series(&[1, 0, 0, 0, 0]), &question(2, 3)).unwrap();
        let usd = |name| {
            let row = answer.rows.iter().find(|row| row.policy == name).unwrap();
            (row.usd, row.late)
        };
        assert_eq!(usd("on-demand-only"), (6.0, 0));
        assert_eq!(usd("greedy"), (4.0, 0));
        // An hour on spot, and then it waits for another that never comes.
        assert_eq!(usd("spot-only"), (1.0, 1));
        assert!((answer.bound_usd - 4.0).abs() < 1e-6);
        assert_eq!(answer.mean_up, Some(Span::from_secs(3_600)));
        assert!((answer.up - 0.2).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_answered_is_said() {
        let problem = deadline(&series(&[1, 1]), &question(2, 3)).unwrap_err();
        assert_eq!(
            (problem.file.as_deref(), problem.line),
            (Some("series.csv"), 2)
        );
        let problem = deadline(&series(&[1; 9]), &question(4, 3)).unwrap_err();
        assert!(problem.message.starts_with("no schedule ends in time"));
        assert_eq!(
            deadline(&series(&[1; 9]), &question(2, 3)).unwrap().mean_up,
            None
        );
    }
}
