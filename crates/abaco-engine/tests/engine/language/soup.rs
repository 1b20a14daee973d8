//! Texts that are not of the language: whatever they are, they are refused in an orderly way.

use std::fmt::{Debug, Display};

use abaco_engine::{LanguageError, parse_formula, parse_formula_with, parse_predicate, parse_row_expr};
use proptest::prelude::*;

use super::strategies::{expressions, formulas, literals, predicates};

/// What may be put into a text.
const PIECES: &[&str] = &[
    "(",
    ")",
    "-",
    "--",
    "/",
    ",",
    "'",
    "\"",
    "NOT ",
    "AND ",
    " IN (",
    "CASE ",
    "END",
    "NULL",
    "IS ",
    "1e9",
    ";",
    "DATE ",
    "::",
    "%",
    "\u{0}",
    "é",
    ".",
    "0x",
    " BETWEEN ",
    "SELECT ",
    "/*",
    "SUM(",
    "SUM_TOP(2, ",
    " FILTER (WHERE ",
    "COUNT(*)",
    "COUNT(DISTINCT ",
    "AVG(",
    "LAG(",
    "POWER(",
    "ROUND(",
    "COALESCE(",
    "TOTAL(",
    "KPI(",
    "(SELECT SUM(",
    " FROM (SELECT ",
    " AS ",
    " FROM tape GROUP BY ",
    "dpd",
    "12",
    " * ",
];

/// One small change to a text: a piece cut out, doubled, or replaced by a word of the language.
fn mutated() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        expressions().prop_map(|expr| expr.to_string()),
        predicates(expressions().boxed(), literals().boxed()).prop_map(|predicate| predicate.to_string()),
        formulas().prop_map(|formula| formula.to_string()),
    ];
    (text, any::<prop::sample::Index>(), 0..6_usize, prop::sample::select(PIECES), 0..3_u8).prop_map(
        |(text, at, length, word, kind)| {
            let letters: Vec<char> = text.chars().collect();
            let from = at.index(letters.len() + 1);
            let to = (from + length).min(letters.len());
            let [before, cut, after] = [&letters[..from], &letters[from..to], &letters[to..]]
                .map(|part| part.iter().collect::<String>());
            match kind {
                0 => format!("{before}{after}"),
                1 => format!("{before}{cut}{cut}{after}"),
                _ => format!("{before}{word}{after}"),
            }
        },
    )
}

/// Pieces in any order.
fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// Whatever is accepted prints to a text that means the same, and nothing panics.
fn survives(text: &str) -> Result<(), TestCaseError> {
    let errors = [
        read_again(text, parse_row_expr)?,
        read_again(text, parse_predicate)?,
        read_again(text, parse_formula)?,
        read_again(text, |text| parse_formula_with(text, &|_| None))?,
    ];
    for error in errors.into_iter().flatten() {
        let lines = text.chars().filter(|letter| *letter == '\n' || *letter == '\r').count() as u64 + 1;
        prop_assert!((1..=lines).contains(&error.line()) && error.column() >= 1, "{} {}", error, text);
        prop_assert!(!error.message().is_empty() && !error.message().ends_with('.'), "{}", error);
    }
    Ok(())
}

fn read_again<T: Display + Debug + PartialEq>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, LanguageError>,
) -> Result<Option<LanguageError>, TestCaseError> {
    match parse(text) {
        Ok(tree) => {
            prop_assert_eq!(parse(&tree.to_string()), Ok(tree), "{}", text);
            Ok(None)
        }
        Err(error) => Ok(Some(error)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        survives(&text)?;
    }

    #[test]
    fn a_broken_text_is_parsed_or_refused(text in mutated()) {
        survives(&text)?;
    }

    #[test]
    fn a_soup_of_pieces_is_parsed_or_refused(text in soup()) {
        survives(&text)?;
    }
}

#[test]
fn statements_and_long_texts_are_refused() {
    let statements = [
        "SELECT * FROM loans",
        "SUM(balance); DROP TABLE loans",
        "SUM(balance) UNION SELECT 1",
        "SUM(balance) -- all of it",
        "(SELECT SUM(b) FROM loans)",
        "(SELECT SUM(b) FROM (SELECT SUM(balance) AS b FROM tape JOIN x GROUP BY borrower_id))",
        "SUM((SELECT 1))",
        "1 = 1 OR SUM(balance)",
        "SUM(balance) INTO OUTFILE 'x'",
        "EXEC xp_cmdshell('dir')",
        "UPDATE loans SET balance = 0",
        "pg_sleep(10)",
    ];
    for text in statements {
        assert!(parse_formula(text).is_err(), "{text}");
    }
    for text in ["(", "x", "é", "SUM(", "- ", "1+", "KPI(", "'", "\"", "(SELECT SUM(", "\u{0}", "\n"] {
        let text = text.repeat((1 << 20) / text.len());
        let error = parse_formula(&text).unwrap_err();
        assert_eq!(error.message(), format!("the text has {} bytes; at most 65536 are allowed", text.len()));
    }
}
