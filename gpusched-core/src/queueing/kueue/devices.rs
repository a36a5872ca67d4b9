//! What claims on devices are charged to quota (KEP-2941). Kueue gives no devices out: it turns the
//! requests of a workload's ResourceClaimTemplates into amounts of *logical resources*, by the
//! `deviceClassMappings` of its configuration, and the scheduler finds the devices later.
//!
//! Source: `pkg/dra` of kubernetes-sigs/kueue at ff69552.

use crate::cel::{COST_LIMIT, Env, Program};
use crate::kube::Resources;
use crate::placement::dra::objects::{
    AllocationMode, ClaimSpec, Device, DeviceClass, RequestKind, ResourceSlice, SubRequest,
};
use std::collections::BTreeMap;

/// Which device classes a logical resource stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceClassMapping {
    /// The resource, as ClusterQueues name it.
    pub resource: String,
    /// The classes.
    pub classes: Vec<String>,
    /// What is charged instead of the number of devices; empty = that number.
    pub counters: Vec<CounterSource>,
}

/// A counter of partitionable devices that is charged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterSource {
    /// Its name within counter sets.
    pub counter: String,
    /// The driver of the devices.
    pub driver: String,
    /// CEL that devices have to satisfy besides class and request.
    pub selector: String,
}

/// What the cluster publishes.
#[derive(Clone, Copy, Debug, Default)]
pub struct DevicesAtHand<'a> {
    /// Device classes.
    pub classes: &'a [DeviceClass],
    /// ResourceSlices.
    pub slices: &'a [ResourceSlice],
}

/// Why a workload with such a claim is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncharged {
    /// Kueue does not count this.
    #[error("request {request}: {what} are not charged by Kueue")]
    Unsupported {
        /// The request; empty: the claim as a whole.
        request: String,
        /// What.
        what: &'static str,
    },
    /// No mapping names the class.
    #[error("request {request}: device class {class} is in no deviceClassMapping")]
    Unmapped {
        /// The request.
        request: String,
        /// The class.
        class: String,
    },
    /// There is no such class.
    #[error("request {request}: there is no device class {class}")]
    NoClass {
        /// The request.
        request: String,
        /// The class.
        class: String,
    },
    /// A selector does not compile, or fails on a device.
    #[error("request {request}: {problem}")]
    Selector {
        /// The request.
        request: String,
        /// What is wrong.
        problem: String,
    },
    /// Too few devices could ever be given.
    #[error("request {request}: {found} devices match, and it asks for {wanted}")]
    TooFew {
        /// The request.
        request: String,
        /// Devices that match.
        found: usize,
        /// Devices asked for.
        wanted: i64,
    },
    /// Devices match, and none of them draws on the counter.
    #[error("request {request}: none of its devices draws on counter {counter}")]
    NoCounter {
        /// The request.
        request: String,
        /// The counter.
        counter: String,
    },
}

/// What one pod with claims of these templates is charged, by logical resource.
///
/// A request counts its devices; where its class is mapped to counters, the greatest amount that a
/// matching device draws, times the devices. Access for monitoring counts nothing. Requests with
/// selectors must have enough devices in the cluster, whoever has them now, if any are published.
///
/// O(requests · devices) evaluations of selectors.
///
/// # Errors
/// The first request that cannot be charged: the workload is inadmissible.
///
/// ```
/// use gpusched_core::placement::dra::objects::{ClaimSpec, DeviceRequest, RequestKind, SubRequest};
/// use gpusched_core::queueing::kueue::{DeviceClassMapping, DevicesAtHand, device_charges};
/// let two = SubRequest {
///     class: "gpu.nvidia.com".into(),
///     mode: gpusched_core::placement::dra::objects::AllocationMode::ExactCount(2),
///     ..SubRequest::default()
/// };
/// let request = DeviceRequest { name: "gpu".into(), kind: RequestKind::Exactly(two) };
/// let claim = ClaimSpec { requests: vec![request], ..ClaimSpec::default() };
/// let mapping = DeviceClassMapping {
///     resource: "example.com/gpus".into(),
///     classes: vec!["gpu.nvidia.com".into()],
///     ..DeviceClassMapping::default()
/// };
/// let charged = device_charges([&claim], &[mapping], DevicesAtHand::default()).unwrap();
/// assert_eq!(charged["example.com/gpus"], 2);
/// ```
pub fn device_charges<'a>(
    claims: impl IntoIterator<Item = &'a ClaimSpec>,
    mappings: &[DeviceClassMapping],
    at_hand: DevicesAtHand<'_>,
) -> Result<Resources, Uncharged> {
    let mut charged = Resources::new();
    for claim in claims {
        let whole = |what| {
            let request = String::from("(all)");
            Err(Uncharged::Unsupported { request, what })
        };
        if !claim.constraints.is_empty() {
            return whole("constraints across devices");
        }
        if !claim.config.is_empty() {
            return whole("configurations of devices");
        }
        for request in &claim.requests {
            let amounts = charge(&request.name, &request.kind, mappings, at_hand)?;
            for (resource, amount) in amounts {
                let sum = charged.entry(resource).or_default();
                *sum = sum.saturating_add(amount);
            }
        }
    }
    Ok(charged)
}

/// What one request is charged.
fn charge(
    request: &str,
    kind: &RequestKind,
    mappings: &[DeviceClassMapping],
    at_hand: DevicesAtHand<'_>,
) -> Result<Resources, Uncharged> {
    let unsupported = |what| {
        let request = request.to_owned();
        Err(Uncharged::Unsupported { request, what })
    };
    let RequestKind::Exactly(body) = kind else {
        return unsupported("lists of alternatives");
    };
    let AllocationMode::ExactCount(count) = body.mode else {
        return unsupported("allocation modes other than ExactCount");
    };
    if body.admin_access == Some(true) {
        return Ok(Resources::new());
    }
    let maps = |one: &&DeviceClassMapping| one.classes.contains(&body.class);
    let mut of_class = mappings.iter().filter(maps).peekable();
    if of_class.peek().is_none() {
        return Err(Uncharged::Unmapped {
            request: request.to_owned(),
            class: body.class.clone(),
        });
    }
    let look = Look {
        request,
        body,
        at_hand,
    };
    if body.selectors.iter().any(Option::is_some) && !at_hand.slices.is_empty() {
        look.at_least(look.matching(&[], |_| true)?.len(), count)?;
    }
    let mut charged = Resources::new();
    for mapping in of_class {
        let mut amount = if mapping.counters.is_empty() {
            count
        } else {
            0
        };
        for source in &mapping.counters {
            amount = amount.saturating_add(look.greatest(source, count)?.saturating_mul(count));
        }
        charged.insert(mapping.resource.clone(), amount);
    }
    Ok(charged)
}

/// A request, and the devices that could answer it.
struct Look<'a> {
    request: &'a str,
    body: &'a SubRequest,
    at_hand: DevicesAtHand<'a>,
}

impl<'a> Look<'a> {
    /// The greatest amount a device draws on a counter, in whole units, none below zero.
    fn greatest(&self, source: &CounterSource, count: i64) -> Result<i64, Uncharged> {
        let devices = self.matching(&[&source.selector], |driver| driver == source.driver)?;
        self.at_least(devices.len(), count)?;
        let takes = devices.iter().flat_map(|device| &device.consumes);
        let amounts = takes.filter_map(|take| take.counters.get(&source.counter));
        match amounts.max() {
            Some(greatest) => Ok(greatest.value().max(0)),
            None => Err(Uncharged::NoCounter {
                request: self.request.to_owned(),
                counter: source.counter.clone(),
            }),
        }
    }

    fn at_least(&self, found: usize, wanted: i64) -> Result<(), Uncharged> {
        match (found as i64) < wanted {
            true => Err(Uncharged::TooFew {
                request: self.request.to_owned(),
                found,
                wanted,
            }),
            false => Ok(()),
        }
    }

    /// The devices of complete pools in their newest generation that class, request and `more`
    /// selectors allow.
    fn matching(
        &self,
        more: &[&String],
        of_driver: impl Fn(&str) -> bool,
    ) -> Result<Vec<&'a Device>, Uncharged> {
        let classes = self.at_hand.classes.iter();
        let mut named = classes.filter(|one| one.name == self.body.class);
        let class = named.next().ok_or_else(|| Uncharged::NoClass {
            request: self.request.to_owned(),
            class: self.body.class.clone(),
        })?;
        let texts = more.iter().copied();
        let texts = texts.chain(class.selectors.iter().flatten());
        let texts = texts.chain(self.body.selectors.iter().flatten());
        let compiled = texts.map(|text| {
            Program::compile(text, &Env::default())
                .map_err(|error| self.wrong(format!("`{text}` does not compile: {}", error.text)))
        });
        let programs: Vec<Program> = compiled.collect::<Result<_, _>>()?;
        let mut found = Vec::new();
        for slice in newest(self.at_hand.slices).filter(|slice| of_driver(&slice.driver)) {
            for device in &slice.content.devices {
                let facts = device.facts(&slice.driver);
                let mut all = true;
                for program in &programs {
                    let outcome = program.evaluate(&facts, COST_LIMIT).outcome;
                    all = outcome.map_err(|error| {
                        let text = error.text;
                        self.wrong(format!("a selector fails on {}: {text}", device.name))
                    })?;
                    if !all {
                        break;
                    }
                }
                if all {
                    found.push(device);
                }
            }
        }
        Ok(found)
    }

    fn wrong(&self, problem: String) -> Uncharged {
        Uncharged::Selector {
            request: self.request.to_owned(),
            problem,
        }
    }
}

/// Slices of complete pools, each pool in its newest generation.
fn newest(slices: &[ResourceSlice]) -> impl Iterator<Item = &ResourceSlice> {
    let pool = |slice: &ResourceSlice| (slice.driver.clone(), slice.pool.clone());
    let mut pools: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for slice in slices {
        let known = pools.entry(pool(slice)).or_insert((slice.generation, 0));
        if slice.generation > known.0 {
            *known = (slice.generation, 0);
        }
        known.1 += i64::from(slice.generation == known.0);
    }
    slices.iter().filter(move |slice| {
        let (generation, count) = pools[&pool(slice)];
        slice.generation == generation && count == slice.slice_count
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::Attribute;
    use crate::kube::Quantity;
    use crate::placement::dra::objects::{
        Constraint, CounterUse, DeviceRequest, Rule, SliceContent,
    };

    const PROFILE: &str = "device.attributes['gpu.nvidia.com'].profile";

    fn request(class: &str, count: i64, selector: Option<String>) -> ClaimSpec {
        let body = SubRequest {
            class: class.into(),
            selectors: selector.into_iter().map(Some).collect(),
            mode: AllocationMode::ExactCount(count),
            ..SubRequest::default()
        };
        claim(RequestKind::Exactly(body))
    }

    fn claim(kind: RequestKind) -> ClaimSpec {
        ClaimSpec {
            requests: vec![DeviceRequest {
                name: "r".into(),
                kind,
            }],
            ..ClaimSpec::default()
        }
    }

    fn mapping(resource: &str, classes: &[&str]) -> DeviceClassMapping {
        DeviceClassMapping {
            resource: resource.into(),
            classes: classes.iter().map(|one| (*one).to_owned()).collect(),
            ..DeviceClassMapping::default()
        }
    }

    /// Two pools of MIG devices: profiles with the multiprocessors they draw.
    fn slices() -> Vec<ResourceSlice> {
        let device = |(at, (profile, sms)): (usize, &(&str, &str))| Device {
            name: format!("gpu-0-{at}"),
            attributes: [("profile".into(), Attribute::Text((*profile).into()))].into(),
            consumes: vec![CounterUse {
                counter_set: "gpu-0".into(),
                counters: [("multiprocessors".into(), sms.parse::<Quantity>().unwrap())].into(),
            }],
            ..Device::default()
        };
        let slice = |pool: &str, devices: &[(&str, &str)]| ResourceSlice {
            name: pool.into(),
            driver: "gpu.nvidia.com".into(),
            pool: pool.into(),
            generation: 1,
            slice_count: 1,
            content: SliceContent {
                devices: devices.iter().enumerate().map(device).collect(),
                ..SliceContent::default()
            },
            ..ResourceSlice::default()
        };
        vec![
            slice("a", &[("1g", "14"), ("1g", "16"), ("3g", "60")]),
            slice("b", &[("1g", "14")]),
        ]
    }

    fn class(name: &str) -> DeviceClass {
        DeviceClass {
            name: name.into(),
            selectors: vec![Some("device.driver == 'gpu.nvidia.com'".into())],
            ..DeviceClass::default()
        }
    }

    fn counted() -> DeviceClassMapping {
        DeviceClassMapping {
            counters: vec![CounterSource {
                counter: "multiprocessors".into(),
                driver: "gpu.nvidia.com".into(),
                selector: "true".into(),
            }],
            ..mapping("sms", &["mig"])
        }
    }

    fn charged(
        claims: &[ClaimSpec],
        mappings: &[DeviceClassMapping],
    ) -> Result<Vec<(String, i64)>, Uncharged> {
        let (classes, slices) = ([class("mig"), class("gpu")], slices());
        let at_hand = DevicesAtHand {
            classes: &classes,
            slices: &slices,
        };
        device_charges(claims, mappings, at_hand).map(|all| all.into_iter().collect())
    }

    /// 2 + 1 of one resource whose classes differ, and 3 of another.
    #[test]
    fn devices_of_all_classes_of_a_mapping_add_up() {
        let claims = [
            request("gpu", 2, None),
            request("mig", 1, None),
            request("nic", 3, None),
        ];
        let mappings = [mapping("gpus", &["gpu", "mig"]), mapping("nics", &["nic"])];
        assert_eq!(
            charged(&claims, &mappings),
            Ok(vec![("gpus".into(), 3), ("nics".into(), 3)])
        );
    }

    /// Of the 1g devices the largest draws 16: two of them 32. Of all, the 3g draws 60.
    #[test]
    fn a_counter_is_charged_at_its_greatest_for_each_device() {
        let one_g = Some(format!("{PROFILE} == '1g'"));
        assert_eq!(
            charged(&[request("mig", 2, one_g)], &[counted()]),
            Ok(vec![("sms".into(), 32)])
        );
        assert_eq!(
            charged(&[request("mig", 1, None)], &[counted()]),
            Ok(vec![("sms".into(), 60)])
        );
    }

    /// Three 1g devices are published; a fourth can never be given. Nothing is known without slices.
    #[test]
    fn selectors_must_have_enough_devices() {
        let four = [request("mig", 4, Some(format!("{PROFILE} == '1g'")))];
        let mappings = [mapping("gpus", &["mig"])];
        let few = Uncharged::TooFew {
            request: "r".into(),
            found: 3,
            wanted: 4,
        };
        assert_eq!(charged(&four, &mappings), Err(few));
        let blind = device_charges(&four, &mappings, DevicesAtHand::default());
        assert_eq!(blind, Ok([("gpus".to_owned(), 4)].into()));
    }

    /// Pool a is replaced by a generation of which one of two slices is there: only pool b counts.
    #[test]
    fn old_generations_and_incomplete_pools_do_not_count() {
        let mut slices = slices();
        slices.push(ResourceSlice {
            generation: 2,
            slice_count: 2,
            ..slices[0].clone()
        });
        let classes = [class("mig")];
        let at_hand = DevicesAtHand {
            classes: &classes,
            slices: &slices,
        };
        let claim = request("mig", 1, None);
        let charged = device_charges([&claim], &[counted()], at_hand);
        assert_eq!(charged, Ok([("sms".to_owned(), 14)].into()));
    }

    #[test]
    fn access_for_monitoring_is_free() {
        let body = SubRequest {
            class: "gpu".into(),
            admin_access: Some(true),
            ..SubRequest::default()
        };
        let claims = [claim(RequestKind::Exactly(body))];
        assert_eq!(charged(&claims, &[mapping("gpus", &["gpu"])]), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_counted_is_inadmissible() {
        let mappings = [mapping("gpus", &["gpu"])];
        let refused = |claim: ClaimSpec| charged(&[claim], &mappings).unwrap_err().to_string();
        let all = SubRequest {
            class: "gpu".into(),
            mode: AllocationMode::All,
            ..SubRequest::default()
        };
        let mut bound = request("gpu", 1, None);
        bound.constraints.push(Constraint {
            requests: vec![],
            rule: Rule::MatchAttribute("a/b".into()),
        });
        for (claim, what) in [
            (
                claim(RequestKind::FirstAvailable(vec![])),
                "lists of alternatives",
            ),
            (claim(RequestKind::Exactly(all)), "allocation modes"),
            (bound, "constraints across devices"),
            (request("mig", 1, None), "device class mig is in no"),
            (request("gpu", 1, Some("1".into())), "`1` does not compile"),
            (
                request("gpu", 1, Some(format!("{PROFILE}s == ''"))),
                "fails on gpu-0-0",
            ),
        ] {
            let said = refused(claim);
            assert!(said.contains(what), "{said}");
        }
    }
}
