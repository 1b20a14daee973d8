//! One of the two tapes.

use std::path::PathBuf;

use abaco_engine::{AsOf, Bindings, Plan, PlanOptions, State};
use abaco_kpi::{Column, Formula, FormulaKpi, Kpi, KpiSpec, Measure, RowExpr, Unit};
use abaco_pipeline::PipelineError;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{IngestOptions, Needed, Tape};
use abaco_pipeline::run::RunRows;
use arrow::array::{BooleanArray, Date32Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;

use crate::RolloutError;

/// Batches one after another.
pub type Batches<'r> = Box<dyn Iterator<Item = Result<RecordBatch, RolloutError>> + 'r>;

/// Rows that can be read as often as needed.
pub trait Rows {
    /// The rows from the beginning.
    ///
    /// # Errors
    /// Whatever keeps them from being read; a batch may be an error too.
    fn batches(&self) -> Result<Batches<'_>, RolloutError>;
}

impl Rows for Vec<RecordBatch> {
    fn batches(&self) -> Result<Batches<'_>, RolloutError> {
        Ok(Box::new(self.iter().cloned().map(Ok)))
    }
}

impl Rows for RunRows {
    fn batches(&self) -> Result<Batches<'_>, RolloutError> {
        Ok(Box::new(RunRows::batches(self)?.map(|batch| Ok(batch?))))
    }
}

/// Partitions of a tape, read through a contract; rows are taken as they are, whatever the contract's rules say of them.
#[derive(Clone, Debug)]
pub struct TapeFiles<'c> {
    /// The contract.
    pub contract: &'c Contract,
    /// The files.
    pub paths: Vec<PathBuf>,
}

impl TapeFiles<'_> {
    /// The columns of the first file.
    ///
    /// # Errors
    /// [`RolloutError::Pipeline`] for a file that does not fit the contract.
    pub fn schema(&self) -> Result<SchemaRef, RolloutError> {
        let options = IngestOptions { digest: false, ..IngestOptions::default() };
        let first = self.paths.first().ok_or_else(|| PipelineError::Option {
            name: "inputs",
            expected: "at least one tape".to_owned(),
            found: "none".to_owned(),
        })?;
        Ok(Tape::open(first, self.contract, &options)?.schema())
    }
}

impl Rows for TapeFiles<'_> {
    fn batches(&self) -> Result<Batches<'_>, RolloutError> {
        let options = IngestOptions { digest: false, ..IngestOptions::default() };
        let mut all: Vec<Batches<'_>> = Vec::new();
        for path in &self.paths {
            let tape = Tape::open(path, self.contract, &options)?.read(&Needed::all())?;
            all.push(Box::new(tape.map(|batch| Ok(batch?))));
        }
        Ok(Box::new(all.into_iter().flatten()))
    }
}

/// One of the two tapes, with how it is to be understood.
pub struct Side<'s> {
    /// What it is called in errors.
    pub name: PathBuf,
    /// The columns of its rows.
    pub schema: SchemaRef,
    /// How canonical columns are computed from them.
    pub bindings: Bindings,
    /// The column that dates the snapshots, where there are any.
    pub snapshot: Option<Column>,
    /// The snapshot; all others are left out.
    pub as_of: AsOf,
    /// The rows.
    pub rows: &'s dyn Rows,
}

/// A side's measures, folded.
pub(super) struct Folded {
    pub(super) plan: Plan,
    pub(super) state: State,
}

impl Side<'_> {
    /// Whether rows can be grouped by a column here.
    pub(super) fn has(&self, column: &Column) -> bool {
        match self.bindings.resolve(&RowExpr::Column(column.clone())) {
            RowExpr::Column(found) => self.schema.field_with_name(found.name()).is_ok(),
            _ => false,
        }
    }

    /// Folds measures over the rows of the snapshot; the n-th is called `n`.
    pub(super) fn fold(&self, measures: &[Measure], groups: &[Vec<Column>]) -> Result<Folded, RolloutError> {
        let named = |(number, measure): (usize, &Measure)| {
            let formula = Formula::Term(measure.clone());
            FormulaKpi::new(KpiSpec::new(number.to_string(), "measure", Unit::Ratio), formula)
        };
        let kpis: Vec<FormulaKpi> = measures.iter().enumerate().map(named).collect();
        let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
        let options = PlanOptions {
            bindings: self.bindings.clone(),
            snapshot: self.snapshot.clone(),
            groups: groups.to_vec(),
        };
        let of_tape = |source| PipelineError::Engine { path: self.name.clone(), source };
        let plan = Plan::new(&kpis, &self.schema, &options).map_err(of_tape)?;
        let mut state = plan.empty();
        for batch in self.rows.batches()? {
            plan.fold(&mut state, &self.at_snapshot(batch?)?).map_err(of_tape)?;
        }
        Ok(Folded { plan, state })
    }

    /// The rows of the snapshot alone, where it is named: others would cost memory for nothing. Rows without a date stay,
    /// for the engine to refuse.
    fn at_snapshot(&self, batch: RecordBatch) -> Result<RecordBatch, RolloutError> {
        let (Some(snapshot), AsOf::Date(date)) = (&self.snapshot, self.as_of) else { return Ok(batch) };
        let dates = batch.column_by_name(snapshot.name());
        let Some(dates) = dates.and_then(|dates| dates.as_any().downcast_ref::<Date32Array>()) else {
            return Ok(batch);
        };
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        let kept: BooleanArray =
            dates.iter().map(|found| Some(found.is_none_or(|found| i64::from(found) == days))).collect();
        filter_record_batch(&batch, &kept)
            .map_err(|error| RolloutError::figures(&self.name, error.to_string()))
    }
}
