//! Constants: exact, or refused.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// More decimal places or trailing zeros than any decimal of 28 digits can have.
const MAX_EXPONENT: u64 = 64;

/// The number that `text` writes, exactly; `None` if 28 digits cannot hold it or it is no number.
///
/// An exponent moves the point. Zeros behind the last decimal place are no digits: `1.50` is `1.5`.
pub(super) fn number(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        None => (text, 0_i64),
    };
    let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + places.len() == 0 || !all_digits(whole) || !all_digits(places) {
        return None;
    }
    let digits = format!("{whole}{places}");
    let Some(last) = digits.rfind(|digit| digit != '0') else {
        return Some(Decimal::ZERO);
    };
    let significant = &digits[..=last];
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    // What stands behind the last significant digit: zeros of the integer part, or minus the decimal places.
    let shift = point.checked_sub(i64::try_from(last).ok()?)?.checked_sub(1)?;
    if shift.unsigned_abs() > MAX_EXPONENT {
        return None;
    }
    let zeros = usize::try_from(shift.unsigned_abs()).ok()?;
    let plain = if shift >= 0 {
        format!("{significant}{}", "0".repeat(zeros))
    } else {
        let padded = format!("{significant:0>width$}", width = zeros + 1);
        let (whole, places) = padded.split_at(padded.len() - zeros);
        format!("{whole}.{places}")
    };
    Decimal::from_str_exact(&plain).ok()
}

/// The date that `text` writes as `2025-01-31`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shape { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        let cases = [
            ("0", Some("0")),
            ("000", Some("0")),
            ("007", Some("7")),
            ("000000000000000000000000000000000000000000000000000000000000000000001.25", Some("1.25")),
            ("1.50", Some("1.5")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("1e3", Some("1000")),
            ("1.25E+2", Some("125")),
            ("125e-2", Some("1.25")),
            ("0.001e3", Some("1")),
            ("0e999999", Some("0")),
            ("79228162514264337593543950335", Some("79228162514264337593543950335")),
            ("79228162514264337593543950336", None),
            ("0.0000000000000000000000000001", Some("0.0000000000000000000000000001")),
            ("1e-28", Some("0.0000000000000000000000000001")),
            ("1e-29", None),
            ("0.00000000000000000000000000010000", Some("0.0000000000000000000000000001")),
            ("1.00000000000000000000000000001", None),
            ("0.33333333333333333333333333333", None),
            ("1e99999999999999999999", None),
            ("1e9223372036854775807", None),
            ("1e-9223372036854775808", None),
            ("1e", None),
            ("", None),
            (".", None),
            ("1_000", None),
            ("-1", None),
            ("1.2.3", None),
        ];
        for (text, expected) in cases {
            let found = number(text);
            assert_eq!(found, expected.map(|text| text.parse().unwrap()), "{text}");
            assert_eq!(found.map(|number| number.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_written_in_full() {
        assert_eq!(date("2024-02-29"), NaiveDate::from_ymd_opt(2024, 2, 29));
        for text in ["2025-02-29", "2025-1-31", "25-01-31", "2025-01-31 ", "+2025-01-3", "2025/01/31", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
