//! The rows of a published run, read again as its KPIs saw them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_engine::{Bindings, EngineError};
use abaco_kpi::Column;
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Pipeline;
use super::tape_rows::TAPE;
use crate::config::{PipelineConfig, StoredConfig};
use crate::source::Format;
use crate::transform::PlannedDimensions;
use crate::{Catalogue, PipelineError};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 16;

/// The accepted rows of a published run's tape, under canonical names, with pseudonyms for personal data and with the
/// dimensions of its configuration.
///
/// They are all rows of the tape, whatever snapshot the run was about.
#[derive(Debug)]
pub struct RunRows {
    pipeline: Pipeline,
    path: PathBuf,
    dimensions: PlannedDimensions,
    snapshot: Option<Column>,
}

impl RunRows {
    /// Reads the configuration that the run keeps and the beginning of its `tape.parquet`; checks no digest.
    ///
    /// # Errors
    /// [`PipelineError::InputUnreadable`] and [`PipelineError::Corrupt`] for files that are not there or cannot be read, and
    /// what [`Pipeline::new`] says of the configuration.
    pub fn open(folder: &Path, catalogue: &Catalogue) -> Result<Self, PipelineError> {
        let from = folder.join("configuration.json");
        let text = std::fs::read(&from).map_err(|error| PipelineError::input(&from, error))?;
        let stored: StoredConfig = serde_json::from_slice(&text).map_err(|error| {
            PipelineError::Configuration { path: from.clone(), message: error.to_string() }
        })?;
        let pipeline = Pipeline::new(PipelineConfig::from_stored(&stored, &from)?, catalogue)?;
        let path = folder.join(TAPE);
        let schema = plain(reader(&path)?.schema());
        let of_tape = |source| PipelineError::Engine { path: path.clone(), source };
        let dimensions = pipeline.dimensions.plan(&schema, &pipeline.bindings).map_err(of_tape)?;
        let snapshot = pipeline.options(&schema, &pipeline.bindings).snapshot;
        Ok(Self { pipeline, path, dimensions, snapshot })
    }

    /// The pipeline that the run was computed with, as this program understands it.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// The file of the rows.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The columns, the dimensions behind those of the tape.
    pub fn schema(&self) -> SchemaRef {
        self.dimensions.schema()
    }

    /// How canonical columns are computed from those of the tape.
    pub fn bindings(&self) -> &Bindings {
        &self.pipeline.bindings
    }

    /// The column that dates the snapshots, where the tape has one.
    pub fn snapshot(&self) -> Option<&Column> {
        self.snapshot.as_ref()
    }

    /// The rows in batches, in the order in which they were read.
    ///
    /// # Errors
    /// [`PipelineError::InputUnreadable`] and [`PipelineError::Corrupt`]; a batch may be an error too.
    pub fn batches(
        &self,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, PipelineError>> + '_, PipelineError> {
        let rows = reader(&self.path)?.with_batch_size(BATCH_ROWS).build();
        let rows = rows.map_err(|error| corrupt(&self.path, &error))?;
        Ok(rows.map(|batch| {
            let batch = batch.map_err(|error| corrupt(&self.path, &error))?;
            let of_tape = |source: EngineError| PipelineError::Engine { path: self.path.clone(), source };
            let batch = RecordBatch::try_new(plain(&batch.schema()), batch.columns().to_vec())
                .map_err(|error| corrupt(&self.path, &error))?;
            self.dimensions.apply(&batch).map_err(of_tape)
        }))
    }
}

/// The schema without what a file says besides names and types.
fn plain(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().clone()))
}

fn reader(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, PipelineError> {
    let file = File::open(path).map_err(|error| PipelineError::input(path, error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| corrupt(path, &error))
}

fn corrupt(path: &Path, error: &dyn std::fmt::Display) -> PipelineError {
    PipelineError::Corrupt { path: path.to_path_buf(), format: Format::Parquet, message: error.to_string() }
}
