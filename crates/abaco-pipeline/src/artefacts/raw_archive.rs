//! A copy of what was read, for those who must keep it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::PipelineError;
use crate::storage::{Access, Storage};

const CHUNK_BYTES: usize = 1 << 16;

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

/// Copies an input, unmasked as it is, into a new file that only its owner can read, and makes it durable.
///
/// `sha256` is the digest of the bytes that the run has read: the copy is of those or there is none.
///
/// # Errors
/// [`PipelineError::InputUnreadable`], [`PipelineError::Output`], and [`PipelineError::ChangedWhileReading`] where the
/// input's bytes are not those of the run; the copy is then removed.
pub fn archive_raw(
    storage: &dyn Storage,
    input: &Path,
    copy: &Path,
    sha256: &str,
) -> Result<ArchivedInput, PipelineError> {
    let failed = |source: io::Error| PipelineError::Output { path: copy.to_path_buf(), source };
    let unreadable = |source: io::Error| PipelineError::input(input, source);
    let mut from = File::open(input).map_err(unreadable)?;
    let mut to = storage.create(copy, Access::OwnerOnly).map_err(failed)?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        digest.update(&chunk[..read]);
        to.write_all(&chunk[..read]).map_err(failed)?;
        bytes += read as u64;
    }
    to.sync().map_err(failed)?;
    drop(to);
    let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != sha256 {
        storage.remove(copy).map_err(failed)?;
        return Err(PipelineError::ChangedWhileReading { path: input.to_path_buf() });
    }
    let file = copy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(ArchivedInput { file, sha256: found, bytes })
}
