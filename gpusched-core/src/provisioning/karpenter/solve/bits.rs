//! Sets of small numbers: a bit each.

/// A set of numbers below some size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    /// None of the numbers below `size`.
    pub(super) fn none(size: usize) -> Bits {
        Bits(vec![0; size.div_ceil(64)].into())
    }

    /// The numbers below `size` that satisfy something.
    pub(super) fn of(size: usize, wanted: impl Fn(usize) -> bool) -> Bits {
        let mut bits = Bits::none(size);
        (0..size)
            .filter(|one| wanted(*one))
            .for_each(|one| bits.set(one));
        bits
    }

    pub(super) fn set(&mut self, one: usize) {
        self.0[one / 64] |= 1 << (one % 64);
    }

    pub(super) fn has(&self, one: usize) -> bool {
        self.0[one / 64] >> (one % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn meets(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(one, two)| one & two != 0)
    }

    /// Keeps what is in both.
    pub(super) fn keep(&mut self, other: &Bits) {
        for (one, two) in self.0.iter_mut().zip(&other.0) {
            *one &= two;
        }
    }

    /// Keeps what is not in the other.
    pub(super) fn drop(&mut self, other: &Bits) {
        for (one, two) in self.0.iter_mut().zip(&other.0) {
            *one &= !two;
        }
    }

    /// Adds what is in the other.
    pub(super) fn add(&mut self, other: &Bits) {
        for (one, two) in self.0.iter_mut().zip(&other.0) {
            *one |= two;
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The numbers, rising.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    let one = 64 * at + word.trailing_zeros() as usize;
                    word &= word - 1;
                    one
                })
            })
        })
    }
}
