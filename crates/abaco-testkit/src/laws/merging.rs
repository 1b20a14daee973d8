//! Equal rows give equal states, however they came.

use std::sync::OnceLock;

use abaco_engine::State;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Violation;
use super::subject::{Planned, Subject, fold};
use crate::{Layout, Tape};

const THREADS: [usize; 3] = [1, 2, 4];

/// The order of the rows does not count: `shuffle` gives each row, by turns, its place in another order.
///
/// # Errors
/// The [`Violation`].
pub fn any_order(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    shuffle: &[u16],
) -> Result<(), Violation> {
    let planned = Planned::new("any order of rows gives the same state", subject, tape, layout)?;
    let mut rows: Vec<usize> = (0..tape.len()).collect();
    rows.sort_by_key(|row| turn(shuffle, *row));
    planned.is_whole("shuffled", &planned.part(rows)?)?;
    planned.is_whole("reversed", &planned.part((0..tape.len()).rev().collect())?)
}

/// The parts into which the rows fall do not count, nor the order in which the parts are merged.
///
/// # Errors
/// The [`Violation`].
pub fn any_split(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    shuffle: &[u16],
) -> Result<(), Violation> {
    let planned = Planned::new("any split and merge gives the same state", subject, tape, layout)?;
    let part_of = |row: usize| usize::from(turn(shuffle, row) % 4);
    let parts = (0..4)
        .map(|part| planned.part((0..tape.len()).filter(|row| part_of(*row) == part).collect()))
        .collect::<Result<Vec<State>, Violation>>()?;
    let merge_all = |order: [usize; 4]| {
        order.into_iter().try_fold(planned.plan.empty(), |merged, part| planned.merged(&merged, &parts[part]))
    };
    planned.is_whole("merged first to last", &merge_all([0, 1, 2, 3])?)?;
    planned.is_whole("merged last to first", &merge_all([3, 2, 1, 0])?)?;
    let (left, right) = (planned.merged(&parts[3], &parts[0])?, planned.merged(&parts[2], &parts[1])?);
    planned.is_whole("merged as a tree", &planned.merged(&right, &left)?)
}

/// The batches in which the rows come do not count, whether they are copies or slices.
///
/// # Errors
/// The [`Violation`].
pub fn any_batch_size(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    rows_max: usize,
) -> Result<(), Violation> {
    let planned = Planned::new("any batch size gives the same state", subject, tape, layout)?;
    let batches = planned.batches(rows_max)?;
    let state = planned.check.fine("fold", fold(&planned.plan, &batches))?;
    planned.is_whole(&format!("batches of {rows_max} rows"), &state)?;
    // A slice shares the buffers of the whole batch and begins in their middle.
    let whole = planned.check.fine("batch", tape.to_batch(layout))?;
    let slices: Vec<_> = (0..whole.num_rows())
        .step_by(rows_max.max(1))
        .map(|start| whole.slice(start, rows_max.max(1).min(whole.num_rows() - start)))
        .collect();
    let state = planned.check.fine("fold", fold(&planned.plan, &slices))?;
    planned.is_whole(&format!("slices of {rows_max} rows"), &state)
}

/// The number of threads does not count.
///
/// # Errors
/// The [`Violation`].
pub fn any_thread_count(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    rows_max: usize,
) -> Result<(), Violation> {
    let planned = Planned::new("any thread count gives the same state", subject, tape, layout)?;
    let batches = planned.batches(rows_max)?;
    for pool in pools()? {
        let state = pool.install(|| planned.plan.fold_all(&batches));
        let what = format!("{} threads, batches of {rows_max} rows", pool.current_num_threads());
        planned.is_whole(&what, &planned.check.fine("fold_all", state)?)?;
    }
    Ok(())
}

/// States under merging are a commutative monoid: the empty state changes nothing, order and grouping of merges
/// do not count. `shuffle` puts each row, by turns, into one of three states.
///
/// # Errors
/// The [`Violation`].
pub fn merge_is_a_commutative_monoid(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    shuffle: &[u16],
) -> Result<(), Violation> {
    let planned = Planned::new("merging is a commutative monoid", subject, tape, layout)?;
    let rows = |part: u16| (0..tape.len()).filter(|row| turn(shuffle, *row) % 3 == part).collect();
    let (a, b, c) = (planned.part(rows(0))?, planned.part(rows(1))?, planned.part(rows(2))?);
    let empty = planned.plan.empty();
    let equal = |what: &str, left: &State, right: &State| {
        planned.check.holds(left == right && left.to_bytes() == right.to_bytes(), what)
    };
    equal("empty + a = a", &planned.merged(&empty, &a)?, &a)?;
    equal("a + empty = a", &planned.merged(&a, &empty)?, &a)?;
    equal("a + b = b + a", &planned.merged(&a, &b)?, &planned.merged(&b, &a)?)?;
    let left = planned.merged(&planned.merged(&a, &b)?, &c)?;
    let right = planned.merged(&a, &planned.merged(&b, &c)?)?;
    equal("(a + b) + c = a + (b + c)", &left, &right)?;
    planned.is_whole("a + b + c", &left)
}

/// A state survives being written and read.
///
/// # Errors
/// The [`Violation`].
pub fn state_round_trips(subject: &Subject<'_>, tape: &Tape, layout: Layout) -> Result<(), Violation> {
    let planned = Planned::new("a state round-trips through bytes", subject, tape, layout)?;
    let bytes = planned.whole.to_bytes();
    let back = planned.check.fine("decode", State::from_bytes(&bytes))?;
    planned.check.holds(back == planned.whole, "the decoded state is another one")?;
    planned.is_whole("decoded", &back)?;
    planned.is_whole("decoded, merged with nothing", &planned.merged(&planned.plan.empty(), &back)?)?;
    let shorter = &bytes[..bytes.len().saturating_sub(1)];
    planned.check.holds(State::from_bytes(shorter).is_err(), "a state that lacks its last byte was decoded")
}

/// What `shuffle` says about a row.
fn turn(shuffle: &[u16], row: usize) -> u16 {
    if shuffle.is_empty() { 0 } else { shuffle[row % shuffle.len()] }
}

fn pools() -> Result<&'static [ThreadPool], Violation> {
    static POOLS: OnceLock<Result<Vec<ThreadPool>, String>> = OnceLock::new();
    let build = |threads: usize| ThreadPoolBuilder::new().num_threads(threads).build();
    let made = POOLS.get_or_init(|| {
        let pools = THREADS.into_iter().map(build).collect::<Result<Vec<_>, _>>();
        pools.map_err(|error| error.to_string())
    });
    made.as_deref().map_err(|error| Violation::new(format!("no thread pool: {error}")))
}
