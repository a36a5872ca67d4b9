//! The profile of a dense transformer from its shape and the way it is cut.
//!
//! Compute and volumes follow Narayanan et al., "Efficient Large-Scale Language Model Training on
//! GPU Clusters Using Megatron-LM" (SC 2021), without recomputation. With `b` sequences of a
//! micro-batch, `s` tokens each, hidden size `h`, `l` layers, `V` words and `B` sequences in a step:
//!
//! * work of a step: `72 · B · s · l · h² · (1 + s/6h + V/12lh)` floating-point operations
//! * tensor parallelism: four all-reduces of `b·s·h` activations a layer and micro-batch
//! * pipeline: `b·s·h` activations to the next stage and back, each divided by the tensor ranks that
//!   each send a part; a bubble of `(p−1)/m` of the work of `m` micro-batches
//! * data parallelism: an all-reduce of the gradients of a rank's own parameters
//!
//! Activations and gradients have two bytes. Ranks are numbered tensor first, then data, then
//! pipeline (the default order of Megatron), so tensor groups are the nearest.

use super::{Collective, Exchange, JobProfile, Members};

/// The shape of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Tokens of a sequence.
    pub sequence: u32,
    /// Words of the vocabulary.
    pub vocabulary: u32,
}

impl Shape {
    /// Parameters: `12·l·h²` of the layers and `V·h` of the embedding.
    ///
    /// ```
    /// use gpusched_core::performance::collective::transformer::Shape;
    /// // GPT-3.
    /// let shape = Shape { layers: 96, hidden: 12288, sequence: 2048, vocabulary: 50257 };
    /// assert!((shape.parameters() / 1e9 - 174.6).abs() < 0.1);
    /// ```
    pub fn parameters(&self) -> f64 {
        let hidden = f64::from(self.hidden);
        12.0 * f64::from(self.layers) * hidden * hidden + f64::from(self.vocabulary) * hidden
    }

    /// Floating-point operations of a step of `batch` sequences, forward and backward.
    pub fn work(&self, batch: f64) -> f64 {
        let [layers, hidden, tokens, words] =
            [self.layers, self.hidden, self.sequence, self.vocabulary].map(f64::from);
        let attention = tokens / (6.0 * hidden);
        let logits = words / (12.0 * layers * hidden);
        72.0 * batch * tokens * layers * hidden * hidden * (1.0 + attention + logits)
    }
}

/// How a model is cut. What remains of the GPUs is data parallelism.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parallelism {
    /// Ranks that share every layer.
    pub tensor: u32,
    /// Stages of layers.
    pub pipeline: u32,
    /// Sequences of a micro-batch.
    pub micro_batch: u32,
    /// Sequences of a step.
    pub batch: u32,
    /// What one GPU reaches in matrix products, TFLOP/s.
    pub tflops: f64,
    /// Share of compute behind which data parallelism hides.
    pub overlap: f64,
}

impl Default for Parallelism {
    /// One cut of nothing; 1024 sequences by ones; 400 TFLOP/s, near what Megatron reports on H100
    /// (41 to 48 % of 989); half of compute hides the gradients (assumed: the backward pass of
    /// buckets that are ready).
    fn default() -> Self {
        Parallelism {
            tensor: 1,
            pipeline: 1,
            micro_batch: 1,
            batch: 1024,
            tflops: 400.0,
            overlap: 0.5,
        }
    }
}

/// The profile of a step on so many GPUs. A job with fewer GPUs than a cut takes is cut less: tensor
/// ranks first, then stages.
pub fn profile(shape: &Shape, cut: &Parallelism, gpus: u32) -> JobProfile {
    let gpus = gpus.max(1);
    let tensor = cut.tensor.clamp(1, gpus);
    let stages = cut.pipeline.clamp(1, gpus / tensor);
    let replicas = gpus / (tensor * stages);
    let [t, p, d] = [tensor, stages, replicas].map(f64::from);
    let batch = f64::from(cut.batch);
    let micro = f64::from(cut.micro_batch);
    let micro_batches = (batch / (d * micro)).max(1.0);
    let busy = shape.work(batch) / (f64::from(tensor * stages * replicas) * cut.tflops * 1e12);
    let bubble = (p - 1.0) / micro_batches;
    let activations = 2.0 * micro * f64::from(shape.sequence) * f64::from(shape.hidden);
    let layers = f64::from(shape.layers) / p;
    let exchange = |collective, bytes, members, count| Exchange {
        collective,
        bytes,
        members,
        count,
        overlap: 0.0,
    };
    let mut exchanges = Vec::new();
    if tensor > 1 {
        let members = Members::Groups {
            size: tensor,
            stride: 1,
        };
        // The bubble stretches what is done per micro-batch.
        let count = 4.0 * layers * micro_batches * (1.0 + bubble);
        exchanges.push(exchange(Collective::AllReduce, activations, members, count));
    }
    if stages > 1 {
        let members = Members::Groups {
            size: stages,
            stride: tensor * replicas,
        };
        let count = 2.0 * (micro_batches + p - 1.0);
        exchanges.push(exchange(
            Collective::PointToPoint,
            activations / t,
            members,
            count,
        ));
    }
    if replicas > 1 {
        let members = Members::Groups {
            size: replicas,
            stride: tensor,
        };
        let gradients = 2.0 * shape.parameters() / (t * p);
        exchanges.push(Exchange {
            overlap: cut.overlap,
            ..exchange(Collective::AllReduce, gradients, members, 1.0)
        });
    }
    JobProfile {
        compute_s: busy * (1.0 + bubble),
        exchanges,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One layer of one hidden unit would do; round numbers for the hand.
    const SMALL: Shape = Shape {
        layers: 4,
        hidden: 100,
        sequence: 600,
        vocabulary: 4800,
    };

    #[test]
    fn work_and_parameters_by_hand() {
        // 12·4·10⁴ + 4800·100.
        assert_eq!(SMALL.parameters(), 960_000.0);
        // 72·600·4·10⁴ · (1 + 600/600 + 4800/4800).
        assert_eq!(SMALL.work(1.0), 72.0 * 600.0 * 4.0 * 1e4 * 3.0);
    }

    #[test]
    fn a_step_on_sixteen_gpus_by_hand() {
        let cut = Parallelism {
            tensor: 2,
            pipeline: 2,
            micro_batch: 1,
            batch: 16,
            tflops: 1e-6,
            overlap: 0.5,
        };
        // d = 4, so m = 4 micro-batches and a bubble of 1/4.
        let step = profile(&SMALL, &cut, 16);
        let busy = SMALL.work(16.0) / (16.0 * 1e6);
        assert!((step.compute_s - 1.25 * busy).abs() < 1e-9);
        let [tensor, pipeline, data] = step.exchanges[..] else {
            panic!("three exchanges");
        };
        // 2 bytes · 600 · 100; 4 a layer, 2 layers a stage, 4 micro-batches, and the bubble.
        assert_eq!((tensor.bytes, tensor.count), (120_000.0, 40.0));
        assert_eq!(tensor.members, Members::Groups { size: 2, stride: 1 });
        assert_eq!((pipeline.bytes, pipeline.count), (60_000.0, 10.0));
        assert_eq!(pipeline.members, Members::Groups { size: 2, stride: 8 });
        assert_eq!((data.bytes, data.overlap), (480_000.0, 0.5));
        assert_eq!(data.members, Members::Groups { size: 4, stride: 2 });
    }

    #[test]
    fn a_job_smaller_than_its_cut_is_cut_less() {
        let cut = Parallelism {
            tensor: 8,
            pipeline: 4,
            ..Parallelism::default()
        };
        let step = profile(&SMALL, &cut, 16);
        let sizes = step
            .exchanges
            .iter()
            .map(|exchange| match exchange.members {
                Members::Groups { size, .. } => size,
                Members::All => 0,
            });
        assert_eq!(sizes.collect::<Vec<_>>(), [8, 2]);
        assert!(profile(&SMALL, &cut, 1).exchanges.is_empty());
    }
}
