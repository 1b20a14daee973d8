//! Folding on several threads: the same rows, the same report, the same error.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use abaco_pipeline::PipelineError;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{self, FoldError, IngestOptions, IngestReport, Needed};
use arrow::array::{ArrayRef, Decimal128Array, Int64Array, StringArray};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use rstest::rstest;

use crate::common::{Tape, array, batch, contract, mantissas};

/// A Parquet or IPC tape of many parts, and its equal in CSV.
fn tape(format: &str, rows: i64, bad: &[i64]) -> Tape {
    let value = |row| (row % 7 != 3).then_some(i128::from(row) * 101 - 5_000);
    let dpd = |row| if bad.contains(&row) { "no number".to_owned() } else { (row % 90).to_string() };
    let segment: ArrayRef =
        array(StringArray::from_iter_values((0..rows).map(|row| format!("s{}", row % 5))));
    let balance: ArrayRef =
        array((0..rows).map(value).collect::<Decimal128Array>().with_precision_and_scale(18, 2).unwrap());
    let dpd: ArrayRef = array(StringArray::from_iter_values((0..rows).map(dpd)));
    let batch = batch(vec![("segment", segment), ("balance", balance), ("dpd", dpd)]);
    let mut bytes = Vec::new();
    match format {
        "tape.parquet" => {
            let properties = WriterProperties::builder().set_max_row_group_row_count(Some(50)).build();
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
        "tape.arrow" => {
            let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
            for start in (0..batch.num_rows()).step_by(50) {
                writer.write(&batch.slice(start, 50.min(batch.num_rows() - start))).unwrap();
            }
            writer.finish().unwrap();
        }
        _ => {
            arrow_csv(&batch, &mut bytes);
        }
    }
    Tape::new(format, bytes)
}

fn arrow_csv(batch: &RecordBatch, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(b"segment,balance,dpd\n");
    for row in 0..batch.num_rows() {
        let cells = batch.columns().iter();
        let cells = cells.map(|column| arrow::util::display::array_value_to_string(column, row).unwrap());
        bytes.extend_from_slice(format!("{}\n", cells.collect::<Vec<_>>().join(",")).as_bytes());
    }
}

fn columns() -> Contract {
    contract(&[
        "segment: { type: text, roles: [dimension] }",
        "balance: { type: 'decimal(18, 2)' }",
        "dpd: { type: int }",
    ])
}

type Sums = (i128, u64);

fn fold(tape: &Tape, options: &IngestOptions, threads: usize) -> Result<(Sums, IngestReport), PipelineError> {
    let reader = ingest::open(&tape.path, &columns(), &Needed::all(), options)?;
    let schema = reader.schema();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let folded = pool.install(|| {
        reader.fold(
            || (0, 0),
            |(sum, rows), batch| {
                assert_eq!(batch.schema(), schema);
                *sum += mantissas(batch, "balance").into_iter().flatten().sum::<i128>();
                *rows += batch.num_rows() as u64;
                Ok::<(), Infallible>(())
            },
            |(sum, rows), others: Sums| {
                *sum += others.0;
                *rows += others.1;
                Ok(())
            },
        )
    });
    folded.map_err(|error| match error {
        FoldError::Tape(error) => error,
        other => panic!("{other:?}"),
    })
}

#[rstest]
fn the_report_of_a_serial_reader(
    #[values("tape.parquet", "tape.arrow", "tape.csv")] format: &str,
    #[values(1, 2, 5)] threads: usize,
    #[values(1, 33, 65_536)] batch_rows: usize,
) {
    let tape = tape(format, 1_234, &[]);
    let options = IngestOptions { batch_rows, chunk_bytes: 500, ..IngestOptions::default() };
    let (batch, report) = crate::common::read(&tape.path, &columns(), &Needed::all(), 65_536).unwrap();
    let expected: i128 = mantissas(&batch, "balance").into_iter().flatten().sum();
    assert_eq!(report.column("balance").unwrap().nulls, 176);
    assert_eq!(fold(&tape, &options, threads).unwrap(), ((expected, 1_234), report));
}

/// Many times, because what is at stake is timing.
#[rstest]
fn the_earliest_bad_row(#[values("tape.parquet", "tape.arrow", "tape.csv")] format: &str) {
    let tape = tape(format, 1_000, &[401, 450, 555, 990]);
    let options = IngestOptions { chunk_bytes: 300, ..IngestOptions::default() };
    let line = if format == "tape.csv" { " (line 403)" } else { "" };
    for round in 0..60 {
        let error = fold(&tape, &options, 1 + round % 5).unwrap_err();
        assert_eq!(
            tape.message(&error),
            format!("{format}: row 402{line}, column `dpd`: expected int, found `no number`")
        );
    }
}

/// The row before a batch that could not be added counts over the whole tape.
#[rstest]
fn an_error_of_the_caller(#[values("tape.parquet", "tape.arrow", "tape.csv")] format: &str) {
    let tape = tape(format, 400, &[]);
    let options = IngestOptions { batch_rows: 10, chunk_bytes: 256, ..IngestOptions::default() };
    for threads in [1, 3] {
        let reader = ingest::open(&tape.path, &columns(), &Needed::all(), &options).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let limit = 250 * 101 - 5_000;
        let folded = pool.install(|| {
            reader.fold(
                || (),
                |(), batch| match mantissas(batch, "balance")
                    .into_iter()
                    .flatten()
                    .find(|&value| value >= limit)
                {
                    Some(value) => Err(value),
                    None => Ok(()),
                },
                |(), ()| Ok(()),
            )
        });
        let Err(FoldError::Batch { rows_before, source, .. }) = folded else { panic!("{folded:?}") };
        assert_eq!(source, limit);
        assert!((241..=250).contains(&rows_before), "{rows_before}");
    }
}

#[rstest]
fn without_a_digest(
    #[values("tape.parquet", "tape.arrow", "tape.csv")] format: &str,
    #[values(true, false)] digest: bool,
) {
    let tape = tape(format, 10, &[]);
    let options = IngestOptions { digest, ..IngestOptions::default() };
    let mut reader = ingest::open(&tape.path, &columns(), &Needed::all(), &options).unwrap();
    assert!(reader.by_ref().all(|batch| batch.is_ok()));
    let folded = fold(&tape, &options, 2).unwrap().1;
    assert_eq!(reader.report(), &folded);
    assert_eq!(folded.sha256.is_some(), digest);
    assert_eq!(folded.bytes, std::fs::metadata(&tape.path).unwrap().len());
}

#[test]
fn a_file_that_grows_is_refused() {
    for format in ["tape.parquet", "tape.arrow", "tape.csv"] {
        let tape = tape(format, 100, &[]);
        let reader = ingest::open(&tape.path, &columns(), &Needed::all(), &IngestOptions::default()).unwrap();
        let mut bytes = std::fs::read(&tape.path).unwrap();
        bytes.extend_from_slice(b"s1,2.00,3\n");
        std::fs::write(&tape.path, bytes).unwrap();
        let folded = reader.fold(|| (), |(), _| Ok::<(), Infallible>(()), |(), ()| Ok(()));
        let Err(FoldError::Tape(error)) = folded else { panic!("{folded:?}") };
        assert_eq!(tape.message(&error), format!("{format}: the file changed while it was being read"));
    }
}

#[rstest]
fn no_rows(#[values("tape.parquet", "tape.arrow", "tape.csv")] format: &str) {
    let tape = tape(format, 0, &[]);
    let (sums, report) = fold(&tape, &IngestOptions::default(), 2).unwrap();
    assert_eq!((sums, report.rows), ((0, 0), 0));
    assert!(report.sha256.is_some());
}

#[test]
fn integers_need_no_pass() {
    let extremes = array(Int64Array::from(vec![i64::MIN, i64::MAX, 0]));
    let tape = crate::common::parquet(&crate::common::one_column(extremes.clone()));
    assert_eq!(&tape.read(&contract(&["x: { type: int }"])).unwrap().0["x"], &extremes);
}

#[test]
fn what_an_iterator_refused_gives_no_result() {
    let tape = tape("tape.csv", 10, &[3]);
    let mut reader = ingest::open(&tape.path, &columns(), &Needed::all(), &IngestOptions::default()).unwrap();
    assert!(reader.by_ref().any(|batch| batch.is_err()));
    let folded = reader.fold(|| (), |(), _| Ok::<(), Infallible>(()), |(), ()| Ok(()));
    let Err(FoldError::Tape(error)) = folded else { panic!("{folded:?}") };
    assert!(tape.message(&error).contains("the tape was refused before"), "{error}");
}

#[test]
fn a_panic_of_a_closure_comes_through_and_stops_the_others() {
    let tape = tape("tape.csv", 1_000, &[]);
    let options = IngestOptions { chunk_bytes: 64, ..IngestOptions::default() };
    let open = || ingest::open(&tape.path, &columns(), &Needed::all(), &options).unwrap();
    let parts = open().count();
    let added = AtomicUsize::new(0);
    let add = |(): &mut (), _: &RecordBatch| -> Result<(), Infallible> {
        if added.fetch_add(1, Ordering::SeqCst) == 0 {
            panic!("a closure that fails");
        }
        // The others take longer over all their parts than a panic takes to unwind.
        std::thread::sleep(std::time::Duration::from_millis(20));
        Ok(())
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let folded = catch_unwind(AssertUnwindSafe(|| pool.install(|| open().fold(|| (), add, |(), ()| Ok(())))));
    assert!(folded.is_err());
    let added = added.into_inner();
    assert!(added < parts / 2, "{added} of {parts}");
}
