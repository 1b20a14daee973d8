//! A host that is down is left alone for a while.

use std::time::{Duration, Instant};

/// Counts failed fetches in a row of one host. Closed, it lets everybody through; open, nobody; then one, who decides.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    limit: u32,
    open: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One is on its way, and will be as long as an open breaker would be at most.
    Trial {
        until: Instant,
    },
}

impl Breaker {
    pub(super) fn new(limit: u32, open: Duration) -> Self {
        Self { limit, open, state: State::Closed { failures: 0 } }
    }

    /// Whether a fetch may begin; if not, how long it is until one may.
    pub(super) fn allow(&mut self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } | State::Trial { until } if now < until => Err(until - now),
            State::Open { .. } | State::Trial { .. } => {
                self.state = State::Trial { until: now + self.open };
                Ok(())
            }
        }
    }

    /// The host has answered.
    pub(super) fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The host has not answered, or said that it cannot.
    pub(super) fn failed(&mut self, now: Instant) {
        let failures = match self.state {
            State::Closed { failures } => failures.saturating_add(1),
            State::Open { .. } | State::Trial { .. } => self.limit,
        };
        self.state = if failures >= self.limit {
            State::Open { until: now + self.open }
        } else {
            State::Closed { failures }
        };
    }

    /// Nobody knows: the next one finds out.
    pub(super) fn abandoned(&mut self, now: Instant) {
        if let State::Trial { .. } = self.state {
            self.state = State::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn three_failures_in_a_row_open_it_and_one_trial_decides() {
        let start = Instant::now();
        let mut breaker = Breaker::new(3, 120 * SECOND);
        for _ in 0..2 {
            assert_eq!(breaker.allow(start), Ok(()));
            breaker.failed(start);
        }
        // A success in between begins the count again.
        breaker.succeeded();
        for _ in 0..3 {
            assert_eq!(breaker.allow(start), Ok(()));
            breaker.failed(start);
        }
        assert_eq!(breaker.allow(start), Err(120 * SECOND));
        assert_eq!(breaker.allow(start + 119 * SECOND), Err(SECOND));
        let later = start + 120 * SECOND;
        assert_eq!(breaker.allow(later), Ok(()));
        // While one tries, the others wait.
        assert_eq!(breaker.allow(later), Err(120 * SECOND));
        breaker.failed(later);
        assert_eq!(breaker.allow(later + 119 * SECOND), Err(SECOND));
        let later = later + 120 * SECOND;
        assert_eq!(breaker.allow(later), Ok(()));
        breaker.succeeded();
        assert_eq!(breaker.allow(later), Ok(()));
        breaker.failed(later);
        assert_eq!(breaker.allow(later), Ok(()));
    }

    #[test]
    fn a_trial_that_nobody_ended_does_not_block_for_ever() {
        let start = Instant::now();
        let mut breaker = Breaker::new(1, 120 * SECOND);
        breaker.failed(start);
        let later = start + 120 * SECOND;
        assert_eq!(breaker.allow(later), Ok(()));
        breaker.abandoned(later);
        assert_eq!(breaker.allow(later), Ok(()));
        assert_eq!(breaker.allow(later + 120 * SECOND), Ok(()));
    }
}
