//! Flows that stand on the tape itself: each row has those since the snapshot before it.

use abaco_kpi::{ColumnKind, canonical_column};

use super::amounts;
use super::side::Table;
use crate::PipelineError;

/// A flow column of the tape.
#[derive(Debug)]
pub(crate) struct TapeFlow {
    pub(crate) name: String,
    pub(crate) scale: u8,
    /// The amount of each row.
    pub(crate) rows: Vec<Option<i128>>,
}

impl TapeFlow {
    /// The flow columns that a tape has.
    pub(crate) fn all(table: &Table) -> Result<Vec<Self>, PipelineError> {
        let mut flows = Vec::new();
        for (field, array) in table.batch.schema().fields().iter().zip(table.batch.columns()) {
            let is_flow =
                canonical_column(field.name()).is_some_and(|column| column.kind == ColumnKind::Flow);
            let Some(scale) = amounts::scale_of(array.data_type()).filter(|_| is_flow) else { continue };
            let rows = amounts::read(array, scale)
                .map_err(|problem| table.refused(format!("column `{}`: {problem}", field.name())))?;
            flows.push(Self { name: field.name().clone(), scale, rows });
        }
        Ok(flows)
    }
}

/// What has flowed in the period so far, by loan; `None` where no row said anything.
#[derive(Debug)]
pub(crate) struct FlowedSoFar(Vec<Vec<Option<i128>>>);

impl FlowedSoFar {
    pub(crate) fn new(flows: &[TapeFlow], loans: usize) -> Self {
        Self(flows.iter().map(|_| vec![None; loans]).collect())
    }

    /// Adds a row of a loan.
    ///
    /// # Errors
    /// The name of a column whose amounts add up to more than 128 bits hold.
    pub(crate) fn add<'f>(&mut self, flows: &'f [TapeFlow], loan: usize, row: usize) -> Result<(), &'f str> {
        for (flow, so_far) in flows.iter().zip(&mut self.0) {
            if let Some(amount) = flow.rows[row] {
                let sum = so_far[loan].unwrap_or(0).checked_add(amount).ok_or(flow.name.as_str())?;
                so_far[loan] = Some(sum);
            }
        }
        Ok(())
    }

    /// The amounts of the flow at `index` for these loans.
    pub(crate) fn of(&self, index: usize, loans: &[usize]) -> Vec<Option<i128>> {
        loans.iter().map(|loan| self.0[index][*loan]).collect()
    }

    pub(crate) fn begin_period(&mut self) {
        self.0.iter_mut().flatten().for_each(|amount| *amount = None);
    }
}
