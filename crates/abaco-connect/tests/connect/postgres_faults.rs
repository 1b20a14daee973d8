//! PostgreSQL when it does not go well: an error that says why, and nothing half.

use std::net::TcpListener;
use std::path::PathBuf;

use abaco_connect::postgres::PostgresOutput;
use abaco_pipeline::outbox::{Sent, Tls};

use crate::common::{deliver, deliver_trying, reason};
use crate::database::Database;
use crate::toy::Toy;

fn published() -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    out
}

/// Makes the tables, with a trigger that does this after the values are in.
fn with_trigger(database: &Database, action: &str) {
    let other = tempfile::tempdir().unwrap();
    Toy { run_id: "first", as_of: Some("2025-10-31"), ..Toy::default() }.publish(other.path());
    assert_eq!(deliver(other.path(), "first", &database.output()), Sent::Delivered);
    database
        .client()
        .batch_execute(&format!(
            "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action}; RETURN NULL; END $$;
             CREATE TRIGGER fault AFTER INSERT ON analytics.kpi_values EXECUTE FUNCTION fault()"
        ))
        .unwrap();
}

#[test]
fn a_database_that_dies_in_the_middle_has_nothing_and_gets_all_later() {
    let cases = [
        // An operator ends the connection: that may pass, so it is tried as often as it may be.
        // Its last words do not always arrive before the end of the connection does.
        ("PERFORM pg_terminate_backend(pg_backend_pid())", ["57P01", "connection closed"], 4),
        ("RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'", ["disk full (53100)"; 2], 4),
        ("RAISE EXCEPTION 'not today'", ["not today (P0001)"; 2], 1),
    ];
    for (action, expected, attempts) in cases {
        let Some(database) = Database::new() else { return };
        with_trigger(&database, action);
        let out = published();
        let (sent, tried) = deliver_trying(out.path(), "run-1", &database.output(), 3);
        let reason = reason(sent);
        assert!(expected.iter().any(|words| reason.contains(words)), "{action}: {reason}");
        assert!(!reason.contains("word-of-the-tests") && !reason.contains("abaco:"), "{reason}");
        assert_eq!(tried, attempts, "{action}");
        assert_eq!(database.counts(), [1, 2, 1], "{action}");
        database.client().batch_execute("DROP TRIGGER fault ON analytics.kpi_values").unwrap();
        assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
        assert_eq!(database.counts(), [2, 4, 2], "{action}");
    }
}

#[test]
fn a_database_that_was_down_for_a_moment_gets_the_run_in_the_same_sending() {
    let Some(database) = Database::new() else { return };
    // The first two tries end in the middle; a sequence counts them, because it is not rolled back.
    database.client().batch_execute("CREATE SEQUENCE tries").unwrap();
    with_trigger(
        &database,
        "IF nextval('tries') <= 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF",
    );
    let out = published();
    assert_eq!(deliver_trying(out.path(), "run-1", &database.output(), 3).0, Sent::Delivered);
    assert_eq!(database.rows("SELECT last_value FROM tries"), ["(3)"]);
    assert_eq!(database.counts(), [2, 4, 2]);
}

#[test]
fn nobody_there_is_a_failure_that_may_pass_and_shows_no_secret() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://ana:hunter2@127.0.0.1:{port}/loans");
    let output = PostgresOutput::new(&url.into(), Tls::Disable, None).unwrap();
    assert!(!format!("{output:?}").contains("hunter2"));
    let (sent, tried) = deliver_trying(published().path(), "run-1", &output, 2);
    let reason = reason(sent);
    assert!(reason.starts_with(&format!("postgres://127.0.0.1:{port}/loans: error connecting")), "{reason}");
    assert!(!reason.contains("hunter2") && !reason.contains("ana"), "{reason}");
    assert_eq!(tried, 3);
}

#[test]
fn who_may_not_log_in_is_told_so_once() {
    let Some(database) = Database::new() else { return };
    let url = database.url().replace("word-of-the-tests", "hunter2");
    let output = PostgresOutput::new(&url.into(), Tls::Disable, None).unwrap();
    let (sent, tried) = deliver_trying(published().path(), "run-1", &output, 3);
    let reason = reason(sent);
    assert!(reason.ends_with("password authentication failed for user of the address (28P01)"), "{reason}");
    assert!(!reason.contains("hunter2"), "{reason}");
    assert_eq!(tried, 1);
}

#[test]
fn a_figure_that_is_none_is_refused_whole() {
    let Some(database) = Database::new() else { return };
    let out = tempfile::tempdir().unwrap();
    let cases = [
        ("a", "value", "many", "invalid input syntax for type numeric: \"many\" (22P02)"),
        ("b", "id", "nul \u{0}", "(22021)"),
        ("c", "state", "guessed", "(23514)"),
    ];
    for (run_id, key, wrong, expected) in cases {
        let toy = Toy { run_id, ..Toy::default() };
        let mut document = toy.document();
        document["segments"][0]["kpis"][0][key] = wrong.into();
        toy.publish_as(out.path(), &document);
        let (sent, tried) = deliver_trying(out.path(), run_id, &database.output(), 3);
        let reason = reason(sent);
        assert!(reason.ends_with(expected), "{reason}");
        assert_eq!((database.counts(), tried), ([0, 0, 0], 1), "{key}");
    }
}

#[test]
fn tables_of_a_newer_or_another_version_are_left_alone() {
    let cases = [
        ("INSERT INTO analytics.schema_migrations VALUES (2, 'later', 'x')", "a newer abaco made them"),
        ("UPDATE analytics.schema_migrations SET sha256 = 'x'", "is not the one that is known here"),
    ];
    for (change, expected) in cases {
        let Some(database) = Database::new() else { return };
        let out = published();
        assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
        database.client().batch_execute(change).unwrap();
        Toy { run_id: "run-2", ..Toy::default() }.publish(out.path());
        let reason = reason(deliver(out.path(), "run-2", &database.output()));
        assert!(reason.ends_with(expected), "{reason}");
        assert_eq!(database.counts(), [1, 2, 1]);
    }
}

#[test]
fn a_step_that_fails_leaves_no_table() {
    let Some(database) = Database::new() else { return };
    // A view that is in the way of the last statement of the step.
    database
        .client()
        .batch_execute("CREATE SCHEMA analytics; CREATE VIEW analytics.kpi_current AS SELECT 1 AS one")
        .unwrap();
    let out = published();
    let reason = reason(deliver(out.path(), "run-1", &database.output()));
    assert!(reason.ends_with("relation \"kpi_current\" already exists (42P07)"), "{reason}");
    assert_eq!(
        database.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'analytics'"),
        ["(kpi_current)"]
    );
    database.client().batch_execute("DROP VIEW analytics.kpi_current").unwrap();
    assert_eq!(deliver(out.path(), "run-1", &database.output()), Sent::Delivered);
}

#[test]
fn an_encrypted_connection_trusts_only_whom_it_was_told_to() {
    let Some(database) = Database::new() else { return };
    let Ok(ca) = std::env::var("ABACO_TEST_POSTGRES_CA").map(PathBuf::from) else {
        panic!("expected `ABACO_TEST_POSTGRES_CA` beside `ABACO_TEST_POSTGRES`");
    };
    // From now on the database takes encrypted connections only: its own view of the connection says so.
    let out = published();
    let output = PostgresOutput::new(&database.url().into(), Tls::Require, Some(&ca)).unwrap();
    with_trigger(
        &database,
        "IF NOT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) THEN RAISE EXCEPTION 'plain'; END IF",
    );
    let plain = reason(deliver(out.path(), "run-1", &database.output()));
    assert!(plain.contains("plain (P0001)"), "{plain}");
    assert_eq!(deliver(out.path(), "run-1", &output), Sent::Delivered);
    // The system does not know the authority of the tests.
    let output = PostgresOutput::new(&database.url().into(), Tls::Require, None).unwrap();
    let (sent, tried) = deliver_trying(out.path(), "run-1", &output, 3);
    let reason_unknown = reason(sent);
    assert!(reason_unknown.contains("UnknownIssuer"), "{reason_unknown}");
    assert_eq!(tried, 1);
    // The certificate is for `localhost` and its address; under another name the server is another.
    let other = format!("{}?hostaddr=127.0.0.1", database.url().replace("localhost", "other.invalid"));
    let output = PostgresOutput::new(&other.into(), Tls::Require, Some(&ca)).unwrap();
    let wrong_name = reason(deliver(out.path(), "run-1", &output));
    assert!(wrong_name.contains("certificate"), "{wrong_name}");
}
