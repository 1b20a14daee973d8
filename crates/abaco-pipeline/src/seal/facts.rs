//! What every manifest says, whatever else it says.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::audit::Head;
use crate::ledger::LedgerFacts;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.sig";
pub(crate) const AUDIT: &str = "audit.ndjson";

/// A file of a run, as the manifest records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// The files of a run by name.
pub type Artefacts = BTreeMap<String, Artefact>;

/// The part of a manifest on which recovery and verification rely.
#[derive(Debug, Deserialize)]
pub(crate) struct ManifestFacts {
    pub(crate) run_id: String,
    pub(crate) portfolio: String,
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) artefacts: Artefacts,
    pub(crate) audit: Head,
}

impl ManifestFacts {
    pub(crate) fn ledger(&self) -> LedgerFacts {
        LedgerFacts { run_id: self.run_id.clone(), portfolio: self.portfolio.clone(), as_of: self.as_of }
    }

    /// What is to be sealed says of itself what the ledger is going to say of it.
    pub(crate) fn fit(
        manifest: &[u8],
        path: &Path,
        facts: &LedgerFacts,
        artefacts: &Artefacts,
        audit: &Head,
    ) -> Result<(), PipelineError> {
        let wrong = |message: String| PipelineError::Damaged { path: path.to_path_buf(), message };
        let found: Self = serde_json::from_slice(manifest).map_err(|error| wrong(error.to_string()))?;
        let same = [
            ("run_id", found.run_id == facts.run_id),
            ("portfolio", found.portfolio == facts.portfolio),
            ("as_of", found.as_of == facts.as_of),
            ("artefacts", found.artefacts == *artefacts),
            ("audit", found.audit == *audit),
        ];
        match same.iter().find(|(_, same)| !same) {
            Some((key, _)) => {
                Err(wrong(format!("`{key}`: expected what is being sealed, found something else")))
            }
            None => Ok(()),
        }
    }
}
