//! Looks for plain values in everything that a run has left behind.
//!
//! It uses nothing of its neighbours, so that other tests can include it:
//! `#[path = "../artefacts/grep.rs"] mod grep;`

use std::fmt;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use abaco_pipeline::arrow::array::{AnyDictionaryArray, Array, AsArray, RecordBatch};
use abaco_pipeline::arrow::ipc::reader::FileReader;
use abaco_pipeline::arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use memchr::memmem;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rusqlite::types::ValueRef;

/// A value where it must not be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// The file, hidden ones included.
    pub(crate) path: PathBuf,
    /// The value that was looked for.
    pub(crate) value: String,
    /// In which shape: `utf-8`, `utf-16`, `json` or `hex`, and of what: the bytes of the file or what is in it.
    pub(crate) how: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` as {}", self.path.display(), self.value, self.how)
    }
}

/// Every place below `folder` at which one of the values stands, in names of files too.
///
/// Files are searched as bytes and, where they are Parquet, Arrow IPC, SQLite, gzip or zstd, as what they hold. A file
/// that begins like one of these and cannot be read stops the test: it could not be searched.
pub(crate) fn plain_values(folder: &Path, values: &[&str]) -> Vec<Found> {
    assert!(values.iter().all(|value| value.len() >= 3), "shorter values are found by chance");
    let needles: Vec<Needle> = values.iter().flat_map(|value| shapes(value)).collect();
    let mut found = Vec::new();
    for path in files(folder) {
        let mut look = |bytes: &[u8], of: &str| {
            // ASCII letters match in either case: a value in capitals is the value.
            let bytes = bytes.to_ascii_lowercase();
            for needle in needles.iter().filter(|needle| memmem::find(&bytes, &needle.bytes).is_some()) {
                let how = format!("{} of {of}", needle.shape);
                found.push(Found { path: path.clone(), value: needle.value.clone(), how });
            }
        };
        look(path.strip_prefix(folder).unwrap().to_string_lossy().as_bytes(), "the name");
        search(&fs::read(&path).unwrap(), "the bytes", &mut look);
    }
    found.sort();
    found.dedup();
    found
}

/// How many files there are to search; a search of none finds nothing.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

struct Needle {
    value: String,
    shape: &'static str,
    /// In lower case.
    bytes: Vec<u8>,
}

fn shapes(value: &str) -> Vec<Needle> {
    let units = || value.encode_utf16();
    let quoted = serde_json::to_string(value).unwrap();
    let escaped: String = units()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let all = [
        ("utf-8", value.as_bytes().to_vec()),
        ("utf-16", units().flat_map(u16::to_le_bytes).collect()),
        ("utf-16", units().flat_map(u16::to_be_bytes).collect()),
        ("json", quoted.as_bytes()[1..quoted.len() - 1].to_vec()),
        ("json", escaped.into_bytes()),
        ("hex", value.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()),
    ];
    let needles: Vec<Needle> =
        all.into_iter().map(|(shape, bytes)| Needle { value: value.to_owned(), shape, bytes }).collect();
    // Most values are the same in JSON.
    let same = |needle: &Needle| needle.shape == "json" && needle.bytes == value.as_bytes();
    let needles = needles.into_iter().filter(|needle| !same(needle));
    needles.map(|needle| Needle { bytes: needle.bytes.to_ascii_lowercase(), ..needle }).collect()
}

fn search(bytes: &[u8], of: &str, look: &mut dyn FnMut(&[u8], &str)) {
    look(bytes, of);
    if bytes.starts_with(b"PAR1") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.to_vec())).unwrap();
        let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        look(cells(&batches).as_bytes(), "the rows");
    } else if bytes.starts_with(b"ARROW1") {
        let batches: Vec<RecordBatch> =
            FileReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect();
        look(cells(&batches).as_bytes(), "the rows");
    } else if bytes.starts_with(b"SQLite format 3\0") {
        look(sqlite(bytes).as_bytes(), "the rows");
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inside = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut inside).unwrap();
        search(&inside, "what is compressed", look);
    } else if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        search(&zstd::decode_all(bytes).unwrap(), "what is compressed", look);
    }
}

/// Every cell on its line, and every text of a dictionary, whether a row has it or not.
fn cells(batches: &[RecordBatch]) -> String {
    let mut text = String::new();
    let mut add = |array: &dyn Array| {
        let options = FormatOptions::new();
        let cells = ArrayFormatter::try_new(array, &options).unwrap();
        for row in 0..array.len() {
            text.push_str(&cells.value(row).to_string());
            text.push('\n');
        }
    };
    for column in batches.iter().flat_map(RecordBatch::columns) {
        add(column.as_ref());
        if let Some(dictionary) = column.as_any_dictionary_opt() {
            let dictionary: &dyn AnyDictionaryArray = dictionary;
            add(dictionary.values().as_ref());
        }
    }
    text
}

/// Every value of every table. The copy has no journal beside it: the database is one file at rest.
fn sqlite(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, bytes).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut text = String::new();
    for name in names {
        let mut rows = database.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Null => {}
                    ValueRef::Integer(int) => text.push_str(&int.to_string()),
                    ValueRef::Real(real) => text.push_str(&real.to_string()),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        text.push_str(&String::from_utf8_lossy(bytes))
                    }
                }
                text.push('\n');
            }
        }
    }
    text
}
