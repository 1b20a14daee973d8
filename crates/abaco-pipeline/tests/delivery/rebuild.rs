//! The history follows from the ledger and the runs, whatever happens to its file.

use std::fs;
use std::path::Path;

use abaco_pipeline::history::{HISTORY, History};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::history::{LINE, caught_up, date};
use crate::toy::Toy;

/// Every row of every table.
fn rows(out: &Path) -> Vec<Vec<Value>> {
    let connection = Connection::open(out.join(HISTORY)).unwrap();
    let mut found = Vec::new();
    for table in ["runs", "kpi_values", "findings"] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let rows =
            statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        found.extend(rows.map(Result::unwrap));
    }
    found
}

fn publish(out: &Path, run_id: &str, as_of: &str) {
    Toy { run_id, as_of: Some(as_of), ..Toy::default() }.publish(out);
}

#[test]
fn a_rebuilt_history_has_the_same_rows() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    for (run_id, as_of) in [("a", "2025-09-30"), ("b", "2025-10-31"), ("c", "2025-11-30")] {
        publish(out, run_id, as_of);
        // Run by run, as it comes about.
        let caught = History::open(out).unwrap().catch_up().unwrap();
        assert_eq!((caught.added, caught.rebuilt), (1, false));
    }
    assert_eq!(History::open(out).unwrap().catch_up().unwrap().added, 0);
    let before = rows(out);
    // Three runs with two values and two findings each.
    assert_eq!(before.len(), 3 + 6 + 6);
    let path = out.join(HISTORY);
    let whole = fs::read(&path).unwrap();
    let no_database =
        b"not a database at all, but long enough to be read as the header of one, which it is not".repeat(4);
    for damage in [None, Some(Vec::new()), Some(no_database), Some(whole[..whole.len() / 2].to_vec())] {
        fs::remove_file(&path).unwrap();
        if let Some(bytes) = &damage {
            fs::write(&path, bytes).unwrap();
        }
        let mut history = caught_up(out);
        let earlier = history.baseline(LINE, date("2025-12-31")).unwrap().unwrap();
        assert_eq!(earlier.run_id, "c");
        assert_eq!(rows(out), before, "{:?}", damage.map(|bytes| bytes.len()));
    }
}

#[test]
fn a_database_of_another_program_or_version_is_made_anew() {
    for sql in ["CREATE TABLE theirs (x); PRAGMA user_version = 7", "PRAGMA application_id = 5"] {
        let out = tempfile::tempdir().unwrap();
        publish(out.path(), "a", "2025-11-30");
        Connection::open(out.path().join(HISTORY)).unwrap().execute_batch(sql).unwrap();
        assert_eq!(caught_up(out.path()).trend(LINE, "par_30").unwrap().len(), 1, "{sql}");
    }
}

#[test]
fn a_changed_cell_is_noticed_where_sqlite_notices_nothing() {
    for sql in [
        "UPDATE kpi_values SET value = '0.01' WHERE segment = '{}'",
        "UPDATE kpi_values SET level = 'ok'",
        "DELETE FROM kpi_values",
        "UPDATE runs SET document_sha256 = 'x'",
        "UPDATE runs SET rows_sha256 = NULL",
        "UPDATE runs SET currency = 'EUR'",
        "DROP TABLE findings",
    ] {
        let out = tempfile::tempdir().unwrap();
        publish(out.path(), "a", "2025-11-30");
        let mut history = caught_up(out.path());
        let before = rows(out.path());
        Connection::open(out.path().join(HISTORY)).unwrap().execute_batch(sql).unwrap();
        let earlier = history.baseline(LINE, date("2025-12-31")).unwrap().unwrap();
        let value = earlier.baselines.get(&[], "par_30").unwrap().value.unwrap();
        assert_eq!(value.to_string(), "3.31", "{sql}");
        assert_eq!(rows(out.path()), before, "{sql}");
    }
}

#[test]
fn a_flipped_byte_anywhere_never_gives_another_baseline() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "a", "2025-11-30");
    drop(caught_up(out.path()));
    let path = out.path().join(HISTORY);
    let whole = fs::read(&path).unwrap();
    // A step that is no divisor of a page, so that every part of a page is met.
    for at in (0..whole.len()).step_by(127) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x21;
        fs::write(&path, &bytes).unwrap();
        let earlier = caught_up(out.path()).baseline(LINE, date("2025-12-31")).unwrap().unwrap();
        let value = earlier.baselines.get(&[], "par_30").unwrap().value.unwrap();
        assert_eq!((earlier.run_id.as_str(), value.to_string().as_str()), ("a", "3.31"), "byte {at}");
    }
}

#[test]
fn another_ledger_makes_another_history() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "a", "2025-10-31");
    publish(out.path(), "b", "2025-11-30");
    drop(caught_up(out.path()));
    let ledger = out.path().join("LEDGER.ndjson");
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let mut history = History::open(out.path()).unwrap();
    let caught = history.catch_up().unwrap();
    assert_eq!((caught.added, caught.rebuilt), (1, true));
    assert_eq!(history.baseline(LINE, date("2025-12-31")).unwrap().unwrap().run_id, "a");
}

#[test]
fn a_ledger_of_the_same_length_with_other_runs_is_another() {
    let [out, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    publish(out.path(), "a", "2025-10-31");
    publish(out.path(), "b", "2025-11-30");
    drop(caught_up(out.path()));
    for (run_id, as_of) in [("c", "2025-10-31"), ("b", "2025-11-30")] {
        publish(other.path(), run_id, as_of);
    }
    for name in ["LEDGER.ndjson", "c", "b"] {
        let _not_there = fs::remove_dir_all(out.path().join(name));
        fs::rename(other.path().join(name), out.path().join(name)).unwrap();
    }
    let mut history = History::open(out.path()).unwrap();
    assert!(history.catch_up().unwrap().rebuilt);
    assert_eq!(history.baseline(LINE, date("2025-11-30")).unwrap().unwrap().run_id, "c");
}

#[test]
fn a_run_that_was_hidden_from_the_history_is_found_when_it_catches_up() {
    for sql in [
        "UPDATE runs SET profile = 'other' WHERE seq = 2",
        "UPDATE runs SET known_at = '1999' WHERE seq = 2",
        "UPDATE runs SET state = 'missing' WHERE seq = 2",
        "DELETE FROM runs WHERE seq = 2",
        "DELETE FROM runs WHERE seq = 1",
    ] {
        let out = tempfile::tempdir().unwrap();
        publish(out.path(), "a", "2025-10-31");
        publish(out.path(), "b", "2025-11-30");
        drop(caught_up(out.path()));
        let before = rows(out.path());
        let by_hand = Connection::open(out.path().join(HISTORY)).unwrap();
        by_hand.execute_batch(&format!("PRAGMA foreign_keys = off; {sql}")).unwrap();
        drop(by_hand);
        let mut history = History::open(out.path()).unwrap();
        history.catch_up().unwrap();
        assert_eq!(history.baseline(LINE, date("2025-12-31")).unwrap().unwrap().run_id, "b", "{sql}");
        assert_eq!(rows(out.path()), before, "{sql}");
    }
}

#[test]
fn a_missing_run_is_passed_over_and_a_damaged_one_is_not() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    publish(out, "a", "2025-09-30");
    publish(out, "b", "2025-10-31");
    publish(out, "c", "2025-11-30");
    fs::rename(out.join("c"), out.join(".elsewhere")).unwrap();
    let mut history = History::open(out).unwrap();
    let caught = history.catch_up().unwrap();
    let gone = ("c".to_owned(), "expected the folder of a published run, found none".to_owned());
    assert_eq!((caught.added, &caught.problems[..]), (2, &[gone][..]));
    assert_eq!(history.baseline(LINE, date("2025-12-31")).unwrap().unwrap().run_id, "b");
    // It comes back, damaged: it could be the baseline, so there is none until it is mended.
    fs::rename(out.join(".elsewhere"), out.join("c")).unwrap();
    let document = fs::read(out.join("c/kpis.json")).unwrap();
    fs::write(out.join("c/kpis.json"), &document[1..]).unwrap();
    let caught = history.catch_up().unwrap();
    assert!(caught.problems[0].1.starts_with("`kpis.json`: expected digest"), "{caught:?}");
    let error = history.baseline(LINE, date("2025-12-31")).unwrap_err().to_string();
    assert!(error.contains("c: `kpis.json`: expected digest"), "{error}");
    // For a snapshot before the damaged one it does not matter.
    assert_eq!(history.baseline(LINE, date("2025-11-30")).unwrap().unwrap().run_id, "b");
    fs::write(out.join("c/kpis.json"), document).unwrap();
    assert_eq!(history.catch_up().unwrap().added, 1);
    assert_eq!(history.baseline(LINE, date("2025-12-31")).unwrap().unwrap().run_id, "c");
}

#[test]
fn many_at_once_make_one_history() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    let ids: Vec<String> = (0..12).map(|n| format!("run-{n:02}")).collect();
    for (n, run_id) in (1..).zip(&ids) {
        publish(out, run_id, &format!("2025-01-{n:02}"));
    }
    std::thread::scope(|scope| {
        for worker in 0..6 {
            scope.spawn(move || {
                for _ in 0..4 {
                    if worker == 0 {
                        // Between two writers, as a disk would: SQLite has locks against what comes in between.
                        let lock = fs::File::create(out.join(".history.lock")).unwrap();
                        lock.lock().unwrap();
                        fs::write(out.join(HISTORY), b"damaged by somebody").unwrap();
                    }
                    let mut history = History::open(out).unwrap();
                    history.catch_up().unwrap();
                    let earlier = history.baseline(LINE, date("2025-01-31")).unwrap().unwrap();
                    assert_eq!(earlier.run_id, "run-11");
                }
            });
        }
    });
    drop(caught_up(out));
    let before = rows(out);
    fs::remove_file(out.join(HISTORY)).unwrap();
    drop(caught_up(out));
    assert_eq!(rows(out), before);
    assert_eq!(before.len(), 12 * 5);
}
