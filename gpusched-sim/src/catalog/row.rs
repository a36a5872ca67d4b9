//! One instance type from a row of CSV or an object of JSON.

use crate::diagnostic::Result;
use crate::trace::fields::FieldResult;
use crate::trace::table::{Column, Row, Table};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, Gpus, InstanceType, Offering};
use gpusched_core::provisioning::karpenter::labels;
use gpusched_core::units::parse_decimal;
use serde_json::{Map, Value};

/// The columns; the first eight but `cloud` and `gpu_*` must be there, the rest may be missing.
pub const COLUMNS: &[&str] = &[
    "cloud",
    "instance_type",
    "gpu_vendor",
    "gpu_model",
    "gpus",
    "gpu_memory_gib",
    "vcpus",
    "memory_gib",
    "allocatable_cpu_m",
    "allocatable_memory_mib",
    "region",
    "zones",
    "on_demand_usd_h",
    "spot_usd_h",
    "date",
    "source",
];

/// Columns without which nothing can be said.
const NEEDED: &[&str] = &["instance_type", "vcpus", "memory_gib", "on_demand_usd_h"];

/// Where the columns stand in a table.
pub(super) struct Columns(Vec<Column>);

impl Columns {
    pub(super) fn of(table: &Table) -> Result<Columns> {
        for name in NEEDED {
            table.column(name)?;
        }
        Ok(Columns(
            COLUMNS.iter().map(|name| table.optional(name)).collect(),
        ))
    }

    fn get(&self, name: &str) -> Column {
        let at = COLUMNS.iter().position(|known| *known == name);
        at.map_or(Column::ABSENT, |at| self.0[at])
    }

    pub(super) fn instance_type(&self) -> Column {
        self.get("instance_type")
    }
}

/// A text by the name of its column.
type Texts<'a> = &'a dyn Fn(&str) -> String;

/// What is wrong with which column.
struct Wrong {
    column: &'static str,
    message: String,
    help: &'static str,
}

pub(super) fn from_row(row: Row<'_>, columns: &Columns) -> FieldResult<InstanceType> {
    let text = |name: &str| row.text(columns.get(name)).to_owned();
    build(&text).map_err(|wrong| row.wrong(columns.get(wrong.column), wrong.message, wrong.help))
}

pub(super) fn from_json(value: &Value) -> Result<InstanceType, String> {
    let Value::Object(object) = value else {
        return Err("this is no object".into());
    };
    if let Some(unknown) = object.keys().find(|key| !COLUMNS.contains(&key.as_str())) {
        return Err(format!("unknown key \"{unknown}\""));
    }
    let text = |name: &str| json_text(object, name);
    build(&text).map_err(|wrong| format!("{}; {}", wrong.message, wrong.help))
}

fn json_text(object: &Map<String, Value>, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Array(items)) => {
            let texts = items.iter().filter_map(Value::as_str);
            texts.collect::<Vec<_>>().join("|")
        }
        Some(other) => other.to_string(),
    }
}

/// Checks what a type says against itself.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check(one: &InstanceType) -> Result<(), String> {
    contradiction(one).map_or(Ok(()), |wrong| {
        Err(format!("{}; {}", wrong.message, wrong.help))
    })
}

fn build(text: Texts<'_>) -> Result<InstanceType, Wrong> {
    let name = text("instance_type");
    if name.is_empty() {
        return Err(Wrong {
            column: "instance_type",
            message: "instance_type is empty".into(),
            help: "write a name",
        });
    }
    let gpus = gpus(text)?;
    let milli_cpu = required(text, "vcpus", 3)?;
    // A GiB is 2^30 bytes; three decimals of one are exact to a MiB.
    let memory = required(text, "memory_gib", 3)? * (1 << 30) / 1000;
    let mut one = InstanceType {
        cloud: text("cloud"),
        offerings: offerings(text)?,
        dated: (text("date"), text("source")),
        ..InstanceType::default()
    };
    let device = |gpus: &Gpus| (format!("{}.com/gpu", gpus.vendor), i64::from(gpus.whole()));
    one.capacity = [("cpu".to_owned(), milli_cpu), ("memory".to_owned(), memory)].into();
    one.capacity
        .extend(gpus.as_ref().map(device).filter(|(_, count)| *count > 0));
    one.allocatable = one.capacity.clone();
    for (column, resource, unit) in [
        ("allocatable_cpu_m", "cpu", 1),
        ("allocatable_memory_mib", "memory", 1 << 20),
    ] {
        if let Some(amount) = number(text, column, 0)? {
            one.allocatable
                .insert(resource.into(), amount.saturating_mul(unit));
        }
    }
    one.labels
        .insert(labels::INSTANCE_TYPE.into(), name.clone());
    let region = text("region");
    if !region.is_empty() {
        one.labels.insert(labels::REGION.into(), region);
    }
    one.gpus = gpus;
    one.name = name;
    contradiction(&one).map_or(Ok(one), Err)
}

fn contradiction(one: &InstanceType) -> Option<Wrong> {
    for (resource, column) in [
        ("cpu", "allocatable_cpu_m"),
        ("memory", "allocatable_memory_mib"),
    ] {
        if one.allocatable.get(resource) > one.capacity.get(resource) {
            return Some(Wrong {
                column,
                message: format!("{} has more {resource} allocatable than it has", one.name),
                help: "allocatable is capacity less what the system keeps; check the unit",
            });
        }
    }
    one.offerings.is_empty().then(|| Wrong {
        column: "on_demand_usd_h",
        message: format!("{} has no price", one.name),
        help: "give on_demand_usd_h, spot_usd_h or both; a type without a price can never be chosen",
    })
}

fn gpus(text: Texts<'_>) -> Result<Option<Gpus>, Wrong> {
    let milli = number(text, "gpus", 3)?.unwrap_or(0);
    let memory = number(text, "gpu_memory_gib", 3)?.unwrap_or(0);
    let model = text("gpu_model");
    match (milli, model.is_empty()) {
        (0, true) => return Ok(None),
        (0, false) | (_, true) => {
            return Err(Wrong {
                column: "gpus",
                message: format!("{} GPUs of model \"{model}\"", milli as f64 / 1000.0),
                help: "give both gpus and gpu_model, or neither",
            });
        }
        _ => {}
    }
    let vendor = text("gpu_vendor");
    Ok(Some(Gpus {
        vendor: match vendor.is_empty() {
            true => "nvidia".into(),
            false => vendor,
        },
        model,
        milli: u32::try_from(milli).unwrap_or(u32::MAX),
        memory_mib: u64::try_from(memory * 1024 / 1000).unwrap_or(0),
    }))
}

/// An offering per zone and price; without zones the region stands for them.
fn offerings(text: Texts<'_>) -> Result<Vec<Offering>, Wrong> {
    let listed = text("zones");
    let zones: Vec<String> = match listed.is_empty() {
        true => vec![text("region")],
        false => listed
            .split('|')
            .map(|zone| zone.trim().to_owned())
            .collect(),
    };
    let mut offerings = Vec::new();
    for (column, capacity_type) in [
        ("on_demand_usd_h", CapacityType::OnDemand),
        ("spot_usd_h", CapacityType::Spot),
    ] {
        let Some(nanos) = number(text, column, 9)? else {
            continue;
        };
        offerings.extend(zones.iter().map(|zone| Offering {
            zone: zone.clone(),
            capacity_type,
            price: Price(nanos),
            available: true,
            reservation: None,
        }));
    }
    Ok(offerings)
}

fn required(text: Texts<'_>, column: &'static str, places: i32) -> Result<i64, Wrong> {
    number(text, column, places)?
        .filter(|amount| *amount > 0)
        .ok_or_else(|| Wrong {
            column,
            message: format!("{column} is empty or 0"),
            help: "write a number above 0",
        })
}

/// A number that is not negative, times 10^`places`; `None` when empty.
fn number(text: Texts<'_>, column: &'static str, places: i32) -> Result<Option<i64>, Wrong> {
    let written = text(column);
    if written.is_empty() {
        return Ok(None);
    }
    let wrong = |message: String, help| Wrong {
        column,
        message,
        help,
    };
    match parse_decimal(&written, places) {
        Ok(amount) if amount < 0 => Err(wrong(
            format!("{column} is negative ({written})"),
            "write 0 or more, or leave it empty if it is unknown",
        )),
        Ok(amount) => Ok(Some(amount)),
        Err(_) => Err(wrong(
            format!("\"{written}\" is no number for {column}"),
            "write a plain decimal number without a unit",
        )),
    }
}
