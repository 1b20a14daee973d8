//! Inputs that lie elsewhere: an address is fetched into a private file, which is then read like any other.
//!
//! How it is fetched is for others to say, through [`Fetch`]; this crate opens no connection.

mod address;
mod settings;
mod spool;

use std::fmt;
use std::io::Write;

pub use self::address::{SecretUrl, is_url, without_secrets};
pub use self::settings::HttpSettings;
pub use self::spool::spool;
use crate::Watch;

/// Brings the bytes behind an address.
pub trait Fetch: Send + Sync {
    /// Writes all bytes behind `url` to `into`, or fails; what was written before a failure is of no use.
    ///
    /// # Errors
    /// [`FetchError`], also when `watch` is cancelled.
    fn fetch(&self, url: &str, into: &mut dyn Write, watch: &Watch) -> Result<(), FetchError>;
}

/// Why an address could not be fetched; without user, password, token or query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// What is wrong, in words that may be shown.
    pub message: String,
    /// Whether it may go well another time.
    pub retry: bool,
    /// Whether somebody asked for the end.
    pub cancelled: bool,
}

impl FetchError {
    /// A failure that will be one again.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: false, cancelled: false }
    }

    /// A failure that may pass.
    pub fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: true, cancelled: false }
    }

    /// Somebody asked for the end.
    pub fn cancelled() -> Self {
        Self { message: "the run was cancelled".to_owned(), retry: false, cancelled: true }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FetchError {}
