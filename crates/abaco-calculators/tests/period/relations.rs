//! What holds between KPIs, whatever the panel.

use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Tape, Width};
use proptest::prelude::*;

use super::{exact, outcomes, ratio};

const PAID: [&str; 4] = ["paid_principal", "paid_interest", "paid_fees", "paid_tax"];
const DUE: [&str; 4] = ["due_principal", "due_interest", "due_fees", "due_tax"];

/// Columns of amounts from 0 to 10,000.00, as many rows as `rows` says.
fn amounts<const N: usize>(columns: [&'static str; N]) -> impl Strategy<Value = Tape> {
    prop::collection::vec(prop::collection::vec(0i128..1_000_000, N), 1..12).prop_map(move |rows| {
        columns.iter().enumerate().fold(Tape::new(), |tape, (index, column)| {
            tape.money(*column, rows.iter().map(|row| row[index])).unwrap()
        })
    })
}

fn sum(tape: &Tape, column: &str) -> i128 {
    let cents = |row| match tape.cell(row, column) {
        Some(abaco_testkit::Cell::Number(cents)) => *cents,
        _ => 0,
    };
    (0..tape.len()).map(cents).sum()
}

fn dues_and_payments() -> impl Strategy<Value = Tape> {
    let [a, b, c, d] = PAID;
    let [e, f, g, h] = DUE;
    amounts([a, b, c, d, e, f, g, h, "cum_due"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_cap_takes_from_the_rate_and_leaves_at_most_a_hundred(tape in dues_and_payments()) {
        let ids = ["collection_rate_total", "collection_rate_capped", "collection_ex_prepayment"];
        let found = outcomes(&ids, &tape);
        let [total, capped, without] = [0, 1, 2].map(|index: usize| found[index].exact().cloned());
        let due: i128 = DUE.iter().map(|column| sum(&tape, column)).sum();
        let paid: i128 = PAID.iter().map(|column| sum(&tape, column)).sum();
        if due > 0 {
            prop_assert_eq!(total.as_ref(), Some(&ratio(100 * paid, due)));
            prop_assert!(capped <= total && capped <= Some(ratio(100, 1)));
            prop_assert!(without <= total);
        } else {
            prop_assert_eq!((total, capped, without), (None, None, None));
        }
    }

    #[test]
    fn what_is_not_recovered_is_lost(tape in amounts(["cum_written_off", "cum_recovered", "original_principal"])) {
        prop_assume!(sum(&tape, "cum_written_off") > 0 && sum(&tape, "original_principal") > 0);
        let lost = exact("loss_severity", &tape);
        prop_assert_eq!(lost.plus(&exact("recovery_rate", &tape)).unwrap(), ratio(100, 1));
        let gross = exact("cumulative_gross_loss", &tape);
        let net = gross.times(&lost).unwrap().divided_by(&ratio(100, 1)).unwrap().unwrap();
        prop_assert_eq!(&exact("cumulative_net_loss", &tape), &net);
        prop_assert_eq!(&exact("vintage_cnl", &tape), &net);
    }

    #[test]
    fn the_bridge_finds_exactly_what_is_not_explained(
        tape in amounts(["opening_balance", "disbursed", "paid_principal", "recovered", "written_off", "reinstated"]),
        written_off in 0i128..1_000_000,
        unexplained in -50_000i128..50_000,
    ) {
        let total = |column| sum(&tape, column);
        let collected = total("paid_principal") - total("recovered");
        let closing = total("opening_balance") + total("disbursed") - collected - total("written_off")
            + total("reinstated") + unexplained;
        let stock = written_off + total("written_off") - total("recovered") - total("reinstated");
        let first_row = |cents: i128| (0..tape.len()).map(move |row| if row == 0 { cents } else { 0 });
        let tape = tape.clone()
            .money("outstanding_balance", first_row(closing)).unwrap()
            .money("opening_written_off_balance", first_row(written_off)).unwrap()
            .money("written_off_balance", first_row(stock)).unwrap();
        prop_assert_eq!(exact("balance_bridge", &tape), ratio(unexplained, 100));
        prop_assert_eq!(exact("balance_bridge_with_written_off", &tape), ratio(unexplained, 100));
    }

    /// Each reading of a vintage is at least as strict as the one before.
    #[test]
    fn the_readings_of_a_vintage_are_ordered(
        loans in prop::collection::vec((0i128..1_000_000, 0i64..200, 0i128..1_000_000, 0i128..1_000_000, 1i128..1_000_000), 1..12),
    ) {
        let late = |balance: i128, dpd: i64, cut: i64| if dpd >= cut { balance } else { 0 };
        let peak_30: Vec<i128> = loans.iter().map(|(balance, dpd, _, more, _)| late(*balance, *dpd, 30) + more).collect();
        let peak_90: Vec<i128> = loans.iter().zip(&peak_30).map(|((balance, dpd, ..), peak)| late(*balance, *dpd, 90).max(peak / 2)).collect();
        // A loan with an odd number of cents is written off, and has recovered a third of it.
        let is_off = |balance: i128| balance % 2 == 1;
        let tape = Tape::new()
            .money("outstanding_balance", loans.iter().map(|loan| if is_off(loan.0) { 0 } else { loan.0 })).unwrap()
            .integers("dpd", loans.iter().map(|loan| loan.1)).unwrap()
            .money("written_off_balance", loans.iter().map(|loan| if is_off(loan.0) { loan.2 - loan.2 / 3 } else { 0 })).unwrap()
            .money("cum_written_off", loans.iter().map(|loan| if is_off(loan.0) { loan.2 } else { 0 })).unwrap()
            .money("peak_30_balance", peak_30).unwrap()
            .money("peak_90_balance", peak_90).unwrap()
            .money("original_principal", loans.iter().map(|loan| loan.4)).unwrap();
        let without = exact("vintage_par_30_ex_writeoffs", &tape);
        let now = exact("vintage_par_30", &tape);
        let ever = exact("vintage_par_30_ever", &tape);
        prop_assert!(without <= now && now <= ever);
        prop_assert!(exact("vintage_cdr", &tape) <= ever);
    }

    /// Whatever the panel, a share of loans that were performing is a share.
    #[test]
    fn defaults_by_number_are_a_share(
        tape in ["opening_balance", "opening_dpd", "defaulted"]
            .into_iter()
            .fold(TapeShape::new(Width::Decimal64), TapeShape::canonical)
            .strategy(),
    ) {
        let found = outcomes(&["default_ratio"], &tape);
        if let Some(share) = found[0].exact() {
            prop_assert!(*share >= ratio(0, 1) && *share <= ratio(100, 1));
        }
    }
}
