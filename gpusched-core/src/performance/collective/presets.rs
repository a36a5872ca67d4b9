//! Job profiles by name.
//!
//! A name is one of the table, or a transformer with its parallelism spelled out:
//! `llm-70b:tp=8,pp=4,batch=1024`. Parameter counts are those of the papers; step times are
//! assumed where no source is given.

use super::transformer::{Parallelism, Shape, profile};
use super::{Collective, Exchange, JobProfile, Members};

/// What is known by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Preset {
    /// Nothing is exchanged: every place is as good as any.
    None,
    /// Data-parallel training: one all-reduce of all gradients a step.
    DataParallel {
        /// Gradients, bytes.
        bytes: f64,
        /// Compute of a step, s.
        compute_s: f64,
        /// Share of it that hides the all-reduce.
        overlap: f64,
    },
    /// A dense transformer.
    Transformer {
        /// The model.
        shape: Shape,
        /// How it is cut.
        parallelism: Parallelism,
    },
}

/// Why a name means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// There is none of that name.
    #[error("there is no job profile `{0}`")]
    Unknown(String),
    /// An option that cannot be.
    #[error("`{option}` is no option of `{name}`")]
    Option {
        /// The preset.
        name: String,
        /// The option.
        option: String,
    },
}

/// The names, what each is, and where its figures are from.
pub const NAMES: &[(&str, &str)] = &[
    ("none", "exchanges nothing"),
    (
        "resnet50",
        "25.6 M parameters (He et al. 2016), 4-byte gradients, 0.1 s a step (assumed)",
    ),
    (
        "vgg19",
        "143.7 M parameters (Simonyan & Zisserman 2015), 4-byte gradients, 0.2 s a step (assumed)",
    ),
    (
        "bert-large",
        "340 M parameters (Devlin et al. 2019), 2-byte gradients, 0.25 s a step (assumed)",
    ),
    ("llm-7b", "32 layers of 4096 (LLaMA), tp 2, pp 1"),
    ("llm-13b", "40 layers of 5120 (LLaMA), tp 4, pp 1"),
    ("llm-70b", "80 layers of 8192 (Llama 2), tp 8, pp 4"),
    ("llm-175b", "96 layers of 12288 (GPT-3), tp 8, pp 8"),
];

impl Preset {
    /// Reads a name, with options for transformers: `tp`, `pp`, `micro` (sequences of a
    /// micro-batch), `batch` (sequences of a step), `tflops` (reached by one GPU), `overlap` (percent
    /// of compute that hides data parallelism).
    ///
    /// # Errors
    /// [`PresetError`].
    ///
    /// ```
    /// use gpusched_core::performance::collective::presets::Preset;
    /// assert!(Preset::parse("llm-70b:tp=8,pp=2").is_ok());
    /// assert!(Preset::parse("llm-70b:tp=0").is_err() && Preset::parse("llm-71b").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Preset, PresetError> {
        let (name, options) = text.split_once(':').unwrap_or((text, ""));
        let wrong = |option: &str| PresetError::Option {
            name: name.to_owned(),
            option: option.to_owned(),
        };
        let data_parallel = |parameters: f64, bytes: f64, compute_s| Preset::DataParallel {
            bytes: parameters * bytes,
            compute_s,
            overlap: 0.5,
        };
        let mut preset = match name {
            "none" => Preset::None,
            "resnet50" => data_parallel(25.6e6, 4.0, 0.1),
            "vgg19" => data_parallel(143.7e6, 4.0, 0.2),
            "bert-large" => data_parallel(340e6, 2.0, 0.25),
            "llm-7b" => transformer(32, 4096, 2, 1),
            "llm-13b" => transformer(40, 5120, 4, 1),
            "llm-70b" => transformer(80, 8192, 8, 4),
            "llm-175b" => transformer(96, 12288, 8, 8),
            _ => return Err(PresetError::Unknown(name.to_owned())),
        };
        for option in options.split(',').filter(|option| !option.is_empty()) {
            let Preset::Transformer { parallelism, .. } = &mut preset else {
                return Err(wrong(option));
            };
            let (key, value) = option.split_once('=').ok_or_else(|| wrong(option))?;
            let value: u32 = value.parse().map_err(|_| wrong(option))?;
            let field = match key {
                "overlap" if value <= 100 => {
                    parallelism.overlap = f64::from(value) / 100.0;
                    continue;
                }
                "tflops" if value > 0 => {
                    parallelism.tflops = f64::from(value);
                    continue;
                }
                "tp" => &mut parallelism.tensor,
                "pp" => &mut parallelism.pipeline,
                "micro" => &mut parallelism.micro_batch,
                "batch" => &mut parallelism.batch,
                _ => return Err(wrong(option)),
            };
            if value == 0 || value > 1 << 20 {
                return Err(wrong(option));
            }
            *field = value;
        }
        Ok(preset)
    }

    /// The profile of a job of so many GPUs; `None` when it exchanges nothing.
    pub fn profile(&self, gpus: u32) -> Option<JobProfile> {
        match *self {
            Preset::None => None,
            Preset::DataParallel {
                bytes,
                compute_s,
                overlap,
            } => Some(JobProfile {
                compute_s,
                exchanges: vec![Exchange {
                    collective: Collective::AllReduce,
                    bytes,
                    members: Members::All,
                    count: 1.0,
                    overlap,
                }],
            }),
            Preset::Transformer { shape, parallelism } => Some(profile(&shape, &parallelism, gpus)),
        }
    }
}

fn transformer(layers: u32, hidden: u32, tensor: u32, pipeline: u32) -> Preset {
    Preset::Transformer {
        shape: Shape {
            layers,
            hidden,
            sequence: 4096,
            vocabulary: 32_000,
        },
        parallelism: Parallelism {
            tensor,
            pipeline,
            ..Parallelism::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_profile_and_says_where_it_is_from() {
        for (name, about) in NAMES {
            let preset = Preset::parse(name).unwrap();
            assert_eq!(preset.profile(64).is_none(), *name == "none");
            assert!(!about.is_empty());
        }
    }

    #[test]
    fn options_are_read_and_wrong_ones_named() {
        let Preset::Transformer { parallelism, .. } =
            Preset::parse("llm-7b:tp=4,batch=256,overlap=0").unwrap()
        else {
            panic!("a transformer");
        };
        assert_eq!((parallelism.tensor, parallelism.batch), (4, 256));
        assert_eq!(parallelism.overlap, 0.0);
        for wrong in [
            "llm-7b:tp",
            "llm-7b:tp=x",
            "llm-7b:dp=2",
            "resnet50:tp=2",
            "llm-7b:overlap=101",
        ] {
            let error = Preset::parse(wrong).unwrap_err();
            let option = wrong.split_once(':').unwrap().1;
            assert!(error.to_string().contains(option), "{error}");
        }
    }
}
