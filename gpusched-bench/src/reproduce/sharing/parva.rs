//! ParvaGPU: how many A100s its six sets of services need.
//!
//! Its configurator chooses, for each service, the profile point of most throughput a slice within
//! the latency limit, as many whole instances as the rate fills, and the smallest instance for the
//! rest. Its [allocator](super::parva_alloc) packs instances, large ones first.

use super::super::Sheet;
use super::data::{self, ParvaRow};
use super::parva_alloc::{Service, gpus};
use super::parva_slo::{PUBLISHED, Slo, services};
use crate::conformance::Unreadable;
use std::path::Path;

/// The part of half the latency limit a batch may take (the other half is for waiting).
const SAFETY: f64 = 0.9;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("ParvaGPU: A100s for six sets of inference services")?;
    let profiles = data::parva(dir)?;
    for (set, published) in PUBLISHED.into_iter().enumerate() {
        let services: Vec<Service> = services(set)
            .filter_map(|slo| configure(slo, &profiles))
            .collect();
        let got = gpus(&services);
        let met = got == Some(published);
        let got = got.map_or("no placement".into(), |got| format!("{got} GPUs"));
        let what = format!("set {}, {} services", set + 1, services.len());
        sheet.target(met, &what, got, format!("published: {published}"))?;
    }
    Ok(())
}

/// The instances of a service; `None` when no point is fast enough.
fn configure(slo: Slo, profiles: &[ParvaRow]) -> Option<Service> {
    let rate = slo.req_per_s;
    let limit_ms = slo.latency_ms / 2.0 * SAFETY;
    let mut service = Service::default();
    let mut densest = 0.0;
    for row in profiles.iter().filter(|row| row.model == slo.model) {
        let throughput = row.throughput_req_s * f64::from(row.mps_procs);
        if throughput <= 0.0 || row.latency_s * 1000.0 >= limit_ms {
            continue;
        }
        let density = throughput / f64::from(row.gi_slices);
        if density > densest {
            densest = density;
            service.main = (row.gi_slices, throughput);
        }
        let of_size = &mut service.by_size[row.gi_slices as usize];
        if throughput > *of_size {
            *of_size = throughput;
        }
    }
    if densest == 0.0 {
        return None;
    }
    // A rate that fills instances exactly leaves the last one to the "rest".
    service.count = (rate / service.main.1).ceil() as usize - 1;
    let rest = rate - service.count as f64 * service.main.1;
    let covers = |&size: &u32| service.by_size[size as usize] >= rest;
    let last = [1, 2, 3, 4, 7].into_iter().find(covers)?;
    service.last = (last, service.by_size[last as usize]);
    Some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_fills_dense_instances_and_rests_on_the_smallest() {
        let point = |gi_slices, throughput_req_s, latency_s| ParvaRow {
            model: "m".into(),
            gi_slices,
            batch: 1,
            mps_procs: 1,
            throughput_req_s,
            latency_s,
        };
        let profiles = [
            point(1, 10.0, 0.010),
            point(2, 25.0, 0.010),
            point(3, 90.0, 0.018), // densest, but not under 40/2 · 0.9 = 18 ms
            point(4, 0.0, 0.0),    // out of memory
        ];
        let ask = |req_per_s| Slo {
            model: "m",
            req_per_s,
            latency_ms: 40.0,
        };
        let service = configure(ask(60.0), &profiles).unwrap();
        assert_eq!(
            (service.main, service.count, service.last),
            ((2, 25.0), 2, (1, 10.0))
        );
        let exact = configure(ask(50.0), &profiles).unwrap();
        assert_eq!((exact.count, exact.last), (1, (2, 25.0)));
        let slow = Slo {
            latency_ms: 20.0,
            ..ask(60.0)
        };
        assert!(configure(slow, &profiles).is_none());
    }
}
