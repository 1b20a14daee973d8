//! The tape by snapshot.

use std::collections::BTreeMap;

use abaco_engine::{Bindings, Projection};
use abaco_kpi::{Column, RowExpr};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};

use super::amounts;
use super::flows::TapeFlow;
use super::history::Standing;
use super::loans::Loans;
use super::side::{KEY, Table, days};
use crate::PipelineError;

/// The canonical columns that say how a loan stands.
pub(super) const STANDING: [&str; 4] =
    ["outstanding_balance", "dpd", "written_off_balance", "is_written_off"];

/// The tape's rows by snapshot and loan.
#[derive(Debug)]
pub(crate) struct Snapshots {
    pub(crate) batch: RecordBatch,
    /// The column that dates the rows.
    pub(crate) dated_by: String,
    /// The rows of each snapshot, oldest first, with the number of their loan.
    pub(crate) dates: BTreeMap<i32, Vec<(usize, usize)>>,
    /// How the loan of each row stands.
    pub(crate) standing: Vec<Standing>,
    /// Which of the columns of [`STANDING`] the tape has or derives.
    pub(crate) has: Vec<&'static str>,
    /// The flows that stand on the tape itself.
    pub(crate) flows: Vec<TapeFlow>,
}

impl Snapshots {
    /// Sorts a tape's rows; a loan stands in a snapshot once.
    pub(crate) fn new(
        table: &Table,
        bindings: &Bindings,
        scale: u8,
        loans: &mut Loans,
    ) -> Result<Self, PipelineError> {
        let dated_by = table.dated_by.clone().ok_or_else(|| {
            table.refused("expected a column with the role `snapshot`: a panel follows loans over time")
        })?;
        let keys = column(table, KEY)?;
        let numbers = loans.number(keys).map_err(|row| {
            table.refused(format!("row {}: column `{KEY}`: expected a loan, found null", row + 1))
        })?;
        let dates = days(column(table, &dated_by)?).map_err(|row| {
            table.refused(format!("row {}: column `{dated_by}`: expected a date, found null", row + 1))
        })?;
        let mut by_date: BTreeMap<i32, Vec<(usize, usize)>> = BTreeMap::new();
        for (row, (day, loan)) in dates.into_iter().zip(numbers).enumerate() {
            by_date.entry(day).or_default().push((row, loan));
        }
        for rows in by_date.values() {
            let mut seen = vec![None; loans.len()];
            for (row, loan) in rows {
                if let Some(first) = seen[*loan].replace(*row) {
                    let first: usize = first;
                    return Err(table.refused(format!(
                        "row {}: expected one row per loan and snapshot, found those of row {} again",
                        row + 1,
                        first + 1
                    )));
                }
            }
        }
        let (standing, has) = standing(table, bindings, scale)?;
        Ok(Self {
            batch: table.batch.clone(),
            dated_by,
            dates: by_date,
            standing,
            has,
            flows: TapeFlow::all(table)?,
        })
    }

    /// The largest scale of the tape's balances.
    pub(crate) fn scale(table: &Table, bindings: &Bindings) -> Option<u8> {
        let projected = project(table, bindings).ok()?;
        projected.columns().iter().filter_map(|array| amounts::scale_of(array.data_type())).max()
    }
}

fn column<'t>(table: &'t Table, name: &str) -> Result<&'t ArrayRef, PipelineError> {
    table
        .batch
        .column_by_name(name)
        .ok_or_else(|| table.refused(format!("expected the column `{name}`, found none")))
}

/// The columns of [`STANDING`] that the tape has or derives.
fn project(table: &Table, bindings: &Bindings) -> Result<RecordBatch, PipelineError> {
    let derived = |name: &str| bindings.iter().any(|(column, _)| column.name() == name);
    let wanted: Vec<(Column, RowExpr)> = STANDING
        .into_iter()
        .filter(|name| table.batch.column_by_name(name).is_some() || derived(name))
        .map(|name| (Column::from(name), RowExpr::Column(Column::from(name))))
        .collect();
    let engine = |source| PipelineError::Engine { path: table.path.clone(), source };
    let projection = Projection::new(&wanted, &table.batch.schema(), bindings).map_err(engine)?;
    projection.project(&table.batch).map_err(engine)
}

fn standing(
    table: &Table,
    bindings: &Bindings,
    scale: u8,
) -> Result<(Vec<Standing>, Vec<&'static str>), PipelineError> {
    let projected = project(table, bindings)?;
    let numbers = |name: &str, scale: u8| match projected.column_by_name(name) {
        Some(array) => amounts::read(array, scale)
            .map(Some)
            .map_err(|problem| table.refused(format!("column `{name}`: {problem}"))),
        None => Ok(None),
    };
    let [balance, dpd, written_off, flag_name] = STANDING;
    let has = STANDING.into_iter().filter(|name| projected.column_by_name(name).is_some()).collect();
    let balances = numbers(balance, scale)?
        .ok_or_else(|| table.refused(format!("expected the column `{balance}`, which a panel follows")))?;
    let (dpds, written_offs) = (numbers(dpd, 0)?, numbers(written_off, scale)?);
    let flags = projected.column_by_name(flag_name).and_then(|array| array.as_boolean_opt());
    let rows = balances.into_iter().enumerate().map(|(row, balance)| {
        let days = dpds.as_ref().and_then(|dpds| dpds[row]);
        let dpd = days.map(i64::try_from).transpose().map_err(|_| {
            table.refused(format!(
                "row {}: column `{dpd}`: expected a number of days, found too large a number",
                row + 1
            ))
        })?;
        let flag = flags.and_then(|flags| flags.is_valid(row).then(|| flags.value(row)));
        let amount = written_offs.as_ref().map(|amounts| amounts[row]);
        let contradicts = |found: &str| {
            Err(table.refused(format!("row {}: columns `{flag_name}` and `{written_off}`: {found}", row + 1)))
        };
        let written_off = match (flag, amount) {
            (_, None) => None,
            (Some(false), Some(Some(amount))) if amount > 0 => {
                return contradicts(
                    "expected no written-off balance of a loan that is not written off, found one",
                );
            }
            (Some(true), Some(None)) => {
                return contradicts(
                    "expected the written-off balance of a loan that is written off, found null",
                );
            }
            // Without the flag the balance tells.
            (_, Some(amount)) => Some(amount.unwrap_or(0)),
        };
        Ok(Standing { balance, written_off, dpd })
    });
    Ok((rows.collect::<Result<_, PipelineError>>()?, has))
}
