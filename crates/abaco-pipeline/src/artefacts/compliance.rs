//! The compliance report: what was masked, who touched what, what is kept.

mod text;

use serde::{Deserialize, Serialize};

use super::{ArchivedInput, without_credentials};
use crate::PipelineError;
use crate::mask::{MaskedColumn, Masker};

/// How long runs are kept, as the configuration declares it; nothing is deleted here.
///
/// ```
/// use abaco_pipeline::artefacts::{RawArchive, RetentionSettings};
///
/// let settings: RetentionSettings = serde_json::from_str(r#"{"keep_days": 2555}"#)?;
/// assert_eq!((settings.keep_days, settings.raw_archive), (Some(2_555), RawArchive::Off));
/// assert!(serde_json::from_str::<RetentionSettings>(r#"{"keep_years": 7}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// For how many days a run must be kept; null if nobody said.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// Whether the inputs are copied into the run as they are, unmasked.
    #[serde(default)]
    pub raw_archive: RawArchive,
}

/// Whether inputs are copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawArchive {
    /// They are not.
    #[default]
    Off,
    /// They are, readable by the owner alone.
    On,
}

/// The report, `compliance.json`.
///
/// ```
/// use abaco_pipeline::artefacts::{ComplianceReport, RetentionSettings};
///
/// let mut report = ComplianceReport::new("0192", "2025-12-01T03:00:00Z", RetentionSettings::default());
/// report.accessed("2025-12-01T03:00:00Z", "ana", "read", "https://u:secret@host/tape.csv");
/// assert_eq!(report.access[0].path, "https://host/tape.csv");
/// assert!(report.to_text().contains("no column is declared as personal data\n"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComplianceReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// The run.
    pub run_id: String,
    /// When the report was written, in RFC 3339.
    pub reported_at: String,
    /// How personal data was masked.
    pub masking: MaskingEntry,
    /// Who read or wrote what, in order.
    pub access: Vec<AccessEntry>,
    /// What the configuration declares.
    pub retention: RetentionSettings,
    /// The copies of the inputs.
    pub raw_archive: Vec<ArchivedInput>,
    /// Rows that were set aside.
    pub quarantine: QuarantineEntry,
}

/// How personal data was masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskingEntry {
    /// The way: `hmac-sha-256`; null if nothing was masked.
    pub method: Option<String>,
    /// The name of the key; null if nothing was masked.
    pub key_id: Option<String>,
    /// The pii columns of each table.
    pub tables: Vec<MaskedTable>,
}

/// The pii columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedTable {
    /// `tape`, or the role of a table beside it.
    pub table: String,
    /// The columns and what became of them.
    pub columns: Vec<MaskedColumn>,
}

/// Somebody read or wrote something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// When, in RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What they did: `read`, `write`, `archive`.
    pub action: String,
    /// The file or the address, without credentials.
    pub path: String,
}

/// Rows that were set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// How many.
    pub rows: u64,
    /// How many for each reason; a row may have several.
    pub reasons: Vec<(String, u64)>,
}

impl ComplianceReport {
    /// A report of a run in which nothing has happened yet.
    pub fn new(
        run_id: impl Into<String>,
        reported_at: impl Into<String>,
        retention: RetentionSettings,
    ) -> Self {
        Self {
            schema_version: 1,
            run_id: run_id.into(),
            reported_at: reported_at.into(),
            masking: MaskingEntry::default(),
            access: Vec::new(),
            retention,
            raw_archive: Vec::new(),
            quarantine: QuarantineEntry::default(),
        }
    }

    /// Takes note of what a masker does to a table; one without pii columns does not appear.
    pub fn masked(&mut self, table: impl Into<String>, masker: &Masker) {
        if masker.columns().is_empty() {
            return;
        }
        self.masking.method = Some("hmac-sha-256".to_owned());
        self.masking.key_id = Some(masker.key_id().to_owned());
        self.masking.tables.push(MaskedTable { table: table.into(), columns: masker.columns().to_vec() });
    }

    /// Takes note that somebody read or wrote something; credentials in an address are left out.
    pub fn accessed(
        &mut self,
        at: impl Into<String>,
        actor: impl Into<String>,
        action: impl Into<String>,
        path: &str,
    ) {
        self.access.push(AccessEntry {
            at: at.into(),
            actor: actor.into(),
            action: action.into(),
            path: without_credentials(path),
        });
    }

    /// The report as JSON, for `compliance.json`.
    ///
    /// # Errors
    /// [`PipelineError::Json`], which is not expected to happen.
    pub fn to_json(&self) -> Result<String, PipelineError> {
        let mut text = serde_json::to_string_pretty(self).map_err(PipelineError::Json)?;
        text.push('\n');
        Ok(text)
    }

    /// The report for people, for `compliance.txt`.
    pub fn to_text(&self) -> String {
        text::text(self)
    }
}
