//! Tables of a run say what its document says, text for text.

use std::sync::Arc;

use abaco_engine::AsOf;
use abaco_pipeline::arrow::array::{Array, AsArray, RecordBatch};
use abaco_pipeline::arrow::datatypes::{DataType, Date32Type, Decimal128Type, UInt64Type};
use abaco_pipeline::artefacts::{TableFormat, kpis_batch, segments_batch, series_batch, table_bytes};
use abaco_pipeline::run::{Exact, KpiEntry, PriorEntry, RunDocument};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, RunRequest};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const FILES: [(&str, &str); 3] = [
    (
        "pipeline.yml",
        "version: 1\nportfolio: p\ncontract: contract.yml\nsegments: [[segment]]\nrollups: [monthly]\n",
    ),
    (
        "contract.yml",
        "contract: slices\nversion: 1\ncurrency: USD\ncolumns:\n  month: { type: date, roles: [snapshot] }\n  \
         segment: { type: text, roles: [dimension] }\n  dpd_90_plus_usd: { type: 'decimal(18, 2)' }\n  \
         total_receivable_usd: { type: 'decimal(18, 2)' }\n",
    ),
    (
        "tape.csv",
        "month,segment,dpd_90_plus_usd,total_receivable_usd\n2025-01-31,=sme,1.00,100.00\n\
         2025-02-28,=sme,2.00,100.00\n2025-02-28,b,,50.00\n",
    ),
];

fn document() -> RunDocument {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let catalogue = abaco_calculators::PROFILES
        .iter()
        .fold(Catalogue::new(), |catalogue, profile| catalogue.profile(profile.id, profile.kpis()));
    let config = PipelineConfig::load(folder.path().join("pipeline.yml")).unwrap();
    let request = RunRequest {
        inputs: vec![folder.path().join("tape.csv")],
        tables: Vec::new(),
        as_of: AsOf::Latest,
        out: None,
        actor: "test".to_owned(),
    };
    Pipeline::new(config, &catalogue).unwrap().run(&request).unwrap().document
}

fn read_back(batch: &RecordBatch) -> RecordBatch {
    let bytes = table_bytes(TableFormat::Parquet, "kpis.parquet", batch).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes))
        .unwrap()
        .with_batch_size(1 << 20)
        .build()
        .unwrap();
    let read = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    read
}

fn text<'b>(batch: &'b RecordBatch, column: &str, row: usize) -> Option<&'b str> {
    let texts = batch.column_by_name(column).unwrap().as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row))
}

/// The day as text, by Arrow's own formatting.
fn day(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let days = batch.column_by_name(column).unwrap().as_primitive::<Date32Type>();
    days.is_valid(row).then(|| days.value_as_date(row).unwrap().to_string())
}

fn decimal(batch: &RecordBatch, row: usize) -> Option<String> {
    let decimals = batch.column_by_name("value_decimal").unwrap().as_primitive::<Decimal128Type>();
    decimals.is_valid(row).then(|| decimals.value_as_string(row))
}

fn same(batch: &RecordBatch, row: usize, kpi: &KpiEntry) {
    let exact = |part: fn(&Exact) -> &String| kpi.exact.as_ref().map(|exact| part(exact).as_str());
    let expected = [
        ("id", Some(kpi.id.as_str())),
        ("name", Some(kpi.name.as_str())),
        ("convention", Some(kpi.convention.as_str())),
        ("value", kpi.value.as_deref()),
        ("unit", Some(kpi.unit)),
        ("state", Some(kpi.state)),
        ("reason", kpi.reason.as_deref()),
        ("status", Some(kpi.status)),
        ("formula", Some(kpi.formula.as_str())),
        ("numerator", exact(|exact| &exact.numerator)),
        ("denominator", exact(|exact| &exact.denominator)),
        ("multiplier", exact(|exact| &exact.multiplier)),
        ("prior_value", kpi.prior.as_ref().and_then(|prior| prior.value.as_deref())),
        ("prior_year_value", kpi.prior_year.as_ref().and_then(|prior| prior.value.as_deref())),
    ];
    for (column, expected) in expected {
        assert_eq!(text(batch, column, row), expected, "{} {column}", kpi.id);
    }
    let components: serde_json::Value =
        serde_json::from_str(text(batch, "components", row).unwrap()).unwrap();
    assert_eq!(components, serde_json::Value::Object(kpi.components.clone()));
    let count = |column: &str| batch.column_by_name(column).unwrap().as_primitive::<UInt64Type>().value(row);
    assert_eq!((count("rows"), count("nulls")), (kpi.rows, kpi.nulls));
    assert_eq!(day(batch, "prior_as_of", row), kpi.prior.as_ref().map(|prior| prior.as_of.to_string()));
    assert_eq!(
        day(batch, "prior_year_as_of", row),
        kpi.prior_year.as_ref().map(|prior| prior.as_of.to_string())
    );
    // The decimal is the text, with zeros up to its scale.
    if let Some(decimal) = decimal(batch, row) {
        let value: rust_decimal::Decimal = kpi.value.as_deref().unwrap().parse().unwrap();
        assert_eq!(decimal.parse::<rust_decimal::Decimal>().unwrap(), value, "{}", kpi.id);
    }
}

#[test]
fn every_kpi_is_read_back_as_the_document_has_it() {
    let document = document();
    let batch = read_back(&kpis_batch(&document).unwrap());
    assert_eq!(batch.num_rows(), document.kpis.len());
    for (row, kpi) in document.kpis.iter().enumerate() {
        same(&batch, row, kpi);
        assert_eq!(decimal(&batch, row).is_some(), kpi.value.is_some(), "{}", kpi.id);
    }
    // 2.00 of 150.00 at the snapshot, 1.00 of 100.00 before: the table by hand.
    let par_90 = document.kpis.iter().position(|kpi| kpi.id == "par_90").unwrap();
    assert_eq!(text(&batch, "value", par_90), Some("1.33"));
    assert_eq!(decimal(&batch, par_90).as_deref(), Some("1.330000000000"));
    assert_eq!(text(&batch, "numerator", par_90), Some("2.00"));
    assert_eq!(text(&batch, "denominator", par_90), Some("150.00"));
    assert_eq!(day(&batch, "prior_as_of", par_90).as_deref(), Some("2025-01-31"));
    assert_eq!(text(&batch, "prior_value", par_90), Some("1.00"));
}

#[test]
fn segments_and_periods_are_read_back_too() {
    let document = document();
    let batch = read_back(&segments_batch(&document).unwrap());
    let mut rows = 0..batch.num_rows();
    for segment in &document.segments {
        for kpi in &segment.kpis {
            let row = rows.next().unwrap();
            same(&batch, row, kpi);
            let by: serde_json::Value = serde_json::from_str(text(&batch, "by", row).unwrap()).unwrap();
            assert_eq!(by, serde_json::Value::Object(segment.by.clone()));
        }
    }
    assert!(rows.next().is_none() && document.segments.len() == 2);
    let batch = read_back(&series_batch(&document).unwrap());
    let mut rows = 0..batch.num_rows();
    for entry in &document.series {
        for kpi in &entry.kpis {
            let row = rows.next().unwrap();
            same(&batch, row, kpi);
            assert_eq!(text(&batch, "rollup", row), Some("monthly"));
            assert_eq!(text(&batch, "period", row), Some(entry.period.as_str()));
            assert_eq!(day(&batch, "from", row), entry.from.map(|from| from.to_string()));
            assert_eq!(day(&batch, "as_of", row), Some(entry.as_of.to_string()));
            assert_eq!(batch.column_by_name("partial").unwrap().as_boolean().value(row), entry.partial);
        }
    }
    assert!(rows.next().is_none() && document.series.len() == 2);
}

/// What no tape of ours has: as many digits as a decimal holds, more than the table's decimal holds, and words.
#[test]
fn the_longest_texts_are_kept_to_the_last_digit() {
    let mut document = document();
    let kpi = document.kpis.iter_mut().find(|kpi| kpi.id == "par_90").unwrap();
    kpi.exact = Some(Exact {
        numerator: "9".repeat(900),
        denominator: format!("-0.{}1", "0".repeat(900)),
        multiplier: "100".to_owned(),
    });
    kpi.prior_year = Some(PriorEntry { as_of: "2024-02-29".parse().unwrap(), value: None });
    let (kpi, mut kpis) = (kpi.clone(), Vec::new());
    let cases = [
        ("79228162514264337593543950335", None),
        ("-7.9228162514264337593543950335", None),
        ("0.0000000000001", None),
        ("-99999999999999999.123456789012", Some("-99999999999999999.123456789012")),
        ("79228162514264337593543950", Some("79228162514264337593543950.000000000000")),
    ];
    for (value, _) in cases {
        kpis.push(kpi.clone());
        kpis.last_mut().unwrap().value = Some(value.to_owned());
    }
    document.kpis = kpis;
    let batch = read_back(&kpis_batch(&document).unwrap());
    for (row, (_, expected)) in cases.iter().enumerate() {
        same(&batch, row, &document.kpis[row]);
        assert_eq!(decimal(&batch, row).as_deref(), *expected);
    }
}

#[test]
fn the_csv_has_the_columns_of_the_table_and_the_same_texts() {
    let document = document();
    let batch = kpis_batch(&document).unwrap();
    let bytes = table_bytes(TableFormat::Csv, "kpis.csv", &batch).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected = "id,name,convention,value,value_decimal,unit,state,reason,status,formula,numerator,denominator,\
                    multiplier,components,rows,nulls,prior_as_of,prior_value,prior_year_as_of,prior_year_value";
    assert_eq!(names.join(","), expected);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), document.kpis.len());
    for (row, kpi) in rows.iter().zip(&document.kpis) {
        let cell = |name: &str| &row[names.iter().position(|known| known == name).unwrap()];
        assert_eq!(cell("value"), kpi.value.as_deref().unwrap_or(""));
        assert_eq!(cell("formula"), kpi.formula);
        assert_eq!(cell("rows"), kpi.rows.to_string());
    }
    // A value of the tape may begin like a formula; within JSON it does not.
    let segments =
        table_bytes(TableFormat::Csv, "segments.csv", &segments_batch(&document).unwrap()).unwrap();
    assert!(String::from_utf8(segments).unwrap().contains("\"{\"\"segment\"\":\"\"=sme\"\"}\""));
}

#[test]
fn tables_without_rows_have_their_columns() {
    let mut document = document();
    (document.kpis, document.segments, document.series) = (Vec::new(), Vec::new(), Vec::new());
    for (batch, columns) in [
        (kpis_batch(&document).unwrap(), 20),
        (segments_batch(&document).unwrap(), 21),
        (series_batch(&document).unwrap(), 25),
    ] {
        assert_eq!((batch.num_rows(), batch.num_columns()), (0, columns));
        let bytes = table_bytes(TableFormat::Parquet, "t", &batch).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        assert_eq!(reader.schema().fields(), batch.schema().fields());
        let ipc = table_bytes(TableFormat::Ipc, "t", &batch).unwrap();
        let reader =
            abaco_pipeline::arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(ipc), None).unwrap();
        assert_eq!(reader.schema(), batch.schema());
        let value = Arc::new(batch.schema().field_with_name("value_decimal").unwrap().clone());
        assert_eq!(value.data_type(), &DataType::Decimal128(38, 12));
    }
}
