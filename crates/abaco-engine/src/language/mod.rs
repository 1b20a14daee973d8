//! The language: row expressions and predicates in SQL syntax.
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
//! ```
//!
//! `sqlparser` reads the tokens, and this module the grammar. Sqlparser's own parser of expressions accepts a
//! hundred forms that would all have to be refused again, and nested calls take it 16 KiB of stack and more per
//! level even when it is optimised: 64 levels overflow a thread. The tests use it as an oracle of precedence.

mod call;
mod error;
mod limits;
mod literal;
mod parser;
mod predicate;
mod row;
mod words;

pub use error::LanguageError;
pub use limits::{MAX_CHAIN, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES};

use abaco_kpi::{Predicate, RowExpr};
use parser::{Binding, Parser};

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
    let mut parser = Parser::new(text)?;
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
    let mut parser = Parser::new(text)?;
    let parsed = parser.expression(Binding::Loosest)?;
    parser.end()?;
    Ok(*parsed.condition())
}
