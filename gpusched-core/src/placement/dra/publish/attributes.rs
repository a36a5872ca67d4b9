//! Attributes of GPUs and MIG devices.

use super::identity::identity;
use super::{Gpu, Node, Omission, Omitted, PublishError, Published};
use crate::cel::Attribute;
use std::collections::BTreeMap;

type Attributes = BTreeMap<String, Attribute>;

/// Attributes of a whole GPU.
pub(super) fn of_gpu(
    node: &Node,
    gpu: &Gpu,
    published: &mut Published,
) -> Result<Attributes, PublishError> {
    let mut attributes = common(node, gpu, published)?;
    put_text(&mut attributes, "type", "gpu");
    put_text(&mut attributes, "uuid", &gpu.uuid);
    Ok(attributes)
}

/// Attributes of an instance; one that stands has a UUID.
pub(super) fn of_instance(
    node: &Node,
    gpu: &Gpu,
    profile: &str,
    uuid: Option<&str>,
    published: &mut Published,
) -> Result<Attributes, PublishError> {
    let mut attributes = common(node, gpu, published)?;
    put_text(&mut attributes, "type", "mig");
    put_text(&mut attributes, "parentUUID", &gpu.uuid);
    put_text(&mut attributes, "profile", profile);
    if let Some(uuid) = uuid {
        put_text(&mut attributes, "uuid", uuid);
    }
    Ok(attributes)
}

fn put_text(attributes: &mut Attributes, name: &str, value: &str) {
    attributes.insert(name.to_owned(), Attribute::Text(value.to_owned()));
}

/// What a GPU and all its parts have.
fn common(node: &Node, gpu: &Gpu, published: &mut Published) -> Result<Attributes, PublishError> {
    let known = identity(gpu.model).ok_or(PublishError::Model(gpu.model.name))?;
    let mut attributes = Attributes::new();
    for (name, value) in [
        ("productName", known.product),
        ("architecture", known.architecture),
        ("resource.kubernetes.io/pciBusID", &gpu.pci_bus_id),
    ] {
        put_text(&mut attributes, name, value);
    }
    match known.brand {
        Some(brand) => put_text(&mut attributes, "brand", brand),
        None => {
            published.omitted.insert(Omission {
                model: gpu.model.name,
                part: Omitted::Attribute("brand"),
            });
        }
    }
    for (name, value) in [
        ("cudaComputeCapability", known.capability),
        ("driverVersion", &node.driver_version),
        ("cudaDriverVersion", &node.cuda_driver_version),
    ] {
        attributes.insert(name.to_owned(), Attribute::Version(value.to_owned()));
    }
    if let Some(root) = &gpu.pcie_root {
        put_text(&mut attributes, "resource.kubernetes.io/pcieRoot", root);
    }
    if let Some(domain) = &gpu.extras.nvlink_domain {
        put_text(&mut attributes, "gpusched.dev/nvlinkDomain", domain);
    }
    if let Some(numa) = gpu.extras.numa {
        attributes.insert("gpusched.dev/numa".to_owned(), Attribute::Int(numa));
    }
    Ok(attributes)
}
