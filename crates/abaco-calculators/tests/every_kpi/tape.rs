//! A loan-period tape of fourteen month ends.
//!
//! Loans wander between the buckets, pay as much as their bucket suggests, and in the last month each of them
//! makes another step of the migration matrix. Loans are lent every month; two are written off from the start.

use abaco_kpi::CANONICAL_COLUMNS;
use abaco_testkit::{Cell, Tape};

use super::loan::{Loan, Row, day};

/// The opening of the first period, and the fourteen snapshots.
pub(super) const MONTH_ENDS: [&str; 15] = [
    "2024-10-31",
    "2024-11-30",
    "2024-12-31",
    "2025-01-31",
    "2025-02-28",
    "2025-03-31",
    "2025-04-30",
    "2025-05-31",
    "2025-06-30",
    "2025-07-31",
    "2025-08-31",
    "2025-09-30",
    "2025-10-31",
    "2025-11-30",
    "2025-12-31",
];
/// The place of the newest of them.
pub(super) const LAST: usize = MONTH_ENDS.len() - 1;
/// One loan for each step of the matrix: six buckets by nine destinations.
const MOVERS: usize = 54;

/// The figures of the portfolio, which stand on a row of their own.
fn ledger(end: usize) -> Row {
    let money = [
        ("revenue", 3_000_00),
        ("funding_cost", 700_00),
        ("servicing_cost", 150_00),
        ("impairment", 400_00),
        ("opex", 900_00),
        ("drawn", 60_000_00),
        ("facility_limit", 100_000_00),
        ("advance_rate", 850_000),
        ("concentration_cap", 30_000),
    ];
    let counts = [("officers", 5), ("checks_passed", 97), ("checks_total", 99), ("open_flags", 3)];
    let mut row =
        Row::from([("as_of", day(end)), ("opening_as_of", day(end - 1)), ("effective_as_of", day(end))]);
    row.extend(money.map(|(name, units)| (name, Cell::Number(units))));
    row.extend(counts.map(|(name, count)| (name, Cell::Integer(count))));
    row
}

/// The tape, with every canonical column.
pub(super) fn tape() -> Tape {
    let movers = (0..MOVERS).map(Loan::mover);
    let lost = [Loan::lost(MOVERS, false), Loan::lost(MOVERS + 1, true)];
    // Every month one loan to somebody known and one to somebody new.
    let lent = (1..=LAST).flat_map(|end| {
        let number = MOVERS + 2 * end;
        [Loan::lent(number, end, end), Loan::lent(number + 1, 100 + end, end)]
    });
    let loans: Vec<Loan> = movers.chain(lost).chain(lent).collect();
    let rows = loans.iter().flat_map(Loan::rows).chain((1..=LAST).map(ledger));
    let columns = CANONICAL_COLUMNS.iter().map(|column| (column.name.into(), column.column_type.into()));
    let in_order = |mut row: Row| -> Vec<Cell> {
        let cells = CANONICAL_COLUMNS.iter().map(|column| row.remove(column.name).unwrap_or(Cell::Null));
        let cells = cells.collect();
        assert!(row.is_empty(), "not canonical: {:?}", row.keys());
        cells
    };
    Tape::from_rows(columns, rows.map(in_order)).unwrap()
}
