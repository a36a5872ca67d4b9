//! Manifests of Kueue: any text is read with located problems or without, and whatever was read
//! can be looked over; never a panic. The first byte, if it is one of a few, puts the rest where
//! it is deep inside an object.

#![no_main]

use gpusched_sim::manifest::Manifests;
use gpusched_sim::manifest::lint::lint;
use libfuzzer_sys::fuzz_target;

/// Beginnings of objects, so that the fuzzer need not find them.
const FRONTS: &[&str] = &[
    "",
    "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: a}\nspec:\n",
    "apiVersion: kueue.x-k8s.io/v1beta1\nkind: Workload\nmetadata: {name: a}\nspec:\n",
    "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: a}\nspec:\n",
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: a}}\nspec:\n",
    "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n",
];

fuzz_target!(|data: &[u8]| {
    let Some((&pick, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let front = FRONTS[usize::from(pick) % FRONTS.len()];
    let manifests = Manifests::parse([("any.yaml", format!("{front}{text}"))]);
    for problem in manifests.problems() {
        let _ = problem.diagnostic.render(false);
    }
    for finding in lint(&manifests) {
        let _ = finding.diagnostic.render(false);
    }
});
