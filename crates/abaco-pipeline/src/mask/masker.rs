//! Masks the pii columns of batches and of single cells.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int64Array, StringArray, StringBuilder, new_null_array,
};
use arrow::datatypes::{DataType, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::MaskingKey;
use super::pseudonym::{DIGITS, Pseudonyms, as_text};
use crate::contract::{Column, ColumnType, Contract, ExcessDigits, Role};
use crate::source::decimal_text::{DecimalRule, parse_decimal};

/// After so many texts it is known whether a column repeats itself.
const TRIED: usize = 1_024;

/// What becomes of a pii column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Masking {
    /// A text that stands for the value.
    Text,
    /// An int that stands for the value.
    Int,
    /// Null.
    Null,
    /// The value itself, because somebody declared so.
    Plain,
}

/// A pii column and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedColumn {
    /// Canonical name.
    pub column: String,
    /// The contract's type.
    #[serde(rename = "type")]
    pub column_type: String,
    /// What becomes of its values.
    pub how: Masking,
}

/// Masks the pii columns of one contract; the same on every thread.
///
/// ```
/// use std::collections::BTreeSet;
/// use abaco_pipeline::contract::Contract;
/// use abaco_pipeline::mask::{Masker, MaskingKey};
///
/// let contract = Contract::from_yaml_str("
/// contract: loans
/// version: 1
/// currency: USD
/// columns:
///   borrower_id: { type: text, roles: [pii] }
///   city: { type: text }
/// ", "loans.yml")?;
/// let key = MaskingKey::parse("2026-01", "hex:000102030405060708090a0b0c0d0e0f").unwrap();
/// let masker = Masker::new(&key, &contract, &BTreeSet::new()).unwrap();
/// assert_eq!(masker.text("borrower_id", " Ana Lopez "), Some("a751a9c8bee247b3ce2f1ca955219900".to_owned()));
/// assert_eq!(masker.text("city", "Quito"), Some("Quito".to_owned()));
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
pub struct Masker {
    key_id: String,
    masked: BTreeMap<String, Mask>,
    columns: Vec<MaskedColumn>,
}

struct Mask {
    column: Column,
    pseudonyms: Pseudonyms,
}

impl Masker {
    /// What masks the contract's pii columns, but for those of `kept_plain`.
    ///
    /// # Errors
    /// What is wrong, as a fragment: the snapshot column cannot be masked, because nothing would be left of it.
    pub fn new(key: &MaskingKey, contract: &Contract, kept_plain: &BTreeSet<String>) -> Result<Self, String> {
        let (mut masked, mut columns) = (BTreeMap::new(), Vec::new());
        for column in contract.columns().iter().filter(|column| column.has_role(Role::Pii)) {
            let plain = kept_plain.contains(&column.name);
            if !plain && column.has_role(Role::Snapshot) {
                let name = &column.name;
                return Err(format!(
                    "column `{name}`: expected a snapshot that is not masked, found role `pii`"
                ));
            }
            let how = if plain { Masking::Plain } else { masking(column.column_type) };
            columns.push(MaskedColumn {
                column: column.name.clone(),
                column_type: column.column_type.to_string(),
                how,
            });
            if !plain {
                let pseudonyms = Pseudonyms::of(key, &column.name)?;
                masked.insert(column.name.clone(), Mask { column: column.clone(), pseudonyms });
            }
        }
        Ok(Self { key_id: key.id().to_owned(), masked, columns })
    }

    /// The name of the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The contract's pii columns in its order, those that are kept plain included.
    pub fn columns(&self) -> &[MaskedColumn] {
        &self.columns
    }

    /// The schema of masked batches: what becomes null may be null.
    pub fn schema(&self, schema: &Schema) -> Schema {
        let fields = schema.fields().iter().map(|field| {
            if self.masked.contains_key(field.name()) && becomes_null(field.data_type()) {
                Arc::new(field.as_ref().clone().with_nullable(true))
            } else {
                Arc::clone(field)
            }
        });
        Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
    }

    /// The batch with its pii columns masked; columns that the contract does not declare stay as they are.
    ///
    /// Of a dictionary only the values are masked, each once.
    ///
    /// # Errors
    /// Arrow's, if the pseudonyms of a batch are more than a text column can hold: 2 GiB.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(batch.columns());
        let columns = fields.map(|(field, array)| match self.masked.get(field.name()) {
            Some(mask) => mask.array(array),
            None => Ok(ArrayRef::clone(array)),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(self.schema(&schema)), columns, &rows)
    }

    /// What stands for a single cell, as a file has it: the same as in a masked batch.
    ///
    /// `None` for what is null in a batch, and for what cannot be masked because it cannot be read. A cell of any other
    /// column is returned as it is.
    pub fn text(&self, column: &str, cell: &str) -> Option<String> {
        match self.masked.get(column) {
            Some(mask) => mask.cell(cell),
            None => Some(cell.to_owned()),
        }
    }
}

impl Mask {
    fn array(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match array.data_type() {
            DataType::Utf8 => Ok(Arc::new(self.texts(array.as_string::<i32>())?)),
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                let dictionary = array.as_dictionary::<Int32Type>();
                let values = self.texts(dictionary.values().as_string::<i32>())?;
                Ok(Arc::new(DictionaryArray::try_new(dictionary.keys().clone(), Arc::new(values))?))
            }
            DataType::Int64 => {
                let ints = array.as_primitive::<Int64Type>();
                // Null slots keep their zero, which is nobody's value.
                let masked = ints.iter().map(|int| int.map(|int| self.pseudonyms.int(int)));
                Ok(Arc::new(masked.collect::<Int64Array>()))
            }
            other => Ok(new_null_array(other, array.len())),
        }
    }

    fn texts(&self, texts: &StringArray) -> Result<StringArray, ArrowError> {
        let bytes = texts.len().checked_mul(DIGITS).filter(|bytes| i32::try_from(*bytes).is_ok());
        let bytes = bytes.ok_or(ArrowError::OffsetOverflowError(texts.len()))?;
        let mut masked = StringBuilder::with_capacity(texts.len(), bytes);
        let mut seen = Seen::default();
        for text in texts {
            match text {
                Some(text) => masked.append_value(as_text(&seen.text(text, &self.pseudonyms))),
                None => masked.append_null(),
            }
        }
        Ok(masked.finish())
    }

    fn cell(&self, cell: &str) -> Option<String> {
        let cell = cell.trim();
        if self.column.null_tokens.iter().any(|token| token == cell) {
            return None;
        }
        match self.column.column_type {
            ColumnType::Text => Some(as_text(&self.pseudonyms.text(cell)).to_owned()),
            ColumnType::Int => {
                let rule = DecimalRule::new(19, 0, ExcessDigits::Refuse)?;
                let parsed = parse_decimal(cell.as_bytes(), &rule).ok()?;
                Some(self.pseudonyms.int(i64::try_from(parsed.mantissa).ok()?).to_string())
            }
            ColumnType::Decimal { .. } | ColumnType::Date | ColumnType::Bool => None,
        }
    }
}

/// The pseudonyms of a batch so far, as long as looking them up pays.
#[derive(Default)]
struct Seen<'a> {
    known: HashMap<&'a str, [u8; DIGITS]>,
    asked: usize,
    found: usize,
}

impl<'a> Seen<'a> {
    fn text(&mut self, text: &'a str, pseudonyms: &Pseudonyms) -> [u8; DIGITS] {
        if self.asked >= TRIED && self.found < self.asked / 4 {
            return pseudonyms.text(text);
        }
        self.asked += 1;
        if let Some(known) = self.known.get(text) {
            self.found += 1;
            return *known;
        }
        let digits = pseudonyms.text(text);
        self.known.insert(text, digits);
        digits
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").field("key_id", &self.key_id).field("columns", &self.columns).finish()
    }
}

fn masking(column_type: ColumnType) -> Masking {
    match column_type {
        ColumnType::Text => Masking::Text,
        ColumnType::Int => Masking::Int,
        ColumnType::Decimal { .. } | ColumnType::Date | ColumnType::Bool => Masking::Null,
    }
}

/// Whether arrays of the type have no pseudonyms.
fn becomes_null(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::Int64 => false,
        DataType::Dictionary(key, value) => **key != DataType::Int32 || **value != DataType::Utf8,
        _ => true,
    }
}
