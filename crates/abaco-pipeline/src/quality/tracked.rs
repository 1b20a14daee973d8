//! Rules on the tape as a whole: what must be kept of the rows until all have been read.

use std::collections::BTreeMap;

use abaco_engine::{Bindings, EngineError, Projection};
use abaco_kpi::Column as Name;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Schema, i256};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;

use super::outliers::{self, Outliers, Values, number};
use super::screen::Seat;
use super::totals::{add, sum};
use crate::PipelineError;
use crate::contract::{Contract, Reconcile, Role, Totals};
use crate::duplicates::digest;
use crate::ingest::RowId;

/// The rules on the tape as a whole, each with the place of its check.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    /// The snapshot column's position, if the tape has it.
    snapshot: Option<usize>,
    uniques: Vec<Unique>,
    pub(super) outliers: Vec<Outliers>,
    pub(super) reverts: Vec<Reverts>,
    pub(super) reconciles: Vec<Reconciled>,
    pub(super) rows: Vec<(usize, Option<u64>, Option<u64>)>,
    pub(super) freshness: Vec<(usize, u32)>,
}

#[derive(Debug)]
struct Unique {
    check: usize,
    index: usize,
    converter: RowConverter,
}

#[derive(Debug)]
pub(super) struct Reverts {
    pub(super) check: usize,
    keys: Vec<usize>,
    converter: RowConverter,
    snapshot: usize,
    column: usize,
}

#[derive(Debug)]
pub(super) struct Reconciled {
    pub(super) check: usize,
    pub(super) rule: Reconcile,
    /// The tape's summand, if sums are compared, with its scale.
    summand: Option<(Projection, u32)>,
}

impl Reconciled {
    pub(super) fn scale(&self) -> u32 {
        self.summand.as_ref().map_or(0, |(_, scale)| *scale)
    }
}

impl Tracked {
    pub(super) fn of(contract: &Contract, schema: &Schema) -> Self {
        let snapshot = contract.snapshot().and_then(|column| schema.index_of(&column.name).ok());
        Self { snapshot, ..Self::default() }
    }

    pub(super) fn unique(&mut self, check: usize, name: &str, schema: &Schema) -> Result<(), EngineError> {
        let (converter, index) = converter(&[name], schema)?;
        self.uniques.push(Unique { check, index: index[0], converter });
        Ok(())
    }

    pub(super) fn never_reverts(
        &mut self,
        check: usize,
        column: &str,
        contract: &Contract,
        schema: &Schema,
    ) -> Result<(), EngineError> {
        let keys = contract.columns().iter().filter(|column| column.has_role(Role::Key));
        let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
        let (converter, keys) = converter(&keys, schema)?;
        if let (Some(snapshot), Ok(column)) = (self.snapshot, schema.index_of(column)) {
            self.reverts.push(Reverts { check, keys, converter, snapshot, column });
        }
        Ok(())
    }

    pub(super) fn rows(&mut self, check: usize, min: Option<u64>, max: Option<u64>) {
        self.rows.push((check, min, max));
    }

    pub(super) fn freshness(&mut self, check: usize, max_age_days: u32) {
        self.freshness.push((check, max_age_days));
    }

    pub(super) fn reconcile(
        &mut self,
        check: usize,
        rule: &Reconcile,
        schema: &Schema,
        bindings: &Bindings,
    ) -> Result<(), EngineError> {
        let summand = match &rule.totals {
            Totals::Rows => None,
            Totals::Sums { tape, .. } => {
                let projection = Projection::new(&[(Name::from("sum"), tape.clone())], schema, bindings)?;
                let scale = scale_of(projection.schema().field(0).data_type());
                Some((projection, scale))
            }
        };
        self.reconciles.push(Reconciled { check, rule: rule.clone(), summand });
        Ok(())
    }
}

fn converter(names: &[&str], schema: &Schema) -> Result<(RowConverter, Vec<usize>), EngineError> {
    let refuse = |error: ArrowError| EngineError::Schema {
        column: Name::new(names.join(", ")),
        expected: "comparable columns".to_owned(),
        found: error.to_string(),
    };
    let indices: Vec<usize> =
        names.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>().map_err(refuse)?;
    let fields = indices.iter().map(|index| SortField::new(schema.field(*index).data_type().clone()));
    Ok((RowConverter::new(fields.collect()).map_err(refuse)?, indices))
}

/// Decimal places of a type of numbers.
pub(super) fn scale_of(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => u32::try_from(*scale).unwrap_or(0),
        _ => 0,
    }
}

/// What is kept of the rows. Two of them merge into that of all their rows, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// For each unique column and digest of a value the rows that have it: how many, and the first.
    pub(super) uniques: Vec<HashMap<[u8; 16], (u64, RowId)>>,
    /// For each column with outliers.
    pub(super) values: Vec<Values>,
    /// For each rule and key.
    pub(super) reverts: Vec<HashMap<Box<[u8]>, History>>,
    /// For each reconciliation and snapshot.
    pub(super) sums: Vec<BTreeMap<Option<i32>, Sum>>,
}

/// When something was true of a key for the first time, and false for the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    first_true: Option<i32>,
    last_false: Option<(i32, RowId)>,
}

/// The rows of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) total: i256,
    pub(super) rows: u64,
}

impl History {
    /// The row in which it is false again.
    pub(super) fn reverted(&self) -> Option<RowId> {
        let (last, row) = self.last_false?;
        (last > self.first_true?).then_some(row)
    }

    fn merge(&mut self, other: Self) {
        self.first_true = match (self.first_true, other.first_true) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if let Some((day, row)) = other.last_false {
            self.is_false(day, row);
        }
    }

    /// Of two rows on one day the first is shown.
    fn is_false(&mut self, day: i32, row: RowId) {
        let later = |(last, first): (i32, RowId)| day > last || (day == last && row < first);
        if self.last_false.is_none_or(later) {
            self.last_false = Some((day, row));
        }
    }

    fn is_true(&mut self, day: i32) {
        self.first_true = Some(self.first_true.map_or(day, |first| first.min(day)));
    }
}

impl Kept {
    pub(super) fn of(tracked: &Tracked) -> Self {
        Self {
            uniques: vec![HashMap::new(); tracked.uniques.len()],
            values: vec![HashMap::new(); tracked.outliers.len()],
            reverts: vec![HashMap::new(); tracked.reverts.len()],
            sums: vec![BTreeMap::new(); tracked.reconciles.len()],
        }
    }

    /// Takes rows that go on into account.
    pub(super) fn add(
        &mut self,
        tracked: &Tracked,
        seat: &Seat<'_>,
        batch: &RecordBatch,
        row: &dyn Fn(usize) -> RowId,
    ) -> Result<(), PipelineError> {
        let arrow = |error| PipelineError::arrow(seat.place.path, error);
        for (unique, seen) in tracked.uniques.iter().zip(&mut self.uniques) {
            let array = batch.column(unique.index);
            let values = unique.converter.convert_columns(std::slice::from_ref(array)).map_err(arrow)?;
            let nulls = array.logical_nulls();
            for index in 0..batch.num_rows() {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(index)) {
                    count(seen, digest(values.row(index).as_ref()), (1, row(index)));
                }
            }
        }
        let dates = tracked.snapshot.map(|index| batch.column(index).as_primitive::<Date32Type>());
        let day_of = |index: usize| dates.and_then(|dates| dates.is_valid(index).then(|| dates.value(index)));
        for (outliers, values) in tracked.outliers.iter().zip(&mut self.values) {
            let array = batch.column(outliers.index);
            for index in 0..batch.num_rows() {
                if let Some(number) = number(array, index) {
                    outliers::count(values, (day_of(index), number), (1, row(index)));
                }
            }
        }
        for (reverts, histories) in tracked.reverts.iter().zip(&mut self.reverts) {
            reverts.add(histories, batch, row).map_err(arrow)?;
        }
        for (reconciled, sums) in tracked.reconciles.iter().zip(&mut self.sums) {
            let engine = |source| PipelineError::Engine { path: seat.place.path.to_path_buf(), source };
            let summand = reconciled.summand.as_ref().map(|(projection, _)| projection.project(batch));
            let summand = summand.transpose().map_err(engine)?;
            let mut rows_of: HashMap<Option<i32>, Vec<usize>> = HashMap::new();
            for index in 0..batch.num_rows() {
                rows_of.entry(day_of(index)).or_default().push(index);
            }
            for (day, rows) in rows_of {
                let own = sums.entry(day).or_default();
                own.rows += rows.len() as u64;
                if let Some(total) = summand.as_ref().and_then(|summand| sum(summand.column(0), Some(&rows)))
                {
                    add(&mut own.total, total, "reconcile")?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<(), PipelineError> {
        for (seen, other) in self.uniques.iter_mut().zip(other.uniques) {
            other.into_iter().for_each(|(value, rows)| count(seen, value, rows));
        }
        for (values, other) in self.values.iter_mut().zip(other.values) {
            other.into_iter().for_each(|(value, rows)| outliers::count(values, value, rows));
        }
        for (histories, other) in self.reverts.iter_mut().zip(other.reverts) {
            for (key, history) in other {
                histories.entry(key).or_default().merge(history);
            }
        }
        for (sums, other) in self.sums.iter_mut().zip(other.sums) {
            for (day, sum) in other {
                let own = sums.entry(day).or_default();
                own.rows += sum.rows;
                add(&mut own.total, sum.total, "reconcile")?;
            }
        }
        Ok(())
    }

    /// The places of the checks of unique columns, in the order of [`Kept::uniques`].
    pub(super) fn unique_checks(tracked: &Tracked) -> impl Iterator<Item = usize> {
        tracked.uniques.iter().map(|unique| unique.check)
    }
}

impl Reverts {
    fn add(
        &self,
        histories: &mut HashMap<Box<[u8]>, History>,
        batch: &RecordBatch,
        row: &dyn Fn(usize) -> RowId,
    ) -> Result<(), ArrowError> {
        let keys: Vec<ArrayRef> = self.keys.iter().map(|index| batch.column(*index).clone()).collect();
        let no_key: Vec<_> = keys.iter().filter_map(|array| array.logical_nulls()).collect();
        let keys = self.converter.convert_columns(&keys)?;
        let dates = batch.column(self.snapshot).as_primitive::<Date32Type>();
        let values = batch.column(self.column).as_boolean();
        for index in 0..batch.num_rows() {
            let complete = dates.is_valid(index)
                && values.is_valid(index)
                && no_key.iter().all(|nulls| nulls.is_valid(index));
            if !complete {
                continue;
            }
            let key = keys.row(index);
            let key: &[u8] = key.as_ref();
            // Most rows are of a key that is there already: its bytes are copied once.
            let history = match histories.get_mut(key) {
                Some(history) => history,
                None => histories.entry(key.into()).or_default(),
            };
            match values.value(index) {
                true => history.is_true(dates.value(index)),
                false => history.is_false(dates.value(index), row(index)),
            }
        }
        Ok(())
    }
}

fn count(seen: &mut HashMap<[u8; 16], (u64, RowId)>, value: [u8; 16], (rows, first): (u64, RowId)) {
    let entry = seen.entry(value).or_insert((0, first));
    entry.0 += rows;
    entry.1 = entry.1.min(first);
}
