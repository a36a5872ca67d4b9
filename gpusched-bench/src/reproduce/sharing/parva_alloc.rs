//! ParvaGPU's allocator: best fit by slices, large instances first, then small devices broken up.
//!
//! It looks at sums of slices and at a few starts, not at NVML's placements: a 3g sits at 4 only,
//! so two of them never share a device. The published counts come from just these rules.

/// Slices of a device, and the devices there are.
const SLICES: u32 = 7;
const DEVICES: usize = 64;

/// Devices that use at most this many slices are broken up in the end.
const SPARSE: u32 = 4;

/// A service as configured; throughputs in requests per second.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// Size and throughput of its main instances.
    pub(super) main: (u32, f64),
    /// How many of them.
    pub(super) count: usize,
    /// Size and throughput of the one that serves the rest.
    pub(super) last: (u32, f64),
    /// Best throughput of an instance by size; 0 where none is fast enough.
    pub(super) by_size: [f64; 8],
}

/// (service, size).
type Instance = (usize, u32);

#[derive(Clone, Default)]
struct Device {
    used: u32,
    at: [Option<Instance>; 7],
}

impl Device {
    fn size_at(&self, start: usize) -> Option<u32> {
        self.at[start].map(|(_, size)| size)
    }

    fn takes(&self, size: u32) -> bool {
        let three_at_4 = self.size_at(4) == Some(3);
        let barred = match size {
            3 => three_at_4,
            1 => three_at_4 && self.size_at(0) == Some(3),
            _ => false,
        };
        !barred && self.used + size <= SLICES
    }

    /// The first free start in the order ParvaGPU tries them.
    fn start(&self, size: u32) -> Option<usize> {
        let starts: &[usize] = match size {
            3 => &[4],
            2 => &[0, 4, 2],
            1 => &[0, 6, 4, 1, 2, 3, 5],
            _ => &[0],
        };
        starts
            .iter()
            .copied()
            .find(|&start| self.at[start].is_none())
    }
}

/// Devices in use when all services are placed; `None` when an instance finds no place.
pub(super) fn gpus(services: &[Service]) -> Option<usize> {
    let mut devices = vec![Device::default(); DEVICES];
    let mut queue = Vec::new();
    for (index, service) in services.iter().enumerate() {
        queue.extend(std::iter::repeat_n((index, service.main.0), service.count));
        queue.push((index, service.last.0));
    }
    place(&mut devices, queue)?;
    break_up(&mut devices, services)?;
    Some(devices.iter().filter(|device| device.used > 0).count())
}

/// Large instances first, each where it leaves least; the lowest device among equals.
fn place(devices: &mut [Device], mut queue: Vec<Instance>) -> Option<()> {
    queue.sort_by_key(|&(_, size)| SLICES - size);
    for (service, size) in queue {
        let fitting = devices.iter_mut().filter(|device| device.takes(size));
        let device = fitting.min_by_key(|device| SLICES - device.used)?;
        let start = device.start(size)?;
        device.at[start] = Some((service, size));
        device.used += size;
    }
    Some(())
}

/// Takes instances off sparse devices, from the last device on, and places their throughput again
/// as instances of one and two slices. What the smaller ones serve beyond need is remembered, and
/// spares the service's next instance.
fn break_up(devices: &mut [Device], services: &[Service]) -> Option<()> {
    let mut owed = vec![0.0; services.len()];
    for index in (0..devices.len()).rev() {
        if devices[index].used > SPARSE {
            continue;
        }
        for start in 0..devices[index].at.len() {
            let Some((service, size)) = devices[index].at[start].take() else {
                continue;
            };
            devices[index].used -= size;
            let of = &services[service];
            owed[service] += if size == of.main.0 {
                of.main.1
            } else {
                of.last.1
            };
            let small: Vec<Instance> = small(&mut owed[service], of.by_size)
                .into_iter()
                .map(|size| (service, size))
                .collect();
            place(devices, small)?;
        }
    }
    Some(())
}

/// Sizes that serve what is owed: twos where they serve more than two ones, ones for the rest.
fn small(owed: &mut f64, by_size: [f64; 8]) -> Vec<u32> {
    let (one, two) = (by_size[1], by_size[2]);
    let twos = match (one > 0.0, two > 0.0) {
        (_, false) => 0.0,
        (false, true) => (*owed / two).ceil(),
        (true, true) if two / 2.0 > one => (*owed / two).floor(),
        (true, true) => 0.0,
    };
    let twos = twos.max(0.0);
    *owed -= twos * two;
    let ones = if one > 0.0 {
        (*owed / one).ceil().max(0.0)
    } else {
        0.0
    };
    *owed -= ones * one;
    let mut sizes = vec![2; twos as usize];
    sizes.resize(twos as usize + ones as usize, 1);
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(main: (u32, f64), count: usize, last: (u32, f64), one: f64, two: f64) -> Service {
        Service {
            main,
            count,
            last,
            by_size: [0.0, one, two, 0.0, 0.0, 0.0, 0.0, 0.0],
        }
    }

    #[test]
    fn two_threes_never_share_a_device_but_four_and_three_do() {
        let threes = service((3, 9.0), 1, (3, 9.0), 0.0, 0.0);
        let four = service((4, 9.0), 0, (4, 9.0), 0.0, 0.0);
        let count = |services: &[Service]| {
            let mut devices = vec![Device::default(); 4];
            let queue = services.iter().enumerate().flat_map(|(index, service)| {
                let mains = std::iter::repeat_n((index, service.main.0), service.count);
                mains.chain([(index, service.last.0)])
            });
            place(&mut devices, queue.collect()).unwrap();
            devices.iter().filter(|device| device.used > 0).count()
        };
        assert_eq!(count(std::slice::from_ref(&threes)), 2);
        assert_eq!(count(&[threes, four]), 2);
    }

    #[test]
    fn what_is_owed_goes_to_twos_only_when_they_are_denser() {
        let sizes = |owed: f64, one, two| {
            let mut left = owed;
            let by_size = [0.0, one, two, 0.0, 0.0, 0.0, 0.0, 0.0];
            (small(&mut left, by_size), left)
        };
        assert_eq!(sizes(10.0, 2.0, 5.0), (vec![2, 2], 0.0));
        assert_eq!(sizes(11.0, 2.0, 5.0), (vec![2, 2, 1], -1.0));
        assert_eq!(sizes(5.0, 3.0, 5.0), (vec![1, 1], -1.0));
        assert_eq!(sizes(-1.0, 3.0, 5.0), (vec![], -1.0));
        assert_eq!(sizes(5.0, 0.0, 0.0), (vec![], 5.0));
    }
}
