//! Time, so that a test can have its own.

use std::fmt;
use std::time::{Duration, Instant};

/// A clock that can be waited by.
pub trait Clock: fmt::Debug + Send + Sync {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Waits.
    fn sleep(&self, wait: Duration);
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }
}
