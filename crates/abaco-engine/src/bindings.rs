//! Bindings: how canonical columns are computed from the columns of a tape.

use std::collections::BTreeMap;

use abaco_kpi::{Column, Predicate, RowExpr};

use crate::EngineError;

/// How far bindings may lie within each other.
const MAX_BINDING_DEPTH: usize = 16;

/// How long the text of a binding may grow once others are put into it.
const MAX_BINDING_LENGTH: usize = 64 * 1024;

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

    /// Refuses bindings that lead back to themselves through others, or that grow past all measure when they are
    /// put into each other.
    ///
    /// # Errors
    /// [`EngineError::Binding`] with the first column of which this is so.
    pub fn check(&self) -> Result<(), EngineError> {
        let mut known = BTreeMap::new();
        self.0.keys().try_for_each(|column| self.length(column, &mut Vec::new(), &mut known).map(|_| ()))
    }

    /// Length of a column's expression as text, once everything that it names is put in place.
    fn length<'s>(
        &'s self,
        column: &'s Column,
        above: &mut Vec<&'s Column>,
        known: &mut BTreeMap<&'s Column, usize>,
    ) -> Result<usize, EngineError> {
        if let Some(length) = known.get(column) {
            return Ok(*length);
        }
        let Some(expr) = self.0.get(column) else { return Ok(column.name().len()) };
        let refuse = |reason: String| Err(EngineError::Binding { column: column.clone(), reason });
        if above.contains(&column) {
            return refuse("it is bound to itself by way of others".to_owned());
        }
        if above.len() >= MAX_BINDING_DEPTH {
            return refuse(format!("more than {MAX_BINDING_DEPTH} bindings lie within each other"));
        }
        above.push(column);
        let mut names = Vec::new();
        expr.for_each_column(&mut |name| names.push(name));
        let mut length = expr.to_string().len();
        for name in names {
            // Its own name means the tape's column.
            length += if name == column { 0 } else { self.length(name, above, known)? };
            if length > MAX_BINDING_LENGTH {
                return refuse(format!("it grows to more than {MAX_BINDING_LENGTH} characters"));
            }
        }
        above.pop();
        known.insert(column, length);
        Ok(length)
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
