//! What is printed is read as the same tree, and as sqlparser reads it.

use abaco_engine::{parse_predicate, parse_row_expr};
use abaco_kpi::{Literal, RowExpr, col, lit};
use proptest::prelude::*;

use super::strategies::{expressions, literals, operators, predicates};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_printed_expression_parses_to_the_same_tree(expr in expressions()) {
        prop_assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr));
    }

    #[test]
    fn a_printed_predicate_parses_to_the_same_tree(predicate in predicates(expressions().boxed(), literals().boxed())) {
        prop_assert_eq!(parse_predicate(&predicate.to_string()), Ok(predicate));
    }

    #[test]
    fn sqlparser_reads_the_same_precedence(predicate in predicates(plain().boxed(), (-9..9_i64).prop_map(Literal::from).boxed())) {
        let explicit = oracle::parenthesised(&predicate.to_string());
        let reread = parse_predicate(&explicit).map(|tree| oracle::flat(&tree));
        prop_assert_eq!(reread, Ok(oracle::flat(&predicate)), "{}", explicit);
    }
}

/// Expressions whose names and constants every SQL parser reads alike.
fn plain() -> impl Strategy<Value = RowExpr> {
    let leaf = prop_oneof![
        prop::sample::select(&["a", "b", "dpd"][..]).prop_map(col),
        (-9..9_i64).prop_map(lit),
        Just(lit("it's")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(RowExpr::Negate),
            (operators(), boxed(), boxed()).prop_map(|(operator, left, right)| RowExpr::Arithmetic {
                operator,
                left,
                right
            }),
        ]
    })
}

/// An independent reading: sqlparser's own parser of expressions.
mod oracle {
    use abaco_kpi::Predicate;
    use sqlparser::ast::{Expr, UnaryOperator, Value};
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;

    /// The text with the parentheses that sqlparser understands, and no others to go by.
    pub(super) fn parenthesised(text: &str) -> String {
        let mut parser =
            Parser::new(&GenericDialect {}).with_recursion_limit(500).try_with_sql(text).unwrap();
        explicit(&parser.parse_expr().unwrap())
    }

    fn explicit(expr: &Expr) -> String {
        match expr {
            Expr::Nested(inner) => explicit(inner),
            Expr::BinaryOp { left, op, right } => format!("({} {op} {})", explicit(left), explicit(right)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => format!("(NOT {})", explicit(expr)),
            Expr::UnaryOp { expr, .. } => match &**expr {
                Expr::Value(value) if matches!(value.value, Value::Number(..)) => format!("(-{value})"),
                operand => format!("(-({}))", explicit(operand)),
            },
            Expr::Between { expr, low, high, .. } => {
                format!("({} BETWEEN {} AND {})", explicit(expr), explicit(low), explicit(high))
            }
            Expr::InList { expr, list, .. } => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                format!("({} IN ({}))", explicit(expr), list.join(", "))
            }
            Expr::IsNull(expr) => format!("({} IS NULL)", explicit(expr)),
            Expr::Value(_) | Expr::TypedString(_) | Expr::Identifier(_) => expr.to_string(),
            other => panic!("{other}"),
        }
    }

    /// `(a AND b) AND c` as `a AND b AND c`, because explicit parentheses group every pair.
    pub(super) fn flat(predicate: &Predicate) -> Predicate {
        match predicate {
            Predicate::And(parts) => {
                let parts = parts.iter().map(flat).flat_map(|part| match part {
                    Predicate::And(inner) => inner,
                    other => vec![other],
                });
                Predicate::And(parts.collect())
            }
            Predicate::Or(parts) => {
                let parts = parts.iter().map(flat).flat_map(|part| match part {
                    Predicate::Or(inner) => inner,
                    other => vec![other],
                });
                Predicate::Or(parts.collect())
            }
            Predicate::Not(inner) => flat(inner).negated(),
            other => other.clone(),
        }
    }
}
