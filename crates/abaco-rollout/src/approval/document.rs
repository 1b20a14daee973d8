//! What is signed.

use abaco_pipeline::PipelineError;
use abaco_pipeline::canonical_json::{canonical, sha256};
use abaco_pipeline::signature::{self, Signer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Role;
use crate::RolloutError;

/// What somebody approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The candidate's identity.
    pub candidate: String,
    /// The digest of [`configuration`].
    pub configuration: String,
    /// The digests of the evidence that the gate weighs, sorted.
    pub evidence: Vec<String>,
    /// As whom.
    pub role: Role,
    /// Who.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// From when on it counts no more.
    pub expires: DateTime<Utc>,
}

/// An approval with its signature, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What is approved.
    pub approval: Approval,
    /// The text of the signature; none where it was only played.
    pub signature: Option<String>,
}

impl Approval {
    /// The bytes that are signed: canonical JSON and a line's end. They can be carried elsewhere, signed there, and the
    /// signature brought back with [`Signed::import`].
    ///
    /// # Errors
    /// [`RolloutError::Pipeline`]; not expected to happen.
    pub fn bytes(&self) -> Result<Vec<u8>, RolloutError> {
        // The kind keeps a signature of another document, such as a manifest, from ever being one of an approval.
        let document = json!({ "kind": "abaco-rollout-approval", "version": 1, "approval": self });
        Ok((canonical(&document).map_err(PipelineError::Json)? + "\n").into_bytes())
    }

    /// The digest of what is signed.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn digest(&self) -> Result<String, RolloutError> {
        self.bytes().map(|bytes| sha256(&bytes))
    }
}

impl Signed {
    /// An approval with the signature that somebody made elsewhere.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] for a signature that does not fit; whose it is, [`check`](super::check) says.
    pub fn import(approval: Approval, signature: &str) -> Result<Self, RolloutError> {
        signature::check(&approval.bytes()?, signature.as_bytes(), None).map_err(|problem| {
            RolloutError::Refused(format!("approval of `{}`: {problem}", approval.actor))
        })?;
        Ok(Self { approval, signature: Some(signature.to_owned()) })
    }

    /// An approval that nobody signed. It counts in a demonstration only.
    pub fn unsigned(approval: Approval) -> Self {
        Self { approval, signature: None }
    }
}

/// Signs an approval.
///
/// # Errors
/// As [`Approval::bytes`].
pub fn sign(approval: Approval, signer: &Signer) -> Result<Signed, RolloutError> {
    let signature = signer.sign(&approval.bytes()?)?;
    let signature = String::from_utf8_lossy(&signature).into_owned();
    Ok(Signed { approval, signature: Some(signature) })
}

/// The digest of what is configured: of `rollout.yml` and of the candidate's own configuration as it takes effect.
///
/// ```
/// use abaco_rollout::approval::configuration;
///
/// let before = configuration("a1", &serde_json::json!({"par_days": 30}))?;
/// assert_ne!(before, configuration("a1", &serde_json::json!({"par_days": 31}))?);
/// assert_ne!(before, configuration("a2", &serde_json::json!({"par_days": 30}))?);
/// # Ok::<(), abaco_rollout::RolloutError>(())
/// ```
///
/// # Errors
/// [`RolloutError::Pipeline`] for a configuration that has no canonical JSON.
pub fn configuration(rollout_digest: &str, candidate: &impl Serialize) -> Result<String, RolloutError> {
    let both = json!({
        "rollout": rollout_digest,
        "candidate": serde_json::to_value(candidate).map_err(PipelineError::Json)?,
    });
    Ok(sha256(canonical(&both).map_err(PipelineError::Json)?.as_bytes()))
}
