//! Known figures, exact.

use abaco_kpi::Rounding;
use abaco_testkit::{Cell, CellType, Tape};

use super::{exact, outcome, ratio};

fn dated(tape: Tape, column: &'static str, days: &[&str]) -> Tape {
    tape.dates(column, days.iter().map(|day| day.parse().unwrap())).unwrap()
}

/// A tape of so many rows without anything but the period's dates.
fn period<const ROWS: usize>(from: &str, to: &str) -> Tape {
    dated(dated(Tape::new(), "opening_as_of", &[from; ROWS]), "as_of", &[to; ROWS])
}

/// A tape of one row of amounts, over the period from `from` to `to`.
fn row(from: &str, to: &str, amounts: &[(&'static str, i128)]) -> Tape {
    let dates = period::<1>(from, to);
    amounts.iter().fold(dates, |tape, (name, cents)| tape.money(*name, [*cents]).unwrap())
}

/// B 6,200, S 10,890, E 6,340, current E 3,590, over three months.
#[test]
fn the_effectiveness_index_of_a_quarter() {
    let tape = |as_of: &str| {
        period::<2>("2025-09-30", as_of)
            .money("opening_balance", [6_200_00, 0])
            .and_then(|tape| tape.money("sales", [10_890_00, 0]))
            .and_then(|tape| tape.money("outstanding_balance", [3_590_00, 2_750_00]))
            .and_then(|tape| tape.integers("dpd", [0, 1]))
            .unwrap()
    };
    let quarter = tape("2025-12-31");
    assert_eq!(exact("collection_effectiveness_index_monthly", &quarter), ratio(100 * 3_490, 6_240));
    assert_eq!(exact("collection_effectiveness_index_total", &quarter), ratio(100 * 10_750, 13_500));
    let shown = |id| outcome(id, &quarter).value().map(|value| value.to_string());
    assert_eq!(shown("collection_effectiveness_index_monthly").as_deref(), Some("55.93"));
    assert_eq!(shown("collection_effectiveness_index_total").as_deref(), Some("79.63"));
    let month = tape("2025-10-31");
    assert_eq!(
        exact("collection_effectiveness_index_monthly", &month),
        exact("collection_effectiveness_index_total", &month)
    );
}

/// 1 % a month is 1 - 0.99^12 = 0.113615128283870719341199 a year.
#[test]
fn one_percent_a_month_compounds_to_eleven_and_a_third_a_year() {
    let default = Tape::new()
        .money("defaulted", [1_00])
        .and_then(|tape| tape.money("opening_balance", [100_00]))
        .and_then(|tape| tape.integers("opening_dpd", [89]))
        .unwrap();
    let prepayment = Tape::new()
        .money("prepaid_principal", [1_00])
        .and_then(|tape| tape.money("opening_balance", [110_00]))
        .and_then(|tape| tape.money("due_principal", [10_00]))
        .unwrap();
    let year = ratio(113_615_128_283_870_719_341_199, 10i128.pow(22));
    for (monthly, yearly, tape) in [("mdr", "cdr", &default), ("smm", "cpr", &prepayment)] {
        assert_eq!(exact(monthly, tape), ratio(1, 1), "{monthly}");
        assert_eq!(exact(yearly, tape), year, "{yearly}");
        let shown = exact(yearly, tape).round(Rounding::half_away(12)).unwrap();
        assert_eq!(shown.to_string(), "11.361512828387", "{yearly}");
    }
}

/// The standard relation: an absolute speed s at age m is a monthly mortality of s / (1 - s * (m - 1)).
#[test]
fn absolute_speed_is_the_inverse_of_its_mortality() {
    for (speed_bps, age, origination) in
        [(150, 11, "2025-01-05"), (100, 1, "2025-11-30"), (130, 30, "2023-06-01"), (200, 2, "2025-10-31")]
    {
        let below = 10_000 - speed_bps * (age - 1);
        let amounts = [("opening_balance", below), ("due_principal", 0), ("prepaid_principal", speed_bps)];
        let tape = dated(row("2025-11-30", "2025-12-31", &amounts), "origination_date", &[origination]);
        assert_eq!(exact("smm", &tape), ratio(100 * speed_bps, below), "{speed_bps} {age}");
        assert_eq!(exact("abs_speed", &tape), ratio(speed_bps, 100), "{speed_bps} {age}");
    }
}

/// Age is a mean by balance, over the loans whose origination is known.
#[test]
fn age_is_weighted_by_opening_balance() {
    let born = ["2025-11-30", "2025-07-01"].map(|day| Cell::Date(day.parse().unwrap()));
    let tape = period::<3>("2025-11-30", "2025-12-31")
        .money("opening_balance", [30_00, 10_00, 60_00])
        .and_then(|tape| tape.money("due_principal", [0, 0, 0]))
        .and_then(|tape| tape.money("prepaid_principal", [10_00, 0, 0]))
        .and_then(|tape| {
            tape.column("origination_date", CellType::Date, born.into_iter().chain([Cell::Null]))
        })
        .unwrap();
    // Ages 1 and 5, weights 3 to 1: 2. SMM is 1/10, so the speed is (1/10) / (1 + 1/10 * (2 - 1)) = 1/11.
    assert_eq!(exact("abs_speed", &tape), ratio(100, 11));
}

/// Loans that entered in the period are not in the pool that prepays.
#[test]
fn entrants_do_not_prepay_the_opening_pool() {
    let tape = Tape::new()
        .column("opening_balance", CellType::MONEY, [Cell::Number(110_00), Cell::Null])
        .and_then(|tape| tape.money("due_principal", [10_00, 50_00]))
        .and_then(|tape| tape.money("prepaid_principal", [1_00, 40_00]))
        .unwrap();
    assert_eq!(exact("smm", &tape), ratio(1, 1));
}

/// Yearly figures are simple: a month of 31 days counts 365/31 times, a leap February 365/29 times.
#[test]
fn a_year_is_three_hundred_and_sixty_five_days_of_the_period() {
    for (from, to, days) in [
        ("2025-11-30", "2025-12-31", 31),
        ("2024-01-31", "2024-02-29", 29),
        ("2024-12-31", "2025-12-31", 365),
    ] {
        let amounts = [
            ("written_off", 7_00),
            ("recovered", 2_00),
            ("paid_interest", 11_00),
            ("paid_fees", 1_00),
            ("opex", 3_00),
            ("funding_cost", 4_00),
            ("servicing_cost", 1_00),
            ("opening_balance", 900_00),
            ("outstanding_balance", 1_100_00),
        ];
        let tape = row(from, to, &amounts);
        let per_year = |amount: i128| ratio(100 * amount * 365, days * 1_000);
        assert_eq!(exact("gross_chargeoff_annualised", &tape), per_year(7), "{to}");
        assert_eq!(exact("net_chargeoff_annualised", &tape), per_year(5), "{to}");
        assert_eq!(exact("cash_yield", &tape), per_year(12), "{to}");
        assert_eq!(exact("operating_expense_ratio", &tape), per_year(3), "{to}");
        assert_eq!(exact("excess_spread", &tape), per_year(12 - 5 - 4 - 1), "{to}");
        assert_eq!(exact("loan_loss_rate", &tape), ratio(100 * 5, 1_000), "{to}");
    }
}

/// Ledger amounts stand on rows of their own, which no loan needs.
#[test]
fn ledger_rows_and_loan_rows_are_summed_side_by_side() {
    let money = |cents: [Option<i128>; 3]| cents.map(|cents| cents.map_or(Cell::Null, Cell::Number));
    let [opening, closing, opex] =
        [[Some(80_00), None, None], [Some(90_00), Some(30_00), None], [None, None, Some(20_00)]].map(money);
    let tape = period::<3>("2024-12-31", "2025-12-31")
        .column("opening_balance", CellType::MONEY, opening)
        .and_then(|tape| tape.column("outstanding_balance", CellType::MONEY, closing))
        .and_then(|tape| tape.column("opex", CellType::MONEY, opex))
        .unwrap();
    assert_eq!(exact("operating_expense_ratio", &tape), ratio(20, 1));
}
