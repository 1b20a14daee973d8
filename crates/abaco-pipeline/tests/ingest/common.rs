//! Helpers: a tape in a temporary directory, and what reading it gives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::PipelineError;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, IngestOptions, IngestReport, Needed};
use arrow::array::{ArrayRef, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Decimal64Type, Decimal128Type, Schema};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A contract of the given columns, each a line of YAML.
pub(crate) fn contract(columns: &[&str]) -> Contract {
    let columns: String = columns.iter().map(|column| format!("\n  {column}")).collect();
    Contract::from_yaml_str(&format!("contract: c\nversion: 1\ncurrency: USD\ncolumns:{columns}\n"), "c.yml")
        .unwrap()
}

/// A file that lives as long as the test.
pub(crate) struct Tape {
    dir: TempDir,
    pub(crate) path: PathBuf,
}

impl Tape {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self { dir, path }
    }

    pub(crate) fn csv(text: impl AsRef<[u8]>) -> Self {
        Self::new("tape.csv", text)
    }

    /// An error's message without the directory.
    pub(crate) fn message(&self, error: &PipelineError) -> String {
        error.to_string().replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// Reads everything into one batch.
    pub(crate) fn read(&self, contract: &Contract) -> Result<(RecordBatch, IngestReport), PipelineError> {
        read(&self.path, contract, &Needed::all(), 65_536)
    }

    /// The kind and the message with which the tape is refused.
    pub(crate) fn refusal(&self, contract: &Contract) -> String {
        match self.read(contract) {
            Ok((batch, _)) => panic!("not refused: {batch:?}"),
            Err(error) => {
                assert_eq!(error.kind(), abaco_pipeline::ErrorKind::Data);
                self.message(&error)
            }
        }
    }
}

pub(crate) fn read(
    path: &Path,
    contract: &Contract,
    needed: &Needed,
    batch_rows: usize,
) -> Result<(RecordBatch, IngestReport), PipelineError> {
    let mut tape =
        ingest::open(path, contract, needed, &IngestOptions { batch_rows, ..IngestOptions::default() })?;
    let schema = tape.schema();
    let mut batches = Vec::new();
    for batch in &mut tape {
        let batch = batch?;
        assert!(batch.num_rows() > 0 && batch.num_rows() <= batch_rows);
        assert_eq!(batch.schema(), schema);
        batches.push(batch);
    }
    assert!(tape.next().is_none());
    let report = tape.into_report();
    assert_eq!(report.rows, batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>());
    assert!(report.sha256.is_some());
    Ok((concat_batches(&schema, &batches).unwrap(), report))
}

pub(crate) fn parquet(batch: &RecordBatch) -> Tape {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    Tape::new("tape.parquet", bytes)
}

pub(crate) fn ipc(batch: &RecordBatch) -> Tape {
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    Tape::new("tape.arrow", bytes)
}

/// A batch of one nullable column `x`.
pub(crate) fn one_column(array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap()
}

pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The scaled integers of a decimal column.
pub(crate) fn mantissas(batch: &RecordBatch, column: &str) -> Vec<Option<i128>> {
    let array = batch.column_by_name(column).unwrap();
    match array.as_primitive_opt::<Decimal64Type>() {
        Some(array) => array.iter().map(|value| value.map(i128::from)).collect(),
        None => array.as_primitive::<Decimal128Type>().iter().collect(),
    }
}

pub(crate) fn names(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|field| field.name().as_str()).collect()
}

pub(crate) fn array<A: arrow::array::Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}
