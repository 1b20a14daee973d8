//! A published run on its way out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::canonical_json::sha256;
use crate::published::{self, Fault, Listed};

/// A published run whose files are what its manifest and the ledger say.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublishedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its id, which is the folder's name.
    pub run_id: String,
    /// `manifest.json`.
    pub manifest: Value,
    /// `kpis.json`.
    pub document: Value,
    /// SHA-256 of `manifest.json`, as the ledger has it.
    pub manifest_sha256: String,
    /// The files to deliver, by their names in the folder; the manifest is not among them and goes last.
    pub files: BTreeMap<String, PublishedFile>,
}

/// A file of a published run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl PublishedRun {
    /// Opens a run and looks at every byte of it.
    pub(super) fn open(out: &Path, run: &Listed) -> Result<Self, Fault> {
        let opened = published::open(out, run)?;
        let folder = out.join(&run.run_id);
        let mut files = BTreeMap::new();
        for (name, artefact) in opened.artefacts {
            let (sha256, bytes) = published::digest_of(&folder.join(&name))
                .map_err(|error| Fault::Damaged(format!("`{name}`: {error}")))?;
            if (&sha256, bytes) != (&artefact.sha256, artefact.bytes) {
                return Err(Fault::Damaged(format!(
                    "`{name}`: expected {} bytes with digest `{}`, found {bytes} with `{sha256}`",
                    artefact.bytes, artefact.sha256
                )));
            }
            files.insert(name, PublishedFile { sha256, bytes });
        }
        // The signature covers the manifest and so cannot be in it.
        if let Ok(signature) = std::fs::read(folder.join("manifest.sig")) {
            let file = PublishedFile { sha256: sha256(&signature), bytes: signature.len() as u64 };
            files.insert("manifest.sig".to_owned(), file);
        }
        Ok(Self {
            folder,
            run_id: run.run_id.clone(),
            manifest: opened.manifest,
            document: opened.document,
            manifest_sha256: run.manifest_sha256.clone(),
            files,
        })
    }
}
