//! What a smoke run gave, as it is kept and held against another.

use abaco_pipeline::canonical_json::{canonical, sha256};
use serde_json::{Value, json};

use crate::RolloutError;
use crate::figures::Figures;
use crate::version::VersionSettings;

/// The values of a smoke run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SmokeValues {
    /// Canonical JSON: the inputs' digests, and each key with its value as printed or why it has none.
    pub(super) text: String,
    pub(super) digest: String,
    /// Keys with a value.
    pub(super) values: u64,
}

impl SmokeValues {
    /// Takes a run's figures; one without any value shows nothing.
    pub(super) fn of(version: &VersionSettings, figures: &Figures) -> Result<Self, RolloutError> {
        let entries: Vec<Value> = figures
            .values
            .iter()
            .map(|(key, figure)| match &figure.value {
                Ok(value) => json!({ "key": key, "value": value.to_string() }),
                Err(reason) => json!({ "key": key, "reason": reason }),
            })
            .collect();
        let values = figures.values.values().filter(|figure| figure.value.is_ok()).count() as u64;
        let place = std::path::Path::new(&version.name);
        if values == 0 {
            let keys = figures.values.len();
            let message = format!("smoke run: expected at least one value, found none among {keys}");
            return Err(RolloutError::figures(place, message));
        }
        let text = canonical(&json!({ "inputs": figures.inputs, "values": entries }))
            .map_err(|error| RolloutError::figures(place, error.to_string()))?;
        Ok(Self { digest: sha256(text.as_bytes()), text, values })
    }
}

/// How two smoke runs differ; none if they do not.
pub(super) fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let (expected, found) = (parse(expected), parse(found));
    if expected["inputs"] != found["inputs"] {
        return Some("smoke run: expected the inputs of the last good one, found others".to_owned());
    }
    let entries = |side: &Value| side["values"].as_array().cloned().unwrap_or_default();
    let (expected, found) = (entries(&expected), entries(&found));
    let first = expected.iter().find(|entry| !found.contains(entry));
    let (entry, others) = first
        .map_or((found.iter().find(|entry| !expected.contains(entry)), &expected), |first| {
            (Some(first), &found)
        });
    let entry = entry.unwrap_or(&Value::Null);
    let other = others.iter().find(|other| other["key"] == entry["key"]).unwrap_or(&Value::Null);
    let (good, now) = if first.is_some() { (entry, other) } else { (other, entry) };
    let shown = |side: &Value| {
        let text = side["value"].as_str().or_else(|| side["reason"].as_str());
        text.unwrap_or("nothing").to_owned()
    };
    let kpi = entry["key"]["kpi"].as_str().unwrap_or("a key");
    Some(format!("smoke run: `{kpi}`: expected {}, as last good, found {}", shown(good), shown(now)))
}
