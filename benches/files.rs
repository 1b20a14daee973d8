//! The generated tape as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use abaco_loans::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use abaco_loans::arrow::compute::cast;
use abaco_loans::arrow::datatypes::{DataType, Date32Type, Decimal64Type, Int32Type, Int64Type};
use abaco_loans::arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::Outcome;

/// Writes 64-bit batches as CSV, amounts with two places.
///
/// # Errors
/// Whatever the file system says, and a column of another type than the generated tape has.
pub fn csv(path: &Path, batches: &[RecordBatch]) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for (index, batch) in batches.iter().enumerate() {
        if index == 0 {
            let schema = batch.schema();
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            writeln!(out, "{}", names.join(","))?;
        }
        for row in 0..batch.num_rows() {
            for (position, column) in batch.columns().iter().enumerate() {
                let separator = if position == 0 { "" } else { "," };
                write!(out, "{separator}{}", cell(column, row)?)?;
            }
            writeln!(out)?;
        }
    }
    Ok(out.flush()?)
}

fn cell(column: &ArrayRef, row: usize) -> Outcome<String> {
    Ok(match column.data_type() {
        DataType::Dictionary(..) => {
            let segments = column.as_dictionary::<Int32Type>();
            let names: &StringArray = segments.values().as_string();
            names.value(usize::try_from(segments.keys().value(row))?).to_owned()
        }
        DataType::Date32 => {
            column.as_primitive::<Date32Type>().value_as_date(row).ok_or("a date")?.to_string()
        }
        DataType::Decimal64(..) => {
            let cents = column.as_primitive::<Decimal64Type>().value(row);
            format!("{}.{:02}", cents / 100, cents % 100)
        }
        _ => column.as_primitive::<Int64Type>().value(row).to_string(),
    })
}

/// Writes batches as Parquet with zstd, the segments as plain texts.
///
/// # Errors
/// Whatever the file system and the writer say.
pub fn parquet(path: &Path, batches: &[RecordBatch]) -> Outcome<()> {
    let compression = Compression::ZSTD(ZstdLevel::try_new(3)?);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(1 << 20))
        .build();
    let plain = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(..) => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        _ => Arc::clone(field),
    };
    let first = batches.first().ok_or("no batch")?.schema();
    let schema = Arc::new(Schema::new(first.fields().iter().map(plain).collect::<Vec<_>>()));
    let mut writer = ArrowWriter::try_new(File::create(path)?, Arc::clone(&schema), Some(properties))?;
    for batch in batches {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns =
            columns.map(|(array, field)| cast(array, field.data_type())).collect::<Result<_, _>>()?;
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    writer.close()?;
    Ok(())
}
