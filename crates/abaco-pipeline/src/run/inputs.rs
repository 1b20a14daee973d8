//! The files of a request: patterns become paths, and addresses become private files.

use std::path::{Path, PathBuf};

use super::{Pipeline, RunOptions, RunRequest};
use crate::PipelineError;
use crate::config::ConfiguredTable;
use crate::fetch::{is_url, spool, without_secrets};
use crate::ingest::{self, IngestReport};

/// A request whose inputs are files.
pub(super) struct Inputs {
    pub(super) request: RunRequest,
    /// The files that stand for addresses.
    fetched: Vec<(PathBuf, String)>,
}

impl Inputs {
    /// Finds the files that patterns mean, and fetches what lies behind addresses into `folder`.
    pub(super) fn of(
        request: &RunRequest,
        options: &RunOptions,
        folder: &Path,
    ) -> Result<Self, PipelineError> {
        let mut fetched = Vec::new();
        let mut local = |path: PathBuf| -> Result<PathBuf, PipelineError> {
            let text = path.display().to_string();
            if !is_url(&text) {
                return Ok(path);
            }
            let shown = without_secrets(&text);
            let fetch = options.fetch.as_ref().ok_or_else(|| PipelineError::Option {
                name: "inputs",
                expected: "a path: this program fetches nothing".to_owned(),
                found: shown.clone(),
            })?;
            let file = spool(&text, fetch.as_ref(), folder, &options.watch)?;
            fetched.push((file.clone(), shown));
            Ok(file)
        };
        let inputs: Vec<PathBuf> = ingest::expand(&request.inputs)?;
        let inputs = inputs.into_iter().map(&mut local).collect::<Result<_, _>>()?;
        let mut tables = Vec::new();
        for (role, path) in &request.tables {
            for path in ingest::expand(std::slice::from_ref(path))? {
                tables.push((*role, local(path)?));
            }
        }
        Ok(Self { request: RunRequest { inputs, tables, ..request.clone() }, fetched })
    }

    /// A request of which nothing could be found or fetched; only for the words on it.
    pub(super) fn asked(request: &RunRequest) -> Self {
        let paths = request.inputs.iter().chain(request.tables.iter().map(|(_, path)| path));
        let address = |path: &PathBuf| {
            let text = path.display().to_string();
            is_url(&text).then(|| (path.clone(), without_secrets(&text)))
        };
        Self { fetched: paths.filter_map(address).collect(), request: request.clone() }
    }

    /// A path as whoever asked for it knows it.
    pub(super) fn named(&self, path: &str) -> Option<&str> {
        let of = |(file, _): &&(PathBuf, String)| file.display().to_string() == path;
        self.fetched.iter().find(of).map(|(_, shown)| shown.as_str())
    }

    /// A file, or the address that it stands for, in words.
    pub(super) fn shown(&self, path: &Path) -> String {
        let text = path.display().to_string();
        self.named(&text).map_or_else(|| text.clone(), str::to_owned)
    }

    /// The file of an input, whatever it is called.
    pub(super) fn file_of(&self, name: &str) -> PathBuf {
        let of = |(_, shown): &&(PathBuf, String)| shown == name;
        self.fetched.iter().find(of).map_or_else(|| PathBuf::from(name), |(file, _)| file.clone())
    }

    /// Names the address in what is said about a file that stands for one.
    pub(super) fn rename(&self, report: &mut IngestReport) {
        if let Some(shown) = self.named(&report.path) {
            report.path = shown.to_owned();
        }
    }
}

impl Pipeline {
    /// The same request with the files that the configuration names for tables of which it names none.
    pub(super) fn with_configured_tables(&self, request: &RunRequest) -> RunRequest {
        let mut asked = request.clone();
        for table in &self.config.tables {
            if !request.tables.iter().any(|(role, _)| *role == table.role) {
                asked.tables.extend(table.paths.iter().map(|path| (table.role, path.clone())));
            }
        }
        asked
    }

    /// The tables for which the configuration names files and the caller names others.
    pub(super) fn overridden_tables(&self, request: &RunRequest) -> Vec<&'static str> {
        let configured = self.config.tables.iter().filter(|table| !table.paths.is_empty());
        let asked = configured.filter(|table| request.tables.iter().any(|(role, _)| *role == table.role));
        asked.map(|table| table.role.as_str()).collect()
    }

    /// The files of a table beside the tape.
    pub(super) fn paths_of(&self, table: &ConfiguredTable, request: &RunRequest) -> Vec<PathBuf> {
        let of_role = request.tables.iter().filter(|(role, _)| *role == table.role);
        of_role.map(|(_, path)| path.clone()).collect()
    }
}
