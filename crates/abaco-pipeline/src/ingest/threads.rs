//! Reading on all threads: each decodes parts of the tape and adds them where they were decoded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::order::{Flow, Order};
use super::{FoldError, IngestReport, Screened, TapeReader};
use crate::source::ColumnReader;
use crate::source::part::{Digested, Extent, Part, Parts};
use crate::source::refused::Refusals;
use crate::{PipelineError, Watch};

/// How the parts are read.
pub(super) struct Reading<'a> {
    /// Whether refused rows stay in their batches.
    pub(super) screened: bool,
    pub(super) watch: &'a Watch,
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
    /// Reads the rest of the tape: adds batches on all threads, takes their outputs in order, and merges the states.
    pub(super) fn on_all_threads<S: Send, O: Send, E: Send>(
        mut self,
        reading: &Reading<'_>,
        empty: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, Screened) -> Result<O, E> + Sync,
        merge: impl Fn(&mut S, S) -> Result<(), E>,
        order: &impl Order<O, E>,
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
        let worker = Worker {
            reading,
            columns: &self.columns,
            parts_passed: self.parts_passed,
            handout: &handout,
            findings: &findings,
            stop: &stop,
            order,
        };
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads() {
                scope.spawn(|_| worker.run(&empty, &add));
            }
            if apart {
                scope.spawn(|_| {
                    let stop = || stop.load(Ordering::Relaxed) || reading.watch.is_cancelled();
                    let digest = self.input.digest(stop);
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
        let digest = digest.transpose()?;
        if matches!(digest, Some(None)) {
            return Err(PipelineError::Cancelled.into());
        }
        self.complete(digest.flatten())?;
        Ok((merged.unwrap_or_else(empty), self.report))
    }
}

/// What a thread needs to read parts.
struct Worker<'a, S, E, R> {
    reading: &'a Reading<'a>,
    columns: &'a [ColumnReader],
    parts_passed: usize,
    handout: &'a Mutex<Handout<'a>>,
    findings: &'a Mutex<Findings<S, E>>,
    /// Set once a part has failed: no more are handed out, and those before it are completed.
    stop: &'a AtomicBool,
    order: &'a R,
}

impl<S, E, R> Worker<'_, S, E, R> {
    fn run<O>(&self, empty: &impl Fn() -> S, add: &impl Fn(&mut S, Screened) -> Result<O, E>)
    where
        R: Order<O, E>,
    {
        let _guard = OnPanic(|| {
            self.stop.store(true, Ordering::Relaxed);
            self.order.abandon();
        });
        let mut own = None;
        while let Some((index, part)) = self.next_part::<O>() {
            let (state, columns) = own.get_or_insert_with(|| {
                (empty(), self.columns.iter().map(ColumnReader::fresh).collect::<Vec<_>>())
            });
            let mut held = Vec::new();
            let read = self.read_part(index, part, columns, &mut held, |batch| add(state, batch));
            let failed = match read {
                Ok(Some(extent)) => {
                    let mut findings = locked(self.findings);
                    if findings.extents.len() <= index {
                        findings.extents.resize(index + 1, Extent::default());
                    }
                    findings.extents[index] = extent;
                    drop(findings);
                    self.end(index, held, Some(extent))
                }
                Ok(None) => true,
                Err(failure) => {
                    self.fail(failure);
                    self.end(index, held, None)
                }
            };
            if failed {
                return;
            }
        }
        if let Some(own) = own {
            locked(self.findings).read.push(own);
        }
    }

    fn next_part<O>(&self) -> Option<(usize, Box<dyn Part>)>
    where
        R: Order<O, E>,
    {
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
                drop(handout);
                self.fail(Failure { part: index, error: error.into(), of_output: false });
                self.end(index, Vec::<O>::new(), None);
                None
            }
        }
    }

    /// Reads a part to its end; `None` if it need not be, because an earlier one has failed. Rows and lines in an error
    /// count from its beginning.
    fn read_part<O>(
        &self,
        index: usize,
        mut part: Box<dyn Part>,
        columns: &mut [ColumnReader],
        held: &mut Vec<O>,
        mut add: impl FnMut(Screened) -> Result<O, E>,
    ) -> Result<Option<Extent>, Failure<E>>
    where
        R: Order<O, E>,
    {
        let failure = |error| Failure { part: index, error, of_output: false };
        let mut refusals = if self.reading.screened { Refusals::Kept(Vec::new()) } else { Refusals::End };
        loop {
            if self.reading.watch.is_cancelled() {
                return Err(failure(PipelineError::Cancelled.into()));
            }
            let rows_before = part.extent().rows;
            let batch = part.next_batch(columns, &mut refusals).map_err(|error| failure(error.into()))?;
            let Some(batch) = batch else { return Ok(Some(part.extent())) };
            self.reading.watch.add_rows(part.extent().rows - rows_before);
            let refused = refusals.take();
            let screened = Screened { part: self.parts_passed + index, rows_before, batch, refused };
            let output = add(screened).map_err(|source| failure(FoldError::Batch { rows_before, source }))?;
            match self.order.output(index, held, output).map_err(Failure::of_output)? {
                Flow::On => {}
                Flow::Leave => return Ok(None),
            }
        }
    }

    /// Ends a part; whether something has failed by that.
    fn end<O>(&self, index: usize, held: Vec<O>, extent: Option<Extent>) -> bool
    where
        R: Order<O, E>,
    {
        match self.order.ended(index, held, extent) {
            Ok(()) => extent.is_none(),
            Err(not_taken) => {
                self.fail(Failure::of_output(not_taken));
                true
            }
        }
    }

    fn fail(&self, failure: Failure<E>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut findings = locked(self.findings);
        let earlier = match &findings.failed {
            None => true,
            // The outputs of a part that are still held come before the place where it failed.
            Some((earliest, _)) => {
                failure.part < *earliest || (failure.part == *earliest && failure.of_output)
            }
        };
        if earlier {
            findings.failed = Some((failure.part, failure.error));
        }
    }
}

/// What went wrong in a part.
struct Failure<E> {
    part: usize,
    error: FoldError<E>,
    /// An output was not taken.
    of_output: bool,
}

impl<E> Failure<E> {
    fn of_output((part, source): (usize, E)) -> Self {
        Self { part, error: FoldError::Batch { rows_before: 0, source }, of_output: true }
    }
}

/// Stops the other threads where a closure panics: the scope waits for them before the panic goes on.
struct OnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}

/// A thread that panicked left nothing half-done: its panic ends the reading anyway.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
