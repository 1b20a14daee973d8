//! Grouping sets of tens of thousands of groups beside tiny ones: the sums of plain integers, and the same bytes
//! whatever the threads, the pieces and what was saved on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use abaco_engine::{AsOf, Plan, PlanOptions, State};
use abaco_kpi::{FormulaKpi, Fraction, Kpi, col, count_distinct, max, sum};
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::datatypes::i256;
use chrono::NaiveDate;
use num_bigint::BigInt;
use rstest::rstest;

use crate::tape::{batch, cents, days, ints, kpi, texts, wide};

/// More rows than a segment holds.
const ROWS: usize = 70_003;

/// Totals of 43 digits are no decimals; their quotients are, and as exact.
const UNIT: i64 = 1_000_000_000_000_000_000;

const DATES: [i32; 2] = [20_422, 20_453];

fn spread(seed: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) as usize
}

/// A row of the tape before it becomes arrays.
struct Row {
    date: i32,
    loan: Option<String>,
    days: Option<i64>,
    active: Option<bool>,
    amount: Option<i128>,
}

fn rows(loans: usize, edges: &[i128]) -> Vec<Row> {
    let row = |row: usize| {
        let loan = spread(row * 3) % loans;
        Row {
            date: DATES[spread(row * 5) % 2],
            // Short ones and ones that need memory of their own.
            loan: (!loan.is_multiple_of(13)).then(|| match loan % 2 {
                0 => format!("{loan}"),
                _ => format!("a loan with a name of more than {loan} bytes"),
            }),
            days: (!row.is_multiple_of(17)).then_some((spread(row * 7) % 90_000) as i64 - 10),
            active: (!row.is_multiple_of(5)).then_some(row.is_multiple_of(3)),
            // By loan, so that the totals of some leave each width and others cancel out.
            amount: (row % 11 != 3).then(|| edges[(loan + row % 2) % edges.len()]),
        }
    };
    (0..ROWS).map(row).collect()
}

fn tape(rows: &[Row]) -> RecordBatch {
    let amounts: ArrayRef = match rows.iter().flat_map(|row| row.amount).all(|v| i64::try_from(v).is_ok()) {
        true => cents(rows.iter().map(|row| row.amount.map(|amount| amount as i64))),
        false => wide(rows.iter().map(|row| row.amount), 38, 2),
    };
    batch([
        ("as_of", days(rows.iter().map(|row| Some(row.date)))),
        ("loan_id", texts(rows.iter().map(|row| row.loan.as_deref()))),
        ("dpd", ints(rows.iter().map(|row| row.days))),
        ("is_written_off", Arc::new(rows.iter().map(|row| row.active).collect::<BooleanArray>()) as ArrayRef),
        ("ead", amounts),
    ])
}

/// The keys of a row in each grouping set, in the order of [`plan`]'s.
fn keys(row: &Row) -> [Vec<Option<String>>; 4] {
    let (loan, days) = (row.loan.clone(), row.days.map(|days| days.to_string()));
    let active = row.active.map(|active| active.to_string());
    [vec![], vec![loan.clone()], vec![active.clone()], vec![days, active, loan]]
}

fn plan(kpis: &[FormulaKpi], tape: &RecordBatch) -> Plan {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let options = PlanOptions {
        snapshot: Some("as_of".into()),
        groups: vec![
            vec!["loan_id".into()],
            vec!["is_written_off".into()],
            vec!["dpd".into(), "is_written_off".into(), "loan_id".into()],
        ],
        ..PlanOptions::default()
    };
    Plan::new(&kpis, &tape.schema(), &options).unwrap()
}

/// Slices of so many rows.
fn pieces(tape: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    let starts = (0..tape.num_rows()).step_by(rows);
    starts.map(|start| tape.slice(start, rows.min(tape.num_rows() - start))).collect()
}

fn fold_all(plan: &Plan, batches: &[RecordBatch], threads: usize) -> State {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| plan.fold_all(batches)).unwrap()
}

/// Of each date: the groups of all sets, with their rows and the exact value of each KPI.
type Found = BTreeMap<(i32, usize, Vec<Option<String>>), (u64, Vec<String>)>;

fn found(plan: &Plan, state: &State) -> Found {
    let mut found = Found::new();
    for date in DATES {
        let as_of = AsOf::Date(NaiveDate::from_epoch_days(date).unwrap());
        for group in plan.outcomes(state, as_of).unwrap().groups {
            let set = match group.by.first() {
                None => 0,
                Some((column, _)) if column.name() == "loan_id" => 1,
                Some((column, _)) if column.name() == "is_written_off" => 2,
                Some(_) => 3,
            };
            let exact = group.outcomes.iter().map(|outcome| match outcome.exact() {
                Some(exact) => exact.to_string(),
                None => outcome.reason().unwrap(),
            });
            let by = group.by.iter().map(|(_, value)| value.clone()).collect();
            assert!(found.insert((date, set, by), (group.rows, exact.collect())).is_none());
        }
    }
    found
}

/// The same from the rows: `SUM(ead)` and `SUM(ead)` of those at or above zero days, both by [`UNIT`].
fn expected(rows: &[Row]) -> Found {
    /// A total, the rows that count for it, and those of them with an amount.
    type Sum = (BigInt, u64, u64);
    let mut sums: BTreeMap<_, (u64, [Sum; 2])> = BTreeMap::new();
    for row in rows {
        for (set, by) in keys(row).into_iter().enumerate() {
            let (count, totals) = sums.entry((row.date, set, by)).or_default();
            *count += 1;
            let scopes = [true, row.days.is_some_and(|days| days >= 0)];
            for ((total, matched, valid), _) in totals.iter_mut().zip(scopes).filter(|(_, scope)| *scope) {
                *total += row.amount.unwrap_or(0);
                *matched += 1;
                *valid += u64::from(row.amount.is_some());
            }
        }
    }
    let text = |(total, matched, valid): &Sum| {
        if *matched > 0 && *valid == 0 {
            return "all_null".to_owned();
        }
        let hundredths = Fraction::from_total(i256::from_string(&total.to_string()).unwrap(), 2);
        hundredths.divided_by(&Fraction::from(i128::from(UNIT))).unwrap().unwrap().to_string()
    };
    sums.into_iter().map(|(key, (rows, totals))| (key, (rows, totals.iter().map(text).collect()))).collect()
}

#[rstest]
#[case::small(&[1, -1, 250_00])]
#[case::around_32_bits(&[(1 << 32) - 1, 1 << 32, -(1 << 32), (1 << 31) - 1, -(1 << 31) - 1])]
#[case::around_64_bits(&[i64::MAX as i128, i64::MAX as i128, i64::MIN as i128, i64::MIN as i128, 1])]
#[case::carries_of_64_bits(&[1 << 63, 1 << 64, (1 << 64) - 1, -(1 << 64), -1, 3])]
#[case::of_38_digits(&[10_i128.pow(38) - 1, 1 - 10_i128.pow(38), 10_i128.pow(38) - 1, 7])]
fn sums_of_huge_and_tiny_sets_are_exact(#[case] edges: &[i128], #[values(1_000, 40_000)] loans: usize) {
    let rows = rows(loans, edges);
    let tape = tape(&rows);
    let late = sum("ead").filter(col("dpd").ge(0)) / UNIT;
    let plan = plan(&[kpi("all", sum("ead") / UNIT), kpi("late", late)], &tape);
    let whole = fold_all(&plan, std::slice::from_ref(&tape), 1);
    let (found, expected) = (found(&plan, &whole), expected(&rows));
    assert_eq!(found.len(), expected.len());
    for (key, value) in &expected {
        assert_eq!(found.get(key), Some(value), "{key:?}");
    }
    let bytes = whole.to_bytes();
    for threads in [1, 2, 3] {
        for piece in [ROWS, 5_003] {
            let state = fold_all(&plan, &pieces(&tape, piece), threads);
            assert!(state.to_bytes() == bytes, "{threads} threads, pieces of {piece} rows");
        }
    }
}

/// Parts of the tape saved, read again and merged in any order, also tiny ones into huge ones and the other way round.
#[rstest]
#[case::halves(&[25_000])]
#[case::tiny_and_huge(&[100, 69_000])]
#[case::days(&[5_000, 10_000, 15_000, 20_000, 35_000])]
fn saved_parts_merge_into_the_bytes_of_the_whole(#[case] cuts: &[usize]) {
    let rows = rows(40_000, &[i64::MAX.into(), 5, i64::MAX.into(), -1]);
    let tape = tape(&rows);
    // Cells of every kind, so that none of them is lost on the way.
    let kpis = [
        kpi("all", sum("ead") / UNIT),
        kpi("largest", max("ead") / UNIT),
        kpi("loans", count_distinct("loan_id")),
    ];
    let plan = plan(&kpis, &tape);
    let whole = fold_all(&plan, std::slice::from_ref(&tape), 2).to_bytes();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([ROWS]);
    let saved: Vec<Vec<u8>> = starts
        .zip(ends)
        .map(|(start, end)| fold_all(&plan, &pieces(&tape.slice(start, end - start), 4_001), 2).to_bytes())
        .collect();
    for turn in 0..saved.len() {
        let mut merged = plan.empty();
        for bytes in saved[turn..].iter().chain(&saved[..turn]) {
            plan.merge(&mut merged, &State::from_bytes(bytes).unwrap()).unwrap();
        }
        assert!(merged.to_bytes() == whole, "from part {turn}");
    }
}
