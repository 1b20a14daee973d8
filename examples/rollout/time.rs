//! A clock that is set, so that four weeks pass in a minute.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

static NOW: AtomicI64 = AtomicI64::new(0);

/// What time it is; each time it is asked a second later, since no two things happen at once.
pub(crate) fn now() -> DateTime<Utc> {
    let seconds = NOW.fetch_add(1, Ordering::SeqCst);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// It is eight in the morning of this day.
pub(crate) fn morning_of(day: NaiveDate) {
    let morning = day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(8);
    NOW.store(morning.timestamp(), Ordering::SeqCst);
}

/// Hours pass.
pub(crate) fn pass(hours: i64) {
    NOW.fetch_add(hours * 3600, Ordering::SeqCst);
}
