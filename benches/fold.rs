//! The fold in memory: rows per second at three sizes, for one KPI and for the four of V2.

mod tape;

use std::hint::black_box;

use abaco_loans::calculators::{collection_rate, par_30, par_90, portfolio_health};
use abaco_loans::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn fold(criterion: &mut Criterion) {
    let four = [par_30(), par_90(), collection_rate(), portfolio_health()];
    let mut group = criterion.benchmark_group("fold");
    for rows in [1_000, 100_000, 10_000_000] {
        let batches = tape::batches(rows);
        group.throughput(Throughput::Elements(rows as u64));
        group.sample_size(if rows > 1_000_000 { 10 } else { 50 });
        for (name, kpis) in [("par_30", &four[..1]), ("four_kpis", &four[..])] {
            let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
            let plan = Plan::new(&kpis, &batches[0].schema(), &PlanOptions::default()).expect("a plan");
            group.bench_with_input(BenchmarkId::new(name, rows), &batches, |bencher, batches| {
                bencher.iter(|| plan.fold_all(black_box(batches)).expect("a state"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, fold);
criterion_main!(benches);
