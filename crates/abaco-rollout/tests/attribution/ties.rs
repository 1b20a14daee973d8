//! Ties of money between tables.

use std::path::Path;

use abaco_rollout::RolloutError;
use abaco_rollout::attribution::{Tie, TieSettings, tie};

use crate::common::root;

const TAPE: &str = "\
contract: tape
version: 1
currency: USD
columns:
  loan_id: { type: text, source: loan_id_raw, roles: [key] }
  reporting_date: { type: date, roles: [snapshot] }
  outstanding_balance: { type: 'decimal(18, 2)', source: outstanding_balance_usd, excess_digits: half_away }
  written_off_balance: { type: 'decimal(18, 2)', source: writeoff_outstanding_balance_usd, excess_digits: half_away }
";
const LOANS: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  outstanding_balance: { type: 'decimal(18, 2)', excess_digits: half_away }
";
const EVENTS: &str = "\
contract: events
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  transaction_type: { type: text }
  date_paid: { type: date }
  principal: { type: 'decimal(18, 2)', excess_digits: half_away }
derive:
  disbursed: \"CASE WHEN transaction_type = 'DISBURSEMENT' THEN principal ELSE 0 END\"
  paid_principal: \"CASE WHEN transaction_type = 'PAYMENT' THEN principal ELSE 0 END\"
";

fn settings(left: &str, right: &str, more: &str) -> TieSettings {
    let text = format!("name: owed\nkey: [loan_id]\nleft: {left}\nright: {right}\n{more}");
    abaco_pipeline::yaml::from_str(&text, Path::new("rollout.yml")).unwrap()
}

/// A folder with the contracts and some files.
fn tied(files: &[(&str, &str)], settings: &TieSettings) -> Result<Tie, RolloutError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("tape.yml", TAPE), ("loans.yml", LOANS), ("events.yml", EVENTS)].iter().chain(files)
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    tie(settings, Path::new("rollout.yml"), &|name| Ok(folder.path().join(name)))
}

const LOANS_CSV: &str = "loan_id,outstanding_balance\nA,10.00\nB,20.00\nC,0.00\nE,7.004\n";
const EVENTS_CSV: &str = "\
loan_id,transaction_type,date_paid,principal
A,DISBURSEMENT,2025-01-01,15.00
A,PAYMENT,2025-02-01,5.00
B,DISBURSEMENT,2025-01-01,20.01
D,DISBURSEMENT,2025-01-01,3.00
E,DISBURSEMENT,2025-01-01,7.00
";
const OF_LOANS: &str = "{ contract: loans.yml, inputs: [loans.csv], measure: SUM(outstanding_balance) }";
const OF_EVENTS: &str =
    "{ contract: events.yml, inputs: [events.csv], measure: SUM(disbursed) - SUM(paid_principal) }";

#[test]
fn totals_and_keys_are_told_apart() {
    let files = [("loans.csv", LOANS_CSV), ("events.csv", EVENTS_CSV)];
    let found = tied(&files, &settings(OF_LOANS, OF_EVENTS, "")).unwrap();
    assert_eq!((&*found.left, &*found.right, &*found.difference), ("37.00", "40.01", "3.01"));
    assert_eq!((found.differing, found.ties), (2, false));
    let keys: Vec<(Option<&str>, &str)> =
        found.keys.top.iter().map(|key| (key.by["loan_id"].as_deref(), &*key.delta)).collect();
    assert_eq!(keys, [(Some("D"), "3.00"), (Some("B"), "0.01")]);
    assert_eq!((found.keys.only_left.groups, found.keys.only_right.groups), (1, 1));
    // A cent is forgiven to each key; the whole is still apart.
    let within = tied(&files, &settings(OF_LOANS, OF_EVENTS, "tolerance: \"0.01\"\n")).unwrap();
    assert_eq!((within.differing, within.ties), (1, false));
    let within = tied(&files, &settings(OF_LOANS, OF_EVENTS, "tolerance: \"3.01\"\n")).unwrap();
    assert_eq!((within.differing, within.ties), (0, true));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let files = [("loans.csv", LOANS_CSV), ("events.csv", EVENTS_CSV)];
    let refused = |left: &str| tied(&files, &settings(left, OF_EVENTS, "")).unwrap_err().to_string();
    let measured = |measure: &str| {
        refused(&format!("{{ contract: loans.yml, inputs: [loans.csv], measure: \"{measure}\" }}"))
    };
    assert_eq!(
        measured("MAX(outstanding_balance)"),
        "rollout.yml: `ties`, `owed`: `measure`: `MAX(outstanding_balance)` does not add up over rows"
    );
    assert_eq!(
        measured("SUM(outstanding_balance) / COUNT(*)"),
        "rollout.yml: `ties`, `owed`: `measure`: expected a sum, found a quotient"
    );
    assert!(
        measured("SUM(balance)")
            .starts_with("rollout.yml: `ties`, `owed`: `measure`: unavailable on the left: ")
    );
    let dated = OF_LOANS.replace("measure", "as_of: 2025-12-31, measure");
    assert_eq!(refused(&dated), "rollout.yml: `ties`, `owed`: `as_of`: the contract `loans` has no snapshot");
}

/// Keys that are personal are counted and listed nowhere; the sums are the same.
#[test]
fn personal_keys_are_not_listed() {
    let files = [("loans.csv", LOANS_CSV), ("events.csv", EVENTS_CSV)];
    let of_loans = OF_LOANS.replace("contract: loans.yml", "contract: personal.yml");
    let personal = LOANS.replace("roles: [key]", "roles: [key, pii]");
    let open = tied(&files, &settings(OF_LOANS, OF_EVENTS, "")).unwrap();
    let files = [files[0], files[1], ("personal.yml", personal.as_str())];
    let hidden = tied(&files, &settings(&of_loans, OF_EVENTS, "")).unwrap();
    assert!(!open.keys.top.is_empty());
    assert!(hidden.keys.top.is_empty());
    assert_eq!((&open.difference, open.differing), (&hidden.difference, hidden.differing));
}

/// The panel drops loans with under about one percent left, and ties with the ledger otherwise.
#[test]
fn the_real_files_tie() {
    let data = root().join("../shared/data");
    if !data.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", data.display());
        return;
    }
    let place = |name: &str| data.join(name).display().to_string();
    let panel = format!(
        "{{ contract: tape.yml, inputs: ['{}'], as_of: 2025-12-31, measure: SUM(outstanding_balance) + SUM(written_off_balance) }}",
        place("loan_par_balances.csv")
    );
    let loans = format!(
        "{{ contract: loans.yml, inputs: ['{}'], measure: SUM(outstanding_balance) }}",
        place("loans.csv")
    );
    let found = tied(&[], &settings(&panel, &loans, "")).unwrap();
    assert_eq!((&*found.left, &*found.right, &*found.difference), ("6970741.85", "6970758.32", "16.47"));
    assert_eq!((found.differing, found.ties), (62, false));
    assert_eq!((found.keys.changed.groups, found.keys.only_left.groups), (0, 0));

    let events = format!(
        "{{ contract: events.yml, inputs: ['{}'], measure: SUM(disbursed) - SUM(paid_principal) }}",
        place("transactions.csv")
    );
    let found = tied(&[], &settings(&panel, &events, "")).unwrap();
    assert_eq!((&*found.left, &*found.right), ("6970741.85", "6970758.32"));
    assert_eq!((found.differing, found.keys.changed.groups, found.keys.only_left.groups), (62, 0, 0));

    let found = tied(&[], &settings(&loans, &events, "")).unwrap();
    assert_eq!((found.differing, found.ties, &*found.difference), (0, true, "0.00"));
}
