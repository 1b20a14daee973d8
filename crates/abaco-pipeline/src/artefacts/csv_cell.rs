//! Cells of CSV files that spreadsheets open.

use std::borrow::Cow;

/// A text that no spreadsheet takes for a formula.
///
/// Text that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or a line feed, or with a full-width form of the
/// four signs, gets an apostrophe in front. A plain negative decimal such as `-1.25` is a number and stays one.
///
/// ```
/// use abaco_pipeline::artefacts::neutralised;
///
/// assert_eq!(neutralised("=HYPERLINK(\"http://a\")"), "'=HYPERLINK(\"http://a\")");
/// assert_eq!(neutralised("-1.25"), "-1.25");
/// assert_eq!(neutralised("-1+1"), "'-1+1");
/// assert_eq!(neutralised("3.31"), "3.31");
/// ```
pub fn neutralised(text: &str) -> Cow<'_, str> {
    if text.starts_with(is_trigger) && !is_negative_decimal(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_trigger(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// A minus, digits, and perhaps a point and more digits.
fn is_negative_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').is_some_and(|number| match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_negative_decimals_are_numbers() {
        for kept in ["", "-1", "-0.00", "-123456789012345678901234567890.5", "a=1", "'=1", "1-2", " =1"] {
            assert_eq!(neutralised(kept), kept);
        }
        for formula in [
            "=1",
            "+1",
            "-",
            "-.5",
            "-1.",
            "-1.2.3",
            "--1",
            "-1e5",
            "-1 ",
            "-1\n",
            "-١",
            "@SUM(A1)",
            "\t1",
            "\r1",
            "\n1",
            "＝1",
            "－1",
            "-1,5",
            "-cmd|' /C calc'!A0",
        ] {
            assert_eq!(neutralised(formula), format!("'{formula}"));
        }
    }
}
