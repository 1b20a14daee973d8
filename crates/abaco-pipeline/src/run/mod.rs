//! A run: ingest, calculate, publish.

mod baseline;
mod bindings;
mod cohort;
mod document;
mod drill;
mod effective;
mod files;
mod folded;
mod inputs;
mod intake;
mod joined;
mod manifest;
mod masks;
mod meaning;
mod measure;
mod money;
mod options;
mod part;
mod phases;
mod plain;
mod planned;
mod privacy;
mod publish;
mod published_rows;
mod read;
mod recompute;
mod reuse;
mod saved;
mod scratch;
mod session;
mod setup;
mod tables_agree;
mod taken;
mod tape_rows;
mod uses;

use std::path::PathBuf;

use abaco_engine::{AsOf, AuditEvent, Bindings, Finished, KpiEngine, ObservedScales, PlanOptions, Status};
use abaco_kpi::{Column, Outcome};
use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use self::baseline::Earlier;
use self::bindings::LabelLag;
pub use self::document::{
    Exact, FindingEntry, KpiEntry, PeriodEntry, PriorEntry, Rows, RunDocument, SCHEMA_VERSION, Segment,
    SeriesEntry,
};
use self::document::{Heading, Results};
pub use self::drill::{AmountEntry, DrillEntry, PartEntry, PartsEntry};
pub use self::effective::Effective;
use self::folded::Folded;
use self::inputs::Inputs;
use self::manifest::{Manifest, Read};
use self::masks::TableUses;
pub use self::measure::{Duplicates, FoldedKpis, Measuring};
pub use self::options::RunOptions;
use self::part::Calculator;
use self::phases::Stopwatch;
pub use self::phases::{ControlTotal, Phase, PhaseEntry};
pub use self::published_rows::RunRows;
pub use self::recompute::{Recomputed, recompute, verify_kpis};
use self::scratch::Scratch;
use self::session::{Given, Session};
use self::taken::TakenIn;
use crate::PipelineError;
use crate::config::{PipelineConfig, TableRole};
use crate::ingest::IngestReport;
use crate::quality::QualityDocument;
use crate::transform::Dimensions;

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
    /// What the checks of the contracts found.
    pub quality: QualityDocument,
    /// Whether this is an earlier run of the same identity.
    pub reused: bool,
    /// What was found from before, such as a run that a killed process had left.
    pub warnings: Vec<String>,
    /// What could not be written beside the run, which is published all the same.
    pub unfinished: Vec<String>,
    worst_status: Status,
    any_failed: bool,
}

/// A table beside the tape, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What KPIs do with personal data.
    uses: TableUses,
    pools: bool,
}

/// The KPIs by the rows that they are meant for. Those of cohorts are also given over the panel: all cohorts together.
struct Split {
    snapshot: Calculator,
    period: Calculator,
    cohort: Calculator,
}

/// What a run has read and folded.
struct Measured<'p> {
    folded: Folded<'p>,
    inputs: Vec<IngestReport>,
    tables: Vec<TableReport>,
    effective: Effective,
    /// Rows of the tape at the snapshot, where the rows that were folded are more: those of a ledger.
    rows_as_of: Option<u64>,
    drill_down: Vec<DrillEntry>,
    taken: TakenIn,
}

impl Pipeline {
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
        self.run_with(request, &RunOptions::default())
    }

    /// The same with what the program gives it: a watch, a storage, a clock.
    ///
    /// # Errors
    /// [`PipelineError`]; nothing is published then. Refused data and failed outputs are recorded among the failed runs.
    pub fn run_with(&self, request: &RunRequest, options: &RunOptions) -> Result<Run, PipelineError> {
        self.check(request)?;
        // A key that is missing is noticed before anything is computed.
        let signer = request.out.as_ref().map(|_| self.signer()).transpose()?.flatten();
        let temporary = std::env::temp_dir();
        let scratch = Scratch::new(&temporary).map_err(|error| PipelineError::output(&temporary, error))?;
        let masks = self.masks()?;
        let portfolio = &self.config.settings.portfolio;
        let overridden = self.overridden_tables(request);
        let asked = self.with_configured_tables(request);
        let inputs = match Inputs::of(&asked, options, scratch.path()) {
            Ok(inputs) => inputs,
            Err(error) => {
                // A tape that does not come is a failed run too.
                let inputs = Inputs::asked(&asked);
                let given = Given { masks, inputs, scratch, signer, overridden };
                if let Ok(session) = Session::begin(&asked, options, portfolio, given) {
                    session.fail(&error);
                }
                return Err(error);
            }
        };
        let request = inputs.request.clone();
        if options.reuse
            && let Some(run) = self.reusable(&request, options)?
        {
            return Ok(run);
        }
        let mut session = Session::begin(
            &request,
            options,
            portfolio,
            Given { masks, inputs, scratch, signer, overridden },
        )?;
        let span = session.span.span().clone();
        let run = span.in_scope(|| self.run_in(&mut session, &request));
        if let Err(error) = &run {
            session.fail(error);
        }
        run
    }

    fn run_in(&self, session: &mut Session<'_>, request: &RunRequest) -> Result<Run, PipelineError> {
        session.enter(Phase::Ingest)?;
        let measured = match &self.split {
            Some(split) => self.joined(split, request, session)?,
            None => self.plain(request, session)?,
        };
        let of_tape = |source| PipelineError::Engine { path: request.inputs[0].clone(), source };
        let Measured { folded, mut inputs, mut tables, effective, rows_as_of, drill_down, taken } = measured;
        let reports = inputs.iter_mut().chain(tables.iter_mut().map(|table| &mut table.input));
        reports.for_each(|report| session.inputs.rename(report));
        session.enter(Phase::Calculate)?;
        let calculating = Stopwatch::start(session.options.clock);
        let earlier = self.earlier(request, folded.as_of)?;
        let outcomes = self.finish(&folded, &earlier.baselines).map_err(of_tape)?;
        let today = (session.options.clock)().date_naive();
        let quality = taken.quality(&self.config, outcomes.finished.as_of, today)?;
        session.note("validate", "checked", "ok", taken.about(&quality))?;
        let mut phases = taken.phases(&session.run_id, &quality, calculating.stop());
        let basis = self.basis(&Read::of(&inputs, &tables))?;
        let pooled = request.as_of == AsOf::Pooled;
        let history = earlier.history.as_deref();
        let totals = outcomes.finished.groups.first().map_or(0, |totals| totals.rows);
        let heading = Heading {
            run_id: session.run_id.clone(),
            identity: self.identity(&basis, outcomes.finished.as_of, pooled, history)?,
            portfolio: self.config.settings.portfolio.clone(),
            currency: self.config.contract.currency().to_owned(),
            known_at: (session.options.clock)(),
            rows: Rows {
                read: quality.rows.read,
                quarantined: quality.rows.quarantined,
                duplicate: quality.rows.duplicate,
                as_of: rows_as_of.unwrap_or(totals),
            },
            effective_as_of: effective.date(),
        };
        let document = document::document(heading, Results::new(&outcomes, drill_down));
        let actor = |event: &AuditEvent| AuditEvent { actor: request.actor.clone(), ..event.clone() };
        let audit: Vec<AuditEvent> = outcomes.audit.iter().map(actor).collect();
        session.note_all(&audit)?;
        session.enter(Phase::Publish)?;
        if session.staging.is_some() {
            let timing = Stopwatch::start(session.options.clock).stop();
            phases.push(taken.published(&session.run_id, timing));
        }
        let table_phases = taken.table_phases(&session.run_id, &quality);
        std::iter::once(&phases).chain(table_phases.values()).try_for_each(|phases| phases::tie(phases))?;
        let masks = std::mem::take(&mut session.masks);
        let manifest = Manifest {
            document: &document,
            basis: &basis,
            asked_as_of: request.as_of,
            effective,
            history,
            actor: &request.actor,
            began_at: session.began_at,
            inputs: &inputs,
            tables: &tables,
            phases: &phases,
            table_phases: &table_phases,
            masks: &masks,
        };
        let folder = self.publish(
            session,
            &manifest,
            &files::Results { folded: &folded, quality: &quality, taken: &taken },
        )?;
        let (any_failed, worst_status) = (outcomes.any_failed(), outcomes.worst_status());
        let missing_required = self.missing_required(&outcomes.finished);
        Ok(Run {
            document,
            finished: outcomes.finished,
            audit,
            inputs,
            tables,
            effective,
            folder,
            missing_required,
            quality,
            reused: false,
            warnings: std::mem::take(&mut session.warnings),
            unfinished: std::mem::take(&mut session.unfinished),
            worst_status,
            any_failed,
        })
    }

    /// The earlier run that a rule asks for, if any does.
    fn earlier(&self, request: &RunRequest, as_of: AsOf) -> Result<Earlier, PipelineError> {
        let asked = self.engine().definitions().iter().any(|kpi| kpi.expectation.needs_baseline());
        match (asked, &request.out, as_of) {
            (true, Some(out), AsOf::Date(as_of)) => baseline::earlier(out, &self.config, as_of),
            _ => Ok(Earlier::default()),
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
    /// The worst status of the totals, the segments and the cohorts.
    pub fn worst_status(&self) -> Status {
        self.worst_status
    }

    /// Whether any KPI failed, also in a cohort or a period of a series.
    pub fn any_failed(&self) -> bool {
        self.any_failed
    }
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
