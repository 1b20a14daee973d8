//! What the amounts of rows add up to.

use std::collections::BTreeMap;

use abaco_kpi::Scaled;
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, i256};

use crate::PipelineError;
use crate::contract::{ColumnType, Contract, Role};
use crate::quality::sum;

/// Exact totals of the amount columns over rows that were handed on. Columns with personal data are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Money {
    rows: u64,
    totals: BTreeMap<String, (u32, i256)>,
}

impl Money {
    /// No rows yet, of a table with these columns.
    pub(super) fn of(contract: &Contract, schema: &Schema) -> Self {
        let amounts = contract.columns().iter().filter(|column| {
            column.has_role(Role::Amount)
                && !column.has_role(Role::Pii)
                && schema.index_of(&column.name).is_ok()
        });
        let totals = amounts.filter_map(|column| {
            let scale = match column.column_type {
                ColumnType::Int => 0,
                ColumnType::Decimal { scale, .. } => u32::from(scale),
                _ => return None,
            };
            Some((column.name.clone(), (scale, i256::ZERO)))
        });
        Self { rows: 0, totals: totals.collect() }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), PipelineError> {
        self.rows += batch.num_rows() as u64;
        for (name, (_, total)) in &mut self.totals {
            let Some(column) = batch.column_by_name(name) else { continue };
            let overflow = || PipelineError::TotalOverflow { what: name.clone() };
            let more = sum(column.as_ref(), None).unwrap_or(i256::ZERO);
            *total = total.checked_add(more).ok_or_else(overflow)?;
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), PipelineError> {
        self.rows += other.rows;
        for (name, (_, total)) in &mut self.totals {
            let Some((_, more)) = other.totals.get(name) else { continue };
            let overflow = || PipelineError::TotalOverflow { what: name.clone() };
            *total = total.checked_add(*more).ok_or_else(overflow)?;
        }
        Ok(())
    }

    /// The totals as decimals, by column.
    pub(super) fn amounts(&self) -> impl Iterator<Item = (&String, String)> {
        self.totals
            .iter()
            .map(|(name, (scale, total))| (name, Scaled::from_total(*total, *scale).to_string()))
    }
}
