//! Rows that are there twice: found by digests of their keys and contents, on disk where memory is too small.
//!
//! Rows of one key with the same content are one row: all but the first are duplicates. Rows of one key with different
//! contents contradict each other: all of them conflict, identical copies among them too, because nobody can tell which
//! one is true.
//!
//! A key is the values of the contract's key columns and its snapshot column; the content is all columns of the contract
//! that the tape has. A row with a NULL in its key has no key: it is compared with none. A row that breaks another rule is
//! compared all the same, since it may be the true one; only one with a cell that could not be read is not.

mod early;
mod print;
mod record;
mod sorter;
mod verdicts;

pub(crate) use self::early::{Early, ReadAgain};
pub(crate) use self::print::digest;
pub use self::print::{Print, RowPrints};
pub use self::sorter::Sorter;
pub use self::verdicts::Verdicts;
