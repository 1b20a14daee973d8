//! Opening a tape of each format: bind the header, choose the columns, make the reader.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::{IngestOptions, IngestReport, Needed, TapeReader};
use crate::PipelineError;
use crate::contract::{Binding, Contract};
use crate::source::typed_source::{Batches, TypedSource, check_types, project};
use crate::source::{ColumnReader, CsvFile, Format, Input, IpcFile, ParquetFile};

/// What every format needs once the header is bound.
struct Plan {
    columns: Vec<ColumnReader>,
    schema: SchemaRef,
    report: IngestReport,
}

impl Plan {
    fn new(path: &Path, format: Format, binding: Binding, needed: &Needed) -> Result<Self, PipelineError> {
        let chosen = binding.bound.into_iter().filter(|bound| needed.contains(&bound.column.name));
        let columns = chosen
            .map(|bound| {
                let beyond =
                    format!("column {}: {} is beyond the limits", bound.label(), bound.column.column_type);
                ColumnReader::new(bound)
                    .ok_or_else(|| PipelineError::Configuration { path: path.to_path_buf(), message: beyond })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(Schema::new(columns.iter().map(ColumnReader::field).collect::<Vec<_>>()));
        let report = IngestReport::new(path, format, binding.ignored, &columns);
        Ok(Self { columns, schema, report })
    }
}

pub(super) fn csv(
    path: &Path,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
) -> Result<TapeReader, PipelineError> {
    let file = CsvFile::open(Input::open(path)?)?;
    let binding = contract.bind(file.headers(), path)?;
    let Plan { columns, schema, report } = Plan::new(path, Format::Csv, binding, needed)?;
    let source = file.read(columns, Arc::clone(&schema), options.batch_rows);
    Ok(TapeReader::new(schema, Box::new(source), report))
}

pub(super) fn parquet(
    path: &Path,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
) -> Result<TapeReader, PipelineError> {
    let input = Input::open(path)?;
    let file = ParquetFile::open(&input)?;
    let schema = Arc::clone(file.schema());
    typed(input, Format::Parquet, &schema, contract, needed, options, |input, wanted| {
        file.read(input, wanted, options.batch_rows)
    })
}

pub(super) fn ipc(
    path: &Path,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
) -> Result<TapeReader, PipelineError> {
    let input = Input::open(path)?;
    let file = IpcFile::open(&input)?;
    let schema = Arc::clone(file.schema());
    typed(input, Format::Ipc, &schema, contract, needed, options, |input, wanted| file.read(input, wanted))
}

fn typed(
    mut input: Input,
    format: Format,
    found: &Schema,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
    read: impl FnOnce(&Input, Vec<usize>) -> Result<Batches, PipelineError>,
) -> Result<TapeReader, PipelineError> {
    let path = input.path.clone();
    let binding = contract.bind(found.fields().iter().map(|field| field.name().as_str()), &path)?;
    check_types(&input, &binding.bound, found)?;
    let Plan { columns, schema, report } = Plan::new(&path, format, binding, needed)?;
    let digest = input.digest()?;
    let (wanted, columns) = project(columns);
    let batches = read(&input, wanted)?;
    let source = TypedSource {
        input,
        format,
        digest,
        batches,
        columns,
        schema: Arc::clone(&schema),
        batch_rows: options.batch_rows,
        rows: 0,
        rest: None,
    };
    Ok(TapeReader::new(schema, Box::new(source), report))
}
