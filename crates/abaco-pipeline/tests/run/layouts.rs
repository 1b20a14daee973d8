//! How a tape lies in files and on threads changes no digit.

use abaco_engine::AsOf;
use abaco_pipeline::{Run, RunRequest};
use rayon::ThreadPoolBuilder;

use crate::common::{Desk, SETTINGS, kpis};

/// More rows than a batch has, so that several are folded at once.
const ROWS: u32 = 150_000;
const HEADER: &str = "month,segment,dpd_90_plus_usd,total_receivable_usd";

fn row(index: u32) -> String {
    let month = ["2025-01-31", "2025-02-28"][(index % 2) as usize];
    let late = if index.is_multiple_of(7) {
        String::new()
    } else {
        format!("-{}.{:02}", index % 1_000, index % 100)
    };
    format!("{month},{},{late},{}.5", ["a", "b", ""][(index % 3) as usize], index)
}

fn part(rows: impl Iterator<Item = u32>) -> String {
    std::iter::once(HEADER.to_owned()).chain(rows.map(row)).map(|line| line + "\n").collect()
}

fn result(run: &Run) -> [serde_json::Value; 2] {
    [kpis(run), serde_json::to_value(&run.document.segments).unwrap()]
}

#[test]
fn threads_and_partitions() {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}segments: [[segment]]\n"));
    desk.write("tape.csv", part(0..ROWS));
    desk.write("late.csv", part((70_000..ROWS).rev()));
    desk.write("early.csv", part(0..70_000));
    let pipeline = desk.pipeline();
    let whole = pipeline.run(&desk.dry()).unwrap();
    assert_eq!((whole.document.rows.read, whole.document.rows.as_of), (150_000, 75_000));
    for threads in [1, 2, 5] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again = pool.install(|| pipeline.run(&desk.dry())).unwrap();
        assert_eq!(result(&again), result(&whole), "{threads} threads");
        assert_eq!(again.document.identity, whole.document.identity, "{threads} threads");
    }
    let inputs = ["late.csv", "early.csv"].map(|name| desk.path(name)).to_vec();
    let parts = pipeline.run(&RunRequest { inputs, as_of: AsOf::Latest, ..desk.dry() }).unwrap();
    assert_eq!(result(&parts), result(&whole));
    assert_ne!(parts.document.identity, whole.document.identity);
}
