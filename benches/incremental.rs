//! A day more: recomputing thirty days beside adding one day to the saved state of twenty-nine.

use std::hint::black_box;

use abaco_benches::families;
use abaco_benches::tape::{Keys, Width, batches};
use abaco_loans::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};

const DAYS: usize = 30;
const BATCHES_A_DAY: usize = 2;

fn incremental(criterion: &mut Criterion) {
    let batches = batches(DAYS * BATCHES_A_DAY * (1 << 16), Width::Bits64, Keys::Dictionary).expect("a tape");
    let (before, day) = batches.split_at((DAYS - 1) * BATCHES_A_DAY);
    let kpis = families::seed();
    let options = PlanOptions {
        snapshot: Some("measurement_date".into()),
        groups: vec![vec!["segment".into()]],
        ..PlanOptions::default()
    };
    let plan = Plan::new(&families::erased(&kpis), &batches[0].schema(), &options).expect("a plan");
    let saved = plan.fold_all(before).expect("a state").to_bytes();
    let added = |saved: &[u8]| {
        let mut state = State::from_bytes(saved).expect("a state");
        plan.merge(&mut state, &plan.fold_all(day).expect("a state")).expect("a state");
        state
    };
    // The saving counts only if nothing else changes, to the bit.
    assert_eq!(added(&saved).to_bytes(), plan.fold_all(&batches).expect("a state").to_bytes());
    let mut group = criterion.benchmark_group("incremental");
    group.sample_size(20);
    group.bench_function("recompute_30_days", |bencher| {
        bencher.iter(|| plan.fold_all(black_box(&batches)).expect("a state"));
    });
    group.bench_function("add_a_day_to_the_saved_state", |bencher| bencher.iter(|| added(black_box(&saved))));
    group.finish();
}

criterion_group!(benches, incremental);
criterion_main!(benches);
