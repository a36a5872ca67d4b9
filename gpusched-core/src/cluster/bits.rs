//! A set of nodes with a summary level: the first member is found in a few word reads however
//! many nodes there are.

use crate::ids::NodeId;

/// A set of node ids.
///
/// ```
/// use gpusched_core::cluster::NodeSet;
/// use gpusched_core::ids::NodeId;
/// let mut set = NodeSet::new(10_000);
/// set.put(NodeId(9_999), true);
/// set.put(NodeId(70), true);
/// assert_eq!(set.first(), Some(NodeId(70)));
/// assert_eq!(set.iter().count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet {
    words: Vec<u64>,
    summary: Vec<u64>,
    len: u32,
}

impl NodeSet {
    /// An empty set over `nodes` nodes.
    pub fn new(nodes: usize) -> NodeSet {
        let words = nodes.div_ceil(64);
        NodeSet {
            words: vec![0; words],
            summary: vec![0; words.div_ceil(64)],
            len: 0,
        }
    }

    /// Adds or removes a node. O(1).
    #[inline]
    pub fn put(&mut self, node: NodeId, member: bool) {
        let (word, bit) = (node.index() / 64, 1u64 << (node.index() % 64));
        let before = self.words[word];
        let after = if member { before | bit } else { before & !bit };
        if before == after {
            return;
        }
        self.words[word] = after;
        let summary_bit = 1u64 << (word % 64);
        if after == 0 {
            self.summary[word / 64] &= !summary_bit;
        } else {
            self.summary[word / 64] |= summary_bit;
        }
        self.len = if member { self.len + 1 } else { self.len - 1 };
    }

    /// The member of lowest rank. O(nodes / 4096).
    #[inline]
    pub fn first(&self) -> Option<NodeId> {
        let (at, &summary) = self.summary.iter().enumerate().find(|(_, s)| **s != 0)?;
        let word = at * 64 + summary.trailing_zeros() as usize;
        let node = word * 64 + self.words[word].trailing_zeros() as usize;
        Some(NodeId(node as u32))
    }

    /// Whether `node` is a member.
    #[inline]
    pub fn contains(&self, node: NodeId) -> bool {
        self.words[node.index() / 64] >> (node.index() % 64) & 1 == 1
    }

    /// Number of members. O(1).
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The members in order of rank.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors((word != 0).then_some(word), |w| {
                let rest = w & (w - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |w| NodeId((at * 64) as u32 + w.trailing_zeros()))
        })
    }

    /// The member at position `index` in order of rank. O(nodes / 64).
    pub fn nth(&self, mut index: u32) -> Option<NodeId> {
        for (at, &word) in self.words.iter().enumerate() {
            let here = word.count_ones();
            if index < here {
                let mut rest = word;
                for _ in 0..index {
                    rest &= rest - 1;
                }
                return Some(NodeId((at * 64) as u32 + rest.trailing_zeros()));
            }
            index -= here;
        }
        None
    }
}
