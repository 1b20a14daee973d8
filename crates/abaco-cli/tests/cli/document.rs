//! The shape of the result that DESIGN section 6 promises to programs: every key there, decimals as text.

use serde_json::{Value, json};

use crate::common::{Sandbox, in_repository, kpi, slices};

const TOP: &[&str] = &[
    "schema_version",
    "run_id",
    "identity",
    "portfolio",
    "currency",
    "drill_down",
    "as_of",
    "effective_as_of",
    "findings",
    "period",
    "known_at",
    "rows",
    "kpis",
    "segments",
    "series",
];

const KPI: &[&str] = &[
    "id",
    "name",
    "convention",
    "value",
    "unit",
    "state",
    "reason",
    "status",
    "formula",
    "exact",
    "components",
    "rows",
    "nulls",
    "prior",
    "prior_year",
];

/// The object has these keys and no other, in any order.
#[track_caller]
fn has_keys(object: &Value, expected: &[&str]) {
    let mut found: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn is_decimal(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction)
}

#[track_caller]
fn is_kpi(entry: &Value) {
    has_keys(entry, KPI);
    for key in ["id", "name", "convention", "unit", "formula"] {
        assert!(entry[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {entry}");
    }
    let state = entry["state"].as_str().unwrap();
    assert!(["value", "undefined", "unavailable", "failed"].contains(&state), "{entry}");
    let status = entry["status"].as_str().unwrap();
    assert!(["ok", "warning", "critical", "none"].contains(&status), "{entry}");
    if state == "value" {
        assert!(is_decimal(&entry["value"]), "{entry}");
        has_keys(&entry["exact"], &["numerator", "denominator", "multiplier"]);
        assert!(entry["exact"].as_object().unwrap().values().all(is_decimal), "{entry}");
    } else {
        assert!(
            entry["value"].is_null() && entry["exact"].is_null() && entry["reason"].is_string(),
            "{entry}"
        );
    }
    let components = entry["components"].as_object().unwrap();
    assert!(components.values().all(|total| total.is_null() || is_decimal(total)), "{entry}");
    assert!(entry["rows"].is_u64() && entry["nulls"].is_u64(), "{entry}");
    if !entry["prior"].is_null() {
        has_keys(&entry["prior"], &["as_of", "value"]);
        assert!(entry["prior"]["value"].is_null() || is_decimal(&entry["prior"]["value"]), "{entry}");
    }
}

#[track_caller]
fn is_document(document: &Value) {
    has_keys(document, TOP);
    assert_eq!(document["schema_version"], 1);
    let id = document["run_id"].as_str().unwrap();
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    assert!(id.split('-').nth(2).unwrap().starts_with('7'), "no UUIDv7: {id}");
    let digest = document["identity"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    let known_at = document["known_at"].as_str().unwrap();
    let shape: String = known_at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z");
    has_keys(&document["rows"], &["read", "quarantined", "duplicate", "as_of"]);
    assert!(document["rows"].as_object().unwrap().values().all(Value::is_u64));
    for entry in document["kpis"].as_array().unwrap() {
        is_kpi(entry);
    }
    for segment in document["segments"].as_array().unwrap() {
        has_keys(segment, &["by", "kpis"]);
        for entry in segment["kpis"].as_array().unwrap() {
            is_kpi(entry);
        }
    }
    assert_eq!(document["series"], json!([]));
}

#[test]
fn a_tape_without_dates() {
    let tape = in_repository("examples/data/rollout_1000.csv");
    let document = Sandbox::new().abaco(&["run", &tape, "--format", "json"]).silent().json();
    is_document(&document);
    assert_eq!((&document["portfolio"], &document["currency"]), (&json!("factoring"), &json!("USD")));
    for key in ["as_of", "effective_as_of", "period"] {
        assert_eq!(document[key], Value::Null, "{key}");
    }
    assert_eq!(document["segments"], json!([]));
    assert_eq!(document["kpis"].as_array().unwrap().len(), abaco_loans::calculators::STANDARD.len());
}

/// Values, undefined, unavailable and failed KPIs, groups and prior values, all in one document.
#[test]
fn a_tape_with_everything() {
    let sandbox = Sandbox::new();
    sandbox.configure("segments: [[segment]]");
    sandbox.write(
        "tape.csv",
        format!(
            "measurement_date,segment,{}",
            slices(&[
                "2025-01-31,a,0,0,0,0,10,1",
                "2025-02-28,a,1,2,,100,10,1",
                "2025-02-28,,0,0,999999999999999999999,0.00000000000000001,0,-1",
            ])
        ),
    );
    let args = ["run", "tape.csv", "--config", "cfg/pipeline.yml", "--as-of", "latest", "--format", "json"];
    let document = sandbox.abaco(&args).status(1).json();
    is_document(&document);
    assert_eq!(document["as_of"], "2025-02-28");
    assert_eq!(document["period"], json!({"from": "2025-01-31", "to": "2025-02-28"}));
    assert_eq!(kpi(&document, "par_30")["prior"], json!({"as_of": "2025-01-31", "value": null}));
    assert_eq!(kpi(&document, "collection_rate")["prior"], json!({"as_of": "2025-01-31", "value": "10.00"}));
    let states: Vec<Vec<&str>> = std::iter::once(&document)
        .chain(document["segments"].as_array().unwrap())
        .map(|group| {
            let four = group["kpis"].as_array().unwrap().iter().take(5);
            four.map(|entry| entry["state"].as_str().unwrap()).collect()
        })
        .collect();
    // The totals, the group NULL, the group `a`.
    assert_eq!(
        states,
        [
            ["value", "value", "value", "value", "unavailable"],
            ["failed", "failed", "undefined", "undefined", "unavailable"],
            ["undefined", "undefined", "value", "undefined", "unavailable"],
        ]
    );
}
