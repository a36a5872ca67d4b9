//! A binary heap whose items know where they are, so that any of them can leave.

/// What happens to a heap.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// An item comes.
    Push(u32),
    /// The one at a place leaves.
    Remove(usize),
    /// The one at a place may have come before or behind others.
    Mend(usize),
}

/// `before(a, b)` = a goes first; `placed(item, at)` is told of every item that moves.
pub(super) struct Order<B, P> {
    pub(super) before: B,
    pub(super) placed: P,
}

impl<B: Fn(u32, u32) -> bool, P: FnMut(u32, usize)> Order<B, P> {
    /// O(log n).
    pub(super) fn apply(&mut self, items: &mut Vec<u32>, change: Change) {
        match change {
            Change::Push(item) => {
                let at = items.len();
                items.push(item);
                self.up(items, at);
            }
            Change::Remove(at) => {
                items.swap_remove(at);
                if at < items.len() {
                    self.mend(items, at);
                }
            }
            Change::Mend(at) => self.mend(items, at),
        }
    }

    fn mend(&mut self, items: &mut [u32], at: usize) {
        if self.up(items, at) == at {
            self.down(items, at);
        }
    }

    fn up(&mut self, items: &mut [u32], mut at: usize) -> usize {
        let item = items[at];
        while at > 0 {
            let parent = (at - 1) / 2;
            if !(self.before)(item, items[parent]) {
                break;
            }
            items[at] = items[parent];
            (self.placed)(items[at], at);
            at = parent;
        }
        items[at] = item;
        (self.placed)(item, at);
        at
    }

    fn down(&mut self, items: &mut [u32], mut at: usize) {
        let item = items[at];
        loop {
            let mut child = 2 * at + 1;
            if child >= items.len() {
                break;
            }
            if child + 1 < items.len() && (self.before)(items[child + 1], items[child]) {
                child += 1;
            }
            if !(self.before)(items[child], item) {
                break;
            }
            items[at] = items[child];
            (self.placed)(items[at], at);
            at = child;
        }
        items[at] = item;
        (self.placed)(item, at);
    }
}
