//! Which of the best nodes is taken.

/// How ties end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// As Kubernetes 1.36 without extenders: the root of a binary heap over the feasible nodes,
    /// which depends on their order only.
    #[default]
    Heap136,
    /// The first feasible node.
    First,
    /// Uniform among the best, as up to 1.35; drawn from the streams of a seed, keyed by job and
    /// pod.
    Uniform(u64),
}

impl TieBreak {
    /// The names ties have in scenarios.
    pub const NAMES: [&'static str; 3] = ["heap", "first", "uniform"];

    /// The rule of a name; `seed` is that of its draws.
    ///
    /// ```
    /// use gpusched_core::placement::kube_scheduler::TieBreak;
    /// assert_eq!(TieBreak::named("uniform", 7), Some(TieBreak::Uniform(7)));
    /// assert_eq!(TieBreak::named("dice", 7), None);
    /// assert!(TieBreak::NAMES.iter().all(|name| TieBreak::named(name, 0).is_some()));
    /// ```
    pub fn named(name: &str, seed: u64) -> Option<TieBreak> {
        match name {
            "heap" => Some(TieBreak::Heap136),
            "first" => Some(TieBreak::First),
            "uniform" => Some(TieBreak::Uniform(seed)),
            _ => None,
        }
    }
}

/// The order in which the heap of Kubernetes 1.36 yields nodes of these total scores. The heap is
/// built as Go's `container/heap` builds it; a child is preferred to its sibling only if it is
/// strictly better. O(n log n); the first is known after O(n).
///
/// ```
/// use gpusched_core::placement::kube_scheduler::heap_order;
/// assert_eq!(heap_order(&[0, 370, 10, 410]), [3, 1, 2, 0]);
/// ```
pub fn heap_order(totals: &[i64]) -> Vec<usize> {
    let mut heap = Heap::new(totals);
    std::iter::from_fn(|| heap.pop()).collect()
}

/// The root of that heap. O(n).
pub(super) fn heap_root(totals: &[i64]) -> Option<usize> {
    Heap::new(totals).nodes.first().copied()
}

struct Heap<'a> {
    totals: &'a [i64],
    nodes: Vec<usize>,
}

impl<'a> Heap<'a> {
    fn new(totals: &'a [i64]) -> Heap<'a> {
        let mut heap = Heap {
            totals,
            nodes: (0..totals.len()).collect(),
        };
        for at in (0..totals.len() / 2).rev() {
            heap.sift_down(at);
        }
        heap
    }

    fn better(&self, one: usize, two: usize) -> bool {
        self.totals[self.nodes[one]] > self.totals[self.nodes[two]]
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let mut child = 2 * at + 1;
            if child >= self.nodes.len() {
                return;
            }
            if child + 1 < self.nodes.len() && self.better(child + 1, child) {
                child += 1;
            }
            if !self.better(child, at) {
                return;
            }
            self.nodes.swap(at, child);
            at = child;
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let last = self.nodes.len().checked_sub(1)?;
        self.nodes.swap(0, last);
        let root = self.nodes.pop();
        self.sift_down(0);
        root
    }
}
