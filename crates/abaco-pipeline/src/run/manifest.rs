//! The manifest: what a run read, what it was told, how its rows were counted, and the digests of what it wrote.

use std::collections::BTreeMap;

use abaco_engine::AsOf;
use abaco_kpi::KpiSpec;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::masks::AllMasks;
use super::{Effective, PhaseEntry, Pipeline, RunDocument, TableReport};
use crate::PipelineError;
use crate::audit::Head;
use crate::canonical_json::{canonical, sha256};
use crate::config::{PipelineConfig, TableRole};
use crate::ingest::IngestReport;
use crate::seal::Artefacts;

/// The version of the code that computed a run.
pub(crate) const CODE_VERSION: &str = concat!("abaco ", env!("CARGO_PKG_VERSION"));

/// The digests of what a run reads: partitions of the tape, and tables beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) inputs: Vec<Option<String>>,
    pub(super) tables: Vec<(TableRole, Option<String>)>,
}

impl Read {
    pub(super) fn of(inputs: &[IngestReport], tables: &[TableReport]) -> Self {
        Self {
            inputs: inputs.iter().map(|input| input.sha256.clone()).collect(),
            tables: tables.iter().map(|table| (table.role, table.input.sha256.clone())).collect(),
        }
    }
}

impl Pipeline {
    /// Digest of everything that the numbers depend on but the snapshot and the history: what is known before a row is
    /// read as a row.
    pub(super) fn basis(&self, read: &Read) -> Result<String, PipelineError> {
        let config = &self.config;
        let contracts: Vec<(TableRole, String)> =
            config.tables.iter().map(|table| (table.role, sha256(table.contract_text.as_bytes()))).collect();
        let kpi =
            |spec: &KpiSpec, formula: String| json!([spec.id, formula, spec.unit, spec.rounding, spec.basis]);
        let kpis: Vec<Value> =
            self.engine().kpis().map(|of| kpi(of.spec(), of.formula().to_string())).collect();
        let facts = json!({
            "kpis": sha256(canonical(&kpis).map_err(PipelineError::Json)?.as_bytes()),
            "inputs": read.inputs,
            "tables": read.tables,
            "table_contracts": contracts,
            "contract": sha256(config.contract_text.as_bytes()),
            "definitions": sha256(config.definitions_text.as_bytes()),
            "settings": config.settings.stored(),
            "profile": config.settings.profile,
            "masking_key_id": config.settings.masking.as_ref().map(|masking| &masking.key_id),
            "code": CODE_VERSION,
        });
        digest(&facts)
    }

    /// Digest of everything that the numbers depend on; not of when or where they were computed.
    pub(super) fn identity(
        &self,
        basis: &str,
        as_of: Option<NaiveDate>,
        pooled: bool,
        history: Option<&str>,
    ) -> Result<String, PipelineError> {
        digest(&json!({ "basis": basis, "as_of": as_of, "pooled": pooled, "history": history }))
    }
}

/// How the snapshot was asked for.
pub(super) fn asked(as_of: AsOf) -> String {
    match as_of {
        AsOf::Date(date) => date.to_string(),
        AsOf::Latest => "latest".to_owned(),
        AsOf::Single => "single".to_owned(),
        AsOf::Pooled => "pooled".to_owned(),
    }
}

fn digest(facts: &Value) -> Result<String, PipelineError> {
    let text = canonical(facts).map_err(PipelineError::Json)?;
    Ok(format!("sha256:{}", sha256(text.as_bytes())))
}

/// What a manifest says besides the artefacts and the end of the audit log.
pub(super) struct Manifest<'r> {
    pub(super) document: &'r RunDocument,
    /// The identity without snapshot and history.
    pub(super) basis: &'r str,
    pub(super) asked_as_of: AsOf,
    pub(super) effective: Effective,
    /// Digest of the earlier run's document that rules looked at.
    pub(super) history: Option<&'r str>,
    pub(super) actor: &'r str,
    pub(super) began_at: DateTime<Utc>,
    pub(super) inputs: &'r [IngestReport],
    pub(super) tables: &'r [TableReport],
    pub(super) phases: &'r [PhaseEntry],
    /// Those of the tables beside the tape, by role.
    pub(super) table_phases: &'r BTreeMap<String, Vec<PhaseEntry>>,
    pub(super) masks: &'r AllMasks,
}

impl Manifest<'_> {
    /// The key's name and what became of each pii column; null where there is none.
    fn masking(&self) -> Value {
        let tables: Vec<Value> = self
            .masks
            .tables()
            .map(|(table, columns)| json!({ "table": table, "columns": columns }))
            .collect();
        self.masks.key_id().map_or(Value::Null, |key_id| json!({ "key_id": key_id, "tables": tables }))
    }

    /// The bytes of `manifest.json`: canonical JSON and a line's end.
    pub(super) fn bytes(
        &self,
        config: &PipelineConfig,
        artefacts: &Artefacts,
        audit: &Head,
    ) -> Result<Vec<u8>, PipelineError> {
        let document = self.document;
        let manifest = json!({
            "schema_version": 1,
            "run_id": document.run_id,
            "identity": document.identity,
            "basis": self.basis,
            "code": CODE_VERSION,
            "portfolio": document.portfolio,
            "profile": config.settings.profile,
            "currency": document.currency,
            "as_of": document.as_of,
            "asked_as_of": asked(self.asked_as_of),
            "effective": self.effective,
            "known_at": document.known_at,
            "began_at": self.began_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "actor": self.actor,
            "history": self.history,
            "contract_sha256": sha256(config.contract_text.as_bytes()),
            "definitions_sha256": sha256(config.definitions_text.as_bytes()),
            "settings": config.settings,
            "rows": document.rows,
            "inputs": self.inputs,
            "tables": self.tables,
            "phases": self.phases,
            "table_phases": self.table_phases,
            "masking": self.masking(),
            "artefacts": artefacts,
            "audit": audit,
        });
        let text = canonical(&manifest).map_err(PipelineError::Json)?;
        Ok((text + "\n").into_bytes())
    }
}
