//! No more requests in a second than were agreed on.

use std::time::{Duration, Instant};

/// Spaces requests evenly.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    gap: Duration,
    free: Option<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: Option<u32>) -> Self {
        let gap =
            per_second.filter(|rate| *rate > 0).map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate);
        Self { gap, free: None }
    }

    /// How long the next request waits; its place is then taken.
    pub(super) fn next(&mut self, now: Instant) -> Duration {
        let start = self.free.map_or(now, |free| free.max(now));
        self.free = Some(start + self.gap);
        start - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spaced_and_a_pause_is_no_credit() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut pace = Pace::new(Some(4));
        assert_eq!([pace.next(start), pace.next(start), pace.next(start)], [ms(0), ms(250), ms(500)]);
        assert_eq!(pace.next(start + ms(600)), ms(150));
        let later = start + Duration::from_secs(9);
        assert_eq!([pace.next(later), pace.next(later)], [ms(0), ms(250)]);
        let mut free = Pace::new(None);
        assert_eq!([free.next(start), free.next(start)], [ms(0), ms(0)]);
    }
}
