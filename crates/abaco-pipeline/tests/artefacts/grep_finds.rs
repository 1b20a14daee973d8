//! The search that guards masked runs finds what it is given to find, in every shape.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use abaco_pipeline::arrow::array::{DictionaryArray, Int32Array, RecordBatch, StringArray};
use abaco_pipeline::artefacts::{TableFormat, table_bytes};

use crate::grep::{files, plain_values};

const SECRET: &str = "Ana Łopez";

fn table(text: &str) -> RecordBatch {
    // Enough rows that Parquet compresses them; statistics are cut short before the end of the text.
    let padded = format!("{}{text}", "x".repeat(80));
    let rows = StringArray::from(vec![padded.as_str(); 50]);
    RecordBatch::try_from_iter([("name", Arc::new(rows) as _)]).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn planted(text: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let json_escaped = text.replace('Ł', "\\u0141");
    let units: Vec<u16> = text.encode_utf16().collect();
    let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    let parquet = table_bytes(TableFormat::Parquet, "t", &table(text)).unwrap();
    vec![
        ("state.bin", [b"\0\x01", text.as_bytes(), b"\xff"].concat(), "utf-8 of the bytes"),
        ("log.ndjson", format!("{{\"name\":\"{json_escaped}\"}}\n").into_bytes(), "json of the bytes"),
        ("little.txt", units.iter().flat_map(|unit| unit.to_le_bytes()).collect(), "utf-16 of the bytes"),
        ("big.txt", units.iter().flat_map(|unit| unit.to_be_bytes()).collect(), "utf-16 of the bytes"),
        ("hex.txt", hex.into_bytes(), "hex of the bytes"),
        ("tape.parquet", parquet.clone(), "utf-8 of the rows"),
        ("tape.parquet.gz", gzip(&parquet), "utf-8 of the rows"),
        ("tape.csv.gz", gzip(format!("name\n{text}\n").repeat(9).as_bytes()), "utf-8 of what is compressed"),
        (
            "tape.csv.zst",
            zstd::encode_all(format!("name\n{text}\n").as_bytes(), 3).unwrap(),
            "utf-8 of what is compressed",
        ),
        ("tape.csv", table_bytes(TableFormat::Csv, "t", &table(text)).unwrap(), "utf-8 of the bytes"),
        ("tape.arrow", table_bytes(TableFormat::Ipc, "t", &table(text)).unwrap(), "utf-8 of the bytes"),
        ("capitals.txt", text.to_uppercase().into_bytes(), "utf-8 of the bytes"),
    ]
}

#[test]
fn what_is_planted_is_found() {
    for (name, bytes, how) in planted(SECRET) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".failed")).unwrap();
        let path = folder.path().join(".failed").join(name);
        fs::write(&path, bytes).unwrap();
        let found = plain_values(folder.path(), &["nobody at all", SECRET]);
        let hits: Vec<(&str, &str)> =
            found.iter().map(|hit| (hit.value.as_str(), hit.how.as_str())).collect();
        assert!(hits.contains(&(SECRET, how)), "{name}: {hits:?}");
        assert!(found.iter().all(|hit| hit.path == path && hit.value == SECRET), "{name}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, _) in planted("Bo Żuraw") {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert_eq!(files(folder.path()).len(), 12);
    assert_eq!(plain_values(folder.path(), &[SECRET]), []);
}

#[test]
fn names_of_files_databases_and_unused_texts_are_searched_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("loans of Ana Łopez.txt"), "").unwrap();
    let database = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE t (a BLOB, b INTEGER, c REAL); INSERT INTO t VALUES (NULL, 4711123, 1.5)",
        )
        .unwrap();
    drop(database);
    let names = StringArray::from(vec!["seen", "unseen"]);
    let coded = DictionaryArray::new(Int32Array::from(vec![0, 0]), Arc::new(names));
    let batch = RecordBatch::try_from_iter([("name", Arc::new(coded) as _)]).unwrap();
    let mut ipc = Vec::new();
    let mut writer =
        abaco_pipeline::arrow::ipc::writer::FileWriter::try_new(&mut ipc, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    fs::write(folder.path().join("coded.arrow"), ipc).unwrap();
    let found: Vec<String> = plain_values(folder.path(), &[SECRET, "4711123", "unseen"])
        .iter()
        .map(|hit| format!("{} {}", hit.path.file_name().unwrap().to_string_lossy(), hit.how))
        .collect();
    assert_eq!(
        found,
        [
            "coded.arrow utf-8 of the bytes",
            "coded.arrow utf-8 of the rows",
            "history.db utf-8 of the rows",
            "loans of Ana Łopez.txt utf-8 of the name",
        ]
    );
}
