//! A tape that is being read, batch by batch.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::PipelineError;
use crate::source::part::{Digested, Extent, Part, Parts, Passed};
use crate::source::refused::Refusals;
use crate::source::{ColumnReader, IngestReport, Input};

/// A stream of batches; the report is complete once it is exhausted.
///
/// - The schema has the needed columns of the contract that the file has, under their canonical names and in the
///   order of the contract. It is the same for every format of the same tape.
/// - Every value lies within its column's declared precision, which Arrow itself does not enforce.
/// - Null slots hold zero; in a dictionary, the code zero.
/// - The dictionaries of two batches may differ, and may hold texts that no row of the batch has.
///
/// After an error the stream ends. As an iterator it reads on the caller's thread; [`fold`](Self::fold) and
/// [`screen`](Self::screen) read on all.
pub struct TapeReader {
    pub(super) input: Arc<Input>,
    schema: SchemaRef,
    pub(super) parts: Box<dyn Parts>,
    /// The part that the iterator is in.
    pub(super) part: Option<Box<dyn Part>>,
    /// How many parts the iterator has passed.
    pub(super) parts_passed: usize,
    pub(super) columns: Vec<ColumnReader>,
    /// What lies before `part`, or before the next one.
    pub(super) before: Extent,
    pub(super) report: IngestReport,
    pub(super) digest: bool,
    /// The iterator has come to its end, or to an error.
    pub(super) done: bool,
    /// It was an error.
    pub(super) refused: bool,
}

impl TapeReader {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What has been read so far.
    pub fn report(&self) -> &IngestReport {
        &self.report
    }

    /// The report, once the batches have been read.
    pub fn into_report(self) -> IngestReport {
        self.report
    }

    pub(super) fn new(
        input: Arc<Input>,
        schema: SchemaRef,
        parts: Box<dyn Parts>,
        columns: Vec<ColumnReader>,
        before: Extent,
        report: IngestReport,
        digest: bool,
    ) -> Self {
        Self {
            input,
            schema,
            parts,
            part: None,
            parts_passed: 0,
            columns,
            before,
            report,
            digest,
            done: false,
            refused: false,
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, PipelineError> {
        loop {
            let Some(part) = &mut self.part else {
                let next = self.parts.next_part().map_err(|error| error.behind(self.before))?;
                match next {
                    Some(part) => self.part = Some(part),
                    None => {
                        self.complete(None)?;
                        return Ok(None);
                    }
                }
                continue;
            };
            let batch = part.next_batch(&mut self.columns, &mut Refusals::End);
            let batch = batch.map_err(|error| error.behind(self.before))?;
            let extent = part.extent();
            self.report.update(self.before.rows + extent.rows, &self.columns);
            if batch.is_some() {
                // The sooner the better: whoever stops early should not have worked with a mixture.
                self.input.check_unchanged()?;
                return Ok(batch);
            }
            self.before.add(extent);
            self.part = None;
            self.parts_passed += 1;
        }
    }

    /// Completes the report behind the last part, with the file's digest if it was taken already.
    pub(super) fn complete(&mut self, taken: Option<Digested>) -> Result<(), PipelineError> {
        let digested = match (self.parts.passed(), taken) {
            (Passed::InOrder(digested), _) | (Passed::Apart, Some(digested)) => Some(digested),
            (Passed::Apart, None) if self.digest => self.input.digest(|| false)?,
            (Passed::Apart, None) => None,
        };
        self.input.check_unchanged()?;
        self.report.complete(digested.unwrap_or(Digested { sha256: None, bytes: self.input.bytes() }));
        Ok(())
    }
}

impl std::fmt::Debug for TapeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TapeReader").field("schema", &self.schema).field("report", &self.report).finish()
    }
}

impl Iterator for TapeReader {
    type Item = Result<RecordBatch, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_batch().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        self.refused = matches!(next, Some(Err(_)));
        next
    }
}

impl std::iter::FusedIterator for TapeReader {}
