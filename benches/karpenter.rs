//! Karpenter's solve: pods a second on 400 instance types, in the shape of the project's own
//! benchmark (`scheduling_benchmark_test.go` at v1.14.1): type i has i+1 cores, 2(i+1) GiB and room
//! for 10(i+1) pods, in three zones, on demand and on spot; a fifth of the pods each is generic,
//! spread over zones, spread over hosts, kept together in a zone, kept apart on hosts. Then 4,000
//! equal pods with preferences, respected and ignored; and one pod, for what a solve costs at least.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gpusched_core::kube::{
    LabelSelector, Labels, NodeAffinity, NodeSelectorTerm, Operator, PreferredTerm, Requirement,
    Resources,
};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::karpenter::labels::{HOSTNAME, ZONE};
use gpusched_core::provisioning::karpenter::objects::{
    NodePool, NodeType, Pod, PodSpec, PodTerm, PodTerms, Spread,
};
use gpusched_core::provisioning::karpenter::{Problem, solve};
use std::hint::black_box;

const CPU: [i64; 5] = [100, 250, 500, 1000, 1500];
const MEMORY_MIB: [i64; 6] = [100, 256, 512, 1024, 2048, 4096];
const LABELS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn node_type(index: i64) -> NodeType {
    let (cores, bytes) = (index + 1, (index + 1) << 31);
    // A tenth of a dollar a core and a tenth per 10^9 bytes.
    let price = Price(100_000_000 * cores + bytes / 10);
    let offerings = ["test-zone-1", "test-zone-2", "test-zone-3"]
        .iter()
        .flat_map(|zone| {
            [CapacityType::OnDemand, CapacityType::Spot].map(|capacity_type| Offering {
                zone: (*zone).into(),
                capacity_type,
                price,
                available: true,
                reservation: None,
            })
        });
    let capacity: Resources = [
        ("cpu".into(), 1000 * cores),
        ("memory".into(), bytes),
        ("pods".into(), 10 * cores),
    ]
    .into();
    NodeType::from(&InstanceType {
        name: format!("fake-it-{index}"),
        capacity: capacity.clone(),
        allocatable: capacity,
        offerings: offerings.collect(),
        ..InstanceType::default()
    })
}

/// A fixed sequence of numbers (a linear congruential generator; Knuth's MMIX constants).
struct Draw(u64);

impl Draw {
    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        values[(self.0 >> 33) as usize % values.len()]
    }
}

fn pod(index: usize, draw: &mut Draw) -> Pod {
    let mut pod = Pod {
        name: format!("pod-{index}"),
        uid: format!("{index:08}"),
        ..Pod::default()
    };
    let spec = &mut pod.spec;
    spec.namespace = "default".into();
    spec.requests = [
        ("cpu".into(), draw.of(&CPU)),
        ("memory".into(), draw.of(&MEMORY_MIB) << 20),
    ]
    .into();
    let label = |key: &str, value: &str| -> Labels { [(key.into(), value.into())].into() };
    let selector = |labels: &Labels| {
        Some(LabelSelector {
            match_labels: labels.clone(),
            match_expressions: Vec::new(),
        })
    };
    let spread = |key: &str, labels: &Labels| Spread {
        max_skew: 1,
        key: key.into(),
        soft: false,
        selector: selector(labels),
        min_domains: None,
        honor_taints: false,
        honor_affinity: true,
    };
    let term = |key: &str, labels: &Labels| PodTerm {
        key: key.into(),
        selector: selector(labels),
        namespaces: Vec::new(),
    };
    let value = draw.of(&LABELS);
    match index % 5 {
        0 => spec.labels = label("my-label", value),
        1 => {
            spec.labels = label("my-label", value);
            let selected = label("my-label", draw.of(&LABELS));
            spec.spread = vec![spread(ZONE, &selected)];
        }
        2 => {
            spec.labels = label("my-label", value);
            let selected = label("my-label", draw.of(&LABELS));
            spec.spread = vec![spread(HOSTNAME, &selected)];
        }
        3 => {
            spec.labels = label("my-affinity", value);
            spec.affinity.required = vec![term(ZONE, &spec.labels)];
        }
        _ => {
            spec.labels = label("app", "nginx");
            spec.anti_affinity.required = vec![term(HOSTNAME, &spec.labels)];
        }
    }
    pod
}

fn problem(pods: usize) -> Problem {
    let mut draw = Draw(42);
    Problem {
        pools: vec![NodePool {
            name: "default".into(),
            ..NodePool::default()
        }],
        types: (0..400).map(node_type).collect(),
        pods: (0..pods).map(|index| pod(index, &mut draw)).collect(),
        ..Problem::default()
    }
}

fn mixed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("karpenter-solve-mixed");
    group.sample_size(10);
    for pods in [1000, 2000, 5000, 10_000, 20_000] {
        let problem = problem(pods);
        group.throughput(Throughput::Elements(pods as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(pods),
            &problem,
            |bench, problem| {
                bench.iter(|| black_box(solve(problem)));
            },
        );
    }
    group.finish();
}

/// Pods that would rather be in a zone and on nodes of a team that are not there, apart from their
/// like on hosts, and spread over zones. Respected, the pods are tried with one after the other given
/// up, until the nodes that are not there are.
fn preferences(pods: usize, respect: bool) -> Problem {
    let mut problem = problem(pods);
    let missing = |key: &str, value: &str| PreferredTerm {
        weight: 1,
        term: NodeSelectorTerm {
            match_expressions: vec![Requirement {
                key: key.into(),
                operator: Operator::In,
                values: vec![value.into()],
            }],
            match_fields: Vec::new(),
        },
    };
    let labels: Labels = [("app".into(), "nginx".into())].into();
    let selector = Some(LabelSelector {
        match_labels: labels.clone(),
        match_expressions: Vec::new(),
    });
    let spec = PodSpec {
        namespace: "default".into(),
        requests: [("cpu".into(), 1000), ("memory".into(), 1 << 30)].into(),
        node_affinity: NodeAffinity {
            required: None,
            preferred: vec![missing(ZONE, "test-zone-9"), missing("team", "nobody")],
        },
        spread: vec![Spread {
            max_skew: 1,
            key: ZONE.into(),
            soft: true,
            selector: selector.clone(),
            min_domains: None,
            honor_taints: false,
            honor_affinity: true,
        }],
        anti_affinity: PodTerms {
            required: Vec::new(),
            preferred: vec![(
                1,
                PodTerm {
                    key: HOSTNAME.into(),
                    selector,
                    namespaces: Vec::new(),
                },
            )],
        },
        labels,
        ..PodSpec::default()
    };
    for pod in &mut problem.pods {
        pod.spec = spec.clone();
    }
    problem.options.respect_preferences = respect;
    problem
}

fn preferred(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("karpenter-solve-preferences");
    group.sample_size(10);
    for (policy, respect) in [("respect", true), ("ignore", false)] {
        let problem = preferences(4000, respect);
        group.throughput(Throughput::Elements(4000));
        group.bench_with_input(
            BenchmarkId::from_parameter(policy),
            &problem,
            |bench, problem| {
                bench.iter(|| black_box(solve(problem)));
            },
        );
    }
    group.finish();
}

/// What a solve costs before its first pod: consolidation asks thousands of small ones.
fn smallest(criterion: &mut Criterion) {
    let problem = problem(1);
    criterion.bench_function("karpenter-solve-one-pod", |bench| {
        bench.iter(|| black_box(solve(&problem)));
    });
}

criterion_group!(benches, mixed, preferred, smallest);
criterion_main!(benches);
