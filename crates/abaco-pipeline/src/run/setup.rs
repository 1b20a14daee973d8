//! From a configuration and a catalogue to a pipeline: whatever cannot be meant is refused before a tape is opened.

use std::path::Path;
use std::sync::Arc;

use abaco_engine::Definitions;
use abaco_kpi::{Basis, Column, ColumnKind, Kpi, RowExpr, canonical_column};

use super::masks::TableUses;
use super::part::Calculator;
use super::privacy::Secrets;
use super::{Pipeline, Split, bindings, cohort};
use crate::config::{ConfiguredTable, DRILL_DOWN, PipelineConfig, TableRole};
use crate::contract::Contract;
use crate::transform::Dimensions;
use crate::{Catalogue, PipelineError};

impl Pipeline {
    /// A pipeline of this configuration over the catalogue's KPIs.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind) if the configuration names a profile, KPI, definition or
    /// column that does not exist, or an expression that cannot be read.
    pub fn new(config: PipelineConfig, catalogue: &Catalogue) -> Result<Self, PipelineError> {
        let refuse = |message: String| PipelineError::Configuration { path: config.path.clone(), message };
        let profile = &config.settings.profile;
        let find = |key: &str, profile: &str| {
            catalogue.find(profile).map(<[_]>::to_vec).ok_or_else(|| {
                let names: Vec<&str> = catalogue.names().collect();
                refuse(format!("{key}: expected one of {}, found `{profile}`", names.join(", ")))
            })
        };
        let mut kpis: Vec<Arc<dyn Kpi>> = find("`profile`", profile)?;
        // The formulas of the definitions are those of the profile that they name; they add KPIs to no other.
        let stated = config.definitions.profile().unwrap_or(profile);
        let of_stated = find("`profile` of the definitions", stated)?;
        let of_stated: Vec<&dyn Kpi> = of_stated.iter().map(AsRef::as_ref).collect();
        let added = config.definitions.kpis(&of_stated)?;
        if stated == profile {
            kpis.extend(added.iter().cloned().map(|kpi| Arc::new(kpi) as Arc<dyn Kpi>));
        }
        if let Some(id) =
            config.settings.required.iter().find(|id| kpis.iter().all(|kpi| kpi.spec().id != **id))
        {
            return Err(refuse(format!("`required`: the profile `{profile}` has no KPI `{id}`")));
        }
        if let Some(drill) =
            config.settings.drill_down.iter().find(|drill| kpis.iter().all(|kpi| kpi.spec().id != drill.kpi))
        {
            return Err(refuse(format!("`drill_down`: the profile `{profile}` has no KPI `{}`", drill.kpi)));
        }
        let dimensions = Dimensions::new(&config.settings.dimensions, config.settings.fiscal_year_starts)
            .map_err(refuse)?;
        for name in dimensions.names() {
            let contracts =
                std::iter::once(&config.contract).chain(config.tables.iter().map(|table| &table.contract));
            let taken = |contract: &Contract| {
                contract.column(name).is_some()
                    || contract.derived().iter().any(|derived| derived.name == *name)
            };
            if canonical_column(name).is_some() || contracts.into_iter().any(taken) {
                return Err(refuse(format!("`dimensions`, `{name}`: a column has this name already")));
            }
            if config.settings.cohorts.is_some() && cohort::COLUMNS.contains(&name) {
                return Err(refuse(format!("`dimensions`, `{name}`: cohorts are told apart by this name")));
            }
        }
        for (key, name) in config.settings.grouped_by() {
            let beside = config.tables.iter().any(|table| table.contract.column(name).is_some());
            let known = config.contract.column(name).is_some()
                || canonical_column(name).is_some()
                || beside
                || dimensions.names().any(|dimension| dimension == name);
            if !known {
                return Err(refuse(format!(
                    "`{key}`: neither the contract nor the catalogue has a column `{name}`"
                )));
            }
        }
        // A definition may be about a KPI of another profile, but never about none.
        let mut everything = catalogue.everything();
        everything.extend(added.iter().map(|kpi| kpi as &dyn Kpi));
        config.definitions.check(&everything)?;
        // The formulas have been compared above; those of a part's KPIs may name KPIs of another part.
        let definitions = config.definitions.without_formulas();
        let calculator = Calculator::new(&kpis, &definitions, |_| true)?;
        let split = match &config.settings.tables {
            None => None,
            Some(_) => Some(Split::new(&kpis, &config, &definitions)?),
        };
        let contract_path = config.path.parent().unwrap_or(Path::new("")).join(&config.settings.contract);
        let bindings = bindings::bindings(&config.contract, &contract_path, &config.definitions)?;
        let label_lag = bindings::label_lag(&config.contract, &contract_path)?;
        let secrets = Secrets::new(&config, &bindings, &config.definitions)?;
        for kpi in &kpis {
            if let Some((measure, secret)) = secrets.measured(&**kpi) {
                return Err(refuse(format!(
                    "kpi `{}`: {measure} would publish the values of `{secret}`, which has the role pii",
                    kpi.spec().id
                )));
            }
        }
        for (key, name) in config.settings.grouped_by() {
            let made_of = dimensions.source(name);
            let expr = made_of.cloned().unwrap_or_else(|| RowExpr::Column(Column::from(name.clone())));
            // A dimension is made of plain values, and its bands may be as narrow as one of them.
            if key == DRILL_DOWN && made_of.is_none() && secrets.are_pseudonyms(&expr) {
                continue;
            }
            if let Some(secret) = secrets.behind(&expr) {
                return Err(refuse(format!(
                    "`{key}`: column `{name}` would publish the values of `{secret}`, which has the role pii"
                )));
            }
        }
        if let Some(secret) = label_lag.as_ref().and_then(|lag| secrets.behind(&lag.days)) {
            let message = format!(
                "`effective_as_of`: the day would publish the values of `{secret}`, which has the role pii"
            );
            return Err(PipelineError::Configuration { path: contract_path, message });
        }
        let about: Vec<&dyn Kpi> = kpis.iter().map(AsRef::as_ref).collect();
        let mut looked_at: Vec<&RowExpr> =
            dimensions.names().filter_map(|name| dimensions.source(name)).collect();
        looked_at.extend(label_lag.iter().map(|lag| &lag.days));
        let conditions: Vec<_> = label_lag.iter().filter_map(|lag| lag.filter.as_ref()).collect();
        let drilled = config.settings.drill_down.iter().flat_map(|drill| &drill.by);
        let drilled: Vec<Column> =
            drilled.filter(|name| dimensions.source(name).is_none()).cloned().map(Column::from).collect();
        let uses = TableUses::new(&config, &bindings, &about, &looked_at, &conditions, &drilled)?;
        let pools = catalogue.pools(&config.settings.profile);
        Ok(Self { config, calculator, split, bindings, label_lag, dimensions, uses, pools })
    }
}

impl Split {
    fn new(
        kpis: &[Arc<dyn Kpi>],
        config: &PipelineConfig,
        definitions: &Definitions,
    ) -> Result<Self, PipelineError> {
        config.tables.iter().try_for_each(refuse_columns_of_a_day)?;
        let of =
            |basis: fn(Basis) -> bool| Calculator::new(kpis, definitions, |kpi| basis(Basis::of_kpi(kpi)));
        Ok(Self {
            snapshot: of(|basis| basis == Basis::Snapshot)?,
            period: of(|basis| basis != Basis::Snapshot)?,
            cohort: of(|basis| basis == Basis::Cohort)?,
        })
    }
}

/// A balance or a status of today, joined to a snapshot of last year, would be a forecast come true.
fn refuse_columns_of_a_day(table: &ConfiguredTable) -> Result<(), PipelineError> {
    let columns = table.contract.columns().iter().map(|column| &column.name);
    let derived = table.contract.derived().iter().map(|derived| &derived.name);
    let of_a_day = |name: &&String| {
        let kind = canonical_column(name).map(|column| column.kind);
        matches!(kind, Some(ColumnKind::Stock | ColumnKind::Flow | ColumnKind::Cumulative))
    };
    match columns.chain(derived).find(of_a_day) {
        Some(name) if table.role == TableRole::Static => Err(PipelineError::Configuration {
            path: table.contract_path.clone(),
            message: format!(
                "column `{name}` holds for a day; a static table has only what never changes of a loan"
            ),
        }),
        _ => Ok(()),
    }
}
