//! What the pods of jobs want, in the words of Kubernetes: worked out once per request.

use super::types::{GPU, PRODUCT};
use crate::ids::ShapeId;
use crate::kube::{NodeAffinity, NodeSelectorTerm, Operator, Requirement, Resources};
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::karpenter::labels::CAPACITY_TYPE;
use crate::provisioning::karpenter::objects::PodSpec;
use crate::workload::Shape;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Specs by request and by whether spot capacity will do.
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    /// GPU models there are: name and memory per device in MiB (0 = not known).
    models: Vec<(String, u32)>,
    /// Parts a GPU is published in.
    replicas: i64,
    known: BTreeMap<(ShapeId, bool), Arc<PodSpec>>,
}

impl Wishes {
    pub(super) fn new(models: Vec<(String, u32)>, replicas: i64) -> Wishes {
        Wishes {
            models,
            replicas,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn of(&mut self, id: ShapeId, shape: &Shape, spot_ok: bool) -> Arc<PodSpec> {
        if let Some(known) = self.known.get(&(id, spot_ok)) {
            return known.clone();
        }
        let spec = Arc::new(self.work_out(shape, spot_ok));
        self.known.insert((id, spot_ok), spec.clone());
        spec
    }

    fn work_out(&self, shape: &Shape, spot_ok: bool) -> PodSpec {
        let mut requests: Resources = [
            (
                "cpu".to_owned(),
                shape.cpu_milli.min(i64::MAX as u64) as i64,
            ),
            (
                "memory".to_owned(),
                (shape.mem_mib << 20).min(i64::MAX as u64) as i64,
            ),
        ]
        .into();
        requests.retain(|_, amount| *amount > 0);
        let mut must = Vec::new();
        if shape.gpus > 0 {
            // Thousandths of a whole are exact where GPUs are published in thousandths; where they
            // are not, nobody asks for less than a whole.
            let parts = shape.total_milli() as i64 * self.replicas;
            requests.insert(GPU.into(), (parts + 999) / 1000);
            must.extend(self.product(shape));
        }
        if !spot_ok {
            must.push(Requirement {
                key: CAPACITY_TYPE.into(),
                operator: Operator::NotIn,
                values: vec![CapacityType::Spot.name().into()],
            });
        }
        let term = NodeSelectorTerm {
            match_expressions: must,
            match_fields: Vec::new(),
        };
        let required = (!term.match_expressions.is_empty()).then(|| vec![term]);
        PodSpec {
            namespace: "default".into(),
            requests,
            node_affinity: NodeAffinity {
                required,
                ..NodeAffinity::default()
            },
            ..PodSpec::default()
        }
    }

    /// Which models will do; `None` = all there are.
    fn product(&self, shape: &Shape) -> Option<Requirement> {
        let fits = |(name, mem): &&(String, u32)| {
            shape.accepts(name) && (*mem == 0 || *mem >= shape.gpu_mem_mib)
        };
        let values: Vec<String> = self
            .models
            .iter()
            .filter(fits)
            .map(|one| one.0.clone())
            .collect();
        (values.len() < self.models.len()).then(|| Requirement {
            key: PRODUCT.into(),
            operator: Operator::In,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(replicas: i64) -> Wishes {
        let models = [
            ("A100-SXM4-40GB", 40_960),
            ("A100-SXM4-80GB", 81_920),
            ("T4", 15_360),
        ];
        Wishes::new(
            models.map(|(name, mem)| (name.to_owned(), mem)).to_vec(),
            replicas,
        )
    }

    fn must(spec: &PodSpec) -> Vec<(&str, Operator, Vec<&str>)> {
        let terms = spec.node_affinity.required.iter().flatten();
        let all = terms.flat_map(|term| &term.match_expressions);
        all.map(|one| {
            (
                one.key.as_str(),
                one.operator,
                one.values.iter().map(String::as_str).collect(),
            )
        })
        .collect()
    }

    #[test]
    fn a_share_is_thousandths_where_gpus_are_published_in_them() {
        let share = Shape {
            gpu_milli: 250,
            cpu_milli: 4_000,
            mem_mib: 2,
            ..Shape::whole_gpus(1)
        };
        let spec = wishes(1000).of(ShapeId(0), &share, true);
        let expected = [("cpu", 4_000), ("memory", 2 << 20), (GPU, 250)];
        let expected: Resources = expected
            .map(|(name, amount)| (name.to_owned(), amount))
            .into();
        assert_eq!(spec.requests, expected);
        assert_eq!(spec.node_affinity.required, None);
        assert_eq!(
            wishes(1000)
                .of(ShapeId(0), &Shape::whole_gpus(2), true)
                .requests[GPU],
            2000
        );
        assert_eq!(
            wishes(1)
                .of(ShapeId(0), &Shape::whole_gpus(2), true)
                .requests[GPU],
            2
        );
    }

    #[test]
    fn models_and_their_memory_narrow_down_the_product() {
        let mut shape = Shape::whole_gpus(1);
        shape.models = vec!["A100".into()];
        let both = ["A100-SXM4-40GB", "A100-SXM4-80GB"];
        let spec = wishes(1).of(ShapeId(0), &shape, true);
        assert_eq!(must(&spec), [(PRODUCT, Operator::In, both.to_vec())]);
        shape.gpu_mem_mib = 50_000;
        let spec = wishes(1).of(ShapeId(0), &shape, false);
        let large = (PRODUCT, Operator::In, vec!["A100-SXM4-80GB"]);
        assert_eq!(
            must(&spec),
            [large, (CAPACITY_TYPE, Operator::NotIn, vec!["spot"])]
        );
    }

    #[test]
    fn equal_requests_share_one_spec() {
        let mut wishes = wishes(1);
        let shape = Shape::whole_gpus(1);
        let first = wishes.of(ShapeId(3), &shape, true);
        assert!(Arc::ptr_eq(&first, &wishes.of(ShapeId(3), &shape, true)));
        assert!(!Arc::ptr_eq(&first, &wishes.of(ShapeId(3), &shape, false)));
    }
}
