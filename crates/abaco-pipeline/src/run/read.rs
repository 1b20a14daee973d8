//! Opening files of a table, and what partitions must have in common.

use std::path::{Path, PathBuf};

use abaco_engine::{Bindings, Projection};
use abaco_kpi::{Column, RowExpr};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::names;
use crate::PipelineError;
use crate::contract::Contract;
use crate::ingest::{IngestOptions, IngestReport, Tape};
use crate::panel::Table;

/// Opens a regular file as a tape.
pub(super) fn open(path: &Path, contract: &Contract) -> Result<Tape, PipelineError> {
    check_regular(path)?;
    Tape::open(path, contract, &IngestOptions::default())
}

/// A table with the columns that its contract derives.
pub(super) fn with_derived(
    table: Table,
    contract: &Contract,
    bindings: &Bindings,
) -> Result<Table, PipelineError> {
    let engine = |source| PipelineError::Engine { path: table.path.clone(), source };
    let projection = projection(&table.batch, contract, bindings).map_err(engine)?;
    let batch = projection.project(&table.batch).map_err(engine)?;
    Ok(Table { batch, ..table })
}

/// The columns that the file has, and those that the contract derives of them.
fn projection(
    batch: &RecordBatch,
    contract: &Contract,
    bindings: &Bindings,
) -> Result<Projection, abaco_engine::EngineError> {
    let schema = batch.schema();
    let own = schema.fields().iter().map(|field| Column::from(field.name().clone()));
    let derived = contract.derived().iter().map(|derived| Column::from(derived.name.clone()));
    let exprs: Vec<(Column, RowExpr)> =
        own.chain(derived).map(|column| (column.clone(), RowExpr::Column(column))).collect();
    Projection::new(&exprs, &schema, bindings)
}

/// Every partition must offer what the first one does, or the totals would silently cover less.
pub(super) fn same_columns(
    expected: &SchemaRef,
    found: &SchemaRef,
    path: &Path,
) -> Result<(), PipelineError> {
    if expected == found {
        return Ok(());
    }
    Err(PipelineError::DifferentColumns {
        path: path.to_path_buf(),
        expected: names(expected),
        found: names(found),
    })
}

/// Counted twice, a partition would double every total and leave every ratio as it was. Without rows there is nothing
/// to double: two months without business are two like files.
pub(super) fn another(
    path: &Path,
    paths: &[PathBuf],
    report: &IngestReport,
    earlier: &[IngestReport],
) -> Result<(), PipelineError> {
    let same = |other: &IngestReport| report.rows > 0 && other.sha256 == report.sha256;
    match earlier.iter().position(same) {
        Some(same) => Err(PipelineError::SameInput { path: path.to_path_buf(), first: paths[same].clone() }),
        None => Ok(()),
    }
}

/// A pipe cannot be read again to be verified, and opening one can wait for ever.
fn check_regular(path: &Path) -> Result<(), PipelineError> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            let message = "expected a regular file, found something else";
            Err(PipelineError::input(path, std::io::Error::other(message)))
        }
        // Folders and what cannot be opened are told apart when they are opened.
        _ => Ok(()),
    }
}
