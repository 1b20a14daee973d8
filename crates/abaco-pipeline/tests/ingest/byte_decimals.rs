//! Decimals that a Parquet file stores as bytes of one length, as pyarrow and Hive write them: every length, written
//! column by column as those do, and read like any other decimal.

use std::sync::Arc;

use abaco_pipeline::ingest::Needed;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::data_type::{ByteArray, FixedLenByteArray, FixedLenByteArrayType, Int32Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rstest::rstest;

use crate::common::{Tape, contract, mantissas, read};

const ROWS: usize = 5_000;
const ROWS_PER_GROUP: usize = 1_999;

/// The most digits of numbers of so many bytes.
fn digits(length: u32) -> u32 {
    (i128::MAX >> (128 - 8 * length)).ilog10()
}

fn bytes(value: i128, length: u32) -> FixedLenByteArray {
    ByteArray::from(value.to_be_bytes()[16 - length as usize..].to_vec()).into()
}

/// A tape of a number per row and a decimal `x`, some of them NULL where it may be.
fn tape(
    length: u32,
    optional: bool,
    properties: WriterProperties,
    x: impl Fn(usize) -> Option<i128>,
) -> Tape {
    let presence = if optional { "OPTIONAL" } else { "REQUIRED" };
    let schema = format!(
        "message tape {{ REQUIRED INT32 row; {presence} FIXED_LEN_BYTE_ARRAY ({length}) x (DECIMAL({}, 2)) = 7; }}",
        digits(length)
    );
    let mut file = Vec::new();
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    for start in (0..ROWS).step_by(ROWS_PER_GROUP) {
        let rows = start..ROWS.min(start + ROWS_PER_GROUP);
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let numbers: Vec<i32> = rows.clone().map(|row| row as i32).collect();
        column.typed::<Int32Type>().write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<Option<i128>> = rows.map(&x).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<_> = values.into_iter().flatten().map(|value| bytes(value, length)).collect();
        let levels = optional.then_some(levels.as_slice());
        column.typed::<FixedLenByteArrayType>().write_batch(&values, levels, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    Tape::new("tape.parquet", file)
}

fn properties(dictionary: bool, encoding: Option<Encoding>) -> WriterProperties {
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionary);
    // Small pages and a small dictionary, so that a group has pages of each kind.
    let properties = properties.set_data_page_row_count_limit(300).set_dictionary_page_size_limit(1_000);
    // This writer makes dictionaries of bytes in the second version of the format only.
    let version = if dictionary { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = properties.set_write_batch_size(100).set_writer_version(version);
    match encoding {
        Some(encoding) => properties.set_column_encoding("x".into(), encoding).build(),
        None => properties.build(),
    }
}

#[rstest]
fn decimals_of_every_length_are_read(
    #[values(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)] length: u32,
    #[values(false, true)] dictionary: bool,
    #[values(false, true)] optional: bool,
    #[values(65_536, 64)] batch_rows: usize,
) {
    let most = 10_i128.pow(digits(length)) - 1;
    let x = |row: usize| {
        let value = match row % 6 {
            0 => most,
            1 => -most,
            2 => 0,
            3 => -1,
            4 => most / (row as i128 + 1),
            _ => -most / (row as i128 + 3),
        };
        (!optional || row % 7 != 3).then_some(value)
    };
    let tape = tape(length, optional, properties(dictionary, None), x);
    let precision = digits(length);
    let contract =
        contract(&["row: { type: int }", &format!("x: {{ type: 'decimal({}, 2)' }}", precision.max(2))]);
    let (batch, _) = read(&tape.path, &contract, &Needed::all(), batch_rows).unwrap();
    assert_eq!(batch.num_rows(), ROWS);
    let expected: Vec<Option<i128>> = (0..ROWS).map(x).collect();
    assert_eq!(mantissas(&batch, "x"), expected);
    // Alone, and behind a column that is not read.
    let only = Needed::only(["x".to_owned()]);
    let (batch, _) = read(&tape.path, &contract, &only, batch_rows).unwrap();
    assert_eq!((batch.num_columns(), mantissas(&batch, "x")), (1, expected));
}

#[rstest]
fn other_encodings_of_bytes_are_read(
    #[values(Encoding::DELTA_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT)] encoding: Encoding,
) {
    let x = |row: usize| Some(row as i128 * 1_000_003 - 2_000_000_000);
    let tape = tape(8, true, properties(false, Some(encoding)), x);
    let contract = contract(&["row: { type: int }", "x: { type: 'decimal(18, 2)' }"]);
    let (batch, _) = tape.read(&contract).unwrap();
    assert_eq!(mantissas(&batch, "x"), (0..ROWS).map(x).collect::<Vec<_>>());
}

/// Bytes can hold more than the digits that the file declares, and the file more than the contract.
#[rstest]
#[case::than_the_contract("decimal(17, 2)", 10_i128.pow(17))]
#[case::than_the_file("decimal(18, 2)", 10_i128.pow(18))]
#[case::the_most("decimal(18, 2)", i64::MAX.into())]
#[case::the_least("decimal(18, 2)", i64::MIN.into())]
fn more_digits_are_refused(#[case] wanted: &str, #[case] value: i128) {
    let tape = tape(8, false, properties(true, None), |row| Some(if row == 2_345 { value } else { 5 }));
    let contract = contract(&["row: { type: int }", &format!("x: {{ type: '{wanted}' }}")]);
    let refusal = tape.refusal(&contract);
    let digits = value.unsigned_abs().to_string();
    let (whole, cents) = digits.split_at(digits.len() - 2);
    assert!(refusal.contains("row 2346") && refusal.contains(&format!("{whole}.{cents}")), "{refusal}");
}

/// What the tests above read is what they say: bytes, in pages of both kinds.
#[test]
fn the_files_are_of_bytes() {
    let tape = tape(6, true, properties(true, None), |row| Some(row as i128));
    let reader = SerializedFileReader::new(std::fs::File::open(&tape.path).unwrap()).unwrap();
    let column = reader.metadata().row_group(0).column(1);
    assert_eq!(column.column_type(), PhysicalType::FIXED_LEN_BYTE_ARRAY);
    let encodings: Vec<Encoding> = column.encodings().collect();
    for encoding in [Encoding::RLE_DICTIONARY, Encoding::DELTA_BYTE_ARRAY] {
        assert!(encodings.contains(&encoding), "{encodings:?}");
    }
}
