//! The fold by groups: totals, segments and segments by month in one pass, one KPI beside all.

use std::hint::black_box;

use abaco_benches::families;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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

/// Two halves of the tape, each with nearly all of a million groups, that become one state; and one state as bytes.
fn merge(criterion: &mut Criterion) {
    let batches = batches(ROWS, Width::Bits64, Keys::Million).expect("a tape");
    let seed = families::seed();
    let options = PlanOptions { groups: vec![vec!["segment".into()]], ..PlanOptions::default() };
    let plan = Plan::new(&families::erased(&seed), &batches[0].schema(), &options).expect("a plan");
    let (left, right) = batches.split_at(batches.len() / 2);
    let (left, right) = (plan.fold_all(left).expect("a state"), plan.fold_all(right).expect("a state"));
    let bytes = left.to_bytes();
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(10);
    group.bench_function("million_into_million", |bencher| {
        let merged = |mut left: State| {
            plan.merge(&mut left, &right).expect("a state");
            left
        };
        bencher.iter_batched(|| left.clone(), merged, BatchSize::PerIteration);
    });
    group.bench_function("million_to_bytes", |bencher| bencher.iter(|| black_box(&left).to_bytes()));
    group.bench_function("million_from_bytes", |bencher| {
        bencher.iter(|| State::from_bytes(black_box(&bytes)).expect("a state"));
    });
    group.finish();
}

criterion_group!(benches, group, merge);
criterion_main!(benches);
