//! A run as columns of texts, which the database casts.

use abaco_pipeline::outbox::PublishedRun;
use serde_json::{Value, json};

use crate::digest::sha256;

/// The longest number that goes into `NUMERIC`, which itself takes 131,072 digits before the point and 16,383 behind.
const MAX_DIGITS: usize = 16_000;

/// Texts of one column, in the order of the rows.
pub(super) type Column = Vec<Option<String>>;

/// What is inserted: each table as its columns, in the order of the statements in `send`.
pub(super) struct Rows {
    pub(super) identity: String,
    pub(super) values_sha256: String,
    pub(super) run: Column,
    pub(super) values: Vec<Column>,
    pub(super) series: Vec<Column>,
}

impl Rows {
    /// The rows of a run, or what its documents lack.
    pub(super) fn of(run: &PublishedRun) -> Result<Self, String> {
        let document = &run.document;
        let identity = required(document, "identity")?;
        let figures = json!([document["kpis"], document["segments"], document["series"]]);
        let values_sha256 = sha256(figures.to_string().as_bytes());
        let profile = run.manifest["settings"]["profile"]
            .as_str()
            .ok_or("`manifest.json`: expected `settings.profile`, found none")?;
        let head = vec![
            Some(identity.clone()),
            Some(required(document, "run_id")?),
            Some(required(document, "portfolio")?),
            Some(profile.to_owned()),
            Some(required(document, "currency")?),
            text(&document["as_of"]),
            text(&document["effective_as_of"]),
            text(&document["period"]["from"]),
            text(&document["period"]["to"]),
            Some(required(document, "known_at")?),
            text(&document["rows"]["read"]),
            text(&document["rows"]["quarantined"]),
            text(&document["rows"]["duplicate"]),
            text(&document["rows"]["as_of"]),
            text(&run.manifest["code"]),
            Some(run.manifest_sha256.clone()),
            Some(values_sha256.clone()),
        ];
        Ok(Self { identity, values_sha256, run: head, values: values(document)?, series: series(document)? })
    }
}

fn values(document: &Value) -> Result<Vec<Column>, String> {
    let totals = (json!({}), &document["kpis"]);
    let segments = list(&document["segments"], "segments")?;
    let groups = std::iter::once(totals)
        .chain(segments.iter().map(|segment| (segment["by"].clone(), &segment["kpis"])));
    let mut rows = Vec::new();
    for (by, kpis) in groups {
        for kpi in list(kpis, "kpis")? {
            let [numerator, denominator, multiplier, exact] = exact(&kpi["exact"]);
            rows.push([
                Some(rows.len().to_string()),
                text(&kpi["id"]),
                Some(by.to_string()),
                text(&kpi["name"]),
                text(&kpi["convention"]),
                text(&kpi["unit"]),
                text(&kpi["state"]),
                text(&kpi["reason"]),
                text(&kpi["status"]),
                text(&kpi["value"]),
                numerator,
                denominator,
                multiplier,
                exact,
                text(&kpi["formula"]),
                text(&kpi["rows"]),
                text(&kpi["nulls"]),
                text(&kpi["prior"]["as_of"]),
                text(&kpi["prior"]["value"]),
                text(&kpi["prior_year"]["as_of"]),
                text(&kpi["prior_year"]["value"]),
            ]);
        }
    }
    Ok(columns(rows))
}

fn series(document: &Value) -> Result<Vec<Column>, String> {
    let mut rows = Vec::new();
    for point in list(&document["series"], "series")? {
        for kpi in list(&point["kpis"], "kpis")? {
            let [numerator, denominator, multiplier, exact] = exact(&kpi["exact"]);
            rows.push([
                Some(rows.len().to_string()),
                text(&point["rollup"]),
                text(&point["period"]),
                text(&point["from"]),
                text(&point["as_of"]),
                text(&point["partial"]),
                text(&kpi["id"]),
                text(&kpi["unit"]),
                text(&kpi["state"]),
                text(&kpi["reason"]),
                text(&kpi["status"]),
                text(&kpi["value"]),
                numerator,
                denominator,
                multiplier,
                exact,
                text(&kpi["rows"]),
                text(&kpi["nulls"]),
            ]);
        }
    }
    Ok(columns(rows))
}

/// Numerator, denominator and multiplier as numbers; or, if one is too long, none of them and all as JSON.
fn exact(form: &Value) -> [Option<String>; 4] {
    let parts = [&form["numerator"], &form["denominator"], &form["multiplier"]].map(text);
    let fits = |part: &Option<String>| part.as_ref().is_none_or(|text| text.len() <= MAX_DIGITS);
    if parts.iter().all(fits) {
        let [numerator, denominator, multiplier] = parts;
        return [numerator, denominator, multiplier, None];
    }
    [None, None, None, Some(form.to_string())]
}

/// Rows to columns, of which there are as many even if there are no rows.
fn columns<const N: usize>(rows: Vec<[Option<String>; N]>) -> Vec<Column> {
    let mut columns: Vec<Column> = (0..N).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            column.push(cell);
        }
    }
    columns
}

/// A text, a number of rows or a truth value as text; null as none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn required(document: &Value, key: &str) -> Result<String, String> {
    document[key]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("`kpis.json`: expected `{key}`, found none"))
}

fn list<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("`kpis.json`: expected a list `{key}`, found none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_too_long_goes_as_text() {
        let form = |numerator: &str| json!({"numerator": numerator, "denominator": "3", "multiplier": "100"});
        let short = exact(&form("-1.50"));
        assert_eq!(short, [Some("-1.50".into()), Some("3".into()), Some("100".into()), None]);
        let long = form(&"9".repeat(MAX_DIGITS + 1));
        assert_eq!(exact(&long), [None, None, None, Some(long.to_string())]);
        assert_eq!(exact(&Value::Null), [None, None, None, None]);
    }
}
