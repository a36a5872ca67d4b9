//! Recorded spot prices.
//!
//! * CSV `time_s,instance_type,zone,price`: seconds of the trace, US dollars per hour;
//! * JSON as `aws ec2 describe-spot-price-history` prints it: `{"SpotPriceHistory": […]}`, newest
//!   first as a rule. Prices of other systems than Linux are left out.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::spot::PriceSeries;
use gpusched_core::units::Time;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Prices by instance type and zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceHistory {
    pools: BTreeMap<(String, String), BTreeMap<Time, Price>>,
}

impl PriceHistory {
    /// The earliest instant of which a price is known.
    pub fn earliest(&self) -> Option<Time> {
        let firsts = self.pools.values().filter_map(BTreeMap::first_key_value);
        firsts.map(|(at, _)| *at).min()
    }

    /// Types and zones of which prices are known, in order.
    pub fn pools(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.pools.keys();
        names.map(|(of, zone)| (of.as_str(), zone.as_str()))
    }

    /// The prices of a type in a zone, in a replay that begins at `from`: the first one known
    /// holds before it was recorded, too. `None` = nothing is known. O(changes).
    pub fn series(&self, of: &str, zone: &str, from: Time) -> Option<PriceSeries> {
        let points = self.pools.get(&(of.to_owned(), zone.to_owned()))?;
        let before = points.range(..=from).next_back();
        let (_, first) = before.or_else(|| points.first_key_value())?;
        let mut series = PriceSeries::flat(*first);
        for (at, price) in points.iter().filter(|(at, _)| **at > from) {
            series.push(Time(at.0.saturating_sub(from.0)), *price);
        }
        Some(series)
    }

    /// Adds a point; gives back the price that is there already, if it is another.
    fn add(&mut self, of: String, zone: String, at: Time, price: Price) -> Option<Price> {
        let points = self.pools.entry((of, zone)).or_default();
        let known = *points.entry(at).or_insert(price);
        (known != price).then_some(known)
    }
}

struct Columns {
    time: Column,
    instance_type: Column,
    zone: Column,
    price: Column,
}

/// Reads the CSV; rows may stand in any order.
///
/// # Errors
/// A located problem: a column that is missing, something that is no price, two prices of one pool
/// at one instant.
pub fn read_prices(source: &Source) -> Result<PriceHistory> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    let columns = Columns {
        time: table.column("time_s")?,
        instance_type: table.column("instance_type")?,
        zone: table.column("zone")?,
        price: table.column("price")?,
    };
    let mut history = PriceHistory::default();
    while let Some(row) = table.next_row()? {
        row.and_then(|row| point(row, &columns, &mut history))
            .map_err(|problem| problem.diagnostic)?;
    }
    some(history, source)
}

fn point(row: Row<'_>, columns: &Columns, history: &mut PriceHistory) -> FieldResult<()> {
    let text = row.required(columns.price)?;
    let price = Price::parse(&text).map_err(|_| {
        let message = format!("\"{text}\" is no price");
        row.wrong(
            columns.price,
            message,
            "give US dollars per hour, such as 0.918",
        )
    })?;
    let of = row.required(columns.instance_type)?;
    let zone = row.required(columns.zone)?;
    let at = row.time(columns.time)?;
    match history.add(of, zone, at, price) {
        None => Ok(()),
        Some(known) => {
            let message = format!("this pool costs {} at this instant already", known.as_usd());
            Err(row.wrong(
                columns.time,
                message,
                "one of the two rows is wrong; leave it out",
            ))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Export {
    spot_price_history: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    availability_zone: String,
    instance_type: String,
    #[serde(default)]
    product_description: Option<String>,
    spot_price: String,
    timestamp: String,
}

/// Reads the JSON of AWS; instants are microseconds since 1970.
///
/// # Errors
/// A located problem: no JSON of this shape, an entry without a price or an instant, two prices of
/// one pool at one instant.
pub fn read_price_export(source: &Source) -> Result<PriceHistory> {
    let text = source.open()?.read_all()?;
    let export: Export = serde_json::from_str(&text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line() as u64, error.column() as u64);
        Diagnostic::new(format!("this is no history of spot prices: {message}"))
            .at(source.name(), line, column)
            .help("wanted: what `aws ec2 describe-spot-price-history` prints, or CSV")
    })?;
    let mut history = PriceHistory::default();
    let linux = |entry: &&Entry| {
        let system = entry.product_description.as_deref();
        system.is_none_or(|system| system.starts_with("Linux/UNIX"))
    };
    for (index, entry) in export.spot_price_history.iter().filter(linux).enumerate() {
        let wrong = |what: String, help: &str| {
            Diagnostic::new(format!("entry {} of SpotPriceHistory: {what}", index + 1))
                .in_file(source.name())
                .help(help)
        };
        let price = Price::parse(&entry.spot_price).map_err(|_| {
            let what = format!("`{}` is no price", entry.spot_price);
            wrong(what, "SpotPrice is US dollars per hour, such as \"0.918\"")
        })?;
        let at: jiff::Timestamp = entry.timestamp.parse().map_err(|_| {
            let what = format!("`{}` is no instant", entry.timestamp);
            wrong(what, "Timestamp is RFC 3339, such as 2026-03-02T08:00:00Z")
        })?;
        let (of, zone) = (&entry.instance_type, &entry.availability_zone);
        let at = Time(at.as_microsecond());
        if let Some(known) = history.add(of.clone(), zone.clone(), at, price) {
            let what = format!("{of} in {zone} costs {} at that instant", known.as_usd());
            return Err(wrong(what, "one of the two entries is wrong; leave it out"));
        }
    }
    some(history, source)
}

fn some(history: PriceHistory, source: &Source) -> Result<PriceHistory> {
    match history.pools.is_empty() {
        false => Ok(history),
        true => Err(Diagnostic::new("there are no prices here")
            .in_file(source.name())
            .help("give a row or an entry for each change of a price")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Result<PriceHistory> {
        read_prices(&Source::from_bytes("prices.csv", text.as_bytes().to_vec()))
    }

    fn usd(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    #[test]
    fn prices_hold_until_the_next_one_and_the_first_before_it_too() {
        let history =
            csv("time_s,instance_type,zone,price\n60,a,z,3\n20,a,z,1\n20,b,z,7\n40,a,z,2\n")
                .unwrap();
        assert_eq!(history.earliest(), Some(Time::from_secs(20)));
        assert_eq!(
            history.pools().collect::<Vec<_>>(),
            [("a", "z"), ("b", "z")]
        );
        let at = Time::from_secs;
        let from = |secs| history.series("a", "z", at(secs)).unwrap();
        let known = |first, changes| PriceSeries::new(first, changes).unwrap();
        let whole = vec![(at(20), usd("2")), (at(40), usd("3"))];
        assert_eq!(from(20), known(usd("1"), whole));
        let shifted = vec![(at(40), usd("2")), (at(60), usd("3"))];
        assert_eq!(from(0), known(usd("1"), shifted));
        assert_eq!(from(50), known(usd("2"), vec![(at(10), usd("3"))]));
        assert_eq!(history.series("a", "y", at(0)), None);
    }

    #[test]
    fn the_export_of_aws_is_read_newest_first_and_linux_only() {
        let text = r#"{"SpotPriceHistory": [
            {"AvailabilityZone": "us-east-1a", "InstanceType": "g5.xlarge", "SpotPrice": "0.50",
             "ProductDescription": "Linux/UNIX", "Timestamp": "2026-03-02T08:00:00+00:00"},
            {"AvailabilityZone": "us-east-1a", "InstanceType": "g5.xlarge", "SpotPrice": "0.90",
             "ProductDescription": "Windows", "Timestamp": "2026-03-02T08:00:00+00:00"},
            {"AvailabilityZone": "us-east-1a", "InstanceType": "g5.xlarge", "SpotPrice": "0.40",
             "ProductDescription": "Linux/UNIX", "Timestamp": "2026-03-02T07:00:00+00:00"}]}"#;
        let source = Source::from_bytes("prices.json", text.as_bytes().to_vec());
        let history = read_price_export(&source).unwrap();
        let from = history.earliest().unwrap();
        let series = history.series("g5.xlarge", "us-east-1a", from).unwrap();
        let change = vec![(Time::from_secs(3_600), usd("0.5"))];
        assert_eq!(series, PriceSeries::new(usd("0.4"), change).unwrap());
    }

    #[test]
    fn what_is_no_history_is_refused_where_it_stands() {
        let head = "time_s,instance_type,zone,price\n";
        for (text, line, says) in [
            ("time_s,zone,price\n", Some(1), "instance_type"),
            ("0,a,z,cheap\n", Some(2), "\"cheap\" is no price"),
            (
                "0,a,z,1\n0,a,z,2\n",
                Some(3),
                "costs 1 at this instant already",
            ),
            ("", None, "no prices here"),
        ] {
            let text = match text.starts_with("time_s") {
                true => text.to_owned(),
                false => format!("{head}{text}"),
            };
            let problem = csv(&text).unwrap_err();
            assert!(
                problem.render(false).contains(says),
                "{}",
                problem.render(false)
            );
            assert_eq!((problem.line > 0).then_some(problem.line), line, "{text}");
        }
        let export = |text: &str| {
            let source = Source::from_bytes("prices.json", text.as_bytes().to_vec());
            read_price_export(&source).unwrap_err().message
        };
        assert!(export("{}").contains("missing field"));
        let entry = r#"{"SpotPriceHistory": [{"AvailabilityZone": "z", "InstanceType": "a",
            "SpotPrice": "1", "Timestamp": "noon"}]}"#;
        assert_eq!(
            export(entry),
            "entry 1 of SpotPriceHistory: `noon` is no instant"
        );
    }
}
