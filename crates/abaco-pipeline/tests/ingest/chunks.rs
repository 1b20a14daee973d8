//! CSV in chunks: wherever a text is cut, it reads as it does in one piece.

use abaco_pipeline::PipelineError;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{IngestOptions, IngestReport, Needed, Tape as OpenTape};
use arrow::array::AsArray;
use proptest::prelude::*;
use rstest::rstest;

use crate::common::{Tape, contract};

type Rows = Vec<(Option<String>, Option<String>)>;

fn texts() -> Contract {
    contract(&[
        "x: { type: text, null_tokens: [] }",
        "y: { type: text, roles: [dimension], null_tokens: [] }",
    ])
}

fn options(chunk_bytes: usize, batch_rows: usize) -> IngestOptions {
    IngestOptions { chunk_bytes, batch_rows, ..IngestOptions::default() }
}

fn rows(batch: &arrow::record_batch::RecordBatch) -> Rows {
    let y = arrow::compute::cast(&batch["y"], &arrow::datatypes::DataType::Utf8).unwrap();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let pairs = batch["x"].as_string::<i32>().iter().zip(y.as_string::<i32>());
    pairs.map(|(x, y)| (owned(x), owned(y))).collect()
}

/// Rows and report, or the error's message; `threads` folds, 0 iterates.
fn read(
    tape: &Tape,
    contract: &Contract,
    options: &IngestOptions,
    threads: usize,
) -> Result<(Rows, IngestReport), String> {
    let message = |error: PipelineError| tape.message(&error);
    let opened = OpenTape::open(&tape.path, contract, options).map_err(message)?;
    let mut reader = opened.read(&Needed::all()).map_err(message)?;
    if threads == 0 {
        let mut all = Vec::new();
        for batch in &mut reader {
            let batch = batch.map_err(message)?;
            assert!((1..=options.batch_rows).contains(&batch.num_rows()));
            all.extend(rows(&batch));
        }
        return Ok((all, reader.into_report()));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let folded = pool.install(|| {
        reader.fold(
            Vec::new,
            |all: &mut Rows, batch| {
                assert!((1..=options.batch_rows).contains(&batch.num_rows()));
                all.extend(rows(batch));
                Ok::<(), std::convert::Infallible>(())
            },
            |all, others| {
                all.extend(others);
                Ok(())
            },
        )
    });
    folded.map_err(|error| tape.message(&tape_error(error)))
}

fn tape_error<E: std::fmt::Debug>(error: abaco_pipeline::ingest::FoldError<E>) -> PipelineError {
    match error {
        abaco_pipeline::ingest::FoldError::Tape(error) => error,
        other => panic!("{other:?}"),
    }
}

/// What is to be made of the whole text: the rows as the `csv` crate reads them, or the number of the first bad one.
fn serial(text: &[u8]) -> Result<Rows, usize> {
    match (rows_of_the_crate(text), bad_quotes(text)) {
        (Err(row), Some(other)) => Err(row.min(other)),
        (Ok(_), Some(row)) => Err(row),
        (rows, None) => rows,
    }
}

/// The first row with a quote that is not closed, or with more than blanks behind one that is; the crate reads both.
fn bad_quotes(text: &[u8]) -> Option<usize> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let is = |at: usize, bytes: &[u8]| text.get(at).is_some_and(|byte| bytes.contains(byte));
    let (mut at, mut row) = (0, 0);
    loop {
        while is(at, b"\r\n") {
            at += 1;
        }
        if at == text.len() {
            return None;
        }
        loop {
            if is(at, b"\"") {
                at += 1;
                loop {
                    let Some(quote) = text[at..].iter().position(|byte| *byte == b'"') else {
                        return Some(row);
                    };
                    at += quote + 1;
                    if !is(at, b"\"") {
                        break;
                    }
                    at += 1;
                }
                while is(at, b" \t") {
                    at += 1;
                }
                if at < text.len() && !is(at, b",\r\n") {
                    return Some(row);
                }
            }
            while at < text.len() && !is(at, b",\r\n") {
                at += 1;
            }
            if !is(at, b",") {
                break;
            }
            at += 1;
        }
        row += 1;
    }
}

/// What the `csv` crate makes of the whole text: the rows, or the number of the first bad one.
fn rows_of_the_crate(text: &[u8]) -> Result<Rows, usize> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text);
    let mut all = Rows::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|_| row)?;
        if record.len() != 2 {
            return Err(row);
        }
        if row > 0 {
            // Without tokens that mean null, an empty cell is an empty text.
            all.push((Some(record[0].trim().to_owned()), Some(record[1].trim().to_owned())));
        }
    }
    Ok(all)
}

/// Pieces that meet in every way; the rarer ones would refuse nearly every text.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => Just(b"a,b\n".as_slice()),
        4 => Just(b"\"a\",\"b\"\r\n".as_slice()),
        4 => Just(b"\"\"\"\",\"x\"\"\n,\"\r".as_slice()),
        3 => Just(b"a\"b,\"c\" \t\n".as_slice()),
        1 => Just(b"a\"b,\"c\"d\"\n".as_slice()),
        3 => Just(b"\xc3\xa9,\xef\xbb\xbf\"q\r".as_slice()),
        2 => Just(b"\xef\xbb\xbfx,y\r\n".as_slice()),
        2 => Just(b"\"multi\r\nline\n\n\",\n".as_slice()),
        2 => Just(b"\n\r\n\r".as_slice()),
        1 => Just(b"\"".as_slice()),
        1 => Just(b",".as_slice()),
        1 => Just(b"\n".as_slice()),
        1 => Just(b"a".as_slice()),
        1 => Just(b"\xff".as_slice()),
    ];
    let start = prop_oneof![Just(b"x,y\n".as_slice()), Just(b"\xef\xbb\xbf\"x\",\"y\"\r\n".as_slice())];
    (start, proptest::collection::vec(piece, 0..12))
        .prop_map(|(start, pieces)| [start, &pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cut_anywhere(text in hostile(), chunk in 1usize..40, batch_rows in 1usize..5, threads in 0usize..4) {
        let (tape, contract) = (Tape::csv(&text), texts());
        let whole = read(&tape, &contract, &options(1 << 20, 65_536), 0);
        match (&whole, serial(&text)) {
            (Ok((rows, report)), Ok(expected)) => {
                prop_assert_eq!(rows, &expected);
                prop_assert_eq!(report.rows, expected.len() as u64);
                prop_assert_eq!(report.bytes, text.len() as u64);
            }
            (Err(message), Err(row)) => {
                prop_assert!(message.starts_with(&format!("tape.csv: row {row} (line ")), "{message}")
            }
            (whole, serial) => prop_assert!(false, "{whole:?} and {serial:?}"),
        }
        let mut pieces = read(&tape, &contract, &options(chunk, batch_rows), threads);
        let mut whole = whole;
        for (rows, _) in pieces.iter_mut().chain(&mut whole).filter(|_| threads > 1) {
            rows.sort();
        }
        prop_assert_eq!(pieces, whole);
    }
}

/// The line is counted over the whole file, whatever the chunks before it.
#[rstest]
fn lines_of_a_late_row(#[values(1, 7, 64, 1 << 20)] chunk: usize, #[values(0, 1, 2, 4)] threads: usize) {
    let mut text = "\u{feff}x,y\r\n".to_owned();
    for n in 0..500 {
        text.push_str(if n % 50 == 0 { "\"a\r\n\r\nb\",1\r\n\r\n" } else { "a,1\r\n" });
    }
    text.push_str("a,b\r\n");
    text.push_str(&"a,c\r\n".repeat(300));
    let tape = Tape::csv(&text);
    let contract = contract(&["y: { type: int }"]);
    let error = match threads {
        0 => {
            let reader =
                OpenTape::open(&tape.path, &contract, &options(chunk, 3)).unwrap().read(&Needed::all());
            reader.unwrap().find_map(Result::err).unwrap()
        }
        threads => fold_error(&tape, &contract, &options(chunk, 3), threads),
    };
    assert_eq!(tape.message(&error), "tape.csv: row 501 (line 532), column `y`: expected int, found `b`");
}

fn fold_error(tape: &Tape, contract: &Contract, options: &IngestOptions, threads: usize) -> PipelineError {
    let reader = OpenTape::open(&tape.path, contract, options).unwrap().read(&Needed::all()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let folded =
        pool.install(|| reader.fold(|| (), |(), _| Ok::<(), std::convert::Infallible>(()), |(), ()| Ok(())));
    tape_error(folded.unwrap_err())
}

/// A row of just the limit is read, and one byte more is refused, wherever the chunks end.
#[rstest]
fn the_longest_row(
    #[values(1 << 16, 1 << 20)] chunk: usize,
    #[values(0, 1)] more: usize,
    #[values("", "\"")] quote: &str,
) {
    let cell = "a".repeat((16 << 20) - 2 - 2 * quote.len() + more);
    let text = format!("x,y\n1,2\r\n\r\n{quote}{cell}{quote},b\r\n3,4\n");
    let read = read(&Tape::csv(&text), &texts(), &options(chunk, 65_536), 2);
    match more {
        0 => assert_eq!(read.unwrap().1.rows, 3),
        _ => assert_eq!(
            read.unwrap_err(),
            "tape.csv: row 2 (line 4): expected at most 16777216 bytes, found more; is a quote left open?"
        ),
    }
}

/// What an iterator has begun, a fold finishes.
#[test]
fn a_fold_reads_the_rest() {
    let tape = Tape::csv("x,y\na,1\nb,2\nc,3\nd,4\ne,5\nf\n");
    let contract = texts();
    let mut reader =
        OpenTape::open(&tape.path, &contract, &options(12, 1)).unwrap().read(&Needed::all()).unwrap();
    assert_eq!(rows(&reader.next().unwrap().unwrap())[0].0.as_deref(), Some("a"));
    let folded = reader.fold(|| (), |(), _| Ok::<(), std::convert::Infallible>(()), |(), ()| Ok(()));
    assert_eq!(
        tape.message(&tape_error(folded.unwrap_err())),
        "tape.csv: row 6 (line 7): expected 2 cells, found 1"
    );
}
