//! Replicas: a device advertised several times, as NVIDIA's device plugin does for MPS and
//! time-slicing.

use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::units::MILLI;
use gpusched_core::workload::{Shape, Workload};
use std::fmt;

/// How many replicas of each device, and who gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// Replicas of each device, 2 to 1000.
    pub count: u32,
    /// Who gets one.
    pub scope: Scope,
}

/// Who gets a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Pods that ask for a part of a device. Those with whole devices keep them, as on a cluster
    /// where only some nodes are shared.
    #[default]
    Parts,
    /// Every pod that asks for a GPU, as where the plugin is configured so on all nodes. One that
    /// asks for several is refused (`failRequestsGreaterThanOne`; MPS always).
    One,
    /// Every pod; one that asks for several gets as many replicas, of as few devices as hold
    /// them, and no larger share of time for it.
    Any,
}

impl Replicas {
    /// Reads `4`, `4:all` and `4:any`.
    pub(super) fn parse(text: &str) -> Option<Replicas> {
        let (count, scope) = match text.split_once(':') {
            None => (text, Scope::Parts),
            Some((count, "all")) => (count, Scope::One),
            Some((count, "any")) => (count, Scope::Any),
            Some(_) => return None,
        };
        // The device plugin knows no single replica; more than a thousandth is no share.
        let count = count
            .parse()
            .ok()
            .filter(|count| (2..=1000).contains(count))?;
        Some(Replicas { count, scope })
    }

    /// Makes sure that under MPS no client needs more memory than its part of a device.
    ///
    /// # Errors
    /// The first job that does, on the device that has most, and what would be legal.
    pub(crate) fn check_memory(
        self,
        work: &Workload,
        inventory: &Inventory,
        file: &str,
    ) -> Result<()> {
        for spec in work.specs() {
            for set in &spec.pod_sets {
                let shape = work.shape(set.shape);
                if !self.take(shape) || shape.gpu_mem_mib == 0 {
                    continue;
                }
                let nodes = inventory.nodes().iter();
                let open = nodes.filter(|node| node.gpus > 0 && shape.accepts(&node.gpu_model));
                // A device whose memory is not known limits nobody.
                let Some(node) = open.max_by_key(|node| match node.gpu_mem_mib {
                    0 => u32::MAX,
                    mib => mib,
                }) else {
                    continue;
                };
                let part = node.gpu_mem_mib / self.count;
                if node.gpu_mem_mib > 0 && shape.gpu_mem_mib > part {
                    return Err(over_committed(shape, node, self.count).at(
                        file,
                        spec.first_line,
                        0,
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether a pod gets a replica instead of what it asks for.
    pub(super) fn take(self, shape: &Shape) -> bool {
        match self.scope {
            Scope::Parts => shape.is_share(),
            _ => shape.gpus > 0,
        }
    }

    /// The request of a pod that gets replicas. What it says of device memory is left alone.
    pub(super) fn shape(self, shape: &Shape) -> Shape {
        let asked = shape.gpus;
        if asked == 1 {
            return Shape {
                gpu_milli: MILLI / self.count,
                ..shape.clone()
            };
        }
        match self.scope {
            Scope::Any if asked <= self.count => Shape {
                gpus: 1,
                gpu_milli: asked * (MILLI / self.count),
                ..shape.clone()
            },
            Scope::Any => Shape {
                gpus: asked.div_ceil(self.count),
                gpu_milli: MILLI,
                ..shape.clone()
            },
            _ => refused(shape, "more than one shared GPU asked for"),
        }
    }
}

fn over_committed(shape: &Shape, node: &Node, count: u32) -> Box<Diagnostic> {
    let (asked, all) = (shape.gpu_mem_mib, node.gpu_mem_mib);
    let most = all / asked;
    let legal = match most {
        0 | 1 => "it needs a device of its own".to_owned(),
        most => format!("`mps:{most}` is the most that leaves it enough"),
    };
    Diagnostic::new(format!(
        "{count} MPS clients over-commit GPU memory: this job asks for {asked} MiB, and a client \
         gets {} of the {all} MiB of a {} (node {}, every GPU)",
        all / count,
        node.gpu_model,
        node.name
    ))
    .help(format!(
        "{legal}; or have such jobs turned away and counted with `--lenient`"
    ))
}

/// A request nothing satisfies, for the reason given.
pub(super) fn refused(shape: &Shape, why: &str) -> Shape {
    Shape {
        models: vec![format!("(none: {why})")],
        ..shape.clone()
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            Scope::Parts => "",
            Scope::One => ":all",
            Scope::Any => ":any",
        };
        write!(f, "{}{scope}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_print_as_they_are_written() {
        for text in ["2", "4:all", "1000:any"] {
            assert_eq!(Replicas::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "1", "1001", "4:", "4:some", "x", "-2"] {
            assert_eq!(Replicas::parse(text), None, "{text}");
        }
    }

    #[test]
    fn several_replicas_are_refused_or_take_as_many_places() {
        let shape = |text, gpus| {
            Replicas::parse(text)
                .unwrap()
                .shape(&Shape::whole_gpus(gpus))
        };
        let size = |shape: Shape| (shape.gpus, shape.gpu_milli);
        assert_eq!(size(shape("4:all", 1)), (1, 250));
        assert!(!shape("4:all", 2).accepts("T4"));
        assert_eq!(size(shape("4:any", 3)), (1, 750));
        assert_eq!(size(shape("4:any", 5)), (2, 1000));
        assert!(!Replicas::parse("4").unwrap().take(&Shape::whole_gpus(1)));
        assert!(
            Replicas::parse("4:all")
                .unwrap()
                .take(&Shape::whole_gpus(1))
        );
    }
}
