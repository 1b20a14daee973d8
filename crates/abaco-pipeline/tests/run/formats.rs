//! One tape in three formats is one result.

use std::path::Path;

use abaco_engine::AsOf;
use abaco_pipeline::arrow::array::{Array, ArrayRef, RecordBatch};
use abaco_pipeline::arrow::compute::{cast, concat_batches};
use abaco_pipeline::arrow::datatypes::DataType;
use abaco_pipeline::arrow::ipc::writer::FileWriter;
use abaco_pipeline::ingest::{self, IngestOptions, IngestReport, Needed};
use abaco_pipeline::{Pipeline, PipelineConfig, Run, RunRequest};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::common::{catalogue, kpis, root};

fn pipeline() -> Pipeline {
    Pipeline::new(PipelineConfig::embedded().unwrap(), &catalogue()).unwrap()
}

fn run(path: &Path) -> Run {
    let inputs = vec![path.to_path_buf()];
    let request =
        RunRequest { inputs, tables: Vec::new(), as_of: AsOf::Single, out: None, actor: "test".to_owned() };
    pipeline().run(&request).unwrap()
}

fn rollout() -> std::path::PathBuf {
    root().join("examples/data/rollout_1000.csv")
}

fn read(path: &Path) -> (RecordBatch, IngestReport) {
    let config = PipelineConfig::embedded().unwrap();
    let mut tape = ingest::open(path, &config.contract, &Needed::all(), &IngestOptions::default()).unwrap();
    let schema = tape.schema();
    let batches: Vec<RecordBatch> = tape.by_ref().map(Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), tape.into_report())
}

/// The batch with as many decimal places per column as the text had.
fn as_written(batch: &RecordBatch, report: &IngestReport) -> RecordBatch {
    let columns = report.columns.iter().zip(batch.columns()).map(|(column, array)| {
        let scale = i8::try_from(column.observed_scale.unwrap()).unwrap();
        let cast: ArrayRef = cast(array, &DataType::Decimal128(38, scale)).unwrap();
        assert_eq!(cast.null_count(), 0);
        (column.name.clone(), cast, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn parquet(path: &Path, batch: &RecordBatch, rows_per_group: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_per_group)).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn ipc(path: &Path, batch: &RecordBatch, rows_per_batch: usize) {
    let mut writer = FileWriter::try_new(std::fs::File::create(path).unwrap(), &batch.schema()).unwrap();
    for start in (0..batch.num_rows()).step_by(rows_per_batch) {
        writer.write(&batch.slice(start, rows_per_batch.min(batch.num_rows() - start))).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn the_same_kpis_digit_for_digit() {
    let folder = tempfile::tempdir().unwrap();
    let (batch, report) = read(&rollout());
    let batch = as_written(&batch, &report);
    let csv = run(&rollout());
    let mut identities = vec![csv.document.identity.clone()];
    for rows in [1_000, 999, 7] {
        let path = folder.path().join(format!("{rows}.parquet"));
        parquet(&path, &batch, rows);
        let again = run(&path);
        assert_eq!(kpis(&again), kpis(&csv), "parquet, {rows} rows per group");
        identities.push(again.document.identity);
    }
    for (rows, extension) in [(1_000, "arrow"), (999, "ipc"), (7, "feather")] {
        let path = folder.path().join(format!("{rows}.{extension}"));
        ipc(&path, &batch, rows);
        let again = run(&path);
        assert_eq!(kpis(&again), kpis(&csv), "{extension}, {rows} rows per batch");
        identities.push(again.document.identity);
    }
    // Other bytes, other identities.
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), 7);
}

/// A typed file that declares more decimal places shows them; no number changes.
#[test]
fn wider_columns_only_add_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.parquet");
    parquet(&path, &read(&rollout()).0, 1_000);
    let (csv, wide) = (kpis(&run(&rollout())), kpis(&run(&path)));
    assert_eq!(wide[0]["components"]["SUM(dpd_30_60_usd)"], "9805131.06640267245580000");
    assert_ne!(wide, csv);
    assert_eq!(trimmed(wide), trimmed(csv));
}

/// The document without the zeros that end a fraction.
fn trimmed(value: Value) -> Value {
    match value {
        Value::String(text)
            if text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') =>
        {
            Value::String(text.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        Value::Array(items) => items.into_iter().map(trimmed).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, trimmed(value))).collect())
        }
        other => other,
    }
}

/// Formats may be mixed, as long as the columns agree.
#[test]
fn partitions_of_different_formats() {
    let folder = tempfile::tempdir().unwrap();
    let (batch, report) = read(&rollout());
    let batch = as_written(&batch, &report);
    let [a, b] = ["a.parquet", "b.arrow"].map(|name| folder.path().join(name));
    parquet(&a, &batch.slice(0, 400), 1_000);
    ipc(&b, &batch.slice(400, 600), 1_000);
    let inputs = vec![b, a];
    let request =
        RunRequest { inputs, tables: Vec::new(), as_of: AsOf::Single, out: None, actor: "test".to_owned() };
    let mixed = pipeline().run(&request).unwrap();
    assert_eq!(kpis(&mixed), kpis(&run(&rollout())));
    assert_eq!(mixed.inputs.iter().map(|input| input.rows).collect::<Vec<_>>(), [600, 400]);
}

#[test]
fn dates_and_text_come_through_too() {
    let desk = crate::common::Desk::new();
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let mut tape =
        ingest::open(desk.path("tape.csv"), &config.contract, &Needed::all(), &IngestOptions::default())
            .unwrap();
    let batch = tape.next().unwrap().unwrap();
    desk.write("cfg/pipeline.yml", format!("{}segments: [[segment]]\n", crate::common::SETTINGS));
    let csv = desk.run(&desk.dry()).unwrap();
    parquet(&desk.path("tape.parquet"), &batch, 2);
    ipc(&desk.path("tape.arrow"), &batch, 2);
    for name in ["tape.parquet", "tape.arrow"] {
        let again = desk.run(&RunRequest { inputs: vec![desk.path(name)], ..desk.dry() }).unwrap();
        assert_eq!(kpis(&again), kpis(&csv), "{name}");
        assert_eq!(again.document.as_of, csv.document.as_of, "{name}");
        let segments = |run: &Run| serde_json::to_value(&run.document.segments).unwrap();
        assert_eq!(segments(&again), segments(&csv), "{name}");
    }
}
