//! Limits on depth, length and number, on a small stack.

use abaco_engine::{
    MAX_CHAIN, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, parse_formula, parse_formula_with, parse_predicate,
    parse_row_expr,
};
use abaco_kpi::{Formula, Predicate, count};

#[test]
fn limits_hold_on_a_small_stack() {
    // What opens a level, what closes it, and how many levels it opens.
    let openers = [
        ("(", ")", 1),
        ("- ", "", 1),
        ("NOT ", "", 1),
        ("NOT (", ")", 2),
        ("LEAST(", ")", 1),
        ("a + LEAST(b, 1 * ", ")", 1),
        ("CASE WHEN a THEN ", " END", 1),
        ("CASE WHEN a OR b AND c = d + e * ", " THEN a END", 1),
    ];
    let check = move || {
        for (open, close, levels) in openers {
            let nested =
                |depth: usize, close: &str| format!("{}a{}", open.repeat(depth), close.repeat(depth));
            let allowed = parse_predicate(&nested(MAX_DEPTH / levels, close));
            assert!(allowed.is_ok(), "{open} {allowed:?}");
            // An unfinished text must be refused as quickly as a finished one.
            for close in [close, ""] {
                for depth in [MAX_DEPTH / levels + 1, 500, 1_000] {
                    let error = parse_predicate(&nested(depth, close)).expect_err(open);
                    assert_eq!(
                        error.message(),
                        "the text has more than 64 levels of nesting",
                        "{open} {depth}"
                    );
                }
            }
        }
        let sum = |terms: usize| vec!["a"; terms].join(" + ");
        let expr = parse_row_expr(&sum(MAX_CHAIN + 1)).unwrap();
        assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr));
        let error = parse_row_expr(&sum(MAX_CHAIN + 2)).unwrap_err();
        assert_eq!(error.message(), "the text has more than 1000 operators");
    };
    std::thread::Builder::new().stack_size(1536 * 1024).spawn(check).unwrap().join().unwrap();
}

#[test]
fn long_lists_and_texts_are_bounded() {
    let list = |items: usize| format!("a IN ({})", vec!["1"; items].join(","));
    assert!(parse_predicate(&list(MAX_NODES - 2)).is_ok());
    let error = parse_predicate(&list(MAX_NODES)).unwrap_err();
    assert_eq!(error.message(), "the text has more than 16384 parts");
    let text = |bytes: usize| format!("'{}'", "x".repeat(bytes - 2));
    assert!(parse_row_expr(&text(MAX_TEXT_BYTES)).is_ok());
    let error = parse_row_expr(&text(MAX_TEXT_BYTES + 1)).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 1: the text has 65537 bytes; at most 65536 are allowed");
    let conjunction = vec!["a"; 8_000].join(" AND ");
    assert!(matches!(parse_predicate(&conjunction), Ok(Predicate::And(parts)) if parts.len() == 8_000));
}

#[test]
fn limits_of_formulas_hold_on_a_small_stack() {
    // What opens a level, what closes it, what stands inside, and how many levels it opens.
    let openers = [
        ("(", ")", "SUM(a)", 1),
        ("- ", "", "SUM(a)", 1),
        ("LEAST(", ")", "SUM(a)", 1),
        ("1 + 2 * COALESCE(SUM(a), ", ")", "SUM(a)", 1),
        ("POWER(", ", 2)", "SUM(a)", 1),
        ("ROUND(", ", 2)", "SUM(a)", 1),
        ("LAG(", ", 1)", "SUM(a)", 1),
        // The subquery, its reduction and the argument of TOTAL.
        ("(SELECT SUM(TOTAL(", ")) FROM (SELECT SUM(a) AS a FROM tape GROUP BY k))", "SUM(a)", 3),
    ];
    let check = move || {
        for (open, close, inside, levels) in openers {
            let nested =
                |depth: usize, close: &str| format!("{}{inside}{}", open.repeat(depth), close.repeat(depth));
            // The innermost argument is a level too.
            let formula = parse_formula(&nested((MAX_DEPTH - 1) / levels, close)).expect(open);
            assert_eq!(parse_formula(&formula.to_string()), Ok(formula), "{open}");
            for close in [close, ""] {
                for depth in [MAX_DEPTH / levels + 1, 300, 900] {
                    let error = parse_formula(&nested(depth, close)).expect_err(open);
                    assert_eq!(
                        error.message(),
                        "the text has more than 64 levels of nesting",
                        "{open} {depth}"
                    );
                }
            }
        }
        // Rows inside formulas share the levels.
        let rows = |depth: usize| format!("SUM({}a{})", "(".repeat(depth), ")".repeat(depth));
        assert!(parse_formula(&rows(MAX_DEPTH - 1)).is_ok());
        assert!(parse_formula(&rows(MAX_DEPTH)).is_err());
        let quotient = |terms: usize| vec!["COUNT(*)"; terms].join(" / ");
        let formula = parse_formula(&quotient(MAX_CHAIN + 1)).unwrap();
        assert_eq!(parse_formula(&formula.to_string()), Ok(formula));
        let error = parse_formula(&quotient(MAX_CHAIN + 2)).unwrap_err();
        assert_eq!(error.message(), "the text has more than 1000 operators");
    };
    std::thread::Builder::new().stack_size(1536 * 1024).spawn(check).unwrap().join().unwrap();
}

/// Each KPI names the one before it twice: 2^n parts after n of them.
#[test]
fn what_is_named_counts_as_if_it_were_written_out() {
    let mut formula = Formula::from(count());
    let mut refused = None;
    for round in 0..64 {
        let known = formula.clone();
        match parse_formula_with("KPI(before) + KPI(before)", &|_| Some(known.clone())) {
            Ok(next) => formula = next,
            Err(error) => {
                refused = Some((round, error.to_string()));
                break;
            }
        }
    }
    // 1,023 operators are too many before the text is too long.
    assert_eq!(
        refused,
        Some((9, "line 1, column 1: written out, the text has more than 1000 operators".to_owned()))
    );
    let long = format!("SUM({})", vec!["a"; 900].join(" + "));
    let error = parse_formula_with(
        &vec!["KPI(long)"; 30].join(", ").replace("KPI(long), ", "LEAST(KPI(long), "),
        &|_| parse_formula(&long).ok(),
    )
    .unwrap_err();
    assert_eq!(
        error.message(),
        "the text has more than 65536 bytes once everything that it names is written out"
    );
}
