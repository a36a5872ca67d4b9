//! `gpusched dra publish`: what NVIDIA's driver would publish.

use super::super::args::{DraFormatArg, DraPublishArgs};
use super::super::failure::{Failure, Outcome};
use super::super::terminal;
use gpusched_core::gpu::mig::{Geometry, GpuLayout, Instance, MigConfig, board_of_model};
use gpusched_core::gpu::model::{CATALOGUE, GpuModel, find};
use gpusched_core::kube::Labels;
use gpusched_core::placement::dra::objects::ResourceSlice;
use gpusched_core::placement::dra::publish::{
    Extras, FixedGpu, FixedInstance, Gpu, Node, Omission, PublishError, SliceModel, clique_label,
    compute_domain, device_classes, dynamic, fixed,
};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::manifest::write;
use gpusched_sim::sharing::mig_parted;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is said of versions where nobody asks.
const DRIVER: &str = "580.95.5";
const CUDA: &str = "13.0.0";
/// The UUID of a made-up NVLink cluster.
const CLUSTER: &str = "00000000-0000-0000-0000-000000000001";
/// More nodes or GPUs than this are taken for a slip.
const MOST_NODES: u32 = 100_000;
const MOST_GPUS: usize = 64;

/// What is asked for, understood.
struct Plan {
    models: Vec<&'static GpuModel>,
    /// Instances of each GPU, where an administrator cuts them; `None` = dynamic.
    layout: Option<Vec<Vec<Instance>>>,
    slices: SliceModel,
    whole: bool,
    clique: Option<u32>,
    extras: bool,
}

/// Everything that is printed.
#[derive(Default)]
struct Objects {
    slices: Vec<ResourceSlice>,
    others: Vec<Value>,
    omitted: BTreeSet<Omission>,
}

/// Runs the verb.
pub(super) fn publish(args: &DraPublishArgs) -> Outcome {
    let plan = Plan::new(args)?;
    let mut objects = Objects::default();
    if args.with_classes {
        objects
            .others
            .extend(device_classes().iter().map(write::device_class));
    }
    let nodes = args.nodes.unwrap_or(1);
    if !(1..=MOST_NODES).contains(&nodes) {
        let problem = Diagnostic::new(format!("{nodes} nodes cannot be published"));
        let help = format!("give 1 to {MOST_NODES}");
        return Err(Failure::Input(problem.in_file("--nodes").help(help)));
    }
    for number in 0..nodes {
        let node = Node {
            name: format!("node-{}", number + 1),
            driver_version: DRIVER.to_owned(),
            cuda_driver_version: CUDA.to_owned(),
        };
        let published = plan.publish(&node, number);
        let published = published.map_err(|error| refused(&error))?;
        objects.slices.extend(published.slices);
        objects.omitted.extend(published.omitted);
        if args.compute_domains {
            objects.slices.push(compute_domain(&node));
        }
        if args.with_nodes {
            let labels = plan.labels(&node, number);
            objects.others.push(write::node(&node.name, &labels));
        }
    }
    for omission in &objects.omitted {
        terminal::say(&format!("Note: left out: {omission}"));
    }
    if args.extras {
        terminal::say(
            "Note: attributes of gpusched.dev are not NVIDIA's: no driver publishes them",
        );
    }
    match args.format.unwrap_or_default() {
        DraFormatArg::Yaml => terminal::print(&objects.yaml()?),
        DraFormatArg::Json => terminal::print(&format!("{:#}\n", objects.json())),
        DraFormatArg::Table => terminal::print(&objects.table()),
    }
}

fn refused(error: &PublishError) -> Failure {
    let problem = Diagnostic::new(error.to_string());
    let help = match error {
        PublishError::TooMany { .. } => "give a node fewer GPUs".to_owned(),
        PublishError::NoMig(_) => {
            "leave `--mig` out; `gpusched mig boards` lists what MIG cuts".to_owned()
        }
        _ => "publish another model, or write the slices by hand".to_owned(),
    };
    Failure::Input(problem.in_file("--gpus").help(help))
}

impl Plan {
    fn new(args: &DraPublishArgs) -> Result<Plan> {
        let mut models = Vec::new();
        for text in &args.gpus {
            let (model, count) = gpus(text)?;
            models.extend(std::iter::repeat_n(model, count));
        }
        if models.len() > MOST_GPUS {
            let problem =
                Diagnostic::new(format!("a node with {} GPUs is too large", models.len()));
            let help = format!("give at most {MOST_GPUS}");
            return Err(problem.in_file("--gpus").help(help));
        }
        let layout = match args.mig.as_deref() {
            Some("dynamic") => None,
            None => Some(vec![Vec::new(); models.len()]),
            Some(layout) => Some(cut(&models, layout)?),
        };
        if args.mig_stays_on && layout.is_some() {
            let problem = Diagnostic::new("without `--mig dynamic` this says nothing");
            return Err(problem
                .in_file("--mig-stays-on")
                .help("add `--mig dynamic`"));
        }
        if args.clique == Some(0) {
            let problem = Diagnostic::new("an NVLink domain has at least one node");
            return Err(problem.in_file("--clique"));
        }
        Ok(Plan {
            models,
            layout,
            slices: slices(args.kubernetes.as_deref().unwrap_or("1.36"))?,
            whole: !args.mig_stays_on,
            clique: args.clique,
            extras: args.extras,
        })
    }

    fn publish(
        &self,
        node: &Node,
        number: u32,
    ) -> Result<gpusched_core::placement::dra::publish::Published, PublishError> {
        let gpus = self.models.iter().zip(0..);
        let gpus = gpus.map(|(model, minor)| self.gpu(node, number, model, minor));
        let gpus: Vec<Gpu> = gpus.collect();
        let Some(layout) = &self.layout else {
            return dynamic(node, &gpus, self.slices, self.whole);
        };
        let gpus = gpus.into_iter().zip(layout).map(|(gpu, instances)| {
            let instances = instances.iter().zip(0..);
            let instances = instances.map(|(instance, at)| FixedInstance {
                instance: *instance,
                uuid: uuid("MIG", number, u32::from(gpu.minor) << 8 | at),
            });
            FixedGpu {
                instances: instances.collect(),
                gpu,
            }
        });
        fixed(node, &gpus.collect::<Vec<_>>())
    }

    fn gpu(&self, node: &Node, number: u32, model: &'static GpuModel, minor: u16) -> Gpu {
        let domain = match self.clique_of(number) {
            Some(clique) => clique_label(CLUSTER, clique).1,
            None => node.name.clone(),
        };
        let half = self.models.len().div_ceil(2);
        Gpu {
            minor,
            model,
            uuid: uuid("GPU", number, u32::from(minor)),
            pci_bus_id: format!("0000:{:02x}:00.0", 0x10 + minor),
            pcie_root: None,
            extras: match self.extras {
                false => Extras::default(),
                true => Extras {
                    nvlink_domain: Some(domain),
                    numa: Some(i64::from(usize::from(minor) >= half)),
                },
            },
        }
    }

    fn clique_of(&self, number: u32) -> Option<u32> {
        self.clique.map(|nodes| number / nodes)
    }

    fn labels(&self, node: &Node, number: u32) -> Labels {
        let hostname = ("kubernetes.io/hostname".to_owned(), node.name.clone());
        let clique = self.clique_of(number).map(|clique| {
            let (key, value) = clique_label(CLUSTER, clique);
            (key.to_owned(), value)
        });
        [hostname].into_iter().chain(clique).collect()
    }
}

/// A UUID nobody takes for a real one.
fn uuid(kind: &str, node: u32, part: u32) -> String {
    format!("{kind}-00000000-0000-0000-0000-{node:06x}{part:06x}")
}

/// `MODEL:COUNT`, in any case; a family stands for its first variant.
fn gpus(text: &str) -> Result<(&'static GpuModel, usize)> {
    let wrong = |message: String| Diagnostic::new(message).in_file("--gpus");
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    let count = count
        .parse::<usize>()
        .ok()
        .filter(|count| (1..=MOST_GPUS).contains(count));
    let count = count.ok_or_else(|| {
        let help = format!("write MODEL:COUNT, with 1 to {MOST_GPUS} GPUs, such as A30:4");
        wrong(format!("`{text}` says no number of GPUs")).help(help)
    })?;
    let same = |model: &&GpuModel| model.name.eq_ignore_ascii_case(name);
    let exact = CATALOGUE.iter().find(same);
    let Some(model) = exact.or_else(|| find(&name.to_ascii_uppercase())) else {
        let names = || CATALOGUE.iter().map(|model| model.name);
        let help = match did_you_mean(name, names()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the models are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(wrong(format!("`{name}` is no known GPU model")).help(help));
    };
    if exact.is_none() {
        let known = model.name;
        terminal::say(&format!(
            "Note: `{name}` is taken for {known}, the first of its variants"
        ));
    }
    Ok((model, count))
}

/// How slices are cut for a version of Kubernetes.
fn slices(version: &str) -> Result<SliceModel> {
    let parts = version
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    let parts: Vec<Option<u32>> = parts.map(|part| part.ok()).collect();
    match parts[..] {
        [Some(1), Some(34)] | [Some(1), Some(34), Some(_)] => Ok(SliceModel::Combined),
        [Some(1), Some(35..)] | [Some(1), Some(35..), Some(_)] => Ok(SliceModel::Split),
        _ => Err(
            Diagnostic::new(format!("`{version}` is no version that is known here"))
                .in_file("--kubernetes")
                .help("partitionable devices are published for 1.34 and newer: write 1.36"),
        ),
    }
}

/// The instances of each GPU under a layout of mig-parted.
fn cut(models: &[&GpuModel], layout: &str) -> Result<Vec<Vec<Instance>>> {
    let wrong = |message: String| Diagnostic::new(message).in_file("--mig");
    let mut geometries = Vec::new();
    for model in models {
        let board = board_of_model(model.name, model.mem_mib);
        let board = board.ok_or_else(|| wrong(format!("MIG cannot cut a `{}`", model.name)))?;
        geometries.push(Geometry::of(board).map_err(|error| wrong(error.to_string()))?);
    }
    let layouts: Vec<GpuLayout> = match layout.split_once('#') {
        Some((path, name)) => {
            let file = mig_parted::load(path)?;
            file.has(name)?;
            let gpus: Vec<Option<&Geometry>> = geometries.iter().map(Some).collect();
            file.expand(name, "node-1", &gpus)?
        }
        None => {
            let mut layouts = Vec::new();
            for geometry in &geometries {
                let known = MigConfig::built_in(geometry.board());
                let one = known.expand(layout, &[Some(geometry)]).map_err(|error| {
                    let names = known.mig_configs.keys().map(String::as_str);
                    let help = match did_you_mean(layout, names.chain(["dynamic"])) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "write `dynamic`, a layout of mig-parted such as all-balanced, or \
                                 FILE#NAME"
                            .to_owned(),
                    };
                    wrong(error.to_string()).help(help)
                })?;
                layouts.extend(one);
            }
            layouts
        }
    };
    Ok(layouts.iter().map(|one| one.instances().to_vec()).collect())
}

impl Objects {
    fn all(&self) -> impl Iterator<Item = Value> {
        let slices = self.slices.iter().map(write::resource_slice);
        self.others.iter().cloned().chain(slices)
    }

    fn json(&self) -> Value {
        json!({ "apiVersion": "v1", "kind": "List", "items": self.all().collect::<Vec<_>>() })
    }

    fn yaml(&self) -> Outcome<String> {
        let documents = self.all().map(|object| serde_saphyr::to_string(&object));
        let documents: Result<Vec<String>, _> = documents.collect();
        let documents = documents.map_err(|error| {
            Failure::Run(Diagnostic::new(format!("cannot write YAML: {error}")))
        })?;
        Ok(documents.join("---\n"))
    }

    /// A line for each kind of device of a slice, and for each counter set.
    fn table(&self) -> String {
        let mut text = String::new();
        for slice in &self.slices {
            text += &format!("{} ({}, pool {})\n", slice.name, slice.driver, slice.pool);
            for set in &slice.content.shared_counters {
                let counters = set
                    .counters
                    .iter()
                    .map(|(name, one)| format!("{name} {one}"));
                let counters: Vec<String> = counters.collect();
                text += &format!("  {}: {}\n", set.name, counters.join(", "));
            }
            for device in &slice.content.devices {
                let capacity = device.capacity.iter();
                let capacity = capacity.map(|(name, one)| format!("{name} {}", one.value));
                let capacity: Vec<String> = capacity.collect();
                text += format!("  {:<28} {}", device.name, capacity.join(", ")).trim_end();
                text += "\n";
            }
        }
        text
    }
}
