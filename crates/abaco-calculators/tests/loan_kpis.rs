//! What the KPIs over loan rows owe each other, and vectors worked out by hand.
#![allow(clippy::expect_used, reason = "the helpers of a test are part of the test")]
#![allow(clippy::inconsistent_digit_grouping, reason = "amounts are written in cents: 100_00")]

use std::collections::BTreeSet;

use abaco_calculators::{
    STANDARD, Stage, active_borrowers, active_clients, active_clients_v2, availability, average_balance,
    average_ticket, borrowing_base, client_retention, cost_of_risk, cross_aged_eligible_balance, dq_3m_avg,
    dq_3m_pooled, dq_mba, dq_ots, dq_share_from, effective_advance_rate, excess_concentration, glp,
    growth_mom, hhi, ifrs_stage_share, new_loans, npl_90, origination_volume, par_balance, par_ge, par_gt,
    par_obligor_30, par_with_writeoffs_flow, par_with_writeoffs_stock, repeat_borrower_rate, top_share, wac,
    wam,
};
use abaco_engine::{AsOf, Plan, PlanOptions};
use abaco_kpi::{FormulaKpi, Fraction, Kpi, Outcome};
use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Cell, CellType, Tape, Width};
use proptest::prelude::*;
use rstest::rstest;

/// The outcomes at the newest snapshot, or of the tape if it has no dates; folded in batches of two rows.
fn outcomes(kpis: &[FormulaKpi], tape: &Tape) -> Vec<Outcome> {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let snapshot = tape.position("as_of").map(|_| "as_of".into());
    let options = PlanOptions { snapshot, ..PlanOptions::default() };
    let plan = Plan::new(&kpis, &tape.schema(Width::Decimal64), &options).expect("a plan");
    let mut state = plan.empty();
    for batch in tape.to_batches(Width::Decimal64, 2).expect("batches") {
        let mut part = plan.empty();
        plan.fold(&mut part, &batch).expect("a state");
        plan.merge(&mut state, &part).expect("one plan");
    }
    let finished = plan.finish(&state, AsOf::Latest).expect("outcomes");
    finished.groups[0].kpis.iter().map(|result| result.outcome.clone()).collect()
}

fn outcome(kpi: FormulaKpi, tape: &Tape) -> Outcome {
    outcomes(&[kpi], tape).remove(0)
}

fn shown(kpi: FormulaKpi, tape: &Tape) -> String {
    let outcome = outcome(kpi, tape);
    outcome.value().map(|value| value.to_string()).or(outcome.reason()).unwrap_or_default()
}

fn exact(outcome: &Outcome) -> Fraction {
    outcome.exact().expect("a value").clone()
}

fn ratio(numerator: i128, denominator: i128) -> Fraction {
    Fraction::ratio(numerator, denominator).expect("a fraction")
}

fn day(text: &str) -> Cell {
    Cell::Date(text.parse().expect("a date"))
}

fn dates<const N: usize>(tape: Tape, column: &'static str, days: [&str; N]) -> Tape {
    tape.column(column, CellType::Date, days.map(day)).expect("a column")
}

fn money<const N: usize>(tape: Tape, column: &'static str, dollars: [i128; N]) -> Tape {
    tape.money(column, dollars.map(|amount| amount * 100)).expect("a column")
}

/// A column that stands on one row only, as ledger figures do.
fn ledger(tape: Tape, column: &'static str, cell_type: CellType, value: i128) -> Tape {
    let cells: Vec<Cell> =
        (0..tape.len()).map(|row| if row == 0 { Cell::Number(value) } else { Cell::Null }).collect();
    tape.column(column, cell_type, cells).expect("a column")
}

/// The ids of the catalogue's rows for the families over loan rows.
const IDS: &str = "par_ge_1 par_ge_7 par_ge_30 par_ge_60 par_ge_90 par_ge_180 par_gt_0 par_gt_7 par_gt_30 par_gt_60
    par_gt_90 par_gt_180 par_balance_1 par_balance_7 par_balance_30 par_balance_60 par_balance_90
    par_restructured_30 par_with_writeoffs_30_stock par_with_writeoffs_90_stock par_with_writeoffs_30_flow
    par_with_writeoffs_90_flow lar_gt_30 lar_gt_90 arrears_rate par_obligor_30
    dq_share_current dq_share_1_29 dq_share_30_59 dq_share_60_89 dq_share_90_plus dq_share_90_119
    dq_share_120_plus dq_share_unknown dq_mba_30 dq_mba_60 dq_mba_90 dq_ots_30 dq_ots_60 dq_ots_90 wa_dpd npl_90
    first_payment_default restructured_share maturity_extension_share
    ifrs_stage_share_1 ifrs_stage_share_2 ifrs_stage_share_3 risk_coverage npl_coverage expected_loss cost_of_risk
    glp written_off_balance active_loans active_borrowers average_balance wac wam wala wa_tenor wa_ltv wa_dti
    mean_ltv mean_dti pool_factor
    hhi top_1_share top_5_share top_10_share top_20_share excess_concentration
    eligible_balance borrowing_base availability effective_advance_rate utilisation dq_3m_avg dq_3m_pooled
    cross_aged_eligible_balance_10 cross_aged_eligible_balance_50
    origination_volume new_loans average_ticket active_clients active_clients_v2 client_retention
    repeat_borrower_rate growth_mom growth_yoy";

#[test]
fn every_id_of_the_catalogue_is_in_the_list() {
    let known: BTreeSet<String> = STANDARD.kpis().iter().map(|kpi| kpi.spec().id.to_string()).collect();
    let missing: Vec<&str> = IDS.split_whitespace().filter(|id| !known.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn loans() -> BoxedStrategy<Tape> {
    let columns = ["dpd", "outstanding_balance", "borrower_id"];
    let shape = columns.into_iter().fold(TapeShape::new(Width::Decimal64), TapeShape::canonical);
    shape.dense("outstanding_balance").strategy()
}

/// At least one loan, and balances of at least a cent, so that no sum is zero.
fn owed_loans() -> BoxedStrategy<Tape> {
    let owed = |tape: Tape| {
        let balance = tape.position("outstanding_balance").expect("a balance");
        let rows = tape.rows().iter().map(|row| {
            let mut row = row.clone();
            if let Cell::Number(units) = &mut row[balance] {
                *units = (*units).abs() % 1_000_000_00 + 1;
            }
            row
        });
        Tape::from_rows(tape.columns().to_vec(), rows.collect::<Vec<_>>()).expect("a tape")
    };
    let loans = loans().prop_filter("no loan", |tape| !tape.is_empty());
    loans.prop_map(owed).boxed()
}

/// The exact values of the KPIs with these ids.
fn values(ids: &[&str], tape: &Tape) -> Vec<Fraction> {
    let kpis: Vec<FormulaKpi> = ids.iter().map(|id| STANDARD.find(id).expect("a KPI")).collect();
    outcomes(&kpis, tape).iter().map(exact).collect()
}

fn total(values: &[Fraction]) -> Fraction {
    values.iter().try_fold(Fraction::ZERO, |sum, value| sum.plus(value)).expect("a sum")
}

proptest! {
    #[test]
    fn the_day_buckets_are_the_whole_balance(tape in owed_loans()) {
        let parts = ["current", "1_29", "30_59", "60_89", "90_plus", "unknown"].map(|name| format!("dq_share_{name}"));
        let shares = values(&parts.each_ref().map(String::as_str), &tape);
        prop_assert_eq!(total(&shares), ratio(100, 1));
        let last = values(&["dq_share_90_119", "dq_share_120_plus", "dq_share_90_plus"], &tape);
        prop_assert_eq!(total(&last[..2]), last[2].clone());
        let stages = values(&["ifrs_stage_share_1", "ifrs_stage_share_2", "ifrs_stage_share_3", "dq_share_unknown"], &tape);
        prop_assert_eq!(total(&stages), ratio(100, 1));
    }

    #[test]
    fn what_has_two_names_has_one_value(tape in loans(), days in 0u16..200) {
        let pairs = [
            (dq_share_from(days), par_ge(days)),
            (active_clients(), active_borrowers()),
            (ifrs_stage_share(Stage::Three), par_gt(90)),
        ];
        for (one, other) in pairs {
            let id = one.spec().id.clone();
            let found = outcomes(&[one, other], &tape);
            prop_assert_eq!(&found[0], &found[1], "{}", id);
        }
    }

    #[test]
    fn an_amount_at_risk_is_its_share_of_the_portfolio(tape in owed_loans(), days in 0u16..200) {
        let found: Vec<Fraction> = outcomes(&[par_ge(days), par_balance(days), glp()], &tape).iter().map(exact).collect();
        let whole = found[0].times(&found[2]).expect("a product");
        prop_assert_eq!(whole, found[1].times(&ratio(100, 1)).expect("a product"));
    }

    /// Arrears drawn over a borrower, and larger groups of borrowers, never make a figure smaller.
    #[test]
    fn wider_is_larger(tape in owed_loans()) {
        let kpis = [par_ge(30), par_obligor_30(), top_share(1), top_share(5), top_share(10), top_share(20)];
        let found: Vec<Fraction> = outcomes(&kpis, &tape).iter().map(exact).collect();
        prop_assert!(found[0] <= found[1]);
        prop_assert!(found[2..].windows(2).all(|pair| pair[0] <= pair[1]));
        // The largest share, squared, is a term of the index, and the index is an average of the shares.
        let index = exact(&outcome(hhi(), &tape));
        prop_assert!(found[2].times(&found[2]).expect("a square") <= index);
        prop_assert!(index <= found[2].times(&ratio(100, 1)).expect("a product"));
    }
}

/// Three obligors; the first has its loans in two partitions, because the batches have two rows each.
fn obligors() -> Tape {
    let tape = Tape::new().texts("borrower_id", ["a", "b", "c", "a"]).expect("a column");
    let tape = tape.integers("dpd", [0, 0, 10, 45]).expect("a column");
    money(tape, "outstanding_balance", [20, 30, 10, 40])
}

#[rstest]
#[case::at_the_worst_of_its_loans(par_obligor_30(), "60.00")]
#[case::at_its_own_days(par_ge(30), "40.00")]
#[case::index(hhi(), "4600.00")]
#[case::largest(top_share(1), "60.00")]
#[case::more_than_there_are(top_share(5), "100.00")]
fn an_obligor_in_two_partitions_is_one(#[case] kpi: FormulaKpi, #[case] expected: &str) {
    assert_eq!(shown(kpi.clone(), &obligors()), expected);
    assert_eq!(shown(kpi, &obligors().select([0, 3, 1, 2])), expected, "side by side");
}

/// Receivables of 100, the largest obligor 40 of them in two parts.
fn facility() -> Tape {
    let tape = Tape::new().texts("borrower_id", ["a", "b", "c", "d", "a"]).expect("a column");
    let tape = money(tape, "eligible_balance", [15, 20, 20, 20, 25]);
    let tape = money(tape, "outstanding_balance", [25, 20, 20, 20, 40]);
    let tape = ledger(tape, "concentration_cap", CellType::RATE, 250_000);
    let tape = ledger(tape, "advance_rate", CellType::RATE, 850_000);
    ledger(tape, "drawn", CellType::MONEY, 75_00)
}

#[rstest]
#[case::excess(excess_concentration(), "15.00")]
#[case::base(borrowing_base(), "72.25")]
#[case::a_deficiency(availability(), "-2.75")]
#[case::of_the_gross_balance(effective_advance_rate(), "57.80")]
fn the_vector_of_the_catalogue(#[case] kpi: FormulaKpi, #[case] expected: &str) {
    assert_eq!(shown(kpi, &facility()), expected);
}

/// The other convention caps the obligor at a quarter of what is left once it is capped, a third of the rest: 20 of 80.
#[test]
fn a_cap_of_the_capped_pool_would_give_less() {
    let (cap, advance, rest) = (ratio(1, 4), ratio(85, 100), ratio(60, 1));
    let uncapped = ratio(1, 1).minus(&cap).expect("a difference");
    let pool = rest.divided_by(&uncapped).expect("a quotient").expect("not by zero");
    let other = pool.times(&advance).expect("a product");
    assert_eq!(other, ratio(68, 1));
    assert_eq!(exact(&outcome(borrowing_base(), &facility())), ratio(7225, 100));
}

#[rstest]
#[case::not_above_ten_percent(10, 90, 100, "190.00")]
#[case::above_ten_percent(11, 89, 100, "100.00")]
#[case::a_little_above(10, 89, 100, "100.00")]
fn an_obligor_is_cross_aged_beyond_its_share(
    #[case] late: i128,
    #[case] rest: i128,
    #[case] other: i128,
    #[case] expected: &str,
) {
    let tape = Tape::new().texts("borrower_id", ["a", "b", "c", "a"]).expect("a column");
    let tape = tape.integers("dpd", [91, 90, 0, 0]).expect("a column");
    let tape = money(tape, "outstanding_balance", [late, other, 0, rest]);
    let tape = money(tape, "eligible_balance", [0, other, 0, rest]);
    assert_eq!(shown(cross_aged_eligible_balance(10), &tape), expected);
}

/// One loan due on `due`, another that is current.
fn due(due: &str, as_of: &str) -> Tape {
    let tape = dates(Tape::new(), "as_of", [as_of, as_of]);
    let tape = tape.column("oldest_due_date", CellType::Date, [day(due), Cell::Null]).expect("a column");
    money(tape, "outstanding_balance", [40, 60])
}

#[rstest]
#[case::due_on_the_first_at_the_month_end("2025-07-01", "2025-07-31", 1, 0)]
#[case::the_first_of_the_next_month("2025-07-01", "2025-08-01", 1, 1)]
#[case::two_payments_missed_under_mba("2025-04-01", "2025-05-31", 2, 1)]
#[case::the_day_before_the_due_date("2025-07-15", "2025-08-14", 1, 0)]
#[case::two_days_before_the_due_date("2025-07-15", "2025-08-13", 0, 0)]
#[case::on_the_due_date("2025-07-15", "2025-08-15", 1, 1)]
#[case::a_month_too_short("2025-01-31", "2025-02-28", 1, 1)]
#[case::the_day_before_its_end("2025-01-31", "2025-02-27", 1, 0)]
#[case::two_days_before_its_end("2025-01-31", "2025-02-26", 0, 0)]
#[case::a_leap_year("2024-01-30", "2024-02-28", 1, 0)]
#[case::not_due_yet("2025-08-15", "2025-07-31", 0, 0)]
#[case::three_months("2025-04-30", "2025-07-31", 3, 3)]
fn the_two_methods_of_months(#[case] oldest: &str, #[case] as_of: &str, #[case] mba: u16, #[case] ots: u16) {
    let tape = due(oldest, as_of);
    for months in 1..=3 {
        let share = |missed: u16| if months <= missed { "40.00" } else { "0.00" };
        assert_eq!(shown(dq_mba(months), &tape), share(mba), "MBA {months}");
        assert_eq!(shown(dq_ots(months), &tape), share(ots), "OTS {months}");
    }
}

#[test]
fn write_offs_of_the_period_and_of_all_time() {
    let tape = Tape::new().integers("dpd", [0, 45, 200, 400]).expect("a column");
    let tape = money(tape, "outstanding_balance", [60, 20, 0, 0]);
    let tape = money(tape, "written_off_balance", [0, 0, 5, 15]);
    let tape = money(tape, "written_off", [0, 0, 20, 0]);
    assert_eq!(shown(par_ge(30), &tape), "25.00");
    assert_eq!(shown(par_with_writeoffs_stock(30), &tape), "40.00");
    assert_eq!(shown(par_with_writeoffs_flow(30), &tape), "40.00");
    assert_eq!(shown(par_with_writeoffs_stock(90), &tape), "20.00");
}

#[test]
fn non_performing_is_late_or_unlikely_once() {
    let tape = Tape::new().integers("dpd", [91, 91, 0, 90]).expect("a column");
    let tape = tape.booleans("is_unlikely_to_pay", [true, false, true, false]).expect("a column");
    assert_eq!(shown(npl_90(), &money(tape, "outstanding_balance", [10, 20, 30, 40])), "60.00");
}

#[test]
fn an_unknown_attribute_weighs_nothing() {
    let rates = [Cell::Number(360_000), Cell::Null];
    let tape = Tape::new().column("annual_rate", CellType::RATE, rates).expect("a column");
    assert_eq!(shown(wac(), &money(tape, "outstanding_balance", [10, 990])), "36.0000");
    let tape = dates(Tape::new(), "as_of", ["2025-11-30", "2025-11-30"]);
    let tape =
        tape.column("maturity_date", CellType::Date, [day("2026-01-29"), Cell::Null]).expect("a column");
    assert_eq!(shown(wam(), &money(tape, "outstanding_balance", [10, 990])), "60.00");
}

/// A panel of three loans whose ledger figures stand on a row of their own.
fn panel() -> Tape {
    let tape = Tape::new()
        .column(
            "borrower_id",
            CellType::Text,
            [Cell::Null, Cell::Text("a".into()), Cell::Text("b".into()), Cell::Text("a".into())],
        )
        .expect("a column");
    let tape = dates(tape, "as_of", ["2025-11-30"; 4]);
    let tape = dates(tape, "opening_as_of", ["2025-10-31"; 4]);
    let column = |tape: Tape, name: &'static str, dollars: [i128; 3]| {
        let cells = [Cell::Null].into_iter().chain(dollars.map(|amount| Cell::Number(amount * 100)));
        tape.column(name, CellType::MONEY, cells).expect("a column")
    };
    let tape = column(tape, "opening_balance", [600, 400, 0]);
    let tape = column(tape, "outstanding_balance", [0, 200, 800]);
    let tape = column(tape, "disbursed", [0, 0, 900]);
    let tape = column(tape, "paid_principal", [600, 200, 100]);
    let tape = ["paid_interest", "paid_fees", "paid_tax"]
        .into_iter()
        .fold(tape, |tape, name| column(tape, name, [0, 0, 0]));
    let tape = tape
        .column(
            "origination_date",
            CellType::Date,
            [Cell::Null, day("2025-01-15"), day("2025-05-02"), day("2025-11-03")],
        )
        .expect("a column");
    ledger(tape, "impairment", CellType::MONEY, 6_00)
}

#[rstest]
#[case::average(average_balance(), "1000.00")]
#[case::thirty_days_of_impairment(cost_of_risk(), "7.30")]
#[case::volume(origination_volume(), "900.00")]
#[case::loans(new_loans(), "1")]
#[case::ticket(average_ticket(), "900.00")]
#[case::both_stay_on_whichever_loan(client_retention(), "100.00")]
#[case::a_client_that_comes_back(repeat_borrower_rate(), "100.00")]
#[case::clients(active_clients(), "2")]
#[case::clients_of_v2(active_clients_v2(), "2")]
fn a_period(#[case] kpi: FormulaKpi, #[case] expected: &str) {
    assert_eq!(shown(kpi, &panel()), expected);
}

#[test]
fn a_loan_without_a_borrower_is_nobodys_client() {
    let tape = Tape::new().column("borrower_id", CellType::Text, [Cell::Null, Cell::Null]).expect("a column");
    let tape = money(tape, "opening_balance", [10, 10]);
    let tape = money(tape, "outstanding_balance", [10, 10]);
    assert_eq!(shown(active_clients(), &tape), "0");
    assert_eq!(shown(client_retention(), &tape), "zero_denominator");
}

#[test]
fn three_months_averaged_are_not_three_months_pooled() {
    let tape =
        dates(Tape::new(), "as_of", ["2025-10-31", "2025-10-31", "2025-11-30", "2025-12-31", "2025-12-31"]);
    let tape = tape.integers("dpd", [30, 0, 29, 31, 0]).expect("a column");
    let tape = money(tape, "outstanding_balance", [10, 10, 80, 30, 70]);
    // 50 %, 0 % and 30 %; together 40 of 200.
    assert_eq!(exact(&outcome(dq_3m_avg(), &tape)), ratio(80, 3));
    assert_eq!(exact(&outcome(dq_3m_pooled(), &tape)), ratio(20, 1));
    let two = tape.select([2, 3, 4]);
    assert_eq!(shown(dq_3m_avg(), &two), "no_earlier_snapshot");
    assert_eq!(exact(&outcome(growth_mom(), &two)), ratio(25, 1));
    assert_eq!(shown(growth_mom(), &tape.select([3, 4])), "no_earlier_snapshot");
}
