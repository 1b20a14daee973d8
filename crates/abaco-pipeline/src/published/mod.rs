//! Published runs as those who come later see them: the lines of the ledger, and a run whose files are what they were.

mod folder;
mod list;

pub(crate) use self::folder::{Fault, digest_of, open};
pub(crate) use self::list::{Listed, listed};
