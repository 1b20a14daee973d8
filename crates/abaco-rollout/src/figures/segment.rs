//! Segments as other systems write them.

use std::collections::BTreeMap;

/// The columns and values of a segment: nothing or `total` is the totals, `column=value` pairs are joined by `;`, and one text
/// without `=` is the value of the `default` column.
pub(super) fn segment(text: &str, default: &str) -> Result<BTreeMap<String, String>, String> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("total") {
        return Ok(BTreeMap::new());
    }
    if !text.contains(['=', ';']) {
        return Ok(BTreeMap::from([(default.to_owned(), text.to_owned())]));
    }
    let mut segment = BTreeMap::new();
    for pair in text.split(';') {
        let (column, value) = pair
            .split_once('=')
            .map(|(column, value)| (column.trim(), value.trim()))
            .filter(|(column, _)| !column.is_empty())
            .ok_or_else(|| format!("expected `column=value` pairs joined by `;`, found `{text}`"))?;
        if segment.insert(column.to_owned(), value.to_owned()).is_some() {
            return Err(format!("expected each column once, found `{column}` twice in `{text}`"));
        }
    }
    Ok(segment)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::segment;

    #[rstest]
    #[case("", &[])]
    #[case(" Total ", &[])]
    #[case("Acme", &[("company", "Acme")])]
    #[case("term_band=31-60; company = A=B", &[("company", "A=B"), ("term_band", "31-60")])]
    #[case("company=", &[("company", "")])]
    fn segments(#[case] text: &str, #[case] expected: &[(&str, &str)]) {
        let found = segment(text, "company").unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(column, value)| (&**column, &**value)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[rstest]
    #[case("a=1;b", "expected `column=value` pairs joined by `;`, found `a=1;b`")]
    #[case("=1", "expected `column=value` pairs joined by `;`, found `=1`")]
    #[case("a=1;a=2", "expected each column once, found `a` twice in `a=1;a=2`")]
    fn others_are_refused(#[case] text: &str, #[case] message: &str) {
        assert_eq!(segment(text, "company"), Err(message.to_owned()), "{text}");
    }
}
