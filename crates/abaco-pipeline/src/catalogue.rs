//! The KPIs that a pipeline is handed: it knows none of its own.

use std::sync::Arc;

use abaco_kpi::Kpi;

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
#[derive(Clone, Default)]
pub struct Catalogue(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    name: String,
    kpis: Vec<Arc<dyn Kpi>>,
    pools: bool,
}

impl Catalogue {
    /// A catalogue without profiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds KPIs to the profile of this name, which is made if it is new.
    ///
    /// Two KPIs of one id in a profile are refused when a pipeline is made of it.
    #[must_use]
    pub fn profile<K: Kpi + 'static>(mut self, name: &str, kpis: impl IntoIterator<Item = K>) -> Self {
        self.entry(name).kpis.extend(kpis.into_iter().map(|kpi| Arc::new(kpi) as Arc<dyn Kpi>));
        self
    }

    /// Allows the profile of this name to pool snapshots, as the system did that it reproduces.
    #[must_use]
    pub fn pooling(mut self, name: &str) -> Self {
        self.entry(name).pools = true;
        self
    }

    /// The KPIs of a profile.
    pub fn find(&self, name: &str) -> Option<&[Arc<dyn Kpi>]> {
        self.0.iter().find(|entry| entry.name == name).map(|entry| entry.kpis.as_slice())
    }

    /// The names of the profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.name.as_str())
    }

    pub(crate) fn pools(&self, name: &str) -> bool {
        self.0.iter().any(|entry| entry.name == name && entry.pools)
    }

    /// The KPIs of all profiles; an id may occur in several.
    pub(crate) fn everything(&self) -> Vec<&dyn Kpi> {
        self.0.iter().flat_map(|entry| &entry.kpis).map(|kpi| kpi.as_ref()).collect()
    }

    fn entry(&mut self, name: &str) -> &mut Entry {
        let index = self.0.iter().position(|entry| entry.name == name).unwrap_or_else(|| {
            self.0.push(Entry { name: name.to_owned(), kpis: Vec::new(), pools: false });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = |entry: &Entry| entry.kpis.iter().map(|kpi| kpi.spec().id.to_string()).collect::<Vec<_>>();
        f.debug_map().entries(self.0.iter().map(|entry| (&entry.name, ids(entry)))).finish()
    }
}
