//! From a file to a finished run, through the pipeline.

use abaco_benches::files;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn end_to_end(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = PipelineConfig::embedded().expect("the embedded configuration");
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue()).expect("a pipeline");
    let mut group = criterion.benchmark_group("end_to_end");
    group.sample_size(10);
    for rows in [100_000, 1_000_000] {
        let batches = batches(rows, Width::Bits64, Keys::Dictionary).expect("a tape");
        // The embedded contract has one snapshot per tape.
        let batches: Vec<_> =
            batches.iter().map(|batch| batch.project(&[3, 4, 5, 6, 7, 8]).expect("amounts")).collect();
        group.throughput(Throughput::Elements(rows as u64));
        for format in ["csv", "parquet"] {
            let path = folder.path().join(format!("{rows}.{format}"));
            match format {
                "csv" => files::csv(&path, &batches).expect("a file"),
                _ => files::parquet(&path, &batches).expect("a file"),
            }
            let request = RunRequest {
                inputs: vec![path],
                tables: Vec::new(),
                as_of: AsOf::Single,
                out: None,
                actor: "bench".to_owned(),
            };
            group.bench_with_input(BenchmarkId::new(format, rows), &request, |bencher, request| {
                bencher.iter(|| pipeline.run(request).expect("a run"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
