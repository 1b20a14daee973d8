//! Deliveries of published runs: what an output still has to get lies in `.outbox/` beside the runs until it has got it.
//!
//! A run is published first and delivered afterwards, so an output that is down never costs a run. Sealing a run writes an
//! [`entry`] for each output; [`Outbox::send`] tries them, and a failed one stays with its reason for another time.

mod entry;
mod queue;
mod run;
mod settings;

use std::fmt;

pub use self::entry::{Entry, entry};
pub use self::queue::{Outbox, Sent};
pub use self::run::{PublishedFile, PublishedRun};
pub use self::settings::{OutputSettings, Tls, check, load, output_kind};

/// Brings a published run to where it is wanted.
///
/// To deliver a run twice must change nothing: who is killed after delivering delivers again.
pub trait Deliver: Send + Sync {
    /// Delivers the run whole or not at all.
    ///
    /// # Errors
    /// [`DeliveryError`], which says whether another try may help.
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError>;
}

/// Why a run was not delivered; the message holds no user, password or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    /// What is wrong, in words that may be shown.
    pub message: String,
    /// Whether it may go well another time.
    pub retry: bool,
}

impl DeliveryError {
    /// A failure that may pass.
    pub fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: true }
    }

    /// A failure that stays until somebody acts.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: false }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DeliveryError {}
