//! However a tape is cut and whoever reads it, the same rows are refused.

use abaco_pipeline::ingest::{IngestOptions, Needed};
use proptest::prelude::*;

use crate::common::{Tape, contract, options, pool};

fn columns() -> abaco_pipeline::contract::Contract {
    contract(&[
        "x: { type: int, nulls: reject }",
        "y: { type: text, roles: [dimension], nulls: reject }",
        "z: { type: 'decimal(4, 1)', excess_digits: half_away }",
    ])
}

fn rows() -> impl Strategy<Value = Vec<u8>> {
    let row = prop_oneof![
        6 => Just(b"1,a,2.5\n".as_slice()),
        2 => Just(b"2,b,0.25\r\n".as_slice()),
        1 => Just(b"\"3\",\"c\nd\",\n".as_slice()),
        1 => Just(b"no,e,1\n".as_slice()),
        1 => Just(b"5,,12345\n".as_slice()),
        1 => Just(b"6\n".as_slice()),
        1 => Just(b"7,f,1,2\n".as_slice()),
        1 => Just(b"8,\xff,x\n".as_slice()),
        1 => Just(b"\n\r\n".as_slice()),
        1 => Just(b",\"\"\"\",NA\n".as_slice()),
        1 => Just(b"9,\"g".as_slice()),
    ];
    proptest::collection::vec(row, 0..14).prop_map(|rows| [b"x,y,z\n".as_slice(), &rows.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_same_rows(text in rows(), chunk in 1usize..40, batch_rows in 1usize..5, threads in 1usize..4) {
        let (tape, contract, needed) = (Tape::new("tape.csv", &text), columns(), Needed::all());
        let whole = tape.screen(&contract, &needed, &IngestOptions::default(), 1);
        let pieces = tape.screen(&contract, &needed, &options(chunk, batch_rows), threads);
        prop_assert_eq!(&pieces, &whole);
        let whole = match whole {
            Ok(whole) => whole,
            Err(message) => {
                prop_assert!(message.ends_with("expected a closing quote, found the end of the file"), "{message}");
                return Ok(());
            }
        };
        let rows = (whole.admitted.len() + whole.refused.len()) as u64;
        prop_assert_eq!(rows, whole.report.rows);
        // The fold's error is the first refused row, and without one all rows are admitted.
        let reader = tape.open(&contract, &options(chunk, batch_rows));
        let folded = pool(threads).install(|| {
            let add = |rows: &mut usize, batch: &arrow::record_batch::RecordBatch| {
                *rows += batch.num_rows();
                Ok::<(), std::convert::Infallible>(())
            };
            reader.fold(|| 0, add, |rows, others| { *rows += others; Ok(()) })
        });
        match (folded, whole.refused.first()) {
            (Ok((rows, report)), None) => {
                prop_assert_eq!(rows, whole.admitted.len());
                prop_assert_eq!(report, whole.report);
            }
            (Err(error), Some(refused)) => prop_assert_eq!(tape.message(&error), &*refused.message),
            (folded, refused) => prop_assert!(false, "{folded:?} and {refused:?}"),
        }
    }
}
