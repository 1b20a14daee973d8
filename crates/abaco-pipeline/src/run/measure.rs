//! KPIs that are not the configuration's, over the tape as its runs read it.

use std::path::PathBuf;

use abaco_engine::{AsOf, Bindings, EngineError, ObservedScales, Plan, PlanOptions, State};
use abaco_kpi::{Column, Kpi, Predicate, RowExpr};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::inputs::Inputs;
use super::intake::{Folding, Intake, Taken, Taking};
use super::scratch::Scratch;
use super::session::{Given, Session};
use super::{Pipeline, RunOptions, RunRequest, observed_scales};
use crate::PipelineError;
use crate::duplicates::Verdicts;
use crate::transform::PlannedDimensions;

/// What becomes of the rows that have one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duplicates {
    /// Equal rows are one, and rows that contradict each other are refused or set aside: what a run does.
    #[default]
    Collapsed,
    /// All of them count.
    Kept,
    /// The first one counts, whatever the others say.
    First,
    /// The last one counts, whatever the others say.
    Last,
}

/// What is folded by [`Pipeline::measure`].
#[derive(Clone, Copy, Debug)]
pub struct Measuring<'a> {
    /// Partitions of one tape.
    pub inputs: &'a [PathBuf],
    /// The sets of columns by which the rows are grouped, beside the totals.
    pub groups: &'a [Vec<Column>],
    /// What becomes of the rows that have one key.
    pub duplicates: Duplicates,
}

/// What was folded: all snapshots of the tape.
#[derive(Debug)]
pub struct FoldedKpis {
    /// The KPIs, planned.
    pub plan: Plan,
    /// Their measures by snapshot and group.
    pub state: State,
    /// The places that the tape's cells use.
    pub observed: ObservedScales,
}

impl Duplicates {
    /// Whether the rows have to be compared at all.
    pub(super) fn compares(self) -> bool {
        self != Self::Kept
    }

    /// The verdicts on rows of one key, read this way.
    pub(super) fn judge(self, verdicts: Verdicts) -> Verdicts {
        match self {
            Self::Collapsed | Self::Kept => verdicts,
            Self::First => verdicts.keeping(<[_]>::first),
            Self::Last => verdicts.keeping(<[_]>::last),
        }
    }
}

/// The KPIs over the tape's rows, with the dimensions by which they are grouped.
struct GivenKpis {
    dimensions: PlannedDimensions,
    plan: Plan,
}

impl Folding for GivenKpis {
    type State = State;

    fn empty(&self) -> State {
        self.plan.empty()
    }

    fn fold(&self, state: &mut State, rows: &RecordBatch) -> Result<(), EngineError> {
        self.plan.fold(state, &self.dimensions.apply(rows)?)
    }

    fn merge(&self, into: &mut State, other: State) -> Result<(), EngineError> {
        self.plan.merge(into, &other)
    }
}

/// The rows are folded and go nowhere.
struct Nowhere;

impl Taking for Nowhere {
    fn take(&mut self, _: RecordBatch, _: RecordBatch) -> Result<(), PipelineError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PipelineError> {
        Ok(())
    }
}

impl Pipeline {
    /// What the contract derives: the columns that KPIs speak of, by those of the tape.
    pub fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// By how many days a snapshot's label lies behind its rows, and which rows tell; none where the contract does not
    /// say. Both speak of the tape's own columns.
    pub fn label_lag(&self) -> Option<(&RowExpr, Option<&Predicate>)> {
        self.label_lag.as_ref().map(|lag| (&lag.days, lag.filter.as_ref()))
    }

    /// The columns of a tape as its rows are folded, the configured dimensions among them.
    ///
    /// # Errors
    /// As [`Pipeline::measure`].
    pub fn tape_schema(&self, inputs: &[PathBuf]) -> Result<SchemaRef, PipelineError> {
        self.with_intake(inputs, Duplicates::Collapsed, |intake| {
            let tape = intake.open()?;
            let schema = intake.folded_schema(&tape.schema());
            let of_tape = |source| PipelineError::Engine { path: inputs[0].clone(), source };
            Ok(self.dimensions.plan(&schema, &self.bindings).map_err(of_tape)?.schema())
        })
    }

    /// Folds KPIs over a tape in one pass, read and screened as a run reads it.
    ///
    /// The formulas speak of the tape's own columns: [`Pipeline::bindings`] resolves those that speak of derived ones.
    /// All snapshots are folded. Nothing is written.
    ///
    /// # Errors
    /// Those of a run's reading; [`PipelineError::Option`] without an input, and for a configuration with tables beside
    /// the tape, whose KPIs are not computed from the tape's rows alone.
    pub fn measure(&self, kpis: &[&dyn Kpi], asked: &Measuring<'_>) -> Result<FoldedKpis, PipelineError> {
        self.with_intake(asked.inputs, asked.duplicates, |intake| {
            let of_tape = |source| PipelineError::Engine { path: asked.inputs[0].clone(), source };
            let tape = intake.open()?;
            let schema = intake.folded_schema(&tape.schema());
            let dimensions = self.dimensions.plan(&schema, &self.bindings).map_err(of_tape)?;
            let schema = dimensions.schema();
            let options = PlanOptions {
                bindings: self.bindings_of_groups(asked.groups),
                groups: asked.groups.to_vec(),
                ..self.options(&schema, &Bindings::new())
            };
            let plan = Plan::new(kpis, &schema, &options).map_err(of_tape)?;
            let folding = GivenKpis { dimensions, plan };
            let Taken { state, rows } = intake.take(tape, &folding, &mut Nowhere)?;
            let observed = observed_scales(rows.reports.iter());
            Ok(FoldedKpis { plan: folding.plan, state, observed })
        })
    }

    /// The formulas are resolved already; the names of the groups are not.
    fn bindings_of_groups(&self, groups: &[Vec<Column>]) -> Bindings {
        let grouped = |column: &Column| groups.iter().flatten().any(|by| by == column);
        let bound = self.bindings.iter().filter(|(column, _)| grouped(column));
        bound.map(|(column, expr)| (column.clone(), expr.clone())).collect()
    }

    /// Does something with the tape as a run would take it in, without a run.
    fn with_intake<T>(
        &self,
        inputs: &[PathBuf],
        duplicates: Duplicates,
        take: impl FnOnce(&Intake<'_>) -> Result<T, PipelineError>,
    ) -> Result<T, PipelineError> {
        if self.split.is_some() {
            return Err(PipelineError::Option {
                name: "measure",
                expected: "a configuration whose KPIs are computed from the tape alone".to_owned(),
                found: "tables beside it".to_owned(),
            });
        }
        let request = RunRequest {
            inputs: inputs.to_vec(),
            tables: Vec::new(),
            as_of: AsOf::Latest,
            out: None,
            actor: String::new(),
        };
        self.check(&request)?;
        let options = RunOptions::default();
        let temporary = std::env::temp_dir();
        let scratch = Scratch::new(&temporary).map_err(|error| PipelineError::output(&temporary, error))?;
        let inputs = Inputs::of(&request, &options, scratch.path())?;
        let request = inputs.request.clone();
        let given = Given { masks: self.masks()?, inputs, scratch, signer: None, overridden: Vec::new() };
        let session = Session::begin(&request, &options, &self.config.settings.portfolio, given)?;
        take(&Intake { duplicates, ..self.tape_intake(&request, &session) })
    }
}
