//! How the candidate bears load: one large tape, many runs at once, many runs one after another.
//!
//! The runs are published into a temporary folder, as real ones are, and removed afterwards. What comes of them is
//! [evidence](crate::evidence); what is enough is the gate's to say.

mod memory;
mod settings;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use abaco_pipeline::run::verify_kpis;
use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::Disk;
use abaco_pipeline::verify::{Options, verify};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, Run, RunRequest};
use tempfile::TempDir;

pub use self::settings::ExerciseSettings;
use crate::RolloutError;
use crate::evidence::{ConcurrencyRecord, PerformanceRecord, SoakRecord};
use crate::version::Asked;

/// Who asks for the runs.
const ACTOR: &str = "abaco rollout";

/// The file of a run that holds all its numbers, the same whenever the same was computed.
const STATE: &str = "state.bin";

/// A candidate under load.
#[derive(Debug)]
pub struct Exercise<'a> {
    pipeline: Pipeline,
    asked: &'a Asked,
    catalogue: &'a Catalogue,
}

impl<'a> Exercise<'a> {
    /// The candidate of a `pipeline.yml`, over inputs that should be as large as the real ones.
    ///
    /// # Errors
    /// Whatever is wrong with the configuration.
    pub fn new(
        configuration: &Path,
        asked: &'a Asked,
        catalogue: &'a Catalogue,
    ) -> Result<Self, RolloutError> {
        let pipeline = Pipeline::new(PipelineConfig::load(configuration)?, catalogue)?;
        Ok(Self { pipeline, asked, catalogue })
    }

    /// One run from the file to the published folder.
    ///
    /// # Errors
    /// What the run fails with.
    pub fn performance(&self) -> Result<PerformanceRecord, RolloutError> {
        let runs = folder()?;
        let began = Instant::now();
        let run = self.run(runs.path())?;
        Ok(PerformanceRecord { rows: run.document.rows.read, milliseconds: milliseconds(began) })
    }

    /// Many runs at once in one folder: each must succeed, be in the ledger once, and verify.
    ///
    /// # Errors
    /// Only what has nothing to do with single runs: the folder cannot be made or read.
    pub fn concurrency(&self, runs: u64) -> Result<ConcurrencyRecord, RolloutError> {
        let folder = folder()?;
        let failed = AtomicU64::new(0);
        let published = thread::scope(|scope| {
            let one = || match self.run(folder.path()) {
                Ok(run) => Some(run.document.run_id),
                Err(error) => {
                    tracing::warn!(%error, "a run among many has failed");
                    failed.fetch_add(1, Ordering::Relaxed);
                    None
                }
            };
            let workers: Vec<_> = (0..runs).map(|_| scope.spawn(one)).collect();
            let results = workers.into_iter().map(|worker| worker.join());
            let mut published = Vec::new();
            for result in results {
                match result {
                    Ok(run_id) => published.extend(run_id),
                    // The thread has panicked.
                    Err(_) => {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            published
        });
        let ledger = Runs::open(folder.path(), std::sync::Arc::new(Disk)).entries()?;
        let mut damaged = 0;
        for run_id in &published {
            let listed = ledger.iter().filter(|entry| entry.run_id == *run_id).count();
            damaged += u64::from(listed != 1 || !self.holds(&folder.path().join(run_id))?);
        }
        Ok(ConcurrencyRecord { runs, failed: failed.into_inner(), damaged })
    }

    /// Many runs one after another: each must succeed and have the first one's numbers, bit for bit.
    ///
    /// # Errors
    /// As [`concurrency`](Self::concurrency).
    pub fn soak(&self, runs: u64) -> Result<SoakRecord, RolloutError> {
        let early_at = runs.div_ceil(10);
        let (mut failed, mut early, mut first) = (0, None, None);
        for number in 1..=runs {
            let folder = folder()?;
            match self.run(folder.path()) {
                Ok(run) => {
                    let path = folder.path().join(&run.document.run_id).join(STATE);
                    let state = std::fs::read(&path).map_err(|error| RolloutError::io(&path, error))?;
                    failed += u64::from(*first.get_or_insert_with(|| state.clone()) != state);
                }
                Err(error) => {
                    tracing::warn!(%error, number, "a run of many has failed");
                    failed += 1;
                }
            }
            if number == early_at {
                early = memory::resident_kib();
            }
        }
        Ok(SoakRecord { runs, failed, memory_early_kib: early, memory_late_kib: memory::resident_kib() })
    }

    fn run(&self, out: &Path) -> Result<Run, RolloutError> {
        let request = RunRequest {
            inputs: self.asked.inputs.clone(),
            tables: self.asked.tables.clone(),
            as_of: self.asked.as_of,
            out: Some(out.to_path_buf()),
            actor: ACTOR.to_owned(),
        };
        Ok(self.pipeline.run(&request)?)
    }

    fn holds(&self, run: &Path) -> Result<bool, RolloutError> {
        let mut report = verify(run, &Options::default())?;
        verify_kpis(&mut report, run, self.catalogue)?;
        Ok(report.holds())
    }
}

fn folder() -> Result<TempDir, RolloutError> {
    TempDir::with_prefix("abaco-exercise-").map_err(|error| RolloutError::io(&std::env::temp_dir(), error))
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
