//! From a state to outcomes: four KPIs, and eighty over 288 groups, alone and with what explains them.

use std::hint::black_box;

use abaco_benches::families;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};

fn finish(criterion: &mut Criterion) {
    let batches = batches(100_000, Width::Bits64, Keys::Dictionary).expect("a tape");
    let mut group = criterion.benchmark_group("finish");
    let (seed, eighty) = (families::seed(), families::eighty());
    // By segment and month as columns, so that one snapshot has all 288 groups.
    let by_month = vec![vec!["segment".into(), "measurement_date".into()]];
    for (name, kpis, groups) in [
        ("one_kpi", &seed[..1], Vec::new()),
        ("four_kpis", &seed, Vec::new()),
        ("eighty_kpis_288_groups", &eighty, by_month),
    ] {
        let options = PlanOptions { groups, ..PlanOptions::default() };
        let plan = Plan::new(&families::erased(kpis), &batches[0].schema(), &options).expect("a plan");
        let state = plan.fold_all(&batches).expect("a state");
        group.bench_function(format!("{name}/outcomes"), |bencher| {
            bencher.iter(|| plan.outcomes(black_box(&state), AsOf::Single).expect("outcomes"));
        });
        group.bench_function(format!("{name}/explained"), |bencher| {
            bencher.iter(|| plan.finish(black_box(&state), AsOf::Single).expect("outcomes"));
        });
    }
    group.finish();
}

criterion_group!(benches, finish);
criterion_main!(benches);
