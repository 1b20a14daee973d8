//! Two events of one run, as the specification wants them, without credentials.

use abaco_pipeline::arrow::datatypes::{DataType, Field, Schema};
use abaco_pipeline::artefacts::{Dataset, RunLineage};
use serde_json::{Value, json};

#[test]
fn a_start_and_a_complete_event() {
    let schema = Schema::new(vec![Field::new("id", DataType::Utf8, false)]);
    let lineage = RunLineage {
        run_id: "01920000-0000-7000-8000-000000000000".to_owned(),
        portfolio: "factoring".to_owned(),
        started_at: "2025-12-01T03:00:00Z".to_owned(),
        completed_at: "2025-12-01T03:00:04Z".to_owned(),
        inputs: vec![
            Dataset::new("/home/ana/tape.csv").with_fields([("balance", "decimal(18, 2)")]),
            Dataset::new("https://ana:secret@host/loans.csv?sig=secret"),
        ],
        outputs: vec![Dataset::new("kpis.parquet").with_schema(&schema)],
    };
    let text = lineage.to_ndjson().unwrap();
    assert!(text.ends_with('\n') && !text.contains("secret") && !text.contains("home"));
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let producer = concat!("urn:abaco:", env!("CARGO_PKG_VERSION"));
    let facet = |fields: Value| {
        let url =
            "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
        json!({"schema": {"_producer": producer, "_schemaURL": url, "fields": fields}})
    };
    let event = |kind: &str, time: &str, outputs: Value| {
        json!({
            "eventType": kind,
            "eventTime": time,
            "run": {"runId": "01920000-0000-7000-8000-000000000000", "facets": {}},
            "job": {"namespace": "abaco", "name": "factoring", "facets": {}},
            "inputs": [
                {"namespace": "file", "name": "tape.csv",
                 "facets": facet(json!([{"name": "balance", "type": "decimal(18, 2)"}]))},
                {"namespace": "https://host", "name": "loans.csv", "facets": {}},
            ],
            "outputs": outputs,
            "producer": producer,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        })
    };
    let written = json!([{"namespace": "file", "name": "kpis.parquet", "facets": facet(json!([{"name": "id", "type": "Utf8"}]))}]);
    assert_eq!(
        events,
        [
            event("START", "2025-12-01T03:00:00Z", json!([])),
            event("COMPLETE", "2025-12-01T03:00:04Z", written),
        ]
    );
}
