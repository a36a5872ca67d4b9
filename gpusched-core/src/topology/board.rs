//! The devices of one node: how they are linked, on which NUMA node they are, and their NICs.

use serde::{Deserialize, Serialize};

/// The best path between two devices that is not NVLink, near to far, as `nvidia-smi topo -m`
/// names them.
///
/// ```
/// use gpusched_core::topology::Path;
/// assert_eq!((Path::Pix.name(), Path::Pix.score()), ("PIX", 50));
/// assert_eq!("SYS".parse(), Ok(Path::Sys));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Path {
    /// On one board.
    Board,
    /// At most one PCIe bridge.
    Pix,
    /// Several PCIe bridges, no host bridge.
    Pxb,
    /// A PCIe host bridge.
    Phb,
    /// Across host bridges of one NUMA node.
    Node,
    /// Across sockets.
    Sys,
}

impl Path {
    /// All of them, near to far.
    pub const ALL: [Path; 6] = [
        Path::Board,
        Path::Pix,
        Path::Pxb,
        Path::Phb,
        Path::Node,
        Path::Sys,
    ];

    /// The word of `nvidia-smi topo -m`; `BOARD`, which it has no word for, is NVML's "internal".
    pub const fn name(self) -> &'static str {
        match self {
            Path::Board => "BOARD",
            Path::Pix => "PIX",
            Path::Pxb => "PXB",
            Path::Phb => "PHB",
            Path::Node => "NODE",
            Path::Sys => "SYS",
        }
    }

    /// What it counts in a pair score: 60 on one board, down to 10 across sockets
    /// (NVIDIA/go-gpuallocator 876e7b7, `calculateGPUPairScore`).
    pub const fn score(self) -> u32 {
        60 - 10 * self as u32
    }
}

impl std::str::FromStr for Path {
    type Err = ();

    fn from_str(word: &str) -> Result<Path, ()> {
        let found = Path::ALL.into_iter().find(|path| path.name() == word);
        found.ok_or(())
    }
}

/// What joins two GPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// NVLinks (or xGMI links) from one straight to the other; those through a switch are not
    /// counted here.
    pub nvlinks: u8,
    /// The path besides; `None` = not known (upstream's fixtures leave it out for some pairs).
    pub path: Option<Path>,
    /// Bandwidth of the best of both, GB/s in one direction.
    pub gbps: f64,
}

impl Link {
    /// The score of a pair so joined: 100 for each direct NVLink, and what the path counts besides
    /// (NVIDIA/go-gpuallocator 876e7b7). Links that end at a switch count nothing there: the far
    /// end that NVML reports is the switch and never the other GPU.
    ///
    /// ```
    /// use gpusched_core::topology::{Link, Path};
    /// let link = Link { nvlinks: 2, path: Some(Path::Phb), gbps: 50.0 };
    /// assert_eq!(link.score(), 230);
    /// ```
    pub fn score(&self) -> u32 {
        100 * u32::from(self.nvlinks) + self.path.map_or(0, Path::score)
    }
}

/// A switch that joins all GPUs of a node (or, across nodes, of an NVLink domain).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switch {
    /// NVLinks of each GPU into it.
    pub links: u8,
    /// Bandwidth of each GPU into it, GB/s in one direction.
    pub gbps_per_gpu: f64,
    /// It can reduce in the switch (NVLS, SHARP).
    pub reduces: bool,
}

/// A network card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nic {
    /// Line rate, GB/s in one direction.
    pub gbps: f64,
    /// Its NUMA node.
    pub numa: u8,
    /// The GPU it is nearest to; `None` = it serves all alike.
    pub gpu: Option<u8>,
}

/// The devices of one node. GPUs are numbered as in the node.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    name: String,
    gpus: usize,
    links: Vec<Link>,
    numa: Vec<u8>,
    switch: Option<Switch>,
    nics: Vec<Nic>,
}

/// Why a board cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// More devices than a mask holds, or none.
    #[error("a board has 1 to 64 GPUs")]
    Gpus,
    /// A table of another size than devices × devices, or NUMA nodes of another number than devices.
    #[error("{what} of {found} entries: {wanted} are needed")]
    Size {
        /// Which table.
        what: &'static str,
        /// Entries it has.
        found: usize,
        /// Entries it needs.
        wanted: usize,
    },
    /// A link that is another one seen from the other end.
    #[error("the link from GPU {one} to GPU {other} is not the one back: links are symmetric")]
    Asymmetric {
        /// One end.
        one: usize,
        /// The other.
        other: usize,
    },
}

impl Board {
    /// A board of `numa.len()` GPUs; `links` is the full matrix, row by row (its diagonal is not read).
    ///
    /// # Errors
    /// [`BoardError`].
    pub fn new(
        name: impl Into<String>,
        links: Vec<Link>,
        numa: Vec<u8>,
        switch: Option<Switch>,
        nics: Vec<Nic>,
    ) -> Result<Board, BoardError> {
        let gpus = numa.len();
        if gpus == 0 || gpus > 64 {
            return Err(BoardError::Gpus);
        }
        if links.len() != gpus * gpus {
            return Err(BoardError::Size {
                what: "a link table",
                found: links.len(),
                wanted: gpus * gpus,
            });
        }
        for one in 0..gpus {
            for other in 0..one {
                if links[one * gpus + other] != links[other * gpus + one] {
                    return Err(BoardError::Asymmetric {
                        one: other,
                        other: one,
                    });
                }
            }
        }
        Ok(Board {
            name: name.into(),
            gpus,
            links,
            numa,
            switch,
            nics,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// GPUs.
    pub fn gpus(&self) -> usize {
        self.gpus
    }

    /// What joins two different GPUs.
    #[inline]
    pub fn link(&self, one: usize, other: usize) -> Link {
        self.links[one * self.gpus + other]
    }

    /// The NUMA node of a GPU.
    pub fn numa(&self, gpu: usize) -> u8 {
        self.numa[gpu]
    }

    /// The switch that joins all GPUs, if there is one.
    pub fn switch(&self) -> Option<Switch> {
        self.switch
    }

    /// The network cards.
    pub fn nics(&self) -> &[Nic] {
        &self.nics
    }

    /// Line rate of all network cards, GB/s in one direction.
    pub fn nic_gbps(&self) -> f64 {
        self.nics.iter().map(|nic| nic.gbps).sum()
    }

    /// NVLinks of a GPU: those straight to others and those into the switch.
    pub fn nvlinks_of(&self, gpu: usize) -> u32 {
        let others = (0..self.gpus).filter(|other| *other != gpu);
        let direct: u32 = others
            .map(|other| u32::from(self.link(gpu, other).nvlinks))
            .sum();
        direct + self.switch.map_or(0, |switch| u32::from(switch.links))
    }

    /// Score of a set of GPUs: the sum over its pairs. O(set²).
    pub fn set_score(&self, set: &[usize]) -> u32 {
        let pairs = set
            .iter()
            .enumerate()
            .flat_map(|(place, one)| set[..place].iter().map(move |other| (*one, *other)));
        pairs
            .map(|(one, other)| self.link(one, other).score())
            .sum()
    }

    /// The same devices with these network cards.
    #[must_use]
    pub fn with_nics(self, nics: Vec<Nic>) -> Board {
        Board { nics, ..self }
    }

    /// The same devices under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Board {
        Board {
            name: name.into(),
            ..self
        }
    }
}
