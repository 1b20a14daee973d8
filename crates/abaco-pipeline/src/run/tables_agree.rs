//! Whether the tables of a run say what its document says.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::artefacts::neutralised;

/// The columns that are compared, and where the document has them.
const COLUMNS: [(&str, &str); 9] = [
    ("id", "/id"),
    ("state", "/state"),
    ("status", "/status"),
    ("value", "/value"),
    ("unit", "/unit"),
    ("numerator", "/exact/numerator"),
    ("denominator", "/exact/denominator"),
    ("multiplier", "/exact/multiplier"),
    ("reason", "/reason"),
];

/// What the tables of a run folder say otherwise than its document; each table by its first difference.
pub(super) fn differences(folder: &Path, document: &Value) -> Vec<String> {
    let all = |list: &Value| -> Vec<Value> {
        let of = |entry: &Value| entry["kpis"].as_array().cloned().unwrap_or_default();
        list.as_array().map(|entries| entries.iter().flat_map(of).collect()).unwrap_or_default()
    };
    let kpis = document["kpis"].as_array().cloned().unwrap_or_default();
    let tables = [
        ("kpis.parquet", &kpis),
        ("segments.parquet", &all(&document["segments"])),
        ("series.parquet", &all(&document["series"])),
    ];
    let mut found: Vec<String> =
        tables.iter().filter_map(|(name, kpis)| in_parquet(folder, name, kpis).err()).collect();
    found.extend(in_csv(folder, &kpis).err());
    found
}

fn in_parquet(folder: &Path, name: &str, kpis: &[Value]) -> Result<(), String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{name}: {why}");
    let file = File::open(folder.join(name)).map_err(|error| wrong(&error))?;
    let batches = crate::source::guarded(|| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        reader.collect::<Result<Vec<RecordBatch>, _>>().map_err(parquet::errors::ParquetError::from)
    });
    let batches = batches.map_err(|why| wrong(&why))?.map_err(|error| wrong(&error))?;
    let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    let cell = |(batch, row): &(&RecordBatch, usize), column: &str| {
        let texts = batch.column_by_name(column)?.as_string_opt::<i32>()?;
        texts.is_valid(*row).then(|| texts.value(*row).to_owned())
    };
    compare(name, rows.collect(), kpis, cell, str::to_owned)
}

fn in_csv(folder: &Path, kpis: &[Value]) -> Result<(), String> {
    const NAME: &str = "kpis.csv";
    let wrong = |why: &dyn std::fmt::Display| format!("{NAME}: {why}");
    let mut reader = csv::Reader::from_path(folder.join(NAME)).map_err(|error| wrong(&error))?;
    let header = reader.headers().map_err(|error| wrong(&error))?.clone();
    let rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(|error| wrong(&error))?;
    let cell = |row: &csv::StringRecord, column: &str| {
        let at = header.iter().position(|name| name == column)?;
        row.get(at).filter(|cell| !cell.is_empty()).map(str::to_owned)
    };
    compare(NAME, rows, kpis, cell, |text| neutralised(text).into_owned())
}

fn compare<R>(
    name: &str,
    rows: Vec<R>,
    kpis: &[Value],
    cell: impl Fn(&R, &str) -> Option<String>,
    written: impl Fn(&str) -> String,
) -> Result<(), String> {
    if rows.len() != kpis.len() {
        return Err(format!("{name}: the document has {} results, the table {}", kpis.len(), rows.len()));
    }
    for (row, kpi) in rows.iter().zip(kpis) {
        for (column, place) in COLUMNS {
            let stated = kpi.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty());
            let (stated, found) = (stated.map(&written), cell(row, column).filter(|text| !text.is_empty()));
            if stated != found {
                let id = kpi["id"].as_str().unwrap_or("?");
                return Err(format!(
                    "{name}: {id}, `{column}`: the document says {stated:?}, the table {found:?}"
                ));
            }
        }
    }
    Ok(())
}
