//! Virtual clusters: who is promised which cells.

use super::Inventory;
use super::cells::{Cells, Chain};
use std::sync::Arc;

/// What a virtual cluster is promised of one kind of cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The cells: `gpu`, `socket` (the GPUs of one NUMA node), `node`, or a level of the fabric
    /// (`nvlink`, `rack`, `block`, `zone`).
    pub cell: String,
    /// How many (at least 1).
    pub count: u32,
    /// Their GPU model; `None` = there is but one that fits.
    pub model: Option<String>,
    /// GPUs in one such cell; `None` = all have equally many.
    pub gpus: Option<u32>,
}

/// A virtual cluster, by the name of the queue its jobs are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualCluster {
    /// The queue.
    pub name: String,
    /// What it is promised.
    pub quotas: Vec<Quota>,
}

/// Why quotas cannot be promised. The cluster and the quota are numbers in the lists given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QuotaError {
    /// Which virtual cluster.
    pub cluster: usize,
    /// Which of its quotas.
    pub quota: usize,
    /// What is wrong.
    pub problem: String,
    /// What could be written instead.
    pub help: String,
}

/// Cells promised to a virtual cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) cluster: usize,
    pub(crate) chain: usize,
    pub(crate) level: u8,
    pub(crate) count: u32,
}

/// Virtual clusters whose quotas the machines can honour all at once.
///
/// Quotas are met chain by chain in the order of machines: `node` × 5 may be three nodes of racks of
/// four and two that stand alone. Whatever the order in which quotas are claimed later, there are
/// cells for all of them: from the top level down, the cells left over after those promised whole
/// suffice, split, for those promised below (HiveD, OSDI 2020, section 3).
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node, Quota, VirtualCluster, VirtualClusters};
/// let nodes = (0..3).map(|i| Node::with_gpus(format!("n{i}"), 8, "H100")).collect();
/// let inventory = Inventory::new(nodes).unwrap();
/// let team = |name: &str, cell: &str, count| VirtualCluster {
///     name: name.into(),
///     quotas: vec![Quota { cell: cell.into(), count, model: None, gpus: None }],
/// };
/// let fit = vec![team("a", "node", 2), team("b", "gpu", 8)];
/// assert!(VirtualClusters::new(&inventory, fit, false).is_ok());
/// let too_much = vec![team("a", "node", 2), team("b", "gpu", 9)];
/// let error = VirtualClusters::new(&inventory, too_much, false).unwrap_err();
/// assert_eq!(error.problem, "9 cells `gpu` are promised to b, and 8 are left for it");
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClusters {
    clusters: Vec<VirtualCluster>,
    lazy: bool,
    promises: Vec<Promise>,
    cells: Arc<Cells>,
}

impl VirtualClusters {
    /// Checks quotas against the machines, in the order given. `lazy`: whether a job that loses its
    /// cells to a job of higher priority of its own virtual cluster runs on as an opportunistic one
    /// until somebody needs the GPUs it is on.
    ///
    /// # Errors
    /// [`QuotaError`]: cells there are none of, of several sizes or models, or too few.
    pub fn new(
        inventory: &Inventory,
        clusters: Vec<VirtualCluster>,
        lazy: bool,
    ) -> Result<VirtualClusters, QuotaError> {
        let cells = Cells::new(inventory);
        let tops: Vec<u32> = (0..cells.chains.len())
            .map(|chain| cells.tops(chain).count() as u32)
            .collect();
        let mut ledger = Ledger {
            inventory,
            chains: &cells.chains,
            promised: cells
                .chains
                .iter()
                .map(|chain| vec![0; chain.names.len()])
                .collect(),
            tops,
        };
        let mut promises = Vec::new();
        for (cluster, entry) in clusters.iter().enumerate() {
            for (quota, wanted) in entry.quotas.iter().enumerate() {
                let promised = ledger.promise(cluster, &entry.name, wanted);
                let promised = promised.map_err(|(problem, help)| QuotaError {
                    cluster,
                    quota,
                    problem,
                    help,
                })?;
                promises.extend(promised);
            }
        }
        Ok(VirtualClusters {
            clusters,
            lazy,
            promises,
            cells: Arc::new(cells),
        })
    }

    /// The virtual clusters, in the order given.
    pub fn clusters(&self) -> &[VirtualCluster] {
        &self.clusters
    }

    /// The virtual cluster of a queue, by number.
    pub fn find(&self, queue: &str) -> Option<usize> {
        self.clusters
            .iter()
            .position(|cluster| cluster.name == queue)
    }

    /// Whether guaranteed jobs are preempted lazily.
    pub fn lazy(&self) -> bool {
        self.lazy
    }

    pub(crate) fn promises(&self) -> &[Promise] {
        &self.promises
    }

    pub(crate) fn cells(&self) -> &Arc<Cells> {
        &self.cells
    }
}

/// What is promised so far.
struct Ledger<'a> {
    inventory: &'a Inventory,
    chains: &'a [Chain],
    /// By chain and level.
    promised: Vec<Vec<u32>>,
    /// By chain: top cells.
    tops: Vec<u32>,
}

impl Ledger<'_> {
    fn promise(
        &mut self,
        cluster: usize,
        name: &str,
        quota: &Quota,
    ) -> Result<Vec<Promise>, (String, String)> {
        let fitting = self.fitting(quota)?;
        let mut left = quota.count;
        let mut promises: Vec<Promise> = Vec::new();
        for (chain, level) in fitting {
            let count = self.most(chain, level).min(left);
            if count > 0 {
                self.promised[chain][usize::from(level)] += count;
                left -= count;
                promises.push(Promise {
                    cluster,
                    chain,
                    level,
                    count,
                });
            }
        }
        if left > 0 {
            let problem = format!(
                "{} cells `{}` are promised to {name}, and {} are left for it",
                quota.count,
                quota.cell,
                quota.count - left
            );
            let help = "lower the count, or what the virtual clusters before it are promised";
            return Err((problem, help.to_owned()));
        }
        Ok(promises)
    }

    /// The kinds of cells meant: chain and level. They are of one model and size.
    fn fitting(&self, quota: &Quota) -> Result<Vec<(usize, u8)>, (String, String)> {
        let called = self.chains.iter().enumerate().flat_map(|(number, chain)| {
            let levels = chain.names.iter().enumerate();
            levels
                .filter(|(_, name)| **name == quota.cell)
                .map(move |(level, _)| (number, level as u8))
        });
        let called: Vec<(usize, u8)> = called.collect();
        if called.is_empty() {
            let mut names: Vec<&str> = Vec::new();
            for name in self.chains.iter().flat_map(|chain| &chain.names) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            let help = format!("the cells here are: {}", names.join(", "));
            return Err((format!("there are no cells `{}` here", quota.cell), help));
        }
        let models = self.inventory.models();
        let model = |chain: usize| models[self.chains[chain].model.index()].0.as_str();
        let gpus = |(chain, level): (usize, u8)| self.chains[chain].gpus[usize::from(level)];
        let meant = |&(chain, level): &(usize, u8)| {
            quota.model.as_ref().is_none_or(|name| name == model(chain))
                && quota
                    .gpus
                    .is_none_or(|wanted| wanted == gpus((chain, level)))
        };
        let fitting: Vec<(usize, u8)> = called.iter().copied().filter(meant).collect();
        let kinds = |cells: &[(usize, u8)]| {
            let mut kinds: Vec<String> = Vec::new();
            for &(chain, level) in cells {
                let kind = format!("{} GPUs of {}", gpus((chain, level)), model(chain));
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            kinds
        };
        let all = kinds(&called);
        match kinds(&fitting).len() {
            0 => Err((
                format!(
                    "there are no cells `{}` of that model and size here",
                    quota.cell
                ),
                format!("cells of that name have {}", all.join(", or ")),
            )),
            1 => Ok(fitting),
            _ => Err((
                format!("cells `{}` are of several kinds here", quota.cell),
                format!("say `model` or `gpus`: they have {}", all.join(", or ")),
            )),
        }
    }

    /// How many more cells of a level a chain can promise. O(levels × log cells).
    fn most(&mut self, chain: usize, level: u8) -> u32 {
        let before = self.promised[chain][usize::from(level)];
        let below =
            self.tops[chain].saturating_mul(self.chains[chain].gpus.last().copied().unwrap_or(0));
        let (mut fits, mut fails) = (0, below + 1);
        while fails - fits > 1 {
            let middle = fits + (fails - fits) / 2;
            self.promised[chain][usize::from(level)] = before + middle;
            match self.holds(chain) {
                true => fits = middle,
                false => fails = middle,
            }
        }
        self.promised[chain][usize::from(level)] = before;
        fits
    }

    /// Whether what a chain has promised can be kept, whoever claims first.
    fn holds(&self, chain: usize) -> bool {
        let arity = &self.chains[chain].arity;
        let mut have = u64::from(self.tops[chain]);
        for level in (0..arity.len()).rev() {
            let Some(left) = have.checked_sub(u64::from(self.promised[chain][level])) else {
                return false;
            };
            have = left * u64::from(arity[level]);
        }
        true
    }
}
