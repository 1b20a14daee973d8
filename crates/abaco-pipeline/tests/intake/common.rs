//! Helpers: a tape in a temporary directory, and what screening it gives.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, FoldError, IngestOptions, IngestReport, Needed};
use abaco_pipeline::{CellError, PipelineError, Watch};
use arrow::array::{Array, ArrayRef};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

/// A contract of the given columns, each a line of YAML.
pub(crate) fn contract(columns: &[&str]) -> Contract {
    let columns: String = columns.iter().map(|column| format!("\n  {column}")).collect();
    let text = format!("contract: c\nversion: 1\ncurrency: USD\ncolumns:{columns}\n");
    Contract::from_yaml_str(&text, "c.yml").unwrap()
}

/// A file that lives as long as the test.
pub(crate) struct Tape {
    pub(crate) dir: TempDir,
    pub(crate) path: PathBuf,
}

/// What came of a tape, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Screening {
    /// Rows of the tape and their values as Arrow prints them; `null` for null.
    pub(crate) admitted: Vec<(u64, Vec<String>)>,
    /// The message without the folder, the row of the tape, the cells, and the values in the batch.
    pub(crate) refused: Vec<Refused>,
    pub(crate) report: IngestReport,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    pub(crate) message: String,
    pub(crate) row: u64,
    pub(crate) cells: Vec<Option<String>>,
    pub(crate) values: Vec<String>,
}

pub(crate) fn cells(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| (*cell != "-").then(|| (*cell).to_owned())).collect()
}

pub(crate) fn options(chunk_bytes: usize, batch_rows: usize) -> IngestOptions {
    IngestOptions { chunk_bytes, batch_rows, ..IngestOptions::default() }
}

pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

pub(crate) fn values(batch: &RecordBatch, row: usize) -> Vec<String> {
    let value = |column: &ArrayRef| match column.is_null(row) {
        true => "null".to_owned(),
        false => array_value_to_string(column, row).unwrap(),
    };
    batch.columns().iter().map(value).collect()
}

/// The row that an error names.
fn row_of(error: &PipelineError) -> u64 {
    match error {
        PipelineError::Cell(cell) => {
            let CellError { row, .. } = **cell;
            row
        }
        PipelineError::RaggedRow { row, .. }
        | PipelineError::RowTooLong { row, .. }
        | PipelineError::JsonRow { row, .. } => *row,
        other => panic!("{other}"),
    }
}

impl Tape {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self { dir, path }
    }

    pub(crate) fn message(&self, error: &dyn std::fmt::Display) -> String {
        error.to_string().replace(&format!("{}/", self.dir.path().display()), "")
    }

    pub(crate) fn open(&self, contract: &Contract, options: &IngestOptions) -> ingest::TapeReader {
        ingest::open(&self.path, contract, &Needed::all(), options).unwrap()
    }

    /// Screens the tape; the message if it is refused as a whole.
    pub(crate) fn screen(
        &self,
        contract: &Contract,
        needed: &Needed,
        options: &IngestOptions,
        threads: usize,
    ) -> Result<Screening, String> {
        let reader =
            ingest::open(&self.path, contract, needed, options).map_err(|error| self.message(&error))?;
        let schema = reader.schema();
        let (mut admitted, mut refused, watch) = (Vec::new(), Vec::new(), Watch::default());
        let mut last = (0, 0);
        let result = pool(threads).install(|| {
            reader.screen(
                || 0,
                |rows, screened| {
                    assert_eq!(screened.batch.schema(), schema);
                    assert!(screened.refused.is_sorted_by(|one, other| one.row < other.row));
                    *rows += screened.batch.num_rows() as u64;
                    Ok::<_, Infallible>(screened)
                },
                |rows, others| {
                    *rows += others;
                    Ok(())
                },
                |before, screened| {
                    assert_eq!(before.part, screened.part);
                    assert!((screened.part, screened.rows_before) >= last, "out of order");
                    last = (screened.part, screened.rows_before);
                    let first = before.rows + screened.rows_before + 1;
                    let mut rows = screened.refused.into_iter().peekable();
                    for row in 0..screened.batch.num_rows() {
                        let values = values(&screened.batch, row);
                        let Some(one) = rows.next_if(|one| one.row == row) else {
                            admitted.push((first + row as u64, values));
                            continue;
                        };
                        let error = before.locate(one.error);
                        let (message, row) = (self.message(&error), row_of(&error));
                        refused.push(Refused { message, row, cells: one.cells, values });
                    }
                    assert!(rows.next().is_none());
                    Ok(())
                },
                &watch,
            )
        });
        let (rows, report) = result.map_err(|error| match error {
            FoldError::Tape(error) => self.message(&error),
            other => panic!("{other:?}"),
        })?;
        assert_eq!(watch.rows(), report.rows);
        assert_eq!(rows, (admitted.len() + refused.len()) as u64);
        Ok(Screening { admitted, refused, report })
    }

    pub(crate) fn screened(&self, contract: &Contract) -> Screening {
        self.screen(contract, &Needed::all(), &IngestOptions::default(), 2).unwrap()
    }
}

pub(crate) fn array<A: Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}

/// A tape of these columns in a typed format, each part so many rows.
pub(crate) fn typed(name: &str, columns: Vec<(&str, ArrayRef)>, part_rows: usize) -> Tape {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bytes = Vec::new();
    if name.ends_with(".parquet") {
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(part_rows)).build();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    } else {
        let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        for start in (0..batch.num_rows()).step_by(part_rows) {
            writer.write(&batch.slice(start, part_rows.min(batch.num_rows() - start))).unwrap();
        }
        writer.finish().unwrap();
    }
    Tape::new(name, bytes)
}
