//! Values of an experiment that a scenario does not have.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// More runs of one combination than this are taken for a slip.
const MOST_SEEDS: u64 = 1_000_000;

/// Seeds: a number of them, or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Seeds(pub Vec<u64>);

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seeds, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Seeds;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a number of seeds, or a list of seeds such as `[42, 43]`")
            }

            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Seeds, E> {
                match count {
                    0..=MOST_SEEDS => Ok(Seeds((0..count).collect())),
                    _ => Err(E::custom(format!(
                        "{count} seeds are more than {MOST_SEEDS}"
                    ))),
                }
            }

            fn visit_i64<E: serde::de::Error>(self, count: i64) -> Result<Seeds, E> {
                let count = u64::try_from(count);
                self.visit_u64(count.map_err(|_| E::custom("less than no seeds"))?)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Seeds, A::Error> {
                let mut seeds = Vec::new();
                while let Some(seed) = list.next_element()? {
                    seeds.push(seed);
                }
                Ok(Seeds(seeds))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Seeds {
    fn schema_name() -> Cow<'static, str> {
        "Seeds".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let whole = json_schema!({ "type": "integer", "minimum": 0 });
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "array", "items": whole, "minItems": 1, "uniqueItems": true },
        ] })
    }
}

/// An order of jobs or machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As the file has it.
    #[default]
    Recorded,
    /// A random one, which the seed alone decides.
    Shuffle,
    /// The one the simulator of FGD draws for this seed when it fills a cluster, to make again
    /// runs that were made with it: jobs sorted by name, shuffled and tuned, machines after them.
    FgdSimulator,
}

/// Which jobs come, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Arrivals {
    /// The order jobs come in; shuffled, they come at the times of the trace all the same.
    pub order: Order,
    /// Fill the cluster: one job a second, none ever leaves, until this many times the GPUs of the
    /// cluster have been asked for (1.3 = 130 %); jobs drawn at random come again, or the last
    /// ones stay away. Columns `allocated_pct_at_P` then tell how much was allocated when P % had
    /// been asked for. (Weng et al., USENIX ATC 2023, measure fragmentation so.)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<f64>,
}

impl Arrivals {
    /// Whether jobs come as the trace says.
    pub fn as_recorded(&self) -> bool {
        *self == Arrivals::default()
    }
}

/// What is kept of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Its numbers.
    #[default]
    Summary,
    /// Its jobs, series and waits too, as `gpusched run --out` writes them.
    All,
}
