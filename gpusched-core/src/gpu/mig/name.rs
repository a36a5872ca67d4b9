//! Profile names: `[Cc.]Gg.GBgb[+attr[,attr]|-attr]`, how they follow from memory sizes, and what
//! Kubernetes calls them.
//!
//! Rule of the names: NVIDIA/go-nvlib (3c16156), `pkg/nvlib/device/mig_profile.go`.

use super::profiles::{Board, Media, Profile};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A profile name taken apart.
///
/// ```
/// use gpusched_core::gpu::mig::{MigName, NameError};
/// let name: MigName = "1c.3g.20gb+me".parse().unwrap();
/// assert_eq!((name.compute, name.slices, name.gb), (1, 3, 20));
/// assert!(name.attributes.me);
/// assert_eq!(name.to_string(), "1c.3g.20gb+me");
/// // One compute instance over the whole GPU instance is not written out.
/// assert_eq!("3c.3g.20gb".parse::<MigName>().unwrap().to_string(), "3g.20gb");
/// assert_eq!("1g.5gb+me-me".parse::<MigName>(), Err(NameError::BothSigns("1g.5gb+me-me".into())));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MigName {
    /// Compute slices of the compute instance; equal to `slices` when it is the whole instance.
    pub compute: u8,
    /// Compute slices of the GPU instance.
    pub slices: u8,
    /// Memory, GB as printed.
    pub gb: u16,
    /// What it has beyond its slices.
    pub attributes: Attributes,
}

/// Attributes of a profile name. Every board so far prints at most one; the syntax allows more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// `+me`
    pub me: bool,
    /// `+me.all`
    pub me_all: bool,
    /// `+gfx`
    pub gfx: bool,
    /// `-me`
    pub no_me: bool,
}

impl From<Media> for Attributes {
    fn from(media: Media) -> Attributes {
        Attributes {
            me: media == Media::Me,
            me_all: media == Media::MeAll,
            gfx: media == Media::Gfx,
            no_me: media == Media::NoMe,
        }
    }
}

/// Why a text is no profile name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not of the form at all.
    #[error(
        "`{0}` is no MIG profile: expected `[Cc.]Gg.GBgb` and then `+attribute` or `-attribute`"
    )]
    Form(String),
    /// An attribute nobody knows.
    #[error(
        "`{name}` has an unknown attribute `{attribute}`: known are +me, +me.all, +gfx and -me"
    )]
    Attribute {
        /// The text.
        name: String,
        /// The attribute, with its sign.
        attribute: String,
    },
    /// Both `+` and `-`.
    #[error("`{0}` adds and removes attributes at once")]
    BothSigns(String),
    /// More compute slices than the instance has.
    #[error("`{0}` asks for more compute slices than its GPU instance has")]
    Compute(String),
}

impl FromStr for MigName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<MigName, NameError> {
        let form = || NameError::Form(text.to_owned());
        let end = text.find(['+', '-']).unwrap_or(text.len());
        let (sizes, attributes) = text.split_at(end);
        let mut parts: Vec<&str> = sizes.split('.').collect();
        let gb = number(parts.pop().and_then(|part| part.strip_suffix("gb"))).ok_or_else(form)?;
        let slices = number(parts.pop().and_then(|part| part.strip_suffix('g')))
            .and_then(|slices| u8::try_from(slices).ok())
            .ok_or_else(form)?;
        let compute = match parts.as_slice() {
            [] => slices,
            [part] => number(part.strip_suffix('c'))
                .and_then(|compute| u8::try_from(compute).ok())
                .ok_or_else(form)?,
            _ => return Err(form()),
        };
        if compute > slices {
            return Err(NameError::Compute(text.to_owned()));
        }
        Ok(MigName {
            compute,
            slices,
            gb,
            attributes: attributes_of(text, attributes)?,
        })
    }
}

/// A positive number without sign or leading zero.
fn number(text: Option<&str>) -> Option<u16> {
    let text = text?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

fn attributes_of(name: &str, text: &str) -> Result<Attributes, NameError> {
    let mut attributes = Attributes::default();
    let Some(sign) = text.chars().next() else {
        return Ok(attributes);
    };
    let rest = &text[1..];
    if rest.contains(['+', '-']) {
        let same = !rest.contains(if sign == '+' { '-' } else { '+' });
        return Err(if same {
            NameError::Form(name.to_owned())
        } else {
            NameError::BothSigns(name.to_owned())
        });
    }
    for attribute in rest.split(',') {
        let flag = match (sign, attribute) {
            ('+', "me") => &mut attributes.me,
            ('+', "me.all") => &mut attributes.me_all,
            ('+', "gfx") => &mut attributes.gfx,
            ('-', "me") => &mut attributes.no_me,
            _ => {
                return Err(NameError::Attribute {
                    name: name.to_owned(),
                    attribute: format!("{sign}{attribute}"),
                });
            }
        };
        *flag = true;
    }
    Ok(attributes)
}

impl fmt::Display for MigName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.compute != self.slices {
            write!(f, "{}c.", self.compute)?;
        }
        write!(f, "{}g.{}gb", self.slices, self.gb)?;
        let mut sign = '+';
        let plus = [
            (self.attributes.me, "me"),
            (self.attributes.me_all, "me.all"),
            (self.attributes.gfx, "gfx"),
        ];
        for (_, attribute) in plus.iter().filter(|(on, _)| *on) {
            write!(f, "{sign}{attribute}")?;
            sign = ',';
        }
        if self.attributes.no_me {
            f.write_str("-me")?;
        }
        Ok(())
    }
}

/// The GB figure in a profile name, from the instance's usable memory and the device's total:
/// the memory is rounded up to eighths of the device, and that many eighths of the total in whole
/// GiB (rounded up) are rounded half away from zero.
///
/// ```
/// use gpusched_core::gpu::mig::printed_gb;
/// assert_eq!(printed_gb(4864, 40960), 5);
/// assert_eq!(printed_gb(71424, 143771), 71); // 70.5
/// ```
///
/// # Panics
/// When the total is zero.
pub const fn printed_gb(mib: u32, total_mib: u32) -> u16 {
    let eighths = (8 * mib as u64).div_ceil(total_mib as u64);
    eighths_gb(eighths as u16, total_mib.div_ceil(1024) as u16)
}

/// [`printed_gb`] from eighths of the device and its total in whole GiB.
pub const fn eighths_gb(eighths: u16, total_gib: u16) -> u16 {
    ((eighths as u32 * total_gib as u32 + 4) / 8) as u16
}

/// The name a profile has on a device of `total_gib` (whole GiB, rounded up). Names change with
/// the total a driver reports while profile ids stay: a GB300 prints `3g.139gb` under driver 59x
/// and `3g.126gb` under 61x.
///
/// ```
/// use gpusched_core::gpu::mig::{board, name_for_total};
/// let gb300 = board("GB300-278GB").unwrap();
/// let half = gb300.profile(gb300.by_id(9).unwrap());
/// assert_eq!(name_for_total(gb300, half, 278).to_string(), "3g.139gb");
/// assert_eq!(name_for_total(gb300, half, 251).to_string(), "3g.126gb");
/// ```
pub fn name_for_total(board: &Board, profile: &Profile, total_gib: u16) -> MigName {
    let eighths = u16::from(profile.mem_slices) * 8 / u16::from(board.mem_slices());
    MigName {
        compute: profile.slices,
        slices: profile.slices,
        gb: eighths_gb(eighths, total_gib),
        attributes: profile.media.into(),
    }
}

/// `nvidia.com/mig.strategy`: how MIG instances become Kubernetes resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigStrategy {
    /// MIG is ignored: only whole GPUs are counted.
    #[default]
    None,
    /// All instances of a node are of one profile and stand for `nvidia.com/gpu`.
    Single,
    /// Every profile is a resource of its own.
    Mixed,
}

impl MigStrategy {
    /// The resource an instance of `profile` is counted under, if any (k8s-device-plugin 1b826ac).
    ///
    /// ```
    /// use gpusched_core::gpu::mig::MigStrategy;
    /// let me = "1g.5gb+me";
    /// assert_eq!(MigStrategy::Mixed.resource(me).unwrap(), "nvidia.com/mig-1g.5gb.me");
    /// assert_eq!(MigStrategy::Single.resource(me).unwrap(), "nvidia.com/gpu");
    /// assert_eq!(MigStrategy::None.resource(me), None);
    /// ```
    pub fn resource(self, profile: &str) -> Option<String> {
        match self {
            MigStrategy::None => None,
            MigStrategy::Single => Some("nvidia.com/gpu".to_owned()),
            MigStrategy::Mixed => Some(format!("{RESOURCE_PREFIX}{}", profile.replace('+', "."))),
        }
    }
}

const RESOURCE_PREFIX: &str = "nvidia.com/mig-";

/// The profile name behind a resource name (`nvidia.com/mig-1g.5gb.me` is `1g.5gb+me`), or `None`
/// when the resource is no MIG profile.
///
/// ```
/// use gpusched_core::gpu::mig::profile_of_resource;
/// assert_eq!(profile_of_resource("nvidia.com/mig-1g.5gb.me").unwrap(), "1g.5gb+me");
/// assert_eq!(profile_of_resource("nvidia.com/mig-1g.24gb-me").unwrap(), "1g.24gb-me");
/// assert_eq!(profile_of_resource("nvidia.com/gpu"), None);
/// ```
pub fn profile_of_resource(resource: &str) -> Option<String> {
    let name = resource.strip_prefix(RESOURCE_PREFIX)?;
    let profile = name.replacen("gb.", "gb+", 1);
    profile.parse::<MigName>().is_ok().then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::super::boards::BOARDS;
    use super::*;

    #[test]
    fn every_published_name_follows_from_its_share_of_the_total() {
        for board in BOARDS {
            let total: MigName = board.whole().name.parse().unwrap();
            for profile in board.profiles {
                let derived = name_for_total(board, profile, total.gb);
                assert_eq!(derived.to_string(), profile.name, "{}", board.name);
                assert_eq!(profile.name.parse(), Ok(derived));
            }
        }
    }

    #[test]
    fn names_follow_from_usable_memory_where_both_are_known() {
        // Totals as NVML reports them.
        let totals = [
            ("A100-40GB", 40960),
            ("A100-80GB", 81920),
            ("H100-80GB-SXM", 81559),
            ("H100-80GB-PCIe", 81559),
            ("H100-94GB-NVL", 95830),
            ("H200-141GB", 143771),
            ("A30-24GB", 24576),
            ("RTX-PRO-6000-96GB", 97887),
        ];
        let mut seen = 0;
        for (name, total) in totals {
            let board = BOARDS.iter().find(|board| board.name == name).unwrap();
            for profile in board.profiles {
                let Some(mib) = profile.memory_mib else {
                    continue;
                };
                let printed: MigName = profile.name.parse().unwrap();
                assert_eq!(
                    printed_gb(mib, total),
                    printed.gb,
                    "{name} {}",
                    profile.name
                );
                seen += 1;
            }
        }
        assert_eq!(seen, 53);
    }

    #[test]
    fn totals_of_the_reference_give_the_names_of_the_reference() {
        let one_two_four = |total| [1, 2, 4, 8].map(|eighths| eighths_gb(eighths, total));
        assert_eq!(one_two_four(24), [3, 6, 12, 24]);
        assert_eq!(one_two_four(40), [5, 10, 20, 40]);
        assert_eq!(one_two_four(94), [12, 24, 47, 94]);
        assert_eq!(one_two_four(141), [18, 35, 71, 141]);
        assert_eq!(one_two_four(189), [24, 47, 95, 189]);
        assert_eq!(one_two_four(251), [31, 63, 126, 251]);
        assert_eq!(one_two_four(269), [34, 67, 135, 269]);
        assert_eq!(one_two_four(278), [35, 70, 139, 278]);
    }

    #[test]
    fn text_that_is_no_profile_is_refused_with_the_reason() {
        let parse = |text: &str| text.parse::<MigName>();
        for text in [
            "",
            "1g",
            "5gb",
            "1g.5",
            "g.5gb",
            "1g.gb",
            "01g.5gb",
            "1g.05gb",
            "1x.1g.5gb",
            "1c.1c.1g.5gb",
            "1g.5gb+me+gfx",
            "+1g.5gb",
            "1G.5GB",
            "1g.5gb ",
            "999g.5gb",
            "0g.5gb",
        ] {
            assert_eq!(parse(text), Err(NameError::Form(text.into())), "{text}");
        }
        for text in [
            "1g.5gb+",
            "1g.5gb-",
            "1g.5gb+ME",
            "1g.5gb-gfx",
            "1g.5gb+me,",
        ] {
            assert!(
                matches!(parse(text), Err(NameError::Attribute { .. })),
                "{text}"
            );
        }
        assert_eq!(
            parse("4c.3g.20gb"),
            Err(NameError::Compute("4c.3g.20gb".into()))
        );
        let both = parse("1g.24gb+me,gfx").unwrap();
        assert_eq!(both.to_string(), "1g.24gb+me,gfx");
    }
}
