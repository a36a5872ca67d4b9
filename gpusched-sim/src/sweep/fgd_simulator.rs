//! Which jobs come when, and in which order machines stand, as the simulator of FGD draws it: the
//! runs it published can be made again one by one.

use super::go_random::GoRandom;
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::units::MILLI;
use gpusched_core::workload::Workload;

/// Numbers that are drawn for other things between the jobs and the machines: ten in every
/// published run.
const BETWEEN: usize = 10;

/// What the simulator of Weng et al. (USENIX ATC 2023) draws for a seed, its `-tuneseed`.
///
/// Jobs are put in order of their names, shuffled, and tuned to ask for a share of the cluster: as
/// long as they ask for more, one drawn at random is taken out; as long as they ask for less, one
/// drawn at random from the trace comes again at the end. The last may ask for too much: whether
/// one more fits is asked of a single of its GPUs. Machines are put in order of their names and
/// get numbers at random, which are their order (beyond 10,000 machines, as texts). A job of
/// several pods counts as one.
///
/// Source: `pkg/simulator/{core,simulator}.go` (commit 8f3d6417), which draws from the one
/// generator of the process, so that the machines depend on how many jobs were drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FgdDraw {
    /// The jobs in order of arrival, by their places in [`Workload::in_arrival_order`].
    pub jobs: Vec<u32>,
    /// The machines in rank order, by number.
    pub machines: Vec<u32>,
}

impl FgdDraw {
    /// Draws for a seed; the jobs ask for `share` times the GPUs of the cluster in the end.
    /// O(n log n) for n jobs and machines; O(n²) moves where jobs are taken out.
    pub fn new(work: &Workload, inventory: &Inventory, share: f64, seed: u64) -> FgdDraw {
        let mut random = GoRandom::new(seed);
        // The argument of a message.
        random.int63();
        let jobs = Jobs::of(work);
        let target = share * (inventory.gpus() * u64::from(MILLI)) as f64;
        let drawn = jobs.draw(target, &mut random);
        for _ in 0..BETWEEN {
            random.int63();
        }
        FgdDraw {
            jobs: drawn,
            machines: machines(inventory, &mut random),
        }
    }
}

/// The jobs of a trace, as their tuning sees them.
struct Jobs {
    /// By name.
    sorted: Vec<u32>,
    /// Milli-GPU of a job, and of one GPU of it.
    asks: Vec<(u64, u64)>,
}

impl Jobs {
    fn of(work: &Workload) -> Jobs {
        let parts = work.in_arrival_order();
        let mut sorted: Vec<u32> = (0..parts.len() as u32).collect();
        sorted.sort_by_cached_key(|&job| work.name(JobId(parts[job as usize].start)));
        let each = |job: JobId| {
            let sets = work.spec(work.job(job).spec).pod_sets.iter();
            let shapes = sets.map(|set| &work.shapes()[set.shape.index()]);
            let asking = shapes.filter(|shape| shape.gpus > 0);
            asking.map(|shape| u64::from(shape.gpu_milli)).max()
        };
        let asks = |parts: &std::ops::Range<u32>| {
            let total = parts.clone().map(|part| work.gpu_milli(JobId(part))).sum();
            (total, each(JobId(parts.start)).unwrap_or(0))
        };
        Jobs {
            sorted,
            asks: parts.iter().map(asks).collect(),
        }
    }

    /// The jobs that come, in order.
    fn draw(&self, target: f64, random: &mut GoRandom) -> Vec<u32> {
        let ask = |job: u32| self.asks[job as usize];
        let mut order = self.sorted.clone();
        random.shuffle(&mut order);
        let mut asked: u64 = order.iter().map(|&job| ask(job).0).sum();
        if asked == 0 || asked as f64 == target {
            return order;
        }
        if asked as f64 > target {
            while asked as f64 > target {
                let gone = order.remove(random.below(order.len()));
                asked -= ask(gone).0;
            }
            return order;
        }
        loop {
            let again = self.sorted[random.below(self.sorted.len())];
            let (total, one) = ask(again);
            if (asked + one) as f64 > target {
                return order;
            }
            asked += total;
            order.push(again);
        }
    }
}

fn machines(inventory: &Inventory, random: &mut GoRandom) -> Vec<u32> {
    let nodes = inventory.nodes();
    let mut sorted: Vec<u32> = (0..nodes.len() as u32).collect();
    sorted.sort_by_key(|&node| &nodes[node as usize].name);
    let numbers = random.permutation(nodes.len());
    let mut ranked: Vec<(String, u32)> = sorted
        .iter()
        .zip(numbers)
        .map(|(&node, number)| (format!("{number:04}-{}", nodes[node as usize].name), node))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::cluster::Node;
    use gpusched_core::units::{Span, Time};
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
    use proptest::prelude::*;

    fn work(shapes: &[Shape]) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for (number, shape) in (0..).zip(shapes) {
            // Not in order of names.
            let name = format!("j{:02}", (number * 7 + 3) % 100);
            let at = Time::from_secs(number);
            builder
                .push(&JobDraft::new(&name, at, Span::FOREVER, shape.clone()))
                .unwrap();
        }
        builder.finish().unwrap()
    }

    fn cluster(machines: u32) -> Inventory {
        let node = |number| Node::with_gpus(format!("n{number}"), 1, "T4");
        Inventory::new((0..machines).map(node).collect()).unwrap()
    }

    fn asked(work: &Workload, jobs: &[u32]) -> u64 {
        jobs.iter().map(|&job| work.gpu_milli(JobId(job))).sum()
    }

    #[test]
    fn the_file_may_list_jobs_and_machines_in_any_order() {
        let names = |reversed: bool| -> (Vec<String>, Vec<String>) {
            let mut builder = WorkloadBuilder::new();
            let mut nodes = Vec::new();
            for place in 0..9 {
                let number = if reversed { 8 - place } else { place };
                let shape = Shape::whole_gpus(1 + number as u32 % 3);
                let at = Time::from_secs(place);
                let job = format!("j{number}");
                builder
                    .push(&JobDraft::new(&job, at, Span::FOREVER, shape))
                    .unwrap();
                nodes.push(Node::with_gpus(format!("n{number}"), 2, "T4"));
            }
            let work = builder.finish().unwrap();
            let inventory = Inventory::new(nodes).unwrap();
            let drawn = FgdDraw::new(&work, &inventory, 1.3, 42);
            let machine = |&node: &u32| inventory.nodes()[node as usize].name.clone();
            (
                drawn
                    .jobs
                    .iter()
                    .map(|&job| work.name(JobId(job)))
                    .collect(),
                drawn.machines.iter().map(machine).collect(),
            )
        };
        assert_eq!(names(false), names(true));
    }

    #[test]
    fn one_gpu_decides_whether_a_job_of_several_comes_again() {
        // 4 GPUs are there, the one job asks for 3: another is let in, as one GPU is left.
        let work = work(&[Shape::whole_gpus(3)]);
        assert_eq!(FgdDraw::new(&work, &cluster(4), 1.0, 1).jobs, [0, 0]);
        // None is left of 3.
        assert_eq!(FgdDraw::new(&work, &cluster(3), 1.0, 1).jobs, [0]);
    }

    #[test]
    fn jobs_without_a_gpu_come_again_too() {
        let work = work(&[Shape::whole_gpus(0), Shape::whole_gpus(1)]);
        let drawn = FgdDraw::new(&work, &cluster(10), 1.0, 3);
        assert_eq!(asked(&work, &drawn.jobs), 10_000);
        let free = drawn.jobs.iter().filter(|&&job| job == 0).count();
        assert!(free > 1, "{drawn:?}");
    }

    #[test]
    fn where_nobody_asks_for_a_gpu_nothing_is_tuned() {
        let work = work(&[Shape::whole_gpus(0), Shape::whole_gpus(0)]);
        assert_eq!(FgdDraw::new(&work, &cluster(4), 1.0, 1).jobs.len(), 2);
    }

    proptest! {
        #[test]
        fn shares_are_met_by_less_than_a_job(
            gpus in prop::collection::vec(1u32..5, 1..40), machines in 1u32..60, seed: u64,
        ) {
            let shapes: Vec<Shape> = gpus.iter().map(|&gpus| Shape::whole_gpus(gpus)).collect();
            let work = work(&shapes);
            let drawn = FgdDraw::new(&work, &cluster(machines), 1.0, seed);
            let most = u64::from(*gpus.iter().max().unwrap()) * 1000;
            let (target, all) = (u64::from(machines) * 1000, work.len());
            let asked = asked(&work, &drawn.jobs);
            prop_assert!(asked < target + most && asked + most > target, "{asked} of {target}");
            // Originals first, each once; or some of them.
            let mut first: Vec<u32> = drawn.jobs.iter().take(all).copied().collect();
            first.sort_unstable();
            first.dedup();
            prop_assert_eq!(first.len(), all.min(drawn.jobs.len()));
            let mut ranked = drawn.machines.clone();
            ranked.sort_unstable();
            prop_assert!(ranked.into_iter().eq(0..machines));
        }
    }
}
