//! Reading on all threads: each decodes parts of the tape and folds them where they were decoded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow::record_batch::RecordBatch;

use super::{IngestReport, TapeReader};
use crate::PipelineError;
use crate::source::ColumnReader;
use crate::source::part::{Digested, Extent, Part, Parts};

/// Why a tape could not be folded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError<E> {
    /// The tape was refused.
    #[error(transparent)]
    Tape(#[from] PipelineError),
    /// A batch could not be added.
    #[error("in the batch behind row {rows_before}: {source}")]
    Batch {
        /// Rows of the tape before the batch.
        rows_before: u64,
        /// What the closure returned.
        source: E,
    },
    /// Two states could not be merged.
    #[error("{0}")]
    Merge(E),
}

impl<E> FoldError<E> {
    fn behind(self, before: Extent) -> Self {
        match self {
            Self::Tape(error) => Self::Tape(error.behind(before)),
            Self::Batch { rows_before, source } => {
                Self::Batch { rows_before: rows_before + before.rows, source }
            }
            Self::Merge(source) => Self::Merge(source),
        }
    }
}

/// What is handed out to the threads, in the order of the file.
struct Handout<'a> {
    /// The part that an iterator had begun.
    first: Option<Box<dyn Part>>,
    parts: &'a mut dyn Parts,
    next: usize,
}

/// What the threads have found out.
struct Findings<S, E> {
    /// States and columns of the threads that read something.
    read: Vec<(S, Vec<ColumnReader>)>,
    /// The size of each part that was read to its end.
    extents: Vec<Extent>,
    /// The error of the earliest part that has one.
    failed: Option<(usize, FoldError<E>)>,
    digest: Option<Result<Option<Digested>, PipelineError>>,
}

impl TapeReader {
    /// Reads the rest of the tape on the threads of the current rayon pool, and folds each batch where it was
    /// decoded.
    ///
    /// Each thread has one state, and reads one part of the tape at a time: a row group, a chunk of text, an IPC
    /// batch. So memory does not grow with the number of parts. Which batches meet in a state, and in which order, is not determined, and `merge`
    /// must not depend on it; the report is that of a reader on one thread. After the iterator's end there is no rest, and
    /// after its error there is no result.
    ///
    /// # Errors
    /// The error of the earliest row that has one, whatever the number of threads; what `add` and `merge` return.
    ///
    /// ```
    /// use abaco_pipeline::contract::Contract;
    /// use abaco_pipeline::ingest::{self, IngestOptions, Needed};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = "contract: c\nversion: 1\ncurrency: USD\ncolumns: { x: { type: int } }";
    /// let contract = Contract::from_yaml_str(text, "c.yml")?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tape.csv");
    /// std::fs::write(&path, "x\n1\n2\n3\n")?;
    /// let tape = ingest::open(&path, &contract, &Needed::all(), &IngestOptions::default())?;
    /// let (rows, report) = tape.fold(
    ///     || 0,
    ///     |rows, batch| Ok::<(), std::convert::Infallible>(*rows += batch.num_rows()),
    ///     |rows, others| Ok(*rows += others),
    /// )?;
    /// assert_eq!((rows, report.rows), (3, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fold<S: Send, E: Send>(
        mut self,
        empty: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &RecordBatch) -> Result<(), E> + Sync,
        merge: impl Fn(&mut S, S) -> Result<(), E>,
    ) -> Result<(S, IngestReport), FoldError<E>> {
        if self.refused {
            let before = std::io::Error::other("the tape was refused before");
            return Err(PipelineError::input(&self.input.path, before).into());
        }
        if self.done {
            return Ok((empty(), self.report));
        }
        let apart = self.digest && !self.parts.in_order();
        let handout = Mutex::new(Handout { first: self.part.take(), parts: &mut *self.parts, next: 0 });
        let findings =
            Mutex::new(Findings { read: Vec::new(), extents: Vec::new(), failed: None, digest: None });
        let stop = AtomicBool::new(false);
        let worker = Worker { columns: &self.columns, handout: &handout, findings: &findings, stop: &stop };
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads() {
                scope.spawn(|_| worker.run(&empty, &add));
            }
            if apart {
                scope.spawn(|_| {
                    let digest = self.input.digest(&stop);
                    locked(&findings).digest = Some(digest);
                });
            }
        });
        let Findings { read, extents, failed, digest } =
            findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let base = self.before;
        let before = |part: usize| {
            extents.iter().take(part).fold(base, |mut before, extent| {
                before.add(*extent);
                before
            })
        };
        if let Some((part, error)) = failed {
            return Err(error.behind(before(part)));
        }
        self.before = before(extents.len());
        let mut merged = None;
        for (state, columns) in read {
            match &mut merged {
                None => merged = Some(state),
                Some(merged) => merge(merged, state).map_err(FoldError::Merge)?,
            }
            for (column, other) in self.columns.iter_mut().zip(&columns) {
                column.counters.add(&other.counters);
            }
        }
        self.report.update(self.before.rows, &self.columns);
        self.complete(digest.transpose()?.flatten())?;
        Ok((merged.unwrap_or_else(empty), self.report))
    }
}

/// What a thread needs to read parts.
struct Worker<'a, S, E> {
    columns: &'a [ColumnReader],
    handout: &'a Mutex<Handout<'a>>,
    findings: &'a Mutex<Findings<S, E>>,
    /// Set once a part has failed: no more are handed out, and those before it are completed.
    stop: &'a AtomicBool,
}

impl<S, E> Worker<'_, S, E> {
    fn run(&self, empty: &impl Fn() -> S, add: &impl Fn(&mut S, &RecordBatch) -> Result<(), E>) {
        let _guard = StopOnPanic(self.stop);
        let mut own = None;
        while let Some((index, part)) = self.next_part() {
            let (state, columns) = own.get_or_insert_with(|| {
                (empty(), self.columns.iter().map(ColumnReader::fresh).collect::<Vec<_>>())
            });
            match read_part(part, columns, |batch| add(state, batch)) {
                Ok(extent) => {
                    let mut findings = locked(self.findings);
                    if findings.extents.len() <= index {
                        findings.extents.resize(index + 1, Extent::default());
                    }
                    findings.extents[index] = extent;
                }
                Err(error) => return self.fail(index, error),
            }
        }
        if let Some(own) = own {
            locked(self.findings).read.push(own);
        }
    }

    fn next_part(&self) -> Option<(usize, Box<dyn Part>)> {
        let mut handout = locked(self.handout);
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let index = handout.next;
        let next = match handout.first.take() {
            Some(first) => Ok(Some(first)),
            None => handout.parts.next_part(),
        };
        match next {
            Ok(part) => {
                handout.next += usize::from(part.is_some());
                part.map(|part| (index, part))
            }
            Err(error) => {
                self.fail(index, error.into());
                None
            }
        }
    }

    fn fail(&self, index: usize, error: FoldError<E>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut findings = locked(self.findings);
        if findings.failed.as_ref().is_none_or(|(earliest, _)| index < *earliest) {
            findings.failed = Some((index, error));
        }
    }
}

/// Stops the other threads where a closure panics: the scope waits for them before the panic goes on.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Reads a part to its end; rows and lines in an error count from its beginning.
fn read_part<E>(
    mut part: Box<dyn Part>,
    columns: &mut [ColumnReader],
    mut add: impl FnMut(&RecordBatch) -> Result<(), E>,
) -> Result<Extent, FoldError<E>> {
    loop {
        let rows_before = part.extent().rows;
        match part.next_batch(columns)? {
            Some(batch) => add(&batch).map_err(|source| FoldError::Batch { rows_before, source })?,
            None => return Ok(part.extent()),
        }
    }
}

/// A thread that panicked left nothing half-done: its panic ends the fold anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
