//! A run's folder, opened only if it is what the ledger and the manifest say.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Listed;
use crate::canonical_json::sha256;

/// The largest document that is read into memory.
const MAX_BYTES: u64 = 1 << 28;

/// Why a published run cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its folder is gone.
    Missing,
    /// It is not what was published.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("expected the folder of a published run, found none"),
            Self::Damaged(problem) => f.write_str(problem),
        }
    }
}

/// The documents of a run.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) manifest: Value,
    pub(crate) document: Value,
    /// SHA-256 of `kpis.json`.
    pub(crate) document_sha256: String,
    pub(crate) artefacts: BTreeMap<String, Artefact>,
}

/// What the manifest says of an artefact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Artefact {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

/// Opens a run; the manifest must have the digest that the ledger knows, and `kpis.json` the one that the manifest knows.
pub(crate) fn open(out: &Path, run: &Listed) -> Result<Opened, Fault> {
    let folder = out.join(&run.run_id);
    match fs::symlink_metadata(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Fault::Missing),
        _ => {}
    }
    let text = read(&folder.join("manifest.json"), "manifest.json")?;
    expect_digest("manifest.json", &run.manifest_sha256, &sha256(text.as_bytes()))?;
    let manifest: Value = parse("manifest.json", &text)?;
    let artefacts: BTreeMap<String, Artefact> =
        Deserialize::deserialize(manifest.get("artefacts").unwrap_or(&Value::Null))
            .map_err(|error| Fault::Damaged(format!("`manifest.json`: `artefacts`: {error}")))?;
    if let Some(name) = artefacts.keys().find(|name| !stays_inside(name)) {
        return Err(Fault::Damaged(format!(
            "`manifest.json`: expected names of files in the run, found `{name}`"
        )));
    }
    let known = artefacts.get("kpis.json").ok_or_else(|| {
        Fault::Damaged("`manifest.json`: expected an artefact `kpis.json`, found none".into())
    })?;
    let text = read(&folder.join("kpis.json"), "kpis.json")?;
    let document_sha256 = sha256(text.as_bytes());
    expect_digest("kpis.json", &known.sha256, &document_sha256)?;
    let document = parse("kpis.json", &text)?;
    Ok(Opened { manifest, document, document_sha256, artefacts })
}

/// SHA-256 and length of a file, read as a stream.
pub(crate) fn digest_of(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hasher, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Ok((digest.iter().map(|byte| format!("{byte:02x}")).collect(), bytes))
}

/// Compares digests; a difference is damage.
pub(super) fn expect_digest(name: &str, expected: &str, found: &str) -> Result<(), Fault> {
    if expected == found {
        return Ok(());
    }
    Err(Fault::Damaged(format!("`{name}`: expected digest `{expected}`, found `{found}`")))
}

fn stays_inside(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn read(path: &Path, name: &str) -> Result<String, Fault> {
    let damaged = |error: io::Error| Fault::Damaged(format!("`{name}`: {error}"));
    let mut text = String::new();
    File::open(path).map_err(damaged)?.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(damaged)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(damaged(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn parse(name: &str, text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Damaged(format!("`{name}`: {error}")))
}
