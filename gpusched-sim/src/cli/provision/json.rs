//! What `provision what-if --format json` prints.

use super::table::{method_name, new};
use super::what_if::{instant, reason};
use gpusched_core::provisioning::karpenter::{Filtered, SolveError};
use gpusched_sim::manifest::KarpenterState;
use gpusched_sim::provision::{Home, NodeStory, Planned, PodStory, Story, Verdict, WhatIf};
use serde_json::{Value, json};

/// The whole answer.
pub(super) fn answer(what_if: &WhatIf<'_>, state: &KarpenterState) -> Value {
    let next = what_if.next().map(|(method, nodes, replacements)| {
        json!({
            "method": method_name(method),
            "nodes": Value::from_iter(nodes.iter().map(|node| node.name.clone())),
            "replacements": Value::from_iter(replacements.iter().map(planned)),
        })
    });
    let pods = what_if.homes().into_iter().map(|(pod, home)| {
        let mut object = destination(&home);
        object["pod"] = pod.key().into();
        object
    });
    let nodes = what_if.reports().into_iter().map(|one| {
        let (goes, rest) = match &one.verdict {
            Verdict::Goes {
                method,
                replacements,
            } => (
                Some(method_name(*method)),
                Value::from_iter(replacements.iter().map(planned)),
            ),
            Verdict::Stays(why) => (None, reason(why).into()),
        };
        let key = if goes.is_some() {
            "replacements"
        } else {
            "stays_because"
        };
        json!({
            "node": one.node.name,
            "node_pool": one.node.pool,
            "usd_per_hour": one.price.map(|price| price.as_usd()),
            "pods": one.pods,
            "drifted": one.node.drifted,
            "goes_by": goes,
            key: rest,
        })
    });
    let made = what_if.planned();
    let made = made.iter().enumerate().map(|(number, one)| {
        let mut object = planned(one);
        object["node"] = new(number).into();
        object["pods"] = one.pods.clone().into();
        object
    });
    json!({
        "karpenter": "v1.14.1",
        "at": instant(what_if.now()),
        "catalog": state.catalog,
        "prices_dated": state.dated.as_ref().map(|(from, to)| json!([from, to])),
        "nodes_to_make": Value::from_iter(made),
        "pods": Value::from_iter(pods),
        "next": next,
        "nodes": Value::from_iter(nodes),
    })
}

fn planned(one: &Planned) -> Value {
    let choice = one.choice.as_ref();
    json!({
        "node_pool": one.pool,
        "types": one.types,
        "instance_type": choice.map(|choice| choice.instance_type.clone()),
        "zone": choice.map(|choice| choice.zone.clone()),
        "capacity_type": choice.map(|choice| choice.capacity_type.name()),
        "usd_per_hour": choice.map(|choice| choice.price.as_usd()),
        "launch_options": choice.map(|choice| choice.options),
    })
}

fn destination(home: &Home) -> Value {
    match home {
        Home::Node(node) => json!({"node": node, "new": false}),
        Home::New(number) => json!({"node": new(*number), "new": true}),
        Home::Nowhere(error) => json!({"node": null, "why": why(error)}),
    }
}

/// Why not, with what each filter removed where it was instance types.
fn why(error: &SolveError) -> Value {
    match error {
        SolveError::Pools(all) => Value::from_iter(all.iter().map(|(pool, error)| {
            let mut object = why(error);
            object["node_pool"] = pool.clone().into();
            object
        })),
        SolveError::Types(filtered) => {
            let Filtered {
                types,
                requirements,
                resources,
                offering,
                ports,
                min_values,
                requests,
                ..
            } = &**filtered;
            json!({
                "message": error.to_string(),
                "types": types,
                "removed": {
                    "requirements": requirements,
                    "resources": resources,
                    "offering": offering,
                    "host_ports": ports,
                },
                "min_values": min_values,
                "requests": requests,
            })
        }
        other => json!({"message": other.to_string()}),
    }
}

/// What is known of what was asked about.
pub(super) fn story(story: &Story<'_>) -> Value {
    match story {
        Story::Pod(story) => pod(story),
        Story::Node(story) => node(story),
    }
}

fn said(key: &str, name: String, answer: &Result<(), SolveError>) -> Value {
    match answer {
        Ok(()) => json!({key: name, "takes": true}),
        Err(error) => json!({key: name, "takes": false, "why": why(error)}),
    }
}

fn pod(story: &PodStory<'_>) -> Value {
    let nodes = story.nodes.iter();
    let claims = story.claims.iter();
    let pools = story.pools.iter();
    let mut object = destination(&story.home);
    object["pod"] = story.pod.key().into();
    object["preferences_given_up"] = story.relaxed.into();
    object["nodes"] = nodes
        .map(|(name, answer)| said("node", name.clone(), answer))
        .collect();
    object["nodes_to_make"] = claims
        .map(|(number, answer)| said("node", new(*number), answer))
        .collect();
    object["node_pools"] = pools
        .map(|(pool, answer)| said("node_pool", pool.clone(), answer))
        .collect();
    object
}

fn node(story: &NodeStory<'_>) -> Value {
    let methods = story.methods.iter().map(|(method, answer)| match answer {
        Ok(replacements) => json!({
            "method": method,
            "goes": true,
            "replacements": Value::from_iter(replacements.iter().map(planned)),
        }),
        Err(why) => json!({"method": method, "goes": false, "why": reason(why)}),
    });
    let moves = story.moves.iter().map(|(pod, home)| {
        let mut object = destination(home);
        object["pod"] = pod.key().into();
        object
    });
    json!({
        "node": story.node.name,
        "methods": Value::from_iter(methods),
        "moves": Value::from_iter(moves),
    })
}
