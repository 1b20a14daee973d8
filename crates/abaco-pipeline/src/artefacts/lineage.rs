//! `openlineage.ndjson`: what a run read and wrote, in the words of OpenLineage.

use arrow::datatypes::Schema;
use serde_json::{Value, json};

use super::place::data_set;
use crate::PipelineError;

const RUN_EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const SCHEMA_FACET: &str =
    "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const PRODUCER: &str = concat!("urn:abaco:", env!("CARGO_PKG_VERSION"));

/// A table that was read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    place: String,
    fields: Vec<(String, String)>,
}

impl Dataset {
    /// A table of which only the place is known.
    pub fn new(place: impl Into<String>) -> Self {
        Self { place: place.into(), fields: Vec::new() }
    }

    /// The same with the names and types of its columns.
    #[must_use]
    pub fn with_fields<N: Into<String>, T: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        self.fields = fields.into_iter().map(|(name, kind)| (name.into(), kind.into())).collect();
        self
    }

    /// The same with the columns of an Arrow schema.
    #[must_use]
    pub fn with_schema(self, schema: &Schema) -> Self {
        self.with_fields(schema.fields().iter().map(|field| (field.name(), field.data_type().to_string())))
    }

    fn value(&self) -> Value {
        let (namespace, name) = data_set(&self.place);
        if self.fields.is_empty() {
            return json!({ "namespace": namespace, "name": name, "facets": {} });
        }
        let fields: Vec<Value> =
            self.fields.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
        let schema = json!({ "_producer": PRODUCER, "_schemaURL": SCHEMA_FACET, "fields": fields });
        json!({ "namespace": namespace, "name": name, "facets": { "schema": schema } })
    }
}

/// The lineage of one run: where data came from and went, never what it was.
///
/// Files appear by name and addresses without credentials.
///
/// ```
/// use abaco_pipeline::artefacts::{Dataset, RunLineage};
///
/// let lineage = RunLineage {
///     run_id: "01920000-0000-7000-8000-000000000000".to_owned(),
///     portfolio: "factoring".to_owned(),
///     started_at: "2025-12-01T03:00:00Z".to_owned(),
///     completed_at: "2025-12-01T03:00:04Z".to_owned(),
///     inputs: vec![Dataset::new("/data/tape.csv").with_fields([("dpd", "int")])],
///     outputs: vec![Dataset::new("kpis.parquet")],
/// };
/// let text = lineage.to_ndjson()?;
/// let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
/// assert_eq!(events[0]["eventType"], "START");
/// assert_eq!(events[1]["inputs"][0]["name"], "tape.csv");
/// assert_eq!(events[1]["inputs"][0]["facets"]["schema"]["fields"][0]["type"], "int");
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLineage {
    /// UUID of the run.
    pub run_id: String,
    /// The portfolio, which is the job's name.
    pub portfolio: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub completed_at: String,
    /// What was read.
    pub inputs: Vec<Dataset>,
    /// What was written.
    pub outputs: Vec<Dataset>,
}

impl RunLineage {
    /// Two events, START and COMPLETE, each on its line.
    ///
    /// # Errors
    /// [`PipelineError::Json`], which is not expected to happen.
    pub fn to_ndjson(&self) -> Result<String, PipelineError> {
        let mut lines = String::new();
        for (kind, time) in [("START", &self.started_at), ("COMPLETE", &self.completed_at)] {
            let event = self.event(kind, time);
            lines.push_str(&serde_json::to_string(&event).map_err(PipelineError::Json)?);
            lines.push('\n');
        }
        Ok(lines)
    }

    fn event(&self, kind: &str, time: &str) -> Value {
        let all = |sets: &[Dataset]| sets.iter().map(Dataset::value).collect::<Vec<_>>();
        json!({
            "eventType": kind,
            "eventTime": time,
            "run": { "runId": self.run_id, "facets": {} },
            "job": { "namespace": "abaco", "name": self.portfolio, "facets": {} },
            "inputs": all(&self.inputs),
            // What is not written yet is not claimed.
            "outputs": if kind == "COMPLETE" { all(&self.outputs) } else { Vec::new() },
            "producer": PRODUCER,
            "schemaURL": RUN_EVENT,
        })
    }
}
