//! What a MIG profile is: one row of a board's table.
//!
//! A row says only what was seen. A cell nobody has published is `None`, never a guess: SM counts
//! in particular do not follow from the slice count (an H100 SXM `3g` has 60 SMs, not 3/7 of 132).

use serde::{Deserialize, Serialize};

/// A profile of one board: its row in that board's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileRow(pub u8);

impl ProfileRow {
    /// The row as an array index.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What `nvmlGpuInstanceProfile_t` calls a profile: `NVML_GPU_INSTANCE_PROFILE_<name>`. The
/// discriminant is NVML's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are NVML's own")]
pub enum NvmlProfile {
    Slice1 = 0,
    Slice2 = 1,
    Slice3 = 2,
    Slice4 = 3,
    Slice7 = 4,
    Slice8 = 5,
    Slice6 = 6,
    Slice1Rev1 = 7,
    Slice2Rev1 = 8,
    Slice1Rev2 = 9,
    Slice1Gfx = 10,
    Slice2Gfx = 11,
    Slice4Gfx = 12,
    Slice1NoMe = 13,
    Slice2NoMe = 14,
    Slice1AllMe = 15,
    Slice2AllMe = 16,
    Slice3Gfx = 17,
}

impl NvmlProfile {
    /// The name without its `NVML_GPU_INSTANCE_PROFILE_` prefix.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::NvmlProfile;
    /// assert_eq!(NvmlProfile::Slice1Rev2.name(), "1_SLICE_REV2");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            NvmlProfile::Slice1 => "1_SLICE",
            NvmlProfile::Slice2 => "2_SLICE",
            NvmlProfile::Slice3 => "3_SLICE",
            NvmlProfile::Slice4 => "4_SLICE",
            NvmlProfile::Slice7 => "7_SLICE",
            NvmlProfile::Slice8 => "8_SLICE",
            NvmlProfile::Slice6 => "6_SLICE",
            NvmlProfile::Slice1Rev1 => "1_SLICE_REV1",
            NvmlProfile::Slice2Rev1 => "2_SLICE_REV1",
            NvmlProfile::Slice1Rev2 => "1_SLICE_REV2",
            NvmlProfile::Slice1Gfx => "1_SLICE_GFX",
            NvmlProfile::Slice2Gfx => "2_SLICE_GFX",
            NvmlProfile::Slice4Gfx => "4_SLICE_GFX",
            NvmlProfile::Slice1NoMe => "1_SLICE_NO_ME",
            NvmlProfile::Slice2NoMe => "2_SLICE_NO_ME",
            NvmlProfile::Slice1AllMe => "1_SLICE_ALL_ME",
            NvmlProfile::Slice2AllMe => "2_SLICE_ALL_ME",
            NvmlProfile::Slice3Gfx => "3_SLICE_GFX",
        }
    }
}

/// Engines an instance owns; `None` where no listing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Engines {
    /// Copy engines.
    pub copy: Option<u8>,
    /// Video decoders (NVDEC).
    pub nvdec: Option<u8>,
    /// Video encoders (NVENC).
    pub nvenc: Option<u8>,
    /// JPEG decoders.
    pub jpeg: Option<u8>,
    /// Optical-flow accelerators.
    pub ofa: Option<u8>,
}

impl Engines {
    /// Names of the counters, in the order of [`Engines::counts`]; DRA publishes them so.
    pub const NAMES: [&'static str; 5] = [
        "copy-engines",
        "decoders",
        "encoders",
        "jpeg-engines",
        "ofa-engines",
    ];

    /// All counts, in the order of [`Engines::NAMES`].
    pub const fn counts(&self) -> [Option<u8>; 5] {
        [self.copy, self.nvdec, self.nvenc, self.jpeg, self.ofa]
    }
}

/// What a profile has beyond its slices.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Media {
    /// What comes with the slices.
    #[default]
    Plain,
    /// `+me`: media extensions (the OFA among them).
    Me,
    /// `+me.all`: every media engine of the board.
    MeAll,
    /// `+gfx`: graphics; only these profiles carry a vGPU on an RTX PRO 6000.
    Gfx,
    /// `-me`: no media engine at all.
    NoMe,
}

impl Media {
    /// Whether the instance takes the media extensions, which a board has once.
    pub const fn takes_extensions(self) -> bool {
        matches!(self, Media::Me | Media::MeAll)
    }

    /// The suffix in the profile name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Media::Plain => "",
            Media::Me => "+me",
            Media::MeAll => "+me.all",
            Media::Gfx => "+gfx",
            Media::NoMe => "-me",
        }
    }
}

/// One GPU-instance profile of one board.
///
/// Two boards may give one name to different instances and one profile two names (a GB300 under
/// drivers 59x and 61x), so identity is the board and [`Profile::smi_id`]; the name is for people
/// and Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Name as printed (`1g.5gb+me`).
    pub name: &'static str,
    /// Id in `nvidia-smi mig -lgip`.
    pub smi_id: Option<u8>,
    /// NVML's name for it.
    pub nvml: NvmlProfile,
    /// Compute (GI) slices.
    pub slices: u8,
    /// Memory slices; a board has 8, or 4 where a profile is `4g` at most.
    pub mem_slices: u8,
    /// Placement units taken: memory slots, or twelfths of an RTX PRO 6000.
    pub size: Option<u8>,
    /// Usable memory, MiB. Less than the name says.
    pub memory_mib: Option<u32>,
    /// Streaming multiprocessors.
    pub sms: Option<u16>,
    /// Engines owned.
    pub engines: Engines,
    /// What it has beyond its slices.
    pub media: Media,
    /// Legal first units; empty where no listing was found.
    pub starts: &'static [u8],
    /// Most instances of it on one GPU.
    pub max_count: u8,
}

/// How far a board's table was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Every figure given was seen in an `nvidia-smi` listing or the MIG user guide.
    Verified,
    /// Names and SM counts were seen.
    VerifiedSms,
    /// Some figures were seen.
    Partial,
    /// Only the names were seen; the geometry is that of the board's siblings.
    NamesOnly,
}

impl Evidence {
    /// The label used in files.
    pub const fn label(self) -> &'static str {
        match self {
            Evidence::Verified => "verified",
            Evidence::VerifiedSms => "verified-sm",
            Evidence::Partial => "partial",
            Evidence::NamesOnly => "names-only",
        }
    }
}

/// One kind of GPU that MIG can cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Name.
    pub name: &'static str,
    /// PCI device ids (hex).
    pub pci_ids: &'static [&'static str],
    /// Names of its variants in the catalogue of GPU models.
    pub models: &'static [&'static str],
    /// Placement units; `None` where placements are not known.
    pub units: Option<u8>,
    /// How far the table was checked.
    pub evidence: Evidence,
    /// Where its figures come from.
    pub source: &'static str,
    /// Its profiles, by [`ProfileRow`].
    pub profiles: &'static [Profile],
}

impl Board {
    /// The profile in a row.
    ///
    /// # Panics
    /// When the row is another board's.
    pub fn profile(&self, row: ProfileRow) -> &'static Profile {
        &self.profiles[row.index()]
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = ProfileRow> {
        (0..self.profiles.len() as u8).map(ProfileRow)
    }

    /// Finds a profile by its exact name, with or without the `.me` spelling of resource names.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::board;
    /// let a100 = board("A100-40GB").unwrap();
    /// assert_eq!(a100.by_name("1g.5gb+me"), a100.by_id(20));
    /// assert_eq!(a100.by_name("1g.5gb.me"), a100.by_id(20));
    /// assert_eq!(a100.by_name("1g.10gb"), a100.by_id(15));
    /// ```
    pub fn by_name(&self, name: &str) -> Option<ProfileRow> {
        self.rows()
            .find(|&row| same_name(self.profile(row).name, name))
    }

    /// Finds a profile by its `nvidia-smi` id.
    pub fn by_id(&self, smi_id: u8) -> Option<ProfileRow> {
        self.rows()
            .find(|&row| self.profile(row).smi_id == Some(smi_id))
    }

    /// The profile that is the whole board.
    pub fn whole(&self) -> &'static Profile {
        self.profiles
            .iter()
            .rfind(|profile| profile.media == Media::Plain)
            .expect("every board has a profile of its own size")
    }

    /// Compute slices of the board: 7 or 4.
    pub fn slices(&self) -> u8 {
        self.whole().slices
    }

    /// Memory slices of the board: 8 or 4.
    pub fn mem_slices(&self) -> u8 {
        self.whole().mem_slices
    }
}

/// Whether `asked` is `known`, or `known` with `.` in place of `+`.
fn same_name(known: &str, asked: &str) -> bool {
    let same = |(known, asked): (u8, u8)| known == asked || (known == b'+' && asked == b'.');
    known.len() == asked.len() && known.bytes().zip(asked.bytes()).all(same)
}
