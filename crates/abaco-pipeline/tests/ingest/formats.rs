//! The same tape through CSV, Parquet and IPC.

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::Needed;
use rstest::rstest;

use crate::common::{Tape, contract, ipc, names, parquet, read};

const TEXT: &str = "loan_id,day,dpd,balance,rate,active\n\
    a,2025-12-31,5,1.01,0.12345678901234567,true\n\
    b,,0,-2.50,-99999999999999999999.99999999999999999,false\n\
    ,2024-02-29,,,,\n\
    d,2024-02-29,-1,9999999999999999.99,0.5,true\n";

fn all_types() -> Contract {
    contract(&[
        "loan_id: { type: text }",
        "day: { type: date }",
        "dpd: { type: int }",
        "balance: { type: 'decimal(18, 2)' }",
        "rate: { type: 'decimal(38, 17)' }",
        "active: { type: bool }",
    ])
}

#[rstest]
fn equal_batches(#[values(1, 3, 65_536)] batch_rows: usize) {
    let contract = all_types();
    let (expected, _) = Tape::csv(TEXT).read(&contract).unwrap();
    assert_eq!(expected.num_rows(), 4);
    for tape in [parquet(&expected), ipc(&expected)] {
        let (batch, report) = read(&tape.path, &contract, &Needed::all(), batch_rows).unwrap();
        assert_eq!(batch, expected, "{}", tape.path.display());
        assert_eq!(report.bytes, std::fs::metadata(&tape.path).unwrap().len());
        assert_eq!(report.column("dpd").unwrap().nulls, 1);
    }
}

#[test]
fn only_what_is_needed() {
    let contract = all_types();
    let (all, _) = Tape::csv(TEXT).read(&contract).unwrap();
    for tape in [parquet(&all), ipc(&all)] {
        let (batch, report) = read(&tape.path, &contract, &Needed::only(["rate", "dpd"]), 3).unwrap();
        assert_eq!(names(&batch.schema()), ["dpd", "rate"]);
        assert_eq!(batch, all.project(&[2, 4]).unwrap());
        assert_eq!(report.columns.len(), 2);
        let (batch, report) = read(&tape.path, &contract, &Needed::only([""; 0]), 3).unwrap();
        assert_eq!((batch.num_columns(), report.rows), (0, 4));
    }
}

/// The order of a file's columns is not the order of the contract's.
#[test]
fn columns_are_found_by_name() {
    let contract = all_types();
    let (all, _) = Tape::csv(TEXT).read(&contract).unwrap();
    let shuffled = all.project(&[5, 3, 0, 4, 2, 1]).unwrap();
    for tape in [parquet(&shuffled), ipc(&shuffled)] {
        assert_eq!(tape.read(&contract).unwrap().0, all);
        let (two, _) = read(&tape.path, &contract, &Needed::only(["loan_id", "active"]), 10).unwrap();
        assert_eq!(two, all.project(&[0, 5]).unwrap());
    }
}

#[test]
fn headers_follow_the_same_rules() {
    let contract = contract(&["x: { type: int, aliases: [y] }", "z: { type: int, required: true }"]);
    let (all, _) = Tape::csv(TEXT).read(&all_types()).unwrap();
    let rename = |names: &[&str]| {
        let column = all.column(2).clone();
        crate::common::batch(names.iter().map(|&name| (name, column.clone())).collect())
    };
    for write in [parquet, ipc] {
        let name = write(&all).path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            write(&rename(&["x", " X "])).refusal(&contract),
            format!("{name}: header `x`: expected once, found in columns 1 and 2")
        );
        assert_eq!(
            write(&rename(&["y", "z", "x"])).refusal(&contract),
            format!("{name}: column `x`: expected one header, found `x` and `y`")
        );
        assert_eq!(
            write(&rename(&["y"])).refusal(&contract),
            format!("{name}: expected required column `z`, found no such header")
        );
        let (_, report) = write(&rename(&[" Y", "Z", "Other "])).read(&contract).unwrap();
        assert_eq!(report.ignored_columns, ["other"]);
    }
}
