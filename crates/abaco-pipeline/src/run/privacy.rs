//! What must not be published: values of columns with the role pii.
//!
//! Predicates, joins and keys may look at them; a group's columns and the values of measures are published.

use abaco_engine::{Bindings, Definitions};
use abaco_kpi::{Aggregate, Column, Kpi, Measure, RowExpr};

use super::bindings::bindings;
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
        let mut found = None;
        for (contract, bindings) in &self.0 {
            let mut look = |column: &Column| {
                let declared = contract.column(column.name());
                if declared.is_some_and(|declared| declared.has_role(Role::Pii)) {
                    found = found.take().or(Some(column.name().to_owned()));
                }
            };
            // What the tape derives may be of a column that another table derives in its turn.
            let of_the_tape = self.0.first().map_or_else(|| expr.clone(), |(_, tape)| tape.resolve(expr));
            bindings.resolve(&of_the_tape).for_each_column(&mut look);
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
                if let Some(secret) = self.behind(value) {
                    found = found.take().or(Some((term.to_string(), secret)));
                }
            }
        });
        found
    }
}
