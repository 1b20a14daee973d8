//! Bindings: how canonical columns are computed from the columns of a tape.

use std::collections::BTreeMap;

use abaco_kpi::{Column, Predicate, RowExpr};

/// Maps canonical columns to row expressions over a tape's columns.
///
/// A column without a binding is the tape's column of the same name. An expression may name other bound
/// columns; its own name in it means the tape's column.
///
/// ```
/// use abaco_engine::Bindings;
/// use abaco_kpi::{case, col};
///
/// let bindings = Bindings::new()
///     .bind("dpd_90_plus_usd", case(col("dpd").ge(90), "outstanding_balance").otherwise(0));
/// assert_eq!(
///     bindings.resolve(&col("dpd_90_plus_usd")).to_string(),
///     "CASE WHEN dpd >= 90 THEN outstanding_balance ELSE 0 END",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<Column, RowExpr>);

impl Bindings {
    /// No bindings: the tape speaks canonical names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds `column` to `expr`; the last binding of a column counts.
    #[must_use]
    pub fn bind(mut self, column: impl Into<Column>, expr: RowExpr) -> Self {
        self.0.insert(column.into(), expr);
        self
    }

    /// The bound columns with their expressions, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Column, &RowExpr)> {
        self.0.iter()
    }

    /// `expr` over the tape's own columns.
    pub fn resolve(&self, expr: &RowExpr) -> RowExpr {
        expr.substitute(&|column| self.resolve_column(column, &[]))
    }

    /// `predicate` over the tape's own columns.
    pub fn resolve_predicate(&self, predicate: &Predicate) -> Predicate {
        predicate.substitute(&|column| self.resolve_column(column, &[]))
    }

    fn resolve_column(&self, column: &Column, above: &[&Column]) -> RowExpr {
        match self.0.get(column) {
            Some(expr) if !above.contains(&column) => {
                let mut above = above.to_vec();
                above.push(column);
                expr.substitute(&|inner| self.resolve_column(inner, &above))
            }
            _ => RowExpr::Column(column.clone()),
        }
    }
}

impl FromIterator<(Column, RowExpr)> for Bindings {
    fn from_iter<I: IntoIterator<Item = (Column, RowExpr)>>(bindings: I) -> Self {
        Self(bindings.into_iter().collect())
    }
}
