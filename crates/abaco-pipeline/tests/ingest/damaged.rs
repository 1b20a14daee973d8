//! Damaged Parquet and IPC files: an error with the path, never a panic.

use std::convert::Infallible;
use std::sync::Arc;

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, FoldError, IngestOptions, Needed};
use arrow::array::{ArrayRef, Decimal128Array, StringArray};
use parquet::data_type::Int32Type;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rstest::rstest;

use crate::common::{Tape, array, batch, contract, ipc, parquet};

/// Decimals of 18 digits are integers in Parquet, those of 20 digits in `bytes.parquet` are bytes.
fn tape(name: &str) -> (Vec<u8>, Contract) {
    let digits = if name == "bytes.parquet" { 20 } else { 18 };
    let text: ArrayRef = array(StringArray::from_iter_values((0..40).map(|n| format!("loan {n}"))));
    let amounts: Decimal128Array = (0..40).map(|n| (n % 9 != 4).then_some(n)).collect();
    let amount: ArrayRef = array(amounts.with_precision_and_scale(digits, 2).unwrap());
    let batch = batch(vec![("loan_id", text), ("balance", amount)]);
    let tape = if name.ends_with(".parquet") { parquet(&batch) } else { ipc(&batch) };
    let contract =
        contract(&["loan_id: { type: text }", &format!("balance: {{ type: 'decimal({digits}, 2)' }}")]);
    (std::fs::read(&tape.path).unwrap(), contract)
}

#[rstest]
fn truncated(#[values("tape.parquet", "tape.arrow")] name: &str) {
    let (bytes, contract) = tape(name);
    for length in [1, 7, 20, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
        let message = Tape::new(name, &bytes[..length]).refusal(&contract);
        let format = if name == "tape.parquet" { "parquet" } else { "ipc" };
        assert!(
            message.starts_with(&format!("{name}: expected a readable {format} file, found: ")),
            "{message}"
        );
    }
    assert_eq!(
        Tape::new(name, "").refusal(&contract),
        format!("{name}: expected a header, found an empty file")
    );
}

#[rstest]
fn another_format(#[values("tape.parquet", "tape.arrow")] name: &str) {
    let (_, contract) = tape(name);
    let message = Tape::new(name, "loan_id,balance\na,1.00\nb,2.00\n").refusal(&contract);
    assert!(message.starts_with(&format!("{name}: expected a readable ")), "{message}");
}

/// A group without columns of its own has no place among the columns that are read, so positions would no longer agree.
#[test]
fn a_group_without_columns() {
    let schema = "message tape { OPTIONAL group nothing { } REQUIRED INT32 a; REQUIRED INT32 b; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for value in [1, 2] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&[value], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    let tape = Tape::new("tape.parquet", bytes);
    for columns in [vec!["b: { type: int }"], vec!["a: { type: int }", "b: { type: int }"]] {
        assert_eq!(
            tape.refusal(&contract(&columns)),
            "tape.parquet: expected a readable parquet file, found: Parquet error: 3 columns, of which 2 can be read"
        );
    }
}

/// Every byte in turn is turned over; whatever the reader makes of it, it does not stop the process.
#[rstest]
fn flipped(#[values("tape.parquet", "bytes.parquet", "tape.arrow")] name: &str) {
    let (bytes, contract) = tape(name);
    for index in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[index] ^= 0xff;
        let tape = Tape::new(name, &bytes);
        let read = tape.read(&contract);
        let folded = ingest::open(&tape.path, &contract, &Needed::all(), &IngestOptions::default())
            .map_err(FoldError::Tape)
            .and_then(|reader| reader.fold(|| (), |(), _| Ok::<(), Infallible>(()), |(), ()| Ok(())));
        match (read, folded) {
            (Ok((_, report)), Ok(((), folded))) => assert_eq!(report, folded, "byte {index}"),
            (Err(read), Err(FoldError::Tape(folded))) => assert_eq!(read.to_string(), folded.to_string()),
            (read, folded) => panic!("byte {index}: {read:?} and {folded:?}"),
        }
    }
}
