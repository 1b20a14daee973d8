//! The values of a run, as its document says them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::figures::Rational;
use abaco_pipeline::Run;
use abaco_pipeline::canonical_json::sha256;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::number::{check_scale, decimal, rational};
use super::table::Table;
use super::{Figure, Figures, Key, ReadOptions};
use crate::RolloutError;

/// What is read of `kpis.json`.
#[derive(Deserialize)]
struct Document {
    schema_version: u32,
    run_id: String,
    as_of: Option<NaiveDate>,
    kpis: Vec<Entry>,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    series: Vec<Point>,
}

#[derive(Deserialize)]
struct Segment {
    by: Map<String, Value>,
    kpis: Vec<Entry>,
}

#[derive(Deserialize)]
struct Point {
    rollup: String,
    as_of: NaiveDate,
    kpis: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    value: Option<String>,
    state: String,
    reason: Option<String>,
    exact: Option<abaco_pipeline::run::Exact>,
    #[serde(default)]
    components: Map<String, Value>,
}

/// The figures of a run that was computed in this process, published or not.
///
/// # Errors
/// [`RolloutError::Figures`] if its document does not say what one of runs says.
pub fn of_run(run: &Run, options: &ReadOptions) -> Result<Figures, RolloutError> {
    let place = Path::new("run");
    let bytes =
        serde_json::to_vec(&run.document).map_err(|error| RolloutError::figures(place, error.to_string()))?;
    let tape = run.inputs.iter().map(|input| input.sha256.clone());
    let tables = run
        .tables
        .iter()
        .map(|table| table.input.sha256.as_ref().map(|digest| format!("{}:{digest}", table.role)));
    let mut inputs: Option<Vec<String>> = tape.chain(tables).collect();
    if let Some(inputs) = &mut inputs {
        inputs.sort();
    }
    let figures = document(&bytes, options).map_err(|message| RolloutError::figures(place, message))?;
    Ok(Figures { inputs, ..figures })
}

/// The figures of a run's `kpis.json`.
pub(super) fn document(bytes: &[u8], options: &ReadOptions) -> Result<Figures, String> {
    check_scale(options.scale)?;
    let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if document.schema_version != abaco_pipeline::run::SCHEMA_VERSION {
        let found = document.schema_version;
        let expected = abaco_pipeline::run::SCHEMA_VERSION;
        return Err(format!("`schema_version`: expected {expected}, found {found}"));
    }
    let mut table = Table::new(options);
    let totals = BTreeMap::new();
    add(&mut table, "kpis", &document.kpis, document.as_of, &totals)?;
    for (index, group) in document.segments.iter().enumerate() {
        let by = group.by.iter().map(|(column, value)| (column.clone(), plain(value))).collect();
        add(&mut table, &format!("segments[{index}]"), &group.kpis, document.as_of, &by)?;
    }
    // The last point of a series is the snapshot, whose totals are there already.
    let months = document.series.iter().filter(|point| {
        options.with_series && point.rollup == "monthly" && Some(point.as_of) != document.as_of
    });
    for point in months {
        add(&mut table, &format!("series[{}]", point.as_of), &point.kpis, Some(point.as_of), &totals)?;
    }
    Ok(Figures {
        name: String::new(),
        inputs: None,
        run_id: Some(document.run_id),
        digest: sha256(bytes),
        values: table.finish(),
    })
}

/// The digests of a manifest's inputs and tables, sorted; none if one of them was not taken.
pub(super) fn inputs(manifest: &Value) -> Option<Vec<String>> {
    let of = |key: &str| manifest[key].as_array();
    let mut digests = Vec::new();
    for input in of("inputs")? {
        digests.push(input["sha256"].as_str()?.to_owned());
    }
    for table in of("tables")? {
        digests.push(format!("{}:{}", table["role"].as_str()?, table["sha256"].as_str()?));
    }
    digests.sort();
    Some(digests)
}

fn add(
    table: &mut Table<'_>,
    place: &str,
    entries: &[Entry],
    as_of: Option<NaiveDate>,
    by: &BTreeMap<String, String>,
) -> Result<(), String> {
    for entry in entries {
        let place = format!("{place}[{}]", entry.id);
        let mut figure = figure(entry).map_err(|message| format!("{place}: {message}"))?;
        let places = figure.value.as_ref().map_or(0, Decimal::scale);
        figure.scale = table.scale().map(|scale| scale.max(places)).filter(|_| figure.value.is_ok());
        let key = Key { kpi: entry.id.clone(), as_of, segment: by.clone() };
        table.insert(place, key, figure)?;
    }
    Ok(())
}

fn figure(entry: &Entry) -> Result<Figure, String> {
    let value = match &entry.value {
        Some(text) => Ok(decimal(text).map_err(|message| format!("`value`: {message}"))?.0),
        None => Err(entry.reason.clone().unwrap_or_else(|| entry.state.clone())),
    };
    let exact = match (&value, &entry.exact) {
        (Ok(_), Some(form)) => {
            Some(fraction(form).ok_or("`exact`: expected decimals, found something else")?)
        }
        _ => None,
    };
    let numerator = entry.exact.as_ref().and_then(|form| held(&form.numerator));
    let component = |(name, total): (&String, &Value)| Some((name.clone(), held(total.as_str()?)?));
    let components = entry.components.iter().filter_map(component).collect();
    Ok(Figure { value, scale: None, exact, components, numerator })
}

fn fraction(form: &abaco_pipeline::run::Exact) -> Option<Rational> {
    let denominator = rational(&form.denominator).filter(|value| !super::number::is_zero(value))?;
    Some(rational(&form.multiplier)? * rational(&form.numerator)? / denominator)
}

/// The number, where a decimal holds it exactly.
fn held(text: &str) -> Option<Decimal> {
    decimal(text).ok().map(|(value, _)| value)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
