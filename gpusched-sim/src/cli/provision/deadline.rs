//! `gpusched provision deadline`: a job with a deadline on spot capacity that comes and goes.

use super::super::args::{AnswerFormatArg, DeadlineArgs, PolarityArg};
use super::super::failure::Outcome;
use super::super::terminal::{self, percent};
use super::table::columns;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::spot::checkpoint::{daly, most_available, young};
use gpusched_core::provisioning::spot::{DeadlineJob, Polarity, Prices};
use gpusched_core::units::{Span, parse_seconds};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::spot::{
    DeadlineQuestion, Series, SeriesAnswer, deadline, read_json, read_series,
};
use gpusched_sim::trace::input::Source;
use serde_json::{Value, json};

/// Runs the verb.
pub(super) fn run(args: &DeadlineArgs) -> Outcome {
    let question = question(args)?;
    let save = args.save_s.as_deref().map(|text| time("--save-s", text, 1));
    let save = save.transpose()?;
    let answers: Vec<SeriesAnswer> = series(args)?
        .iter()
        .map(|series| deadline(series, &question))
        .collect::<Result<_>>()?;
    match args.format.unwrap_or_default() {
        AnswerFormatArg::Table => terminal::print_text(&table(&answers, &question, save))?,
        AnswerFormatArg::Json => {
            let answers: Vec<Value> = answers
                .iter()
                .map(|one| json_of(one, &question, save))
                .collect();
            terminal::print(&format!("{:#}\n", Value::from(answers)))?;
        }
    }
    Ok(())
}

/// Hours or seconds, above 0 where `least` is 1.
fn time(flag: &str, text: &str, least: i64) -> Result<Span> {
    let micros = parse_seconds(text).ok().filter(|micros| *micros >= least);
    micros.map(Span).ok_or_else(|| {
        Diagnostic::new(format!("`{flag} {text}`: this is no such length of time"))
            .help("give a plain decimal number, such as 0.5")
    })
}

fn question(args: &DeadlineArgs) -> Result<DeadlineQuestion> {
    let hours = |flag: &str, text: &str, least: i64| {
        let span = time(flag, text, least)?;
        let hours = span.0.checked_mul(3_600).map(Span);
        hours.ok_or_else(|| {
            Diagnostic::new(format!("`{flag} {text}`: more hours than can be counted"))
                .help("give fewer")
        })
    };
    let price = |flag: &str, text: Option<&str>, default: i64| match text {
        None => Ok(Price(default)),
        Some(text) => Price::parse(text).map_err(|_| {
            Diagnostic::new(format!("`{flag} {text}`: this is no price"))
                .help("give US dollars per hour, such as 0.97")
        }),
    };
    let changeover = args.changeover_h.as_deref().unwrap_or("0.2");
    let starts = args.starts.unwrap_or(100);
    if starts == 0 {
        return Err(
            Diagnostic::new("`--starts 0`: nothing would be replayed").help("give 1 or more")
        );
    }
    Ok(DeadlineQuestion {
        job: DeadlineJob {
            work: hours("--work-h", &args.work_h, 1)?,
            deadline: hours("--deadline-h", &args.deadline_h, 1)?,
            changeover: hours("--changeover-h", changeover, 0)?,
        },
        prices: Prices {
            spot: price("--spot-price", args.spot_price.as_deref(), 973_100_000)?,
            on_demand: price(
                "--on-demand-price",
                args.on_demand_price.as_deref(),
                3_060_000_000,
            )?,
        },
        starts,
    })
}

fn series(args: &DeadlineArgs) -> Result<Vec<Series>> {
    let polarity = match args.polarity {
        PolarityArg::Available => Polarity::Available,
        PolarityArg::Preempted => Polarity::Preempted,
    };
    let path = args.series.display().to_string();
    let source = Source::new(&path);
    let mut all = match path.trim_end_matches(".gz").ends_with(".json") {
        true => vec![read_json(&source, polarity)?],
        false => read_series(&source, polarity)?,
    };
    if let Some(text) = &args.only {
        let names = all.len();
        all.retain(|one| one.name.contains(text.as_str()));
        if all.is_empty() {
            let problem = Diagnostic::new(format!("no series' name holds `{text}`"));
            let help = format!("the file has {names} series");
            return Err(problem.in_file(&path).help(help));
        }
    }
    Ok(all)
}

fn hours(span: Span) -> f64 {
    span.as_secs_f64() / 3600.0
}

/// On-demand from the start: what savings are relative to.
fn alone(answer: &SeriesAnswer) -> f64 {
    let row = answer
        .rows
        .iter()
        .find(|row| row.policy == "on-demand-only");
    row.map_or(0.0, |row| row.usd)
}

fn saving(usd: f64, alone: f64) -> f64 {
    if alone > 0.0 { 1.0 - usd / alone } else { 0.0 }
}

fn table(answers: &[SeriesAnswer], question: &DeadlineQuestion, save: Option<Span>) -> String {
    let DeadlineQuestion { job, prices, .. } = question;
    let mut text = format!(
        "{:.2} h of work, {:.2} h until the deadline, {:.2} h lost at each start of an instance\n\
         {:.4} USD/h on spot, {:.4} on demand; means over starts spread evenly over each series\n\n",
        hours(job.work),
        hours(job.deadline),
        hours(job.changeover),
        prices.spot.as_usd(),
        prices.on_demand.as_usd(),
    );
    let head = [
        "series",
        "up",
        "policy",
        "USD",
        "saved",
        "late",
        "lost",
        "on demand",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for answer in answers {
        let alone = alone(answer);
        for (index, row) in answer.rows.iter().enumerate() {
            let (name, up) = match index {
                0 => (answer.series.clone(), percent(answer.up)),
                _ => Default::default(),
            };
            rows.push(vec![
                name,
                up,
                row.policy.to_owned(),
                format!("{:.2}", row.usd),
                percent(saving(row.usd, alone)),
                format!("{}/{}", row.late, answer.starts),
                format!("{:.1}", row.lost),
                percent(row.on_demand),
            ]);
        }
        rows.push(vec![
            String::new(),
            String::new(),
            "bound".into(),
            format!("{:.2}", answer.bound_usd),
            percent(saving(answer.bound_usd, alone)),
        ]);
    }
    text += &columns(&rows, &[1, 3, 4, 5, 6, 7]);
    let Some(save) = save else { return text };
    text += &format!(
        "\nHOW OFTEN TO SAVE, seconds of work between saves of {} s, where spot is lost as recorded\n",
        save.as_secs_f64()
    );
    let head = ["series", "lost every", "Young", "Daly", "most available"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for answer in answers {
        let mut row = vec![answer.series.clone()];
        match answer.mean_up {
            None => row.push("never".into()),
            Some(up) => {
                row.push(format!("{:.2} h", hours(up)));
                let every = intervals(save, up, job.changeover);
                row.extend(every.map(|(_, span)| format!("{:.0}", span.as_secs_f64())));
            }
        }
        rows.push(row);
    }
    text + &columns(&rows, &[1, 2, 3, 4])
}

fn intervals(save: Span, up: Span, restart: Span) -> [(&'static str, Span); 3] {
    [
        ("young_s", young(save, up)),
        ("daly_s", daly(save, up)),
        ("most_available_s", most_available(save, up, restart)),
    ]
}

fn json_of(answer: &SeriesAnswer, question: &DeadlineQuestion, save: Option<Span>) -> Value {
    let alone = alone(answer);
    let policies: Vec<Value> = answer
        .rows
        .iter()
        .map(|row| {
            json!({
                "policy": row.policy,
                "usd": row.usd,
                "saving": saving(row.usd, alone),
                "late": row.late,
                "lost": row.lost,
                "on_demand_share": row.on_demand,
            })
        })
        .collect();
    let mut value = json!({
        "series": answer.series,
        "up": answer.up,
        "mean_up_s": answer.mean_up.map(Span::as_secs_f64),
        "starts": answer.starts,
        "bound_usd": answer.bound_usd,
        "policies": policies,
    });
    if let (Some(save), Some(up)) = (save, answer.mean_up) {
        for (name, span) in intervals(save, up, question.job.changeover) {
            value[name] = json!(span.as_secs_f64());
        }
    }
    value
}
