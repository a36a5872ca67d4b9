//! Names of jobs: one arena, or none at all when the names are just numbers.

/// The names of the jobs of a trace, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// The name of job *i* is the number *i*.
    Numbered,
    /// Names one after the other in `text`; name *i* ends at `ends[i]`.
    Listed {
        /// All names, joined.
        text: String,
        /// End of each name in `text`.
        ends: Vec<u32>,
    },
}

impl Default for Names {
    fn default() -> Self {
        Names::Listed {
            text: String::new(),
            ends: Vec::new(),
        }
    }
}

impl Names {
    /// Appends a name. Returns `false` when the arena is full (4 GiB of names).
    pub(crate) fn push(&mut self, name: &str) -> bool {
        match self {
            Names::Numbered => true,
            Names::Listed { text, ends } => {
                let Ok(end) = u32::try_from(text.len() + name.len()) else {
                    return false;
                };
                text.push_str(name);
                ends.push(end);
                true
            }
        }
    }

    /// Gives back what was reserved for names that never came.
    pub(crate) fn shrink_to_fit(&mut self) {
        if let Names::Listed { text, ends } = self {
            text.shrink_to_fit();
            ends.shrink_to_fit();
        }
    }

    /// Name number `index`.
    pub fn get(&self, index: usize) -> String {
        self.as_str(index)
            .map_or_else(|| index.to_string(), str::to_owned)
    }

    /// Name number `index` where it is stored as text.
    pub(crate) fn as_str(&self, index: usize) -> Option<&str> {
        match self {
            Names::Numbered => None,
            Names::Listed { text, ends } => {
                let start = index.checked_sub(1).map_or(0, |before| ends[before]) as usize;
                Some(&text[start..ends[index] as usize])
            }
        }
    }
}
