//! One table's way from its files to admitted rows: screened, held against the contract, told apart, masked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use abaco_engine::{Bindings, EngineError};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use tracing::Span;

use super::inputs::Inputs;
use super::masks::Masks;
use super::measure::Duplicates;
use super::money::Money;
use super::read;
use super::taken::{Clocks, TakenRows};
use crate::contract::Contract;
use crate::duplicates::{Early, Print, ReadAgain, RowPrints, Sorter, Verdicts};
use crate::ingest::{Before, FoldError, IngestReport, Needed, RowId, Screened, Tape};
use crate::panel::Table;
use crate::quality::{Counters, Exclusions, Place, QuarantinedRow, Screen};
use crate::quarantine::{Origin, QuarantineTable, Spool, Spooled};
use crate::{PipelineError, Watch};

/// How many bytes of quarantined rows a batch has.
const QUARANTINE_BATCH_BYTES: usize = 8 << 20;

/// A table, and how its rows are taken in.
pub(super) struct Intake<'r> {
    /// `tape`, or the role of a table beside it.
    pub(super) table: &'static str,
    pub(super) contract: &'r Contract,
    pub(super) bindings: &'r Bindings,
    pub(super) paths: &'r [PathBuf],
    /// Whether a row that does not fit refuses the table.
    pub(super) strict: bool,
    /// Whether rows of one key are told apart.
    pub(super) duplicates: Duplicates,
    pub(super) masks: Option<&'r Masks>,
    pub(super) inputs: &'r Inputs,
    pub(super) watch: &'r Watch,
    /// Where rows are compared that memory does not hold.
    pub(super) scratch: &'r Path,
    pub(super) clock: fn() -> DateTime<Utc>,
    pub(super) step: Span,
}

/// What admitted rows are added to, on all threads.
pub(super) trait Folding: Sync {
    type State: Send;

    fn empty(&self) -> Self::State;

    fn fold(&self, state: &mut Self::State, rows: &RecordBatch) -> Result<(), EngineError>;

    fn merge(&self, into: &mut Self::State, other: Self::State) -> Result<(), EngineError>;
}

/// Adds rows to nothing.
pub(super) struct NoFolding;

impl Folding for NoFolding {
    type State = ();

    fn empty(&self) {}

    fn fold(&self, (): &mut (), _: &RecordBatch) -> Result<(), EngineError> {
        Ok(())
    }

    fn merge(&self, (): &mut (), (): ()) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Takes admitted rows in the order of the files.
pub(super) trait Taking: Send {
    /// Rows as they are folded, and as they may be written.
    fn take(&mut self, folded: RecordBatch, written: RecordBatch) -> Result<(), PipelineError>;

    /// Forgets all rows: they come again, without those that are there twice.
    fn restart(&mut self) -> Result<(), PipelineError>;
}

/// What was taken in, and what it was folded into.
pub(super) struct Taken<S> {
    pub(super) state: S,
    pub(super) rows: TakenRows,
}

/// What a thread has.
struct Worker<S> {
    state: S,
    counters: Counters,
    money: Money,
    validated: Duration,
    transformed: Duration,
}

/// What comes of a batch.
enum Output {
    Rows(Box<Rows>),
    /// It ends the table; rows count from the beginning of the part.
    Stop(PipelineError),
    Engine(EngineError),
}

struct Rows {
    prints: Vec<Printed>,
    /// `None` once the table will be read again.
    kept: Option<Kept>,
}

/// Rows that go on, and those that do not.
struct Kept {
    quarantined: Vec<QuarantinedRow>,
    folded: RecordBatch,
    written: RecordBatch,
}

/// How rows are compared.
#[derive(Clone, Copy)]
struct Comparing<'a> {
    /// `None` if they are not.
    prints: Option<&'a RowPrints>,
    again: &'a ReadAgain,
}

/// A row that is compared with the others.
struct Printed {
    /// Its number in its part.
    row: u32,
    print: Print,
    /// Whether it is refused whatever the others say.
    refused: bool,
}

/// What a pass over all files leaves.
struct Pass<S> {
    worker: Worker<S>,
    reports: Vec<IngestReport>,
    sorter: Option<Sorter>,
    quarantined: Spooled,
    /// Whether rows were only compared from somewhere on.
    ended_early: bool,
}

impl<S> Pass<S> {
    fn taken(
        self,
        screen: Screen,
        verdicts: Option<Verdicts>,
        (began_at, began): (DateTime<Utc>, Instant),
    ) -> Taken<S> {
        let Worker { state, counters, money, validated, transformed } = self.worker;
        let clocks = Clocks { began_at, read: began.elapsed(), validated, transformed };
        let (reports, quarantined) = (self.reports, self.quarantined);
        Taken { state, rows: TakenRows { reports, screen, counters, verdicts, quarantined, money, clocks } }
    }
}

impl Intake<'_> {
    /// The columns that the table's first file has; it is opened and closed again.
    pub(super) fn open(&self) -> Result<Tape, PipelineError> {
        let Some(first) = self.paths.first() else {
            return Err(PipelineError::NoRows { path: PathBuf::from(self.table) });
        };
        read::open(first, self.contract)
    }

    /// Takes the table in; a second time, without them, if rows are there twice.
    pub(super) fn take<F: Folding>(
        &self,
        first: Tape,
        folding: &F,
        taking: &mut dyn Taking,
    ) -> Result<Taken<F::State>, PipelineError> {
        let path = self.paths.first().cloned().unwrap_or_default();
        let schema = first.schema();
        let of_table = |source| PipelineError::Engine { path: path.clone(), source };
        let screen = || {
            let screen = Screen::new(self.contract, schema.clone(), self.bindings).map_err(of_table)?;
            Ok::<_, PipelineError>(if self.strict { screen.strict() } else { screen })
        };
        let prints = match self.duplicates.compares() {
            true => RowPrints::of_contract(self.contract, &schema)
                .map_err(|error| PipelineError::arrow(&path, error))?,
            false => None,
        };
        let (began_at, began) = ((self.clock)(), Instant::now());
        let plain = screen()?;
        let mut pass = self.pass(Some(first), &schema, &plain, prints.as_ref(), folding, taking)?;
        let verdicts = pass.sorter.take().map(Sorter::finish).transpose()?;
        let verdicts = verdicts.map(|verdicts| self.duplicates.judge(verdicts));
        let verdicts = match verdicts {
            Some(verdicts) if pass.ended_early || !verdicts.is_empty() => verdicts,
            verdicts => return Ok(pass.taken(plain, verdicts, (began_at, began))),
        };
        let rows = pass.worker.counters.part_rows();
        let told_apart = screen()?.excluding(Exclusions::new(&verdicts, &rows));
        taking.restart()?;
        let again = self.pass(None, &schema, &told_apart, None, folding, taking)?;
        for (before, now) in pass.reports.iter().zip(&again.reports) {
            if before.sha256 != now.sha256 {
                return Err(PipelineError::ChangedWhileReading { path: now.path.clone().into() });
            }
        }
        Ok(again.taken(told_apart, Some(verdicts), (began_at, began)))
    }

    /// The rows as one table.
    pub(super) fn table_of(&self, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<Table, PipelineError> {
        let path = self.paths.first().cloned().unwrap_or_default();
        let batch = concat_batches(&self.folded_schema(schema), rows)
            .map_err(|error| PipelineError::arrow(&path, error))?;
        let dated_by = self.contract.snapshot().map(|column| column.name.clone());
        Ok(Table { path, batch, dated_by })
    }

    /// The schema of rows as they are folded.
    pub(super) fn folded_schema(&self, schema: &SchemaRef) -> SchemaRef {
        self.masks.map_or_else(|| Arc::clone(schema), |masks| Arc::new(masks.folded.schema(schema)))
    }

    /// The schema of rows as they are written.
    pub(super) fn written_schema(&self, schema: &SchemaRef) -> SchemaRef {
        self.masks.map_or_else(|| Arc::clone(schema), |masks| Arc::new(masks.written.schema(schema)))
    }

    fn pass<F: Folding>(
        &self,
        mut first: Option<Tape>,
        schema: &SchemaRef,
        screen: &Screen,
        prints: Option<&RowPrints>,
        folding: &F,
        taking: &mut dyn Taking,
    ) -> Result<Pass<F::State>, PipelineError> {
        let empty = || Worker {
            state: folding.empty(),
            counters: screen.counters(),
            money: Money::of(self.contract, schema),
            validated: Duration::ZERO,
            transformed: Duration::ZERO,
        };
        let mut pass = Pass {
            worker: empty(),
            reports: Vec::new(),
            sorter: prints.map(|_| Sorter::new(self.scratch)),
            quarantined: Spooled::default(),
            ended_early: false,
        };
        let (mut early, again) = (Early::default(), ReadAgain::default());
        let again = &again;
        let comparing = Comparing { prints, again };
        let mut spool = Spool::new(self.scratch);
        let mut quarantine = QuarantineTable::new();
        for (file, path) in self.paths.iter().enumerate() {
            let tape = match first.take() {
                Some(tape) => tape,
                None => read::open(path, self.contract)?,
            };
            read::same_columns(schema, &tape.schema(), path)?;
            let number = u32::try_from(file).unwrap_or(u32::MAX);
            let place = Place { file: number, path };
            let shown = self.inputs.shown(path);
            let shown = shown.as_str();
            let mask =
                |column: &str, value: &str| self.masks.and_then(|masks| masks.written.text(column, value));
            let in_order = |before: Before, output: Output| {
                let rows = match output {
                    Output::Rows(rows) => *rows,
                    Output::Stop(error) => return Err(before.locate(error)),
                    Output::Engine(source) => {
                        let rows_before = usize::try_from(before.rows).unwrap_or(usize::MAX);
                        let source = source.shifted(rows_before);
                        return Err(PipelineError::Engine { path: path.clone(), source });
                    }
                };
                let part = u32::try_from(before.part).unwrap_or(u32::MAX);
                if let Some(sorter) = &mut pass.sorter {
                    for Printed { row, print, refused } in rows.prints {
                        let row = RowId { file: number, part, row };
                        match refused {
                            false => {
                                early.look(&print, again);
                                sorter.push(row, print)?;
                            }
                            true => sorter.push_refused(row, print)?,
                        }
                    }
                }
                let Some(kept) = rows.kept.filter(|_| !again.is_known()) else { return Ok(()) };
                let origin = Origin {
                    table: self.table,
                    file: shown,
                    rows_before: before.rows,
                    lines_before: before.lines,
                    schema,
                    contract: self.contract,
                    mask: &mask,
                };
                for row in &kept.quarantined {
                    quarantine.push(&origin, row)?;
                    if quarantine.bytes() > QUARANTINE_BATCH_BYTES {
                        quarantine.take()?.map_or(Ok(()), |batch| spool.push(batch))?;
                    }
                }
                taking.take(kept.folded, kept.written)
            };
            let folded = tape.read(&Needed::all())?.screen(
                empty,
                |worker, screened| Ok(self.output(worker, screen, comparing, place, folding, screened)),
                |into, other| into.merge(folding, other, path),
                in_order,
                self.watch,
            );
            let (worker, report) = folded.map_err(|error| match error {
                FoldError::Tape(error) => error,
                FoldError::Batch { source, .. } | FoldError::Merge(source) => source,
            })?;
            pass.worker.merge(folding, worker, path)?;
            tracing::info!(parent: &self.step, file = shown, rows = report.rows, "read");
            read::another(path, self.paths, &report, &pass.reports)?;
            pass.reports.push(report);
        }
        quarantine.take()?.map_or(Ok(()), |batch| spool.push(batch))?;
        pass.quarantined = spool.finish()?;
        pass.ended_early = again.is_known();
        Ok(pass)
    }

    fn output<F: Folding>(
        &self,
        worker: &mut Worker<F::State>,
        screen: &Screen,
        comparing: Comparing<'_>,
        place: Place<'_>,
        folding: &F,
        screened: Screened,
    ) -> Output {
        match self.rows(worker, screen, comparing, place, folding, screened) {
            Ok(output) => output,
            Err(error) => Output::Stop(error),
        }
    }

    fn rows<F: Folding>(
        &self,
        worker: &mut Worker<F::State>,
        screen: &Screen,
        comparing: Comparing<'_>,
        place: Place<'_>,
        folding: &F,
        screened: Screened,
    ) -> Result<Output, PipelineError> {
        let arrow = |error| PipelineError::arrow(place.path, error);
        let began = Instant::now();
        let Comparing { prints, again } = comparing;
        let of_batch = prints.map(|prints| Prints::of(prints, &screened)).transpose().map_err(arrow)?;
        let checked = screen.check(&mut worker.counters, place, screened)?;
        let prints = of_batch.map(|prints| prints.told(&checked.rows)).unwrap_or_default();
        worker.validated += began.elapsed();
        if again.is_known() {
            return Ok(Output::Rows(Box::new(Rows { prints, kept: None })));
        }
        let began = Instant::now();
        let (folded, written) = match self.masks {
            None => (checked.admitted.clone(), checked.admitted),
            Some(masks) => {
                let written = masks.written.apply(&checked.admitted).map_err(arrow)?;
                let folded = match masks.differ {
                    true => masks.folded.apply(&checked.admitted).map_err(arrow)?,
                    false => written.clone(),
                };
                (folded, written)
            }
        };
        worker.money.add(&written)?;
        worker.transformed += began.elapsed();
        if let Err(error) = folding.fold(&mut worker.state, &folded) {
            return Ok(Output::Engine(at_rows(error, &checked.rows)));
        }
        let kept = Kept { quarantined: checked.quarantined, folded, written };
        Ok(Output::Rows(Box::new(Rows { prints, kept: Some(kept) })))
    }
}

impl<S: Send> Worker<S> {
    fn merge<F: Folding<State = S>>(
        &mut self,
        folding: &F,
        other: Self,
        path: &Path,
    ) -> Result<(), PipelineError> {
        self.counters.merge(other.counters)?;
        self.money.merge(&other.money)?;
        self.validated += other.validated;
        self.transformed += other.transformed;
        let of_table = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        folding.merge(&mut self.state, other.state).map_err(of_table)
    }
}

/// The prints of a batch before its rows are told apart.
struct Prints {
    /// Rows of the part before the batch.
    first: u64,
    prints: Vec<Option<Print>>,
}

impl Prints {
    /// A row with a cell that could not be read has none: what stands in the cell's place is not what was written.
    fn of(prints: &RowPrints, screened: &Screened) -> Result<Self, ArrowError> {
        let mut of_rows = prints.of(&screened.batch)?;
        for refused in &screened.refused {
            of_rows[refused.row] = None;
        }
        Ok(Self { first: screened.rows_before, prints: of_rows })
    }

    /// The rows with their prints; those that are not among the admitted ones, which ascend, are refused.
    fn told(self, admitted: &[u32]) -> Vec<Printed> {
        let mut admitted = admitted.iter().copied().peekable();
        let numbered = self.prints.into_iter().enumerate();
        let told = numbered.filter_map(|(index, print)| {
            // That a part's rows are numbered in 32 bits has been seen to.
            let row = (self.first + index as u64) as u32;
            let refused = admitted.next_if_eq(&row).is_none();
            Some(Printed { row, print: print?, refused })
        });
        told.collect()
    }
}

/// An error about a row of a batch, about the row of the part that it came from.
fn at_rows(error: EngineError, rows: &[u32]) -> EngineError {
    match error {
        EngineError::Precision { column, row, precision } => {
            let of_part = rows.get(row).map(|row| *row as usize);
            EngineError::Precision { column, row: of_part.unwrap_or(row), precision }
        }
        other => other,
    }
}
