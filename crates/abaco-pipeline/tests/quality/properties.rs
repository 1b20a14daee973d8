//! However a tape is cut and whoever looks at it, the same is said.

use std::path::Path;

use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::ingest::Screened;
use abaco_pipeline::quality::{Counters, Place, Screen, TableQuality};
use proptest::prelude::*;

use crate::common::{batch, check, contract, facts, screen};

const RULES: &str = "columns:
  loan_id: { type: text, roles: [key], unique: { severity: warning } }
  day: { type: date, roles: [snapshot] }
  gone: { type: bool }
  dpd: { type: int, range: { min: '0' } }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
rules:
  - { id: owed, check: 'balance >= 0 OR gone', severity: error }
  - { id: gone_is_gone, never_reverts: { column: gone }, severity: warning }
  - { id: same, reconcile: { table: ledger, rows: true }, severity: warning }
";

#[derive(Clone, Debug)]
struct Row {
    loan: u8,
    month: u8,
    gone: Option<bool>,
    dpd: i8,
    cents: i16,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0u8..8, 1u8..6, any::<Option<bool>>(), -2i8..9, any::<i16>())
        .prop_map(|(loan, month, gone, dpd, cents)| Row { loan, month, gone, dpd, cents });
    proptest::collection::vec(row, 1..60)
}

fn csv(rows: &[Row]) -> String {
    let mut text = "loan_id,day,gone,dpd,balance\n".to_owned();
    for Row { loan, month, gone, dpd, cents } in rows {
        let gone = gone.map(|gone| gone.to_string()).unwrap_or_default();
        text.push_str(&format!(
            "{loan},2025-0{month}-01,{gone},{dpd},{}.{:02}\n",
            cents / 100,
            (cents % 100).abs()
        ));
    }
    // Between -1 and 0 the sign would be lost; such rows are simply others.
    text
}

/// Looks at each part in batches of its own size, the parts by turns in so many states, merged in that order.
fn looked_at(
    screen: &Screen,
    all: &RecordBatch,
    part_rows: usize,
    batch_rows: usize,
    states: usize,
    turn: usize,
) -> Counters {
    let mut counters: Vec<Counters> = (0..states).map(|_| screen.counters()).collect();
    for (part, start) in (0..all.num_rows()).step_by(part_rows).enumerate() {
        let rows = part_rows.min(all.num_rows() - start);
        for before in (0..rows).step_by(batch_rows) {
            let batch = all.slice(start + before, batch_rows.min(rows - before));
            let place = Place { file: 0, path: Path::new("tape.csv") };
            let state = &mut counters[(part * 7 + before + turn) % states];
            screen.check(state, place, Screened::new(part, before as u64, batch, Vec::new())).unwrap();
        }
    }
    counters.rotate_left(turn % states);
    let mut merged = counters.pop().unwrap();
    counters.into_iter().for_each(|other| merged.merge(other).unwrap());
    merged
}

fn said(screen: &Screen, counters: &Counters) -> TableQuality {
    counters.finish(screen, &facts(Some("2025-03-01")))
}

proptest! {
    #[test]
    fn cuts_and_orders_do_not_matter(
        rows in rows(),
        part_rows in 1usize..40,
        batch_rows in 1usize..40,
        states in 1usize..5,
        turn in 0usize..7,
    ) {
        let contract = contract(RULES);
        let all = batch(&contract, &csv(&rows));
        let screen = screen(&contract, &all);
        let one = looked_at(&screen, &all, rows.len(), rows.len(), 1, 0);
        let same_parts = looked_at(&screen, &all, part_rows, part_rows, 1, 0);
        let cut = looked_at(&screen, &all, part_rows, batch_rows, states, turn);
        prop_assert_eq!(&cut, &same_parts);
        prop_assert_eq!(said(&screen, &cut), said(&screen, &one));
    }

    #[test]
    fn what_is_said_is_what_a_look_at_each_row_says(rows in rows()) {
        let contract = contract(RULES);
        let all = batch(&contract, &csv(&rows));
        let screen = screen(&contract, &all);
        let quality = said(&screen, &looked_at(&screen, &all, 17, 5, 2, 1));
        let cents = |row: &Row| i64::from(row.cents / 100 * 100) + i64::from((row.cents % 100).abs()) * if row.cents / 100 < 0 { -1 } else { 1 };
        let negative = |row: &Row| row.dpd < 0;
        let owed = |row: &Row| cents(row) < 0 && row.gone == Some(false);
        let counted = |id: &str| check(&quality, id).violating;
        prop_assert_eq!(counted("dpd.range"), rows.iter().filter(|row| negative(row)).count() as u64);
        prop_assert_eq!(counted("owed"), rows.iter().filter(|row| owed(row)).count() as u64);
        let kept: Vec<&Row> = rows.iter().filter(|row| !negative(row) && !owed(row)).collect();
        prop_assert_eq!(quality.totals.rows.accepted, kept.len() as u64);
        let total = |rows: &[&Row]| {
            let cents: i64 = rows.iter().map(|row| cents(row)).sum();
            format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
        };
        let all_rows: Vec<&Row> = rows.iter().collect();
        let balance = &quality.totals.control_totals["balance"];
        prop_assert_eq!(&balance.read, &total(&all_rows));
        prop_assert_eq!(&balance.accepted, &total(&kept));
        let reverted = |loan: u8| {
            let of = |gone| kept.iter().filter(move |row| row.loan == loan && row.gone == Some(gone));
            of(true).any(|then| of(false).any(|later| later.month > then.month))
        };
        prop_assert_eq!(counted("gone_is_gone"), (0..8).filter(|loan| reverted(*loan)).count() as u64);
        let alone = |row: &&&Row| kept.iter().filter(|other| other.loan == row.loan).count() > 1;
        prop_assert_eq!(counted("loan_id.unique"), kept.iter().filter(alone).count() as u64);
    }
}
