//! The product of the axes.

use super::Keys;
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// What stands for the seed in a path.
const SEED: &str = "{seed}";

/// One combination of values.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Each axis and its value, as the file writes it.
    pub labels: Vec<(&'static str, String)>,
    /// The number of the value on each axis.
    pub(crate) values: Vec<usize>,
    /// What is run; paths as the file writes them.
    pub scenario: Scenario,
}

impl Cell {
    /// `placement=fgd, trace=a.csv`, for messages.
    pub fn describe(&self) -> String {
        match self.labels.as_slice() {
            [] => "the base scenario".to_owned(),
            labels => {
                let texts: Vec<String> = labels
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                texts.join(", ")
            }
        }
    }

    /// Whether all these values are its own.
    pub fn matches(&self, values: &BTreeMap<String, String>) -> bool {
        let mine = |key: &str, value: &str| {
            let mut labels = self.labels.iter();
            labels.any(|(own, text)| *own == key && text == value)
        };
        values.iter().all(|(key, value)| mine(key, value))
    }

    /// What is run under a seed.
    pub fn with_seed(&self, seed: u64) -> Scenario {
        let mut scenario = self.scenario.clone();
        for path in inputs(&mut scenario) {
            *path = path.replace(SEED, &seed.to_string());
        }
        scenario.seed = Some(seed);
        scenario
    }

    /// Whether what is read depends on the seed.
    pub(crate) fn is_seeded(&self) -> bool {
        Cell::seeded_inputs(&self.scenario)
    }

    /// Whether a path of the scenario has the seed in it.
    pub(super) fn seeded_inputs(scenario: &Scenario) -> bool {
        inputs(&mut scenario.clone()).any(|path| path.contains(SEED))
    }
}

fn inputs(scenario: &mut Scenario) -> impl Iterator<Item = &mut String> {
    let Scenario {
        trace,
        cluster,
        topology,
        ..
    } = scenario;
    [trace, cluster, topology].into_iter().flatten()
}

/// Every combination, the first axis varying slowest, without those that are excluded.
pub(super) fn product(keys: &Keys) -> Vec<Cell> {
    let axes = keys.axes.lengths();
    let total = axes.iter().map(|(_, length)| length).product();
    let cell = |number: usize| {
        let mut rest = number;
        let mut values = vec![0; axes.len()];
        for (place, (_, length)) in axes.iter().enumerate().rev() {
            values[place] = rest % length;
            rest /= length;
        }
        let mut scenario = keys.base.clone();
        if keys.horizon.is_some() {
            scenario.horizon = keys.horizon;
        }
        let mut labels = Vec::new();
        for (&(key, _), &value) in axes.iter().zip(&values) {
            keys.axes.put(key, value, &mut scenario);
            labels.push((key, text_of(&scenario, key)));
        }
        Cell {
            labels,
            values,
            scenario,
        }
    };
    let excluded = |cell: &Cell| keys.exclude.iter().any(|values| cell.matches(values));
    let cells = (0..total).map(cell);
    cells.filter(|cell| !excluded(cell)).collect()
}

/// The values of an axis as a file writes them.
pub(super) fn labels(keys: &Keys, key: &str, length: usize) -> Vec<String> {
    let label = |index| {
        let mut scenario = Scenario::default();
        keys.axes.put(key, index, &mut scenario);
        text_of(&scenario, key)
    };
    (0..length).map(label).collect()
}

/// A value of a scenario as a file writes it.
fn text_of(scenario: &Scenario, key: &str) -> String {
    let value = serde_json::to_value(scenario).unwrap_or_default();
    match &value[key] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Cell> {
        product(&serde_saphyr::from_str(text).unwrap())
    }

    #[test]
    fn the_last_axis_varies_fastest_and_axes_stand_in_the_order_of_a_scenario() {
        let cells = cells("axes: { boot: [10, 0.5], queueing: [fifo, easy] }");
        let texts: Vec<String> = cells.iter().map(Cell::describe).collect();
        let expected = [
            "queueing=fifo, boot=10",
            "queueing=fifo, boot=0.5",
            "queueing=easy, boot=10",
            "queueing=easy, boot=0.5",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn what_is_excluded_is_not_there() {
        let cells = cells(
            "axes: { queueing: [fifo, easy], placement: [fgd, pwr] }\n\
             exclude: [{ queueing: easy, placement: pwr }, { placement: none }]",
        );
        assert_eq!(cells.len(), 3);
        assert_eq!(cells[2].describe(), "queueing=easy, placement=fgd");
    }

    #[test]
    fn without_axes_there_is_the_base_alone() {
        let cells = cells("base: { queueing: easy }");
        assert_eq!(
            (cells.len(), cells[0].describe().as_str()),
            (1, "the base scenario")
        );
    }

    #[test]
    fn the_seed_stands_in_paths() {
        let one = &cells("base: { trace: 'made-{seed}/' }")[0];
        assert_eq!(one.with_seed(7).trace.as_deref(), Some("made-7/"));
        assert_eq!(one.with_seed(7).seed, Some(7));
    }
}
