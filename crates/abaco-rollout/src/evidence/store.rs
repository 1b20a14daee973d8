//! Evidence on the disk: a document lies under its own digest, so that whoever reads it knows that it is the one.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::PipelineError;
use abaco_pipeline::canonical_json::{canonical, sha256};
use abaco_pipeline::storage::{Access, Storage};
use serde::Serialize;

use super::Provenance;
use crate::RolloutError;
use crate::journal::make_folder;

/// A folder of documents, each under the SHA-256 of its bytes.
///
/// ```
/// use std::sync::Arc;
///
/// use abaco_pipeline::storage::Disk;
/// use abaco_rollout::evidence::EvidenceStore;
///
/// let folder = tempfile::tempdir()?;
/// let store = EvidenceStore::open(folder.path().join("evidence"), Arc::new(Disk));
/// let digest = store.put_document(&serde_json::json!({"b": 1, "a": "2"}))?;
/// assert_eq!(digest, "56637310c77fe1e6986e17b3f3e56fae7348c642ac8df4edd6b0404e049d6acd");
/// assert_eq!(store.document(&digest)?, b"{\"a\":\"2\",\"b\":1}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EvidenceStore {
    folder: PathBuf,
    storage: Arc<dyn Storage>,
}

/// Evidence that was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sifted {
    /// What can be had, by its digests.
    pub had: Vec<(String, Provenance)>,
    /// The digests of what cannot, with the reason.
    pub lost: Vec<(String, String)>,
}

impl EvidenceStore {
    /// Names the folder; it is made when the first document is put into it.
    pub fn open(folder: impl Into<PathBuf>, storage: Arc<dyn Storage>) -> Self {
        Self { folder: folder.into(), storage }
    }

    /// Stores a piece of evidence and gives its digest; one that is there already stays.
    ///
    /// # Errors
    /// [`RolloutError::Io`], or [`RolloutError::Damaged`] where another text lies under the digest.
    pub fn put(&self, provenance: &Provenance) -> Result<String, RolloutError> {
        self.put_document(provenance)
    }

    /// Stores any document as canonical JSON and gives its digest.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_document(&self, document: &impl Serialize) -> Result<String, RolloutError> {
        let text = canonical(document).map_err(PipelineError::Json)? + "\n";
        let digest = sha256(text.as_bytes());
        let path = self.path(&digest);
        match self.document(&digest) {
            Ok(_) => return Ok(digest),
            Err(RolloutError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Another process may be writing the same document: each has its own name until the rename.
        let new = self.folder.join(format!(".{digest}.{}", uuid::Uuid::now_v7()));
        make_folder(self.storage.as_ref(), &self.folder)?;
        let written = self.write(&new, &path, text.as_bytes());
        if written.is_err() {
            let _stays = self.storage.remove(&new);
        }
        written.map_err(|error| RolloutError::io(&path, error))?;
        Ok(digest)
    }

    /// A piece of evidence by its digest.
    ///
    /// # Errors
    /// [`RolloutError::Damaged`] where the bytes are not those of the digest or no evidence, [`RolloutError::Io`] where
    /// there are none.
    pub fn get(&self, digest: &str) -> Result<Provenance, RolloutError> {
        let text = self.document(digest)?;
        serde_json::from_slice(&text).map_err(|error| self.damaged(digest, format!("not evidence: {error}")))
    }

    /// The bytes of a document by its digest.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn document(&self, digest: &str) -> Result<Vec<u8>, RolloutError> {
        // A digest comes from a file too: one that is none must not become a path to somewhere else.
        let is_digest = digest.len() == 64 && digest.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        if !is_digest {
            let message = format!("expected a SHA-256 in lower case, found `{digest}`");
            return Err(RolloutError::Damaged { path: self.folder.clone(), message });
        }
        let path = self.path(digest);
        let text = std::fs::read(&path).map_err(|error| RolloutError::io(&path, error))?;
        let found = sha256(&text);
        if found == digest {
            Ok(text)
        } else {
            Err(self.damaged(digest, format!("expected the digest {digest}, found {found}")))
        }
    }

    /// The evidence that can be had, and for each that cannot its digest with the reason.
    pub fn sift(&self, digests: &[String]) -> Sifted {
        let mut sifted = Sifted::default();
        for digest in digests {
            match self.get(digest) {
                Ok(provenance) => sifted.had.push((digest.clone(), provenance)),
                Err(error) => sifted.lost.push((digest.clone(), error.to_string())),
            }
        }
        sifted
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.json"))
    }

    fn damaged(&self, digest: &str, message: String) -> RolloutError {
        RolloutError::Damaged { path: self.path(digest), message }
    }

    fn write(&self, new: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
        let mut sink = self.storage.create(new, Access::Shared)?;
        sink.write_all(text)?;
        sink.sync()?;
        drop(sink);
        self.storage.rename(new, path)?;
        self.storage.sync_folder(&self.folder)
    }
}
