//! The table of refused rows.

use abaco_pipeline::arrow::array::{Array, AsArray};
use abaco_pipeline::arrow::datatypes::UInt64Type;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{RefusedRow, Screened};
use abaco_pipeline::quality::Checked;
use abaco_pipeline::quarantine::{Origin, QuarantineTable};
use serde_json::{Value, json};

use crate::common::{bad_row, batch, contract, screen, tape};

const RULES: &str = "columns:
  name: { type: text, roles: [pii], allowed: [Ada] }
  birth: { type: date, roles: [pii], range: { min: '1900-01-01' } }
  dpd: { type: int, range: { min: '0' } }
";

fn checked(contract: &Contract) -> Checked {
    let batch = batch(contract, "name,birth,dpd\nBob,1871-02-03,-5\nAda,,0\nEve,,\nAda,,7\n");
    let bad = bad_row(contract, "name,birth,dpd\nAda,,0\nAda,19000101,7\n");
    let cells = ["Ada", "19000101", "7"].map(|cell| Some(cell.to_owned())).to_vec();
    let refused = vec![RefusedRow::new(3, bad, cells)];
    let screen = screen(contract, &batch);
    screen.check(&mut screen.counters(), tape(), Screened::new(0, 0, batch, refused)).unwrap()
}

#[test]
fn rows_with_reasons_and_masked_cells() {
    let contract = contract(RULES);
    let checked = checked(&contract);
    let schema = checked.admitted.schema();
    let mask = |column: &str, value: &str| (column == "name").then(|| format!("{}:{}", column, value.len()));
    let origin = Origin {
        table: "tape",
        file: "loans.csv",
        rows_before: 100,
        lines_before: 120,
        schema: &schema,
        contract: &contract,
        mask: &mask,
    };
    let mut table = QuarantineTable::new();
    for row in &checked.quarantined {
        table.push(&origin, row).unwrap();
    }
    assert_eq!(table.len(), 3);
    let batch = table.take().unwrap().unwrap();
    assert_eq!(batch.schema(), table.schema());
    assert!(table.is_empty() && table.take().unwrap().is_none());

    let rows = batch.column(2).as_primitive::<UInt64Type>();
    assert_eq!(rows.values(), &[101, 103, 104]);
    let lines = batch.column(3).as_primitive::<UInt64Type>();
    assert!(lines.is_null(0) && lines.is_null(1));
    // The bad row is on the third line of its part.
    assert_eq!(lines.value(2), 123);
    let json = |column: usize, row: usize| -> Value {
        serde_json::from_str(batch.column(column).as_string::<i32>().value(row)).unwrap()
    };
    assert_eq!(json(5, 0), json!({ "name": "name:3", "birth": null, "dpd": "-5" }));
    assert_eq!(json(5, 1), json!({ "name": "name:3", "birth": null, "dpd": null }));
    assert_eq!(
        json(4, 0),
        json!([
            { "rule": "name.allowed", "column": "name", "message": "expected one of `Ada`, found `name` <masked>" },
            { "rule": "birth.range", "column": "birth", "message": "expected at least 1900-01-01, found `birth` <masked>" },
            { "rule": "dpd.range", "column": "dpd", "message": "expected at least 0, found `dpd` -5" },
        ])
    );
    assert_eq!(
        json(4, 2),
        json!([{ "rule": "birth.type", "column": "birth", "message": "expected date, found `<masked>`" }])
    );
    let texts: String = (0..6)
        .filter_map(|column| batch.column(column).as_string_opt::<i32>())
        .flat_map(|texts| texts.iter().flatten())
        .collect();
    for secret in ["Bob", "Eve", "1871", "19000101"] {
        assert!(!texts.contains(secret), "{secret}: {texts}");
    }
}

#[test]
fn batches_hold_the_rows_since_the_last_one() {
    let contract = contract(RULES);
    let checked = checked(&contract);
    let schema = checked.admitted.schema();
    let mask = |_: &str, _: &str| None;
    let (table_name, file) = ("event", "e.csv");
    let origin = Origin {
        table: table_name,
        file,
        rows_before: 0,
        lines_before: 0,
        schema: &schema,
        contract: &contract,
        mask: &mask,
    };
    let mut table = QuarantineTable::default();
    let mut sizes = Vec::new();
    for row in &checked.quarantined {
        table.push(&origin, row).unwrap();
        sizes.push(table.take().unwrap().map(|batch| batch.num_rows()));
    }
    assert_eq!(sizes, [Some(1); 3]);
}
