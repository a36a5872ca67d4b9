//! A small cluster of cut devices: just enough to compare partitions on one trace.

use super::tables::Tables;
use gpusched_core::performance::sharing::{Progress, Speed};
use gpusched_core::units::{Span, Time};

/// How long a job stands still that moves to another slice: checkpoint, cut, restart.
const OVERHEAD: Span = Span::from_secs(30);

/// How devices are cut.
#[derive(Clone, Copy)]
pub(super) enum Policy<'a> {
    /// All alike, for good.
    Fixed(&'a [u32]),
    /// Each as its jobs are best served, by the speeds in these tables.
    Follow(&'a Tables),
}

/// A trace on a cluster.
pub(super) struct Replay<'a> {
    /// Real speeds.
    pub(super) tables: &'a Tables,
    pub(super) devices: usize,
    /// (arrival, kind, run time on a whole device), in order of arrival.
    pub(super) jobs: &'a [(Time, usize, Span)],
}

struct Running {
    job: usize,
    kind: usize,
    slices: u32,
    progress: Progress,
    /// It stands still until then.
    resume: Option<Time>,
}

#[derive(Default)]
struct Device {
    running: Vec<Running>,
    /// A job left since the device was cut.
    gap: bool,
}

impl Replay<'_> {
    /// Mean of end minus arrival in seconds; `None` when a job fits no slice there is.
    pub(super) fn mean_jct(&self, policy: Policy<'_>) -> Option<f64> {
        let mut devices: Vec<Device> = Vec::new();
        devices.resize_with(self.devices, Device::default);
        let mut waiting: Vec<usize> = Vec::new();
        let (mut arrived, mut done, mut now) = (0, 0, Time::ZERO);
        let mut total = 0i64;
        while done < self.jobs.len() {
            let arrival = self.jobs.get(arrived).map(|(arrival, ..)| *arrival);
            let next = devices.iter().map(Device::next).chain(arrival).min()?;
            if next == Time::NEVER {
                return None;
            }
            now = next.max(now);
            for device in &mut devices {
                for job in device.take_finished(now) {
                    total += (now - self.jobs[job].0).0;
                    done += 1;
                    device.gap = true;
                }
                self.resume(device, now);
            }
            while self.jobs.get(arrived).is_some_and(|job| job.0 <= now) {
                waiting.push(arrived);
                arrived += 1;
            }
            self.serve(&mut devices, policy, &mut waiting, now);
        }
        Some(total as f64 / self.jobs.len() as f64 / 1e6)
    }

    /// Starts who can start, then closes the gaps of those who left.
    fn serve(
        &self,
        devices: &mut [Device],
        policy: Policy<'_>,
        waiting: &mut Vec<usize>,
        now: Time,
    ) {
        match policy {
            Policy::Fixed(partition) => {
                waiting.retain(|&job| !self.start(devices, policy, job, now));
                devices
                    .iter_mut()
                    .for_each(|device| self.promote(device, partition, now));
            }
            Policy::Follow(seen) => {
                let started = waiting
                    .iter()
                    .take_while(|&&job| self.start(devices, policy, job, now))
                    .count();
                waiting.drain(..started);
                if waiting.is_empty() {
                    for device in devices.iter_mut().filter(|device| device.gap) {
                        self.recut(device, seen, now);
                    }
                }
            }
        }
    }

    /// Puts a job somewhere, if it fits anywhere.
    fn start(&self, devices: &mut [Device], policy: Policy<'_>, job: usize, now: Time) -> bool {
        let (_, kind, run) = self.jobs[job];
        let mut running = Running {
            job,
            kind,
            slices: 0,
            progress: Progress::new(run, now),
            resume: None,
        };
        match policy {
            Policy::Fixed(partition) => {
                let free = devices.iter().enumerate().flat_map(|(index, device)| {
                    let free = device.free(partition).into_iter();
                    free.map(move |slices| (slices, index))
                });
                let fits = free.filter(|(slices, _)| self.tables.speed(kind, *slices).is_some());
                // The largest slice, on the lowest device.
                let Some((slices, index)) = fits.min_by_key(|&(size, index)| (8 - size, index))
                else {
                    return false;
                };
                running.slices = slices;
                devices[index].running.push(running);
                self.resume(&mut devices[index], now);
            }
            Policy::Follow(seen) => {
                let takes = |device: &Device| {
                    let mut kinds: Vec<usize> = device.kinds().collect();
                    kinds.push(kind);
                    kinds.len() <= 7 && seen.best(&kinds).is_some()
                };
                let fitting = (0..devices.len()).filter(|&index| takes(&devices[index]));
                let Some(index) = fitting.min_by_key(|&index| devices[index].running.len()) else {
                    return false;
                };
                devices[index].running.push(running);
                self.recut(&mut devices[index], seen, now);
            }
        }
        true
    }

    /// Cuts a device for its jobs. Jobs that were running stop while any of them changes slices;
    /// a job that finds an empty device starts at once.
    fn recut(&self, device: &mut Device, seen: &Tables, now: Time) {
        device.gap = false;
        let kinds: Vec<usize> = device.kinds().collect();
        let Some(best) = seen.best(&kinds) else {
            return;
        };
        let mut moved = false;
        for (running, slices) in device.running.iter_mut().zip(best.slices) {
            moved |= running.slices != 0 && running.slices != slices;
            running.slices = slices;
        }
        if moved {
            device
                .running
                .iter_mut()
                .for_each(|running| running.stop(now));
        }
        self.resume(device, now);
    }

    /// As MISO's fixed partition does: the smallest busy slice's job moves to the largest idle
    /// slice of the device if that is larger, the next to the next.
    fn promote(&self, device: &mut Device, partition: &[u32], now: Time) {
        let mut free = device.free(partition);
        free.sort_by_key(|&slices| 8 - slices);
        let mut order: Vec<usize> = (0..device.running.len()).collect();
        order.sort_by_key(|&index| device.running[index].slices);
        for (index, slices) in order.into_iter().zip(free) {
            let running = &mut device.running[index];
            if slices <= running.slices {
                break;
            }
            running.slices = slices;
            running.stop(now);
        }
    }

    /// Lets jobs run at the speed of their slice, unless they still stand still.
    fn resume(&self, device: &mut Device, now: Time) {
        for running in &mut device.running {
            if running.resume.is_some_and(|resume| resume > now) {
                continue;
            }
            running.resume = None;
            let speed = self.tables.speed(running.kind, running.slices);
            let speed = speed.expect("assigned to a slice it fits");
            running.progress.set_speed(now, speed);
        }
    }
}

impl Running {
    fn stop(&mut self, now: Time) {
        self.progress.set_speed(now, Speed::STOPPED);
        self.resume = Some(now + OVERHEAD);
    }
}

impl Device {
    fn kinds(&self) -> impl Iterator<Item = usize> + '_ {
        self.running.iter().map(|running| running.kind)
    }

    fn next(&self) -> Time {
        let next = |running: &Running| running.resume.unwrap_or(running.progress.finish());
        self.running.iter().map(next).min().unwrap_or(Time::NEVER)
    }

    fn take_finished(&mut self, now: Time) -> Vec<usize> {
        let is_finished = |running: &Running| running.progress.finish() <= now;
        let finished = self.running.iter().filter(|running| is_finished(running));
        let finished = finished.map(|running| running.job).collect();
        self.running.retain(|running| !is_finished(running));
        finished
    }

    /// The slices of a fixed partition nobody is on.
    fn free(&self, partition: &[u32]) -> Vec<u32> {
        let mut free = partition.to_vec();
        for running in &self.running {
            if let Some(at) = free.iter().position(|&slices| slices == running.slices) {
                free.swap_remove(at);
            }
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// One kind: 2 s on 3g for each on the whole device, 4 s on 1g.
    fn tables() -> Tables {
        let times = BTreeMap::from([(1, 4.0), (3, 2.0), (7, 1.0)]);
        Tables::measured(&BTreeMap::from([(("job".into(), 1), times)]))
    }

    fn replay(policy: Policy<'_>, arrivals: &[i64]) -> Option<f64> {
        let jobs: Vec<_> = arrivals
            .iter()
            .map(|&at| (Time::from_secs(at), 0, Span::from_secs(100)))
            .collect();
        let replay = Replay {
            tables: &tables(),
            devices: 1,
            jobs: &jobs,
        };
        replay.mean_jct(policy)
    }

    #[test]
    fn fixed_partitions_by_hand() {
        // One after the other: 100 and 200 s.
        assert_eq!(replay(Policy::Fixed(&[7]), &[0, 0]), Some(150.0));
        assert_eq!(replay(Policy::Fixed(&[3, 3]), &[0, 0]), Some(200.0));
        assert_eq!(replay(Policy::Fixed(&[2, 2]), &[0]), None, "it never fits");
        // On 3g and 1g: a quarter done after 100 s on 1g of the second job, when the first has
        // half. The first ends at 200 s; the second, half done, moves, stands 30 s, needs 100.
        assert_eq!(
            replay(Policy::Fixed(&[3, 1]), &[0, 0]),
            Some((200.0 + 330.0) / 2.0)
        );
    }

    #[test]
    fn following_by_hand() {
        let tables = tables();
        let follow = Policy::Follow(&tables);
        assert_eq!(replay(follow, &[0]), Some(100.0));
        // The first runs 50 s alone. Then both stand 30 s, and go at a half from 80 s on: the
        // first ends at 180. The second, half done, waits 30 s for the whole device: 210 + 50.
        assert_eq!(replay(follow, &[0, 50]), Some((180.0 + 210.0) / 2.0));
    }
}
