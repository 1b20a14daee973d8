//! Outputs come in the order of the file, and nobody runs away or waits for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use abaco_pipeline::ingest::{Before, FoldError, Screened, TapeReader};
use abaco_pipeline::{PipelineError, Watch};
use arrow::array::{Int64Array, StringArray};
use rstest::rstest;

use crate::common::{Tape, array, contract, options, pool, typed};

const PARTS: usize = 200;

/// A tape of as many parts as rows.
fn tape(name: &str) -> Tape {
    match name {
        "tape.csv" => {
            Tape::new(name, "x\n".to_owned() + &(0..PARTS).map(|x| format!("{x}\n")).collect::<String>())
        }
        _ => typed(name, vec![("x", array(Int64Array::from_iter_values(0..PARTS as i64)))], 1),
    }
}

fn reader(tape: &Tape) -> TapeReader {
    tape.open(&contract(&["x: { type: int }"]), &options(1, 1))
}

type Failure = (&'static str, usize);

/// Screens a tape on so many threads; the parts whose outputs were taken, and how it ended.
fn screen(
    tape: &Tape,
    threads: usize,
    watch: &Watch,
    add: impl Fn(usize) -> Result<(), Failure> + Sync,
    mut take: impl FnMut(usize) -> Result<(), Failure> + Send,
) -> (Vec<usize>, Result<usize, FoldError<Failure>>) {
    let mut taken = Vec::new();
    let add = |parts: &mut usize, screened: Screened| {
        *parts += 1;
        add(screened.part).map(|()| screened.part)
    };
    let merge = |parts: &mut usize, others: usize| {
        *parts += others;
        Ok(())
    };
    let in_order = |before: Before, part: usize| {
        assert_eq!((before.part, before.rows), (part, part as u64));
        take(part)?;
        taken.push(part);
        Ok(())
    };
    let result = pool(threads).install(|| reader(tape).screen(|| 0, add, merge, in_order, watch));
    (taken, result.map(|(parts, _)| parts))
}

/// While the first part takes its time, the others read no more than a few parts ahead.
#[rstest]
fn a_slow_first_part(
    #[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str,
    #[values(2, 3, 5)] threads: usize,
) {
    // Two outputs for each thread wait, and each of the other threads has one more in its hands.
    let most = 2 * threads + threads - 1;
    let (ahead, reached) = (Mutex::new(0), Condvar::new());
    let add = |part| {
        let mut count = ahead.lock().unwrap();
        if part > 0 {
            *count += 1;
            reached.notify_all();
        } else {
            // The first part ends only once the others have gone as far as they may.
            while *count < most {
                count = reached.wait(count).unwrap();
            }
            drop(count);
            // Whoever would go on has the occasion to.
            (0..2_000).for_each(|_| std::thread::yield_now());
        }
        Ok(())
    };
    let mut at_first = None;
    let take = |_| {
        at_first.get_or_insert_with(|| *ahead.lock().unwrap());
        Ok(())
    };
    let (taken, result) = screen(&tape(name), threads, &Watch::default(), add, take);
    assert_eq!(at_first, Some(most));
    assert_eq!(taken, (0..PARTS).collect::<Vec<_>>());
    assert_eq!(result.unwrap(), PARTS);
}

/// Many times, because what is at stake is timing: everything before the error is taken, and nothing behind it.
#[rstest]
fn an_error_of_add(#[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str) {
    let tape = tape(name);
    for round in 0..40 {
        let bad = [120, 60 + round % 7, 61, 199];
        let earliest = *bad.iter().min().unwrap();
        let add = |part| if bad.contains(&part) { Err(("add", part)) } else { Ok(()) };
        let (taken, result) = screen(&tape, 1 + round % 4, &Watch::default(), add, |_| Ok(()));
        assert_eq!(taken, (0..earliest).collect::<Vec<_>>());
        let Err(FoldError::Batch { rows_before, source }) = result else { panic!("{result:?}") };
        assert_eq!((rows_before, source), (earliest as u64, ("add", earliest)));
    }
}

#[rstest]
fn an_error_of_in_order(#[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str) {
    let tape = tape(name);
    for round in 0..40 {
        let add = |part| if part == 90 { Err(("add", part)) } else { Ok(()) };
        let take = |part| if part == 80 { Err(("in_order", part)) } else { Ok(()) };
        let (taken, result) = screen(&tape, 1 + round % 4, &Watch::default(), add, take);
        assert_eq!(taken, (0..80).collect::<Vec<_>>());
        let Err(FoldError::Batch { rows_before, source }) = result else { panic!("{result:?}") };
        assert_eq!((rows_before, source), (80, ("in_order", 80)));
    }
}

/// Of one part the first batch's output comes before the second batch, though its thread is there first.
#[test]
fn an_output_comes_before_the_next_batch() {
    let tape = typed("tape.arrow", vec![("x", array(Int64Array::from_iter_values(0..150)))], 3);
    for _ in 0..40 {
        let reader = tape.open(&contract(&["x: { type: int }"]), &options(1, 1));
        // Two threads: a third could fill up what may wait, and the second would wait for the first.
        let (late, done) = (Mutex::new(false), Condvar::new());
        let result: Result<((), _), FoldError<&str>> = pool(2).install(|| {
            reader.screen(
                || (),
                |(), screened| match (screened.part, screened.rows_before) {
                    (0, 0) => {
                        let mut late = late.lock().unwrap();
                        while !*late {
                            late = done.wait(late).unwrap();
                        }
                        Ok((0, 0))
                    }
                    (1, 1) => {
                        *late.lock().unwrap() = true;
                        done.notify_all();
                        Err("add")
                    }
                    place => Ok(place),
                },
                |(), ()| Ok(()),
                |_, place| if place == (1, 0) { Err("in_order") } else { Ok(()) },
                &Watch::default(),
            )
        });
        let Err(FoldError::Batch { rows_before, source }) = result else { panic!("{result:?}") };
        assert_eq!((rows_before, source), (3, "in_order"));
    }
}

#[rstest]
fn cancelled(
    #[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str,
    #[values(1, 2, 4)] threads: usize,
) {
    let (watch, added, after) = (Watch::default(), AtomicUsize::new(0), AtomicUsize::new(0));
    let add = |part| {
        added.fetch_add(1, Ordering::SeqCst);
        if watch.is_cancelled() {
            after.fetch_add(1, Ordering::SeqCst);
        }
        if part == 50 {
            watch.cancel();
        }
        Ok(())
    };
    let (taken, result) = screen(&tape(name), threads, &watch, add, |_| Ok(()));
    assert!(matches!(result, Err(FoldError::Tape(PipelineError::Cancelled))), "{result:?}");
    assert!(taken.iter().copied().eq(0..taken.len()));
    assert_eq!(watch.rows(), added.into_inner() as u64);
    // Each of the others may have been about to add a batch.
    assert!(after.into_inner() < threads);
}

#[test]
fn cancelled_before_it_began() {
    let watch = Watch::default();
    watch.cancel();
    let (taken, result) = screen(&tape("tape.csv"), 2, &watch, |_| Ok(()), |_| Ok(()));
    assert!(matches!(result, Err(FoldError::Tape(PipelineError::Cancelled))), "{result:?}");
    assert_eq!((taken.len(), watch.rows()), (0, 0));
}

/// Those that wait for the panicking thread's part do not wait for ever.
#[rstest]
fn a_panic(
    #[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str,
    #[values(1, 2, 4)] threads: usize,
    #[values("add", "in_order")] place: &str,
) {
    let tape = tape(name);
    let taken = AtomicUsize::new(0);
    let screened = catch_unwind(AssertUnwindSafe(|| {
        let add = |part| {
            assert!(place != "add" || part != 40, "a closure that fails");
            Ok(())
        };
        let take = |part| {
            assert!(place != "in_order" || part != 40, "a closure that fails");
            taken.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        screen(&tape, threads, &Watch::default(), add, take).1.is_ok()
    }));
    assert!(screened.is_err());
    assert!(taken.into_inner() <= 40);
}

/// What an iterator has begun, a screening finishes, and counts from where it is.
#[test]
fn the_rest_of_a_tape() {
    let x = StringArray::from(vec!["1", "2", "3", "4", "no"]);
    let tape = typed("tape.arrow", vec![("x", array(x))], 2);
    let mut reader = tape.open(&contract(&["x: { type: int }"]), &options(1, 1));
    assert!((&mut reader).take(3).all(|batch| batch.is_ok()));
    let mut places = Vec::new();
    let (rows, report) = reader
        .screen(
            || 0,
            |rows, screened| {
                *rows += screened.batch.num_rows();
                Ok::<_, PipelineError>((screened.part, screened.rows_before, screened.refused.len()))
            },
            |rows, others| {
                *rows += others;
                Ok(())
            },
            |before, place| {
                places.push((before.part, before.rows, place));
                Ok(())
            },
            &Watch::default(),
        )
        .unwrap();
    assert_eq!((rows, report.rows), (2, 5));
    assert_eq!(places, [(1, 2, (1, 1, 0)), (2, 4, (2, 0, 1))]);
}

#[test]
fn a_file_that_changes() {
    let tape = tape("tape.csv");
    let written = AtomicBool::new(false);
    let add = |_| {
        if !written.swap(true, Ordering::SeqCst) {
            std::fs::write(&tape.path, "x\n1\n").unwrap();
        }
        Ok(())
    };
    let (_, result) = screen(&tape, 2, &Watch::default(), add, |_| Ok(()));
    let Err(FoldError::Tape(error)) = result else { panic!("{result:?}") };
    assert_eq!(tape.message(&error), "tape.csv: the file changed while it was being read");
}
