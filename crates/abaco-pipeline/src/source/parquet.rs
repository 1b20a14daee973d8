//! Parquet: only the needed columns are decoded.

use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Type as PhysicalType;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::typed_source::{Batches, decode};
use super::{Format, Input};
use crate::PipelineError;

const FORMAT: Format = Format::Parquet;

/// A Parquet file whose metadata has been read.
pub(crate) struct ParquetFile {
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Reads the metadata of a Parquet file.
    pub(crate) fn open(input: &Input) -> Result<Self, PipelineError> {
        let file = input.handle()?;
        let metadata = decode(input, FORMAT, || {
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map(narrowed)
        })?;
        Ok(Self { metadata })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Reads some of the columns, given by ascending positions.
    pub(crate) fn read(
        self,
        input: &Input,
        wanted: Vec<usize>,
        batch_rows: usize,
    ) -> Result<Batches, PipelineError> {
        let file = input.handle()?;
        let reader = decode(input, FORMAT, || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata);
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
            builder.with_projection(mask).with_batch_size(batch_rows).build()
        })?;
        Ok(Box::new(reader))
    }
}

/// Asks for decimals that the file stores in 32 or 64 bits as they are, not widened to 128.
///
/// That saves a pass over the column. Where the reader will not have it, its own choice stands: no number differs.
fn narrowed(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let descriptor = metadata.metadata().file_metadata().schema_descr();
    let roots = descriptor.root_schema().get_fields();
    let fields: Vec<Arc<Field>> = metadata
        .schema()
        .fields()
        .iter()
        .zip(roots)
        .map(|(field, root)| {
            let physical = root.is_primitive().then(|| root.get_physical_type());
            match (field.data_type(), physical) {
                (&DataType::Decimal128(p, s), Some(PhysicalType::INT32)) if p <= 9 => {
                    Arc::new(field.as_ref().clone().with_data_type(DataType::Decimal32(p, s)))
                }
                (&DataType::Decimal128(p, s), Some(PhysicalType::INT64)) if p <= 18 => {
                    Arc::new(field.as_ref().clone().with_data_type(DataType::Decimal64(p, s)))
                }
                _ => Arc::clone(field),
            }
        })
        .collect();
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).unwrap_or(metadata)
}
