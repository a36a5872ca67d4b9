//! NodeOverlays: other prices, and more to ask for, than the provider says.

use super::requirement::requirements;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::kube::Resources;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::karpenter::objects::{NodeOffering, NodeType};
use gpusched_core::provisioning::karpenter::{Requirements, Undefined};
use gpusched_core::units::parse_decimal;
use std::cmp::Reverse;

/// Resources whose amount is the provider's alone.
const FIXED: &[&str] = &["cpu", "memory", "ephemeral-storage", "pods"];

/// A NodeOverlay.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Overlay {
    name: String,
    weight: u32,
    requirements: Requirements,
    price: Option<Change>,
    capacity: Resources,
}

/// What becomes of a price.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    To(Price),
    By(Price),
    /// Millionths.
    Share(i64),
}

impl Change {
    fn of(self, price: Price) -> Price {
        let changed = match self {
            Change::To(price) => i128::from(price.0),
            Change::By(more) => i128::from(price.0) + i128::from(more.0),
            Change::Share(more) => i128::from(price.0) * (1_000_000 + i128::from(more)) / 1_000_000,
        };
        Price(i64::try_from(changed.max(0)).unwrap_or(i64::MAX))
    }
}

/// A NodeOverlay.
pub(super) fn node_overlay(at: &At<'_, '_>) -> Read<Overlay> {
    let spec = at.field("spec");
    spec.only(&[&[
        "requirements",
        "weight",
        "price",
        "priceAdjustment",
        "capacity",
    ]])?;
    let weight = spec.field("weight");
    let given = weight.i64()?.unwrap_or(0);
    let in_range = u32::try_from(given).ok().filter(|one| *one <= 10_000);
    let in_range = in_range.filter(|one| *one > 0 || !weight.present());
    let (price, adjusted) = (spec.field("price"), spec.field("priceAdjustment"));
    if price.present() && adjusted.present() {
        let fault = adjusted.fault("either `price` or `priceAdjustment`, not both");
        return Err(fault.help("leave one out"));
    }
    let capacity = spec.field("capacity");
    let more = capacity.resources()?;
    if let Some(fixed) = FIXED.iter().find(|one| more.contains_key(**one)) {
        let fault = capacity
            .field(fixed)
            .fault(format!("an overlay cannot change `{fixed}`"));
        return Err(fault.help("only extended resources, such as nvidia.com/gpu"));
    }
    let found = requirements(&spec.field("requirements"))?;
    Ok(Overlay {
        name: Meta::read(at)?.name,
        weight: in_range
            .ok_or_else(|| weight.fault(format!("`weight` is from 1 to 10000, not {given}")))?,
        requirements: found.into_iter().collect(),
        price: match price.str()? {
            Some(text) => Some(Change::To(dollars(&price, text)?)),
            None => adjusted
                .str()?
                .map(|text| adjustment(&adjusted, text))
                .transpose()?,
        },
        capacity: more,
    })
}

fn dollars(at: &At<'_, '_>, text: &str) -> Read<Price> {
    let read = Price::parse(text).ok().filter(|price| price.0 >= 0);
    read.ok_or_else(|| {
        let fault = at.fault(format!("`{text}` is no price"));
        fault.help("dollars an hour, such as \"1.25\"")
    })
}

fn adjustment(at: &At<'_, '_>, text: &str) -> Read<Change> {
    let signed = text.starts_with(['+', '-']);
    let bare = text.strip_prefix('+').unwrap_or(text);
    let read = match bare.strip_suffix('%') {
        Some(share) => parse_decimal(share, 4)
            .ok()
            .filter(|one| *one >= -1_000_000)
            .map(Change::Share),
        None => Price::parse(bare).ok().map(Change::By),
    };
    read.filter(|_| signed).ok_or_else(|| {
        let fault = at.fault(format!("`{text}` is no adjustment of a price"));
        fault.help("write it with a sign, like \"+0.5\", \"-0.5\", \"+10%\" or \"-10%\"")
    })
}

/// Applies overlays to types: for each offering the price of the first that matches, by weight and
/// then by name, both falling; for each resource likewise. O(types × offerings × overlays).
pub(super) fn apply(mut overlays: Vec<Overlay>, types: &mut [NodeType], well_known: &[&str]) {
    overlays.sort_by(|one, two| {
        (Reverse(one.weight), Reverse(&one.name)).cmp(&(Reverse(two.weight), Reverse(&two.name)))
    });
    let undefined = Undefined::WellKnown(well_known);
    for of in types {
        let matching: Vec<&Overlay> = overlays
            .iter()
            .filter(|one| {
                of.requirements
                    .compatible(&one.requirements, undefined)
                    .is_ok()
            })
            .collect();
        for offer in &mut of.offerings {
            let fits = |one: &&&Overlay| offered(offer, &one.requirements);
            let changes = matching.iter().filter(fits).find_map(|one| one.price);
            if let Some(change) = changes {
                offer.offering.price = change.of(offer.offering.price);
            }
        }
        for one in matching.iter().rev() {
            for amounts in [&mut of.capacity, &mut of.allocatable] {
                amounts.extend(one.capacity.clone());
            }
        }
    }
}

fn offered(offer: &NodeOffering, asked: &Requirements) -> bool {
    offer.requirements.intersects(asked).is_ok()
}
