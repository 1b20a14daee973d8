//! Cohorts: the loans of one period of origination, each at the same age.
//!
//! A cohort of a quarter at six months on book is made of three snapshots, one per month of origination. Each loan stands
//! in it once, with its balance or, once it was repaid, without one; so its originated principal is always the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use abaco_engine::{AsOf, Baselines, EngineError, Group, ObservedScales};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef};
use chrono::{Datelike, NaiveDate};

use super::part::{Described, Part};
use super::planned::Rows;
use super::{Pipeline, Split};
use crate::PipelineError;
use crate::calendar::Rollup;
use crate::config::CohortSettings;
use crate::panel::{Panel, Period};
use crate::source::date_text::{date_of, days_since_1970};

/// The columns by which cohorts are told apart.
const VINTAGE: &str = "vintage";
const MONTHS_ON_BOOK: &str = "months_on_book";
pub(super) const COLUMNS: [&str; 2] = [VINTAGE, MONTHS_ON_BOOK];
const ORIGINATION: &str = "origination_date";

/// The judged outcomes of each cohort and age.
#[derive(Default)]
pub(super) struct Cohorts {
    pub(super) described: Vec<Described>,
    pub(super) groups: Vec<Group>,
}

/// The panel folded by cohort and age.
#[derive(Clone)]
pub(super) struct FoldedCohorts<'p> {
    pub(super) part: Part<'p>,
    /// The months in which each cohort's loans were originated, counted from the year 0.
    pub(super) originated: BTreeMap<String, BTreeSet<i64>>,
    /// The months of which the tape has a snapshot.
    pub(super) observed: BTreeSet<i64>,
}

impl Pipeline {
    /// Folds the panel by cohort and age, looking at these snapshots only.
    pub(super) fn cohorts<'p>(
        &self,
        split: &'p Split,
        settings: &CohortSettings,
        panel: &Panel,
        ends: &BTreeSet<i32>,
        path: &Path,
    ) -> Result<FoldedCohorts<'p>, PipelineError> {
        let of_tape = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        let fiscal_year_starts = self.config.settings.fiscal_year_starts;
        let schema = panel.schema()?;
        match schema.field_with_name(ORIGINATION) {
            Ok(field) if *field.data_type() == DataType::Date32 => {}
            _ => {
                let message = format!(
                    "cohorts need the date column `{ORIGINATION}`, on the tape or in the static table"
                );
                return Err(PipelineError::Table { path: path.to_path_buf(), message });
            }
        }
        if let Some(name) = COLUMNS.into_iter().find(|name| schema.field_with_name(name).is_ok()) {
            let message = format!("column `{name}` has the name by which cohorts are told apart");
            return Err(PipelineError::Table { path: path.to_path_buf(), message });
        }
        let schema = with_cohort(&schema);
        let planned = self.planned(&split.cohort, Rows::Cohorts, Arc::clone(&schema)).map_err(of_tape)?;
        let mut state = planned.plan.empty();
        let ages: BTreeSet<i64> = settings.months_on_book.iter().map(|months| i64::from(*months)).collect();
        let mut originated: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        let months = month_ends(ends);
        panel.each_period(&months, |period: Period, rows| {
            // A ledger's rows are of no cohort.
            let batch = rows.loans;
            let dates =
                batch.column_by_name(ORIGINATION).map(|dates| dates.as_primitive::<Date32Type>().clone());
            let Some(dates) = dates else { return Ok(()) };
            let label = |day: i32| settings.by.period(date_of(day), fiscal_year_starts).label;
            for day in dates.iter().flatten() {
                originated.entry(label(day)).or_default().insert(month(day));
            }
            let age = |day: i32| month(period.closing) - month(day);
            let chosen: BooleanArray =
                dates.iter().map(|day| Some(day.is_some_and(|day| ages.contains(&age(day))))).collect();
            let vintage: StringArray = dates.iter().map(|day| day.map(label)).collect();
            let months: Int64Array = dates.iter().map(|day| day.map(age)).collect();
            let mut arrays = batch.columns().to_vec();
            arrays.extend([Arc::new(vintage) as ArrayRef, Arc::new(months) as ArrayRef]);
            let arrow = |error| PipelineError::arrow(path, error);
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(arrow)?;
            let batch = filter_record_batch(&batch, &chosen).map_err(arrow)?;
            planned.plan.fold(&mut state, &batch).map_err(of_tape)
        })?;
        let observed = months.iter().map(|day| month(*day)).collect();
        let part = Part::new(Rows::Cohorts, &split.cohort, &planned, state);
        Ok(FoldedCohorts { part, originated, observed })
    }
}

impl FoldedCohorts<'_> {
    /// The judged outcomes; a cohort that has not wholly reached an age is left out there.
    pub(super) fn finish(
        &self,
        settings: &CohortSettings,
        fiscal_year_starts: u32,
        baselines: &Baselines,
    ) -> Result<Cohorts, EngineError> {
        let Part { calculator, plan, state, .. } = &self.part;
        let scales = ObservedScales::new();
        let calculation = calculator.engine.finish_against(plan, state, AsOf::Single, &scales, baselines)?;
        let last = self.observed.last().copied();
        let period_end = |first: i64| {
            let (year, month0) = (first.div_euclid(12), first.rem_euclid(12));
            let first =
                NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month0).ok()? + 1, 1)?;
            Some(month_of(settings.by.period(first, fiscal_year_starts).end))
        };
        let complete = |group: &Group| {
            let value = |name: &str| {
                group.by.iter().find(|(column, _)| column.name() == name).and_then(|(_, value)| value.clone())
            };
            let (Some(vintage), Some(age)) = (value(VINTAGE), value(MONTHS_ON_BOOK)) else { return false };
            let age: Option<i64> = age.parse().ok();
            let months = self.originated.get(&vintage);
            let Some((months, age)) = months.zip(age) else { return false };
            // More loans may come until the cohort's own period is over.
            let over = months.first().and_then(|first| period_end(*first));
            let over = over.zip(last).is_some_and(|(end, last)| end + age <= last);
            over && months.iter().all(|month| self.observed.contains(&(month + age)))
        };
        let groups = calculation.finished.groups.into_iter().filter(complete).collect();
        let described = plan.kpis().map(|(spec, text)| (spec.clone(), text.to_owned())).collect();
        Ok(Cohorts { described, groups })
    }
}

fn with_cohort(schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(VINTAGE, DataType::Utf8, true)));
    fields.push(Arc::new(Field::new(MONTHS_ON_BOOK, DataType::Int64, true)));
    Arc::new(Schema::new(fields))
}

/// The last of the snapshots of each calendar month that is over.
fn month_ends(days: &BTreeSet<i32>) -> BTreeSet<i32> {
    let dates: Vec<NaiveDate> = days.iter().map(|day| date_of(*day)).collect();
    let over = Rollup::Monthly.points(&dates, 1).into_iter().filter(|point| !point.partial);
    over.filter_map(|point| i32::try_from(days_since_1970(point.as_of)).ok()).collect()
}

/// Calendar months since the year 0.
fn month(day: i32) -> i64 {
    month_of(date_of(day))
}

fn month_of(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}
