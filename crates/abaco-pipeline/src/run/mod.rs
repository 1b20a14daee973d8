//! A run: ingest, calculate, publish.

mod document;
mod manifest;
mod publish;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use abaco_engine::{
    AsOf, AuditEvent, Bindings, Finished, KpiEngine, ObservedScales, Plan, PlanOptions, State, Status,
    parse_row_expr,
};
use abaco_kpi::{Column, Kpi, Outcome, RowExpr, canonical_column};
use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use self::document::Heading;
pub use self::document::{Exact, KpiEntry, Period, PriorEntry, Rows, RunDocument, SCHEMA_VERSION, Segment};
use self::manifest::{Manifest, identity};
use crate::config::PipelineConfig;
use crate::contract::Role;
use crate::ingest::{FoldError, IngestOptions, IngestReport, Needed, Tape};
use crate::{Catalogue, PipelineError};

/// What to run.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Partitions of one tape.
    pub inputs: Vec<PathBuf>,
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
    /// What was read.
    pub inputs: Vec<IngestReport>,
    /// Where it was published.
    pub folder: Option<PathBuf>,
    /// KPIs that the configuration requires and that have no value.
    pub missing_required: Vec<String>,
}

/// A configuration and the KPIs that it chose.
pub struct Pipeline {
    config: PipelineConfig,
    engine: KpiEngine,
    bindings: Bindings,
    pools: bool,
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
        for name in config.settings.segments.iter().flatten() {
            let known = config.contract.column(name).is_some() || canonical_column(name).is_some();
            if !known {
                return Err(refuse(format!(
                    "`segments`: neither the contract nor the catalogue has a column `{name}`"
                )));
            }
        }
        // A definition may be about a KPI of another profile, but never about none.
        let mut everything = catalogue.everything();
        everything.extend(added.iter().map(|kpi| kpi as &dyn Kpi));
        config.definitions.check(&everything)?;
        let chosen: Vec<&dyn Kpi> = kpis.iter().map(AsRef::as_ref).collect();
        let mut definitions = config.definitions.restricted_to(&chosen);
        if stated != profile {
            definitions = definitions.without_formulas();
        }
        let engine = KpiEngine::new(kpis).with_definitions(definitions)?;
        let bindings = bindings(&config)?;
        for name in config.settings.segments.iter().flatten() {
            if let Some(secret) = pii_behind(name, &config, &bindings) {
                return Err(refuse(format!(
                    "`segments`: column `{name}` would publish the values of `{secret}`, which has the role pii"
                )));
            }
        }
        let pools = catalogue.pools(&config.settings.profile);
        Ok(Self { config, engine, bindings, pools })
    }

    /// The configuration.
    pub fn config(&self) -> &PipelineConfig {
        &self.config
    }

    /// The engine with the profile's KPIs and their definitions.
    pub fn engine(&self) -> &KpiEngine {
        &self.engine
    }

    /// Reads the inputs, computes the KPIs and publishes the run.
    ///
    /// # Errors
    /// [`PipelineError`]; nothing is published then.
    pub fn run(&self, request: &RunRequest) -> Result<Run, PipelineError> {
        let Some(first) = request.inputs.first() else {
            return Err(PipelineError::Option {
                name: "inputs",
                expected: "at least one tape".to_owned(),
                found: "none".to_owned(),
            });
        };
        if request.as_of == AsOf::Pooled && !self.pools {
            return Err(PipelineError::Option {
                name: "as_of",
                expected: "a snapshot: only a compatibility profile pools them".to_owned(),
                found: format!("pooled snapshots under the profile `{}`", self.config.settings.profile),
            });
        }
        let tape = self.open(first)?;
        let schema = tape.schema();
        let of_tape = |source| PipelineError::Engine { path: first.clone(), source };
        let plan = self.engine.plan(&schema, &self.options(&schema)).map_err(of_tape)?;
        let (state, inputs) = self.fold(&plan, tape, &request.inputs)?;
        let rows_read = inputs.iter().map(|input| input.rows).sum();
        if rows_read == 0 {
            return Err(PipelineError::NoRows { path: first.clone() });
        }
        let calculation =
            self.engine.finish(&plan, &state, request.as_of, &observed_scales(&inputs)).map_err(of_tape)?;
        let pooled = request.as_of == AsOf::Pooled;
        let heading = Heading {
            run_id: Uuid::now_v7().to_string(),
            identity: identity(&self.config, &inputs, calculation.finished.as_of, pooled)?,
            portfolio: self.config.settings.portfolio.clone(),
            currency: self.config.contract.currency().to_owned(),
            known_at: DateTime::<Utc>::from(SystemTime::now()),
            rows_read,
        };
        let document = document::document(heading, &calculation.finished, plan.kpis());
        let audit = calculation
            .audit
            .into_iter()
            .map(|event| AuditEvent { actor: request.actor.clone(), ..event })
            .collect();
        let folder = match &request.out {
            Some(out) => Some(self.publish(out, &document, &inputs)?),
            None => None,
        };
        let missing_required = self.missing_required(&calculation.finished);
        Ok(Run { document, finished: calculation.finished, audit, inputs, folder, missing_required })
    }

    fn open(&self, path: &Path) -> Result<Tape, PipelineError> {
        check_regular(path)?;
        Tape::open(path, &self.config.contract, &IngestOptions::default())
    }

    fn options(&self, schema: &Schema) -> PlanOptions {
        let snapshot = self.config.contract.snapshot().map(|column| column.name.clone());
        PlanOptions {
            bindings: self.bindings.clone(),
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

    fn fold(
        &self,
        plan: &Plan,
        first: Tape,
        paths: &[PathBuf],
    ) -> Result<(State, Vec<IngestReport>), PipelineError> {
        let needed = Needed::only(plan.columns().map(|column| column.name().to_owned()));
        let schema = first.schema();
        let mut first = Some(first);
        let mut state = plan.empty();
        let mut reports = Vec::new();
        for path in paths {
            let of_tape = |source| PipelineError::Engine { path: path.clone(), source };
            let tape = match first.take() {
                Some(tape) => tape,
                None => self.open(path)?,
            };
            // Every partition must offer what the first one does, or the totals would silently cover less.
            if tape.schema() != schema {
                return Err(PipelineError::DifferentColumns {
                    path: path.clone(),
                    expected: names(&schema),
                    found: names(&tape.schema()),
                });
            }
            let folded = tape.read(&needed)?.fold(
                || plan.empty(),
                |state, batch| plan.fold(state, batch),
                |state, other| plan.merge(state, &other),
            );
            let (part, report) = folded.map_err(|error| match error {
                FoldError::Tape(error) => error,
                FoldError::Batch { rows_before, source } => {
                    of_tape(source.shifted(usize::try_from(rows_before).unwrap_or(usize::MAX)))
                }
                FoldError::Merge(source) => of_tape(source),
            })?;
            plan.merge(&mut state, &part).map_err(of_tape)?;
            // Counted twice, a partition would double every total and leave every ratio as it was.
            // Without rows there is nothing to double: two months without business are two like files.
            let same = |other: &IngestReport| report.rows > 0 && other.sha256 == report.sha256;
            if let Some(same) = reports.iter().position(same) {
                return Err(PipelineError::SameInput { path: path.clone(), first: paths[same].clone() });
            }
            reports.push(report);
        }
        Ok((state, reports))
    }

    fn publish(
        &self,
        out: &Path,
        document: &RunDocument,
        inputs: &[IngestReport],
    ) -> Result<PathBuf, PipelineError> {
        let mut kpis = serde_json::to_vec_pretty(document).map_err(PipelineError::Json)?;
        kpis.push(b'\n');
        let mut files = vec![("kpis.json", kpis)];
        let manifest = Manifest::new(&self.config, document, inputs, &files);
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
        f.debug_struct("Pipeline").field("config", &self.config.path).field("engine", &self.engine).finish()
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

/// A pipe cannot be read again to be verified, and opening one can wait for ever.
fn check_regular(path: &Path) -> Result<(), PipelineError> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            let message = "expected a regular file, found something else";
            Err(PipelineError::input(path, std::io::Error::other(message)))
        }
        // Folders and what cannot be opened are told apart when they are opened.
        _ => Ok(()),
    }
}

/// The contract's derived columns, read as row expressions.
fn bindings(config: &PipelineConfig) -> Result<Bindings, PipelineError> {
    let mut bindings = Bindings::new();
    for derived in config.contract.derived() {
        let refuse = |message: String| PipelineError::Configuration {
            path: config.path.parent().unwrap_or(Path::new("")).join(&config.settings.contract),
            message: format!("`derive`, column `{}`: {message}", derived.name),
        };
        let expr = parse_row_expr(&derived.expression).map_err(|error| refuse(error.to_string()))?;
        if canonical_column(&derived.name).is_none() && config.definitions.column(&derived.name).is_none() {
            return Err(refuse("expected the name of a canonical column".to_owned()));
        }
        let mut unknown = None;
        expr.for_each_column(&mut |column| {
            let known = config.contract.column(column.name()).is_some()
                || config.contract.derived().iter().any(|other| other.name == column.name());
            if !known {
                unknown = unknown.take().or(Some(column.clone()));
            }
        });
        if let Some(column) = unknown {
            return Err(refuse(format!("the contract has no column `{}`", column.name())));
        }
        bindings = bindings.bind(derived.name.clone(), expr);
    }
    let path = config.path.parent().unwrap_or(Path::new("")).join(&config.settings.contract);
    let refuse = |message: String| PipelineError::Configuration { path: path.clone(), message };
    bindings.check().map_err(|error| refuse(format!("`derive`: {error}")))?;
    for (column, expr) in bindings.iter() {
        let kinds = bindings.resolve(expr).check_kinds();
        kinds.map_err(|error| refuse(format!("`derive`, column `{}`: {error}", column.name())))?;
    }
    Ok(bindings)
}

/// The pii column that a grouping column is or is derived from: the values of a group's columns are published.
fn pii_behind(name: &str, config: &PipelineConfig, bindings: &Bindings) -> Option<String> {
    let mut found = None;
    bindings.resolve(&RowExpr::Column(Column::from(name.to_owned()))).for_each_column(&mut |column| {
        let declared = config.contract.column(column.name());
        if declared.is_some_and(|declared| declared.has_role(Role::Pii)) {
            found = found.take().or(Some(column.name().to_owned()));
        }
    });
    found
}

/// The decimal places that the tape's cells really use, over all its partitions.
fn observed_scales(inputs: &[IngestReport]) -> ObservedScales {
    let mut scales = ObservedScales::new();
    for column in inputs.iter().flat_map(|input| &input.columns) {
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
