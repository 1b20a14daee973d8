//! A large set that several threads add to.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError, TryLockError};

use super::set::{PARTS, Part, Routes, SetState, Source};

/// The parts of a large set, each to be had by one thread at a time.
///
/// With a set of its own each thread would meet nearly all groups, and merging as many sets as there are threads would
/// take longer than adding to one.
pub(crate) struct SharedSet {
    arity: usize,
    parts: Vec<Mutex<Part>>,
}

impl SharedSet {
    pub(crate) fn new(mut set: SetState) -> Self {
        set.take_apart();
        let arity = set.arity();
        Self { arity, parts: set.into_parts().into_iter().map(Mutex::new).collect() }
    }

    pub(crate) fn into_set(self) -> SetState {
        let parts =
            self.parts.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        SetState::of_parts(self.arity, parts.collect())
    }

    pub(crate) fn absorb(&self, source: &impl Source) {
        if source.len() == 0 {
            return;
        }
        let routes = Routes::of(source);
        let mut waiting: VecDeque<usize> = (0..PARTS).collect();
        // Threads begin at parts of their own.
        waiting.rotate_left(source.hash(0) as usize % PARTS);
        let mut refused = 0;
        while let Some(index) = waiting.pop_front() {
            let part = match self.parts[index].try_lock() {
                Err(TryLockError::WouldBlock) if refused < waiting.len() => {
                    refused += 1;
                    waiting.push_back(index);
                    continue;
                }
                Err(TryLockError::WouldBlock) => self.parts[index].lock(),
                Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
                Ok(part) => Ok(part),
            };
            refused = 0;
            // A thread that panics ends the fold, and nobody sees the set.
            part.unwrap_or_else(PoisonError::into_inner).absorb(source, routes.part(index));
        }
    }

    /// Moves the groups of a set of the same slots here.
    pub(crate) fn take(&self, set: &mut SetState) {
        let emptied = set.emptied();
        std::mem::replace(set, emptied).into_parts().iter().for_each(|part| self.absorb(part));
    }
}
