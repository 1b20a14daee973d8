//! A file of a run while it is written: its digest and its length come along.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Artefact;
use crate::PipelineError;
use crate::canonical_json::hex;
use crate::storage::Sink;

/// The files of a staging; one that is not finished has no digest yet.
pub(super) type Files = Arc<Mutex<BTreeMap<String, Option<Artefact>>>>;

/// A file of a run while it is written. What is written is hashed and counted; [`finish`](Self::finish) hands both to the
/// staging, which refuses to be sealed while a file is not finished.
pub struct StagedFile {
    name: String,
    path: PathBuf,
    sink: Box<dyn Sink>,
    digest: Sha256,
    bytes: u64,
    files: Files,
}

impl StagedFile {
    pub(super) fn new(name: &str, path: PathBuf, sink: Box<dyn Sink>, files: &Files) -> Self {
        let files = Arc::clone(files);
        Self { name: name.to_owned(), path, sink, digest: Sha256::new(), bytes: 0, files }
    }

    /// Closes the file. It is made durable with all others when the run is sealed.
    ///
    /// # Errors
    /// [`PipelineError::Output`]
    pub fn finish(mut self) -> Result<Artefact, PipelineError> {
        self.sink.flush().map_err(|error| PipelineError::output(&self.path, error))?;
        let artefact = Artefact { sha256: hex(&self.digest.finalize()), bytes: self.bytes };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(self.name, Some(artefact.clone()));
        Ok(artefact)
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl std::fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StagedFile({}, {} bytes)", self.path.display(), self.bytes)
    }
}
