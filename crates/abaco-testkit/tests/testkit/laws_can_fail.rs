//! A law that cannot break proves nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use abaco_kpi::{Formula, FormulaKpi, Kpi, KpiSpec, Unit, col, count, sum};
use abaco_testkit::laws::{
    Subject, agrees_with_the_oracle, any_order, columns_are_canonical, description_is_stable,
    fused_equals_alone, kinds_do_not_mix, missing_columns_are_named,
};
use abaco_testkit::oracle::{Verdict, When, difference};
use abaco_testkit::{Laws, Oracle, Tape, Width};

fn tape() -> Tape {
    Tape::new().money("ead", [1_00, 2_00]).unwrap().integers("dpd", [0, 30]).unwrap()
}

/// A KPI that changes its mind: each formula counts from another day.
struct Fickle(KpiSpec, AtomicU32);

impl Fickle {
    fn new() -> Self {
        Self(KpiSpec::new("fickle", "Fickle", Unit::Currency), AtomicU32::new(0))
    }
}

impl Kpi for Fickle {
    fn spec(&self) -> &KpiSpec {
        &self.0
    }

    fn formula(&self) -> Formula {
        let day = self.1.fetch_add(1, Ordering::Relaxed).min(1) * 30;
        sum("ead").filter(col("dpd").gt(i64::from(day))).into()
    }
}

fn kpi(formula: impl Into<Formula>) -> FormulaKpi {
    FormulaKpi::new(KpiSpec::new("under_test", "Under test", Unit::Currency), formula)
}

#[test]
fn an_unstable_description_is_found() {
    let violation = description_is_stable(&Fickle::new()).unwrap_err();
    assert!(violation.to_string().contains("describes itself differently"), "{violation}");
    assert!(Laws::new(&Fickle::new()).check().is_err());
}

#[test]
fn a_strange_column_is_found_unless_it_is_known() {
    let homemade = kpi(sum("homemade"));
    let violation = columns_are_canonical(&homemade, &|_| false).unwrap_err();
    assert!(violation.to_string().contains("not canonical: homemade"), "{violation}");
    assert!(columns_are_canonical(&homemade, &|name| name == "homemade").is_ok());
    assert!(Laws::new(&homemade).check().is_err());
}

#[test]
fn mixed_kinds_are_found() {
    let mixed = kpi(sum(col("outstanding_balance") + col("paid_principal")));
    let violation = kinds_do_not_mix(&mixed).unwrap_err();
    assert!(violation.to_string().contains("`paid_principal` is a flow"), "{violation}");
}

#[test]
fn an_ill_typed_description_is_found() {
    let violation = Laws::new(&kpi(sum("segment"))).check().unwrap_err();
    assert!(violation.to_string().contains("a description is planned"), "{violation}");
}

#[test]
#[should_panic(expected = "not canonical")]
fn the_assertion_panics() {
    abaco_testkit::assert_kpi_laws(&kpi(sum("homemade")));
}

#[test]
fn a_disagreement_is_found_and_shown_with_its_tape() {
    // The engine plans one formula, the oracle then reads another: exactly what a wrong engine looks like.
    let fickle = Fickle::new();
    let tape = tape();
    let violation =
        agrees_with_the_oracle(&Subject::new(&fickle), &tape, Width::Decimal64.into()).unwrap_err();
    let message = violation.to_string();
    assert!(message.contains("the engine agrees with the oracle"), "{message}");
    assert!(message.contains("ead  | dpd\n1.00 | 0\n2.00 | 30\n"), "{message}");
}

#[test]
fn a_kpi_that_depends_on_its_company_is_found() {
    let fickle = Fickle::new();
    let other = kpi(count());
    let subject = Subject::new(&fickle);
    let found = fused_equals_alone(&subject, &tape(), Width::Decimal64.into(), &[&other]);
    assert!(found.is_err());
}

#[test]
fn laws_hold_where_they_should() {
    let balance = kpi(sum("ead"));
    let subject = Subject::new(&balance);
    let layout = Width::Decimal64.into();
    any_order(&subject, &tape(), layout, &[3, 1]).unwrap();
    agrees_with_the_oracle(&subject, &tape(), layout).unwrap();
    missing_columns_are_named(&subject, &tape(), layout, &[true]).unwrap();
    Laws::new(&balance).check_on(&tape(), Width::Decimal128).unwrap();
}

#[test]
fn a_number_that_no_width_holds_is_a_violation_and_no_panic() {
    let wide = Tape::new().money("ead", [i128::MAX]).unwrap();
    let balance = kpi(sum("ead"));
    let violation = any_order(&Subject::new(&balance), &wide, Width::Decimal32.into(), &[]).unwrap_err();
    assert!(violation.to_string().contains("does not fit Decimal32"), "{violation}");
}

#[test]
fn every_part_of_a_result_is_compared() {
    let tape = Tape::new().money("ead", [1_00, 3_00]).unwrap().integers("dpd", [0, 30]).unwrap();
    let share = kpi(100 * sum("ead").filter(col("dpd").ge(30)) / sum("ead"));
    let oracle = Oracle::new(&tape);
    let expected = oracle.expect(&share, When::Always, &[]);
    let schema = tape.schema(Width::Decimal64);
    let plan = abaco_engine::Plan::new(&[&share as &dyn Kpi], &schema, &Default::default()).unwrap();
    let state = plan.fold_all(&tape.to_batches(Width::Decimal64, 1).unwrap()).unwrap();
    let found = plan.finish(&state, abaco_engine::AsOf::Single).unwrap().groups[0].kpis[0].clone();
    assert_eq!(difference(&expected, &found), None);

    let differs = |change: &dyn Fn(&mut abaco_engine::KpiResult)| {
        let mut changed = found.clone();
        change(&mut changed);
        difference(&expected, &changed).is_some()
    };
    assert!(differs(&|result| result.rows += 1));
    assert!(differs(&|result| result.nulls += 1));
    assert!(differs(&|result| result.components[0].1 = None));
    assert!(differs(&|result| result.components.reverse()));
    assert!(differs(&|result| result.components[1].0.push(' ')));
    assert!(differs(&|result| {
        if let Some(exact) = &mut result.exact {
            exact.numerator = abaco_kpi::Scaled::new(1, 0);
        }
    }));
    assert!(differs(&|result| {
        if let abaco_kpi::Outcome::Value(value) = &mut result.outcome {
            value.rounded = value.rounded.normalize();
        }
    }));
    assert!(differs(&|result| {
        if let abaco_kpi::Outcome::Value(value) = &mut result.outcome {
            value.caught = Some(abaco_kpi::Undefined::NoRows);
        }
    }));
    assert!(differs(&|result| {
        if let abaco_kpi::Outcome::Value(value) = &mut result.outcome {
            value.exact = abaco_kpi::Fraction::from(66);
        }
    }));
    assert!(differs(&|result| result.outcome = abaco_kpi::Outcome::Undefined(abaco_kpi::Undefined::NoRows)));
    assert!(differs(&|result| result.outcome = abaco_kpi::Outcome::Failed(String::new())));
    assert!(matches!(expected.verdict, Verdict::Value { .. }));
}
