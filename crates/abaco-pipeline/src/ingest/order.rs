//! What happens to the outputs of batches: nothing, or one after the other in the order of the file.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

use super::screened::Before;
use super::threads::locked;
use crate::source::part::Extent;

/// Whether a thread goes on with its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    /// An earlier part has failed, and what comes of this one does not matter any more.
    Leave,
}

/// An output was not taken: the number of its part, and why.
pub(super) type NotTaken<E> = (usize, E);

/// Takes the outputs of all threads. Parts are numbered as they were handed out, from zero.
pub(super) trait Order<O, E>: Sync {
    /// An output of a part; those before it that have not been taken are in `held`.
    fn output(&self, part: usize, held: &mut Vec<O>, output: O) -> Result<Flow, NotTaken<E>>;

    /// A part has ended, with its extent or, where there is none, with an error.
    fn ended(&self, part: usize, held: Vec<O>, extent: Option<Extent>) -> Result<(), NotTaken<E>>;

    /// A thread panics: nobody must wait for it.
    fn abandon(&self);
}

/// Outputs that nobody wants.
pub(super) struct NoOrder;

impl<O, E> Order<O, E> for NoOrder {
    fn output(&self, _: usize, _: &mut Vec<O>, _: O) -> Result<Flow, NotTaken<E>> {
        Ok(Flow::On)
    }

    fn ended(&self, _: usize, _: Vec<O>, _: Option<Extent>) -> Result<(), NotTaken<E>> {
        Ok(())
    }

    fn abandon(&self) {}
}

/// The order of the file. One part has its turn: the earliest that has not ended. Its outputs are taken at once, by the
/// thread that reads it; those of later parts are held until it is theirs, and no more than so many.
pub(super) struct InOrder<O, F> {
    take: Mutex<F>,
    turn: Mutex<Turn<O>>,
    /// The turn has changed, or an output that was held is not any more.
    changed: Condvar,
    most_held: usize,
    parts_passed: usize,
}

struct Turn<O> {
    part: usize,
    /// What lies before it.
    before: Extent,
    /// How many outputs all threads hold.
    held: usize,
    /// Later parts that have ended.
    ended: BTreeMap<usize, Ended<O>>,
    /// The earliest part that has failed.
    failed: Option<usize>,
    abandoned: bool,
}

struct Ended<O> {
    held: Vec<O>,
    extent: Option<Extent>,
}

impl<O, F> InOrder<O, F> {
    /// `before` and `parts_passed` are what lies before the first part.
    pub(super) fn new(take: F, before: Extent, parts_passed: usize, most_held: usize) -> Self {
        let (ended, failed, abandoned) = (BTreeMap::new(), None, false);
        let turn = Mutex::new(Turn { part: 0, before, held: 0, ended, failed, abandoned });
        Self { take: Mutex::new(take), turn, changed: Condvar::new(), most_held, parts_passed }
    }

    /// Takes outputs of the part whose turn it is.
    fn take<E>(
        &self,
        part: usize,
        before: Extent,
        outputs: impl IntoIterator<Item = O>,
    ) -> Result<(), NotTaken<E>>
    where
        F: FnMut(Before, O) -> Result<(), E>,
    {
        let before = Before { part: self.parts_passed + part, rows: before.rows, lines: before.lines };
        let mut take = locked(&self.take);
        let taken = outputs.into_iter().try_for_each(|output| take(before, output));
        drop(take);
        taken.map_err(|error| {
            let mut turn = locked(&self.turn);
            turn.fail(part);
            drop(turn);
            self.changed.notify_all();
            (part, error)
        })
    }
}

impl<O> Turn<O> {
    fn fail(&mut self, part: usize) {
        self.failed = Some(self.failed.map_or(part, |failed| failed.min(part)));
    }

    fn is_over(&self, part: usize) -> bool {
        self.abandoned || self.failed.is_some_and(|failed| failed < part)
    }
}

impl<O: Send, E, F: FnMut(Before, O) -> Result<(), E> + Send> Order<O, E> for InOrder<O, F> {
    fn output(&self, part: usize, held: &mut Vec<O>, output: O) -> Result<Flow, NotTaken<E>> {
        let mut turn = locked(&self.turn);
        loop {
            if turn.is_over(part) {
                return Ok(Flow::Leave);
            }
            if turn.part == part {
                turn.held -= held.len();
                let before = turn.before;
                drop(turn);
                if !held.is_empty() {
                    self.changed.notify_all();
                }
                self.take(part, before, held.drain(..).chain([output]))?;
                return Ok(Flow::On);
            }
            if turn.held < self.most_held {
                turn.held += 1;
                held.push(output);
                return Ok(Flow::On);
            }
            // Whoever has the turn never comes here, so that it moves on.
            turn = self.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ended(&self, part: usize, held: Vec<O>, extent: Option<Extent>) -> Result<(), NotTaken<E>> {
        let mut turn = locked(&self.turn);
        if extent.is_none() {
            turn.fail(part);
            self.changed.notify_all();
        }
        if turn.part != part {
            turn.ended.insert(part, Ended { held, extent });
            return Ok(());
        }
        let mut part = Ended { held, extent };
        loop {
            turn.held -= part.held.len();
            let (number, before) = (turn.part, turn.before);
            drop(turn);
            self.take(number, before, part.held)?;
            let Some(extent) = part.extent else { return Ok(()) };
            turn = locked(&self.turn);
            turn.before.add(extent);
            turn.part += 1;
            self.changed.notify_all();
            let next = turn.part;
            match turn.ended.remove(&next) {
                Some(ended) => part = ended,
                None => return Ok(()),
            }
        }
    }

    fn abandon(&self) {
        locked(&self.turn).abandoned = true;
        self.changed.notify_all();
    }
}
