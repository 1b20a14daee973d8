//! Small tapes under a contract.

use std::io::Write;
use std::path::Path;

use abaco_engine::{Bindings, parse_row_expr};
use abaco_pipeline::PipelineError;
use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, IngestOptions, Needed, Screened};
use abaco_pipeline::quality::{CheckResult, Facts, Place, Screen, TableQuality};
use chrono::NaiveDate;

pub(crate) const HEAD: &str = "contract: c\nversion: 1\ncurrency: USD\n";

pub(crate) fn contract(rest: &str) -> Contract {
    Contract::from_yaml_str(&format!("{HEAD}{rest}"), "c.yml").unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn bindings(contract: &Contract) -> Bindings {
    let bound = contract.derived().iter();
    bound.map(|derived| (derived.name.clone().into(), parse_row_expr(&derived.expression).unwrap())).collect()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A tape whose rows all fit, in batches of so many rows.
pub(crate) fn batches(contract: &Contract, csv: &str, batch_rows: usize) -> Vec<RecordBatch> {
    read(contract, csv, batch_rows).unwrap_or_else(|error| panic!("{error}"))
}

/// The same of one batch.
pub(crate) fn batch(contract: &Contract, csv: &str) -> RecordBatch {
    batches(contract, csv, 1 << 16).remove(0)
}

/// The error of a tape that has a bad row.
pub(crate) fn bad_row(contract: &Contract, csv: &str) -> PipelineError {
    read(contract, csv, 1 << 16).unwrap_err()
}

fn read(contract: &Contract, csv: &str, batch_rows: usize) -> Result<Vec<RecordBatch>, PipelineError> {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(csv.as_bytes()).unwrap();
    let options = IngestOptions { batch_rows, ..IngestOptions::default() };
    ingest::open(file.path(), contract, &Needed::all(), &options)?.collect()
}

pub(crate) fn screen(contract: &Contract, batch: &RecordBatch) -> Screen {
    Screen::new(contract, batch.schema(), &bindings(contract)).unwrap()
}

pub(crate) fn tape() -> Place<'static> {
    Place { file: 0, path: Path::new("tape.csv") }
}

/// A batch that is a part of its own.
pub(crate) fn screened(part: usize, batch: &RecordBatch) -> Screened {
    Screened::new(part, 0, batch.clone(), Vec::new())
}

pub(crate) fn facts<'a>(as_of: Option<&str>) -> Facts<'a> {
    Facts { table: "tape", as_of: as_of.map(date), today: date("2025-12-20"), tables: &[], verdicts: None }
}

/// What is said about a tape in one batch.
pub(crate) fn quality(contract: &Contract, csv: &str, as_of: Option<&str>) -> TableQuality {
    let batch = batch(contract, csv);
    let screen = screen(contract, &batch);
    let mut counters = screen.counters();
    screen.check(&mut counters, tape(), screened(0, &batch)).unwrap();
    counters.finish(&screen, &facts(as_of))
}

pub(crate) fn check<'q>(quality: &'q TableQuality, id: &str) -> &'q CheckResult {
    quality.checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no check `{id}`"))
}

/// The rows that a check shows.
pub(crate) fn examples(check: &CheckResult) -> Vec<u64> {
    check.examples.iter().map(|example| example.row).collect()
}
