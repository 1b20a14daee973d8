//! The results of a run as tables: one row per KPI, per KPI of a segment, per KPI of a period.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::decimal_cell::fixed_point;
use crate::PipelineError;
use crate::run::{Exact, KpiEntry, PriorEntry, RunDocument, Segment, SeriesEntry};

/// Fractional digits of `value_decimal`, which is a decimal of 38 digits.
pub const VALUE_SCALE: i8 = 12;
const VALUE_PRECISION: u8 = 38;

/// One row per KPI of the totals.
///
/// Decimals are text, exact: `value`, `numerator`, `denominator`, `multiplier` and the values of earlier snapshots.
/// `value_decimal` is the value as a decimal(38, 12), for programs that reckon with it; it is null where the value does
/// not fit without rounding. `components` is a JSON object.
///
/// # Errors
/// [`PipelineError::Json`], which is not expected to happen.
pub fn kpis_batch(document: &RunDocument) -> Result<RecordBatch, PipelineError> {
    table(Vec::new(), &document.kpis.iter().collect::<Vec<_>>())
}

/// One row per KPI of each segment; `by` is a JSON object of the group's columns and values.
///
/// # Errors
/// [`PipelineError::Json`], which is not expected to happen.
pub fn segments_batch(document: &RunDocument) -> Result<RecordBatch, PipelineError> {
    let rows: Vec<(&Segment, &KpiEntry)> = document
        .segments
        .iter()
        .flat_map(|segment| segment.kpis.iter().map(move |kpi| (segment, kpi)))
        .collect();
    let by = rows.iter().map(|(segment, _)| object(&segment.by)).collect::<Result<Vec<_>, _>>()?;
    table(vec![required("by", by)], &rows.iter().map(|(_, kpi)| *kpi).collect::<Vec<_>>())
}

/// One row per KPI of each period of each rollup.
///
/// # Errors
/// [`PipelineError::Json`], which is not expected to happen.
pub fn series_batch(document: &RunDocument) -> Result<RecordBatch, PipelineError> {
    let rows: Vec<(&SeriesEntry, &KpiEntry)> =
        document.series.iter().flat_map(|entry| entry.kpis.iter().map(move |kpi| (entry, kpi))).collect();
    let of = |text: fn(&SeriesEntry) -> &str| rows.iter().map(|(entry, _)| text(entry)).collect::<Vec<_>>();
    let partial: BooleanArray = rows.iter().map(|(entry, _)| Some(entry.partial)).collect();
    let columns = vec![
        required("rollup", of(|entry| entry.rollup)),
        required("period", of(|entry| &entry.period)),
        dates("from", rows.iter().map(|(entry, _)| entry.from), true),
        dates("as_of", rows.iter().map(|(entry, _)| Some(entry.as_of)), false),
        (Field::new("partial", DataType::Boolean, false), Arc::new(partial) as ArrayRef),
    ];
    table(columns, &rows.iter().map(|(_, kpi)| *kpi).collect::<Vec<_>>())
}

type Column = (Field, ArrayRef);

fn table(mut columns: Vec<Column>, kpis: &[&KpiEntry]) -> Result<RecordBatch, PipelineError> {
    let components = kpis.iter().map(|kpi| object(&kpi.components)).collect::<Result<Vec<_>, _>>()?;
    columns.extend([
        required("id", kpis.iter().map(|kpi| kpi.id.as_str())),
        required("name", kpis.iter().map(|kpi| kpi.name.as_str())),
        required("convention", kpis.iter().map(|kpi| kpi.convention.as_str())),
        optional("value", kpis.iter().map(|kpi| kpi.value.as_deref())),
        decimals("value_decimal", kpis.iter().map(|kpi| kpi.value.as_deref())).map_err(unexpected)?,
        required("unit", kpis.iter().map(|kpi| kpi.unit)),
        required("state", kpis.iter().map(|kpi| kpi.state)),
        optional("reason", kpis.iter().map(|kpi| kpi.reason.as_deref())),
        required("status", kpis.iter().map(|kpi| kpi.status)),
        required("formula", kpis.iter().map(|kpi| kpi.formula.as_str())),
        exact("numerator", kpis, |exact| &exact.numerator),
        exact("denominator", kpis, |exact| &exact.denominator),
        exact("multiplier", kpis, |exact| &exact.multiplier),
        required("components", components),
        counts("rows", kpis.iter().map(|kpi| kpi.rows)),
        counts("nulls", kpis.iter().map(|kpi| kpi.nulls)),
    ]);
    columns.extend(earlier("prior", kpis, |kpi| kpi.prior.as_ref()));
    columns.extend(earlier("prior_year", kpis, |kpi| kpi.prior_year.as_ref()));
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(unexpected)
}

/// A batch that this file itself puts together is never refused.
fn unexpected(source: ArrowError) -> PipelineError {
    PipelineError::arrow(std::path::Path::new("kpis"), source)
}

fn object(map: &Map<String, Value>) -> Result<String, PipelineError> {
    serde_json::to_string(map).map_err(PipelineError::Json)
}

fn required<S: AsRef<str>>(name: &str, texts: impl IntoIterator<Item = S>) -> Column {
    let texts = StringArray::from_iter_values(texts);
    (Field::new(name, DataType::Utf8, false), Arc::new(texts))
}

fn optional<'a>(name: &str, texts: impl Iterator<Item = Option<&'a str>>) -> Column {
    (Field::new(name, DataType::Utf8, true), Arc::new(texts.collect::<StringArray>()))
}

fn exact(name: &str, kpis: &[&KpiEntry], part: fn(&Exact) -> &String) -> Column {
    optional(name, kpis.iter().map(|kpi| kpi.exact.as_ref().map(|exact| part(exact).as_str())))
}

fn earlier(name: &str, kpis: &[&KpiEntry], of: fn(&KpiEntry) -> Option<&PriorEntry>) -> [Column; 2] {
    [
        dates(&format!("{name}_as_of"), kpis.iter().map(|kpi| of(kpi).map(|prior| prior.as_of)), true),
        optional(
            &format!("{name}_value"),
            kpis.iter().map(|kpi| of(kpi).and_then(|prior| prior.value.as_deref())),
        ),
    ]
}

fn counts(name: &str, counts: impl Iterator<Item = u64>) -> Column {
    (Field::new(name, DataType::UInt64, false), Arc::new(counts.map(Some).collect::<UInt64Array>()))
}

fn dates(name: &str, dates: impl Iterator<Item = Option<NaiveDate>>, nullable: bool) -> Column {
    let days = dates.map(|date| date.map(days_since_1970)).collect::<Date32Array>();
    (Field::new(name, DataType::Date32, nullable), Arc::new(days))
}

fn days_since_1970(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

fn decimals<'a>(name: &str, texts: impl Iterator<Item = Option<&'a str>>) -> Result<Column, ArrowError> {
    let scale = usize::from(VALUE_SCALE.unsigned_abs());
    let values: Decimal128Array = texts.map(|text| text.and_then(|text| fixed_point(text, scale))).collect();
    let values = values.with_precision_and_scale(VALUE_PRECISION, VALUE_SCALE)?;
    Ok((Field::new(name, values.data_type().clone(), true), Arc::new(values)))
}
