//! The fold by groups: totals, segments and segments by month in one pass, one KPI beside all.

use std::hint::black_box;

use abaco_benches::families;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const ROWS: usize = 10_000_000;

fn group(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("group");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS as u64));
    let (seed, eighty) = (families::seed(), families::eighty());
    let sets = [("par_30", &seed[..1]), ("four_kpis", &seed), ("eighty_kpis", &eighty)];
    for keys in [Keys::Dictionary, Keys::Texts, Keys::Million] {
        let batches = batches(ROWS, Width::Bits64, keys).expect("a tape");
        // A million groups are not a report of eighty KPIs.
        let (sets, dated) = if keys == Keys::Million { (&sets[..2], false) } else { (&sets[..], true) };
        for (name, kpis) in sets {
            let options = PlanOptions {
                snapshot: dated.then(|| "measurement_date".into()),
                groups: vec![vec!["segment".into()]],
                ..PlanOptions::default()
            };
            let plan = Plan::new(&families::erased(kpis), &batches[0].schema(), &options).expect("a plan");
            group.bench_with_input(
                BenchmarkId::new(*name, format!("{keys:?}")),
                &batches,
                |bencher, batches| {
                    bencher.iter(|| plan.fold_all(black_box(batches)).expect("a state"));
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, group);
criterion_main!(benches);
