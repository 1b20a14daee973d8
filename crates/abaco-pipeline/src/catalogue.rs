//! The KPIs that a pipeline is handed: it knows none of its own.

use abaco_kpi::{FormulaKpi, Kpi};

/// Named lists of KPIs; a configuration chooses one by its name.
///
/// ```
/// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, count};
/// use abaco_pipeline::Catalogue;
///
/// let rows = FormulaKpi::new(KpiSpec::new("rows", "Rows", Unit::Count), count());
/// let catalogue = Catalogue::new().profile("standard", [rows]);
/// assert_eq!(catalogue.find("standard").map(<[_]>::len), Some(1));
/// assert!(catalogue.find("legacy_v2").is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Catalogue(Vec<(String, Vec<FormulaKpi>)>);

impl Catalogue {
    /// A catalogue without profiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a profile; the first of a name counts.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>, kpis: impl IntoIterator<Item = FormulaKpi>) -> Self {
        self.0.push((name.into(), kpis.into_iter().collect()));
        self
    }

    /// The KPIs of a profile.
    pub fn find(&self, name: &str) -> Option<&[FormulaKpi]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, kpis)| kpis.as_slice())
    }

    /// The names of the profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The KPIs of all profiles; an id may occur in several.
    pub(crate) fn everything(&self) -> Vec<&dyn Kpi> {
        self.0.iter().flat_map(|(_, kpis)| kpis).map(|kpi| kpi as &dyn Kpi).collect()
    }
}
