//! Tapes that are refused: where the fault is, what was expected and found, exit status 3, and nothing left behind.

use rstest::rstest;

use crate::common::{SLICES, Sandbox, in_repository, slices};

const REFUSED: i32 = 3;

#[test]
fn a_missing_file() {
    Sandbox::new().refuses(&["run", "tape.csv"], REFUSED, "tape.csv: No such file or directory (os error 2)");
}

#[rstest]
#[case("tape.csv")]
#[case("tape.parquet")]
#[case("tape.arrow")]
fn an_empty_file(#[case] name: &str) {
    let message = format!("{name}: expected a header, found an empty file");
    Sandbox::with(name, "").refuses(&["run", name], REFUSED, &message);
}

#[rstest]
#[case(SLICES.to_owned())]
#[case(format!("{SLICES}\n"))]
#[case(format!("{SLICES}\r\n\r\n"))]
fn a_header_only(#[case] tape: String) {
    let message = "tape.csv: expected at least one row, found only a header";
    Sandbox::with("tape.csv", tape).refuses(&["run", "tape.csv"], REFUSED, message);
}

#[rstest]
#[case(&["1,2,3,100,50,5", "1,2,3,100,50"], "row 2 (line 3): expected 6 cells, found 5")]
#[case(&["1,2,3,100,50,5,", "1,2,3,100,50,5"], "row 1 (line 2): expected 6 cells, found 7")]
fn a_ragged_row(#[case] rows: &[&str], #[case] message: &str) {
    Sandbox::with("tape.csv", slices(rows)).refuses(
        &["run", "tape.csv"],
        REFUSED,
        &format!("tape.csv: {message}"),
    );
}

#[rstest]
#[case("abc", "found `abc`")]
#[case("1.2.3", "found `1.2.3`")]
#[case("12 000", "found `12 000`")]
#[case("NaN", "found `NaN`")]
#[case("nan", "found `nan`")]
#[case("inf", "found `inf`")]
#[case("-Infinity", "found `-Infinity`")]
#[case("1e400", "found `1e400`, which overflows decimal(38, 17)")]
#[case("1000000000000000000000", "found `1000000000000000000000`, which overflows decimal(38, 17)")]
#[case("0.123456789012345678", "found `0.123456789012345678` with more than 17 fractional digits")]
#[case("1e-18", "found `1e-18` with more than 17 fractional digits")]
fn a_cell(#[case] cell: &str, #[case] found: &str) {
    let tape = slices(&["1,2,3,100,50,5", &format!("1,2,{cell},100,50,5")]);
    Sandbox::with("tape.csv", tape).refuses(
        &["run", "tape.csv"],
        REFUSED,
        &format!("tape.csv: row 2 (line 3), column `dpd_90_plus_usd`: expected decimal(38, 17), {found}"),
    );
}

#[test]
fn a_date_that_is_none() {
    let tape = format!("measurement_date,{SLICES}\n2025-02-29,1,2,3,100,50,5\n");
    Sandbox::with("tape.csv", tape).refuses(
        &["run", "tape.csv"],
        REFUSED,
        "tape.csv: row 1 (line 2), column `measurement_date`: expected date, found `2025-02-29`",
    );
}

#[test]
fn a_null_where_the_contract_rejects_it_is_named_by_the_files_own_header() {
    let config = in_repository("config/par_balances.yml");
    let sandbox = Sandbox::with(
        "tape.csv",
        "loan_id_raw,reporting_date,dpd,outstanding_balance_usd\nA,2025-01-31,0,\n",
    );
    sandbox.refuses(
        &["run", "tape.csv", "--config", &config],
        REFUSED,
        "tape.csv: row 1 (line 2), column `outstanding_balance` (header `outstanding_balance_usd`): \
         expected decimal(18, 2), found null",
    );
}

#[test]
fn required_columns_that_are_missing_are_all_named() {
    let config = in_repository("config/par_balances.yml");
    Sandbox::with("tape.csv", "loan_id_raw,reporting_date\nA,2025-01-31\n").refuses(
        &["run", "tape.csv", "--config", &config],
        REFUSED,
        "tape.csv: expected required columns `dpd` and `outstanding_balance`, found no such header",
    );
}

#[test]
fn a_column_that_is_there_twice() {
    let tape = "dpd_90_plus_usd,total_receivable_usd, DPD_90_plus_USD\n1,100,2\n";
    Sandbox::with("tape.csv", tape).refuses(
        &["run", "tape.csv"],
        REFUSED,
        "tape.csv: header `dpd_90_plus_usd`: expected once, found in columns 1 and 3",
    );
}

#[rstest]
#[case("folder.csv")]
#[case("folder.parquet")]
fn a_folder(#[case] name: &str) {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path(name)).unwrap();
    sandbox.refuses(&["run", name], REFUSED, &format!("{name}: is a directory"));
}

#[rstest]
#[case("tape.parquet", "parquet")]
#[case("tape.arrow", "ipc")]
fn a_file_that_is_not_what_its_name_says(#[case] name: &str, #[case] format: &str) {
    let beginning = format!("{name}: expected a readable {format} file, found: ");
    Sandbox::with(name, slices(&["1,2,3,100,50,5"])).refuses_with(&["run", name], REFUSED, &beginning);
}

#[test]
fn with_json_standard_output_stays_empty() {
    let sandbox = Sandbox::with("tape.csv", slices(&["x,2,3,100,50,5"]));
    sandbox.refuses(
        &["run", "tape.csv", "--format", "json"],
        REFUSED,
        "tape.csv: row 1 (line 2), column `dpd_30_60_usd`: expected decimal(38, 17), found `x`",
    );
}

/// A refusal does not touch what was published before.
#[test]
fn earlier_runs_stay() {
    let sandbox = Sandbox::with("good.csv", slices(&["1,2,3,100,50,5"]));
    sandbox.abaco(&["run", "good.csv"]).silent();
    sandbox.write("bad.csv", slices(&["x,2,3,100,50,5"]));
    sandbox.refuses_with(&["run", "bad.csv"], REFUSED, "bad.csv: row 1 ");
    sandbox.published();
}
