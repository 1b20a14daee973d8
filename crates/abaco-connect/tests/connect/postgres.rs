//! Runs in PostgreSQL.

use abaco_pipeline::outbox::Sent;
use serde_json::json;

use crate::common::{deliver, reason};
use crate::database::Database;
use crate::toy::Toy;

#[test]
fn a_run_arrives_digit_by_digit_and_a_second_time_changes_nothing() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    let mut document = Toy::default().document();
    // Neither fits a double, nor a 128-bit decimal.
    let long = format!("{}.{}", "9".repeat(60), "1".repeat(30));
    document["kpis"][0]["value"] = "0.1000".into();
    document["kpis"][0]["exact"]["numerator"] = long.clone().into();
    document["segments"][0]["by"] = json!({"segment": "ü \"quoted\" \\ ' ; DROP TABLE x", "company": null});
    Toy::default().publish_as(out.path(), &document);
    assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
    assert_eq!(database.counts(), [1, 2, 1]);
    assert_eq!(
        database.rows(
            "SELECT run_id, portfolio, profile, currency, as_of, period_from, period_to,
             known_at AT TIME ZONE 'UTC', rows_read, rows_quarantined, rows_duplicate, rows_as_of, code
             FROM analytics.kpi_runs"
        ),
        [
            "(run-1,factoring,standard,USD,2025-11-30,,2025-11-30,\"2025-12-01 03:00:00\",4,1,1,2,\"abaco 0.1.0\")"
        ]
    );
    // The scale is part of the figure: 0.1000 stays 0.1000.
    assert_eq!(
        database.rows(
            "SELECT kpi, value, numerator, denominator, multiplier, exact_text, state, status, rows_in_scope
             FROM analytics.kpi_values WHERE segment = '{}'"
        ),
        [format!("(par_30,0.1000,{long},7813806.55,100,,value,critical,1322)")]
    );
    let mut client = database.client();
    let segment: String = client
        .query_one("SELECT segment ->> 'segment' FROM analytics.kpi_values WHERE segment <> '{}'", &[])
        .unwrap()
        .get(0);
    assert_eq!(segment, "ü \"quoted\" \\ ' ; DROP TABLE x");
    assert_eq!(
        database.rows(
            "SELECT rollup, period, period_from, as_of, partial, kpi, value FROM analytics.kpi_timeseries"
        ),
        ["(monthly,2025-11,,2025-11-30,f,par_30,3.31)"]
    );
    let all =
        "SELECT r.*, v.*, t.* FROM analytics.kpi_runs r, analytics.kpi_values v, analytics.kpi_timeseries t";
    let before = database.rows(all);
    assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
    assert_eq!(database.rows(all), before);
}

#[test]
fn a_value_that_is_none_has_its_reason() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    Toy { par_30: [None, None], as_of: None, ..Toy::default() }.publish(out.path());
    assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
    assert_eq!(
        database.rows(
            "SELECT value, numerator, state, reason, status FROM analytics.kpi_values WHERE position = 0"
        ),
        ["(,,undefined,no_rows,none)"]
    );
    assert_eq!(database.rows("SELECT as_of, period_to FROM analytics.kpi_runs"), ["(,)"]);
}

#[test]
fn a_restated_snapshot_is_another_row_and_the_current_one_is_known_last() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    let runs = [
        ("a", "2025-10-31", "2025-11-01T03:00:00Z", "3.76"),
        ("b", "2025-11-30", "2025-12-01T03:00:00Z", "3.31"),
        ("c", "2025-11-30", "2025-12-09T03:00:00Z", "3.40"),
        ("d", "2025-11-30", "2025-12-05T03:00:00Z", "3.35"),
    ];
    for (run_id, as_of, known_at, value) in runs {
        let par_30 = [Some(value), Some("7.00")];
        Toy { run_id, as_of: Some(as_of), known_at, par_30, ..Toy::default() }.publish(out.path());
        assert_eq!(deliver(out.path(), run_id, &database.output()), Sent::Delivered);
    }
    assert_eq!(database.counts(), [4, 8, 4]);
    assert_eq!(
        database.rows(
            "SELECT as_of, run_id, value FROM analytics.kpi_current
             WHERE kpi = 'par_30' AND segment = '{}' ORDER BY as_of"
        ),
        ["(2025-10-31,a,3.76)", "(2025-11-30,c,3.40)"]
    );
}

#[test]
fn the_same_identity_with_other_figures_is_refused() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
    let again = Toy { run_id: "run-2", known_at: "2025-12-02T03:00:00Z", ..Toy::default() };
    let mut document = again.document();
    document["identity"] = Toy::default().document()["identity"].clone();
    again.publish_as(out.path(), &document);
    // The same figures at another time are nothing new.
    assert_eq!(deliver(out.path(), "run-2", &database.output()), Sent::Delivered);
    assert_eq!(database.rows("SELECT run_id FROM analytics.kpi_runs"), ["(run-1)"]);
    document["run_id"] = "run-3".into();
    document["kpis"][0]["value"] = "3.32".into();
    Toy { run_id: "run-3", ..again }.publish_as(out.path(), &document);
    let reason = reason(deliver(out.path(), "run-3", &database.output()));
    assert!(reason.contains("expected the figures of run `run-1`"), "{reason}");
    assert_eq!(database.counts(), [1, 2, 1]);
}

#[test]
fn many_at_once_make_the_tables_once_and_lose_no_run() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..8).map(|n| format!("run-{n}")).collect();
    for run_id in &ids {
        Toy { run_id, ..Toy::default() }.publish(out.path());
    }
    std::thread::scope(|scope| {
        for run_id in &ids {
            // Each of them twice at the same time, from two folders as if from two machines.
            for machine in 0..2 {
                let (database, published) = (&database, out.path());
                scope.spawn(move || {
                    let own = tempfile::tempdir().unwrap();
                    for name in ["kpis.json", "kpis.csv", "manifest.json"] {
                        let to = own.path().join(run_id).join(name);
                        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                        std::fs::copy(published.join(run_id).join(name), to).unwrap();
                    }
                    std::fs::copy(published.join("LEDGER.ndjson"), own.path().join("LEDGER.ndjson")).unwrap();
                    assert_eq!(deliver(own.path(), run_id, &database.output()), Sent::Delivered, "{machine}");
                });
            }
        }
    });
    assert_eq!(database.counts(), [8, 16, 8]);
    assert_eq!(database.rows("SELECT version FROM analytics.schema_migrations"), ["(1)"]);
}

#[test]
fn who_changes_the_tables_is_alone() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let mut other = database.client();
    // The letters of our name.
    other.execute("SELECT pg_advisory_lock($1)", &[&0x61_6261_636f_i64]).unwrap();
    std::thread::scope(|scope| {
        let delivery = scope.spawn(|| deliver(out.path(), "run-1", &database.output()));
        let mut waits = false;
        while !waits && !delivery.is_finished() {
            let look = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
                        (SELECT oid FROM pg_database WHERE datname = current_database()))";
            waits = other.query_one(look, &[]).unwrap().get(0);
        }
        assert!(waits, "the delivery did not wait for the lock");
        let there = other.query_one("SELECT to_regnamespace('analytics') IS NULL", &[]).unwrap();
        assert!(there.get::<_, bool>(0));
        drop(other);
        assert_eq!(delivery.join().unwrap(), Sent::Delivered);
    });
    assert_eq!(database.counts(), [1, 2, 1]);
}
