//! Parquet: only the needed columns are decoded, each row group by itself.

use std::io::BufReader;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::{LogicalType, Type as PhysicalType};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::statistics::Statistics;
use ::parquet::schema::types::Type;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use chrono::NaiveDate;

use super::byte_decimals::ByteDecimals;
use super::date_text::days_since_1970;
use super::input::{Cursor, SharedCursor};
use super::part::{Part, Parts, Passed};
use super::typed_part::{Batches, TypedPart, TypedTape, decode};
use super::{Format, Input};
use crate::PipelineError;
use crate::contract::Bound;

const FORMAT: Format = Format::Parquet;

/// A Parquet file whose metadata has been read.
pub(crate) struct ParquetFile {
    metadata: ArrowReaderMetadata,
}

/// The row groups that have not been handed out.
pub(crate) struct RowGroups {
    tape: Arc<TypedTape>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    byte_decimals: ByteDecimals,
    /// The numbers of those that may hold rows that are asked for, the next one last.
    wanted: Vec<usize>,
    /// Rows of the others.
    rows_left_out: u64,
}

impl ParquetFile {
    /// Reads the metadata of a Parquet file.
    pub(crate) fn open(input: &Arc<Input>) -> Result<Self, PipelineError> {
        let chunks = Chunks(Arc::clone(input));
        let metadata = decode(input, FORMAT, || {
            let metadata = ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::new())?;
            // Columns go by their position, which a group without columns of its own has in the file only.
            let columns = metadata.parquet_schema().root_schema().get_fields().len();
            let fields = metadata.schema().fields().len();
            if fields != columns {
                let message = format!("{columns} columns, of which {fields} can be read");
                return Err(ParquetError::General(message));
            }
            Ok(metadata)
        })?;
        Ok(Self { metadata })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Reads some of the columns, given by ascending positions.
    pub(crate) fn read(
        self,
        tape: TypedTape,
        bound: &[&Bound],
        wanted: Vec<usize>,
        snapshot: Option<(usize, NaiveDate)>,
    ) -> Result<RowGroups, PipelineError> {
        let (metadata, byte_decimals) = decode(&tape.input, FORMAT, || {
            Ok::<_, ParquetError>(ByteDecimals::ask(hinted(&self.metadata, bound), &wanted))
        })?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), wanted);
        let (mut wanted, mut rows_left_out) = (Vec::new(), 0);
        for (index, group) in metadata.metadata().row_groups().iter().enumerate() {
            let excluded = snapshot.is_some_and(|(column, date)| {
                let roots = metadata.parquet_schema().root_schema().get_fields();
                roots.get(column).is_some_and(|root| excludes(group, root, date))
            });
            if excluded {
                rows_left_out += u64::try_from(group.num_rows()).unwrap_or(0);
            } else {
                wanted.push(index);
            }
        }
        wanted.reverse();
        Ok(RowGroups { tape: Arc::new(tape), metadata, mask, byte_decimals, wanted, rows_left_out })
    }
}

impl RowGroups {
    /// Rows of the groups that will not be read.
    pub(crate) fn rows_left_out(&self) -> u64 {
        self.rows_left_out
    }
}

/// Whether the statistics of a row group say that it has no row of a date, and none without a date.
fn excludes(group: &RowGroupMetaData, root: &Type, date: NaiveDate) -> bool {
    let is_date = root.is_primitive() && root.get_basic_info().logical_type_ref() == Some(&LogicalType::Date);
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().parts() == [root.name().to_owned()]);
    let days = days_since_1970(date);
    match chunk.and_then(|chunk| chunk.statistics()) {
        Some(Statistics::Int32(values)) if is_date && values.null_count_opt() == Some(0) => {
            let above = values.min_opt().is_some_and(|least| i64::from(*least) > days);
            let below = values.max_opt().is_some_and(|largest| i64::from(*largest) < days);
            above || below
        }
        _ => false,
    }
}

impl Parts for RowGroups {
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError> {
        let Some(group) = self.wanted.pop() else { return Ok(None) };
        let (metadata, mask) = (self.metadata.clone(), self.mask.clone());
        let byte_decimals = self.byte_decimals.clone();
        let tape = Arc::clone(&self.tape);
        let open = move || {
            decode(&tape.input, FORMAT, || {
                let chunks = Chunks(Arc::clone(&tape.input));
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
                    .with_row_groups(vec![group])
                    .with_projection(mask)
                    .with_batch_size(tape.batch_rows)
                    .build()?;
                let batches = reader.map(move |batch| batch.and_then(|batch| byte_decimals.read(batch)));
                Ok::<Batches, ParquetError>(Box::new(batches))
            })
        };
        Ok(Some(Box::new(TypedPart::new(Arc::clone(&self.tape), Box::new(open)))))
    }

    fn in_order(&self) -> bool {
        false
    }

    fn passed(&mut self) -> Passed {
        Passed::Apart
    }
}

/// The file as the decoder wants it: each of its reads has a position of its own.
struct Chunks(Arc<Input>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.bytes()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<SharedCursor>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Cursor { input: Arc::clone(&self.0), position: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.0.bytes_at(start, length)?.into())
    }
}

/// Asks for columns as they are stored or wanted, where the reader's own choice would cost a pass over them.
///
/// Where the reader will not have it, its own choice stands: no value differs.
fn hinted(metadata: &ArrowReaderMetadata, bound: &[&Bound]) -> ArrowReaderMetadata {
    let descriptor = metadata.metadata().file_metadata().schema_descr();
    let roots = descriptor.root_schema().get_fields();
    let fields = metadata.schema().fields().iter().zip(roots).enumerate();
    let fields: Vec<Arc<Field>> = fields
        .map(|(index, (field, root))| {
            let bound = bound.iter().find(|bound| bound.index == index);
            match bound.and_then(|bound| hint(field.data_type(), root, bound)) {
                Some(hint) => Arc::new(field.as_ref().clone().with_data_type(hint)),
                None => Arc::clone(field),
            }
        })
        .collect();
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
        .unwrap_or_else(|_| metadata.clone())
}

fn hint(found: &DataType, root: &Type, bound: &Bound) -> Option<DataType> {
    let physical = root.is_primitive().then(|| root.get_physical_type())?;
    match (found, physical) {
        (&DataType::Decimal128(precision, scale), physical) => {
            let bytes = match (physical, root) {
                (PhysicalType::INT32, _) => 4,
                (PhysicalType::INT64, _) => 8,
                (PhysicalType::FIXED_LEN_BYTE_ARRAY, Type::PrimitiveType { type_length, .. }) => *type_length,
                _ => return None,
            };
            match precision {
                0..=9 if bytes <= 4 => Some(DataType::Decimal32(precision, scale)),
                // The reader takes 32 bits to 64 only in a dictionary of bytes.
                0..=18 if bytes <= 8 && physical != PhysicalType::INT32 => {
                    Some(DataType::Decimal64(precision, scale))
                }
                _ => None,
            }
        }
        // Texts come in many kinds; each is read as the one that the contract's column has.
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, PhysicalType::BYTE_ARRAY) => {
            let wanted = bound.column.arrow_type();
            matches!(wanted, DataType::Utf8 | DataType::Dictionary(..)).then_some(wanted)
        }
        (DataType::Dictionary(_, values), PhysicalType::BYTE_ARRAY) if super::typed::is_text(values) => {
            let wanted = bound.column.arrow_type();
            matches!(wanted, DataType::Utf8 | DataType::Dictionary(..)).then_some(wanted)
        }
        _ => None,
    }
}
