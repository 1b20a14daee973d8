//! What must not be published: values of columns with the role pii.
//!
//! Predicates, joins and keys may look at them; a group's columns and the values of measures are published.

use abaco_engine::{Bindings, Definitions};
use abaco_kpi::{Aggregate, Column, Kpi, Measure, RowExpr, Use};

use super::bindings::bindings;
use super::uses::has_pseudonym;
use crate::PipelineError;
use crate::config::PipelineConfig;
use crate::contract::{Contract, Role};

/// The contracts of a configuration, with what each of them derives.
pub(super) struct Secrets<'c>(Vec<(&'c Contract, Bindings)>);

impl<'c> Secrets<'c> {
    pub(super) fn new(
        config: &'c PipelineConfig,
        tape: &Bindings,
        definitions: &Definitions,
    ) -> Result<Self, PipelineError> {
        let mut all = vec![(&config.contract, tape.clone())];
        for table in &config.tables {
            all.push((&table.contract, bindings(&table.contract, &table.contract_path, definitions)?));
        }
        Ok(Self(all))
    }

    /// A pii column that an expression is or is derived from, in any of the tables.
    pub(super) fn behind(&self, expr: &RowExpr) -> Option<String> {
        self.used(expr, |_| true)
    }

    /// A pii column whose value can become the expression's; one that only a condition looks into cannot.
    fn handed_on(&self, expr: &RowExpr) -> Option<String> {
        self.used(expr, |with| with == Use::Value)
    }

    /// Whether an expression is a pii column, or none, in every table, and one whose values have pseudonyms.
    pub(super) fn are_pseudonyms(&self, expr: &RowExpr) -> bool {
        self.0.iter().all(|(contract, bindings)| match self.resolved(bindings, expr) {
            RowExpr::Column(column) => {
                let declared = contract.column(column.name()).filter(|column| column.has_role(Role::Pii));
                declared.is_none_or(|declared| has_pseudonym(declared.column_type))
            }
            _ => false,
        })
    }

    /// What the tape derives may be of a column that another table derives in its turn.
    fn resolved(&self, bindings: &Bindings, expr: &RowExpr) -> RowExpr {
        let of_the_tape = self.0.first().map_or_else(|| expr.clone(), |(_, tape)| tape.resolve(expr));
        bindings.resolve(&of_the_tape)
    }

    fn used(&self, expr: &RowExpr, counts: impl Fn(Use) -> bool) -> Option<String> {
        let mut found = None;
        for (contract, bindings) in &self.0 {
            let mut look = |column: &Column, with: Use| {
                let declared = contract.column(column.name());
                if counts(with) && declared.is_some_and(|declared| declared.has_role(Role::Pii)) {
                    found = found.take().or(Some(column.name().to_owned()));
                }
            };
            self.resolved(bindings, expr).for_each_use(&mut look);
        }
        found
    }

    /// The first measure whose value could be a secret one: a sum or an extreme over one row is that row's value.
    pub(super) fn measured(&self, kpi: &dyn Kpi) -> Option<(String, String)> {
        let mut found = None;
        kpi.formula().for_each_measure(&mut |term| {
            let values: Vec<&RowExpr> = match term {
                Measure::Rows(rows) => match &rows.aggregate {
                    Aggregate::Sum(value) | Aggregate::Min(value) | Aggregate::Max(value) => vec![value],
                    Aggregate::CountRows | Aggregate::Count(_) | Aggregate::CountDistinct(_) => Vec::new(),
                },
                Measure::Keys(keys) => keys.sums.iter().map(|sum| &sum.value).collect(),
            };
            for value in values {
                if let Some(secret) = self.handed_on(value) {
                    found = found.take().or(Some((term.to_string(), secret)));
                }
            }
        });
        found
    }
}
