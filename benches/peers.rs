//! Others on the same batches: Arrow's own kernels, KPI by KPI, and DataFusion's SQL.
//!
//! `cargo bench -p abaco-benches --features peers --bench peers`. DataFusion takes long to build, hence the feature.
//! Neither is asked for more than the sums that the four KPIs of V2 need; ratios and their rounding are ours alone.

use std::hint::black_box;
use std::sync::Arc;

use abaco_benches::tape::{AMOUNTS, Keys, Width, batches};
use abaco_benches::{families, memory};
use abaco_loans::arrow::array::{AsArray, RecordBatch};
use abaco_loans::arrow::compute::kernels::aggregate::sum_checked;
use abaco_loans::arrow::datatypes::{ArrowNativeTypeOp, Decimal64Type, Decimal128Type, DecimalType};
use abaco_loans::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use rayon::prelude::*;
use tokio::runtime::Runtime;

const ROWS: usize = 10_000_000;

/// The columns that each of the four KPIs adds up.
const SUMS: [&[&str]; 4] = [
    &["dpd_30_60_usd", "dpd_60_90_usd", "dpd_90_plus_usd", "total_receivable_usd"],
    &["dpd_90_plus_usd", "total_receivable_usd"],
    &["cash_available_usd", "total_eligible_usd"],
    &AMOUNTS,
];

fn peers(criterion: &mut Criterion) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let runtime = Runtime::new().expect("a runtime");
    let seed = families::seed();
    let mut group = criterion.benchmark_group("peers");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS as u64));
    for width in [Width::Bits32, Width::Bits64, Width::Bits128] {
        let batches = batches(ROWS, width, Keys::Dictionary).expect("a tape");
        let plan = Plan::new(&families::erased(&seed), &batches[0].schema(), &PlanOptions::default());
        let plan = plan.expect("a plan");
        let columns: Vec<String> = plan.columns().map(|column| column.name().to_owned()).collect();
        let name = |peer: &str| BenchmarkId::new(format!("totals/{width:?}"), peer);
        group.bench_function(name("memory_read"), |bencher| {
            bencher.iter(|| memory::read(black_box(&batches), &columns));
        });
        group.bench_function(name("abaco"), |bencher| {
            bencher.iter(|| plan.fold_all(black_box(&batches)).expect("a state"));
        });
        // A sum of 32-bit decimals overflows its own type within the first rows, and the kernel stops there.
        if width != Width::Bits32 {
            group.bench_function(name("arrow_kernels_per_kpi"), |bencher| {
                bencher.iter(|| kernels(black_box(&batches), width));
            });
        }
        let sums: Vec<String> = AMOUNTS.iter().map(|column| format!("SUM({column})")).collect();
        let sql = format!("SELECT {} FROM tape", sums.join(", "));
        let context = context(&batches, threads);
        group.bench_function(name("datafusion"), |bencher| bencher.iter(|| query(&runtime, &context, &sql)));
    }
    for keys in [Keys::Dictionary, Keys::Texts, Keys::Million] {
        let batches = batches(ROWS, Width::Bits64, keys).expect("a tape");
        let dated = keys != Keys::Million;
        let options = PlanOptions {
            snapshot: dated.then(|| "measurement_date".into()),
            groups: vec![vec!["segment".into()]],
            ..PlanOptions::default()
        };
        let plan = Plan::new(&families::erased(&seed), &batches[0].schema(), &options).expect("a plan");
        let name = |peer: &str| BenchmarkId::new(format!("grouped/{keys:?}"), peer);
        group.bench_function(name("abaco"), |bencher| {
            bencher.iter(|| plan.fold_all(black_box(&batches)).expect("a state"));
        });
        let by = if dated { "segment, measurement_date" } else { "segment" };
        let sums: Vec<String> = AMOUNTS.iter().map(|column| format!("SUM({column})")).collect();
        let sql = format!("SELECT {by}, COUNT(*), {} FROM tape GROUP BY {by}", sums.join(", "));
        let context = context(&batches, threads);
        group.bench_function(name("datafusion"), |bencher| bencher.iter(|| query(&runtime, &context, &sql)));
    }
    group.finish();
}

/// Each KPI by itself, as a program without a fused fold would do it; the number of sums.
fn kernels(batches: &[RecordBatch], width: Width) -> usize {
    match width {
        Width::Bits64 => kernels_of::<Decimal64Type>(batches),
        _ => kernels_of::<Decimal128Type>(batches),
    }
}

fn kernels_of<T: DecimalType>(batches: &[RecordBatch]) -> usize
where
    T::Native: ArrowNativeTypeOp,
{
    let sum = |batch: &RecordBatch, name: &str| {
        let array = batch.column_by_name(name).expect("a column");
        black_box(sum_checked(array.as_primitive::<T>()).expect("a sum that fits"));
    };
    let kpi = |names: &[&str]| {
        batches.par_iter().for_each(|batch| names.iter().for_each(|name| sum(batch, name)));
        names.len()
    };
    SUMS.iter().map(|names| kpi(names)).sum()
}

fn context(batches: &[RecordBatch], threads: usize) -> SessionContext {
    let mut partitions = vec![Vec::new(); threads];
    for (index, batch) in batches.iter().enumerate() {
        partitions[index % threads].push(batch.clone());
    }
    let table = MemTable::try_new(batches[0].schema(), partitions).expect("a table");
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
    context.register_table("tape", Arc::new(table)).expect("a table");
    context
}

fn query(runtime: &Runtime, context: &SessionContext, sql: &str) -> usize {
    let batches = runtime
        .block_on(async { context.sql(sql).await.expect("a query").collect().await.expect("an answer") });
    batches.iter().map(RecordBatch::num_rows).sum()
}

criterion_group!(benches, peers);
criterion_main!(benches);
