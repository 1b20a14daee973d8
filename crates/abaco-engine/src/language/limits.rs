//! Limits on a text, so that no configuration file exhausts the stack or the memory.
//!
//! The recursion of the parser, and of everything that walks its trees later, is at most [`MAX_DEPTH`] levels of
//! nesting plus [`MAX_CHAIN`] operators: `a + b + c` is a tree that leans to the left, one level per operator.

use std::fmt::Display;

use sqlparser::tokenizer::Location;

use super::LanguageError;

/// The longest text, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The deepest nesting: parentheses, arguments, the parts of a `CASE`, signs and `NOT` each open one level.
///
/// The worst text of this depth takes 1.4 MiB of stack in an unoptimised build.
pub const MAX_DEPTH: usize = 64;

/// The most `+`, `-`, `*` and `/` in one text.
pub const MAX_CHAIN: usize = 1_000;

/// The most constants, columns, operators and calls in one text.
pub const MAX_NODES: usize = 16_384;

/// What a text has used up so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    depth: usize,
    chain: usize,
    nodes: usize,
    bytes: usize,
    repeats: bool,
}

impl Budget {
    pub(super) fn of(text: &str) -> Self {
        Self { bytes: text.len(), ..Self::default() }
    }

    /// Counts a part that the tree repeats or takes from elsewhere as if the text had written it out.
    ///
    /// Otherwise twenty definitions that each name the one before them twice would be a tree of a million parts.
    pub(super) fn written_out(&mut self, part: &dyn Display, place: Location) -> Result<(), LanguageError> {
        self.repeats = true;
        self.bytes = self.bytes.saturating_add(part.to_string().len());
        limit(self.bytes, MAX_TEXT_BYTES, "bytes once everything that it names is written out", place)
    }

    /// Whether the tree has parts that the text does not.
    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }

    pub(super) fn check_text(text: &str) -> Result<(), LanguageError> {
        if text.len() > MAX_TEXT_BYTES {
            let message = format!("the text has {} bytes; at most {MAX_TEXT_BYTES} are allowed", text.len());
            return Err(LanguageError::at(Location::new(1, 1), message));
        }
        Ok(())
    }

    /// Opens a level of nesting; call it before recursing.
    pub(super) fn enter(&mut self, place: Location) -> Result<(), LanguageError> {
        self.depth += 1;
        limit(self.depth, MAX_DEPTH, "levels of nesting", place)
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn node(&mut self, place: Location) -> Result<(), LanguageError> {
        self.nodes += 1;
        limit(self.nodes, MAX_NODES, "parts", place)
    }

    pub(super) fn operator(&mut self, place: Location) -> Result<(), LanguageError> {
        self.chain += 1;
        limit(self.chain, MAX_CHAIN, "operators", place)
    }
}

fn limit(used: usize, allowed: usize, what: &str, place: Location) -> Result<(), LanguageError> {
    if used > allowed {
        return Err(LanguageError::at(place, format!("the text has more than {allowed} {what}")));
    }
    Ok(())
}
