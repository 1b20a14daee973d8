//! The trait by which KPIs are composed.

use std::sync::Arc;

use crate::{Formula, KpiSpec};

/// A KPI: it describes, the engine executes.
///
/// ```
/// use abaco_kpi::{count, Formula, Kpi, KpiSpec, Unit};
///
/// struct Slices(KpiSpec);
///
/// impl Kpi for Slices {
///     fn spec(&self) -> &KpiSpec {
///         &self.0
///     }
///
///     fn formula(&self) -> Formula {
///         count().into()
///     }
/// }
///
/// let slices = Slices(KpiSpec::new("slices", "Number of slices", Unit::Count));
/// assert_eq!(slices.formula().to_string(), "COUNT(*)");
/// ```
pub trait Kpi: Send + Sync {
    /// What the KPI says about itself.
    fn spec(&self) -> &KpiSpec;

    /// What it computes. Pure: the same formula each time.
    fn formula(&self) -> Formula;
}

impl<K: Kpi + ?Sized> Kpi for &K {
    fn spec(&self) -> &KpiSpec {
        (**self).spec()
    }

    fn formula(&self) -> Formula {
        (**self).formula()
    }
}

impl<K: Kpi + ?Sized> Kpi for Arc<K> {
    fn spec(&self) -> &KpiSpec {
        (**self).spec()
    }

    fn formula(&self) -> Formula {
        (**self).formula()
    }
}

impl<K: Kpi + ?Sized> Kpi for Box<K> {
    fn spec(&self) -> &KpiSpec {
        (**self).spec()
    }

    fn formula(&self) -> Formula {
        (**self).formula()
    }
}

/// A KPI that is nothing but its specification and its formula: the usual kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaKpi {
    spec: KpiSpec,
    formula: Formula,
}

impl FormulaKpi {
    /// The KPI of this specification and formula.
    pub fn new(spec: KpiSpec, formula: impl Into<Formula>) -> Self {
        Self { spec, formula: formula.into() }
    }
}

impl Kpi for FormulaKpi {
    fn spec(&self) -> &KpiSpec {
        &self.spec
    }

    fn formula(&self) -> Formula {
        self.formula.clone()
    }
}
