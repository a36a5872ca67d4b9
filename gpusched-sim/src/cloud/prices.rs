//! `spot: {prices: …}`: a spot market that follows recorded prices.

use super::market::Market;
use super::read::Reader;
use crate::cloud::file::PriceKeys;
use crate::diagnostic::{Diagnostic, Result};
use crate::spot::{read_price_export, read_prices};
use crate::trace::input::Source;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType};
use gpusched_core::units::Time;

impl Reader<'_> {
    /// Reads the history, and makes sure that it is about something that may be launched.
    pub(super) fn prices(
        &self,
        keys: &PriceKeys,
        instances: u32,
        types: &[InstanceType],
    ) -> Result<Market> {
        let path = self.path(&keys.file);
        let source = Source::new(&path);
        let json = path.trim_end_matches(".gz").ends_with(".json");
        let history = match json {
            true => read_price_export(&source)?,
            false => read_prices(&source)?,
        };
        let from = match &keys.from {
            None if json => history.earliest().unwrap_or(Time::ZERO),
            None => Time::ZERO,
            Some(text) => self.instant(text, json)?,
        };
        let share = keys.max_share.unwrap_or(1.0);
        if !(share > 0.0 && share.is_finite()) {
            let problem = Diagnostic::new(format!("nothing can be had for {share} of a price"))
                .help("give the share of the on-demand price that is paid at most, such as 0.5");
            return Err(self.blame("max-share", problem));
        }
        let known = |(name, zone): (&str, &str)| {
            let mut offers = types
                .iter()
                .filter(|of| of.name == name)
                .flat_map(|of| &of.offerings);
            offers.any(|one| one.zone == zone && one.capacity_type == CapacityType::Spot)
        };
        if !history.pools().any(known) {
            let problem = Diagnostic::new("these prices are about nothing that may be launched")
                .in_file(&path)
                .help("check types and zones; see `gpusched catalog`, and `zones` of this cloud");
            return Err(problem);
        }
        Ok(Market::Prices {
            history,
            from,
            share,
            instances: keys.instances.unwrap_or(instances),
        })
    }

    fn instant(&self, text: &str, dated: bool) -> Result<Time> {
        let at = match dated {
            true => text
                .parse::<jiff::Timestamp>()
                .ok()
                .map(|at| at.as_microsecond()),
            false => gpusched_core::units::parse_seconds(text).ok(),
        };
        at.map(Time).ok_or_else(|| {
            let problem = Diagnostic::new(format!("`{text}` is no instant of this history"));
            let help = "a CSV counts seconds, such as 3600; an export of AWS has dates, such as \
                        2026-03-02T08:00:00Z";
            self.blame(text, problem.help(help))
        })
    }
}
