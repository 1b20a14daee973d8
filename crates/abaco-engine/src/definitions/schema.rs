//! The JSON Schema of a file of definitions, from the types that read it.
//!
//! To write `docs/kpi_definitions.schema.json` anew:
//! `ABACO_WRITE_DOCS=1 cargo test -p abaco-engine --lib definitions::schema`.

use std::path::Path;

use abaco_kpi::{Basis, Direction, Rounding, RoundingMode, Unit};
use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

use super::Refresh;
use super::columns::{ColumnEntry, KindName, TypeName};
use super::file::{Ends, Entry, File, ThresholdsEntry};
use super::promises::{ChangeLimits, CovenantBounds};
use crate::judgement::{Measured, Since};

/// Learns the names of a struct's fields or an enum's variants, and reads nothing.
struct Names<'n>(&'n mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("neither a struct nor an enum"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(variants);
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn names_of<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut names = Vec::new();
    assert!(T::deserialize(Names(&mut names)).is_err());
    assert!(!names.is_empty());
    names
}

/// An object with exactly the fields of `T`, in their order.
fn object<'de, T: Deserialize<'de>>(required: &[&str], properties: &[(&str, Value)]) -> Value {
    let described: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    assert_eq!(described, names_of::<T>(), "the schema describes other keys than the file has");
    let properties: Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let mut object = json!({ "type": "object", "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object["properties"] = properties.into();
    object
}

fn one_of<'de, T: Deserialize<'de>>(description: &str) -> Value {
    json!({ "description": description, "enum": names_of::<T>() })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string" } })
}

fn shared(definition: &str, description: &str) -> Value {
    json!({ "description": description, "$ref": format!("#/$defs/{definition}") })
}

fn listed(description: &str, items: Value) -> Value {
    json!({ "description": description, "type": "array", "items": items })
}

const SNAKE_CASE: &str = "^[a-z][a-z0-9_]*$";

fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "KPI definitions of abaco",
        "description": "What an institution says about its KPIs, and the KPIs that it adds by a formula.",
    });
    let columns = json!({
        "description": "Columns that formulas may read beside the canonical ones; a contract gives them to the tape.",
        "type": "object",
        "propertyNames": { "pattern": SNAKE_CASE },
        "additionalProperties": { "$ref": "#/$defs/column" },
    });
    let file = object::<File>(
        &["version", "kpis"],
        &[
            ("version", json!({ "description": "Version of this file's shape.", "const": 1 })),
            ("profile", text("The profile whose formulas the file states; without it, whichever runs.")),
            ("columns", columns),
            (
                "kpis",
                json!({ "description": "One entry per KPI.", "type": "array", "items": { "$ref": "#/$defs/kpi" } }),
            ),
        ],
    );
    let Value::Object(file) = file else { panic!("an object") };
    for (key, value) in file {
        schema[key] = value;
    }
    schema["$defs"] = json!({
        "kpi": kpi(),
        "column": column(),
        "decimal": {
            "description": "A decimal of at most 28 digits, in quotes: an unquoted number would be a binary float.",
            "type": "string",
            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
        },
    });
    schema
}

fn kpi() -> Value {
    let thresholds = object::<ThresholdsEntry>(
        &[],
        &[
            ("warning", shared("decimal", "From here on it is a warning.")),
            ("critical", shared("decimal", "From here on it is critical.")),
        ],
    );
    let leave = object::<ThresholdsEntry>(
        &[],
        &[
            ("warning", shared("decimal", "Better than this it is no longer a warning.")),
            ("critical", shared("decimal", "Better than this it is no longer critical.")),
        ],
    );
    let mut change = object::<ChangeLimits>(
        &["since", "measured"],
        &[
            ("since", one_of::<Since>("The snapshot before on the same tape, or the last published run.")),
            ("measured", one_of::<Measured>("In the KPI's unit, or as a part of the earlier value.")),
            ("warning", shared("decimal", "From here on it is a warning.")),
            ("critical", shared("decimal", "From here on it is critical.")),
        ],
    );
    change["minProperties"] = json!(3);
    let mut covenant = object::<CovenantBounds>(
        &["name"],
        &[
            ("name", text("Where it is written.")),
            ("at_most", shared("decimal", "The value stays at or below.")),
            ("at_least", shared("decimal", "The value stays at or above.")),
        ],
    );
    (covenant["minProperties"], covenant["maxProperties"]) = (json!(2), json!(2));
    let mut range = object::<Ends>(
        &[],
        &[
            ("min", shared("decimal", "The smallest value that can be right.")),
            ("max", shared("decimal", "The largest value that can be right.")),
        ],
    );
    range["minProperties"] = json!(1);
    let scale = json!({ "description": "Decimal places.", "type": "integer", "minimum": 0, "maximum": 28 });
    let rounding = object::<Rounding>(
        &["scale", "mode"],
        &[("scale", scale), ("mode", one_of::<RoundingMode>("Where a tie goes."))],
    );
    let described = |mut schema: Value, description: &str| {
        schema["description"] = json!(description);
        schema
    };
    object::<Entry>(
        &["id"],
        &[
            (
                "id",
                text(
                    "The id of a KPI; with `formula`, `name` and `unit` it may be a new one, in snake_case.",
                ),
            ),
            ("name", text("A name that replaces the KPI's title, or is that of a new KPI.")),
            ("formula", text("What a new KPI computes; of a built-in KPI, the same formula.")),
            ("unit", one_of::<Unit>("The unit of a new KPI.")),
            ("direction", one_of::<Direction>("Which way is better for a new KPI; `neutral` if not given.")),
            ("convention", text("The reading of a new KPI where practice disagrees.")),
            ("basis", one_of::<Basis>("Which rows a new KPI is meant for, where its columns do not tell.")),
            ("aliases", texts("Other names of a new KPI.")),
            ("references", texts("Where a new KPI comes from.")),
            ("owner", text("Who answers for the number.")),
            ("departments", texts("Who uses it.")),
            ("refresh", one_of::<Refresh>("How often it is due.")),
            ("thresholds", described(thresholds, "The values from which on it is a warning or critical.")),
            (
                "leave",
                described(leave, "Back to which value it must come before it no longer is: hysteresis."),
            ),
            ("valid_range", described(range, "The values that can be right at all.")),
            ("changes", listed("Limits on its change for the worse.", change)),
            ("covenants", listed("What was promised to a lender; a breach is critical.", covenant)),
            (
                "anomaly",
                shared("decimal", "By how much of the baseline's value it may differ before it is unusual."),
            ),
            ("rounding", described(rounding, "A rounding that replaces the KPI's, or is that of a new KPI.")),
            ("data_source", text("Where the data comes from, for people.")),
        ],
    )
}

fn column() -> Value {
    object::<ColumnEntry>(
        &["type", "kind", "meaning"],
        &[
            ("type", one_of::<TypeName>("What the column holds; this decides what it may be added to.")),
            ("kind", one_of::<KindName>("How it relates to time: a stock and a flow do not mix in one row.")),
            (
                "meaning",
                json!({ "description": "One sentence for people.", "type": "string", "minLength": 1 }),
            ),
        ],
    )
}

/// Whether `schema` allows `value`, as far as this schema's words go; otherwise where it does not.
fn refusal(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let here = |what: &str| Some(format!("{path}: {what}"));
    if let Some(name) = schema["$ref"].as_str() {
        return refusal(root, root.pointer(&name[1..]).unwrap(), value, path);
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some(other) => panic!("{other}"),
        None => true,
    };
    if !fits {
        return here("another type");
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return here("another constant");
    }
    if schema.get("enum").is_some_and(|all| !all.as_array().unwrap().contains(value)) {
        return here("none of the words");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            return here(&format!("no {name}"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let allowed = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
        let path = format!("{path}.{key}");
        if *allowed == json!(false) {
            return Some(format!("{path}: an unknown key"));
        }
        if let Some(found) = refusal(root, allowed, inner, &path) {
            return Some(found);
        }
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    items
        .into_iter()
        .find_map(|(index, item)| refusal(root, &schema["items"], item, &format!("{path}[{index}]")))
}

fn refused(yaml: &str) -> Option<String> {
    let root = schema();
    refusal(&root, &root, &serde_yaml::from_str(yaml).unwrap(), "file")
}

#[test]
fn the_schema_in_docs_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kpi_definitions.schema.json");
    let expected = format!("{:#}\n", schema());
    if std::env::var_os("ABACO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "the schema in docs/ is not what the types say; see the head of this file");
}

#[test]
fn the_shipped_definitions_and_the_documented_ones_are_valid() {
    let shipped = include_str!("../../../../config/kpi_definitions.yml");
    let page = include_str!("../../../../docs/ADDING_A_KPI.md");
    let (documented, _) = page.split_once("```yaml\n").unwrap().1.split_once("```").unwrap();
    assert_eq!(refused(shipped), None);
    assert_eq!(refused(documented), None);
}

#[test]
fn what_the_reader_refuses_by_its_shape_is_not_valid() {
    let cases = [
        ("kpis: []", "file: no \"version\""),
        ("{version: 2, kpis: []}", "file.version: another constant"),
        ("{version: 1, kpis: [{owner: CRO}]}", "file.kpis[0]: no \"id\""),
        ("{version: 1, kpis: [{id: a, formulas: x}]}", "file.kpis[0].formulas: an unknown key"),
        ("{version: 1, kpis: [{id: a, unit: euro}]}", "file.kpis[0].unit: none of the words"),
        (
            "{version: 1, kpis: [{id: a, thresholds: {warning: 5}}]}",
            "file.kpis[0].thresholds.warning: another type",
        ),
        ("{version: 1, kpis: [{id: a, refresh: never}]}", "file.kpis[0].refresh: none of the words"),
        (
            "{version: 1, columns: {c: {type: money, kind: stock}}, kpis: []}",
            "file.columns.c: no \"meaning\"",
        ),
        ("{version: 1, columns: {c: {type: int}}, kpis: []}", "file.columns.c: no \"kind\""),
    ];
    for (yaml, expected) in cases {
        assert_eq!(refused(yaml).as_deref(), Some(expected), "{yaml}");
        assert!(super::Definitions::from_yaml(yaml, Path::new("kpis.yml")).is_err(), "{yaml}");
    }
}
