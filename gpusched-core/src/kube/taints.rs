//! Taints of nodes and the tolerations of pods.

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// New pods stay away.
    NoSchedule,
    /// New pods would rather be elsewhere; no rule for admission.
    PreferNoSchedule,
    /// New pods stay away, running ones leave.
    NoExecute,
}

/// A taint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value, often empty.
    pub value: String,
    /// What it does.
    pub effect: Effect,
}

/// How a toleration compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TolerationOperator {
    /// Key and value are equal.
    #[default]
    Equal,
    /// The key is equal, or empty: then every taint is tolerated.
    Exists,
}

/// A toleration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// Key; empty with `Exists` means any.
    pub key: String,
    /// How it compares.
    pub operator: TolerationOperator,
    /// Value, for `Equal`.
    pub value: String,
    /// The one effect tolerated; `None` = all.
    pub effect: Option<Effect>,
    /// How long `NoExecute` is tolerated; `None` = for ever.
    pub seconds: Option<i64>,
}

impl Toleration {
    /// Whether it tolerates the taint (as `ToleratesTaint` of the API machinery).
    ///
    /// ```
    /// use gpusched_core::kube::{Effect, Taint, Toleration, TolerationOperator};
    /// let spot = Taint { key: "spot".into(), value: "true".into(), effect: Effect::NoSchedule };
    /// let any = Toleration { operator: TolerationOperator::Exists, ..Toleration::default() };
    /// assert!(any.tolerates(&spot));
    /// assert!(!Toleration { key: "spot".into(), ..Toleration::default() }.tolerates(&spot));
    /// ```
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator {
            TolerationOperator::Exists => true,
            TolerationOperator::Equal => self.value == taint.value && !self.key.is_empty(),
        }
    }
}

/// The first taint that keeps new pods away and none of the tolerations covers.
pub fn untolerated<'t>(taints: &'t [Taint], tolerations: &[&[Toleration]]) -> Option<&'t Taint> {
    taints
        .iter()
        .filter(|taint| taint.effect != Effect::PreferNoSchedule)
        .find(|taint| {
            !tolerations
                .iter()
                .flat_map(|list| list.iter())
                .any(|one| one.tolerates(taint))
        })
}
