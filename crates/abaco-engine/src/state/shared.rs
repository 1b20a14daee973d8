//! A large set that several threads add to.

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

    /// Adds groups. Those of a part that another thread has all the while go to `own`: on a busy machine that thread may
    /// not be running, and nobody waits for it.
    pub(crate) fn absorb(&self, source: &impl Source, own: &mut SetState) {
        if source.len() == 0 {
            return;
        }
        let routes = Routes::of(source);
        let add = |index: usize| match self.parts[index].try_lock() {
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Poisoned(part)) => {
                // A thread that panics ends the fold, and nobody sees the set.
                part.into_inner().absorb(source, routes.part(index));
                true
            }
            Ok(mut part) => {
                part.absorb(source, routes.part(index));
                true
            }
        };
        // Threads begin at parts of their own.
        let first = source.hash(0) as usize % PARTS;
        let mut busy: Vec<usize> = (first..PARTS).chain(0..first).filter(|index| !add(*index)).collect();
        busy.retain(|index| !add(*index));
        busy.iter().for_each(|index| own.absorb_some(source, routes.part(*index)));
    }

    /// Moves the groups of a set of the same slots here.
    pub(crate) fn take(&self, set: &mut SetState) {
        let emptied = set.emptied();
        for source in std::mem::replace(set, emptied).into_parts() {
            let routes = Routes::of(&source);
            for (index, part) in self.parts.iter().enumerate() {
                let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
                part.absorb(&source, routes.part(index));
            }
        }
    }
}
