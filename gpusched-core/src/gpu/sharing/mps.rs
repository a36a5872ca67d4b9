//! CUDA Multi-Process Service: several processes run on one GPU at the same time.
//!
//! Sources: NVIDIA's MPS guide and man page; `nvidia/k8s-device-plugin` at 1b826ac
//! (`mps/daemon.go`) and its issues 443, 929, 1119, 1208, 1695.

use super::{Evidence, Sourced};
use serde::Serialize;

/// A CUDA release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CudaVersion {
    /// 13 in 13.1.
    pub major: u16,
    /// 1 in 13.1.
    pub minor: u16,
}

impl CudaVersion {
    /// `CudaVersion::new(13, 1)` is CUDA 13.1.
    pub const fn new(major: u16, minor: u16) -> CudaVersion {
        CudaVersion { major, minor }
    }
}

/// What MPS can do, by architecture: Volta gave each client its own address space and its own
/// hardware queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// Kepler to Pascal.
    PreVolta,
    /// Volta and everything later.
    Volta,
}

impl Generation {
    /// From the architecture name of the [catalogue](crate::gpu::model). `None` for a device that
    /// has no MPS or an architecture that is not known.
    pub fn of(arch: &str) -> Option<Generation> {
        match arch {
            "Kepler" | "Maxwell" | "Pascal" => Some(Generation::PreVolta),
            "Volta" | "Turing" | "Ampere" | "Ada" | "Hopper" | "Blackwell" | "Blackwell Ultra" => {
                Some(Generation::Volta)
            }
            _ => None,
        }
    }

    /// Whether a client can read or overwrite the memory of another.
    pub const fn isolates_memory(self) -> bool {
        matches!(self, Generation::Volta)
    }
}

/// Clients one device takes; the next one fails to create a context.
///
/// ```
/// use gpusched_core::gpu::sharing::mps::{client_limit, CudaVersion, Generation};
/// assert_eq!(client_limit(Generation::PreVolta, CudaVersion::new(12, 4)).value, 16);
/// assert_eq!(client_limit(Generation::Volta, CudaVersion::new(13, 0)).value, 48);
/// assert_eq!(client_limit(Generation::Volta, CudaVersion::new(13, 1)).value, 60);
/// ```
pub const fn client_limit(generation: Generation, cuda: CudaVersion) -> Sourced<u32> {
    let limit = match generation {
        Generation::PreVolta => 16,
        Generation::Volta if cuda.major > 13 || (cuda.major == 13 && cuda.minor >= 1) => 60,
        Generation::Volta => 48,
    };
    Sourced::new(limit, Evidence::ReadInSource, "MPS guide, Limitations")
}

/// Clients a MIG compute instance takes: its part of the device's limit. That it shrinks in
/// proportion is documented; rounding down is assumed. `None` unless `0 < slice_sms ≤ device_sms`.
pub fn client_limit_of_slice(limit: u32, slice_sms: u32, device_sms: u32) -> Option<Sourced<u32>> {
    if slice_sms == 0 || slice_sms > device_sms {
        return None;
    }
    let part = u64::from(limit) * u64::from(slice_sms) / u64::from(device_sms);
    let source = "MPS guide: the limit scales with the compute instance; rounding down assumed";
    Some(Sourced::new(part as u32, Evidence::Assumed, source))
}

/// `CUDA_MPS_ACTIVE_THREAD_PERCENTAGE`: the part of the SMs a client may use. It reserves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ThreadPercentage(u8);

impl ThreadPercentage {
    /// All SMs.
    pub const FULL: ThreadPercentage = ThreadPercentage(100);

    /// `None` unless `1 ≤ percent ≤ 100`.
    pub const fn new(percent: u32) -> Option<ThreadPercentage> {
        match percent {
            1..=100 => Some(ThreadPercentage(percent as u8)),
            _ => None,
        }
    }

    /// The number.
    pub const fn percent(self) -> u32 {
        self.0 as u32
    }

    /// What holds for a client that asks for `asked` under the daemon's default `self`: a client
    /// can only lower it.
    pub fn for_client(self, asked: Option<ThreadPercentage>) -> ThreadPercentage {
        asked.map_or(self, |asked| asked.min(self))
    }

    /// SMs a client may use: the percentage rounded down to whole pairs (TPCs), at least one pair.
    ///
    /// The guide says "rounded up"; listings of an H200 (132 SMs) show 18, 26 and 60 SMs for 14,
    /// 20 and 46 %, which is down to an even number. The lower end is assumed.
    ///
    /// ```
    /// use gpusched_core::gpu::sharing::mps::ThreadPercentage;
    /// let sms = |percent| ThreadPercentage::new(percent).unwrap().sms(132);
    /// assert_eq!((sms(14), sms(20), sms(46), sms(100)), (18, 26, 60, 132));
    /// ```
    pub fn sms(self, device_sms: u32) -> u32 {
        let sms = (u64::from(device_sms) * u64::from(self.0) / 100) as u32;
        (sms & !1).max(device_sms.min(2))
    }
}

/// A client's memory under `set_default_device_pinned_mem_limit` (or the environment variable of
/// the same meaning): going over fails that client's allocation and nobody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PinnedLimit {
    /// MiB.
    pub mib: u32,
}

/// An allocation beyond what the client, or the device, has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of memory: {asked} MiB asked, {left} MiB left")]
pub struct OutOfMemory {
    /// MiB asked for.
    pub asked: u32,
    /// MiB that were left.
    pub left: u32,
}

impl PinnedLimit {
    /// Reads the daemon's form: `512M` or `4G`.
    pub fn parse(text: &str) -> Option<PinnedLimit> {
        let unit = text.chars().last()?;
        let factor = match unit {
            'M' | 'm' => 1,
            'G' | 'g' => 1024,
            _ => return None,
        };
        let digits = &text[..text.len() - 1];
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mib = digits.parse::<u32>().ok()?.checked_mul(factor)?;
        Some(PinnedLimit { mib })
    }

    /// Grants `asked` MiB to a client that holds `held`.
    ///
    /// # Errors
    /// [`OutOfMemory`] of this client only.
    pub fn allocate(self, held: u32, asked: u32) -> Result<u32, OutOfMemory> {
        let left = self.mib.saturating_sub(held);
        if asked > left {
            return Err(OutOfMemory { asked, left });
        }
        Ok(held + asked)
    }
}

/// Which clients a fatal fault of client `faulty` ends: all that share the server and the GPU.
/// Memory is protected since Volta; errors are not contained on any generation.
pub fn killed_by(faulty: usize, clients: usize) -> std::ops::Range<usize> {
    if faulty < clients { 0..clients } else { 0..0 }
}

/// The rate at which *each* client is killed when its neighbours fault at these rates (any one
/// unit, say faults per million hours): everybody suffers everybody's.
pub fn kill_rate(own_rates: &[u64]) -> u64 {
    own_rates
        .iter()
        .fold(0, |sum, rate| sum.saturating_add(*rate))
}

/// MPS as the Kubernetes device plugin sets it up: equal clients, nothing oversubscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DevicePlugin {
    replicas: u32,
    device_mib: u32,
    more_than_one: bool,
}

/// Why the device plugin does not share a device, or a pod does not get what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// MPS wants at least two.
    #[error("MPS needs at least 2 replicas, not {0}")]
    TooFewReplicas(u32),
    /// More clients than percent, or than the device takes.
    #[error("{replicas} replicas, but the device takes {limit} MPS clients")]
    TooManyReplicas {
        /// As configured.
        replicas: u32,
        /// What the device takes.
        limit: u32,
    },
    /// The plugin does not run MPS on MIG devices.
    #[error("the device plugin does not support MPS on MIG devices")]
    OnMig,
    /// A second replica would bring no second share.
    #[error("{0} replicas asked: a request for more than one shared device is refused")]
    MoreThanOne(u32),
    /// Nothing asked.
    #[error("no replica asked for")]
    Nothing,
}

/// What one client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClientShare {
    /// Cap on SMs.
    pub threads: ThreadPercentage,
    /// Cap on memory.
    pub memory: PinnedLimit,
}

impl DevicePlugin {
    /// Shares a device between `replicas` clients, of at most `limit` (see [`client_limit`]).
    ///
    /// # Errors
    /// [`Refusal`]: fewer than two replicas, more than clients or percent, or a MIG device.
    pub fn new(
        replicas: u32,
        device_mib: u32,
        limit: u32,
        on_mig: bool,
    ) -> Result<DevicePlugin, Refusal> {
        let limit = limit.min(100);
        match replicas {
            _ if on_mig => Err(Refusal::OnMig),
            0 | 1 => Err(Refusal::TooFewReplicas(replicas)),
            _ if replicas > limit => Err(Refusal::TooManyReplicas { replicas, limit }),
            _ => Ok(DevicePlugin {
                replicas,
                device_mib,
                more_than_one: false,
            }),
        }
    }

    /// Lets a pod hold several replicas of one device. They still are one client's share each:
    /// the limits of the pod's process do not add up.
    pub fn allowing_more_than_one(mut self) -> DevicePlugin {
        self.more_than_one = true;
        self
    }

    /// Handles the node advertises for this device.
    pub fn replicas(self) -> u32 {
        self.replicas
    }

    /// The limits of every client: `100/replicas` % of the SMs and `memory/replicas` MiB, both
    /// rounded down as the plugin's integers are.
    ///
    /// ```
    /// use gpusched_core::gpu::sharing::mps::DevicePlugin;
    /// let share = DevicePlugin::new(3, 81920, 48, false).unwrap().client();
    /// assert_eq!((share.threads.percent(), share.memory.mib), (33, 27306));
    /// ```
    pub fn client(self) -> ClientShare {
        ClientShare {
            threads: ThreadPercentage((100 / self.replicas) as u8),
            memory: PinnedLimit {
                mib: self.device_mib / self.replicas,
            },
        }
    }

    /// What a pod that asks for `asked` replicas of the device gets.
    ///
    /// # Errors
    /// [`Refusal::MoreThanOne`] unless [allowed](DevicePlugin::allowing_more_than_one).
    pub fn request(self, asked: u32) -> Result<ClientShare, Refusal> {
        match asked {
            0 => Err(Refusal::Nothing),
            1 => Ok(self.client()),
            _ if self.more_than_one && asked <= self.replicas => Ok(self.client()),
            _ => Err(Refusal::MoreThanOne(asked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_takes_its_part_of_the_clients() {
        let limit = |sms| client_limit_of_slice(48, sms, 98).map(|limit| limit.value);
        assert_eq!(limit(98), Some(48));
        assert_eq!(limit(42), Some(20)); // 20.57
        assert_eq!(limit(14), Some(6)); // 6.86
        assert_eq!((limit(0), limit(99)), (None, None));
    }

    #[test]
    fn every_architecture_of_the_catalogue_with_mps_is_known() {
        for model in crate::gpu::model::CATALOGUE {
            let has_mps = !model.arch.starts_with("CDNA") && model.arch != "undisclosed";
            assert_eq!(Generation::of(model.arch).is_some(), has_mps, "{model:?}");
        }
    }

    #[test]
    fn a_client_only_lowers_the_percentage() {
        let [half, quarter] = [50, 25].map(|percent| ThreadPercentage::new(percent).unwrap());
        assert_eq!(half.for_client(Some(quarter)), quarter);
        assert_eq!(half.for_client(Some(ThreadPercentage::FULL)), half);
        assert_eq!(half.for_client(None), half);
        assert_eq!(ThreadPercentage::new(0), None);
        assert_eq!(ThreadPercentage::new(101), None);
    }

    #[test]
    fn sms_are_even_and_never_none() {
        for percent in 1..=100 {
            let sms = ThreadPercentage(percent).sms(108);
            assert!(
                sms.is_multiple_of(2) && (2..=108).contains(&sms),
                "{percent}: {sms}"
            );
        }
        assert_eq!(ThreadPercentage(1).sms(1), 1);
    }

    #[test]
    fn memory_over_the_limit_fails_the_client_alone() {
        let limit = PinnedLimit::parse("2G").unwrap();
        assert_eq!(limit.allocate(1024, 1024), Ok(2048));
        let over = OutOfMemory {
            asked: 1025,
            left: 1024,
        };
        assert_eq!(limit.allocate(1024, 1025), Err(over));
        assert_eq!(PinnedLimit::parse("512M").unwrap().mib, 512);
        for text in ["", "M", "12", "-1M", "5T", "9999999G", "1é"] {
            assert_eq!(PinnedLimit::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_fault_kills_every_client() {
        assert_eq!(killed_by(1, 3), 0..3);
        assert_eq!(killed_by(3, 3), 0..0);
        assert_eq!(kill_rate(&[2, 3, 5]), 10);
    }

    #[test]
    fn the_plugin_gives_equal_parts_and_one_replica_to_a_pod() {
        let seven = DevicePlugin::new(7, 40960, 48, false).unwrap();
        assert_eq!(seven.client().threads.percent(), 14);
        assert_eq!(seven.client().memory.mib, 5851);
        assert_eq!(seven.request(1), Ok(seven.client()));
        assert_eq!(seven.request(2), Err(Refusal::MoreThanOne(2)));
        let generous = seven.allowing_more_than_one();
        assert_eq!(generous.request(2), Ok(seven.client()), "no larger share");
        assert_eq!(generous.request(8), Err(Refusal::MoreThanOne(8)));
        assert_eq!(seven.request(0), Err(Refusal::Nothing));
    }

    #[test]
    fn the_plugin_refuses_what_it_cannot_share() {
        let new = |replicas, mig| DevicePlugin::new(replicas, 1000, 48, mig).unwrap_err();
        assert_eq!(new(1, false), Refusal::TooFewReplicas(1));
        assert_eq!(new(2, true), Refusal::OnMig);
        let many = Refusal::TooManyReplicas {
            replicas: 49,
            limit: 48,
        };
        assert_eq!(new(49, false), many);
    }
}
