//! What the names in a text may mean.

use abaco_kpi::Formula;

/// The columns and the KPIs that a text may name; each refusal is a message.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) column: &'s dyn Fn(&str) -> Result<(), String>,
    pub(crate) kpi: &'s dyn Fn(&str) -> Result<Formula, String>,
}

impl Scope<'_> {
    /// Any column, and no KPI.
    pub(crate) const COLUMNS: Scope<'static> = Scope { column: &any_column, kpi: &no_kpi };
}

fn any_column(_: &str) -> Result<(), String> {
    Ok(())
}

fn no_kpi(id: &str) -> Result<Formula, String> {
    Err(format!("no KPI `{id}` is known here"))
}
