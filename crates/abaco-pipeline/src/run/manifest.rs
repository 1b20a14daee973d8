//! The manifest: what a run read, what it was told, and the digests of what it wrote.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::PipelineError;
use crate::canonical_json::{canonical, sha256};
use crate::config::{PipelineConfig, TableRole};
use crate::ingest::IngestReport;
use crate::run::TableReport;
use crate::run::document::RunDocument;
use crate::run::part::Described;

/// The version of the code that computed a run.
pub(crate) const CODE_VERSION: &str = concat!("abaco ", env!("CARGO_PKG_VERSION"));

/// What a run has read.
pub(crate) struct Read<'r> {
    pub(crate) inputs: &'r [IngestReport],
    pub(crate) tables: &'r [TableReport],
    /// Digest of the earlier run's document.
    pub(crate) history: Option<&'r str>,
    /// What was computed: the specifications and the texts of the formulas.
    pub(crate) kpis: &'r [Described],
}

/// `sha256:` and the digest of everything that the numbers depend on; not of when or where they were computed.
pub(crate) fn identity(
    config: &PipelineConfig,
    read: &Read<'_>,
    as_of: Option<chrono::NaiveDate>,
    pooled: bool,
) -> Result<String, PipelineError> {
    let inputs: Vec<Option<&str>> = read.inputs.iter().map(|input| input.sha256.as_deref()).collect();
    let beside: Vec<(TableRole, Option<&str>)> =
        read.tables.iter().map(|table| (table.role, table.input.sha256.as_deref())).collect();
    let contracts: Vec<(TableRole, String)> =
        config.tables.iter().map(|table| (table.role, sha256(table.contract_text.as_bytes()))).collect();
    let kpis: Vec<_> = read
        .kpis
        .iter()
        .map(|(spec, formula)| json!([spec.id, formula, spec.unit, spec.rounding, spec.basis]))
        .collect();
    let facts = json!({
        "kpis": sha256(canonical(&kpis).map_err(PipelineError::Json)?.as_bytes()),
        "inputs": inputs,
        "tables": beside,
        "table_contracts": contracts,
        "contract": sha256(config.contract_text.as_bytes()),
        "definitions": sha256(config.definitions_text.as_bytes()),
        "settings": config.settings.stored(),
        "profile": config.settings.profile,
        "as_of": as_of,
        "pooled": pooled,
        "masking_key_id": null,
        "history": read.history,
        "code": CODE_VERSION,
    });
    let text = canonical(&facts).map_err(PipelineError::Json)?;
    Ok(format!("sha256:{}", sha256(text.as_bytes())))
}

#[derive(Serialize)]
pub(crate) struct Manifest<'r> {
    schema_version: u32,
    run_id: &'r str,
    identity: &'r str,
    code: &'static str,
    portfolio: &'r str,
    as_of: Option<chrono::NaiveDate>,
    known_at: &'r str,
    contract_sha256: String,
    definitions_sha256: String,
    settings: &'r crate::config::Settings,
    rows: &'r crate::run::document::Rows,
    inputs: &'r [IngestReport],
    tables: &'r [TableReport],
    artefacts: BTreeMap<&'r str, Artefact>,
}

#[derive(Serialize)]
struct Artefact {
    sha256: String,
    bytes: usize,
}

impl<'r> Manifest<'r> {
    pub(crate) fn new(
        config: &'r PipelineConfig,
        document: &'r RunDocument,
        inputs: &'r [IngestReport],
        tables: &'r [TableReport],
        artefacts: &'r [(&'r str, Vec<u8>)],
    ) -> Self {
        Self {
            schema_version: 1,
            run_id: &document.run_id,
            identity: &document.identity,
            code: CODE_VERSION,
            portfolio: &document.portfolio,
            as_of: document.as_of,
            known_at: &document.known_at,
            contract_sha256: sha256(config.contract_text.as_bytes()),
            definitions_sha256: sha256(config.definitions_text.as_bytes()),
            settings: &config.settings,
            rows: &document.rows,
            inputs,
            tables,
            artefacts: artefacts
                .iter()
                .map(|(name, bytes)| (*name, Artefact { sha256: sha256(bytes), bytes: bytes.len() }))
                .collect(),
        }
    }
}
