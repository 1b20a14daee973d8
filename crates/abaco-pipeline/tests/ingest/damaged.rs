//! Damaged Parquet and IPC files: an error with the path, never a panic.

use std::convert::Infallible;

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, FoldError, IngestOptions, Needed};
use arrow::array::{ArrayRef, Decimal128Array, StringArray};
use rstest::rstest;

use crate::common::{Tape, array, batch, contract, ipc, parquet};

fn tape(name: &str) -> (Vec<u8>, Contract) {
    let text: ArrayRef = array(StringArray::from_iter_values((0..40).map(|n| format!("loan {n}"))));
    let amount: ArrayRef =
        array(Decimal128Array::from_iter_values(0..40).with_precision_and_scale(18, 2).unwrap());
    let batch = batch(vec![("loan_id", text), ("balance", amount)]);
    let tape = if name == "tape.parquet" { parquet(&batch) } else { ipc(&batch) };
    let contract = contract(&["loan_id: { type: text }", "balance: { type: 'decimal(18, 2)' }"]);
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

/// Every byte in turn is turned over; whatever the reader makes of it, it does not stop the process.
#[rstest]
fn flipped(#[values("tape.parquet", "tape.arrow")] name: &str) {
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
