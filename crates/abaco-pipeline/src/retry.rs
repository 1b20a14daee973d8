//! How often something is tried again, and how long apart.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The longest wait between two tries, before jitter.
const LONGEST: Duration = Duration::from_secs(60);

/// How often something that failed is tried again: each wait is twice the one before, and longer by a random part of itself.
///
/// ```
/// use std::time::Duration;
///
/// let waits: Vec<Duration> = abaco_pipeline::Retry::default().waits().collect();
/// assert_eq!(waits.len(), 3);
/// assert!(waits[1] >= Duration::from_secs(3) && waits[1] <= Duration::from_secs(6));
/// assert_eq!(abaco_pipeline::Retry::never().waits().count(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first wait, before jitter.
    pub base: Duration,
    /// How often it is tried again after the first time.
    pub times: usize,
}

impl Default for Retry {
    /// Three more tries, the first after a second and a half.
    fn default() -> Self {
        Self { base: Duration::from_millis(1_500), times: 3 }
    }
}

impl Retry {
    /// One try only.
    pub const fn never() -> Self {
        Self { base: Duration::ZERO, times: 0 }
    }

    /// So many more tries, without a wait.
    pub const fn at_once(times: usize) -> Self {
        Self { base: Duration::ZERO, times }
    }

    /// The waits before each further try.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.base)
            .with_max_delay(LONGEST)
            .with_max_times(self.times)
            .with_jitter()
            .build()
    }
}
