//! A run: ingest, calculate, publish.

mod baseline;
mod bindings;
mod cohort;
mod document;
mod drill;
mod effective;
mod joined;
mod manifest;
mod part;
mod plain;
mod publish;
mod read;
mod rollup;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use abaco_engine::{
    AsOf, AuditEvent, Bindings, Definitions, Finished, KpiEngine, ObservedScales, PlanOptions, Status,
};
use abaco_kpi::{Basis, Column, ColumnKind, Kpi, Outcome, RowExpr, canonical_column};
use arrow::datatypes::Schema;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use self::bindings::LabelLag;
use self::cohort::Cohorts;
pub use self::document::{
    Exact, FindingEntry, KpiEntry, PeriodEntry, PriorEntry, Rows, RunDocument, SCHEMA_VERSION, Segment,
    SeriesEntry,
};
use self::document::{Heading, Results};
pub use self::drill::{AmountEntry, DrillEntry, PartEntry, PartsEntry};
pub use self::effective::Effective;
use self::manifest::{Manifest, Read, identity};
use self::part::{Calculator, Parts};
pub use self::rollup::{CalendarPeriod, Rollup};
use self::rollup::{Point, year_before};
use crate::config::{ConfiguredTable, PipelineConfig, TableRole};
use crate::contract::Role;
use crate::ingest::IngestReport;
use crate::transform::Dimensions;
use crate::{Catalogue, PipelineError};

/// What to run.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Partitions of one tape.
    pub inputs: Vec<PathBuf>,
    /// The files of the tables beside it, by role; a role that is not named here has those of the configuration.
    pub tables: Vec<(TableRole, PathBuf)>,
    /// The snapshot; several without one named are refused.
    pub as_of: AsOf,
    /// The folder of the published runs; `None` computes without publishing.
    pub out: Option<PathBuf>,
    /// Who asks.
    pub actor: String,
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The result.
    pub document: RunDocument,
    /// The outcomes as the engine gave them.
    pub finished: Finished,
    /// The steps of the calculation.
    pub audit: Vec<AuditEvent>,
    /// What was read of the tape.
    pub inputs: Vec<IngestReport>,
    /// What was read beside it.
    pub tables: Vec<TableReport>,
    /// The day for which the rows hold, where that is not what the label says.
    pub effective: Effective,
    /// Where it was published.
    pub folder: Option<PathBuf>,
    /// KPIs that the configuration requires and that have no value.
    pub missing_required: Vec<String>,
}

/// A table beside the tape, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// What the table holds.
    pub role: TableRole,
    /// What was read.
    #[serde(flatten)]
    pub input: IngestReport,
}

/// A configuration and the KPIs that it chose.
pub struct Pipeline {
    config: PipelineConfig,
    /// All KPIs.
    calculator: Calculator,
    /// The KPIs by the rows that they are meant for, where there are tables beside the tape.
    split: Option<Split>,
    bindings: Bindings,
    label_lag: Option<LabelLag>,
    dimensions: Dimensions,
    pools: bool,
}

/// The KPIs by the rows that they are meant for. Those of cohorts are also given over the panel: all cohorts together.
struct Split {
    snapshot: Calculator,
    period: Calculator,
    cohort: Calculator,
}

/// What a run has folded.
struct Measured<'p> {
    parts: Parts<'p>,
    as_of: AsOf,
    /// The snapshots up to the chosen one.
    snapshots: Vec<NaiveDate>,
    inputs: Vec<IngestReport>,
    tables: Vec<TableReport>,
    series: Vec<(Rollup, Vec<Point>, Parts<'p>)>,
    cohorts: Cohorts,
    effective: Effective,
    drill_down: Vec<DrillEntry>,
}

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
            if config.contract.column(name).is_some() {
                return Err(refuse(format!(
                    "`dimensions`, `{name}`: the contract has a column of this name"
                )));
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
        for (key, name) in config.settings.grouped_by() {
            let expr = dimensions.source(name).cloned();
            let expr = expr.unwrap_or_else(|| RowExpr::Column(Column::from(name.clone())));
            if let Some(secret) = pii_behind(&expr, &config, &bindings) {
                return Err(refuse(format!(
                    "`{key}`: column `{name}` would publish the values of `{secret}`, which has the role pii"
                )));
            }
        }
        let pools = catalogue.pools(&config.settings.profile);
        Ok(Self { config, calculator, split, bindings, label_lag, dimensions, pools })
    }

    /// The configuration.
    pub fn config(&self) -> &PipelineConfig {
        &self.config
    }

    /// The engine with the profile's KPIs and their definitions.
    pub fn engine(&self) -> &KpiEngine {
        &self.calculator.engine
    }

    /// Reads the inputs, computes the KPIs and publishes the run.
    ///
    /// # Errors
    /// [`PipelineError`]; nothing is published then.
    pub fn run(&self, request: &RunRequest) -> Result<Run, PipelineError> {
        self.check(request)?;
        let measured = match &self.split {
            Some(split) => self.joined(split, request)?,
            None => self.plain(request)?,
        };
        let first = &request.inputs[0];
        let of_tape = |source| PipelineError::Engine { path: first.clone(), source };
        let Measured { parts, as_of, snapshots, inputs, tables, series, cohorts, effective, drill_down } =
            measured;
        let earlier = self.earlier(request, as_of)?;
        let (finished, audit) = parts.finish(as_of, &earlier.baselines).map_err(of_tape)?;
        let year_before = finished.as_of.and_then(|as_of| year_before(as_of, &snapshots));
        let year_before = year_before
            .map(|date| parts.values(date).map(|values| (date, values)))
            .transpose()
            .map_err(of_tape)?;
        let mut points = Vec::new();
        for (rollup, of_rollup, parts) in series {
            for point in of_rollup {
                let totals = parts.totals(&point).map_err(of_tape)?;
                points.push((rollup, point, totals));
            }
        }
        let pooled = request.as_of == AsOf::Pooled;
        let heading = Heading {
            run_id: Uuid::now_v7().to_string(),
            identity: identity(
                &self.config,
                &Read { inputs: &inputs, tables: &tables, history: earlier.history.as_deref() },
                finished.as_of,
                pooled,
            )?,
            portfolio: self.config.settings.portfolio.clone(),
            currency: self.config.contract.currency().to_owned(),
            known_at: DateTime::<Utc>::from(SystemTime::now()),
            rows_read: inputs.iter().map(|input| input.rows).sum(),
            effective_as_of: effective.date(),
        };
        let results = Results {
            finished: &finished,
            described: parts.described(),
            year_before,
            series: points,
            cohorts,
            drill_down,
        };
        let document = document::document(heading, results);
        let actor = |event| AuditEvent { actor: request.actor.clone(), ..event };
        let audit = audit.into_iter().map(actor).collect();
        let folder = match &request.out {
            Some(out) => Some(self.publish(out, &document, &inputs, &tables)?),
            None => None,
        };
        let missing_required = self.missing_required(&finished);
        Ok(Run { document, finished, audit, inputs, tables, effective, folder, missing_required })
    }

    /// The earlier run that a rule asks for, if any does.
    fn earlier(&self, request: &RunRequest, as_of: AsOf) -> Result<baseline::Earlier, PipelineError> {
        let asked = self.engine().definitions().iter().any(|kpi| kpi.expectation().needs_baseline());
        match (asked, &request.out, as_of) {
            (true, Some(out), AsOf::Date(as_of)) => {
                baseline::earlier(out, &self.config.settings.portfolio, as_of)
            }
            _ => Ok(baseline::Earlier::default()),
        }
    }

    fn check(&self, request: &RunRequest) -> Result<(), PipelineError> {
        if request.inputs.is_empty() {
            return Err(PipelineError::Option {
                name: "inputs",
                expected: "at least one tape".to_owned(),
                found: "none".to_owned(),
            });
        }
        if request.as_of == AsOf::Pooled && !self.pools {
            return Err(PipelineError::Option {
                name: "as_of",
                expected: "a snapshot: only a compatibility profile pools them".to_owned(),
                found: format!("pooled snapshots under the profile `{}`", self.config.settings.profile),
            });
        }
        let configured = |role: TableRole| self.config.tables.iter().any(|table| table.role == role);
        match request.tables.iter().find(|(role, _)| !configured(*role)) {
            Some((role, path)) => Err(PipelineError::Option {
                name: "table",
                expected: "a role for which the configuration has a contract, under `tables`".to_owned(),
                found: format!("{role}={}", path.display()),
            }),
            None => Ok(()),
        }
    }

    fn options(&self, schema: &Schema, bindings: &Bindings) -> PlanOptions {
        let snapshot = self.config.contract.snapshot().map(|column| column.name.clone());
        PlanOptions {
            bindings: bindings.clone(),
            // An optional snapshot column may be missing from a tape, which then is a single snapshot.
            snapshot: snapshot.filter(|name| schema.field_with_name(name).is_ok()).map(Column::from),
            groups: self
                .config
                .settings
                .segments
                .iter()
                .map(|set| set.iter().cloned().map(Column::from).collect())
                .collect(),
        }
    }

    fn publish(
        &self,
        out: &Path,
        document: &RunDocument,
        inputs: &[IngestReport],
        tables: &[TableReport],
    ) -> Result<PathBuf, PipelineError> {
        let mut kpis = serde_json::to_vec_pretty(document).map_err(PipelineError::Json)?;
        kpis.push(b'\n');
        let mut files = vec![("kpis.json", kpis)];
        let manifest = Manifest::new(&self.config, document, inputs, tables, &files);
        let mut manifest = serde_json::to_vec_pretty(&manifest).map_err(PipelineError::Json)?;
        manifest.push(b'\n');
        files.push(("manifest.json", manifest));
        publish::publish(out, &document.run_id, &files)
    }

    fn missing_required(&self, finished: &Finished) -> Vec<String> {
        let totals = finished.groups.first().map_or(&[][..], |totals| &totals.kpis);
        let has_value = |id: &str| {
            totals.iter().any(|result| result.id == id && matches!(result.outcome, Outcome::Value(_)))
        };
        self.config.settings.required.iter().filter(|id| !has_value(id)).cloned().collect()
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("config", &self.config.path)
            .field("engine", &self.calculator.engine)
            .finish()
    }
}

impl Run {
    /// The worst status of the totals and the segments.
    pub fn worst_status(&self) -> Status {
        let results = self.finished.groups.iter().flat_map(|group| &group.kpis);
        results.map(|result| result.status).max().unwrap_or(Status::None)
    }

    /// Whether any KPI failed.
    pub fn any_failed(&self) -> bool {
        let mut results = self.finished.groups.iter().flat_map(|group| &group.kpis);
        results.any(|result| matches!(result.outcome, Outcome::Failed(_)))
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

/// The pii column that a grouping column is or is derived from: the values of a group's columns are published.
fn pii_behind(expr: &RowExpr, config: &PipelineConfig, bindings: &Bindings) -> Option<String> {
    let mut found = None;
    bindings.resolve(expr).for_each_column(&mut |column| {
        let contracts =
            std::iter::once(&config.contract).chain(config.tables.iter().map(|table| &table.contract));
        let mut declared = contracts.filter_map(|contract| contract.column(column.name()));
        if declared.any(|declared| declared.has_role(Role::Pii)) {
            found = found.take().or(Some(column.name().to_owned()));
        }
    });
    found
}

/// The decimal places that the tape's cells really use, over all its partitions.
fn observed_scales<'r>(inputs: impl Iterator<Item = &'r IngestReport>) -> ObservedScales {
    let mut scales = ObservedScales::new();
    for column in inputs.flat_map(|input| &input.columns) {
        if let Some(scale) = column.observed_scale {
            let largest = scales.entry(Column::from(column.name.clone())).or_insert(0);
            *largest = (*largest).max(scale.into());
        }
    }
    scales
}

fn names(schema: &Schema) -> String {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.join(", ")
}
