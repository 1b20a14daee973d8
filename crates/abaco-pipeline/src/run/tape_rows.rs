//! The admitted rows of a table on their way out: into `tape.parquet`, into memory, or nowhere.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::intake::Taking;
use super::money::Money;
use crate::PipelineError;
use crate::artefacts::{TableFormat, TableWriter};
use crate::seal::{StagedFile, Staging};
use crate::storage::Access;

pub(super) const TAPE: &str = "tape.parquet";

/// Takes the rows of the tape, or of a table beside it.
pub(super) struct TapeRows<'s> {
    file: Option<TapeFile<'s>>,
    /// The rows, if they are joined.
    kept: Option<Vec<RecordBatch>>,
    empty: Money,
    money: Money,
}

struct TapeFile<'s> {
    staging: &'s Staging,
    schema: SchemaRef,
    writer: TableWriter<StagedFile>,
}

impl<'s> TapeRows<'s> {
    /// Rows that are kept in memory and written nowhere.
    pub(super) fn kept(money: Money) -> Self {
        Self { file: None, kept: Some(Vec::new()), empty: money.clone(), money }
    }

    /// Rows that are written, if the run is published, and kept if they are joined.
    pub(super) fn written(
        staging: Option<&'s Staging>,
        schema: SchemaRef,
        money: Money,
        is_joined: bool,
    ) -> Result<Self, PipelineError> {
        let file = staging.map(|staging| TapeFile::new(staging, schema)).transpose()?;
        Ok(Self { file, kept: is_joined.then(Vec::new), empty: money.clone(), money })
    }

    /// Closes the file; what it holds, and the rows that were kept.
    pub(super) fn finish(self) -> Result<(Money, Vec<RecordBatch>), PipelineError> {
        if let Some(file) = self.file {
            file.writer.finish()?.finish()?;
        }
        Ok((self.money, self.kept.unwrap_or_default()))
    }
}

impl<'s> TapeFile<'s> {
    fn new(staging: &'s Staging, schema: SchemaRef) -> Result<Self, PipelineError> {
        let sink = staging.create(TAPE, Access::Shared)?;
        let path = staging.folder().join(TAPE);
        let writer = TableWriter::new(TableFormat::Parquet, path, sink, &schema)?;
        Ok(Self { staging, schema, writer })
    }
}

impl Taking for TapeRows<'_> {
    fn take(&mut self, folded: RecordBatch, written: RecordBatch) -> Result<(), PipelineError> {
        self.money.add(&written)?;
        if let Some(file) = &mut self.file {
            file.writer.write(&written)?;
        }
        if let Some(kept) = &mut self.kept {
            kept.push(folded);
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PipelineError> {
        self.money = self.empty.clone();
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        if let Some(TapeFile { staging, schema, writer }) = self.file.take() {
            drop(writer);
            staging.withdraw(TAPE)?;
            self.file = Some(TapeFile::new(staging, schema)?);
        }
        Ok(())
    }
}
