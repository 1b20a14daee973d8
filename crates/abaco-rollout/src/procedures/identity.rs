//! What a version is, so that another one is never taken for it.

use std::collections::BTreeMap;
use std::path::Path;

use abaco_pipeline::PipelineConfig;
use abaco_pipeline::canonical_json::{canonical, sha256};
use abaco_pipeline::config::{TableSettings, resolve_environment};
use serde_json::json;

use super::files;
use crate::version::VersionSettings;
use crate::{RolloutConfig, RolloutError};

/// The SHA-256 of everything that decides what a version computes: what `rollout.yml` says of it, the bytes of its
/// `pipeline.yml` and of the contracts and definitions that this names, of the files that its program is given, and the
/// release of this library. The configuration is loaded, so that one that does not load has no identity.
///
/// # Errors
/// Whatever is wrong with the configuration, or a file that cannot be read.
pub fn identity(config: &RolloutConfig, version: &VersionSettings) -> Result<String, RolloutError> {
    let mut digests = BTreeMap::new();
    if let Some(name) = &version.configuration {
        let path = config.beside(name)?;
        let settings = PipelineConfig::load(&path)?.settings;
        digests.insert(name.clone(), digest(&path)?);
        let tables = settings.tables.iter().flat_map(TableSettings::iter);
        let named = [Some(&settings.contract), settings.definitions.as_ref()].into_iter().flatten();
        for named in named.chain(tables.map(|(_, table)| &table.contract)) {
            let resolved = resolve_environment(named).map_err(|message| configuration(&path, message))?;
            let file = path.parent().unwrap_or(Path::new("")).join(resolved);
            digests.insert(named.clone(), digest(&file)?);
        }
    }
    for argument in version.program.iter().flat_map(|program| &program.arguments) {
        let path = config.folder().join(argument);
        if path.is_file() {
            digests.insert(argument.clone(), digest(&path)?);
        }
    }
    // A file of values is somebody else's and changes daily: it is known by its name.
    let code = env!("CARGO_PKG_VERSION");
    let all = json!({ "version": version, "files": digests, "code": code });
    let text = canonical(&all).map_err(|error| configuration(&config.path, error.to_string()))?;
    Ok(sha256(text.as_bytes()))
}

fn digest(path: &Path) -> Result<String, RolloutError> {
    match files::read(path)? {
        Some((bytes, _)) => Ok(sha256(&bytes)),
        None => Err(RolloutError::io(path, std::io::ErrorKind::NotFound.into())),
    }
}

fn configuration(path: &Path, message: String) -> RolloutError {
    RolloutError::Configuration { path: path.to_path_buf(), message }
}
