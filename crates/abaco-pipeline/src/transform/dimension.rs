//! Derived dimensions: a vintage, a bucket of days past due, a band of terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use abaco_engine::{Bindings, EngineError, Projection, parse_row_expr};
use abaco_kpi::{Column, Decimal, RowExpr};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use crate::calendar::Rollup;
use crate::source::date_text::date_of;

/// A column to group by that is made from another: a calendar period of a date, or the band in which a number lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionSettings {
    /// A row expression: a date column for a period, a number for bands.
    pub of: String,
    /// The length of the period.
    #[serde(default)]
    pub by: Option<Rollup>,
    /// Where the second and each later band begins, ascending; the number itself already belongs to it.
    #[serde(default)]
    pub from: Option<Vec<String>>,
    /// The names of the bands, one more than `from`; without them `< 30`, `30 to < 60`, `>= 60`.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// The name of the band of NULL; without it NULL is a group of its own.
    #[serde(default)]
    pub nulls: Option<String>,
}

/// The derived dimensions of a configuration, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dimensions(Vec<Dimension>);

#[derive(Clone, Debug)]
struct Dimension {
    name: String,
    of: RowExpr,
    makes: Makes,
}

#[derive(Clone, Debug)]
enum Makes {
    Period { by: Rollup, fiscal_year_starts: u32 },
    Bands { from: Vec<Decimal>, labels: Vec<String>, nulls: Option<String> },
}

impl Dimensions {
    /// Reads the settings.
    ///
    /// # Errors
    /// What is wrong with which dimension.
    pub(crate) fn new(
        settings: &BTreeMap<String, DimensionSettings>,
        fiscal_year_starts: u32,
    ) -> Result<Self, String> {
        settings
            .iter()
            .map(|(name, settings)| {
                dimension(name, settings, fiscal_year_starts)
                    .map_err(|problem| format!("`dimensions`, `{name}`: {problem}"))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|dimension| dimension.name.as_str())
    }

    /// What a dimension is made of.
    pub(crate) fn source(&self, name: &str) -> Option<&RowExpr> {
        self.0.iter().find(|dimension| dimension.name == name).map(|dimension| &dimension.of)
    }

    /// Plans those dimensions over a schema whose columns it has; the others are not there.
    pub(crate) fn plan(
        &self,
        schema: &SchemaRef,
        bindings: &Bindings,
    ) -> Result<PlannedDimensions, EngineError> {
        let mut planned = Vec::new();
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        for dimension in &self.0 {
            let expr = bindings.resolve(&dimension.of);
            let mut there = true;
            expr.for_each_column(&mut |column| there &= schema.field_with_name(column.name()).is_ok());
            if !there {
                continue;
            }
            let asked = (Column::new(dimension.name.clone()), dimension.of.clone());
            let projection = Projection::new(&[asked], schema, bindings)?;
            dimension.check(projection.schema().field(0).data_type())?;
            fields.push(Arc::new(Field::new(&dimension.name, dictionary(), true)));
            planned.push((dimension.clone(), projection));
        }
        Ok(PlannedDimensions { planned, schema: Arc::new(Schema::new(fields)) })
    }
}

/// Dimensions over a schema.
#[derive(Debug)]
pub(crate) struct PlannedDimensions {
    planned: Vec<(Dimension, Projection)>,
    schema: SchemaRef,
}

impl PlannedDimensions {
    /// No dimensions over this schema.
    pub(crate) fn none(schema: &SchemaRef) -> Self {
        Self { planned: Vec::new(), schema: Arc::clone(schema) }
    }

    /// The schema with the dimensions behind the columns.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The batch with its dimensions.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
        if self.planned.is_empty() {
            return Ok(batch.clone());
        }
        let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
        let mut arrays = batch.columns().to_vec();
        for (dimension, projection) in &self.planned {
            let values = projection.project(batch)?;
            let made = dimension
                .of_values(values.column(0))
                .map_err(|error| dimension.refused(&error.to_string()))?;
            fields.push(Arc::new(Field::new(&dimension.name, dictionary(), true)));
            arrays.push(made);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|error| EngineError::Schema {
            column: Column::from("dimensions"),
            expected: self.schema.to_string(),
            found: error.to_string(),
        })
    }
}

impl Dimension {
    fn refused(&self, reason: &str) -> EngineError {
        EngineError::Binding { column: Column::new(self.name.clone()), reason: reason.to_owned() }
    }

    fn check(&self, found: &DataType) -> Result<(), EngineError> {
        match (&self.makes, found) {
            (Makes::Period { .. }, DataType::Date32) => Ok(()),
            (Makes::Period { .. }, _) => Err(self.refused(&format!("expected a date, found {found}"))),
            (Makes::Bands { .. }, found) if found.is_integer() || found.is_decimal() => Ok(()),
            (Makes::Bands { .. }, _) => Err(self.refused(&format!("expected a number, found {found}"))),
        }
    }

    fn of_values(&self, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match &self.makes {
            Makes::Period { by, fiscal_year_starts } => {
                let mut labels: BTreeMap<i32, String> = BTreeMap::new();
                let days = values.as_primitive::<Date32Type>();
                for day in days.iter().flatten() {
                    labels.entry(day).or_insert_with(|| by.period(date_of(day), *fiscal_year_starts).label);
                }
                let made: DictionaryArray<Int32Type> =
                    days.iter().map(|day| day.and_then(|day| labels.get(&day).map(String::as_str))).collect();
                Ok(Arc::new(made))
            }
            Makes::Bands { from, labels, nulls } => {
                let scale = match values.data_type() {
                    DataType::Decimal32(_, scale)
                    | DataType::Decimal64(_, scale)
                    | DataType::Decimal128(_, scale) => *scale,
                    _ => 0,
                };
                let scale = u32::try_from(scale).unwrap_or(0);
                let wide = cast(values, &DataType::Decimal128(38, i8::try_from(scale).unwrap_or(0)))?;
                // A number lies at or above an edge as soon as it reaches the edge rounded up at its own scale.
                let edges: Vec<i128> = from.iter().map(|edge| units_at_or_above(*edge, scale)).collect();
                let null_code = nulls.as_ref().map(|_| labels.len());
                let codes: Int32Array = wide
                    .as_primitive::<Decimal128Type>()
                    .iter()
                    .map(|value| match value {
                        Some(value) => Some(edges.partition_point(|edge| *edge <= value)),
                        None => null_code,
                    })
                    .map(|code| code.and_then(|code| i32::try_from(code).ok()))
                    .collect();
                let texts: StringArray =
                    labels.iter().chain(nulls).map(|label| Some(label.as_str())).collect();
                Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(texts))?))
            }
        }
    }
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The smallest number of units of `scale` that is not below `edge`.
fn units_at_or_above(edge: Decimal, scale: u32) -> i128 {
    let edge = edge.normalize();
    let power = |exponent: u32| abaco_kpi::pow10(exponent).unwrap_or(i128::MAX);
    if edge.scale() <= scale {
        return edge.mantissa().saturating_mul(power(scale - edge.scale()));
    }
    let divisor = power(edge.scale() - scale);
    let (quotient, rest) = (edge.mantissa().div_euclid(divisor), edge.mantissa().rem_euclid(divisor));
    quotient + i128::from(rest > 0)
}

fn dimension(name: &str, settings: &DimensionSettings, fiscal_year_starts: u32) -> Result<Dimension, String> {
    let makes = match (settings.by, &settings.from) {
        (Some(by), None) if settings.labels.is_none() && settings.nulls.is_none() => {
            Makes::Period { by, fiscal_year_starts }
        }
        (Some(_), None) => return Err("`labels` and `nulls` name bands, and a period has none".to_owned()),
        (None, Some(from)) => bands_of(settings, from)?,
        _ => return Err("expected `by`, for a period, or `from`, for bands".to_owned()),
    };
    let of = parse_row_expr(&settings.of).map_err(|error| format!("`of`: {error}"))?;
    Ok(Dimension { name: name.to_owned(), of, makes })
}

fn bands_of(bands: &DimensionSettings, from: &[String]) -> Result<Makes, String> {
    let edge = |text: &String| {
        Decimal::from_str_exact(text)
            .map_err(|_| format!("`from`: expected a decimal in quotes, found `{text}`"))
    };
    let from: Vec<Decimal> = from.iter().map(edge).collect::<Result<_, _>>()?;
    if from.is_empty() || !from.is_sorted_by(|a, b| a < b) {
        return Err("`from`: expected at least one number, in ascending order".to_owned());
    }
    let labels = match &bands.labels {
        Some(labels) if labels.len() == from.len() + 1 => labels.clone(),
        Some(labels) => {
            return Err(format!(
                "`labels`: expected {}, one more than `from` has, found {}",
                from.len() + 1,
                labels.len()
            ));
        }
        None => {
            let mut labels = vec![format!("< {}", from[0])];
            labels.extend(from.windows(2).map(|ends| format!("{} to < {}", ends[0], ends[1])));
            labels.extend(from.last().map(|last| format!(">= {last}")));
            labels
        }
    };
    let names: std::collections::BTreeSet<&String> = labels.iter().chain(&bands.nulls).collect();
    if names.len() != labels.len() + usize::from(bands.nulls.is_some()) {
        return Err("`labels`: two bands have one name".to_owned());
    }
    Ok(Makes::Bands { from, labels, nulls: bands.nulls.clone() })
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    fn bands(of: &str, from: &[&str]) -> DimensionSettings {
        DimensionSettings {
            of: of.to_owned(),
            by: None,
            from: Some(from.iter().map(|edge| (*edge).to_owned()).collect()),
            labels: None,
            nulls: Some("unknown".to_owned()),
        }
    }

    fn labels(settings: DimensionSettings, batch: &RecordBatch) -> Vec<Option<String>> {
        let dimensions = Dimensions::new(&BTreeMap::from([("d".to_owned(), settings)]), 1).expect("settings");
        let planned = dimensions.plan(&batch.schema(), &Bindings::new()).expect("a plan");
        let made = planned.apply(batch).expect("a batch");
        assert_eq!(made.schema(), planned.schema());
        let texts = cast(made.column_by_name("d").expect("the dimension"), &DataType::Utf8).expect("texts");
        texts.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn a_number_belongs_to_the_band_that_begins_with_it() {
        let days = Int64Array::from(vec![Some(-1), Some(0), Some(29), Some(30), Some(59), Some(60), None]);
        let batch = RecordBatch::try_from_iter([("dpd", Arc::new(days) as ArrayRef)]).expect("a batch");
        let found = labels(bands("dpd", &["0", "29.5", "60"]), &batch);
        let expected =
            ["< 0", "0 to < 29.5", "0 to < 29.5", "29.5 to < 60", "29.5 to < 60", ">= 60", "unknown"];
        assert_eq!(found, expected.map(|label| Some(label.to_owned())));
    }

    #[test]
    fn a_date_belongs_to_its_period_and_null_to_none() {
        let dates = arrow::array::Date32Array::from(vec![Some(20_089), None]);
        let batch =
            RecordBatch::try_from_iter([("origination_date", Arc::new(dates) as ArrayRef)]).expect("a batch");
        let vintage = DimensionSettings {
            by: Some(Rollup::Quarterly),
            from: None,
            nulls: None,
            ..bands("origination_date", &[])
        };
        assert_eq!(labels(vintage, &batch), [Some("2025-Q1".to_owned()), None]);
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let refused = |settings| {
            Dimensions::new(&BTreeMap::from([("d".to_owned(), settings)]), 1).expect_err("a refusal")
        };
        assert_eq!(
            refused(bands("dpd", &["30", "30"])),
            "`dimensions`, `d`: `from`: expected at least one number, in ascending order"
        );
        assert!(refused(bands("dpd +", &["30"])).starts_with("`dimensions`, `d`: `of`: "));
        assert_eq!(
            refused(bands("dpd", &["x"])),
            "`dimensions`, `d`: `from`: expected a decimal in quotes, found `x`"
        );
    }
}
