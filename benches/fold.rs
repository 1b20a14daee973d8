//! The fold in memory: one KPI beside all, beside the speed of memory, at three sizes and three widths.

use std::hint::black_box;

use abaco_benches::tape::{Keys, Width, batches};
use abaco_benches::{families, memory};
use abaco_loans::prelude::*;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn fold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold");
    let seed = families::seed();
    for rows in [1_000, 100_000, 10_000_000] {
        measure(&mut group, rows, Width::Bits64, &[("par_30", &seed[..1]), ("four_kpis", &seed)]);
    }
    for width in [Width::Bits32, Width::Bits128] {
        measure(&mut group, 10_000_000, width, &[("four_kpis", &seed)]);
    }
    let (one, family) =
        ([families::par_ge_30("total_receivable_usd")], families::arrears("total_receivable_usd"));
    let eighty = families::eighty();
    let sets = [("par_ge_30", &one[..]), ("par_and_dq_families", &family), ("eighty_kpis", &eighty)];
    measure(&mut group, 10_000_000, Width::Bits64, &sets);
    group.finish();
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    rows: usize,
    width: Width,
    sets: &[(&str, &[FormulaKpi])],
) {
    let batches = batches(rows, width, Keys::Dictionary).expect("a tape");
    group.throughput(Throughput::Elements(rows as u64));
    group.sample_size(if rows > 1_000_000 { 10 } else { 50 });
    let size = format!("{width:?}/{rows}");
    for (name, kpis) in sets {
        let plan = Plan::new(&families::erased(kpis), &batches[0].schema(), &PlanOptions::default());
        let plan = plan.expect("a plan");
        let columns: Vec<String> = plan.columns().map(|column| column.name().to_owned()).collect();
        group.bench_with_input(BenchmarkId::new(*name, &size), &batches, |bencher, batches| {
            bencher.iter(|| plan.fold_all(black_box(batches)).expect("a state"));
        });
        let limit = BenchmarkId::new(format!("memory_read_of_{name}"), &size);
        group.bench_with_input(limit, &batches, |bencher, batches| {
            bencher.iter(|| memory::read(black_box(batches), &columns));
        });
    }
}

criterion_group!(benches, fold);
criterion_main!(benches);
