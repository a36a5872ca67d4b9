//! `percentageOfNodesToScore`: how many feasible nodes are enough, and where the search begins.

/// Nodes that are always looked for.
const LEAST_NODES: usize = 100;

/// How many feasible nodes are looked for among `nodes`. `percentage` 0: 50 % less 1 % for every
/// 125 nodes, at least 5 %. O(1).
///
/// Source: `numFeasibleNodesToFind` of `pkg/scheduler/schedule_one.go`.
///
/// ```
/// use gpusched_core::placement::kube_scheduler::nodes_to_find;
/// assert_eq!(nodes_to_find(99, 0), 99);
/// assert_eq!(nodes_to_find(1000, 0), 420);
/// assert_eq!(nodes_to_find(6000, 0), 300);
/// assert_eq!(nodes_to_find(1000, 5), 100);
/// ```
pub fn nodes_to_find(nodes: usize, percentage: u8) -> usize {
    if nodes < LEAST_NODES || percentage >= 100 {
        return nodes;
    }
    let percentage = match percentage {
        0 => 50usize.saturating_sub(nodes / 125).max(5),
        configured => configured.into(),
    };
    (nodes * percentage / 100).max(LEAST_NODES)
}

/// Where the next search begins. Upstream searches on many threads, so that which nodes it finds
/// is chance; here nodes are looked at one after the other, in order of rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampling {
    /// `percentageOfNodesToScore`; 0: by the size of the cluster.
    pub percentage: u8,
    next: usize,
}

impl Sampling {
    /// A search that begins at the first node.
    pub fn new(percentage: u8) -> Sampling {
        Sampling {
            percentage,
            next: 0,
        }
    }

    /// Which of the feasible nodes (ranks, ascending) of `nodes` are found, as positions in
    /// `feasible` in the order they are found, and moves the start of the next search behind the
    /// last node looked at. O(feasible).
    pub fn find(&mut self, feasible: &[usize], nodes: usize) -> Vec<usize> {
        let enough = nodes_to_find(nodes, self.percentage);
        let first = feasible.partition_point(|rank| *rank < self.next);
        let found: Vec<usize> = (first..feasible.len())
            .chain(0..first)
            .take(enough)
            .collect();
        let looked_at = match found.last() {
            // Enough were found: the search ended behind the last.
            Some(last) if found.len() == enough => {
                (feasible[*last] + nodes - self.next) % nodes + 1
            }
            _ => nodes,
        };
        self.next = (self.next + looked_at) % nodes.max(1);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_search_begins_where_the_last_one_ended() {
        let feasible: Vec<usize> = (0..200).collect();
        let mut sampling = Sampling::new(1);
        let ranks = |found: Vec<usize>| (found[0], found[found.len() - 1]);
        assert_eq!(ranks(sampling.find(&feasible, 200)), (0, 99));
        assert_eq!(ranks(sampling.find(&feasible, 200)), (100, 199));
        assert_eq!(ranks(sampling.find(&feasible, 200)), (0, 99));
    }

    #[test]
    fn a_search_that_finds_too_few_looks_everywhere() {
        let mut sampling = Sampling::new(1);
        assert_eq!(sampling.find(&[7, 150], 200), [0, 1]);
        assert_eq!(sampling.next, 0);
        let mut later = Sampling {
            percentage: 1,
            next: 100,
        };
        // From 100 on: 150 first.
        assert_eq!(later.find(&[7, 150], 200), [1, 0]);
    }
}
