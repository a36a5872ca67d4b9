//! What is new in a view.

use crate::provisioning::controller::{MachineId, View};

/// Which machines there were when a view was looked at last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    view: Option<u64>,
    /// With their versions, in order.
    machines: Vec<(MachineId, u64)>,
    anew: bool,
}

/// Machines that are not as they were, in order.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) came: Vec<MachineId>,
    pub(super) changed: Vec<MachineId>,
    pub(super) gone: Vec<MachineId>,
}

impl News {
    /// Those that are there.
    pub(super) fn there(&self) -> impl Iterator<Item = MachineId> {
        self.came.iter().chain(&self.changed).copied()
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = MachineId> {
        self.there().chain(self.gone.iter().copied())
    }
}

impl Seen {
    /// Whatever is there is new when it is looked at next.
    pub(super) fn forget(&mut self) {
        self.view = None;
        self.anew = true;
    }

    /// What has changed; `None` if the view has not. O(machines) if it has.
    pub(super) fn look(&mut self, view: &View) -> Option<News> {
        if self.view == Some(view.version) {
            return None;
        }
        self.view = Some(view.version);
        let mut news = News::default();
        let mut known = self.machines.iter_mut().peekable();
        for (id, machine) in &view.machines {
            while let Some((gone, _)) = known.next_if(|one| one.0 < *id) {
                news.gone.push(*gone);
            }
            match known.next_if(|one| one.0 == *id) {
                Some((_, version)) if !self.anew => {
                    if *version != machine.version {
                        *version = machine.version;
                        news.changed.push(*id);
                    }
                }
                _ => news.came.push(*id),
            }
        }
        news.gone.extend(known.map(|one| one.0));
        if !news.came.is_empty() || !news.gone.is_empty() {
            let machines = view.machines.iter();
            self.machines = machines.map(|(id, one)| (*id, one.version)).collect();
        }
        self.anew = false;
        Some(news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::karpenter::testing::{Town, options, types};

    fn ids(of: &[u32]) -> Vec<MachineId> {
        of.iter().map(|id| MachineId(*id)).collect()
    }

    fn told(seen: &mut Seen, town: &Town) -> Option<[Vec<MachineId>; 3]> {
        let news = seen.look(&town.view)?;
        Some([news.came, news.changed, news.gone])
    }

    #[test]
    fn machines_come_change_and_go() {
        let mut town = Town::new(options(Vec::new()), types());
        let mut seen = Seen::default();
        let made: Vec<_> = (0..3).map(|_| town.machine("a", (0, 0), vec![])).collect();
        let nothing = || ids(&[]);
        let first = told(&mut seen, &town);
        assert_eq!(first, Some([ids(&[0, 1, 2]), nothing(), nothing()]));
        assert_eq!(told(&mut seen, &town), None);

        town.view.machines.remove(&made[0]);
        town.view.machines.get_mut(&made[2]).unwrap().version += 1;
        town.machine("a", (0, 0), vec![]);
        let second = told(&mut seen, &town);
        assert_eq!(second, Some([ids(&[3]), ids(&[2]), ids(&[0])]));

        // One goes, and all that stay are to be looked at anew.
        town.view.machines.remove(&made[1]);
        seen.forget();
        let third = told(&mut seen, &town);
        assert_eq!(third, Some([ids(&[2, 3]), nothing(), ids(&[1])]));
    }
}
