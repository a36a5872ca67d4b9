//! Counters that devices of a pool share (KEP-4815): a whole GPU and the MIG instances it can be
//! cut into draw on the same counter set, so that they exclude each other.
//!
//! What is left of a pool is what its sets hold less what its allocated devices take, wherever
//! those are. During a search the devices chosen so far are added in a [`Ledger`]. Upstream checks
//! all counters of the pool for each device; as long as nothing is below zero at the start, only
//! those the device draws on can be exceeded by it, and only they are looked at here.

use super::alike::{ListId, Lists};
use super::dense::dense;
use super::inventory::{DeviceId, Inventory, PoolId, PoolName, Unit, UnitId};
use super::objects::CounterSet;
use super::usage::Usage;
use rustc_hash::FxHashMap;

dense!(
    /// The counters of one pool in one generation, with all devices that draw on them.
    CounterSource
);

/// No limit: a counter the pool does not have.
const UNLIMITED: i128 = i128::MAX;

/// The counters of one pool.
#[derive(Clone, Debug)]
struct Source {
    pool: PoolId,
    name: PoolName,
    /// How much there is, by number.
    limits: ListId,
    /// Units that draw on them, of any node.
    members: ListId,
    /// What is left for new claims, by number; as of `version`.
    left: Vec<i128>,
    exhausted: bool,
    version: Option<u64>,
}

/// A unit that draws on counters, as it stands in all pools that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Member {
    /// How far from the first device of its pool.
    device: u32,
    takes: ListId,
}

/// All counters. Nodes that see the same slices of a pool share an entry; what equal pools have
/// and draw is kept once.
#[derive(Clone, Debug, Default)]
pub(super) struct CounterSources {
    sources: Vec<Source>,
    limits: Lists<(u32, i128)>,
    members: Lists<Member>,
    known: FxHashMap<(PoolId, Vec<u32>, Vec<u32>), CounterSource>,
}

impl CounterSources {
    /// The counters of a pool: `sets` are its slices with counter sets, `devices` those with
    /// devices for the node, `unseen` all others. `None` when it has none. O(devices of the pool)
    /// the first time.
    ///
    /// # Errors
    /// Two sets of one name, or a device that draws on what does not exist.
    pub(super) fn add(
        &mut self,
        inventory: &Inventory,
        pool: PoolId,
        sets: &[u32],
        devices: &[u32],
        unseen: &[u32],
    ) -> Result<Option<CounterSource>, String> {
        let mut members: Vec<u32> = devices.iter().chain(unseen).copied().collect();
        members.sort_unstable();
        let key = (pool, sets.to_vec(), members);
        if let Some(&known) = self.known.get(&key) {
            return Ok(Some(known));
        }
        let mut names: FxHashMap<&str, &CounterSet> = FxHashMap::default();
        for set in sets
            .iter()
            .flat_map(|&at| &inventory.slice(at).content.shared_counters)
        {
            if names.insert(&set.name, set).is_some() {
                return Err(format!("two counter sets are named {}", set.name));
            }
        }
        for &at in sets.iter().chain(devices).chain(unseen) {
            check(inventory, at, &names)?;
        }
        let units = key
            .2
            .iter()
            .flat_map(|&at| inventory.units_of(at))
            .map(UnitId);
        let first = inventory.first_device(pool).0;
        let members = units.map(|unit| inventory.unit(unit)).map(|unit| Member {
            device: unit.device.0 - first,
            takes: unit.takes,
        });
        let draws = |one: &Member| !inventory.taken(one.takes).is_empty();
        let members: Vec<Member> = members.filter(draws).collect();
        if names.is_empty() && members.is_empty() {
            return Ok(None);
        }
        let name = inventory.pools()[pool.index()].name_id;
        let counters = names.values().flat_map(|set| {
            let numbered = |(counter, amount): (&String, &crate::kube::Quantity)| {
                let number = inventory.counter(name, &set.name, counter)?;
                Some((number, amount.nanos()))
            };
            set.counters.iter().filter_map(numbered)
        });
        let mut limits: Vec<(u32, i128)> = counters.collect();
        limits.sort_unstable();
        let id = CounterSource::from(self.sources.len());
        self.sources.push(Source {
            pool,
            name,
            limits: self.limits.of(&limits),
            members: self.members.of(&members),
            left: Vec::new(),
            exhausted: false,
            version: None,
        });
        self.known.insert(key, id);
        Ok(Some(id))
    }

    /// Brings what is left up to date. O(counters + devices), O(1) when no device of the pool was
    /// given out or taken back since.
    fn refresh(&mut self, id: CounterSource, inventory: &Inventory, usage: &Usage) {
        let source = &mut self.sources[id.index()];
        let version = Some(usage.version(source.pool));
        if source.version == version {
            return;
        }
        source.version = version;
        source.left.clear();
        let count = inventory.counter_count(source.name);
        source.left.resize(count, UNLIMITED);
        for &(number, amount) in self.limits.get(source.limits) {
            source.left[number as usize] = amount;
        }
        let first = inventory.first_device(source.pool).0;
        for member in self.members.get(source.members) {
            if !usage.is_allocated(DeviceId(first + member.device)) {
                continue;
            }
            for &(number, amount) in inventory.taken(member.takes) {
                let left = &mut source.left[number as usize];
                if *left != UNLIMITED {
                    *left = left.saturating_sub(amount);
                }
            }
        }
        source.exhausted = source.left.iter().any(|&left| left < 0);
    }

    /// What is left of a counter, and what there is of it; `None` for one the pool does not have.
    /// The source must be up to date.
    fn left(&self, source: CounterSource, number: u32) -> Option<(i128, i128)> {
        let source = &self.sources[source.index()];
        let limits = self.limits.get(source.limits);
        let at = limits.binary_search_by_key(&number, |limit| limit.0).ok()?;
        Some((source.left[number as usize], limits[at].1))
    }
}

/// Whether the devices of a slice draw only on what exists.
fn check(
    inventory: &Inventory,
    slice: u32,
    names: &FxHashMap<&str, &CounterSet>,
) -> Result<(), String> {
    for device in &inventory.slice(slice).content.devices {
        for take in &device.consumes {
            let Some(set) = names.get(take.counter_set.as_str()) else {
                return Err(format!(
                    "device {} draws on counter set {}, which does not exist",
                    device.name, take.counter_set
                ));
            };
            let missing = |counter: &&String| !set.counters.contains_key(counter.as_str());
            if let Some(counter) = take.counters.keys().find(missing) {
                return Err(format!(
                    "device {} draws on counter {counter}, which counter set {} does not have",
                    device.name, take.counter_set
                ));
            }
        }
    }
    Ok(())
}

/// Whose counters a search adds up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Those of one pool.
    Source(CounterSource),
    /// Those of all pools of a name (B4).
    Name(PoolName),
}

/// What the devices chosen so far draw on.
#[derive(Clone, Debug)]
struct Ledger {
    key: Key,
    /// Whose limits apply.
    source: CounterSource,
    /// By number of the counter.
    drawn: Vec<i128>,
}

/// The ledgers of one search. The limits that B4 fixes stay for all nodes of an attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledgers {
    open: Vec<Ledger>,
    spare: Vec<Vec<i128>>,
    fixed: FxHashMap<PoolName, CounterSource>,
}

/// What a draw is checked against.
pub(super) struct Books<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) usage: &'a Usage,
    pub(super) sources: &'a mut CounterSources,
    /// B4.
    pub(super) by_name: bool,
}

impl Books<'_> {
    fn key(&self, source: CounterSource) -> Key {
        match self.by_name {
            true => Key::Name(self.sources.sources[source.index()].name),
            false => Key::Source(source),
        }
    }
}

impl Ledgers {
    /// Forgets what was drawn: another node.
    pub(super) fn clear(&mut self) {
        let drawn = self.open.drain(..).map(|ledger| ledger.drawn);
        self.spare.extend(drawn);
    }

    /// The ledger a source is booked in, opened if need be.
    fn open(&mut self, source: CounterSource, books: &mut Books<'_>) -> &mut Ledger {
        let key = books.key(source);
        if let Some(at) = self.open.iter().position(|ledger| ledger.key == key) {
            return &mut self.open[at];
        }
        let source = match key {
            Key::Source(source) => source,
            Key::Name(name) => *self.fixed.entry(name).or_insert(source),
        };
        books.sources.refresh(source, books.inventory, books.usage);
        let mut drawn = self.spare.pop().unwrap_or_default();
        drawn.clear();
        drawn.resize(books.sources.sources[source.index()].left.len(), 0);
        self.open.push(Ledger { key, source, drawn });
        self.open.last_mut().expect("just pushed")
    }

    /// Draws what a unit takes if enough is left; else nothing. O(counters of the unit).
    pub(super) fn draw(&mut self, unit: &Unit, id: CounterSource, books: &mut Books<'_>) -> bool {
        let takes = books.inventory.takes(unit);
        let ledger = self.open(id, books);
        let source = &books.sources.sources[ledger.source.index()];
        if source.exhausted {
            return false;
        }
        for &(number, amount) in takes {
            let drawn = &mut ledger.drawn[number as usize];
            *drawn = drawn.saturating_add(amount);
        }
        let within = |number: usize| source.left[number] >= ledger.drawn[number];
        let fits = match books.inventory.gives() {
            true => (0..source.left.len()).all(within),
            false => takes.iter().all(|&(number, _)| within(number as usize)),
        };
        if !fits {
            give_back(ledger, takes);
        }
        fits
    }

    /// Takes back what a unit drew.
    pub(super) fn give_back(&mut self, unit: &Unit, id: CounterSource, books: &mut Books<'_>) {
        let takes = books.inventory.takes(unit);
        give_back(self.open(id, books), takes);
    }

    /// How much of a counter is left beside what is drawn, and how much there is; `None` for one
    /// without a limit.
    pub(super) fn left(
        &mut self,
        id: CounterSource,
        number: u32,
        books: &mut Books<'_>,
    ) -> Option<(i128, i128)> {
        let ledger = self.open(id, books);
        let (source, drawn) = (ledger.source, ledger.drawn[number as usize]);
        let (left, limit) = books.sources.left(source, number)?;
        Some((left.saturating_sub(drawn), limit))
    }
}

fn give_back(ledger: &mut Ledger, takes: &[(u32, i128)]) {
    for &(number, amount) in takes {
        let drawn = &mut ledger.drawn[number as usize];
        *drawn = drawn.saturating_sub(amount);
    }
}
