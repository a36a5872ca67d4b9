//! What fits where on one kind of GPU: the geometry of a board, compiled into tables.
//!
//! The state of a GPU is which placement units are taken, a `u16` with a bit per unit. There are
//! only 2⁸ (or 2⁴, 2¹²) such states, so every question about slots is answered once, when the
//! geometry is built; asking is an array access. An instance is legal where all its units are free
//! at one of its profile's legal starts. What a bit mask cannot say (one `+me` per board, engine
//! counts, the 4g+3g rule of old drivers) is a handful of small counters, packed into one `u64`
//! and checked by one addition; see [`Counters`].

use super::arrange::Held;
use super::counters::{Counters, Limits};
use super::order::StartOrder;
use super::profiles::{Board, Profile, ProfileRow};

/// Placement units of one GPU, bit per unit.
pub type Units = u16;

/// An instance on a GPU: what and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// Its profile.
    pub profile: ProfileRow,
    /// Its first unit.
    pub start: u8,
}

/// A set of profiles of one board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProfileSet(pub u32);

impl ProfileSet {
    /// The set of `rows`.
    pub fn of(rows: impl IntoIterator<Item = ProfileRow>) -> ProfileSet {
        rows.into_iter()
            .fold(ProfileSet(0), |set, row| ProfileSet(set.0 | 1 << row.0))
    }

    /// Whether `row` is a member.
    #[inline]
    pub const fn contains(self, row: ProfileRow) -> bool {
        self.0 >> row.0 & 1 == 1
    }

    /// Whether there is no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Members in table order.
    pub fn iter(self) -> impl Iterator<Item = ProfileRow> {
        (0..32)
            .map(ProfileRow)
            .filter(move |&row| self.contains(row))
    }
}

/// What the driver of a node allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether a 4g and a 3g may stand on one GPU: from driver R510 on.
    pub four_with_three: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            four_with_three: true,
        }
    }
}

impl Rules {
    /// The rules of a driver branch, by its major version (535 for 535.104).
    ///
    /// ```
    /// use gpusched_core::gpu::mig::Rules;
    /// assert!(!Rules::of_driver(470).four_with_three);
    /// assert_eq!(Rules::of_driver(580), Rules::default());
    /// ```
    pub const fn of_driver(major: u16) -> Rules {
        Rules {
            four_with_three: major >= 510,
        }
    }
}

/// Why a geometry cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// No placements are known for the board.
    #[error("the placements of {0} are not known: no listing has been published")]
    NoPlacements(&'static str),
    /// An override for a profile the board does not have.
    #[error("{board} has no profile {name}; it has {known}")]
    UnknownProfile {
        /// The board.
        board: &'static str,
        /// The name given.
        name: String,
        /// The names it has.
        known: String,
    },
    /// An override beyond the board's units.
    #[error("{profile} cannot start at {start} on {board}: it takes {size} of {units} units")]
    Start {
        /// The board.
        board: &'static str,
        /// The profile.
        profile: &'static str,
        /// The start given.
        start: u8,
        /// Units the profile takes.
        size: u8,
        /// Units of the board.
        units: u8,
    },
}

/// One profile, compiled.
#[derive(Clone, Debug)]
struct Shape {
    mask: Units,
    size: u8,
    starts: Vec<u8>,
}

/// A board's geometry, compiled once and shared by all GPUs of that kind.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, StartOrder};
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let three = a100.board().by_name("3g.20gb").unwrap();
/// let two = a100.board().by_name("2g.10gb").unwrap();
///
/// // The driver puts the first 3g.20gb at slot 4; then two 2g.10gb still fit, at 0 and 2.
/// assert_eq!(a100.start(StartOrder::Driver, three, 0), Some(4));
/// let taken = a100.mask(three, 4);
/// assert_eq!(a100.placements_left(two, taken), 2);
/// assert_eq!(a100.start(StartOrder::Driver, two, taken), Some(0));
/// ```
#[derive(Clone, Debug)]
pub struct Geometry {
    board: &'static Board,
    rules: Rules,
    units: u8,
    shapes: Vec<Shape>,
    limits: Limits,
    /// By row and occupancy: free legal starts, bit per start.
    free_starts: Vec<u16>,
    /// By occupancy.
    placeable: Vec<u32>,
    /// By order, row and occupancy; [`NO_START`] when nothing is free.
    chosen: Vec<u8>,
    /// By occupancy: free units that some free legal placement covers.
    usable: Vec<u8>,
}

/// In the table of chosen starts: none.
pub(super) const NO_START: u8 = u8::MAX;

impl Geometry {
    /// The published geometry of a board, under a current driver.
    ///
    /// # Errors
    /// [`GeometryError::NoPlacements`] when nobody has published one.
    pub fn of(board: &'static Board) -> Result<Geometry, GeometryError> {
        Geometry::with(board, Rules::default(), &[])
    }

    /// A geometry with a driver's rules and a node's own legal starts by profile name, which
    /// replace the published ones. Floor-swept boards have them: one H100 PCIe listing shows seven
    /// 1g instances that leave out slot 3 instead of slot 7.
    ///
    /// # Errors
    /// [`GeometryError`]: no placements known, an unknown profile, a start beyond the board.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::{board, Geometry, Rules};
    /// let swept = [("1g.10gb".to_owned(), vec![0, 1, 2, 4, 5, 6, 7])];
    /// let node = Geometry::with(board("H100-80GB-PCIe").unwrap(), Rules::default(), &swept).unwrap();
    /// let single = node.board().by_id(19).unwrap();
    /// assert!(node.fits(single, 7, 0) && !node.fits(single, 3, 0));
    /// ```
    pub fn with(
        board: &'static Board,
        rules: Rules,
        starts: &[(String, Vec<u8>)],
    ) -> Result<Geometry, GeometryError> {
        let units = board.units.ok_or(GeometryError::NoPlacements(board.name))?;
        let mut shapes = Vec::with_capacity(board.profiles.len());
        for profile in board.profiles {
            let size = profile
                .size
                .ok_or(GeometryError::NoPlacements(board.name))?;
            shapes.push(Shape {
                mask: ((1u32 << size) - 1) as Units,
                size,
                starts: profile.starts.to_vec(),
            });
        }
        for (name, own) in starts {
            let row = board.by_name(name).ok_or_else(|| unknown(board, name))?;
            let shape = &mut shapes[row.index()];
            let beyond =
                |start: &&u8| u16::from(**start) + u16::from(shape.size) > u16::from(units);
            if let Some(&start) = own.iter().find(beyond) {
                return Err(GeometryError::Start {
                    board: board.name,
                    profile: board.profile(row).name,
                    start,
                    size: shape.size,
                    units,
                });
            }
            shape.starts.clone_from(own);
            shape.starts.sort_unstable();
            shape.starts.dedup();
        }
        let mut geometry = Geometry {
            board,
            rules,
            units,
            shapes,
            limits: Limits::of(board, rules),
            free_starts: Vec::new(),
            placeable: Vec::new(),
            chosen: Vec::new(),
            usable: Vec::new(),
        };
        geometry.fill();
        Ok(geometry)
    }

    /// This geometry with only the placements that `keep` accepts: what a GPU offers whose layout
    /// stays as it is, or a repartitioner that knows some profiles only. Rows keep their numbers.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::{board, Geometry};
    /// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
    /// let three = a100.row("3g.20gb").unwrap();
    /// // A GPU that is cut into one 3g.20gb at 4 offers that, and nothing else.
    /// let cut = a100.restricted(|row, start| row == three && start == 4);
    /// assert!(cut.fits(three, 4, 0) && !cut.fits(three, 0, 0));
    /// assert_eq!((cut.usable_units(0), a100.usable_units(0)), (4, 8));
    /// ```
    #[must_use]
    pub fn restricted(&self, keep: impl Fn(ProfileRow, u8) -> bool) -> Geometry {
        let mut geometry = Geometry {
            board: self.board,
            rules: self.rules,
            units: self.units,
            shapes: self.shapes.clone(),
            limits: self.limits.clone(),
            free_starts: Vec::new(),
            placeable: Vec::new(),
            chosen: Vec::new(),
            usable: Vec::new(),
        };
        for (row, shape) in geometry.shapes.iter_mut().enumerate() {
            let row = ProfileRow(row as u8);
            shape.starts.retain(|&start| keep(row, start));
        }
        geometry.fill();
        geometry
    }

    /// Fills the tables. O(states × placements × orders), at most 4096 × 33 × 4.
    fn fill(&mut self) {
        let states = 1usize << self.units;
        self.placeable = vec![0; states];
        let mut covered: Vec<Units> = vec![0; states];
        for (row, shape) in self.shapes.iter().enumerate() {
            for (state, placeable) in self.placeable.iter_mut().enumerate() {
                let free = |&&start: &&u8| (shape.mask << start) & state as Units == 0;
                let starts = shape.starts.iter().filter(free);
                let free_starts = starts.clone().fold(0u16, |set, start| set | 1 << start);
                self.free_starts.push(free_starts);
                covered[state] |= starts.fold(0, |units, start| units | shape.mask << start);
                *placeable |= u32::from(free_starts != 0) << row;
            }
        }
        let counted = covered.iter().map(|units| units.count_ones() as u8);
        self.usable = counted.collect();
        for order in StartOrder::ALL {
            for (row, shape) in self.shapes.iter().enumerate() {
                let tried = order.arrange(self.board, &self.board.profiles[row], &shape.starts);
                for state in 0..states {
                    let free = self.free_starts[row * states + state];
                    let first = tried.iter().find(|&&start| free >> start & 1 == 1);
                    self.chosen.push(first.copied().unwrap_or(NO_START));
                }
            }
        }
    }

    /// The board.
    pub fn board(&self) -> &'static Board {
        self.board
    }

    /// The driver's rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Placement units of the board.
    #[inline]
    pub fn units(&self) -> u8 {
        self.units
    }

    /// Number of occupancies: 2 to the units.
    #[inline]
    pub fn states(&self) -> usize {
        1 << self.units
    }

    /// The counters no bit mask can hold.
    #[inline]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A profile of the board.
    pub fn profile(&self, row: ProfileRow) -> &'static Profile {
        self.board.profile(row)
    }

    /// Units a profile takes.
    #[inline]
    pub fn size(&self, row: ProfileRow) -> u8 {
        self.shapes[row.index()].size
    }

    /// Legal starts on this node, ascending.
    pub fn starts(&self, row: ProfileRow) -> &[u8] {
        &self.shapes[row.index()].starts
    }

    /// The units an instance takes. `start` must be legal.
    #[inline]
    pub fn mask(&self, row: ProfileRow, start: u8) -> Units {
        self.shapes[row.index()].mask << start
    }

    #[inline]
    fn at(&self, row: ProfileRow, taken: Units) -> usize {
        (row.index() << self.units) + usize::from(taken)
    }

    /// Free legal starts of a profile, bit per start. O(1).
    #[inline]
    pub fn free_starts(&self, row: ProfileRow, taken: Units) -> u16 {
        self.free_starts[self.at(row, taken)]
    }

    /// How many legal placements of a profile are free; they may overlap one another. O(1).
    #[inline]
    pub fn placements_left(&self, row: ProfileRow, taken: Units) -> u32 {
        self.free_starts(row, taken).count_ones()
    }

    /// Whether an instance fits the free units. O(1).
    #[inline]
    pub fn fits(&self, row: ProfileRow, start: u8, taken: Units) -> bool {
        start < 16 && self.free_starts(row, taken) >> start & 1 == 1
    }

    /// Profiles with a free placement, by units alone. O(1).
    #[inline]
    pub fn placeable(&self, taken: Units) -> ProfileSet {
        ProfileSet(self.placeable[usize::from(taken)])
    }

    /// Profiles that can be created next to what is there: free units and counters. O(profiles).
    pub fn creatable(&self, taken: Units, counters: Counters) -> ProfileSet {
        let rows = self.placeable(taken).iter();
        ProfileSet::of(rows.filter(|&row| self.limits.allows(counters, row)))
    }

    /// The start an order chooses, by units alone. O(1).
    #[inline]
    pub fn start(&self, order: StartOrder, row: ProfileRow, taken: Units) -> Option<u8> {
        let start = self.chosen_starts(order, row)[usize::from(taken)];
        (start != NO_START).then_some(start)
    }

    /// By occupancy: the start an order chooses, 255 when nothing is free. For scans.
    #[inline]
    pub fn chosen_starts(&self, order: StartOrder, row: ProfileRow) -> &[u8] {
        let at = (order as usize * self.shapes.len() + row.index()) << self.units;
        &self.chosen[at..at + self.states()]
    }

    /// Starts of a profile in the order they are tried.
    pub fn ordered_starts(&self, order: StartOrder, row: ProfileRow) -> Vec<u8> {
        order.arrange(self.board, self.profile(row), self.starts(row))
    }

    /// Free units. O(1).
    #[inline]
    pub fn free_units(&self, taken: Units) -> u32 {
        u32::from(self.units) - taken.count_ones()
    }

    /// Free units that some free legal placement covers: the others are lost until something is
    /// destroyed. O(1).
    #[inline]
    pub fn usable_units(&self, taken: Units) -> u32 {
        u32::from(self.usable[usize::from(taken)])
    }

    /// How many instances of one profile can be created next to what is held: starts of equal
    /// size are packed best from the lowest up. O(instances).
    pub fn most(&self, row: ProfileRow, held: Held) -> u32 {
        let place = |held: &Held| {
            let start = self.start(StartOrder::Lowest, row, held.units)?;
            let instance = Instance {
                profile: row,
                start,
            };
            held.with(self, instance)
        };
        std::iter::successors(place(&held), place).count() as u32
    }

    /// Finds a profile by name.
    ///
    /// # Errors
    /// [`GeometryError::UnknownProfile`], which lists the names the board has.
    pub fn row(&self, name: &str) -> Result<ProfileRow, GeometryError> {
        self.board
            .by_name(name)
            .ok_or_else(|| unknown(self.board, name))
    }

    /// The set of profiles with the given names.
    ///
    /// # Errors
    /// [`GeometryError::UnknownProfile`] for the first that is not on the board.
    pub fn set(&self, names: &[&str]) -> Result<ProfileSet, GeometryError> {
        let rows: Result<Vec<_>, _> = names.iter().map(|name| self.row(name)).collect();
        Ok(ProfileSet::of(rows?))
    }

    /// All profiles.
    pub fn all(&self) -> ProfileSet {
        ProfileSet::of(self.board.rows())
    }

    /// The profiles that differ in compute slices only: no attribute, no double memory. Five on a
    /// board of seven slices, three on one of four.
    pub fn base(&self) -> ProfileSet {
        ProfileSet::of(self.board.rows().filter(|&row| self.is_base(row)))
    }

    fn is_base(&self, row: ProfileRow) -> bool {
        let profile = self.profile(row);
        let slimmer = |other: &Profile| {
            other.slices == profile.slices && other.mem_slices < profile.mem_slices
        };
        profile.media == super::Media::Plain && !self.board.profiles.iter().any(slimmer)
    }
}

fn unknown(board: &'static Board, name: &str) -> GeometryError {
    let names: Vec<_> = board.profiles.iter().map(|profile| profile.name).collect();
    GeometryError::UnknownProfile {
        board: board.name,
        name: name.to_owned(),
        known: names.join(", "),
    }
}
