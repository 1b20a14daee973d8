//! From a file to batches: rows per second for CSV and Parquet, without and with the digest of the bytes.

use std::path::Path;

use abaco_benches::files;
use abaco_benches::tape::{CONTRACT, Keys, Width, batches};
use abaco_loans::pipeline::contract::Contract;
use abaco_loans::pipeline::ingest::{self, IngestOptions, Needed};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const ROWS: usize = 1_000_000;

fn ingest(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let batches = batches(ROWS, Width::Bits64, Keys::Dictionary).expect("a tape");
    let contract = Contract::from_yaml_str(CONTRACT, "bench.yml").expect("a contract");
    let (csv, parquet) = (folder.path().join("tape.csv"), folder.path().join("tape.parquet"));
    files::csv(&csv, &batches).expect("a file");
    files::parquet(&parquet, &batches).expect("a file");
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS as u64));
    for (format, path) in [("csv", &csv), ("parquet", &parquet)] {
        for (columns, needed) in
            [("one_column", Needed::only(["total_receivable_usd"])), ("all_columns", Needed::all())]
        {
            group.bench_function(BenchmarkId::new(format, columns), |bencher| {
                bencher.iter(|| read(path, &contract, &needed));
            });
        }
    }
    group.finish();
}

fn read(path: &Path, contract: &Contract, needed: &Needed) -> usize {
    let tape = ingest::open(path, contract, needed, &IngestOptions::default()).expect("a tape");
    tape.map(|batch| batch.expect("a batch").num_rows()).sum()
}

criterion_group!(benches, ingest);
criterion_main!(benches);
