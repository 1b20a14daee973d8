//! Saved states: the same bytes for the same rows, and nothing trusted when they come back.

use abaco_engine::{AsOf, EngineError, ErrorKind, Plan, PlanOptions, State};
use abaco_kpi::{FormulaKpi, KeyTerm, Kpi, by_key, count_distinct, max, sum};
use arrow::array::RecordBatch;
use proptest::prelude::*;

use crate::tape::{batch, cents, days, kpi, texts};

fn kpis() -> Vec<FormulaKpi> {
    let keyed = by_key("borrower_id").sum("b", "outstanding_balance").top(1, KeyTerm::Sum("b".into()));
    vec![
        kpi("sum", sum("outstanding_balance")),
        kpi("max", max("outstanding_balance")),
        kpi("keys", count_distinct("borrower_id")),
        kpi("top", keyed),
    ]
}

fn tape() -> RecordBatch {
    batch([
        ("as_of", days([Some(20_422), Some(20_453), Some(20_453)])),
        ("segment", texts([Some("sme"), None, Some("sme")])),
        ("borrower_id", texts([Some("a"), None, Some("b")])),
        ("outstanding_balance", cents([Some(-1), None, Some(i64::MAX)])),
    ])
}

fn plan() -> Plan {
    let kpis = kpis();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let options = PlanOptions {
        snapshot: Some("as_of".into()),
        groups: vec![vec!["segment".into()]],
        ..PlanOptions::default()
    };
    Plan::new(&kpis, &tape().schema(), &options).unwrap()
}

fn saved() -> Vec<u8> {
    plan().fold_all(&[tape()]).unwrap().to_bytes()
}

#[test]
fn a_state_comes_back_as_it_went() {
    let plan = plan();
    let state = plan.fold_all(&[tape()]).unwrap();
    let back = State::from_bytes(&state.to_bytes()).unwrap();
    assert_eq!(back, state);
    assert_eq!(plan.finish(&back, AsOf::Latest), plan.finish(&state, AsOf::Latest));
}

#[test]
fn every_cut_is_found() {
    let bytes = saved();
    for len in 0..bytes.len() {
        let error = State::from_bytes(&bytes[..len]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State, "{len}: {error}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(State::from_bytes(&longer), Err(EngineError::Decode { reason: "bytes left over", .. })));
}

/// A few bytes must not make the reader set aside room for many: each group takes a cell per slot.
#[test]
fn a_group_without_the_bytes_for_its_cells_is_refused_before_room_is_made() {
    let slots = 100_000_u64;
    let mut bytes = saved()[..38].to_vec();
    let one_set_of_no_keys = [1, 0, slots].map(u64::to_le_bytes).concat();
    bytes.extend(one_set_of_no_keys);
    bytes.extend(vec![1; slots as usize]); // every slot a sum
    let groups_at = bytes.len() + 8;
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend([0; 9]);
    let error = State::from_bytes(&bytes).unwrap_err();
    assert_eq!(error, EngineError::Decode { reason: "a length beyond the end", offset: groups_at });
}

/// Bytes that claim a plan's fingerprint but have another shape are as foreign as those of another plan.
#[test]
fn a_forged_fingerprint_is_not_enough() {
    let plan = plan();
    let other = [kpi("sum", sum("outstanding_balance"))];
    let other = Plan::new(&[&other[0] as &dyn Kpi], &tape().schema(), &PlanOptions::default()).unwrap();
    let mut forged = other.fold_all(&[tape()]).unwrap().to_bytes();
    let fingerprint = 6..38;
    forged[fingerprint.clone()].copy_from_slice(&saved()[fingerprint]);
    let mut forged = State::from_bytes(&forged).unwrap();
    let mut state = plan.empty();
    assert!(matches!(plan.merge(&mut state, &forged), Err(EngineError::DifferentPlan { .. })));
    assert!(matches!(plan.finish(&forged, AsOf::Single), Err(EngineError::DifferentPlan { .. })));
    assert!(matches!(plan.fold(&mut forged, &tape()), Err(EngineError::DifferentPlan { .. })));
}

#[test]
fn a_state_of_another_plan_is_refused() {
    let other = [kpi("sum", sum("outstanding_balance"))];
    let other = Plan::new(&[&other[0] as &dyn Kpi], &tape().schema(), &PlanOptions::default()).unwrap();
    let plan = plan();
    let mut state = plan.empty();
    let foreign = other.fold_all(&[tape()]).unwrap();
    assert!(matches!(plan.merge(&mut state, &foreign), Err(EngineError::DifferentPlan { .. })));
    assert!(matches!(plan.finish(&foreign, AsOf::Single), Err(EngineError::DifferentPlan { .. })));
    let mut foreign = foreign;
    assert!(matches!(plan.fold(&mut foreign, &tape()), Err(EngineError::DifferentPlan { .. })));
}

#[test]
fn rows_that_would_pass_the_limit_are_refused_and_nothing_is_added() {
    let plan = plan();
    let mut state = plan.fold_all(&[tape()]).unwrap();
    // Doubling 3 rows 61 times passes 2^62; the state before the refusal must stay usable.
    let mut refused = None;
    for _ in 0..64 {
        let before = state.clone();
        if let Err(error) = state.merge(&before) {
            assert_eq!(state, before);
            refused = Some(error);
            break;
        }
    }
    assert_eq!(refused, Some(EngineError::TooManyRows));
    assert!(plan.finish(&state, AsOf::Latest).is_ok());
}

proptest! {
    /// Damaged bytes are refused, or they are the bytes of some state; they never bring the process down.
    #[test]
    fn damaged_bytes_are_never_trusted(position in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = saved();
        let position = position.index(bytes.len());
        bytes[position] = value;
        if let Ok(state) = State::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            let plan = plan();
            let _ = plan.finish(&state, AsOf::Latest);
            let mut sum = plan.empty();
            let _ = plan.merge(&mut sum, &state);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(State::from_bytes(&bytes).is_err());
    }
}
