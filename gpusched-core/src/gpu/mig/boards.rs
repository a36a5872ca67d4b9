//! Every board MIG can cut, as data.
//!
//! Sources, for all boards: NVIDIA MIG user guide (v580), public `nvidia-smi mig -lgip` / `-lgipp`
//! listings, the built-in configurations of NVIDIA/mig-parted (bd7160f) and, for A100 and A30 only,
//! the mock tables of NVIDIA/go-nvml (2f9e261): its H100, H200 and B200 tables are synthetic and do
//! not match hardware. Each board names what was seen for it.

use super::profiles::{Board, Engines, Evidence, Media, NvmlProfile, Profile};
use crate::gpu::model;

/// An engine count nobody has published.
const X: i8 = -1;

const fn known(count: i8) -> Option<u8> {
    if count < 0 { None } else { Some(count as u8) }
}

/// Zero stands for "not known" where zero makes no sense.
const fn seen_u32(value: u32) -> Option<u32> {
    if value == 0 { None } else { Some(value) }
}

const fn seen_u16(value: u16) -> Option<u16> {
    if value == 0 { None } else { Some(value) }
}

/// The columns that differ between boards of seven slices; one entry per profile in the order
/// 1g, 1g+me, 1g with double memory, 2g, 3g, 4g, 7g. No such board has an encoder.
struct Seven {
    names: [&'static str; 7],
    /// MiB, 0 = not known.
    mib: [u32; 7],
    /// SMs, 0 = not known.
    sms: [u16; 7],
    copy: [i8; 7],
    nvdec: [i8; 7],
    jpeg: [i8; 7],
}

/// The geometry all boards of seven slices share: eight memory slots, of which slot 7 has no
/// compute slice of its own.
const fn seven(of: Seven) -> [Profile; 7] {
    const IDS: [u8; 7] = [19, 20, 15, 14, 9, 5, 0];
    const NVML: [NvmlProfile; 7] = [
        NvmlProfile::Slice1,
        NvmlProfile::Slice1Rev1,
        NvmlProfile::Slice1Rev2,
        NvmlProfile::Slice2,
        NvmlProfile::Slice3,
        NvmlProfile::Slice4,
        NvmlProfile::Slice7,
    ];
    const SLICES: [u8; 7] = [1, 1, 1, 2, 3, 4, 7];
    const SLOTS: [u8; 7] = [1, 1, 2, 2, 4, 4, 8];
    const SINGLES: &[u8] = &[0, 1, 2, 3, 4, 5, 6];
    const STARTS: [&[u8]; 7] = [
        SINGLES,
        SINGLES,
        &[0, 2, 4, 6],
        &[0, 2, 4],
        &[0, 4],
        &[0],
        &[0],
    ];
    const MAX: [u8; 7] = [7, 1, 4, 3, 2, 1, 1];
    const OFA: [u8; 7] = [0, 1, 0, 0, 0, 0, 1];
    const BLANK: Profile = Profile {
        name: "",
        smi_id: None,
        nvml: NvmlProfile::Slice1,
        slices: 0,
        mem_slices: 0,
        size: None,
        memory_mib: None,
        sms: None,
        engines: Engines {
            copy: None,
            nvdec: None,
            nvenc: Some(0),
            jpeg: None,
            ofa: None,
        },
        media: Media::Plain,
        starts: &[],
        max_count: 0,
    };
    let mut rows = [BLANK; 7];
    let mut row = 0;
    while row < 7 {
        rows[row] = Profile {
            name: of.names[row],
            smi_id: Some(IDS[row]),
            nvml: NVML[row],
            slices: SLICES[row],
            mem_slices: SLOTS[row],
            size: Some(SLOTS[row]),
            memory_mib: seen_u32(of.mib[row]),
            sms: seen_u16(of.sms[row]),
            engines: Engines {
                copy: known(of.copy[row]),
                nvdec: known(of.nvdec[row]),
                nvenc: Some(0),
                jpeg: known(of.jpeg[row]),
                ofa: Some(OFA[row]),
            },
            media: if row == 1 { Media::Me } else { Media::Plain },
            starts: STARTS[row],
            max_count: MAX[row],
        };
        row += 1;
    }
    rows
}

/// A row of a board of four slices. `engines` are copy, nvdec, nvenc, jpeg, ofa.
#[expect(clippy::too_many_arguments, reason = "the columns of the table below")]
const fn quarter(
    name: &'static str,
    smi_id: Option<u8>,
    nvml: NvmlProfile,
    media: Media,
    slices: u8,
    size: Option<u8>,
    memory_mib: u32,
    sms: u16,
    engines: [i8; 5],
    starts: &'static [u8],
    max_count: u8,
) -> Profile {
    Profile {
        name,
        smi_id,
        nvml,
        slices,
        mem_slices: slices,
        size,
        memory_mib: seen_u32(memory_mib),
        sms: seen_u16(sms),
        engines: Engines {
            copy: known(engines[0]),
            nvdec: known(engines[1]),
            nvenc: known(engines[2]),
            jpeg: known(engines[3]),
            ofa: known(engines[4]),
        },
        media,
        starts,
        max_count,
    }
}

const A100_SMS: [u16; 7] = [14, 14, 14, 28, 42, 56, 98];
const A100_COPY: [i8; 7] = [1, 1, 1, 2, 3, 4, 7];
const A100_NVDEC: [i8; 7] = [0, 1, 1, 1, 2, 2, 5];
const A100_JPEG: [i8; 7] = [0, 1, 0, 0, 0, 0, 1];
const HOPPER_SMS: [u16; 7] = [16, 16, 26, 32, 60, 64, 132];
const HOPPER_COPY: [i8; 7] = [1, 1, 1, 2, 3, 4, 8];
const HOPPER_MEDIA: [i8; 7] = [1, 1, 1, 2, 3, 4, 7];
const B200_COPY: [i8; 7] = [2, 2, 2, 3, 6, 8, 16];
/// The guide prints one decoder in every row, the whole board included; it cannot be what an
/// instance takes away from the others.
const B200_MEDIA: [i8; 7] = [1; 7];

const fn hopper(names: [&'static str; 7], mib: [u32; 7], sms: [u16; 7]) -> [Profile; 7] {
    seven(Seven {
        names,
        mib,
        sms,
        copy: HOPPER_COPY,
        nvdec: HOPPER_MEDIA,
        jpeg: HOPPER_MEDIA,
    })
}

const fn ampere(names: [&'static str; 7], mib: [u32; 7]) -> [Profile; 7] {
    seven(Seven {
        names,
        mib,
        sms: A100_SMS,
        copy: A100_COPY,
        nvdec: A100_NVDEC,
        jpeg: A100_JPEG,
    })
}

const fn blackwell(names: [&'static str; 7], sms: [u16; 7]) -> [Profile; 7] {
    seven(Seven {
        names,
        mib: [0; 7],
        sms,
        copy: B200_COPY,
        nvdec: B200_MEDIA,
        jpeg: B200_MEDIA,
    })
}

const fn blackwell_ultra(names: [&'static str; 7]) -> [Profile; 7] {
    seven(Seven {
        names,
        mib: [0; 7],
        sms: [0; 7],
        copy: [X; 7],
        nvdec: [X; 7],
        jpeg: [X; 7],
    })
}

#[rustfmt::skip]
mod tables {
    use super::*;
    use NvmlProfile as N;

    const H100_80: [&str; 7] = ["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"];
    const H100_96: [&str; 7] = ["1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.48gb", "4g.48gb", "7g.96gb"];
    const H100_80_MIB: [u32; 7] = [9984, 9984, 20096, 20096, 40448, 40448, 81152];

    pub(super) const A100_40: [Profile; 7] = ampere(
        ["1g.5gb", "1g.5gb+me", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"],
        [4864, 4864, 9856, 9856, 19968, 19968, 40192]);
    pub(super) const A100_80: [Profile; 7] = ampere(
        ["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"],
        [9856, 9856, 19968, 19968, 40192, 40192, 80384]);
    pub(super) const H100_SXM: [Profile; 7] = hopper(H100_80, H100_80_MIB, HOPPER_SMS);
    pub(super) const H100_PCIE: [Profile; 7] = hopper(H100_80, H100_80_MIB, [14, 14, 14, 30, 46, 62, 114]);
    pub(super) const H100_NVL: [Profile; 7] = hopper(
        ["1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.47gb", "4g.47gb", "7g.94gb"],
        [11008, 11008, 22016, 22016, 47232, 47232, 94848], HOPPER_SMS);
    pub(super) const GH200_96: [Profile; 7] = hopper(H100_96, [0, 0, 23552, 23552, 47616, 47616, 95232], HOPPER_SMS);
    pub(super) const H20_96: [Profile; 7] = hopper(H100_96, [0; 7], [0, 0, 0, 0, 0, 0, 78]);
    pub(super) const H200_141: [Profile; 7] = hopper(
        ["1g.18gb", "1g.18gb+me", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"],
        [0, 0, 0, 0, 71424, 71424, 0], HOPPER_SMS);
    pub(super) const GH200_144: [Profile; 7] = hopper(
        ["1g.18gb", "1g.18gb+me", "1g.36gb", "2g.36gb", "3g.72gb", "4g.72gb", "7g.144gb"], [0; 7], HOPPER_SMS);
    pub(super) const B200: [Profile; 7] = blackwell(
        ["1g.23gb", "1g.23gb+me", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb", "7g.180gb"], [18, 18, 0, 0, 0, 0, 0]);
    pub(super) const GB200: [Profile; 7] = blackwell(
        ["1g.23gb", "1g.23gb+me", "1g.47gb", "2g.47gb", "3g.93gb", "4g.93gb", "7g.186gb"], [0; 7]);
    pub(super) const B300: [Profile; 7] = blackwell_ultra(
        ["1g.34gb", "1g.34gb+me", "1g.67gb", "2g.67gb", "3g.135gb", "4g.135gb", "7g.269gb"]);
    pub(super) const GB300: [Profile; 7] = blackwell_ultra(
        ["1g.35gb", "1g.35gb+me", "1g.70gb", "2g.70gb", "3g.139gb", "4g.139gb", "7g.278gb"]);

    const Q: &[u8] = &[0, 1, 2, 3];
    pub(super) const A30: [Profile; 5] = [
        quarter("1g.6gb",     Some(14), N::Slice1,     Media::Plain, 1, Some(1), 5952,  14, [1, 1, 0, 0, 0], Q, 4),
        quarter("1g.6gb+me",  Some(21), N::Slice1Rev1, Media::Me,    1, Some(1), 5952,  14, [1, 1, 0, 1, 1], Q, 1),
        quarter("2g.12gb",    Some(5),  N::Slice2,     Media::Plain, 2, Some(2), 11968, 28, [2, 2, 0, 0, 0], &[0, 2], 2),
        quarter("2g.12gb+me", Some(6),  N::Slice2Rev1, Media::Me,    2, Some(2), 11968, 28, [2, 2, 0, 1, 1], &[0, 2], 1),
        quarter("4g.24gb",    Some(0),  N::Slice4,     Media::Plain, 4, Some(4), 24000, 56, [4, 4, 0, 1, 1], &[0], 1),
    ];

    const P: &[u8] = &[0, 3, 6, 9];
    const H: &[u8] = &[0, 6];
    pub(super) const RTX_PRO_6000: [Profile; 11] = [
        quarter("1g.24gb",        Some(14), N::Slice1,      Media::Plain, 1, Some(3), 24192, 46,  [1, 1, 1, 1, 0], P, 4),
        quarter("1g.24gb+me",     Some(21), N::Slice1Rev1,  Media::Me,    1, Some(3), 24192, 46,  [1, 1, 1, 1, 1], P, 1),
        quarter("1g.24gb+gfx",    Some(47), N::Slice1Gfx,   Media::Gfx,   1, Some(3), 24192, 46,  [1, 1, 1, 1, 0], P, 4),
        quarter("1g.24gb+me.all", Some(65), N::Slice1AllMe, Media::MeAll, 1, Some(3), 24192, 46,  [1, 4, 4, 4, 1], P, 1),
        quarter("1g.24gb-me",     Some(67), N::Slice1NoMe,  Media::NoMe,  1, Some(3), 24192, 46,  [1, 0, 0, 0, 0], P, 4),
        quarter("2g.48gb",        Some(5),  N::Slice2,      Media::Plain, 2, Some(6), 48512, 94,  [2, 2, 2, 2, 0], H, 2),
        quarter("2g.48gb+gfx",    Some(35), N::Slice2Gfx,   Media::Gfx,   2, Some(6), 48512, 94,  [2, 2, 2, 2, 0], H, 2),
        quarter("2g.48gb+me.all", Some(64), N::Slice2AllMe, Media::MeAll, 2, Some(6), 48512, 94,  [2, 4, 4, 4, 1], H, 1),
        quarter("2g.48gb-me",     Some(66), N::Slice2NoMe,  Media::NoMe,  2, Some(6), 48512, 94,  [2, 0, 0, 0, 0], H, 2),
        quarter("4g.96gb",        Some(0),  N::Slice4,      Media::Plain, 4, Some(12), 97280, 188, [4, 4, 4, 4, 1], &[0], 1),
        quarter("4g.96gb+gfx",    Some(32), N::Slice4Gfx,   Media::Gfx,   4, Some(12), 97280, 188, [4, 4, 4, 4, 1], &[0], 1),
    ];

    pub(super) const RTX_PRO_5000: [Profile; 7] = [
        quarter("1g.12gb",     None, N::Slice1,     Media::Plain, 1, None, 0, 0, [1, 1, 1, 1, 0], &[], 1),
        quarter("1g.12gb+me",  None, N::Slice1Rev1, Media::Me,    1, None, 0, 0, [1, 1, 1, 1, 1], &[], 1),
        quarter("1g.12gb+gfx", None, N::Slice1Gfx,  Media::Gfx,   1, None, 0, 0, [1, 1, 1, 1, 0], &[], 1),
        quarter("1g.12gb-me",  None, N::Slice1NoMe, Media::NoMe,  1, None, 0, 0, [1, 0, 0, 0, 0], &[], 3),
        quarter("2g.24gb-me",  None, N::Slice2NoMe, Media::NoMe,  2, None, 0, 0, [2, 0, 0, 0, 0], &[], 1),
        quarter("4g.48gb",     None, N::Slice4,     Media::Plain, 4, None, 0, 0, [4, 3, 3, 1, 1], &[], 1),
        quarter("4g.48gb+gfx", None, N::Slice4Gfx,  Media::Gfx,   4, None, 0, 0, [4, 3, 3, 1, 1], &[], 1),
    ];
}

/// `units` 0 = placements not known.
const fn entry(
    name: &'static str,
    pci_ids: &'static [&'static str],
    models: &'static [&'static str],
    units: u8,
    evidence: Evidence,
    source: &'static str,
    profiles: &'static [Profile],
) -> Board {
    Board {
        name,
        pci_ids,
        models,
        units: if units == 0 { None } else { Some(units) },
        evidence,
        source,
        profiles,
    }
}

/// Every board.
#[rustfmt::skip]
pub static BOARDS: &[Board] = &[
    entry("A100-40GB", &["20B0", "20B1", "20F1", "20F6"], &["A100-PCIE-40GB", "A100-SXM4-40GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip/-lgipp listings, MIG user guide, go-nvml", &tables::A100_40),
    entry("A100-80GB", &["20B2", "20B5", "20F3", "20F5"], &["A100-PCIE-80GB", "A100-SXM4-80GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip/-lgipp listings, MIG user guide, go-nvml (which gives 1g.10gb one NVDEC; the guide gives none)", &tables::A100_80),
    entry("H100-80GB-SXM", &["2330", "2324"], &["H100-SXM5-80GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip/-lgipp listing, MIG user guide; other firmware prints 9.62/19.50/39.25 GiB", &tables::H100_SXM),
    entry("H100-80GB-PCIe", &["2331", "2322"], &["H100-PCIE-80GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip/-lgipp listing of a 114-SM part (driver 570), MIG user guide", &tables::H100_PCIE),
    entry("H100-94GB-NVL", &["2321", "233A"], &["H100-NVL-94GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip fixture; node label gpu.memory=11008 in dcgm-exporter#397", &tables::H100_NVL),
    entry("H100-96GB-GH200", &["2342", "233D", "20B6"], &["GH200-96GB"], 8, Evidence::Verified,
        "nvidia-smi -lgip listing (23.00/46.50/93.00 GiB)", &tables::GH200_96),
    entry("H20-96GB", &["2329"], &["H20-96GB"], 8, Evidence::NamesOnly,
        "mig-parted groups its device id with the 96 GB H100; how its 78 SMs are split was not found", &tables::H20_96),
    entry("H200-141GB", &["2335", "233B"], &["H200-SXM-141GB", "H200-NVL-141GB"], 8, Evidence::VerifiedSms,
        "MIG user guide; Nsight exports show 74893492224 B and 60 SMs for 3g.71gb, 26 for 1g.35gb, 16 for 1g.18gb", &tables::H200_141),
    entry("GH200-144GB", &["2348"], &[], 8, Evidence::NamesOnly,
        "mig-parted's built-in configurations; SM counts by analogy with the H200", &tables::GH200_144),
    entry("B200-180GB", &["2901"], &["B200-180GB"], 8, Evidence::Partial,
        "MIG user guide; 18 SMs per 1g from a PyTorch GPU table; other SM counts only in synthetic mocks, so left out", &tables::B200),
    entry("GB200-186GB", &["2941"], &["GB200"], 8, Evidence::NamesOnly,
        "mig-parted's built-in configurations, where a 189 GB variant exists too", &tables::GB200),
    entry("B300-269GB", &["3182"], &["B300-270GB"], 8, Evidence::NamesOnly,
        "mig-parted's built-in configurations", &tables::B300),
    entry("GB300-278GB", &["31C2"], &["GB300"], 8, Evidence::NamesOnly,
        "mig-parted; driver 59x prints 35/70/139/278, driver 61x 31/../126/251 for the same profile ids (DGX Station notes)", &tables::GB300),
    entry("A30-24GB", &["20B7"], &["A30"], 4, Evidence::Verified,
        "nvidia-smi -lgip listing (5.81/11.69/23.44 GiB); the guide gives 1g.6gb no NVDEC, the driver prints one", &tables::A30),
    entry("RTX-PRO-6000-96GB", &["2BB5"], &["RTX-PRO-6000-Blackwell-Server"], 12, Evidence::Verified,
        "nvidia-smi -lgip/-lgipp listing: 12 placement units, 23.62/47.38/95.00 GiB (95.12 under another driver)", &tables::RTX_PRO_6000),
    entry("RTX-PRO-5000-48GB", &["2BB4(placeholder)"], &[], 0, Evidence::NamesOnly,
        "MIG user guide, table 10; placements not found; later guides say two instances at most", &tables::RTX_PRO_5000),
];

/// Finds a board by its name or by the name of a GPU model (`A100-SXM4-40GB`). O(boards).
///
/// ```
/// use gpusched_core::gpu::mig::board;
/// assert_eq!(board("A30").unwrap().name, "A30-24GB");
/// assert_eq!(board("A100-SXM4-40GB").unwrap().name, "A100-40GB");
/// assert!(board("T4").is_none());
/// ```
pub fn board(name: &str) -> Option<&'static Board> {
    BOARDS
        .iter()
        .find(|board| board.name == name || board.models.contains(&name))
}

/// The board of a GPU model as an inventory names it: as [`board`] finds it, else the first variant
/// of a family (`A100`), of several the one whose memory is closest to `mem_mib` (0 = not known).
///
/// ```
/// use gpusched_core::gpu::mig::board_of_model;
/// assert_eq!(board_of_model("A100", 81_920).unwrap().name, "A100-80GB");
/// assert_eq!(board_of_model("A100", 0).unwrap().name, "A100-40GB");
/// assert!(board_of_model("T4", 0).is_none());
/// ```
pub fn board_of_model(name: &str, mem_mib: u32) -> Option<&'static Board> {
    if name.is_empty() {
        return None;
    }
    let variant = |known: &&model::GpuModel| {
        let rest = known.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('-')) && board(known.name).is_some()
    };
    let distance = |known: &&model::GpuModel| match mem_mib {
        0 => 0,
        mem => mem.abs_diff(known.mem_mib),
    };
    board(name).or_else(|| {
        let closest = model::CATALOGUE.iter().filter(variant).min_by_key(distance);
        closest.and_then(|known| board(known.name))
    })
}

/// Finds a board by PCI device id: `20B0`, or `0x20B010DE` with the vendor behind it, in any case.
///
/// ```
/// use gpusched_core::gpu::mig::board_by_pci;
/// assert_eq!(board_by_pci("0x233010DE").unwrap().name, "H100-80GB-SXM");
/// assert_eq!(board_by_pci("20b0").unwrap().name, "A100-40GB");
/// ```
pub fn board_by_pci(id: &str) -> Option<&'static Board> {
    let hex = id.trim_start_matches("0x").trim_start_matches("0X");
    let device = hex.get(..4)?;
    let vendor = &hex[4..];
    if !vendor.is_empty() && !vendor.eq_ignore_ascii_case("10DE") {
        return None;
    }
    BOARDS.iter().find(|board| {
        board
            .pci_ids
            .iter()
            .any(|known| known.eq_ignore_ascii_case(device))
    })
}
