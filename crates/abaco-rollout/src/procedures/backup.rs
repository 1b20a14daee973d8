//! Copies of what a cutover may change, and their way back.

use std::path::{Path, PathBuf};

use abaco_pipeline::canonical_json::{canonical, sha256};
use abaco_pipeline::storage::Storage;
use serde::{Deserialize, Serialize};

use super::files::{self, Mode};
use super::site::Site;
use crate::RolloutError;
use crate::journal::make_folder;

const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) pointer: Kept,
    pub(super) files: Vec<Kept>,
}

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Where it belongs.
    pub(super) path: String,
    /// None where there was no file.
    pub(super) copy: Option<Copy>,
}

/// The copy of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copy {
    /// Its name in the backup.
    name: String,
    pub(super) sha256: String,
    mode: u32,
}

/// The folder of the backup that belongs to a cutover.
pub(super) fn folder(state: &Path, cutover: u64) -> PathBuf {
    state.join("backups").join(cutover.to_string())
}

/// Copies the files and the pointer into a new folder, the manifest last, and gives it with its digest. A folder that an
/// interrupted step has left is removed.
pub(super) fn make(site: &Site<'_>, cutover: u64) -> Result<(Manifest, String), RolloutError> {
    let (storage, folder) = (site.storage(), folder(&site.state, cutover));
    make_folder(storage, &site.state.join("backups"))?;
    if folder.exists() {
        storage.remove_folder(&folder).map_err(|error| RolloutError::io(&folder, error))?;
    }
    make_folder(storage, &folder)?;
    let pointer = keep(storage, &folder, &site.pointer, "pointer".to_owned())?;
    let mut kept = Vec::new();
    for (index, path) in site.files.iter().enumerate() {
        kept.push(keep(storage, &folder, path, format!("file-{index}"))?);
    }
    let manifest = Manifest { pointer, files: kept };
    let path = folder.join(MANIFEST);
    let text = canonical(&manifest).map_err(|error| RolloutError::io(&path, error.into()))?;
    files::replace(storage, &path, text.as_bytes(), Mode::OwnerOnly)?;
    Ok((manifest, sha256(text.as_bytes())))
}

/// The manifest of a backup, whose digest the journal knows.
pub(super) fn open(site: &Site<'_>, cutover: u64, digest: &str) -> Result<Manifest, RolloutError> {
    let path = folder(&site.state, cutover).join(MANIFEST);
    let text = sound(&path, digest)?;
    serde_json::from_slice(&text)
        .map_err(|error| RolloutError::Damaged { path: path.clone(), message: error.to_string() })
}

/// Puts a file back as it was; gives whether it had changed.
pub(super) fn restore(site: &Site<'_>, cutover: u64, kept: &Kept) -> Result<bool, RolloutError> {
    if is_as_it_was(kept)? {
        return Ok(false);
    }
    let path = Path::new(&kept.path);
    match &kept.copy {
        None => files::remove(site.storage(), path)?,
        Some(copy) => {
            let bytes = sound(&folder(&site.state, cutover).join(&copy.name), &copy.sha256)?;
            files::replace(site.storage(), path, &bytes, Mode::Of(copy.mode))?;
        }
    }
    Ok(true)
}

/// Whether a file is what it was when it was copied.
pub(super) fn is_as_it_was(kept: &Kept) -> Result<bool, RolloutError> {
    let found = files::read(Path::new(&kept.path))?.map(|(bytes, mode)| (sha256(&bytes), mode));
    Ok(found == kept.copy.as_ref().map(|copy| (copy.sha256.clone(), copy.mode)))
}

fn keep(storage: &dyn Storage, folder: &Path, path: &Path, name: String) -> Result<Kept, RolloutError> {
    let absolute = std::path::absolute(path).map_err(|error| RolloutError::io(path, error))?;
    let text = absolute.to_str().ok_or_else(|| {
        RolloutError::io(path, std::io::Error::other("expected a path in UTF-8, found another one"))
    })?;
    let copy = match files::read(path)? {
        None => None,
        Some((bytes, mode)) => {
            files::replace(storage, &folder.join(&name), &bytes, Mode::OwnerOnly)?;
            Some(Copy { name, sha256: sha256(&bytes), mode })
        }
    };
    Ok(Kept { path: text.to_owned(), copy })
}

fn sound(path: &Path, digest: &str) -> Result<Vec<u8>, RolloutError> {
    let damaged = |message: String| RolloutError::Damaged { path: path.to_path_buf(), message };
    let (bytes, _) = files::read(path)?.ok_or_else(|| damaged("expected a copy, found none".to_owned()))?;
    let found = sha256(&bytes);
    if found != digest {
        return Err(damaged(format!("expected digest `{digest}`, found `{found}`")));
    }
    Ok(bytes)
}
