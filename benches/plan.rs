//! Planning: what a cached plan saves, and what a dashboard pays per request with one.

use std::hint::black_box;

use abaco_benches::families;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};

fn plan(criterion: &mut Criterion) {
    let batches = batches(1_000, Width::Bits64, Keys::Dictionary).expect("a tape");
    let schema = batches[0].schema();
    let mut group = criterion.benchmark_group("plan");
    let (seed, eighty) = (families::seed(), families::eighty());
    for (name, kpis) in [("one_kpi", &seed[..1]), ("four_kpis", &seed), ("eighty_kpis", &eighty)] {
        let kpis = families::erased(kpis);
        let options = PlanOptions::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| Plan::new(black_box(&kpis), &schema, &options).expect("a plan"));
        });
        let plan = Plan::new(&kpis, &schema, &options).expect("a plan");
        group.bench_function(format!("{name}_of_1000_rows_planned"), |bencher| {
            bencher.iter(|| {
                let state = plan.fold_all(black_box(&batches)).expect("a state");
                plan.outcomes(&state, AsOf::Single).expect("outcomes")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plan);
criterion_main!(benches);
