//! Tapes whose sums are known, digit for digit.

use std::path::PathBuf;

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::Needed;
use arrow::array::AsArray;
use arrow::datatypes::{Date32Type, Decimal64Type, Int64Type};
use rstest::rstest;

use crate::common::{ipc, mantissas, parquet, read, root};

fn shipped(name: &str) -> Contract {
    Contract::load(root().join(format!("config/contracts/{name}.yml"))).unwrap()
}

/// A file of the data folder next to the repository, or `None` with a word on why the test is skipped.
fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", path.display());
    None
}

#[rstest]
#[case("dpd_30_60_usd", "9805131.06640267245580000")]
#[case("dpd_60_90_usd", "5070173.05179203616878500")]
#[case("dpd_90_plus_usd", "2512028.63051794943929187")]
#[case("total_receivable_usd", "786525066.90245260735000000")]
#[case("cash_available_usd", "74621693.06169643274380000")]
#[case("total_eligible_usd", "623234162.56686282677700000")]
fn rollout_1000(#[case] column: &str, #[case] sum: &str) {
    let path = root().join("examples/data/rollout_1000.csv");
    let (batch, report) = read(&path, &shipped("factoring_slices"), &Needed::all(), 300).unwrap();
    let total: i128 = mantissas(&batch, column).into_iter().flatten().sum();
    let unit = 10i128.pow(17);
    assert_eq!(format!("{}.{:017}", total / unit, total % unit), sum);
    assert_eq!((report.rows, report.bytes, batch.num_columns()), (1_000, 110_093, 6));
    assert!(report.columns.iter().all(|column| column.nulls + column.filled + column.rounded == 0));
    assert!(report.ignored_columns.is_empty());
}

#[test]
fn rollout_1000_scales() {
    let path = root().join("examples/data/rollout_1000.csv");
    let (_, report) = read(&path, &shipped("factoring_slices"), &Needed::all(), 65_536).unwrap();
    let scales: Vec<(&str, u8)> =
        report.columns.iter().map(|column| (column.name.as_str(), column.observed_scale.unwrap())).collect();
    assert_eq!(
        scales,
        [
            ("dpd_30_60_usd", 14),
            ("dpd_60_90_usd", 15),
            ("dpd_90_plus_usd", 17),
            ("total_receivable_usd", 11),
            ("total_eligible_usd", 12),
            ("cash_available_usd", 13),
        ]
    );
}

#[test]
fn the_real_panel() {
    let Some(path) = shared("loan_par_balances.csv") else { return };
    let contract = shipped("par_balances");
    let (batch, report) = read(&path, &contract, &Needed::all(), 10_000).unwrap();
    assert_eq!((report.rows, report.bytes, batch.num_columns()), (31_268, 2_689_788, 7));
    assert_eq!(
        report.ignored_columns,
        [
            "writeoff_type",
            "loan_ccy",
            "outstanding_balance",
            "writeoff_outstanding_balance",
            "xchg_rate_to_usd",
            "par_7_balance_usd",
            "par_30_balance_usd",
            "par_60_balance_usd",
            "par_90_balance_usd"
        ]
    );
    assert_eq!(report.column("dpd_date").unwrap().nulls, 26_327);
    assert_eq!(report.column("outstanding_balance").unwrap().rounded, 0);

    let dates = batch["reporting_date"].as_primitive::<Date32Type>().values();
    let dpd = batch["dpd"].as_primitive::<Int64Type>().values();
    let balance = batch["outstanding_balance"].as_primitive::<Decimal64Type>().values();
    let written_off = batch["written_off_balance"].as_primitive::<Decimal64Type>().values();
    // 2025-12-31
    let rows: Vec<usize> = (0..batch.num_rows()).filter(|&row| dates[row] == 20_453).collect();
    let cents =
        |from: i64| -> i64 { rows.iter().filter(|&&row| dpd[row] >= from).map(|&row| balance[row]).sum() };
    assert_eq!(cents(i64::MIN), 666_816_781);
    assert_eq!((cents(7), cents(30), cents(60), cents(90)), (42_465_821, 23_357_336, 10_716_188, 7_781_326));
    assert_eq!(rows.iter().map(|&row| written_off[row]).sum::<i64>(), 30_257_404);
    assert_eq!(batch["is_written_off"].as_boolean().true_count(), 1_044);
    assert_eq!(balance.iter().sum::<i64>(), 10_282_684_613);

    for tape in [parquet(&batch), ipc(&batch)] {
        let canonical = Contract::from_yaml_str(CANONICAL, "canonical.yml").unwrap();
        let (again, _) = read(&tape.path, &canonical, &Needed::all(), 7_777).unwrap();
        assert_eq!(again.columns(), batch.columns());
    }
}

/// The panel once it carries canonical names.
const CANONICAL: &str = "
contract: canonical
version: 1
currency: USD
columns:
  loan_id: { type: text }
  reporting_date: { type: date }
  dpd: { type: int }
  dpd_date: { type: date }
  is_written_off: { type: bool }
  outstanding_balance: { type: 'decimal(18, 2)' }
  written_off_balance: { type: 'decimal(18, 2)' }
";
