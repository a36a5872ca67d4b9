//! From the file of `--cloud` to a [`Cloud`].

use super::file::{BootKeys, CloudFile, LengthKeys, QuotaKeys, SpotKeys, TraceKeys};
use super::{Cloud, JobRule, Market, catalog};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::spot::{read_json, read_series};
use crate::trace::input::Source;
use crate::yaml::File;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::controlled::{Boot, Stage};
use gpusched_core::provisioning::spot::{Availability, Lengths, Polarity};
use gpusched_core::units::{Span, parse_seconds};
use std::collections::BTreeMap;
use std::path::Path;

const SHAPE: &str = "the keys are catalog, provider, instance-types, zones, capacity-types, boot, \
                     pod-grace, spot, spot-for, do-not-disrupt, quotas, node-pools, node-groups and priorities";

/// What the built-in catalogue offers unless something else is said: types on x86.
const TYPES: [&str; 2] = ["*", "!g5g.*"];

/// Whose types the built-in catalogue offers unless something else is said.
const PROVIDER: &str = "aws";

/// Kubernetes' own `terminationGracePeriodSeconds`.
const POD_GRACE: Span = Span::from_secs(30);

/// Machines of a pool, where nothing says how many.
const INSTANCES: u32 = 1000;

pub(super) fn load(name: &str, text: &str) -> Result<Cloud> {
    let file = File {
        name,
        text,
        shape: SHAPE,
    };
    read(file.parse()?, name, text)
}

pub(super) fn read(keys: CloudFile, name: &str, text: &str) -> Result<Cloud> {
    let reader = Reader {
        file: File {
            name,
            text,
            shape: SHAPE,
        },
        directory: Path::new(name).parent().unwrap_or(Path::new("")),
    };
    let source = match &keys.catalog {
        Some(path) => Source::new(&reader.path(path)),
        None => catalog::builtin(),
    };
    let types = reader.types(&keys, catalog::read(&source)?)?;
    let rule = |text: &Option<String>, default: JobRule| match text {
        None => Ok(default),
        Some(text) => text.parse().map_err(|problem| reader.blame(text, problem)),
    };
    Ok(Cloud {
        catalog: source.name().to_owned(),
        boot: reader.boot(keys.boot.as_ref())?,
        pod_grace: reader.grace(keys.pod_grace)?,
        quotas: reader.quotas(&keys.quotas, &types)?,
        market: reader.market(keys.spot.as_ref(), &types)?,
        spot_for: rule(&keys.spot_for, JobRule::trace())?,
        spot_share: 0.0,
        keep_for: rule(&keys.do_not_disrupt, JobRule::default())?,
        notes: Vec::new(),
        groups: reader.all_groups(&keys, &types)?,
        described: Vec::new(),
        own: BTreeMap::new(),
        types,
    })
}

/// Reads the length of a stage: seconds, or a range of them.
pub(crate) fn stage(text: &str) -> Result<Stage> {
    let seconds = |text: &str| {
        parse_seconds(text.trim())
            .ok()
            .filter(|micros| *micros >= 0)
    };
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (seconds(least), seconds(most)) {
        (Some(least), Some(most)) if least <= most => Ok(Stage {
            least: Span(least),
            most: Span(most),
        }),
        _ => Err(Diagnostic::new(format!("`{text}` is no length of a stage"))
            .help("give seconds, such as 60, or a range, such as 40-120")),
    }
}

/// Whether a name matches a pattern in which `*` stands for anything.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            (0..=left.len())
                .filter(|&at| left.is_char_boundary(at))
                .any(|at| matches(rest, &left[at..]))
        }),
    }
}

pub(super) struct Reader<'a> {
    file: File<'a>,
    directory: &'a Path,
}

impl Reader<'_> {
    pub(super) fn path(&self, path: &Path) -> String {
        self.directory.join(path).display().to_string()
    }

    pub(super) fn blame(&self, word: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        self.file.blame(word, problem)
    }

    /// The types that may be launched, with the offerings they may be launched from.
    fn types(&self, keys: &CloudFile, all: Vec<InstanceType>) -> Result<Vec<InstanceType>> {
        let provider = match (&keys.provider, &keys.catalog) {
            (Some(provider), _) => Some(provider.as_str()),
            (None, None) => Some(PROVIDER),
            (None, Some(_)) => None,
        };
        if let Some(provider) = provider
            && !all.iter().any(|of| of.cloud == provider)
        {
            let problem = Diagnostic::new(format!("the catalogue has no types of `{provider}`"));
            let clouds = all.iter().map(|of| of.cloud.as_str());
            let near = did_you_mean(provider, clouds);
            let help = near.map_or("see `gpusched catalog`".into(), |near| {
                format!("did you mean `{near}`?")
            });
            return Err(self.blame(provider, problem.help(help)));
        }
        let default = || TYPES.map(str::to_owned).to_vec();
        let patterns = keys.instance_types.clone().unwrap_or_else(default);
        for pattern in &patterns {
            let bare = pattern.strip_prefix('!').unwrap_or(pattern);
            if !all.iter().any(|of| matches(bare, &of.name)) && keys.instance_types.is_some() {
                let names = all.iter().map(|of| of.name.as_str());
                let near = did_you_mean(bare, names);
                let help = near.map_or("see `gpusched catalog`".into(), |near| {
                    format!("did you mean `{near}`?")
                });
                let problem = Diagnostic::new(format!("no instance type matches `{bare}`"));
                return Err(self.blame(pattern, problem.help(help)));
            }
        }
        let ways = self.ways(keys)?;
        let wanted = |of: &InstanceType| {
            let meant = |pattern: &&String| match pattern.strip_prefix('!') {
                Some(_) => false,
                None => matches(pattern, &of.name),
            };
            let excluded = |pattern: &String| {
                let bare = pattern.strip_prefix('!');
                bare.is_some_and(|bare| matches(bare, &of.name))
            };
            // A share of a GPU is published as none; other vendors' as another resource.
            let usable = |gpus: &gpusched_core::provisioning::catalog::Gpus| {
                gpus.vendor == "nvidia" && gpus.whole() > 0
            };
            provider.is_none_or(|provider| of.cloud == provider)
                && patterns.iter().any(|pattern| meant(&pattern))
                && !patterns.iter().any(excluded)
                && of.gpus.as_ref().is_none_or(usable)
        };
        let mut types: Vec<InstanceType> = all.into_iter().filter(wanted).collect();
        for of in &mut types {
            of.offerings.retain(|one| ways.contains(&one.capacity_type));
            if let Some(zones) = &keys.zones {
                let first = of.offerings.first().map(|one| one.zone.clone());
                let of_one = of
                    .offerings
                    .iter()
                    .filter(|one| Some(&one.zone) == first.as_ref());
                let offers: Vec<Offering> = of_one.cloned().collect();
                let in_zone = |zone: &String| {
                    let zone = zone.clone();
                    offers.iter().map(move |one| Offering {
                        zone: zone.clone(),
                        ..one.clone()
                    })
                };
                of.offerings = zones.iter().flat_map(in_zone).collect();
            }
        }
        types.retain(|of| !of.offerings.is_empty());
        match types.is_empty() {
            true => Err(
                Diagnostic::new("no instance type is left that could be launched")
                    .in_file(self.file.name)
                    .help("see `gpusched catalog`; only NVIDIA GPUs count, and whole ones"),
            ),
            false => Ok(types),
        }
    }

    fn ways(&self, keys: &CloudFile) -> Result<Vec<CapacityType>> {
        let Some(listed) = &keys.capacity_types else {
            return Ok(CapacityType::ALL.to_vec());
        };
        listed.iter().map(|name| self.way(name)).collect()
    }

    pub(super) fn way(&self, name: &str) -> Result<CapacityType> {
        CapacityType::named(name).ok_or_else(|| {
            let problem = Diagnostic::new(format!("`{name}` is no way to buy a machine"))
                .help("choose on-demand, spot or reserved");
            self.blame(name, problem)
        })
    }

    fn boot(&self, keys: Option<&BootKeys>) -> Result<Boot> {
        let mut boot = Boot::default();
        let Some(keys) = keys else { return Ok(boot) };
        for (text, stage_of) in [
            (&keys.launch, &mut boot.launch),
            (&keys.join, &mut boot.join),
            (&keys.gpu, &mut boot.gpu),
            (&keys.image, &mut boot.image),
        ] {
            if let Some(text) = text {
                *stage_of = stage(text).map_err(|problem| self.blame(text, problem))?;
            }
        }
        match keys.failures {
            None => {}
            Some(share) if (0.0..1.0).contains(&share) => {
                boot.failures_milli = (share * 1000.0).round() as u32;
            }
            Some(share) => {
                let problem = Diagnostic::new(format!("{share} of machines cannot fail to join"))
                    .help("give a share from 0 to below 1, such as 0.02");
                return Err(self.blame("failures", problem));
            }
        }
        Ok(boot)
    }

    fn quotas(
        &self,
        keys: &[QuotaKeys],
        types: &[InstanceType],
    ) -> Result<BTreeMap<(usize, usize), u32>> {
        let mut quotas = BTreeMap::new();
        for quota in keys {
            let way = quota
                .capacity_type
                .as_deref()
                .map(|name| self.way(name))
                .transpose()?;
            let before = quotas.len();
            for (index, of) in types.iter().enumerate() {
                for (at, offer) in of.offerings.iter().enumerate() {
                    let meant = matches(&quota.instance_type, &of.name)
                        && quota.zone.as_ref().is_none_or(|zone| *zone == offer.zone)
                        && way.is_none_or(|way| way == offer.capacity_type);
                    if meant {
                        quotas.insert((index, at), quota.most);
                    }
                }
            }
            if quotas.len() == before {
                let problem = Diagnostic::new("this quota is about nothing that may be launched")
                    .help("check type, zone and capacity type; see `gpusched catalog`");
                return Err(self.blame(&quota.instance_type, problem));
            }
        }
        Ok(quotas)
    }

    fn market(&self, keys: Option<&SpotKeys>, types: &[InstanceType]) -> Result<Market> {
        let keys = match keys {
            None => return Ok(Market::Steady),
            Some(SpotKeys::Trace(keys)) => return self.trace(keys),
            Some(SpotKeys::Prices(keys)) => return self.prices(keys, INSTANCES, types),
            Some(SpotKeys::Model(keys)) => keys,
        };
        let pair = |up: &LengthKeys, down: &LengthKeys| -> Result<(Lengths, Lengths)> {
            Ok((self.lengths(up)?, self.lengths(down)?))
        };
        let zones = keys.zone_outages.as_ref();
        Ok(Market::Model {
            lengths: pair(&keys.up, &keys.down)?,
            instances: keys.instances.unwrap_or(INSTANCES),
            zones: zones.map(|zone| pair(&zone.up, &zone.down)).transpose()?,
        })
    }

    fn lengths(&self, keys: &LengthKeys) -> Result<Lengths> {
        let hours = |hours: f64| Span((hours * 3_600e6).round() as i64);
        let (name, length, other) = match *keys {
            LengthKeys::Exponential { mean } => ("mean", mean, 1.0),
            LengthKeys::Weibull { scale, shape } => ("scale", scale, shape),
            LengthKeys::Pareto { least, alpha } => ("least", least, alpha),
        };
        if !(length > 0.0 && length < 1e6 && other > 0.0 && other < 1e3) {
            let problem = Diagnostic::new("lengths of this kind cannot be drawn")
                .help("give hours above 0, and a shape or alpha above 0");
            return Err(self.blame(name, problem));
        }
        Ok(match *keys {
            LengthKeys::Exponential { mean } => Lengths::Exponential { mean: hours(mean) },
            LengthKeys::Weibull { scale, shape } => Lengths::Weibull {
                scale: hours(scale),
                shape,
            },
            LengthKeys::Pareto { least, alpha } => Lengths::Pareto {
                least: hours(least),
                alpha,
            },
        })
    }

    fn trace(&self, keys: &TraceKeys) -> Result<Market> {
        let polarity = match keys.polarity.as_str() {
            "available" => Polarity::Available,
            "preempted" => Polarity::Preempted,
            other => {
                let problem = Diagnostic::new(format!("`{other}` is no polarity"))
                    .help("say `available` or `preempted`: what a one of the series stands for");
                return Err(self.blame(other, problem));
            }
        };
        let path = self.path(&keys.file);
        let source = Source::new(&path);
        let series = match path.trim_end_matches(".gz").ends_with(".json") {
            true => vec![read_json(&source, polarity)?],
            false => read_series(&source, polarity)?,
        };
        let scale = keys.scale.unwrap_or(INSTANCES);
        let mut zones = BTreeMap::new();
        for (zone, name) in &keys.zones {
            let place = series.iter().position(|one| one.name == *name);
            let place = place.ok_or_else(|| {
                let names = series.iter().map(|one| one.name.as_str());
                let near = did_you_mean(name, names);
                let help = near.map_or(format!("{path} holds {} series", series.len()), |near| {
                    format!("did you mean `{near}`?")
                });
                let problem = Diagnostic::new(format!("there is no series `{name}`")).help(help);
                self.blame(name, problem)
            })?;
            zones.insert(zone.clone(), place);
        }
        let scaled = |one: &Availability| {
            let counts = (0..one.ticks()).map(|tick| one.at(tick).saturating_mul(scale));
            Availability::new(one.gap(), Polarity::Available, counts.collect())
        };
        let series = series.iter().map(|one| scaled(&one.availability));
        Ok(Market::Trace {
            series: series
                .collect::<std::result::Result<_, _>>()
                .map_err(|error| Diagnostic::new(error.to_string()).in_file(&path))?,
            zones,
        })
    }

    fn grace(&self, seconds: Option<f64>) -> Result<Span> {
        match seconds {
            None => Ok(POD_GRACE),
            Some(seconds) if (0.0..=86_400.0).contains(&seconds) => {
                Ok(Span((seconds * 1e6).round() as i64))
            }
            Some(seconds) => {
                let problem = Diagnostic::new(format!("{seconds} s is no grace of a pod"))
                    .help("give seconds, from 0 to 86400");
                Err(self.blame("pod-grace", problem))
            }
        }
    }
}
