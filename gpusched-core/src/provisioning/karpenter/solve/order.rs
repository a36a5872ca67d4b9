//! Claims in the order they are tried: fewest pods first.

/// Claims by number of pods, each of which has one at least. Of those with equally many, one that
/// has just got another pod comes first, and one that has just been made comes last: what a stable
/// sort of the order before makes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    claims: Vec<u32>,
    /// `starts[n]`: where the claims with n + 1 pods begin; ends with their number.
    starts: Vec<usize>,
}

impl Order {
    /// The claims, in order.
    pub(super) fn claims(&self) -> &[u32] {
        &self.claims
    }

    /// A claim has been made for its first pod. O(claims).
    pub(super) fn made(&mut self, claim: usize) {
        if self.starts.is_empty() {
            self.starts = vec![0, 0];
        }
        self.claims.insert(self.starts[1], claim as u32);
        self.starts[1..].iter_mut().for_each(|start| *start += 1);
    }

    /// The claim at a position has got another pod. O(claims with equally many).
    pub(super) fn grown(&mut self, position: usize) {
        let next = self.starts.partition_point(|start| *start <= position);
        let end = self.starts[next];
        self.claims[position..end].rotate_left(1);
        if next + 1 == self.starts.len() {
            self.starts.push(self.claims.len());
        }
        self.starts[next] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_a_stable_sort_makes_of_the_order_before(
            steps in proptest::collection::vec(proptest::option::of(0usize..40), 1..200)
        ) {
            let (mut order, mut sorted, mut pods) = (Order::default(), Vec::new(), Vec::new());
            for step in steps {
                match step.filter(|position| *position < pods.len()) {
                    Some(position) => {
                        pods[sorted[position] as usize] += 1;
                        order.grown(position);
                    }
                    None => {
                        order.made(pods.len());
                        sorted.push(pods.len() as u32);
                        pods.push(1);
                    }
                }
                sorted.sort_by_key(|claim| pods[*claim as usize]);
                prop_assert_eq!(order.claims(), &sorted[..]);
            }
        }
    }
}
