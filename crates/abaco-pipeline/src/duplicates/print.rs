//! Digests of rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use sha2::{Digest, Sha256};

use crate::contract::{Contract, Role};

/// The first 128 bits of two SHA-256 digests: enough that rows which differ are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print {
    /// Of what identifies the row.
    pub key: [u8; 16],
    /// Of all its columns.
    pub content: [u8; 16],
}

/// Takes the prints of batches of one schema.
///
/// ```
/// use std::sync::Arc;
/// use abaco_pipeline::arrow::array::{Int64Array, RecordBatch, StringArray};
/// use abaco_pipeline::duplicates::RowPrints;
///
/// let loans = StringArray::from(vec![Some("a"), Some("a"), None]);
/// let batch = RecordBatch::try_from_iter([
///     ("loan_id", Arc::new(loans) as _),
///     ("balance", Arc::new(Int64Array::from(vec![1, 2, 3])) as _),
/// ])?;
/// let prints = RowPrints::new(&batch.schema(), &["loan_id"])?.of(&batch)?;
/// let (first, second) = (prints[0].unwrap(), prints[1].unwrap());
/// assert!(first.key == second.key && first.content != second.content);
/// assert_eq!(prints[2], None);
/// # Ok::<(), abaco_pipeline::arrow::error::ArrowError>(())
/// ```
#[derive(Debug)]
pub struct RowPrints {
    /// Positions of the key columns.
    keys: Vec<usize>,
    key: RowConverter,
    content: RowConverter,
    columns: usize,
}

impl RowPrints {
    /// For rows of this schema that these columns identify.
    ///
    /// # Errors
    /// No key column, one that the schema does not have, and types that have no order.
    pub fn new(schema: &Schema, key_columns: &[&str]) -> Result<Self, ArrowError> {
        if key_columns.is_empty() {
            return Err(ArrowError::InvalidArgumentError("expected a key column, found none".to_owned()));
        }
        let keys: Vec<usize> =
            key_columns.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>()?;
        let field = |index: usize| SortField::new(schema.field(index).data_type().clone());
        Ok(Self {
            key: RowConverter::new(keys.iter().map(|&index| field(index)).collect())?,
            content: RowConverter::new((0..schema.fields().len()).map(field).collect())?,
            columns: schema.fields().len(),
            keys,
        })
    }

    /// For tapes of a contract, or `None` if the contract has no key or the tape lacks a column of it: such rows cannot
    /// be told apart.
    ///
    /// # Errors
    /// As [`RowPrints::new`].
    pub fn of_contract(contract: &Contract, schema: &Schema) -> Result<Option<Self>, ArrowError> {
        let keyed = contract.columns().iter().any(|column| column.has_role(Role::Key));
        let identifies =
            |role: &&crate::contract::Column| role.has_role(Role::Key) || role.has_role(Role::Snapshot);
        let names: Vec<&str> =
            contract.columns().iter().filter(identifies).map(|column| column.name.as_str()).collect();
        if !keyed || names.iter().any(|name| schema.index_of(name).is_err()) {
            return Ok(None);
        }
        Self::new(schema, &names).map(Some)
    }

    /// A print for each row, or `None` where its key has a NULL.
    ///
    /// Equal rows have equal prints in whatever batch they are, however its dictionaries are coded.
    ///
    /// # Errors
    /// A batch of another schema.
    pub fn of(&self, batch: &RecordBatch) -> Result<Vec<Option<Print>>, ArrowError> {
        if batch.num_columns() != self.columns {
            let message = format!("expected {} columns, found {}", self.columns, batch.num_columns());
            return Err(ArrowError::SchemaError(message));
        }
        let keys: Vec<ArrayRef> = self.keys.iter().map(|&index| Arc::clone(batch.column(index))).collect();
        let nulls: Vec<_> = keys.iter().filter_map(|array| array.logical_nulls()).collect();
        let (keys, contents) =
            (self.key.convert_columns(&keys)?, self.content.convert_columns(batch.columns())?);
        let print = |row: usize| {
            nulls.iter().all(|nulls| nulls.is_valid(row)).then(|| Print {
                key: digest(keys.row(row).as_ref()),
                content: digest(contents.row(row).as_ref()),
            })
        };
        Ok((0..batch.num_rows()).map(print).collect())
    }
}

/// The first half of a SHA-256 digest.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}
