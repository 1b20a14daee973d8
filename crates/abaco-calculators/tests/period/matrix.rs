//! The migration matrix against loans sorted one by one.

use abaco_kpi::Fraction;
use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Cell, CellType, Tape, Width};
use proptest::prelude::*;
use rstest::rstest;

use super::catalogue::cells;
use super::{outcome, outcomes, ratio};

/// Buckets by number: 0 current, 1 to 4 past due, 5 unknown.
fn bucket(dpd: Option<i64>) -> usize {
    match dpd {
        None => 5,
        Some(..1) => 0,
        Some(1..30) => 1,
        Some(30..60) => 2,
        Some(60..90) => 3,
        Some(90..) => 4,
    }
}

const WRITTEN_OFF: usize = 6;
const PAID: usize = 7;
const ABSENT: usize = 8;

/// A loan with an opening balance: the balance, where it was and where it is.
struct Moved {
    balance: i128,
    from: usize,
    to: usize,
}

fn number(cell: Option<&Cell>) -> Option<i128> {
    match cell {
        Some(Cell::Number(units)) => Some(*units),
        _ => None,
    }
}

fn days(cell: Option<&Cell>) -> Option<i64> {
    match cell {
        Some(Cell::Integer(days)) => Some(*days),
        _ => None,
    }
}

fn moved(tape: &Tape) -> Vec<Moved> {
    let one = |row| {
        let balance = number(tape.cell(row, "opening_balance")).filter(|balance| *balance > 0)?;
        let to = match number(tape.cell(row, "outstanding_balance")) {
            _ if tape.cell(row, "is_written_off") == Some(&Cell::Boolean(true)) => WRITTEN_OFF,
            None => ABSENT,
            Some(..=0) => PAID,
            Some(_) => bucket(days(tape.cell(row, "dpd"))),
        };
        Some(Moved { balance, from: bucket(days(tape.cell(row, "opening_dpd"))), to })
    };
    (0..tape.len()).filter_map(one).collect()
}

/// The share in percent of the loans `of` for which `which` holds, or nothing if there are none.
fn share(
    loans: &[Moved],
    weigh: fn(&Moved) -> i128,
    of: impl Fn(&Moved) -> bool,
    which: impl Fn(&Moved) -> bool,
) -> Option<Fraction> {
    let of: Vec<&Moved> = loans.iter().filter(|loan| of(loan)).collect();
    let part = of.iter().filter(|loan| which(loan)).map(|loan| weigh(loan)).sum::<i128>();
    let whole = of.iter().map(|loan| weigh(loan)).sum::<i128>();
    (whole > 0).then(|| ratio(100 * part, whole))
}

fn tapes() -> BoxedStrategy<Tape> {
    ["opening_balance", "opening_dpd", "outstanding_balance", "dpd", "is_written_off"]
        .into_iter()
        .fold(TapeShape::new(Width::Decimal64), TapeShape::canonical)
        .strategy()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_row_of_the_matrix_is_what_counting_gives_and_sums_to_a_hundred(
        tape in tapes(),
        by_count in any::<bool>(),
    ) {
        let loans = moved(&tape);
        let (suffix, weigh): (_, fn(&Moved) -> i128) =
            if by_count { ("_count", |_| 1) } else { ("", |loan| loan.balance) };
        for (from, name) in ["current", "1_29", "30_59", "60_89", "90_plus", "unknown"].iter().enumerate() {
            let ids = cells(name, suffix);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let found = outcomes(&ids, &tape);
            for (to, found) in found.iter().enumerate() {
                let expected = share(&loans, weigh, |loan| loan.from == from, |loan| loan.to == to);
                prop_assert_eq!(found.exact(), expected.as_ref(), "{}", ids[to]);
            }
            let sum = found.iter().try_fold(ratio(0, 1), |sum, cell| sum.plus(cell.exact()?).ok());
            let any = loans.iter().any(|loan| loan.from == from);
            prop_assert_eq!(sum, any.then(|| ratio(100, 1)));
        }
    }

    #[test]
    fn flows_between_buckets_are_what_counting_gives(tape in tapes()) {
        let loans = moved(&tape);
        let past_due = |loan: &Moved| (1..=4).contains(&loan.from);
        let open = |loan: &Moved| loan.to <= 4;
        let share = |of: &dyn Fn(&Moved) -> bool, which: &dyn Fn(&Moved) -> bool| {
            share(&loans, |loan| loan.balance, of, which)
        };
        let expected = [
            ("roll_forward", share(&past_due, &|loan| loan.to == WRITTEN_OFF || open(loan) && loan.to > loan.from)),
            ("roll_back", share(&past_due, &|loan| open(loan) && loan.to < loan.from)),
            ("cure_rate", share(&past_due, &|loan| loan.to == 0)),
            ("new_delinquency", share(&|loan| loan.from == 0, &|loan| (1..=4).contains(&loan.to))),
        ];
        for (id, expected) in expected {
            let found = outcome(id, &tape);
            prop_assert_eq!(found.exact(), expected.as_ref(), "{}", id);
        }
        let onward = |from: usize| {
            share(&|loan| loan.from == from, &|loan| loan.to == WRITTEN_OFF || open(loan) && loan.to > from)
        };
        let product = (0..=4).try_fold(ratio(100, 1), |product, from| {
            product.times(&onward(from)?.divided_by(&ratio(100, 1)).ok()??).ok()
        });
        let found = outcome("net_flow_to_loss", &tape);
        prop_assert_eq!(found.exact(), product.as_ref());
    }
}

/// The first test that holds decides: written off, absent, paid, then the bucket.
#[rstest]
#[case::written_off_beats_absent(Cell::Null, Cell::Null, Cell::Boolean(true), "written_off")]
#[case::written_off_beats_its_days(Cell::Number(0), Cell::Integer(200), Cell::Boolean(true), "written_off")]
#[case::no_row_and_not_paid(Cell::Null, Cell::Null, Cell::Null, "absent")]
#[case::no_row_and_paid(Cell::Number(0), Cell::Null, Cell::Null, "paid")]
#[case::overpaid(Cell::Number(-1), Cell::Integer(0), Cell::Boolean(false), "paid")]
#[case::days_nobody_knows(Cell::Number(1), Cell::Null, Cell::Boolean(false), "unknown")]
#[case::ahead_of_its_schedule(Cell::Number(1), Cell::Integer(-3), Cell::Boolean(false), "current")]
#[case::the_last_day_of_a_bucket(Cell::Number(1), Cell::Integer(29), Cell::Boolean(false), "1_29")]
#[case::the_first_day_of_the_next(Cell::Number(1), Cell::Integer(30), Cell::Boolean(false), "30_59")]
#[case::a_write_off_nobody_told_of(Cell::Number(1), Cell::Integer(90), Cell::Null, "90_plus")]
fn a_loan_ends_in_one_place(
    #[case] balance: Cell,
    #[case] dpd: Cell,
    #[case] written_off: Cell,
    #[case] expected: &str,
) {
    let tape = Tape::new()
        .money("opening_balance", [100_00])
        .and_then(|tape| tape.integers("opening_dpd", [0]))
        .and_then(|tape| tape.column("outstanding_balance", CellType::MONEY, [balance]))
        .and_then(|tape| tape.column("dpd", CellType::Integer, [dpd]))
        .and_then(|tape| tape.column("is_written_off", CellType::Boolean, [written_off]))
        .unwrap();
    for id in cells("current", "") {
        let hundred = if id == format!("roll_rate_current_{expected}") { ratio(100, 1) } else { ratio(0, 1) };
        assert_eq!(outcome(&id, &tape).exact(), Some(&hundred), "{id}");
    }
}
