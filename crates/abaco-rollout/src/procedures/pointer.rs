//! The file that says which version is active.

use std::path::Path;

use abaco_pipeline::canonical_json::canonical;
use abaco_pipeline::storage::Storage;
use serde::{Deserialize, Serialize};

use super::files;
use crate::RolloutError;

/// What the pointer's file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// The version that is official.
    pub active: String,
    /// Its `pipeline.yml`, as `rollout.yml` names it; none where the version is a program or a file.
    pub configuration: Option<String>,
    /// The version that was official before it.
    pub previous: Option<String>,
    /// The number of the journal's line with which the procedure began that wrote this.
    pub journal: u64,
}

/// Which version is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Active {
    /// The pointer says so.
    Pointer(Pointer),
    /// There is no pointer: the baseline is, as before the rollout.
    Baseline,
}

impl Active {
    /// The version's name.
    pub fn name<'a>(&'a self, baseline: &'a str) -> &'a str {
        match self {
            Self::Pointer(pointer) => &pointer.active,
            Self::Baseline => baseline,
        }
    }
}

/// Reads the pointer.
///
/// ```
/// use abaco_rollout::procedures::{Active, active};
///
/// let folder = tempfile::tempdir()?;
/// let pointer = folder.path().join("active.json");
/// assert_eq!(active(&pointer)?, Active::Baseline);
/// std::fs::write(&pointer, r#"{"active":"v2","configuration":"pipeline.yml","journal":12,"previous":"v1"}"#)?;
/// assert_eq!(active(&pointer)?.name("v1"), "v2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`RolloutError::Damaged`] for a file that is no pointer, [`RolloutError::Io`].
pub fn active(pointer: &Path) -> Result<Active, RolloutError> {
    let Some((bytes, _)) = files::read(pointer)? else { return Ok(Active::Baseline) };
    let damaged = |error: serde_json::Error| RolloutError::Damaged {
        path: pointer.to_path_buf(),
        message: format!("expected a pointer, found something else: {error}"),
    };
    serde_json::from_slice(&bytes).map(Active::Pointer).map_err(damaged)
}

impl Pointer {
    /// Replaces the pointer's file.
    pub(super) fn write(&self, storage: &dyn Storage, path: &Path) -> Result<(), RolloutError> {
        let text = canonical(self).map_err(|error| RolloutError::io(path, error.into()))?;
        files::replace_alike(storage, path, text.as_bytes())
    }
}
