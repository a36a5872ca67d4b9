//! Two models at once: what slows a job down on its devices, and what does between them.

use super::sharing::Speed;
use super::{Origins, Performance, Residence};
use crate::ids::JobId;
use rustc_hash::FxHashMap;

/// A job's speed is the product of what two models say: its steps compute more slowly *and* talk
/// more slowly. That both stretch all of a step, and neither hides the other, is assumed.
pub struct Both {
    one: Box<dyn Performance>,
    other: Box<dyn Performance>,
    /// Jobs for which either named a speed.
    speeds: FxHashMap<JobId, [Speed; 2]>,
    named: Vec<(JobId, Speed)>,
}

impl Both {
    /// Of these two.
    pub fn new(one: Box<dyn Performance>, other: Box<dyn Performance>) -> Both {
        Both {
            one,
            other,
            speeds: FxHashMap::default(),
            named: Vec::new(),
        }
    }

    /// Asks one of the two and passes on the products.
    fn ask(
        &mut self,
        which: usize,
        speeds: &mut Vec<(JobId, Speed)>,
        question: impl FnOnce(&mut dyn Performance, &mut Vec<(JobId, Speed)>),
    ) {
        let model = match which {
            0 => &mut self.one,
            _ => &mut self.other,
        };
        question(model.as_mut(), &mut self.named);
        for (job, speed) in self.named.drain(..) {
            let known = self.speeds.entry(job).or_insert([Speed::FULL; 2]);
            known[which] = speed;
            speeds.push((job, known[0].times(known[1])));
        }
    }
}

impl Performance for Both {
    fn name(&self) -> String {
        format!("{} x {}", self.one.name(), self.other.name())
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        self.ask(0, speeds, |model, speeds| model.started(at, speeds));
        self.ask(1, speeds, |model, speeds| model.started(at, speeds));
    }

    fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        self.speeds.remove(&at.job);
        self.ask(0, speeds, |model, speeds| model.ended(at, speeds));
        self.ask(1, speeds, |model, speeds| model.ended(at, speeds));
    }

    fn origins(&self) -> Option<Origins> {
        match (self.one.origins(), self.other.origins()) {
            (Some(one), Some(other)) => Some(Origins {
                table: one.table + other.table,
                law: one.law + other.law,
                assumed: one.assumed + other.assumed,
            }),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Span, Time};
    use crate::workload::{JobDraft, Shape, Workload, WorkloadBuilder};

    /// Slows every job it hears of down to a part; on an end, all who are left speed up.
    struct Part(u32, Vec<JobId>);

    impl Performance for Part {
        fn name(&self) -> String {
            format!("1/{}", self.0)
        }

        fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
            self.1.push(at.job);
            speeds.push((at.job, Speed::ratio(1, self.0).unwrap()));
        }

        fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
            self.1.retain(|&job| job != at.job);
            speeds.extend(self.1.iter().map(|&job| (job, Speed::FULL)));
        }
    }

    fn two_jobs() -> Workload {
        let mut builder = WorkloadBuilder::new();
        for name in ["a", "b"] {
            let shape = Shape::whole_gpus(1);
            let draft = JobDraft::new(name, Time::ZERO, Span::from_secs(1), shape);
            builder.push(&draft).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn speeds_multiply_and_the_last_one_told_is_the_product_of_both() {
        let work = two_jobs();
        let at = |job| Residence {
            work: &work,
            job: JobId(job),
            spots: &[],
        };
        let part = |part| Box::new(Part(part, Vec::new()));
        let mut both = Both::new(part(2), part(5));
        assert_eq!(both.name(), "1/2 x 1/5");
        let mut speeds = Vec::new();
        both.started(at(0), &mut speeds);
        both.started(at(1), &mut speeds);
        let last = |speeds: &[(JobId, Speed)], job| {
            let own = speeds.iter().rev().find(|(other, _)| *other == JobId(job));
            own.map(|(_, speed)| *speed)
        };
        assert_eq!(last(&speeds, 0), Speed::ratio(1, 10));
        speeds.clear();
        both.ended(at(0), &mut speeds);
        assert_eq!(last(&speeds, 1), Some(Speed::FULL));
        assert_eq!(last(&speeds, 0), None);
    }
}
