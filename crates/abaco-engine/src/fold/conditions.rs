//! Conditions that rows should meet, and the rows that do not.

use abaco_kpi::{Column, Predicate};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::batch::Batch;
use super::evaluate::Block;
use super::mask::BLOCK;
use crate::plan::columns::{Columns, TapeColumn};
use crate::plan::compile::Compiler;
use crate::plan::node::{Nodes, NumberOp, TruthId};
use crate::{Bindings, EngineError};

/// Named conditions on the rows of a schema, evaluated together: what they have in common is computed once.
///
/// As in SQL's `CHECK`, a row violates a condition that is false of it, and none that is unknown because of a NULL.
///
/// ```
/// use std::sync::Arc;
/// use abaco_engine::{Bindings, Conditions, parse_predicate};
/// use arrow::array::{Int64Array, RecordBatch};
///
/// let dpd = Int64Array::from(vec![Some(0), Some(-3), None, Some(400)]);
/// let batch = RecordBatch::try_from_iter([("dpd", Arc::new(dpd) as _)])?;
/// let rules = [
///     ("not_negative".into(), parse_predicate("dpd >= 0")?),
///     ("within_a_year".into(), parse_predicate("dpd <= 365")?),
/// ];
/// let conditions = Conditions::new(&rules, &batch.schema(), &Bindings::new())?;
/// assert_eq!(conditions.violated(&batch)?, [[1], [3]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Conditions {
    columns: Vec<TapeColumn>,
    nodes: Nodes,
    truths: Vec<TruthId>,
}

impl Conditions {
    /// Plans the conditions over a schema, once `bindings` have put what they name in place.
    ///
    /// # Errors
    /// [`EngineError::Condition`] with the name of the first that makes no sense over this schema.
    pub fn new(
        conditions: &[(Column, Predicate)],
        schema: &Schema,
        bindings: &Bindings,
    ) -> Result<Self, EngineError> {
        let (mut columns, mut nodes) = (Columns::new(schema), Nodes::default());
        let mut truths = Vec::with_capacity(conditions.len());
        for (name, condition) in conditions {
            let condition = bindings.resolve_predicate(condition);
            let mut compiler = Compiler { columns: &mut columns, nodes: &mut nodes, declared: true };
            let truth = compiler.truth(&condition).map_err(|refusal| EngineError::Condition {
                name: name.name().to_owned(),
                reason: refusal.into_message(),
            })?;
            truths.push(truth);
        }
        let mut columns = columns.used;
        for truth in &truths {
            nodes.visit_truth(*truth, &mut |number| {
                if let NumberOp::Column { column, checked: true } = number.op {
                    columns[column.0].checked = true;
                }
            });
        }
        Ok(Self { columns, nodes, truths })
    }

    /// For each condition, in the order in which they were given, the batch's rows that violate it, ascending.
    ///
    /// # Errors
    /// [`EngineError::Schema`] if the batch is not of the schema that was planned for, [`EngineError::Precision`] if a
    /// decimal is larger than its column declares.
    pub fn violated(&self, batch: &RecordBatch) -> Result<Vec<Vec<usize>>, EngineError> {
        let mut violated = vec![Vec::new(); self.truths.len()];
        if self.truths.is_empty() {
            return Ok(violated);
        }
        let read = Batch::new(batch, &self.columns)?;
        let mut block = Block::new(&self.nodes, &read);
        let mut start = 0;
        while start < read.rows {
            let len = BLOCK.min(read.rows - start);
            block.move_to(start, len);
            for (truth, rows) in self.truths.iter().zip(&mut violated) {
                block.truth(*truth).is_false.for_each(|row| rows.push(start + row));
            }
            start += len;
        }
        Ok(violated)
    }
}
