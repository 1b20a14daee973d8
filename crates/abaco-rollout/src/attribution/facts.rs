//! What two runs say of themselves, held against each other.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::open::Opened;

/// Something that the two runs were told or found differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactDifference {
    /// What.
    pub fact: String,
    /// What the left run says; null where it says nothing.
    pub left: Value,
    /// What the right run says.
    pub right: Value,
}

/// What is taken from the manifest as it stands there.
const FACTS: [&str; 8] = [
    "code",
    "portfolio",
    "profile",
    "currency",
    "as_of",
    "effective",
    "contract_sha256",
    "definitions_sha256",
];
/// What a configuration calls its files says nothing of what they say.
const NAMES: [&str; 2] = ["contract", "definitions"];

pub(super) fn differences(left: &Opened, right: &Opened) -> Vec<FactDifference> {
    let mut found = Vec::new();
    let mut compare = |fact: String, a: Value, b: Value| {
        if a != b {
            found.push(FactDifference { fact, left: a, right: b });
        }
    };
    for fact in FACTS {
        compare(fact.to_owned(), left.manifest[fact].clone(), right.manifest[fact].clone());
    }
    compare(
        "masking key".to_owned(),
        left.manifest["masking"]["key_id"].clone(),
        right.manifest["masking"]["key_id"].clone(),
    );
    compare("inputs".to_owned(), digests(&left.manifest["inputs"]), digests(&right.manifest["inputs"]));
    compare("tables".to_owned(), digests(&left.manifest["tables"]), digests(&right.manifest["tables"]));
    let settings = |run: &Opened, key: &str| run.manifest["settings"][key].clone();
    for key in keys(&left.manifest["settings"], &right.manifest["settings"]) {
        if !NAMES.contains(&key.as_str())
            && key != "masking"
            && key != "tables"
            && key != "profile"
            && key != "portfolio"
        {
            compare(format!("setting `{key}`"), settings(left, &key), settings(right, &key));
        }
    }
    for key in keys(&left.manifest["rows"], &right.manifest["rows"]) {
        let rows = |run: &Opened| run.manifest["rows"][&key].clone();
        compare(format!("rows `{key}`"), rows(left), rows(right));
    }
    let checks = |run: &Opened| findings(&run.quality);
    let (a, b) = (checks(left), checks(right));
    for name in keys(&a, &b) {
        compare(format!("quality `{name}`"), a[&name].clone(), b[&name].clone());
    }
    found
}

fn keys(a: &Value, b: &Value) -> BTreeSet<String> {
    let of = |value: &Value| {
        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    of(a).into_iter().chain(of(b)).collect()
}

/// The digests of files, with their roles where they have any; not where they lay.
fn digests(files: &Value) -> Value {
    let of = |file: &Value| match file["role"].as_str() {
        Some(role) => json!(format!("{role} {}", file["sha256"].as_str().unwrap_or_default())),
        None => file["sha256"].clone(),
    };
    files.as_array().into_iter().flatten().map(of).collect::<Vec<Value>>().into()
}

/// The numbers of a quality document by their places in it.
fn findings(quality: &Value) -> Value {
    fn walk(place: &str, value: &Value, into: &mut serde_json::Map<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                    walk(&place, value, into);
                }
            }
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    let name =
                        ["id", "name", "column", "table", "rule"].iter().find_map(|key| entry[key].as_str());
                    let name = name.map_or_else(|| index.to_string(), str::to_owned);
                    walk(&format!("{place}[{name}]"), entry, into);
                }
            }
            Value::Number(_) | Value::Bool(_) => {
                into.insert(place.to_owned(), value.clone());
            }
            // Texts name files and rows; what they tell is counted beside them.
            Value::String(_) | Value::Null => {}
        }
    }
    let mut all = serde_json::Map::new();
    walk("", quality, &mut all);
    all.into()
}
