//! Decimals that a Parquet file stores as bytes, as pyarrow does unless told otherwise.
//!
//! The decoder makes numbers of them one by one, by way of slices whose length it does not know. It is told that they
//! are bytes and nothing else, and hands them over as they lie in the file; numbers are made of them here.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use ::parquet::basic::Type as PhysicalType;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{FileMetaData, ParquetMetaData};
use ::parquet::schema::types::{SchemaDescriptor, Type};
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal32Array, Decimal64Array, Decimal128Array, FixedSizeBinaryArray,
};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

/// Bytes of the widest number that is made here.
const MOST_BYTES: usize = 16;

/// Which columns of a batch come as bytes, and the decimal that each is.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteDecimals {
    of_column: Vec<Option<DataType>>,
}

impl ByteDecimals {
    /// Asks for the chosen columns, given by ascending positions, as bytes if they are decimals that are stored so.
    ///
    /// Where the decoder will not have it, it makes the numbers itself: no value differs.
    pub(crate) fn ask(metadata: ArrowReaderMetadata, wanted: &[usize]) -> (ArrowReaderMetadata, Self) {
        let roots = metadata.parquet_schema().root_schema().get_fields();
        let fields = metadata.schema().fields();
        let asked = |index: &usize| {
            let length = byte_length(roots.get(*index)?)?;
            let found = fields.get(*index)?.data_type();
            let known =
                matches!(found, DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..));
            known.then(|| (*index, length, found.clone()))
        };
        let asked: Vec<_> = wanted.iter().map(asked).collect();
        if asked.iter().all(Option::is_none) {
            return (metadata, Self::default());
        }
        match as_bytes(&metadata, asked.iter().flatten().map(|(index, length, _)| (*index, *length))) {
            Ok(as_bytes) => {
                let of_column = asked.into_iter().map(|asked| asked.map(|(.., decimal)| decimal));
                (as_bytes, Self { of_column: of_column.collect() })
            }
            Err(_) => (metadata, Self::default()),
        }
    }

    /// A batch of the chosen columns with numbers in the place of bytes.
    pub(crate) fn read(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        if self.of_column.is_empty() {
            return Ok(batch);
        }
        if self.of_column.len() != batch.num_columns() {
            let message = format!("{} columns instead of {}", batch.num_columns(), self.of_column.len());
            return Err(ArrowError::SchemaError(message));
        }
        let mut fields = Vec::with_capacity(batch.num_columns());
        let mut arrays = Vec::with_capacity(batch.num_columns());
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        for ((field, array), decimal) in columns.zip(&self.of_column) {
            let Some(decimal) = decimal else {
                arrays.push(ArrayRef::clone(array));
                fields.push(Arc::clone(field));
                continue;
            };
            let bytes = array.as_fixed_size_binary_opt();
            let bytes = bytes.ok_or_else(|| ArrowError::CastError(format!("{decimal} in no bytes")))?;
            arrays.push(numbers(bytes, decimal)?);
            fields.push(Arc::new(field.as_ref().clone().with_data_type(decimal.clone())));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    }
}

/// The length of each of a column's values, if they are bytes of one length that a number here may have.
fn byte_length(root: &Type) -> Option<i32> {
    match root {
        Type::PrimitiveType { physical_type: PhysicalType::FIXED_LEN_BYTE_ARRAY, type_length, .. } => {
            usize::try_from(*type_length)
                .is_ok_and(|length| (1..=MOST_BYTES).contains(&length))
                .then_some(*type_length)
        }
        _ => None,
    }
}

/// The same file, some of whose columns are bytes and nothing else.
fn as_bytes(
    metadata: &ArrowReaderMetadata,
    asked: impl Iterator<Item = (usize, i32)>,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let file = metadata.metadata().file_metadata();
    let root = file.schema_descr().root_schema();
    let (mut roots, mut fields) = (root.get_fields().to_vec(), metadata.schema().fields().to_vec());
    for (index, length) in asked {
        let info = roots[index].get_basic_info();
        let bytes = Type::primitive_type_builder(info.name(), PhysicalType::FIXED_LEN_BYTE_ARRAY)
            .with_repetition(info.repetition())
            .with_length(length)
            .with_id(info.has_id().then(|| info.id()))
            .build()?;
        roots[index] = Arc::new(bytes);
        let field = fields[index].as_ref().clone();
        fields[index] = Arc::new(field.with_data_type(DataType::FixedSizeBinary(length)));
    }
    let root = Type::group_type_builder(root.name()).with_fields(roots).build()?;
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        Arc::new(SchemaDescriptor::new(Arc::new(root))),
        file.column_orders().cloned(),
    );
    let groups = metadata.metadata().row_groups().to_vec();
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::new(ParquetMetaData::new(file, groups)), options)
}

fn numbers(bytes: &FixedSizeBinaryArray, decimal: &DataType) -> Result<ArrayRef, ArrowError> {
    let nulls = bytes.nulls().cloned();
    let unfit = || ArrowError::CastError(format!("{decimal} in {} bytes", bytes.value_length()));
    Ok(match *decimal {
        DataType::Decimal32(precision, scale) => {
            let values = narrow(bytes).ok_or_else(unfit)?;
            Arc::new(
                Decimal32Array::try_new(values.into(), nulls)?.with_precision_and_scale(precision, scale)?,
            )
        }
        DataType::Decimal64(precision, scale) => {
            let values = long(bytes).ok_or_else(unfit)?;
            Arc::new(
                Decimal64Array::try_new(values.into(), nulls)?.with_precision_and_scale(precision, scale)?,
            )
        }
        DataType::Decimal128(precision, scale) => {
            let values = wide(bytes).ok_or_else(unfit)?;
            Arc::new(
                Decimal128Array::try_new(values.into(), nulls)?.with_precision_and_scale(precision, scale)?,
            )
        }
        _ => return Err(unfit()),
    })
}

/// The most significant byte first, the sign in its first bit; each length by code of its own, in which a value is read
/// in a few instructions.
macro_rules! integers {
    ($name:ident, $type:ty, $($length:literal)*) => {
        fn $name(bytes: &FixedSizeBinaryArray) -> Option<Vec<$type>> {
            const WIDTH: usize = size_of::<$type>();
            let values = bytes.value_data();
            match bytes.value_length() {
                $($length => {
                    let integer = |value: &[u8; $length]| {
                        let mut own = [0; WIDTH];
                        own[..$length].copy_from_slice(value);
                        <$type>::from_be_bytes(own) >> (8 * (WIDTH - $length))
                    };
                    Some(values.as_chunks::<$length>().0.iter().map(integer).collect())
                })*
                _ => None,
            }
        }
    };
}

integers!(narrow, i32, 1 2 3 4);
integers!(long, i64, 1 2 3 4 5 6 7 8);
integers!(wide, i128, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);

#[cfg(test)]
mod tests {
    use ::parquet::arrow::ArrowWriter;
    use bytes::Bytes;

    use super::*;

    /// Read as numbers by the decoder they would be as right, and as slow as before: nobody would notice.
    #[test]
    fn the_decoder_is_asked_for_bytes() {
        let amounts = |digits| -> ArrayRef {
            let amounts = Decimal128Array::from_iter_values([5, -7]);
            Arc::new(amounts.with_precision_and_scale(digits, 2).unwrap())
        };
        let batch = RecordBatch::try_from_iter([("integers", amounts(18)), ("bytes", amounts(20))]).unwrap();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let metadata = ArrowReaderMetadata::load(&Bytes::from(file), ArrowReaderOptions::new()).unwrap();
        let (metadata, asked) = ByteDecimals::ask(metadata, &[0, 1]);
        assert_eq!(asked.of_column, [None, Some(DataType::Decimal128(20, 2))]);
        let found = metadata.schema().fields().iter().map(|field| field.data_type().clone());
        let expected = [DataType::Decimal128(18, 2), DataType::FixedSizeBinary(9)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn numbers_of_each_length_are_read_at_their_edges() {
        for length in 1..=MOST_BYTES as u32 {
            let edge = i128::MAX >> (128 - 8 * length);
            let values = [0, 1, -1, edge, -edge, -edge - 1, edge / 3, -edge / 7];
            let cells =
                values.iter().map(|value| value.to_be_bytes()[MOST_BYTES - length as usize..].to_vec());
            let bytes = FixedSizeBinaryArray::try_from_iter(cells).unwrap();
            assert_eq!(wide(&bytes).unwrap(), values);
            let long = long(&bytes).map(|found| found.into_iter().map(i128::from).collect::<Vec<_>>());
            assert_eq!(long, (length <= 8).then(|| values.to_vec()));
            let narrow = narrow(&bytes).map(|found| found.into_iter().map(i128::from).collect::<Vec<_>>());
            assert_eq!(narrow, (length <= 4).then(|| values.to_vec()));
        }
    }
}
