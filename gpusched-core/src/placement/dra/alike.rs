//! What pools have in common. The nodes of a cluster are mostly equal: what their devices are
//! called and what they draw from counters is kept once for all of them, so that going over a
//! thousand nodes reads the same few tables again instead of a thousand copies.

use super::dense::dense;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

dense!(
    /// What the devices of a pool are called.
    LayoutId
);

/// The names of a pool's devices.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// As published, which can be the same name several times.
    published: Vec<String>,
    /// Of each entry: which of the pool's devices it is.
    devices: Vec<u32>,
    /// The devices by name.
    numbers: FxHashMap<String, u32>,
    /// Of each device: its first entry.
    first: Vec<u32>,
}

impl Layout {
    fn new(published: &[&str]) -> Layout {
        let mut layout = Layout::default();
        for (entry, &name) in published.iter().enumerate() {
            let known = layout.numbers.get(name).copied();
            let number = known.unwrap_or_else(|| {
                let number = layout.first.len() as u32;
                layout.first.push(entry as u32);
                layout.numbers.insert(name.to_owned(), number);
                number
            });
            layout.devices.push(number);
            layout.published.push(name.to_owned());
        }
        layout
    }

    /// Which device each published entry is.
    pub(super) fn devices(&self) -> &[u32] {
        &self.devices
    }

    /// How many devices there are.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// The device of a name.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a device.
    pub(super) fn name(&self, number: u32) -> &str {
        &self.published[self.first[number as usize] as usize]
    }
}

/// All layouts, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Layouts {
    all: Vec<Layout>,
    by_hash: FxHashMap<u64, Vec<LayoutId>>,
}

impl Layouts {
    /// The layout of these names, in the order of their publication. O(names), with nothing
    /// copied where it is known.
    pub(super) fn of(&mut self, published: &[&str]) -> LayoutId {
        let mut hasher = FxHasher::default();
        published.hash(&mut hasher);
        let alike = self.by_hash.entry(hasher.finish()).or_default();
        let known = alike
            .iter()
            .find(|id| self.all[id.index()].published == published);
        if let Some(known) = known {
            return *known;
        }
        let id = LayoutId::from(self.all.len());
        alike.push(id);
        self.all.push(Layout::new(published));
        id
    }

    /// A layout.
    #[inline]
    pub(super) fn get(&self, id: LayoutId) -> &Layout {
        &self.all[id.index()]
    }
}

/// A list in [`Lists`]: where it begins and ends.
pub(super) type ListId = (u32, u32);

/// Lists, each once.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    items: Vec<T>,
    known: FxHashMap<Vec<T>, ListId>,
}

impl<T> Default for Lists<T> {
    fn default() -> Lists<T> {
        Lists {
            items: Vec::new(),
            known: FxHashMap::default(),
        }
    }
}

impl<T: Copy + Eq + Hash> Lists<T> {
    /// The id of a list. O(its length).
    pub(super) fn of(&mut self, list: &[T]) -> ListId {
        if let Some(&known) = self.known.get(list) {
            return known;
        }
        let first = self.items.len() as u32;
        self.items.extend_from_slice(list);
        let id = (first, self.items.len() as u32);
        self.known.insert(list.to_vec(), id);
        id
    }

    /// A list.
    #[inline]
    pub(super) fn get(&self, id: ListId) -> &[T] {
        &self.items[id.0 as usize..id.1 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pools_share_a_layout_and_a_name_twice_is_one_device() {
        let mut layouts = Layouts::default();
        let one = layouts.of(&["gpu-0", "gpu-1", "gpu-0"]);
        assert_eq!(layouts.of(&["gpu-0", "gpu-1", "gpu-0"]), one);
        assert_ne!(layouts.of(&["gpu-0", "gpu-1"]), one);
        // Names are told from one another, not only what they are together.
        assert_ne!(layouts.of(&["gpu-0g", "pu-1", "gpu-0"]), one);
        let layout = layouts.get(one);
        assert_eq!((layout.devices(), layout.len()), (&[0, 1, 0][..], 2));
        assert_eq!((layout.number("gpu-1"), layout.name(1)), (Some(1), "gpu-1"));
        assert_eq!(layout.number("gpu-2"), None);
    }

    #[test]
    fn equal_lists_stand_once() {
        let mut lists = Lists::default();
        let (empty, one, two) = (lists.of(&[]), lists.of(&[1, 2]), lists.of(&[2]));
        assert_eq!(lists.of(&[1, 2]), one);
        let read = [empty, one, two].map(|id| lists.get(id).to_vec());
        assert_eq!(read, [vec![], vec![1, 2], vec![2]]);
    }
}
