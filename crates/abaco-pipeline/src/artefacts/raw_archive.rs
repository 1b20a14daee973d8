//! A copy of what was read, for those who must keep it.

use serde::{Deserialize, Serialize};

/// A copy of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedInput {
    /// The copy's file name.
    pub file: String,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}
