//! However many threads read a tape, and whatever its format, a run says the same of its rows.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use abaco_pipeline::Run;
use abaco_pipeline::arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray};
use abaco_pipeline::arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::rows::{HEAD, VALUES, desk, quarantined, run_of, values};

/// All that a run says of its rows, without its name and its times.
fn account(run: &Run) -> Value {
    json!({
        "kpis": crate::common::kpis(run),
        "rows": run.document.rows,
        "quality": run.quality,
        "quarantine": quarantined(run).into_iter().map(|(file, row, line, reasons, cells)| json!([file, row, line, reasons, cells])).collect::<Vec<_>>(),
    })
}

/// Many rows, so that a file is read in many pieces: every 7th is refused, every 11th has a copy far away, every 13th a
/// contradiction in the other file.
fn many() -> (String, String) {
    let (mut first, mut second) = (HEAD.to_owned(), HEAD.to_owned());
    for number in 0..MANY {
        let branch = if number % 7 == 0 { "east" } else { "north" };
        let row = format!("loan-{number:06},2025-01-31,{branch},{},{number}.25\n", number % 120);
        first += &row;
        if number % 7 != 0 && number % 11 == 0 {
            second += &row;
        } else if number % 7 != 0 && number % 13 == 0 {
            second += &row.replace(".25", ".75");
        }
    }
    (first, second)
}

const MANY: u64 = 60_000;

#[test]
fn the_number_of_threads_changes_nothing() {
    let desk = desk();
    let (first, second) = many();
    desk.write("a.csv", &first);
    desk.write("b.csv", &second);
    let mut accounts = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = pool.install(|| run_of(&desk, &["a.csv", "b.csv"])).unwrap();
        let folder = run.folder.clone().unwrap();
        let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
        accounts.push((account(&run), ["tape.parquet", "quarantine.parquet", "kpis.parquet"].map(bytes)));
    }
    let kept: Vec<u64> =
        (0..MANY).filter(|number| number % 7 != 0 && (number % 11 == 0 || number % 13 != 0)).collect();
    let copies = (0..MANY).filter(|number| number % 7 != 0 && number % 11 == 0).count() as u64;
    let contradicted =
        (0..MANY).filter(|number| number % 7 != 0 && number % 11 != 0 && number % 13 == 0).count() as u64;
    let (account, _) = &accounts[0];
    let cents: u64 = kept.iter().map(|number| number * 100 + 25).sum();
    assert_eq!(account["kpis"][0]["value"], format!("{}.{:02}", cents / 100, cents % 100));
    let refused = MANY.div_ceil(7);
    assert_eq!(
        account["quality"]["rows"],
        json!({
            "read": MANY + copies + contradicted,
            "accepted": kept.len(),
            "quarantined": refused + 2 * contradicted,
            "duplicate": copies,
        })
    );
    assert_eq!(account["quarantine"].as_array().unwrap().len() as u64, refused + 2 * contradicted);
    assert!(accounts.iter().all(|other| *other == accounts[0]));
}

/// The rows of a tape whose cells have their types; what a text could not be, the other formats cannot have.
fn typed() -> Vec<(&'static str, &'static str, i64, i128)> {
    vec![
        ("L1", "north", 0, 100_00),
        ("L2", "north", 45, 200_50),
        ("L4", "east", 0, 20_00),
        ("L5", "south", 0, -5_00),
        ("L1", "north", 0, 100_00),
        ("L8", "south", 10, 40_00),
        ("L8", "south", 11, 40_00),
        ("L9", "south", 90, 300_25),
        ("L12", "south", 0, 1_25),
    ]
}

fn amount(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn as_parquet() -> Vec<u8> {
    let rows = typed();
    // 2025-01-31 is day 20,119 since 1970-01-01.
    let columns: [(&str, ArrayRef); 5] = [
        ("loan_id", Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>())),
        ("month", Arc::new(Date32Array::from(vec![20_119; rows.len()]))),
        ("branch", Arc::new(rows.iter().map(|row| Some(row.1)).collect::<StringArray>())),
        ("dpd", Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Int64Array>())),
        (
            "balance",
            Arc::new(
                rows.iter()
                    .map(|row| Some(row.3))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(18, 2)
                    .unwrap(),
            ),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn the_format_of_the_file_changes_nothing() {
    let desk = desk();
    let csv: String = typed()
        .iter()
        .map(|(id, branch, dpd, cents)| format!("{id},2025-01-31,{branch},{dpd},{}\n", amount(*cents)))
        .collect();
    let csv = format!("{HEAD}{csv}");
    let lines: String = typed()
        .iter()
        .map(|(id, branch, dpd, cents)| {
            let balance = amount(*cents);
            format!(r#"{{"loan_id":"{id}","month":"2025-01-31","branch":"{branch}","dpd":{dpd},"balance":{balance}}}"#) + "\n"
        })
        .collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(csv.as_bytes()).unwrap();
    desk.write("t.csv", &csv);
    desk.write("t.jsonl", lines);
    desk.write("t.csv.gz", packed.finish().unwrap());
    desk.write("t.parquet", as_parquet());
    let mut accounts = BTreeMap::new();
    for name in ["t.csv", "t.csv.gz", "t.jsonl", "t.parquet"] {
        let run = run_of(&desk, &[name]).unwrap();
        assert_eq!(values(&run), VALUES, "{name}");
        let mut account = account(&run);
        for row in account["quarantine"].as_array_mut().unwrap() {
            assert_eq!(row[0].take(), name);
            row[2].take();
        }
        accounts.insert(name, account);
    }
    let expected = json!({ "read": 9, "accepted": 4, "quarantined": 4, "duplicate": 1 });
    for (name, account) in &accounts {
        assert_eq!(account["quality"]["rows"], expected, "{name}");
        assert_eq!(*account, accounts["t.csv"], "{name}");
    }
}
