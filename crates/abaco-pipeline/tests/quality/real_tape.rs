//! The shipped contracts over the real portfolio's tapes, where they lie beside the repository.

use std::path::{Path, PathBuf};

use abaco_pipeline::contract::{Contract, Severity};
use abaco_pipeline::duplicates::{RowPrints, Sorter};
use abaco_pipeline::ingest::{self, IngestOptions, Needed, RowId, Screened};
use abaco_pipeline::quality::{CheckState, Facts, Place, QualityDocument, TableQuality};

use crate::common::{bindings, check, examples, facts};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a contract says about a tape, or `None` with a word on why the test is skipped.
fn said(contract: &str, tape: &str) -> Option<TableQuality> {
    let path = root().join("../shared/data").join(tape);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", path.display());
        return None;
    }
    let contract = Contract::load(root().join("config/contracts").join(contract)).unwrap();
    let options = IngestOptions { batch_rows: 5_000, ..IngestOptions::default() };
    let reader = ingest::open(&path, &contract, &Needed::all(), &options).unwrap();
    let schema = reader.schema();
    let screen =
        abaco_pipeline::quality::Screen::new(&contract, schema.clone(), &bindings(&contract)).unwrap();
    let prints = RowPrints::of_contract(&contract, &schema).unwrap().unwrap();
    let mut sorter = Sorter::with_capacity(std::env::temp_dir(), 7_000);
    let mut counters = screen.counters();
    let mut before = 0;
    for batch in reader {
        let screened = Screened::new(0, before, batch.unwrap(), Vec::new());
        before += screened.batch.num_rows() as u64;
        let checked = screen.check(&mut counters, Place { file: 0, path: &path }, screened).unwrap();
        for (row, print) in checked.rows.iter().zip(prints.of(&checked.admitted).unwrap()) {
            sorter.push(RowId { file: 0, part: 0, row: *row }, print.unwrap()).unwrap();
        }
    }
    let verdicts = sorter.finish().unwrap();
    Some(counters.finish(&screen, &Facts { verdicts: Some(&verdicts), ..facts(Some("2025-12-31")) }))
}

/// Nothing that a shipped contract has found refuses a row.
fn only_warnings(quality: &TableQuality) {
    assert!(quality.refuse("tape".as_ref()).is_ok());
    assert_eq!(quality.totals.rows.quarantined, 0);
    let warned = quality.checks.iter().filter(|check| check.passed == Some(false));
    warned.for_each(|check| assert_eq!(check.severity, Severity::Warning, "{}", check.id));
}

#[test]
fn the_panel() {
    let Some(quality) = said("par_balances.yml", "loan_par_balances.csv") else { return };
    only_warnings(&quality);
    // December is labelled with its last day, and is of the tenth: all its delinquent rows say so.
    let mislabelled = check(&quality, "mislabelled_as_of");
    assert_eq!((mislabelled.checked, mislabelled.violating), (31_268, 261));
    assert_eq!(examples(mislabelled), [30_207, 30_209, 30_210, 30_211, 30_212]);
    let reverts = check(&quality, "write_off_reverts");
    assert_eq!((reverts.checked, reverts.violating), (17_683, 8));
    assert_eq!(examples(reverts), [15_265, 17_343, 20_575, 26_681, 26_701]);
    for passed in
        ["balance_is_not_negative", "dpd_is_not_negative", "tape.duplicates", "tape.conflicts", "tape.totals"]
    {
        assert_eq!(
            (check(&quality, passed).state, check(&quality, passed).passed),
            (CheckState::Executed, Some(true)),
            "{passed}"
        );
    }
    let totals = |column: &str| &quality.totals.control_totals[column];
    assert_eq!(
        (totals("outstanding_balance").read.as_str(), totals("outstanding_balance").accepted.as_str()),
        ("102826846.13", "102826846.13")
    );
    assert_eq!(totals("written_off_balance").read, "4135725.98");
    let document = QualityDocument::new(vec![quality]);
    assert_eq!((document.checks_executed, document.checks_passed), (19, 17));
    // 1,700 / 19 has no end.
    assert_eq!(document.data_quality_score.as_deref(), Some("89.4736842105"));
}

#[test]
fn the_loans() {
    let Some(quality) = said("factoring_loans.yml", "loans.csv") else { return };
    only_warnings(&quality);
    assert_eq!(check(&quality, "default_before_90_days").violating, 115);
    assert_eq!(check(&quality, "complete_but_past_due").violating, 37);
    assert_eq!(check(&quality, "tape.duplicates").passed, Some(true));
}

#[test]
fn the_transactions() {
    let Some(quality) = said("factoring_transactions.yml", "transactions.csv") else { return };
    assert_eq!(quality.totals.rows.quarantined, 0);
    let interest = check(&quality, "interest_is_not_negative");
    assert_eq!((interest.severity, interest.checked, interest.violating), (Severity::Warning, 36_789, 929));
}

/// By how many days each delinquent row of December is older than its label.
#[test]
fn the_days_of_december() {
    let Some(quality) = said("par_balances.yml", "loan_par_balances.csv") else { return };
    let path = root().join("config/contracts/par_balances.yml");
    let by_21 = std::fs::read_to_string(path).unwrap().replace(") - dpd = 0\"", ") - dpd IN (0, 21)\"");
    let contract = Contract::from_yaml_str(&by_21, "c.yml").unwrap();
    let tape = root().join("../shared/data/loan_par_balances.csv");
    let reader = ingest::open(&tape, &contract, &Needed::all(), &IngestOptions::default()).unwrap();
    let screen =
        abaco_pipeline::quality::Screen::new(&contract, reader.schema(), &bindings(&contract)).unwrap();
    let mut counters = screen.counters();
    for batch in reader {
        let screened = Screened::new(0, counters.rows().read, batch.unwrap(), Vec::new());
        screen.check(&mut counters, Place { file: 0, path: &tape }, screened).unwrap();
    }
    assert_eq!(check(&counters.finish(&screen, &facts(None)), "mislabelled_as_of").violating, 0);
    assert_eq!(check(&quality, "mislabelled_as_of").violating, 261);
}
