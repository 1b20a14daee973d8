//! Any text is parsed or refused, and what is parsed prints to a text that means the same.
#![no_main]

use abaco_engine::{parse_formula, parse_formula_with, parse_predicate, parse_row_expr};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(formula) = parse_formula(text) {
        assert_eq!(parse_formula(&formula.to_string()), Ok(formula));
    }
    if let Ok(expr) = parse_row_expr(text) {
        assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr));
    }
    if let Ok(predicate) = parse_predicate(text) {
        assert_eq!(parse_predicate(&predicate.to_string()), Ok(predicate));
    }
    // The text may name itself: each `KPI(..)` is then the formula that the text is without any.
    let known = parse_formula(&text.replace("KPI", "SUM")).ok();
    if let Ok(formula) = parse_formula_with(text, &|_| known.clone()) {
        assert_eq!(parse_formula(&formula.to_string()), Ok(formula));
    }
});
