//! An open tape: its header is bound to the contract, and its columns can be chosen.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::{IngestOptions, IngestReport, Needed, TapeReader};
use crate::PipelineError;
use crate::contract::{Bound, ColumnType, Contract};
use crate::source::date_text::days_since_1970;
use crate::source::json_lines::declared;
use crate::source::one_date::{OneDate, RowsOf};
use crate::source::part::{Extent, Parts};
use crate::source::typed_part::{TypedTape, check_types, project};
use crate::source::{ColumnReader, CsvFile, Format, Input, IpcFile, JsonFile, ParquetFile, TextStream};

/// A tape whose header fits the contract and of which no row was read.
///
/// Its schema tells what can be computed; what is computed tells which columns to [`read`](Self::read). The file is
/// opened once for both.
///
/// ```no_run
/// use abaco_pipeline::contract::Contract;
/// use abaco_pipeline::ingest::{IngestOptions, Needed, Tape};
///
/// # fn main() -> Result<(), abaco_pipeline::PipelineError> {
/// let contract = Contract::load("config/contracts/par_balances.yml")?;
/// let tape = Tape::open("tape.parquet", &contract, &IngestOptions::default())?;
/// let first = tape.schema().field(0).name().clone();
/// let reader = tape.read(&Needed::only([first]))?;
/// assert_eq!(reader.schema().fields().len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Tape {
    input: Arc<Input>,
    file: TapeFile,
    columns: Vec<ColumnReader>,
    ignored: Vec<String>,
    options: IngestOptions,
}

enum TapeFile {
    Csv(CsvFile),
    /// With the headers that mean a column of the contract.
    JsonLines(JsonFile, HashSet<String>),
    Parquet(ParquetFile),
    Ipc(IpcFile),
}

impl Tape {
    /// Opens a tape and checks its header against the contract.
    ///
    /// The whole contract is checked, needed or not, so that whether a tape's header is accepted does not depend on
    /// the KPIs that are asked for. Cells are checked in the needed columns only.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind) for an option or extension, [`ErrorKind::Data`](crate::ErrorKind) for
    /// whatever is wrong with the tape, including that it does not exist.
    pub fn open(
        path: impl AsRef<Path>,
        contract: &Contract,
        options: &IngestOptions,
    ) -> Result<Self, PipelineError> {
        options.check()?;
        let path = path.as_ref();
        let format = Format::of(path)?;
        let input = Arc::new(Input::open(path)?);
        let text = || TextStream::new(Arc::clone(&input), format, options.digest);
        let file = match format {
            Format::Csv => TapeFile::Csv(CsvFile::open(text()?, options.chunk_bytes)?),
            Format::JsonLines => {
                TapeFile::JsonLines(JsonFile::open(text()?, options.chunk_bytes)?, declared(contract))
            }
            Format::Parquet => TapeFile::Parquet(ParquetFile::open(&input)?),
            Format::Ipc => TapeFile::Ipc(IpcFile::open(&input)?),
        };
        let found = file.schema().cloned();
        let binding = match (&file, &found) {
            (TapeFile::Csv(file), _) => contract.bind(file.headers(), path)?,
            (TapeFile::JsonLines(file, _), _) => contract.bind(file.headers(), path)?,
            (_, found) => contract
                .bind(found.iter().flat_map(|schema| schema.fields()).map(|field| field.name()), path)?,
        };
        if let Some(found) = &found {
            check_types(&input, &binding.bound, found)?;
        }
        let columns = binding.bound.into_iter().map(|bound| column(path, bound)).collect::<Result<_, _>>()?;
        Ok(Self { input, file, columns, ignored: binding.ignored, options: options.clone() })
    }

    /// The columns of the contract that the file has, under their canonical names and in the order of the contract.
    pub fn schema(&self) -> SchemaRef {
        schema(&self.columns)
    }

    /// Chooses the columns to read.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind) if the file is damaged.
    pub fn read(self, needed: &Needed) -> Result<TapeReader, PipelineError> {
        let Self { input, file, columns, ignored, options } = self;
        let columns: Vec<ColumnReader> =
            columns.into_iter().filter(|column| needed.contains(&column.bound.column.name)).collect();
        let schema = schema(&columns);
        let snapshot = needed.snapshot.as_ref().and_then(|(name, date)| {
            let is_date = |column: &ColumnReader| {
                column.bound.column.name == *name && column.bound.column.column_type == ColumnType::Date
            };
            let position = columns.iter().position(is_date)?;
            Some((position, columns[position].bound.index, *date))
        });
        let format = file.format();
        let mut report = IngestReport::new(&input.path, format, ignored, &columns);
        let (wanted, positions) = project(&columns);
        let typed = TypedTape {
            input: Arc::clone(&input),
            format,
            positions,
            schema: Arc::clone(&schema),
            batch_rows: options.batch_rows,
        };
        let (before, parts): (Extent, Box<dyn Parts>) = match file {
            TapeFile::Csv(file) => {
                let before = file.before();
                (before, Box::new(file.read(&columns, Arc::clone(&schema), options.batch_rows)))
            }
            TapeFile::JsonLines(file, declared) => {
                let rows = file.read(&declared, &columns, Arc::clone(&schema), options.batch_rows);
                (Extent::default(), Box::new(rows))
            }
            TapeFile::Parquet(file) => {
                let bound: Vec<&Bound> = columns.iter().map(|column| &column.bound).collect();
                let groups =
                    file.read(typed, &bound, wanted, snapshot.map(|(_, index, date)| (index, date)))?;
                report.rows_left_out = groups.rows_left_out();
                (Extent::default(), Box::new(groups))
            }
            TapeFile::Ipc(file) => (Extent::default(), Box::new(file.read(typed, wanted)?)),
        };
        let parts = match snapshot {
            None => parts,
            Some((column, _, date)) => {
                let rows = RowsOf { path: input.path.clone(), column, days: days_since_1970(date) };
                Box::new(OneDate { parts, rows })
            }
        };
        Ok(TapeReader::new(input, schema, parts, columns, before, report, options.digest))
    }
}

impl TapeFile {
    fn format(&self) -> Format {
        match self {
            Self::Csv(_) => Format::Csv,
            Self::JsonLines(..) => Format::JsonLines,
            Self::Parquet(_) => Format::Parquet,
            Self::Ipc(_) => Format::Ipc,
        }
    }

    /// The file's own schema, if it has one.
    fn schema(&self) -> Option<&SchemaRef> {
        match self {
            Self::Csv(_) | Self::JsonLines(..) => None,
            Self::Parquet(file) => Some(file.schema()),
            Self::Ipc(file) => Some(file.schema()),
        }
    }
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape").field("path", &self.input.path).field("schema", &self.schema()).finish()
    }
}

fn column(path: &Path, bound: Bound) -> Result<ColumnReader, PipelineError> {
    let beyond = format!("column {}: {} is beyond the limits", bound.label(), bound.column.column_type);
    ColumnReader::new(bound)
        .ok_or_else(|| PipelineError::Configuration { path: path.to_path_buf(), message: beyond })
}

fn schema(columns: &[ColumnReader]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(ColumnReader::field).collect::<Vec<_>>()))
}
