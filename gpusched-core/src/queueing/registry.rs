//! The one table of queueing policies.

use super::{Conservative, Easy, Fifo, FifoGreedy, Ljf, Predict, Priority, Queueing, Scan, Sjf};
use crate::policy::{PolicyError, PolicyInfo};

struct Entry {
    info: PolicyInfo,
    make: fn(&'static str) -> Box<dyn Queueing>,
}

macro_rules! entry {
    ($name:literal, $make:expr, $summary:literal, $rule:literal, $source:literal) => {
        Entry {
            info: PolicyInfo {
                name: $name,
                summary: $summary,
                rule: $rule,
                source: $source,
            },
            make: $make,
        }
    };
}

fn easy(name: &'static str, scan: Scan, predict: Predict) -> Box<dyn Queueing> {
    Box::new(Easy::new(name, scan, predict))
}

#[rustfmt::skip]
static TABLE: &[Entry] = &[
    entry!("fifo", |_| Box::<Fifo>::default(),
        "first in, first out; the head of the line blocks",
        "Jobs start in arrival order (ties in file order). The first that does not fit stops the pass.",
        "FCFS, as in every batch system"),
    entry!("fifo-greedy", |_| Box::<FifoGreedy>::default(),
        "arrival order, skipping what does not fit",
        "Every waiting job is tried in arrival order; what does not fit is skipped. Large jobs may starve.",
        "the loop of the Alibaba PAI 2020 simulator and of kube-scheduler without gangs"),
    entry!("sjf", |_| Box::<Sjf>::default(),
        "shortest estimate first; the head blocks",
        "Jobs start by estimated run time, shortest first, ties in arrival order. The first that does not fit stops the pass.",
        "Helios simulator (SC 2021)"),
    entry!("ljf", |_| Box::<Ljf>::default(),
        "longest estimate first; the head blocks",
        "Jobs start by estimated run time, longest first, ties in arrival order. The first that does not fit stops the pass.",
        "AccaSim"),
    entry!("priority", |_| Box::<Priority>::default(),
        "highest priority first, no preemption; the head blocks",
        "Jobs start by priority, highest first, ties in arrival order. The first that does not fit stops the pass.",
        "Kubernetes PriorityClass without preemption"),
    entry!("easy", |name| easy(name, Scan::Queue, Predict::Estimate),
        "EASY backfilling: only the head of the queue has a reservation",
        "Heads start while they fit. The first that does not is reserved at the earliest believed end at which it fits (shadow). Others are tried once in arrival order: they start if they fit and either end by the shadow or leave the head room at it.",
        "Lifka 1995; Mu'alem and Feitelson, IEEE TPDS 2001"),
    entry!("easy-sjbf", |name| easy(name, Scan::ShortestFirst, Predict::Estimate),
        "EASY, trying the shortest estimate first",
        "As `easy`, candidates in order of estimate, ties in arrival order.",
        "Tsafrir, Etsion and Feitelson, IEEE TPDS 2007"),
    entry!("easy-pp", |name| easy(name, Scan::ShortestFirst, Predict::RecentPair),
        "EASY++: predictions from the user's last two jobs, shortest first",
        "As `easy-sjbf` with predictions: mean of the user's last two finished run times (whole seconds, at most the estimate). A job that outlives its prediction is believed to end at its estimate.",
        "Tsafrir, Etsion and Feitelson, IEEE TPDS 2007"),
    entry!("easy-reverse", |name| easy(name, Scan::LatestFirst, Predict::Estimate),
        "EASY, trying the latest submission first",
        "As `easy`, candidates by submission, latest first, ties in file order.",
        "pyss"),
    entry!("easy-perfect", |name| easy(name, Scan::Queue, Predict::Run),
        "EASY with an oracle for run times",
        "As `easy`, with the true run time in place of the estimate.",
        "pyss"),
    entry!("easy-perfect-double", |name| easy(name, Scan::Queue, Predict::DoubleRun),
        "EASY with twice the true run time",
        "As `easy`, with twice the true run time in place of the estimate.",
        "Mu'alem and Feitelson, IEEE TPDS 2001"),
    entry!("easy-double", |name| easy(name, Scan::Queue, Predict::DoubleEstimate),
        "EASY with doubled estimates",
        "As `easy`, with twice the estimate.",
        "Mu'alem and Feitelson, IEEE TPDS 2001"),
    entry!("easy-head-double", |name| easy(name, Scan::Queue, Predict::HeadDouble),
        "EASY; jobs started as head are believed to run twice their estimate",
        "As `easy`; jobs started from the head of the queue carry twice their estimate.",
        "pyss"),
    entry!("easy-tail-double", |name| easy(name, Scan::Queue, Predict::TailDouble),
        "EASY; backfilled jobs are believed to run twice their estimate",
        "As `easy`; backfill candidates, and jobs started as such, carry twice their estimate.",
        "pyss"),
    entry!("easy-shrinking", |name| easy(name, Scan::Queue, Predict::Halved),
        "EASY believing half of every estimate until it has passed",
        "As `easy`, with half the estimate (whole seconds, at least one). A job that outlives it is believed to end at its estimate.",
        "pyss"),
    entry!("conservative", |name| Box::new(Conservative::new(name, Predict::Estimate)),
        "conservative backfilling: every job has a reservation",
        "At submission a job is reserved at the earliest instant that delays nobody. After a finish all reservations are compressed once in queue order. A job starts when its reservation falls due. Plans count cluster totals.",
        "Mu'alem and Feitelson, IEEE TPDS 2001"),
    entry!("conservative-double", |name| Box::new(Conservative::new(name, Predict::DoubleEstimate)),
        "conservative backfilling with doubled estimates",
        "As `conservative`, with twice the estimate.",
        "pyss"),
];

/// All queueing policies, in the order they are listed to users.
pub fn queueings() -> impl Iterator<Item = &'static PolicyInfo> {
    TABLE.iter().map(|entry| &entry.info)
}

/// Makes a queueing policy by name.
///
/// # Errors
/// [`PolicyError::Unknown`] when there is no policy of that name.
///
/// ```
/// use gpusched_core::queueing::registry::queueing;
/// assert_eq!(queueing("easy").unwrap().name(), "easy");
/// assert!(queueing("lottery").is_err());
/// ```
pub fn queueing(name: &str) -> Result<Box<dyn Queueing>, PolicyError> {
    TABLE
        .iter()
        .find(|entry| entry.info.name == name)
        .map(|entry| (entry.make)(entry.info.name))
        .ok_or_else(|| PolicyError::Unknown {
            role: "queueing",
            name: name.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_answers_to_the_name_it_is_listed_under() {
        for info in queueings() {
            assert_eq!(queueing(info.name).unwrap().name(), info.name);
        }
    }
}
