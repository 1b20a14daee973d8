//! Projection: row expressions as columns of a batch.

use std::sync::Arc;

use abaco_kpi::{Column, RowExpr};
use arrow::array::{ArrayRef, Decimal128Builder, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, i256};

use super::batch::Batch;
use super::evaluate::Block;
use super::mask::BLOCK;
use super::values::Lane;
use crate::plan::columns::{Columns, TapeColumn};
use crate::plan::compile::{Compiler, Operand};
use crate::plan::node::{Date, Nodes, NumberId, NumberOp};
use crate::{Bindings, EngineError};

/// The most digits that a computed column has: what a 128-bit decimal declares.
const MAX_DIGITS: u32 = 38;

/// Row expressions over the columns of a schema, evaluated into columns of their own.
///
/// A column that is asked for as it is keeps its array; whatever is computed becomes a `decimal128` of the
/// expression's own scale.
///
/// ```
/// use std::sync::Arc;
/// use abaco_engine::{Bindings, Projection};
/// use abaco_kpi::col;
/// use arrow::array::{AsArray, Decimal64Array, RecordBatch};
/// use arrow::datatypes::Decimal128Type;
///
/// let cents = |units: Vec<i64>| Decimal64Array::from(units).with_precision_and_scale(18, 2);
/// let batch = RecordBatch::try_from_iter([
///     ("paid_principal", Arc::new(cents(vec![100_00, 50_00])?) as _),
///     ("paid_interest", Arc::new(cents(vec![1_50, 0])?) as _),
/// ])?;
/// let paid = ("paid".into(), col("paid_principal") + "paid_interest");
/// let projection = Projection::new(&[paid], &batch.schema(), &Bindings::new())?;
/// let paid = projection.project(&batch)?;
/// assert_eq!(paid.column(0).as_primitive::<Decimal128Type>().values(), &[101_50, 50_00]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Projection {
    columns: Vec<TapeColumn>,
    nodes: Nodes,
    outputs: Vec<Output>,
    schema: SchemaRef,
}

#[derive(Debug)]
enum Output {
    /// The array of this name, as it is.
    AsItIs(String),
    /// A number that is computed, of this type.
    Number(NumberId, DataType),
}

impl Projection {
    /// Plans the expressions over a schema, once `bindings` have put what they name in place.
    ///
    /// # Errors
    /// [`EngineError::Binding`] with the column whose expression makes no sense over this schema, or may have more
    /// than 38 digits.
    pub fn new(
        exprs: &[(Column, RowExpr)],
        schema: &Schema,
        bindings: &Bindings,
    ) -> Result<Self, EngineError> {
        let (mut columns, mut nodes) = (Columns::new(schema), Nodes::default());
        let mut outputs = Vec::new();
        let mut fields = Vec::new();
        for (column, expr) in exprs {
            let expr = bindings.resolve(expr);
            let mut compiler = Compiler { columns: &mut columns, nodes: &mut nodes, declared: true };
            let refuse = |reason: String| EngineError::Binding { column: column.clone(), reason };
            let operand = compiler.operand(&expr).map_err(|refusal| refuse(refusal.into_message()))?;
            let output = match operand {
                Operand::Number(id) if !matches!(nodes.number(id).op, NumberOp::Column { .. }) => {
                    number(id, &nodes).map_err(refuse)?
                }
                Operand::Number(_)
                | Operand::Date(Date::Column(_))
                | Operand::TextColumn(_)
                | Operand::BooleanColumn(_) => match &expr {
                    RowExpr::Column(tape) => Output::AsItIs(tape.name().to_owned()),
                    other => return Err(refuse(format!("{other}: expected a column or a number"))),
                },
                _ => return Err(refuse(format!("{expr}: a constant is no column"))),
            };
            let data_type = match &output {
                Output::Number(_, data_type) => data_type.clone(),
                Output::AsItIs(name) => schema
                    .field_with_name(name)
                    .map_err(|_| refuse(format!("column {name} is not on the tape")))?
                    .data_type()
                    .clone(),
            };
            fields.push(Field::new(column.name(), data_type, true));
            outputs.push(output);
        }
        let mut columns = columns.used;
        for output in &outputs {
            let Output::Number(id, _) = output else { continue };
            nodes.visit_number(*id, &mut |number| {
                if let NumberOp::Column { column, checked: true } = number.op {
                    columns[column.0].checked = true;
                }
            });
        }
        Ok(Self { columns, nodes, outputs, schema: Arc::new(Schema::new(fields)) })
    }

    /// The schema of what is projected.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The expressions' values over a batch.
    ///
    /// # Errors
    /// [`EngineError::Schema`] if the batch is not of the schema that was planned for, [`EngineError::Precision`] if a
    /// decimal is larger than its column declares.
    pub fn project(&self, batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
        let read = Batch::new(batch, &self.columns)?;
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (output, field) in self.outputs.iter().zip(self.schema.fields()) {
            arrays.push(match output {
                Output::AsItIs(name) => {
                    batch.column_by_name(name).cloned().ok_or_else(|| EngineError::Schema {
                        column: Column::new(name.clone()),
                        expected: field.data_type().to_string(),
                        found: "no such column".to_owned(),
                    })?
                }
                Output::Number(id, data_type) => self.numbers(&read, *id, data_type),
            });
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema(), arrays, &options).map_err(|error| {
            EngineError::Schema {
                column: Column::new("projection"),
                expected: self.schema.to_string(),
                found: error.to_string(),
            }
        })
    }

    fn numbers(&self, batch: &Batch, id: NumberId, data_type: &DataType) -> ArrayRef {
        let mut builder = Decimal128Builder::with_capacity(batch.rows).with_data_type(data_type.clone());
        let mut block = Block::new(&self.nodes, batch);
        let mut start = 0;
        while start < batch.rows {
            let len = BLOCK.min(batch.rows - start);
            block.move_to(start, len);
            let numbers = block.number(id);
            // The bound of 38 digits proves that nothing is cut off.
            let values = i256::read(&numbers.values, len);
            let mut valid = vec![numbers.valid.is_none(); len];
            if let Some(mask) = &numbers.valid {
                mask.for_each(|row| valid[row] = true);
            }
            for (value, valid) in values.iter().zip(valid) {
                builder.append_option(valid.then(|| value.as_i128()));
            }
            start += len;
        }
        Arc::new(builder.finish())
    }
}

fn number(id: NumberId, nodes: &Nodes) -> Result<Output, String> {
    let number = nodes.number(id);
    let precision = number.digits.max(number.scale).max(1);
    match (u8::try_from(precision), i8::try_from(number.scale)) {
        (Ok(precision), Ok(scale)) if u32::from(precision) <= MAX_DIGITS => {
            Ok(Output::Number(id, DataType::Decimal128(precision, scale)))
        }
        _ => Err(format!("its values may have {precision} digits, more than {MAX_DIGITS}")),
    }
}
