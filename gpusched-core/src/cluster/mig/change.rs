//! Taking and giving back, and undoing both.

use super::state::{Before, Kind, MigState};
use super::{Setup, granule, whole};
use crate::cluster::{Ask, Spot};
use crate::gpu::mig::{Instance, ProfileRow};
use crate::ids::NodeId;

impl MigState {
    /// Gives a pod its instances. Returns the devices that were wholly free before.
    pub(in crate::cluster) fn take(
        &mut self,
        ask: &Ask,
        spot: Spot,
        model: u8,
        logged: bool,
    ) -> u64 {
        let Some(row) = self.row(ask, model) else {
            return 0;
        };
        let mut parted = 0;
        for (gpu, start) in self.located(spot) {
            if self.kinds[gpu] == Kind::OnDemand && self.shown[gpu].used_count() == 0 {
                parted |= 1 << self.shown[gpu].minor();
            }
            self.note(gpu, logged);
            self.shown[gpu]
                .allocate(row, start)
                .expect("what is granted was checked");
            let setup = self.stand(gpu, row, start);
            self.setups[gpu][usize::from(start / granule(&self.shown[gpu]))] = setup;
        }
        parted
    }

    /// Takes a pod's instances back. Returns the devices that are wholly free now.
    pub(in crate::cluster) fn release(&mut self, spot: Spot, logged: bool) -> u64 {
        let mut freed = 0;
        for (gpu, start) in self.located(spot) {
            self.note(gpu, logged);
            self.shown[gpu].free(start).expect("what is held is there");
            self.standing[gpu]
                .release(start)
                .expect("what is held is there");
            if self.kinds[gpu] == Kind::OnDemand && self.shown[gpu].used_count() == 0 {
                freed |= 1 << self.shown[gpu].minor();
            }
        }
        freed
    }

    /// Puts the instance where it was granted, and says what that took.
    fn stand(&mut self, gpu: usize, row: ProfileRow, start: u8) -> Setup {
        let standing = &mut self.standing[gpu];
        let mut setup = Setup {
            toggled: !std::mem::replace(&mut self.modes[gpu], true),
            ..Setup::default()
        };
        if standing.profile_at(start) == Ok(row) {
            standing.take(start).expect("what is granted is free");
            return setup;
        }
        let cleared = standing.clear(row, start);
        setup.destroyed = cleared.expect("what is in the way is free").len() as u8;
        setup.created = 1;
        while standing.allocate(row, start).is_err() {
            // A free instance elsewhere holds an engine that this one needs.
            let free = standing.instances().find(|(_, used)| !used);
            let (instance, _) = free.expect("the instances in use leave room");
            standing.destroy(instance.start).expect("it is not in use");
            setup.destroyed += 1;
        }
        setup
    }

    /// Devices of a node that may be cut were given to a pod without MIG: what stood on those that
    /// were wholly free (`parted`) goes.
    pub(in crate::cluster) fn take_devices(&mut self, spot: Spot, parted: u64, logged: bool) {
        for gpu in self.range(spot.node) {
            let minor = self.shown[gpu].minor();
            if spot.devices >> minor & 1 == 0 || self.kinds[gpu] != Kind::OnDemand {
                continue;
            }
            self.setups[gpu][0] = Setup::default();
            if parted >> minor & 1 == 0 {
                continue;
            }
            self.note(gpu, logged);
            let Instance { profile, start } = whole(self.shown[gpu].geometry());
            let free: Vec<u8> = self.standing[gpu]
                .instances()
                .map(|(instance, _)| instance.start)
                .collect();
            for &start in &free {
                self.standing[gpu]
                    .destroy(start)
                    .expect("the device was wholly free");
            }
            for list in [&mut self.shown, &mut self.standing] {
                list[gpu]
                    .allocate(profile, start)
                    .expect("the device was wholly free");
            }
            self.setups[gpu][0] = Setup {
                created: 0,
                destroyed: free.len() as u8,
                toggled: std::mem::replace(&mut self.modes[gpu], false),
            };
        }
    }

    /// Devices of a node are wholly free again.
    pub(in crate::cluster) fn release_devices(&mut self, node: NodeId, freed: u64, logged: bool) {
        for gpu in self.range(node) {
            if freed >> self.shown[gpu].minor() & 1 == 0 || self.kinds[gpu] != Kind::OnDemand {
                continue;
            }
            self.note(gpu, logged);
            for list in [&mut self.shown, &mut self.standing] {
                list[gpu].free(0).expect("the device was in use");
            }
        }
    }

    fn note(&mut self, gpu: usize, logged: bool) {
        if logged {
            self.undo.push(Before {
                gpu: gpu as u32,
                standing: self.standing[gpu].clone(),
                mode: self.modes[gpu],
            });
        }
    }

    pub(in crate::cluster) fn mark(&self) -> u32 {
        self.undo.len() as u32
    }

    /// Restores what stood at `mark`; the instances in use must be those of then already.
    pub(in crate::cluster) fn restore(&mut self, mark: u32) {
        while self.undo.len() > mark as usize {
            let Some(before) = self.undo.pop() else { break };
            self.standing[before.gpu as usize] = before.standing;
            self.modes[before.gpu as usize] = before.mode;
        }
    }

    pub(in crate::cluster) fn forget(&mut self) {
        self.undo.clear();
    }
}
