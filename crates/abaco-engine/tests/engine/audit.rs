//! The audit of a calculation.

use std::path::Path;

use abaco_engine::{AsOf, Definitions, KpiEngine, PlanOptions, Status};
use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Unit, sum};
use chrono::DateTime;

use crate::tape::{batch, cents, kpi};

fn engine() -> KpiEngine {
    let share = FormulaKpi::new(
        KpiSpec::new("share", "Share", Unit::Percent).direction(Direction::LowerIsBetter),
        100 * sum("past_due_amount") / sum("outstanding_balance"),
    );
    KpiEngine::new([
        share,
        kpi("lacking", sum("allowance")),
        kpi("failing", sum("past_due_amount").filter(abaco_kpi::col("as_of").ge(3))),
    ])
    .with_actor("tests")
    .with_clock(|| DateTime::UNIX_EPOCH)
}

#[test]
fn every_step_has_an_event_with_actor_and_status() {
    let tape = batch([
        ("past_due_amount", cents([Some(5_00)])),
        ("outstanding_balance", cents([Some(100_00)])),
        ("as_of", crate::tape::days([Some(1)])),
    ]);
    let calculation = engine().calculate(&[tape], &PlanOptions::default(), AsOf::Single).unwrap();
    let steps: Vec<(&str, Option<&str>, &str, Option<&str>)> = calculation
        .audit
        .iter()
        .map(|event| {
            (event.event.as_str(), event.kpi.as_deref(), event.status.as_str(), event.detail.as_deref())
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("started", None, "ok", None),
            ("kpi", Some("share"), "value", Some("5.00")),
            ("kpi", Some("lacking"), "unavailable", Some("missing columns: allowance")),
            ("kpi", Some("failing"), "failed", Some("as_of >= 3: a date cannot be compared with a number")),
            ("completed", None, "ok", None),
        ]
    );
    assert!(calculation.audit.iter().all(|event| event.actor == "tests" && event.action == "calculate_all"));
    let first = &calculation.audit[0].timestamp;
    assert_eq!(*first, DateTime::UNIX_EPOCH);
}

#[test]
fn definitions_judge_name_and_round() {
    let text = r#"{version: 1, kpis: [{id: share, name: Late share, thresholds: {warning: "5", critical: "8"}, rounding: {scale: 1, mode: half_even}}]}"#;
    let engine =
        engine().with_definitions(Definitions::from_yaml(text, Path::new("kpis.yml")).unwrap()).unwrap();
    let titles: Vec<String> = engine.kpis().map(|kpi| kpi.spec().title.to_string()).collect();
    assert_eq!(titles, ["Late share", "lacking", "failing"]);
    for (cents_late, value, status) in
        [(4_99, "5.0", Status::Ok), (5_00, "5.0", Status::Warning), (8_05, "8.0", Status::Critical)]
    {
        let tape = batch([
            ("past_due_amount", cents([Some(cents_late)])),
            ("outstanding_balance", cents([Some(100_00)])),
        ]);
        let calculation = engine.calculate(&[tape], &PlanOptions::default(), AsOf::Single).unwrap();
        let result = &calculation.finished.groups[0].kpis[0];
        assert_eq!(result.outcome.value().unwrap().to_string(), value);
        assert_eq!(result.status, status, "{value}");
    }
}
