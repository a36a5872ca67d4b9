//! `gpusched catalog`: instance types with GPUs, what a node of each has, and what it costs.

use super::args::{CatalogArgs, FormatArg};
use super::failure::Outcome;
use super::terminal;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType};
use gpusched_sim::catalog::{builtin, read};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::trace::input::Source;
use serde_json::{Value, json};

/// Runs `catalog`.
pub(crate) fn catalog(args: &CatalogArgs) -> Outcome {
    if args.schema {
        return terminal::print(&format!("{:#}\n", gpusched_sim::cloud::schema()));
    }
    let source = match &args.catalog {
        Some(file) => Source::new(file),
        None => builtin(),
    };
    let types = read(&source)?;
    let wanted = |flag, asked: &Option<String>, of: fn(&InstanceType) -> &str| {
        choose(flag, asked.as_deref(), &types, of)
    };
    wanted("--gpu", &args.gpu, model)?;
    wanted("--cloud", &args.cloud, |one| &one.cloud)?;
    let mut chosen: Vec<&InstanceType> = types
        .iter()
        .filter(|one| {
            args.gpu
                .as_deref()
                .is_none_or(|gpu| begins(model(one), gpu))
        })
        .filter(|one| {
            args.cloud
                .as_deref()
                .is_none_or(|cloud| begins(&one.cloud, cloud))
        })
        .collect();
    chosen.sort_by_key(|one| (model(one).to_owned(), per_gpu(one), one.name.clone()));
    match args.format.unwrap_or(FormatArg::Table) {
        FormatArg::Table => terminal::print_text(&table(&chosen, source.name())),
        FormatArg::Json => terminal::print(&format!(
            "{:#}\n",
            Value::from_iter(chosen.iter().map(|one| object(one)))
        )),
        FormatArg::Csv => terminal::print_text(&csv(&chosen)),
    }
}

fn model(one: &InstanceType) -> &str {
    one.gpus.as_ref().map_or("", |gpus| gpus.model.as_str())
}

fn begins(text: &str, start: &str) -> bool {
    text.to_lowercase().starts_with(&start.to_lowercase())
}

/// Refuses a filter that nothing passes.
fn choose(
    flag: &str,
    asked: Option<&str>,
    types: &[InstanceType],
    of: fn(&InstanceType) -> &str,
) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    let mut known: Vec<&str> = types
        .iter()
        .map(of)
        .filter(|name| !name.is_empty())
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.iter().any(|name| begins(name, asked)) {
        return Ok(());
    }
    let all = known.join(", ");
    let help = match did_you_mean(asked, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? There are: {all}"),
        None => format!("there are: {all}"),
    };
    Err(Diagnostic::new(format!("no instance type has `{asked}`"))
        .in_file(flag)
        .help(help))
}

/// The cheapest price of a whole GPU in nano-dollars; types without whole ones last.
fn per_gpu(one: &InstanceType) -> i64 {
    let whole = one.gpus.as_ref().map_or(0, |gpus| i64::from(gpus.whole()));
    let price = one
        .cheapest(CapacityType::OnDemand)
        .map(|offer| offer.price.0);
    match (price, whole) {
        (Some(price), 1..) => price / whole,
        _ => i64::MAX,
    }
}

fn price(one: &InstanceType, capacity_type: CapacityType) -> Option<Price> {
    one.cheapest(capacity_type).map(|offer| offer.price)
}

fn table(types: &[&InstanceType], from: &str) -> String {
    let mut text = format!(
        "{:<28} {:<8} {:<18} {:>6} {:>7} {:>9} {:>10} {:>10} {:>9}  {}\n",
        "instance type",
        "cloud",
        "GPU",
        "GPUs",
        "vCPUs",
        "GiB",
        "on-demand",
        "spot",
        "per GPU",
        "prices of"
    );
    let usd =
        |price: Option<Price>| price.map_or("-".into(), |price| format!("{:.3}", price.as_usd()));
    for one in types {
        let devices = one
            .gpus
            .as_ref()
            .map_or(0.0, |gpus| f64::from(gpus.milli) / 1000.0);
        let share = Some(per_gpu(one))
            .filter(|nanos| *nanos < i64::MAX)
            .map(Price);
        let amount = |resource: &str, unit: f64| {
            one.capacity.get(resource).copied().unwrap_or(0) as f64 / unit
        };
        let line = format!(
            "{:<28} {:<8} {:<18} {:>6} {:>7} {:>9} {:>10} {:>10} {:>9}  {}",
            one.name,
            one.cloud,
            model(one),
            devices,
            amount("cpu", 1000.0),
            amount("memory", f64::from(1 << 30)),
            usd(price(one, CapacityType::OnDemand)),
            usd(price(one, CapacityType::Spot)),
            usd(share),
            one.dated.0,
        );
        text += line.trim_end();
        text.push('\n');
    }
    text + &format!(
        "\n{} types from {from}; USD per hour, cheapest zone. Prices age: `--catalog FILE` takes your own.\n",
        types.len()
    )
}

fn object(one: &InstanceType) -> Value {
    let offerings = one.offerings.iter().map(|offer| {
        json!({
            "zone": offer.zone,
            "capacity_type": offer.capacity_type.name(),
            "usd_per_hour": offer.price.as_usd(),
        })
    });
    json!({
        "instance_type": one.name,
        "cloud": one.cloud,
        "gpu_model": model(one),
        "gpus": one.gpus.as_ref().map_or(0.0, |gpus| f64::from(gpus.milli) / 1000.0),
        "capacity": one.capacity,
        "allocatable": one.allocatable,
        "offerings": Value::from_iter(offerings),
        "date": one.dated.0,
        "source": one.dated.1,
    })
}

fn csv(types: &[&InstanceType]) -> String {
    let mut text =
        "instance_type,cloud,gpu_model,gpus,zone,capacity_type,usd_per_hour,date,source\n"
            .to_owned();
    for one in types {
        for offer in &one.offerings {
            let gpus = one
                .gpus
                .as_ref()
                .map_or(0.0, |gpus| f64::from(gpus.milli) / 1000.0);
            text += &format!(
                "{},{},{},{gpus},{},{},{},{},{}\n",
                one.name,
                one.cloud,
                model(one),
                offer.zone,
                offer.capacity_type,
                offer.price,
                one.dated.0,
                one.dated.1
            );
        }
    }
    text
}
