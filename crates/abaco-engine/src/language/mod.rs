//! The language: row expressions, predicates and formulas in SQL syntax.
//!
//! What `Display` prints is what is parsed here, and `parse(print(tree)) == tree`. Everything else is refused
//! with a message that points at the place; the whole text is consumed.
//!
//! ```text
//! condition   = conjunction { OR conjunction }
//! conjunction = negation { AND negation }
//! negation    = NOT negation | comparison
//! comparison  = value [ (= | <> | != | < | <= | > | >=) value
//!                     | [NOT] BETWEEN value AND value
//!                     | [NOT] IN ( constant {, constant} )
//!                     | IS [NOT] (NULL | TRUE | FALSE) ]
//! value       = product { (+ | -) product }
//! product     = sign { * sign }
//! sign        = - sign | atom
//! atom        = constant | column | "column" | function ( value {, value} ) | ( condition )
//!             | CASE WHEN condition THEN value { WHEN .. } [ ELSE (value | NULL) ] END
//! constant    = number | 'text' | DATE 'YYYY-MM-DD' | TRUE | FALSE
//!
//! formula     = factor { (+ | -) factor }
//! factor      = signed { (* | /) signed }
//! signed      = - signed | term
//! term        = number | aggregate | keyed | KPI ( id ) | ( formula )
//!             | (LEAST | GREATEST | COALESCE) ( formula {, formula} )
//!             | (ROUND | ROUND_EVEN | POWER | LAG) ( formula , number )
//! aggregate   = ( (SUM | MIN | MAX | AVG | COUNT) ( value ) | COUNT ( * ) | COUNT ( DISTINCT column ) ) [ filter ]
//! filter      = FILTER ( WHERE condition )
//! keyed       = ( SELECT (SUM ( reduction ) | SUM_TOP ( number , reduction ))
//!                 FROM ( SELECT total {, total} FROM tape GROUP BY column ) )
//! total       = SUM ( value ) [ filter ] AS name
//! reduction   = a formula whose terms are the names of totals and TOTAL ( formula )
//! ```
//!
//! `AVG(x)` is read as `SUM(x) / COUNT(x)`, `-f` as `0 - f`, and `KPI(id)` as the formula of that KPI.
//!
//! `sqlparser` reads the tokens, and this module the grammar. Sqlparser's own parser of expressions accepts a
//! hundred forms that would all have to be refused again, and nested calls take it 16 KiB of stack and more per
//! level even when it is optimised: 64 levels overflow a thread. The tests use it as an oracle of precedence.

mod call;
mod dimension;
mod error;
mod formula;
mod keyed;
mod limits;
mod literal;
mod measure;
mod parser;
mod predicate;
mod quantity;
mod row;
mod scope;
mod words;

pub(crate) use dimension::check_dimensions_of;
pub use dimension::{DimensionError, check_dimensions};
pub use error::LanguageError;
pub use limits::{MAX_CHAIN, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES};
pub(crate) use quantity::Measured;
pub(crate) use scope::Scope;

use abaco_kpi::{Formula, Predicate, RowExpr};
use parser::{Binding, Parser};
use sqlparser::tokenizer::Location;
use words::Sight;

/// Reads a row expression, such as the right side of a contract's `derive` entry.
///
/// Unquoted column names are folded to lower case, as in SQL; `"Quoted Names"` stay as they are. Numbers are exact.
///
/// ```
/// use abaco_engine::parse_row_expr;
/// use abaco_kpi::{case, col};
///
/// let expr = parse_row_expr("case when DPD >= 30 and dpd < 60 then outstanding_balance else 0 end")?;
/// let bucket = col("dpd").ge(30).and(col("dpd").lt(60));
/// assert_eq!(expr, case(bucket, "outstanding_balance").otherwise(0));
/// assert_eq!(
///     expr.to_string(),
///     "CASE WHEN dpd >= 30 AND dpd < 60 THEN outstanding_balance ELSE 0 END",
/// );
/// # Ok::<(), abaco_engine::LanguageError>(())
/// ```
///
/// # Errors
/// [`LanguageError`] with line and column for everything outside the language, and past [`MAX_TEXT_BYTES`],
/// [`MAX_DEPTH`], [`MAX_CHAIN`] or [`MAX_NODES`]:
///
/// ```
/// let error = abaco_engine::parse_row_expr("paid / due").unwrap_err();
/// assert_eq!(error.to_string(), "line 1, column 6: a row has no `/`; use DIV_ROUND(dividend, divisor, scale)");
/// ```
pub fn parse_row_expr(text: &str) -> Result<RowExpr, LanguageError> {
    let mut parser = Parser::new(text, Scope::COLUMNS, Sight::Row)?;
    let parsed = parser.expression(Binding::Loosest)?;
    parser.end()?;
    Ok(*parsed.value()?)
}

/// Reads a predicate, such as a filter or a rule on rows.
///
/// `x IS TRUE` is never unknown, so it becomes `x AND NOT (x IS NULL)`; a bare `x` stays the boolean column.
///
/// ```
/// use abaco_engine::parse_predicate;
/// use abaco_kpi::col;
///
/// let predicate = parse_predicate("dpd >= 30 AND status NOT IN ('paid', 'sold')")?;
/// assert_eq!(
///     predicate,
///     col("dpd").ge(30).and(col("status").is_in(["paid", "sold"]).negated()),
/// );
/// assert_eq!(predicate.to_string(), "dpd >= 30 AND NOT (status IN ('paid', 'sold'))");
/// # Ok::<(), abaco_engine::LanguageError>(())
/// ```
///
/// # Errors
/// [`LanguageError`], as for [`parse_row_expr`].
pub fn parse_predicate(text: &str) -> Result<Predicate, LanguageError> {
    let mut parser = Parser::new(text, Scope::COLUMNS, Sight::Row)?;
    let parsed = parser.expression(Binding::Loosest)?;
    parser.end()?;
    Ok(*parsed.condition())
}

/// Reads a formula, such as the one in a definition.
///
/// ```
/// use abaco_engine::parse_formula;
/// use abaco_kpi::{col, sum};
///
/// let formula = parse_formula("100 * SUM(paid) FILTER (WHERE dpd >= 30) / SUM(due)")?;
/// assert_eq!(formula, 100 * sum("paid").filter(col("dpd").ge(30)) / sum("due"));
/// assert_eq!(formula.to_string(), "100 * SUM(paid) FILTER (WHERE dpd >= 30) / SUM(due)");
/// assert_eq!(parse_formula("AVG(dpd)")?.to_string(), "SUM(dpd) / COUNT(dpd)");
/// # Ok::<(), abaco_engine::LanguageError>(())
/// ```
///
/// # Errors
/// [`LanguageError`], as for [`parse_row_expr`]; and for `KPI(..)`, which takes [`parse_formula_with`]:
///
/// ```
/// let error = abaco_engine::parse_formula("SUM(paid) / SUN(due)").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 13: `SUN` is not a function of the language; did you mean `SUM`?",
/// );
/// ```
pub fn parse_formula(text: &str) -> Result<Formula, LanguageError> {
    parse_formula_in(text, Scope::COLUMNS)
}

/// Reads a formula in which `KPI(id)` stands for the formula that `resolve` gives for the id.
///
/// The formula is taken by value: the result names no KPI any more, and a cycle cannot be written.
///
/// ```
/// use abaco_engine::parse_formula_with;
/// use abaco_kpi::{count, sum};
///
/// let loans = |id: &str| (id == "loans").then(|| count().into());
/// let formula = parse_formula_with("SUM(outstanding_balance) / KPI(loans)", &loans)?;
/// assert_eq!(formula, sum("outstanding_balance") / count());
/// # Ok::<(), abaco_engine::LanguageError>(())
/// ```
///
/// # Errors
/// As for [`parse_formula`], an id that `resolve` does not know, and a formula that passes [`MAX_TEXT_BYTES`] or
/// another limit once it is written out.
pub fn parse_formula_with(
    text: &str,
    resolve: &dyn Fn(&str) -> Option<Formula>,
) -> Result<Formula, LanguageError> {
    let kpi = |id: &str| resolve(id).ok_or_else(|| format!("no KPI has the id `{id}`"));
    parse_formula_in(text, Scope { kpi: &kpi, ..Scope::COLUMNS })
}

pub(crate) fn parse_formula_in(text: &str, scope: Scope<'_>) -> Result<Formula, LanguageError> {
    let mut parser = Parser::new(text, scope, Sight::Formula)?;
    let formula = parser.formula(Binding::Loosest)?;
    parser.end()?;
    // What the text does not show must keep the limits too, or whoever walks the tree later is at risk.
    if parser.budget.repeats() {
        parse_formula(&formula.to_string()).map_err(|error| {
            LanguageError::at(Location::new(1, 1), format!("written out, {}", error.message()))
        })?;
    }
    Ok(*formula)
}
