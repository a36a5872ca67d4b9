//! Whether a pod may have a place, and what taking and giving it back do to a node.

use super::Ask;
use super::state::{CapacityError, Cluster, NodeFree, Spot};
use crate::ids::NodeId;
use crate::units::MILLI;

impl Cluster {
    #[inline]
    pub(super) fn check(&self, ask: &Ask, spot: Spot) -> Result<(), CapacityError> {
        let id = spot.node.0;
        let Some(node) = self.nodes.get(spot.node.index()) else {
            return Err(CapacityError::NoSuchNode(id));
        };
        if !node.open || node.takes & ask.who == 0 {
            return Err(CapacityError::Closed(id));
        }
        if node.cpu < ask.cpu || node.mem < ask.mem {
            return Err(CapacityError::Host(id));
        }
        if u32::from(node.rdma) < ask.rdma {
            return Err(CapacityError::Nics(id));
        }
        let right_devices = if ask.gpus == 0 {
            spot.devices == 0
        } else if ask.models >> node.model & 1 == 0 || spot.devices.count_ones() != ask.gpus {
            false
        } else if ask.is_mig() {
            let mig = self.mig.as_deref();
            mig.is_some_and(|mig| mig.check(ask, spot, node.model))
        } else if ask.is_share() {
            self.share_fits(node, ask, spot.devices.trailing_zeros())
        } else {
            spot.devices & !node.full == 0 && self.linked(ask, spot.node, spot.devices)
        };
        if right_devices {
            Ok(())
        } else {
            Err(CapacityError::Devices(id))
        }
    }

    #[inline]
    pub(super) fn share_fits(&self, node: &NodeFree, ask: &Ask, device: u32) -> bool {
        device < u32::from(node.gpus)
            && self.left_of(node, device) >= ask.milli
            && self.vram[(node.base + device) as usize] >= ask.vram
    }

    #[inline]
    pub(super) fn left_of(&self, node: &NodeFree, device: u32) -> u32 {
        if node.full >> device & 1 == 1 {
            MILLI
        } else {
            u32::from(self.partial[(node.base + device) as usize])
        }
    }

    #[inline]
    pub(super) fn apply_take(&mut self, ask: &Ask, spot: Spot) {
        if ask.is_mig() {
            return self.take_instances(ask, spot);
        }
        if self.nodes[spot.node.index()].on_demand {
            return self.take_devices_of_mig(ask, spot);
        }
        self.take_devices(ask, spot);
    }

    /// Gives a pod devices that MIG may cut; what stood on them goes.
    #[cold]
    fn take_devices_of_mig(&mut self, ask: &Ask, spot: Spot) {
        let before = self.nodes[spot.node.index()].full;
        self.take_devices(ask, spot);
        let parted = before & !self.nodes[spot.node.index()].full;
        let logged = self.depth > 0;
        if let Some(mig) = &mut self.mig {
            mig.take_devices(spot, parted, logged);
        }
    }

    /// Gives a pod its instances. A device that was wholly free is cut from now on.
    #[inline(never)]
    fn take_instances(&mut self, ask: &Ask, spot: Spot) {
        let logged = self.depth > 0;
        let node = &mut self.nodes[spot.node.index()];
        node.cpu -= ask.cpu;
        node.mem -= ask.mem;
        node.rdma -= ask.rdma as u8;
        let Some(mig) = &mut self.mig else { return };
        let parted = mig.take(ask, spot, node.model, logged);
        node.full &= !parted;
        node.left -= parted.count_ones() * MILLI;
        if node.open {
            self.free_milli[usize::from(node.model)] -=
                i64::from(parted.count_ones()) * i64::from(MILLI);
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] += 1;
        self.touch(spot.node);
    }

    /// Takes a pod's instances back. A device without one in use is wholly free again.
    #[inline(never)]
    fn release_instances(&mut self, ask: &Ask, spot: Spot) {
        let logged = self.depth > 0;
        let node = &mut self.nodes[spot.node.index()];
        node.cpu += ask.cpu;
        node.mem += ask.mem;
        node.rdma += ask.rdma as u8;
        let Some(mig) = &mut self.mig else { return };
        let freed = mig.release(spot, logged);
        node.full |= freed;
        node.left += freed.count_ones() * MILLI;
        if node.open {
            self.free_milli[usize::from(node.model)] +=
                i64::from(freed.count_ones()) * i64::from(MILLI);
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] -= 1;
        self.touch(spot.node);
    }

    #[inline]
    fn take_devices(&mut self, ask: &Ask, spot: Spot) {
        let node = &mut self.nodes[spot.node.index()];
        node.cpu -= ask.cpu;
        node.mem -= ask.mem;
        node.rdma -= ask.rdma as u8;
        let milli = ask.gpus * ask.milli;
        node.left -= milli;
        if node.open {
            self.free_milli[usize::from(node.model)] -= i64::from(milli);
        }
        if ask.is_share() {
            let device = spot.devices.trailing_zeros();
            let slot = (node.base + device) as usize;
            let left = if node.full & spot.devices != 0 {
                MILLI
            } else {
                u32::from(self.partial[slot])
            };
            node.full &= !spot.devices;
            self.partial[slot] = (left - ask.milli) as u16;
            self.vram[slot] -= ask.vram;
            self.refresh_partial(spot.node);
        } else {
            node.full &= !spot.devices;
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] += 1;
        self.touch(spot.node);
    }

    #[inline]
    pub(super) fn apply_release(&mut self, ask: &Ask, spot: Spot) {
        if ask.is_mig() {
            return self.release_instances(ask, spot);
        }
        if self.nodes[spot.node.index()].on_demand {
            return self.release_devices_of_mig(ask, spot);
        }
        self.release_devices(ask, spot);
    }

    /// Takes devices back that MIG may cut.
    #[cold]
    fn release_devices_of_mig(&mut self, ask: &Ask, spot: Spot) {
        let before = self.nodes[spot.node.index()].full;
        self.release_devices(ask, spot);
        let freed = self.nodes[spot.node.index()].full & !before;
        let logged = self.depth > 0;
        if let Some(mig) = &mut self.mig {
            mig.release_devices(spot.node, freed, logged);
        }
    }

    #[inline]
    fn release_devices(&mut self, ask: &Ask, spot: Spot) {
        let node = &mut self.nodes[spot.node.index()];
        node.cpu += ask.cpu;
        node.mem += ask.mem;
        node.rdma += ask.rdma as u8;
        let milli = ask.gpus * ask.milli;
        node.left += milli;
        if node.open {
            self.free_milli[usize::from(node.model)] += i64::from(milli);
        }
        if ask.is_share() {
            let device = spot.devices.trailing_zeros();
            let slot = (node.base + device) as usize;
            debug_assert_eq!(
                node.full & spot.devices,
                0,
                "released a device that is free"
            );
            let left = u32::from(self.partial[slot]) + ask.milli;
            if left == MILLI {
                node.full |= spot.devices;
                self.partial[slot] = 0;
            } else {
                self.partial[slot] = left as u16;
            }
            self.vram[slot] += ask.vram;
            self.refresh_partial(spot.node);
        } else {
            debug_assert_eq!(
                node.full & spot.devices,
                0,
                "released a device that is free"
            );
            node.full |= spot.devices;
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] -= 1;
        self.touch(spot.node);
    }

    fn refresh_partial(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.index()];
        let devices = node.base as usize..node.base as usize + usize::from(node.gpus);
        node.partial = self.partial[devices].iter().copied().max().unwrap_or(0);
    }
}
