//! What a pod needs of a node: its effective request.

use super::{Container, PodSpec, Resources};

/// The effective request of a pod: what containers request together, or what some init container
/// needs on the way there if that is more, with sidecars counted in both; pod-level requests in
/// place of that sum for `cpu`, `memory` and huge pages; and the overhead of the runtime class.
///
/// As `PodRequests` of `k8s.io/component-helpers` (rules of KEP-753 and KEP-2837). Sums saturate.
/// Complexity: containers × resources.
///
/// ```
/// use gpusched_core::kube::{Container, PodSpec, pod_requests};
/// let container = |cpu: i64, sidecar| Container {
///     requests: [("cpu".to_owned(), cpu)].into(),
///     sidecar,
///     ..Container::default()
/// };
/// let pod = PodSpec {
///     containers: vec![container(500, false)],
///     // The second starts beside the sidecar: 200 + 900 is more than 500 + 200.
///     init_containers: vec![container(200, true), container(900, false)],
///     ..PodSpec::default()
/// };
/// assert_eq!(pod_requests(&pod)["cpu"], 1100);
/// ```
pub fn pod_requests(pod: &PodSpec) -> Resources {
    let mut sum = Resources::new();
    for container in &pod.containers {
        add(&mut sum, &container.requests);
    }
    let mut sidecars = Resources::new();
    let mut starting = Resources::new();
    for Container {
        requests, sidecar, ..
    } in &pod.init_containers
    {
        let mut here = sidecars.clone();
        add(&mut here, requests);
        if *sidecar {
            add(&mut sum, requests);
            sidecars.clone_from(&here);
        }
        raise(&mut starting, &here);
    }
    raise(&mut sum, &starting);
    for (resource, amount) in &pod.resources {
        if pod_level(resource) {
            sum.insert(resource.clone(), *amount);
        }
    }
    add(&mut sum, &pod.overhead);
    sum
}

/// Whether a pod may request the resource as a whole.
fn pod_level(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || resource.starts_with("hugepages-")
}

fn add(sum: &mut Resources, more: &Resources) {
    for (resource, amount) in more {
        let have = sum.entry(resource.clone()).or_default();
        *have = have.saturating_add(*amount);
    }
}

fn raise(most: &mut Resources, other: &Resources) {
    for (resource, amount) in other {
        most.entry(resource.clone())
            .and_modify(|have| *have = (*have).max(*amount))
            .or_insert(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resources(pairs: &[(&str, i64)]) -> Resources {
        pairs
            .iter()
            .map(|(name, amount)| ((*name).to_owned(), *amount))
            .collect()
    }

    fn container(pairs: &[(&str, i64)], sidecar: bool) -> Container {
        Container {
            requests: resources(pairs),
            sidecar,
            ..Container::default()
        }
    }

    #[test]
    fn a_pod_needs_what_its_hungriest_moment_needs() {
        let pod = PodSpec {
            containers: vec![
                container(&[("cpu", 1000), ("memory", 10)], false),
                container(&[("cpu", 500), ("nvidia.com/gpu", 1)], false),
            ],
            init_containers: vec![
                container(&[("cpu", 1200)], false),
                container(&[("cpu", 300), ("memory", 1)], true),
                container(&[("cpu", 1400), ("memory", 2)], false),
                container(&[("cpu", 100)], true),
            ],
            overhead: resources(&[("memory", 5)]),
            ..PodSpec::default()
        };
        // Running: 1500 + 300 + 100. Third init container: 300 + 1400 = 1700, which is less.
        let expected = resources(&[("cpu", 1900), ("memory", 16), ("nvidia.com/gpu", 1)]);
        assert_eq!(pod_requests(&pod), expected);
    }

    #[test]
    fn pod_level_requests_replace_the_sum_but_not_the_overhead() {
        let pod = PodSpec {
            containers: vec![container(&[("cpu", 100), ("nvidia.com/gpu", 2)], false)],
            init_containers: vec![container(&[("cpu", 9000)], false)],
            overhead: resources(&[("cpu", 7)]),
            resources: resources(&[("cpu", 400), ("nvidia.com/gpu", 1), ("hugepages-2Mi", 3)]),
            ..PodSpec::default()
        };
        let expected = resources(&[("cpu", 407), ("nvidia.com/gpu", 2), ("hugepages-2Mi", 3)]);
        assert_eq!(pod_requests(&pod), expected);
    }

    proptest! {
        /// Twin: walk through the life of the pod and take the most that ever runs at once.
        #[test]
        fn is_the_peak_over_the_pods_life(
            containers in proptest::collection::vec(0i64..50, 0..4),
            init in proptest::collection::vec((0i64..50, any::<bool>()), 0..6),
        ) {
            let pod = PodSpec {
                containers: containers.iter().map(|cpu| container(&[("cpu", *cpu)], false)).collect(),
                init_containers: init.iter().map(|(cpu, side)| container(&[("cpu", *cpu)], *side)).collect(),
                ..PodSpec::default()
            };
            let mut peak = 0;
            let mut running = 0;
            for (cpu, sidecar) in &init {
                peak = peak.max(running + cpu);
                running += if *sidecar { *cpu } else { 0 };
            }
            peak = peak.max(running + containers.iter().sum::<i64>());
            prop_assert_eq!(pod_requests(&pod).get("cpu").copied().unwrap_or(0), peak);
        }
    }
}
