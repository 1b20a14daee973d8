//! Looking at batches on the threads that decoded them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use abaco_engine::Conditions;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;

use super::check::Check;
use super::compile::CONFLICTS;
use super::counters::Counters;
use super::exclusions::{Excluded, Exclusions};
use super::reason::{Fault, Printer, QuarantinedRow, Reason};
use super::totals::{Amount, AmountTotals, sum};
use super::tracked::Tracked;
use crate::PipelineError;
use crate::RuleError;
use crate::contract::Severity;
use crate::ingest::{RefusedRow, RowId, Screened};
use crate::source::fault::{MASK, shown};

/// A contract's rules over the columns of one tape. Shared by all threads.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
/// use abaco_engine::Bindings;
/// use abaco_pipeline::arrow::array::{Int64Array, RecordBatch};
/// use abaco_pipeline::{contract::Contract, ingest::Screened, quality::{Place, Screen}};
///
/// let text = "
/// contract: c
/// version: 1
/// currency: USD
/// columns: { dpd: { type: int, range: { min: '0' } } }
/// ";
/// let contract = Contract::from_yaml_str(text, "c.yml")?;
/// let batch = RecordBatch::try_from_iter([("dpd", Arc::new(Int64Array::from(vec![5, -3, 0])) as _)])?;
/// let screen = Screen::new(&contract, batch.schema(), &Bindings::new())?;
/// let mut counters = screen.counters();
/// let tape = Place { file: 0, path: Path::new("tape.csv") };
/// let checked = screen.check(&mut counters, tape, Screened::new(0, 0, batch, Vec::new()))?;
/// assert_eq!(checked.rows, [0, 2]);
/// assert_eq!(checked.quarantined[0].row, 1);
/// assert_eq!(checked.quarantined[0].reasons[0].message, "expected at least 0, found `dpd` -3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Screen {
    pub(super) schema: SchemaRef,
    pub(super) checks: Vec<Check>,
    pub(super) conditions: Conditions,
    /// One for each condition.
    pub(super) rules: Vec<RowRule>,
    pub(super) amounts: Vec<Amount>,
    pub(super) tracked: Tracked,
    pub(super) fixed: Fixed,
    /// Columns that are required, and those of them that are missing.
    pub(super) header: (u64, u64),
    pub(super) strict: bool,
    pub(super) excluded: Arc<Exclusions>,
}

/// A condition that rows must meet.
#[derive(Debug)]
pub(super) struct RowRule {
    pub(super) check: usize,
    /// Columns whose values a reason shows, and whether they are pii.
    pub(super) shown: Vec<(usize, bool)>,
    /// The column of a rule on one column.
    pub(super) column: Option<String>,
}

/// The places of checks that reading has made already.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) shape: usize,
    /// For each column of the batch the check of its type, and of its nulls.
    pub(super) columns: Vec<(usize, Option<usize>)>,
}

/// Where a batch comes from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// 0-based number of the file among the tape's partitions.
    pub file: u32,
    /// Its path, for errors.
    pub path: &'a Path,
}

/// A batch after its rows were looked at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The rows that go on, in their order.
    pub admitted: RecordBatch,
    /// Where in the part they are, 0-based.
    pub rows: Vec<u32>,
    /// The rows that do not, in their order.
    pub quarantined: Vec<QuarantinedRow>,
    /// Rows that are there twice and left out, in their order; only a screen with [`Exclusions`] knows them.
    pub duplicates: Vec<u32>,
    /// The batch's control totals, in the order of [`Screen::amounts`]; the counters have them already.
    pub totals: Vec<AmountTotals>,
}

impl Screen {
    /// The same, but the first refused row or violation of severity `error` is an error; in a second pass, so is a row
    /// that another one contradicts.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// The same for a second pass, which leaves rows out that the first one found twice. Counters begin anew.
    #[must_use]
    pub fn excluding(self, excluded: Exclusions) -> Self {
        Self { excluded: Arc::new(excluded), ..self }
    }

    /// The counters of no rows.
    pub fn counters(&self) -> Counters {
        Counters::of(self)
    }

    /// The columns whose control totals are taken, in the order of the contract: those with the role amount.
    pub fn amounts(&self) -> impl Iterator<Item = &str> {
        self.amounts.iter().map(|amount| amount.name.as_str())
    }

    /// Looks at a batch.
    ///
    /// A row that could not be read has this one reason, and no rule looks at it. Values in reasons are shortened, and
    /// masked in pii columns.
    ///
    /// # Errors
    /// In [`strict`](Self::strict) mode that of the first row, its number counted from the beginning of the part;
    /// otherwise only what has nothing to do with single rows: a batch of another schema, a total beyond 256 bits.
    pub fn check(
        &self,
        counters: &mut Counters,
        place: Place<'_>,
        screened: Screened,
    ) -> Result<Checked, PipelineError> {
        let arrow = |error: ArrowError| PipelineError::arrow(place.path, error);
        let Screened { part, rows_before, batch, refused, .. } = screened;
        let part = u32::try_from(part).map_err(|_| too_many(place.path))?;
        let (first, rows) = (rows_before, batch.num_rows());
        let end = first + rows as u64;
        u32::try_from(end).map_err(|_| too_many(place.path))?;
        let seat = Seat { place, part, first };
        counters.read(&seat, rows as u64);

        let mut violated = self
            .conditions
            .violated(&batch)
            .map_err(|source| PipelineError::Engine { path: place.path.to_path_buf(), source })?;
        if !refused.is_empty() {
            let is_refused = |row: &usize| refused.binary_search_by_key(row, |refused| refused.row).is_ok();
            violated.iter_mut().for_each(|rows| rows.retain(|row| !is_refused(row)));
        }
        let readable = (rows - refused.len()) as u64;
        for (rule, violating) in self.rules.iter().zip(&violated) {
            counters.tally(rule.check, readable, violating.iter().map(|row| seat.row(*row)));
        }
        let is_error = |rule: &RowRule| self.checks[rule.check].severity == Severity::Error;
        let errors = || self.rules.iter().zip(&violated).filter(|(rule, _)| is_error(rule));
        let excluded = self.excluded.among(place.file, part, first..end);
        let options = FormatOptions::default();
        let mut printer = None;
        if self.strict {
            let (dropped, refused): (Vec<_>, Vec<_>) =
                refused.into_iter().partition(|refused| self.is_dropped(refused));
            let earliest = errors().filter_map(|(rule, rows)| rows.first().map(|row| (*row, rule)));
            // Of several rules that one row violates, the contract's first.
            let earliest = earliest.min_by_key(|(row, rule)| (*row, rule.check));
            match (refused.into_iter().next(), earliest) {
                (Some(refused), earliest) if earliest.is_none_or(|(row, _)| refused.row < row) => {
                    return Err(refused.error);
                }
                (_, Some((row, rule))) => {
                    let printer = Printer::new(&batch, &options).map_err(arrow)?;
                    let reason = self.reason(rule, &printer, row).map_err(arrow)?;
                    let path = place.path.to_path_buf();
                    let error = RuleError::new(path, first + row as u64 + 1, reason.rule, reason.message);
                    return Err(PipelineError::Rule(Box::new(error)));
                }
                _ => {}
            }
            if let Some((row, found)) = excluded.iter().find_map(|(row, why)| Some((row, why.conflict()?))) {
                let (path, row) = (place.path.to_path_buf(), u64::from(*row) + 1);
                let error = RuleError::new(path, row, CONFLICTS.to_owned(), contradicted(found));
                return Err(PipelineError::Rule(Box::new(error)));
            }
            return self.complete(counters, &seat, batch, BTreeMap::new(), dropped, excluded);
        }
        let mut quarantined: BTreeMap<usize, Vec<Reason>> = BTreeMap::new();
        for (rule, rows) in errors() {
            for row in rows {
                let printer = match &mut printer {
                    Some(printer) => printer,
                    none => none.insert(Printer::new(&batch, &options).map_err(arrow)?),
                };
                let reason = self.reason(rule, printer, *row).map_err(arrow)?;
                quarantined.entry(*row).or_default().push(reason);
            }
        }
        drop(printer);
        self.complete(counters, &seat, batch, quarantined, refused, excluded)
    }

    /// Whether a row is set aside for a null that the contract expects, `nulls: drop_row`: that is an error in no mode.
    fn is_dropped(&self, refused: &RefusedRow) -> bool {
        let Fault { column, is_null, .. } = Fault::of(&refused.error);
        let index = column.filter(|_| is_null).and_then(|column| self.schema.index_of(&column).ok());
        let nulls = index.and_then(|index| self.fixed.columns.get(index)?.1);
        nulls.is_some_and(|nulls| self.checks[nulls].severity == Severity::Warning)
    }

    fn reason(&self, rule: &RowRule, printer: &Printer<'_>, row: usize) -> Result<Reason, ArrowError> {
        let check = &self.checks[rule.check];
        let mut found = Vec::with_capacity(rule.shown.len());
        for &(column, secret) in &rule.shown {
            let value: Cow<'_, str> = match printer.cell(column, row)? {
                None => "null".into(),
                Some(_) if secret => MASK.into(),
                Some(cell) => shown(&cell).into(),
            };
            found.push(format!("`{}` {value}", self.schema.field(column).name()));
        }
        let found = if found.is_empty() { "another".to_owned() } else { found.join(", ") };
        Ok(Reason { rule: check.id.clone(), column: rule.column.clone(), message: check.told(&found) })
    }

    /// Parts the batch, and adds up what went where.
    fn complete(
        &self,
        counters: &mut Counters,
        seat: &Seat<'_>,
        batch: RecordBatch,
        mut reasons: BTreeMap<usize, Vec<Reason>>,
        refused: Vec<RefusedRow>,
        excluded: &[(u32, Excluded)],
    ) -> Result<Checked, PipelineError> {
        let arrow = |error: ArrowError| PipelineError::arrow(seat.place.path, error);
        let mut duplicates = Vec::new();
        for (row, why) in excluded {
            // The rows are among those of the batch.
            let row_of_batch = (u64::from(*row) - seat.first) as usize;
            if refused.binary_search_by_key(&row_of_batch, |refused| refused.row).is_ok() {
                continue;
            }
            match why {
                Excluded::Conflict(found) => {
                    let message = contradicted(found);
                    let reason = Reason { rule: CONFLICTS.to_owned(), column: None, message };
                    reasons.entry(row_of_batch).or_default().push(reason);
                }
                Excluded::Duplicate if !reasons.contains_key(&row_of_batch) => duplicates.push(row_of_batch),
                Excluded::Duplicate => {}
            }
        }
        let mut totals = self.totals(&batch, &refused, &reasons, &duplicates)?;
        let options = FormatOptions::default();
        let mut quarantined = Vec::with_capacity(reasons.len() + refused.len());
        let rows = batch.num_rows();
        let mut keep =
            vec![true; if reasons.len() + refused.len() + duplicates.len() > 0 { rows } else { 0 }];
        if !reasons.is_empty() {
            let printer = Printer::new(&batch, &options).map_err(arrow)?;
            for (row, reasons) in reasons {
                keep[row] = false;
                let cells = printer.cells(row).map_err(arrow)?;
                quarantined.push(QuarantinedRow {
                    row: seat.row(row).row,
                    line: None,
                    reasons,
                    cells,
                    was_unreadable: false,
                });
            }
        }
        for refused in refused {
            keep[refused.row] = false;
            quarantined.push(self.refused(counters, seat, refused));
        }
        quarantined.sort_by_key(|quarantined| quarantined.row);
        for row in &duplicates {
            keep[*row] = false;
        }
        let admitted_rows: Vec<u32> = (0..rows)
            .filter(|row| keep.get(*row).copied().unwrap_or(true))
            .map(|row| seat.row(row).row)
            .collect();
        let admitted = if admitted_rows.len() == rows {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(keep)).map_err(arrow)?
        };
        for (amount, totals) in self.amounts.iter().zip(&mut totals) {
            // The sum of the rows that do go on, and not of what is left after taking away.
            totals.accepted = sum(admitted.column(amount.index), None).unwrap_or_default();
        }
        let duplicates: Vec<u32> = duplicates.iter().map(|row| seat.row(*row).row).collect();
        let (left_out, twice) = (quarantined.len() as u64, duplicates.len() as u64);
        counters.part(admitted_rows.len() as u64, left_out, twice);
        counters.add_totals(self, &totals)?;
        counters.track(self, seat, &admitted, &admitted_rows)?;
        Ok(Checked { admitted, rows: admitted_rows, quarantined, duplicates, totals })
    }

    /// All but what goes on.
    fn totals(
        &self,
        batch: &RecordBatch,
        refused: &[RefusedRow],
        reasons: &BTreeMap<usize, Vec<Reason>>,
        duplicates: &[usize],
    ) -> Result<Vec<AmountTotals>, PipelineError> {
        let ruled_out: Vec<usize> = reasons.keys().copied().collect();
        let not_read: Vec<usize> = refused.iter().map(|refused| refused.row).collect();
        let mut all = Vec::with_capacity(self.amounts.len());
        for amount in &self.amounts {
            let array = batch.column(amount.index);
            let of = |rows: Option<&[usize]>| sum(array, rows).unwrap_or_default();
            let mut totals = AmountTotals {
                // What stands in the place of a refused row's cells is not what was read.
                read: of(None).wrapping_sub(of(Some(&not_read))),
                quarantined: of(Some(&ruled_out)),
                duplicate: of(Some(duplicates)),
                ..AmountTotals::default()
            };
            for refused in refused {
                match self.amount_of(amount, refused) {
                    Some(value) => {
                        super::totals::add(&mut totals.read, value, &amount.name)?;
                        super::totals::add(&mut totals.quarantined, value, &amount.name)?;
                    }
                    None => totals.unreadable += 1,
                }
            }
            all.push(totals);
        }
        Ok(all)
    }

    /// A row of the wrong shape has no cell that can be trusted, and the cell that was refused is no amount.
    fn amount_of(&self, amount: &Amount, refused: &RefusedRow) -> Option<arrow::datatypes::i256> {
        let column = Fault::of(&refused.error).column?;
        if column == amount.name {
            return None;
        }
        amount.of_cell(refused.cells.get(amount.index)?.as_deref())
    }

    fn refused(&self, counters: &mut Counters, seat: &Seat<'_>, refused: RefusedRow) -> QuarantinedRow {
        let fault = Fault::of(&refused.error);
        let index = fault.column.as_ref().and_then(|column| self.schema.index_of(column).ok());
        let check = match index.and_then(|index| self.fixed.columns.get(index)) {
            Some((_, Some(nulls))) if fault.is_null => *nulls,
            Some((types, _)) => *types,
            None => self.fixed.shape,
        };
        let row = seat.row(refused.row);
        counters.tally(check, 0, std::iter::once(row));
        let reason =
            Reason { rule: self.checks[check].id.clone(), column: fault.column, message: fault.message };
        QuarantinedRow {
            row: row.row,
            line: fault.line,
            reasons: vec![reason],
            cells: refused.cells,
            was_unreadable: true,
        }
    }
}

/// Where the rows of a batch are.
pub(super) struct Seat<'a> {
    pub(super) place: Place<'a>,
    pub(super) part: u32,
    /// Rows of the part before the batch.
    first: u64,
}

impl Seat<'_> {
    /// A row of the batch. That a part's rows are numbered in 32 bits has been seen to.
    pub(super) fn row(&self, row: usize) -> RowId {
        RowId { file: self.place.file, part: self.part, row: (self.first + row as u64) as u32 }
    }
}

/// What is wrong with a row that others contradict.
fn contradicted(found: &str) -> String {
    format!("expected one content of a key, found {found}")
}

fn too_many(path: &Path) -> PipelineError {
    let message = format!("expected at most {} rows in a part, found more", u32::MAX);
    PipelineError::Table { path: path.to_path_buf(), message }
}
