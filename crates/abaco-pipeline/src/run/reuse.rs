//! A published run of the same identity, instead of a new one.

use std::path::{Path, PathBuf};

use abaco_engine::AsOf;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{self, Heading, Results};
use super::manifest::{Read, asked};
use super::{DrillEntry, Effective, Pipeline, Rows, Run, RunOptions, RunRequest, TableReport};
use crate::PipelineError;
use crate::config::TableRole;
use crate::ingest::IngestReport;
use crate::quality::QualityDocument;
use crate::seal::Runs;
use crate::source::file_digest;
use crate::verify::{Options, verify};

/// What a manifest says, as far as it decides whether its run is the one that is asked for.
#[derive(Deserialize)]
struct Published {
    run_id: String,
    identity: String,
    basis: String,
    as_of: Option<NaiveDate>,
    asked_as_of: String,
    effective: Effective,
    known_at: DateTime<Utc>,
    rows: Rows,
    inputs: Vec<IngestReport>,
    tables: Vec<TableReport>,
}

impl Pipeline {
    /// The last published run with the identity that this request would have; `None` if there is none that still holds.
    ///
    /// The inputs are digested, not read. What is found is verified, and its results follow once more from its state.
    ///
    /// # Errors
    /// [`PipelineError::InputUnreadable`] for an input; what is wrong with a published run only means that it is not used.
    pub(super) fn reusable(
        &self,
        request: &RunRequest,
        options: &RunOptions,
    ) -> Result<Option<Run>, PipelineError> {
        let Some(out) = request.out.as_ref().filter(|out| out.is_dir()) else { return Ok(None) };
        let basis = self.basis(&self.digests(request)?)?;
        let entries = Runs::open(out, options.storage.clone()).entries()?;
        let portfolio = &self.config.settings.portfolio;
        for entry in entries.iter().rev().filter(|entry| entry.portfolio == *portfolio) {
            let folder = out.join(&entry.run_id);
            let Some(published) = read::<Published>(&folder, "manifest.json") else { continue };
            if published.basis != basis || !published.answers(request.as_of) {
                continue;
            }
            let snapshot = published.as_of.map_or(request.as_of, AsOf::Date);
            let earlier = self.earlier(request, snapshot)?;
            let pooled = request.as_of == AsOf::Pooled;
            let identity = self.identity(&basis, published.as_of, pooled, earlier.history.as_deref())?;
            if identity != published.identity {
                continue;
            }
            let holds = verify(&folder, &Options::default()).is_ok_and(|report| report.holds());
            let restored = holds.then(|| self.restored(folder.clone(), published, &earlier)).flatten();
            match restored {
                Some(run) => return Ok(Some(run)),
                None => {
                    tracing::warn!(run = %folder.display(), "the run does not hold any more and is not reused")
                }
            }
        }
        Ok(None)
    }

    /// The digests that an ingest of the request's inputs would report.
    fn digests(&self, request: &RunRequest) -> Result<Read, PipelineError> {
        let digest = |path: &PathBuf| file_digest(path).map(Some);
        let inputs = request.inputs.iter().map(digest).collect::<Result<_, _>>()?;
        let mut tables: Vec<(TableRole, Option<String>)> = Vec::new();
        for table in &self.config.tables {
            for path in self.paths_of(table, request) {
                tables.push((table.role, digest(&path)?));
            }
        }
        Ok(Read { inputs, tables })
    }

    /// The run as it was when it was published, or `None` if its document does not follow from its state.
    fn restored(
        &self,
        folder: PathBuf,
        published: Published,
        earlier: &super::baseline::Earlier,
    ) -> Option<Run> {
        let stated: Value = read(&folder, "kpis.json")?;
        let folded = self.folded_of(&std::fs::read(folder.join("state.bin")).ok()?).ok()?;
        let outcomes = self.finish(&folded, &earlier.baselines).ok()?;
        let heading = Heading {
            run_id: published.run_id,
            identity: published.identity,
            portfolio: self.config.settings.portfolio.clone(),
            currency: self.config.contract.currency().to_owned(),
            known_at: published.known_at,
            rows: published.rows,
            effective_as_of: published.effective.date(),
        };
        let drill_down: Vec<DrillEntry> = serde_json::from_value(stated["drill_down"].clone()).ok()?;
        let document = document::document(heading, Results::new(&outcomes, drill_down));
        if serde_json::to_value(&document).ok()? != stated {
            return None;
        }
        let quality: QualityDocument = read(&folder, "quality.json")?;
        let (any_failed, worst_status) = (outcomes.any_failed(), outcomes.worst_status());
        let missing_required = self.missing_required(&outcomes.finished);
        Some(Run {
            document,
            finished: outcomes.finished,
            audit: outcomes.audit,
            inputs: published.inputs,
            tables: published.tables,
            effective: published.effective,
            folder: Some(folder),
            missing_required,
            quality,
            reused: true,
            warnings: Vec::new(),
            unfinished: Vec::new(),
            worst_status,
            any_failed,
        })
    }
}

impl Published {
    /// Whether a request for this snapshot is one for the run's.
    fn answers(&self, as_of: AsOf) -> bool {
        self.asked_as_of == asked(as_of) || matches!((as_of, self.as_of), (AsOf::Date(a), Some(b)) if a == b)
    }
}

/// A document of a run, if it is there and can be read: a run that cannot be read is not reused.
fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&std::fs::read(folder.join(name)).ok()?).ok()
}
