//! `Retry-After`: seconds, or a date.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How long a server asks to be left alone, as of `now`. What cannot be read asks for nothing.
pub(super) fn wait(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are longer than any limit.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let now = DateTime::parse_from_rfc3339("2015-10-21T07:27:00Z").unwrap().with_timezone(&Utc);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let cases = [
            ("120", seconds(120)),
            (" 0 ", seconds(0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", seconds(60)),
            ("Wed, 21 Oct 2015 07:26:00 GMT", seconds(0)),
            ("99999999999999999999999", seconds(u64::MAX)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(wait(text, now), expected, "{text}");
        }
    }
}
