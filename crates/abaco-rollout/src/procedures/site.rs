//! Where a procedure works: the real place, or the copy on which it is rehearsed.

use std::path::{Path, PathBuf};

use abaco_pipeline::storage::Storage;

use super::files;
use super::values::SmokeValues;
use crate::program::ProgramSettings;
use crate::rollout::{Published, RolloutOptions};
use crate::version::VersionSettings;
use crate::{RolloutConfig, RolloutError};

/// Where a procedure works.
pub(crate) struct Site<'a> {
    pub(crate) config: &'a RolloutConfig,
    pub(crate) options: &'a RolloutOptions,
    pub(crate) state: PathBuf,
    pub(crate) pointer: PathBuf,
    /// What is copied before a cutover.
    pub(crate) files: Vec<PathBuf>,
    /// The folder that hooks are told of.
    pub(crate) folder: PathBuf,
    pub(crate) stop: Option<ProgramSettings>,
    pub(crate) start: Option<ProgramSettings>,
    /// Why a hook that is missing is not run.
    pub(crate) without_hook: &'static str,
    pub(crate) published: Option<Published>,
}

impl<'a> Site<'a> {
    /// The real place.
    pub(crate) fn real(
        config: &'a RolloutConfig,
        state: &Path,
        options: &'a RolloutOptions,
    ) -> Result<Self, RolloutError> {
        let settings = &config.settings;
        let procedures = &settings.procedures;
        let files = procedures.backup.iter().map(|name| config.beside(name)).collect::<Result<_, _>>()?;
        Ok(Self {
            config,
            options,
            state: state.to_path_buf(),
            pointer: config.beside(&settings.pointer)?,
            files,
            folder: config.folder().to_path_buf(),
            stop: procedures.stop.clone(),
            start: procedures.start.clone(),
            without_hook: "is not configured",
            published: options.published.clone(),
        })
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        self.options.storage.as_ref()
    }

    pub(crate) fn baseline(&self) -> &VersionSettings {
        &self.config.settings.baseline
    }

    pub(crate) fn candidate(&self) -> &VersionSettings {
        &self.config.settings.candidate
    }

    /// The values that a version has now.
    pub(super) fn smoke(&self, version: &VersionSettings) -> Result<SmokeValues, RolloutError> {
        let Some(smoke) = &self.options.smoke else {
            let message = "smoke run: expected a way to run a version, found none".to_owned();
            return Err(RolloutError::Configuration { path: self.config.path.clone(), message });
        };
        SmokeValues::of(version, &smoke(version)?)
    }

    /// Keeps values under their digest.
    pub(super) fn keep(&self, values: &SmokeValues) -> Result<(), RolloutError> {
        let path = self.kept(&values.digest);
        if self.values(&values.digest).is_ok() {
            return Ok(());
        }
        let folder = self.state.join("values");
        crate::journal::make_folder(self.storage(), &folder)?;
        files::replace(self.storage(), &path, values.text.as_bytes(), files::Mode::Shared)
    }

    /// Values that were kept.
    pub(super) fn values(&self, digest: &str) -> Result<String, RolloutError> {
        let path = self.kept(digest);
        let damaged = |message: String| RolloutError::Damaged { path: path.clone(), message };
        let (bytes, _) =
            files::read(&path)?.ok_or_else(|| damaged("expected values, found none".to_owned()))?;
        let found = abaco_pipeline::canonical_json::sha256(&bytes);
        if found != digest {
            return Err(damaged(format!("expected digest `{digest}`, found `{found}`")));
        }
        String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))
    }

    fn kept(&self, digest: &str) -> PathBuf {
        self.state.join("values").join(format!("{digest}.json"))
    }
}
