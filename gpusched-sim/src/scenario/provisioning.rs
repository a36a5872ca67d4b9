//! Which machines exist, and what they cost: the keys `provisioning`, `cloud`, `node-pools`,
//! `node-groups`, `do-not-disrupt-for`, `spot-for`, `spot-share`, `boot`, `idle-timeout` and `gpu-price`.

use super::{Origins, Scenario};
use crate::cloud::{Cloud, JobRule, check_rented, is_rented, rented_policies};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::policy::PolicyInfo;
use gpusched_core::provisioning::controlled::{Boot, Stage};
use gpusched_core::provisioning::registry::{ProvisioningOptions, provisionings};
use gpusched_core::provisioning::{Price, ReactiveOptions};
use gpusched_core::units::Span;
use std::sync::Arc;

/// What a scenario says of machines.
#[derive(Clone, Debug)]
pub struct Machines {
    /// The provisioning policy.
    pub policy: String,
    /// What it is told.
    pub options: ProvisioningOptions,
    /// What may be rented.
    pub cloud: Arc<Cloud>,
    /// Keys given that only mean something where machines come and go.
    told: Vec<&'static str>,
    /// Keys given that only mean something where machines are rented.
    told_cloud: Vec<&'static str>,
    /// Price of the machines that have none of their own, per GPU.
    gpu_price: Option<Price>,
}

impl Machines {
    /// Makes sure that what was said means something to one of the policies.
    ///
    /// # Errors
    /// At the first key that does not.
    pub fn check<'n>(
        &self,
        policies: impl Iterator<Item = &'n str> + Clone,
        origins: &Origins,
    ) -> Result<()> {
        if let Some(key) = self.told_cloud.first()
            && !policies.clone().any(is_rented)
        {
            let names: Vec<&str> = rented_policies().iter().map(|info| info.name).collect();
            let problem = Diagnostic::new(format!("`{key}` means nothing where nothing is rented"))
                .help(format!(
                    "say `--provisioning` with one of {} too, or leave it out",
                    names.join(", ")
                ));
            return Err(origins.blame(key, problem));
        }
        for (key, controller) in [
            ("node-pools", "karpenter"),
            ("node-groups", "cluster-autoscaler"),
        ] {
            let is_it = |name: &str| name.split(':').next() == Some(controller);
            if self.told_cloud.contains(&key) && !policies.clone().any(is_it) {
                let problem = format!("`{key}` means nothing without {controller}");
                let help = format!("say `--provisioning {controller}` too, or leave it out");
                return Err(origins.blame(key, Diagnostic::new(problem).help(help)));
            }
        }
        let mut policies = policies;
        match self.told.first() {
            Some(key) if !policies.any(|name| name != "static") => {
                let problem = Diagnostic::new(format!(
                    "`{key}` means nothing where machines are there all the time"
                ))
                .help("say `--provisioning reactive` too, or leave it out");
                Err(origins.blame(key, problem))
            }
            _ => Ok(()),
        }
    }

    /// The machines with prices for those that have none.
    pub fn priced(&self, inventory: Inventory) -> Inventory {
        match self.gpu_price {
            None => inventory,
            Some(price) => inventory.priced(|node| match node.gpus {
                0 => None,
                gpus => Some(Price(price.0.saturating_mul(i64::from(gpus)))),
            }),
        }
    }
}

impl Scenario {
    /// What it says of machines, checked.
    pub(super) fn machines(&self, origins: &Origins) -> Result<Machines> {
        let policy = self.provisioning.clone().unwrap_or_else(|| "static".into());
        check_provisioning(&policy).map_err(|problem| origins.blame("provisioning", problem))?;
        let mut reactive = ReactiveOptions::default();
        let mut told = Vec::new();
        let (cloud, told_cloud) = self.rented(origins)?;
        if let Some(boot) = self.boot {
            reactive.boot = boot.0;
            told.push("boot");
        }
        if let Some(idle) = self.idle_timeout {
            reactive.idle = idle.0;
            told.push("idle-timeout");
        }
        let gpu_price = match self.gpu_price {
            Some(usd) if !(0.0..1e6).contains(&usd) => {
                let problem = Diagnostic::new(format!("a price of {usd} cannot be"))
                    .help("give US dollars per GPU and hour, 0 or more");
                return Err(origins.blame("gpu-price", problem));
            }
            usd => usd.map(|usd| Price((usd * 1e9).round() as i64)),
        };
        Ok(Machines {
            policy,
            options: ProvisioningOptions { reactive },
            cloud: Arc::new(cloud),
            told,
            told_cloud,
            gpu_price,
        })
    }

    /// What may be rented, and which keys say so.
    fn rented(&self, origins: &Origins) -> Result<(Cloud, Vec<&'static str>)> {
        let mut told = Vec::new();
        let mut cloud = match &self.cloud {
            None => Cloud::default(),
            Some(path) => {
                told.push("cloud");
                Cloud::load(path)?
            }
        };
        if let Some(text) = &self.spot_for {
            told.push("spot-for");
            let rule = text.parse::<JobRule>();
            cloud.spot_for = rule.map_err(|problem| origins.blame("spot-for", problem))?;
        }
        if let Some(text) = &self.do_not_disrupt_for {
            told.push("do-not-disrupt-for");
            let rule = text.parse::<JobRule>();
            cloud.keep_for =
                rule.map_err(|problem| origins.blame("do-not-disrupt-for", problem))?;
        }
        match self.spot_share {
            None => {}
            Some(share) if (0.0..=1.0).contains(&share) => {
                told.push("spot-share");
                cloud.spot_share = share;
            }
            Some(share) => {
                let problem = Diagnostic::new(format!("{share} is no share of the jobs"))
                    .help("give a number from 0 to 1, such as 0.3");
                return Err(origins.blame("spot-share", problem));
            }
        }
        if let Some(boot) = self.boot {
            let none = Stage::of_secs(0);
            cloud.boot = Boot {
                launch: none,
                join: Stage {
                    least: boot.0.max(Span::ZERO),
                    most: boot.0.max(Span::ZERO),
                },
                gpu: none,
                image: none,
                ..cloud.boot
            };
        }
        // Last: what controllers see of it is made from all that was said.
        if let Some(path) = &self.node_pools {
            told.push("node-pools");
            cloud = cloud.with_node_pools(path)?;
        }
        if let Some(path) = &self.node_groups {
            told.push("node-groups");
            cloud = cloud.with_node_groups(path)?;
        }
        Ok((cloud, told))
    }
}

/// Every provisioning policy.
pub fn all_provisionings() -> impl Iterator<Item = &'static PolicyInfo> {
    provisionings().iter().chain(rented_policies())
}

/// Checks the name of a provisioning policy.
///
/// # Errors
/// With a near name, or all there are.
pub fn check_provisioning(name: &str) -> Result<()> {
    if is_rented(name) {
        return check_rented(name);
    }
    let names = || all_provisionings().map(|info| info.name);
    if names().any(|known| known == name) {
        return Ok(());
    }
    let help = match did_you_mean(name, names()) {
        Some(close) => format!("did you mean `{close}`? all: `gpusched policy list`"),
        None => format!("choose one of: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Diagnostic::new(format!("there is no provisioning policy `{name}`")).help(help))
}
