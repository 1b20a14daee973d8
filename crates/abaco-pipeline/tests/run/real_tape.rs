//! The real month-end panel against its own columns, month by month, where it lies beside the repository.

use std::collections::BTreeMap;

use abaco_engine::AsOf;
use abaco_pipeline::{Pipeline, PipelineConfig, RunRequest};

use crate::common::{catalogue, root};

/// `12.5` as 1250.
fn cents(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

/// A sum of cents as a run prints it.
fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The panel carries the balances that are 7, 30, 60 and 90 days late, which its publisher computed.
#[test]
fn every_month_equals_the_panels_own_columns() {
    let tape = root().join("../shared/data/loan_par_balances.csv");
    if !tape.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", tape.display());
        return;
    }
    let text = std::fs::read_to_string(&tape).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
    let date = column("reporting_date");
    let amounts = [
        "outstanding_balance_usd",
        "PAR_7_balance_usd",
        "PAR_30_balance_usd",
        "PAR_60_balance_usd",
        "PAR_90_balance_usd",
    ]
    .map(column);
    let mut months: BTreeMap<&str, [i64; 5]> = BTreeMap::new();
    for line in lines {
        let totals = months.entry(line[date]).or_default();
        for (total, amount) in totals.iter_mut().zip(amounts) {
            *total += cents(line[amount]);
        }
    }
    assert_eq!(months.len(), 36);

    let config = PipelineConfig::load(root().join("config/par_balances.yml")).unwrap();
    let pipeline = Pipeline::new(config, &catalogue()).unwrap();
    for (month, [outstanding, late @ ..]) in months {
        let as_of = AsOf::Date(month.parse().unwrap());
        let request = RunRequest {
            inputs: vec![tape.clone()],
            tables: Vec::new(),
            as_of,
            out: None,
            actor: "test".to_owned(),
        };
        let document = pipeline.run(&request).unwrap().document;
        let exact = |id: &str| {
            let entry = document.kpis.iter().find(|kpi| kpi.id == id).unwrap();
            let exact = entry.exact.as_ref().unwrap();
            (exact.multiplier.clone(), exact.numerator.clone(), exact.denominator.clone())
        };
        for (id, late) in ["par_ge_7", "par_ge_30", "par_ge_60", "par_ge_90"].into_iter().zip(late) {
            assert_eq!(exact(id), ("100".to_owned(), money(late), money(outstanding)), "{month} {id}");
        }
        assert_eq!(exact("par_30"), exact("par_ge_30"), "{month}");
        assert_eq!(exact("par_90"), exact("par_ge_90"), "{month}");
    }
}
