//! From a file to outcomes, through the pipeline: rows per second for CSV and Parquet.

mod tape;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use abaco_loans::arrow::array::{AsArray, RecordBatch};
use abaco_loans::arrow::datatypes::Decimal64Type;
use abaco_loans::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

fn end_to_end(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = PipelineConfig::embedded().expect("the embedded configuration");
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue()).expect("a pipeline");
    let mut group = criterion.benchmark_group("end_to_end");
    group.sample_size(10);
    for rows in [100_000, 1_000_000] {
        let batches = tape::batches(rows);
        group.throughput(Throughput::Elements(rows as u64));
        let files = [
            ("csv", csv(folder.path(), rows, &batches)),
            ("parquet", parquet(folder.path(), rows, &batches)),
        ];
        for (format, path) in files {
            let request =
                RunRequest { inputs: vec![path], as_of: AsOf::Single, out: None, actor: "bench".to_owned() };
            group.bench_with_input(BenchmarkId::new(format, rows), &request, |bencher, request| {
                bencher.iter(|| pipeline.run(request).expect("a run"));
            });
        }
    }
    group.finish();
}

fn csv(folder: &Path, rows: usize, batches: &[RecordBatch]) -> PathBuf {
    let path = folder.join(format!("{rows}.csv"));
    let mut out = std::io::BufWriter::new(File::create(&path).expect("a file"));
    writeln!(out, "{}", tape::COLUMNS.join(",")).expect("a line");
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| column.as_primitive::<Decimal64Type>()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| format!("{}.{:02}", column.value(row) / 100, column.value(row) % 100))
                .collect();
            writeln!(out, "{}", cells.join(",")).expect("a line");
        }
    }
    out.flush().expect("a file");
    path
}

fn parquet(folder: &Path, rows: usize, batches: &[RecordBatch]) -> PathBuf {
    let path = folder.join(format!("{rows}.parquet"));
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("a level"));
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties)).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("a batch");
    }
    writer.close().expect("a file");
    path
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
