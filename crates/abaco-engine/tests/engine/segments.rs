//! Long tapes: segments, many groups and integers of every width, against plain sums in wide integers.

use std::collections::BTreeMap;
use std::sync::Arc;

use abaco_engine::{AsOf, EngineError, Plan, PlanOptions, State};
use abaco_kpi::{FormulaKpi, Fraction, Kpi, KpiSpec, Unit, case, col, count, sum};
use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, i256};
use num_bigint::BigInt;
use rstest::rstest;

use crate::tape::{batch, cents, days, ints, kpi, texts, wide};

/// More rows than a segment holds, and not a multiple of anything.
const ROWS: usize = 70_001;

const UNIT: i64 = 1_000_000_000_000_000_000;

fn spread(seed: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) as usize
}

fn plan(kpis: &[FormulaKpi], batch: &RecordBatch, groups: &[&'static str]) -> Plan {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let options = PlanOptions {
        groups: vec![groups.iter().map(|name| (*name).into()).collect()],
        ..PlanOptions::default()
    };
    Plan::new(&kpis, &batch.schema(), &options).unwrap()
}

/// The exact totals of a state by group: group values, rows, and each KPI's value as text.
fn outcomes(plan: &Plan, state: &State) -> BTreeMap<Vec<Option<String>>, (u64, Vec<String>)> {
    let outcomes = plan.outcomes(state, AsOf::Single).unwrap();
    let groups = outcomes.groups.into_iter().skip(1).map(|group| {
        let by = group.by.into_iter().map(|(_, value)| value).collect();
        let values = group.outcomes.iter().map(|outcome| outcome.exact().unwrap().to_string());
        (by, (group.rows, values.collect()))
    });
    groups.collect()
}

fn text_of(kind: &str, number: usize) -> String {
    match kind {
        "short" => format!("{number}"),
        "sixteen" => format!("{number:016}"),
        "seventeen" => format!("{number:017}"),
        _ => format!("a key of more than twenty-three bytes {number}"),
    }
}

#[rstest]
#[case::few(12, 24)]
#[case::dense(90, 90)]
#[case::by_a_table(200, 300)]
#[case::by_a_map(1_000, 2_000)]
#[case::one_and_many(1, 40_000)]
#[case::all_different(70_001, 1)]
fn groups_are_those_of_their_keys_however_many(
    #[case] texts_: usize,
    #[case] numbers: usize,
    #[values("short", "sixteen", "seventeen", "long")] kind: &str,
    #[values(false, true)] dictionary: bool,
) {
    let text = |row: usize| spread(row) % texts_;
    let number = |row: usize| (spread(row * 3 + 1) % numbers) as i64;
    let value = |row: usize| spread(row * 7) as i64 - (1 << 30);
    let names: Vec<String> = (0..texts_).map(|index| text_of(kind, index)).collect();
    let keys: ArrayRef = if dictionary {
        let codes: Int32Array = (0..ROWS).map(|row| text(row) as i32).collect();
        let names = StringArray::from(names.clone());
        Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(names)).unwrap())
    } else {
        texts((0..ROWS).map(|row| Some(names[text(row)].as_str())))
    };
    let tape = batch([
        ("segment", keys),
        ("dpd", ints((0..ROWS).map(|row| Some(number(row))))),
        ("ead", ints((0..ROWS).map(|row| Some(value(row))))),
    ]);
    let kpis = [kpi("sum", sum("ead")), kpi("late", sum("ead").filter(col("dpd").ge(1)) + count())];
    let plan = plan(&kpis, &tape, &["segment", "dpd"]);
    let mut expected: BTreeMap<Vec<Option<String>>, (u64, i64, i64)> = BTreeMap::new();
    for row in 0..ROWS {
        let by = vec![Some(names[text(row)].clone()), Some(number(row).to_string())];
        let entry = expected.entry(by).or_default();
        entry.0 += 1;
        entry.1 += value(row);
        entry.2 += if number(row) >= 1 { value(row) } else { 0 };
    }
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(by, (rows, all, late))| (by, (rows, vec![all.to_string(), (late + rows as i64).to_string()])))
        .collect();
    let whole = plan.fold_all(std::slice::from_ref(&tape)).unwrap();
    assert_eq!(outcomes(&plan, &whole), expected);
    // In other pieces, in another order.
    let mut pieces = plan.empty();
    for start in (0..ROWS).step_by(9_973).rev() {
        plan.fold(&mut pieces, &tape.slice(start, 9_973.min(ROWS - start))).unwrap();
    }
    assert_eq!(pieces.to_bytes(), whole.to_bytes());
}

/// As many groups as a code of 16 bits can tell apart, and one fewer: the last row is of a group of its own, or of the
/// first row's.
#[rstest]
fn each_row_of_a_segment_may_be_of_a_group_of_its_own(
    #[values("close", "apart", "texts", "dictionary", "by a table", "by a map")] kind: &str,
    #[values(1 << 16, (1 << 16) - 1)] groups: usize,
) {
    const ROWS: usize = 1 << 16;
    let key = |row: usize| row % groups;
    let names: Vec<String> = (0..groups).map(|key| key.to_string()).collect();
    let first: ArrayRef = match kind {
        "close" => ints((0..ROWS).map(|row| Some(key(row) as i64))),
        "apart" => ints((0..ROWS).map(|row| Some(key(row) as i64 * 1_000_003))),
        "texts" => texts((0..ROWS).map(|row| Some(names[key(row)].as_str()))),
        "dictionary" => {
            let codes: Int32Array = (0..ROWS).map(|row| key(row) as i32).collect();
            let names = StringArray::from(names.clone());
            Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(names)).unwrap())
        }
        "by a table" => ints((0..ROWS).map(|row| Some(key(row) as i64 / 256))),
        _ => ints((0..ROWS).map(|row| Some(key(row) as i64 / 2))),
    };
    let second = match kind {
        "by a table" => 256,
        // Twice as many combinations as there are.
        "by a map" => 4,
        _ => 1,
    };
    let tape = batch([
        ("segment", first),
        ("dpd", ints((0..ROWS).map(|row| Some((key(row) % second) as i64)))),
        ("ead", ints((0..ROWS).map(|row| Some(row as i64)))),
    ]);
    let plan = plan(&[kpi("sum", sum("ead"))], &tape, &["segment", "dpd"]);
    let found = outcomes(&plan, &plan.fold_all(std::slice::from_ref(&tape)).unwrap());
    let mut expected = vec![(0, 0); groups];
    for row in 0..ROWS {
        expected[key(row)].0 += 1;
        expected[key(row)].1 += row;
    }
    assert_eq!(found.len(), groups);
    for (key, (rows, total)) in expected.into_iter().enumerate() {
        let first = match kind {
            "apart" => key * 1_000_003,
            "by a table" => key / 256,
            "by a map" => key / 2,
            _ => key,
        };
        let by = vec![Some(first.to_string()), Some((key % second).to_string())];
        assert_eq!(found.get(&by), Some(&(rows, vec![total.to_string()])), "{by:?}");
    }
}

/// Numbers on both sides of a power of two and of zero, whose codes come from a table of what lies around them.
#[rstest]
#[case::around_a_power_of_two((1 << 15) - 3, 7)]
#[case::around_zero(-40, 90)]
#[case::around_a_far_power_of_two((1 << 40) - 70_000, 140_000)]
#[case::just_within_a_table(1 << 16, 1 << 16)]
#[case::at_the_least(i64::MIN, 50)]
#[case::at_the_most(i64::MAX - 49, 50)]
fn numbers_are_told_apart_wherever_they_lie(#[case] least: i64, #[case] span: u64) {
    let number = |row: usize| least + (spread(row) as u64 % span) as i64;
    let tape = batch([
        ("dpd", ints((0..ROWS).map(|row| Some(number(row))))),
        ("ead", ints((0..ROWS).map(|row| Some(row as i64)))),
    ]);
    let plan = plan(&[kpi("sum", sum("ead"))], &tape, &["dpd"]);
    let mut expected: BTreeMap<i64, (u64, usize)> = BTreeMap::new();
    for row in 0..ROWS {
        let (rows, total) = expected.entry(number(row)).or_default();
        *rows += 1;
        *total += row;
    }
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(key, (rows, total))| (vec![Some(key.to_string())], (rows, vec![total.to_string()])))
        .collect();
    assert_eq!(outcomes(&plan, &plan.fold_all(std::slice::from_ref(&tape)).unwrap()), expected);
}

/// Amounts on both sides of every width that sums are kept in, alone and mixed with small ones.
#[rstest]
#[case::narrow(vec![(1 << 45) - 1, -(1 << 45)])]
#[case::just_wide(vec![1 << 45, -(1 << 45) - 1])]
#[case::of_64_bits(vec![i64::MAX.into(), i64::MIN.into()])]
#[case::just_widest(vec![(1 << 109) - 1, 1 << 109, -(1 << 109) - 1])]
#[case::of_38_digits(vec![10_i128.pow(38) - 1, 1 - 10_i128.pow(38)])]
fn sums_are_exact_at_every_width(
    #[case] edges: Vec<i128>,
    #[values(1, 7, 2_000)] groups: usize,
    #[values(1, 5, 40_000)] every: usize,
) {
    let value = |row: usize| {
        if row.is_multiple_of(every) {
            edges[(row / every) % edges.len()]
        } else {
            spread(row) as i128 % 1_000
        }
    };
    let null = |row: usize| row % 11 == 3;
    let group = |row: usize| spread(row * 5) % groups;
    let fits = edges.iter().all(|edge| i64::try_from(*edge).is_ok());
    let cell = |row: usize| (!null(row)).then(|| value(row));
    let amounts: ArrayRef = wide((0..ROWS).map(cell), 38, 2);
    let mut columns = vec![
        ("dpd", ints((0..ROWS).map(|row| Some(group(row) as i64)))),
        ("as_of", days((0..ROWS).map(|row| Some((row % 2) as i32)))),
        ("ead", amounts),
    ];
    if fits {
        columns.push(("allowance", cents((0..ROWS).map(|row| cell(row).map(|value| value as i64)))));
    }
    let tape = batch(columns);
    // Totals of 43 digits are no decimals; their quotients are, and as exact.
    let quotient = |measure: abaco_kpi::RowMeasure| measure / UNIT;
    let mut kpis = vec![
        kpi("wide", quotient(sum("ead"))),
        kpi("some", quotient(sum("ead").filter(col("as_of").is_null().negated()))),
    ];
    if fits {
        kpis.push(kpi("narrow", quotient(sum("allowance"))));
    }
    let plan = plan(&kpis, &tape, &["dpd"]);
    let mut expected: BTreeMap<Vec<Option<String>>, (u64, BigInt)> = BTreeMap::new();
    for row in 0..ROWS {
        let entry = expected.entry(vec![Some(group(row).to_string())]).or_default();
        entry.0 += 1;
        entry.1 += cell(row).unwrap_or(0);
    }
    let found = outcomes(&plan, &plan.fold_all(std::slice::from_ref(&tape)).unwrap());
    assert_eq!(found.len(), expected.len());
    for (by, (rows, total)) in expected {
        let hundredths = Fraction::from_total(i256::from_string(&total.to_string()).unwrap(), 2);
        let text = hundredths.divided_by(&Fraction::from(i128::from(UNIT))).unwrap().unwrap().to_string();
        assert_eq!(found[&by], (rows, vec![text; kpis.len()]), "{by:?}");
    }
}

/// Five columns without NULLs, which are added together: large values in some of them, in few rows or in many, must
/// leave the others as they are.
#[rstest]
fn columns_that_are_added_together_are_exact(
    #[values("32 bits", "64 bits", "128 bits", "mixed")] width: &str,
    #[values(7, 300, 3_000)] groups: usize,
    #[values(1, 20_000)] every: usize,
) {
    const NAMES: [&str; 5] = ["ead", "allowance", "balance", "interest", "fees"];
    let edges: [&[i128]; 5] = match width {
        "32 bits" => {
            [&[i32::MAX as i128], &[1], &[i32::MIN as i128], &[i32::MAX as i128, i32::MIN as i128], &[0]]
        }
        "64 bits" => [
            &[(1 << 45) - 1, -(1 << 45)],
            &[1 << 45],
            &[-(1 << 45) - 1, 1],
            &[i64::MAX as i128, i64::MIN as i128],
            &[i64::MIN as i128],
        ],
        _ => [&[(1 << 45) - 1], &[1 << 45, -1], &[10_i128.pow(38) - 1], &[1 - 10_i128.pow(38)], &[5]],
    };
    let group = |row: usize| spread(row * 5) % groups;
    let value = |column: usize, row: usize| {
        let edges = edges[column];
        if row.is_multiple_of(every) {
            edges[row / every % edges.len()]
        } else {
            spread(row) as i128 % 1_000 - 500
        }
    };
    let array = |column: usize| -> ArrayRef {
        let values = (0..ROWS).map(|row| value(column, row));
        match (width, column) {
            ("32 bits", _) => Arc::new(values.map(|value| value as i32).collect::<Int32Array>()),
            ("64 bits", _) => ints(values.map(|value| Some(value as i64))),
            // Columns of several widths cannot go together, and must not go wrong.
            ("mixed", 0) => ints(values.map(|value| Some(value as i64))),
            _ => wide(values.map(Some), 38, 0),
        }
    };
    let keys = ("dpd", ints((0..ROWS).map(|row| Some(group(row) as i64))));
    let tape = batch((0..5).map(|column| (NAMES[column], array(column))).chain([keys]));
    let kpis: Vec<FormulaKpi> = NAMES.iter().map(|name| kpi(name, sum(*name) / UNIT)).collect();
    let plan = plan(&kpis, &tape, &["dpd"]);
    let mut expected: BTreeMap<Vec<Option<String>>, (u64, [BigInt; 5])> = BTreeMap::new();
    for row in 0..ROWS {
        let (rows, totals) = expected.entry(vec![Some(group(row).to_string())]).or_default();
        *rows += 1;
        totals.iter_mut().enumerate().for_each(|(column, total)| *total += value(column, row));
    }
    let found = outcomes(&plan, &plan.fold_all(std::slice::from_ref(&tape)).unwrap());
    assert_eq!(found.len(), expected.len());
    for (by, (rows, totals)) in expected {
        let quotient = |total: &BigInt| {
            let total = Fraction::from_total(i256::from_string(&total.to_string()).unwrap(), 0);
            total.divided_by(&Fraction::from(i128::from(UNIT))).unwrap().unwrap().to_string()
        };
        assert_eq!(found[&by], (rows, totals.iter().map(quotient).collect()), "{by:?}");
    }
}

/// By pieces first and then by columns, so that one thread reports what many would.
#[rstest]
fn the_first_failure_of_two_columns_is_the_same_on_all_threads(#[values(1, 2, 3)] threads: usize) {
    let amounts =
        |bad: usize| wide((0..ROWS).map(|row| Some(if row == bad { 10_i128.pow(20) } else { 1 })), 12, 2);
    let tape = batch([("pd", amounts(ROWS - 1)), ("lgd", amounts(5)), ("ead", amounts(ROWS))]);
    let kpis = [kpi("loss", sum(col("pd") * col("lgd") * col("ead")))];
    let plan = plan(&kpis, &tape, &[]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let error = pool.install(|| plan.fold_all(std::slice::from_ref(&tape))).unwrap_err();
    assert!(
        matches!(&error, EngineError::Precision { column, row: 5, .. } if column.name() == "lgd"),
        "{error}"
    );
    // An empty batch has no row that could be wrong.
    let empty = batch([("other", ints([]))]);
    let good = batch([("pd", amounts(ROWS)), ("lgd", amounts(ROWS)), ("ead", amounts(ROWS))]);
    let state = pool.install(|| plan.fold_all(&[empty, good])).unwrap();
    assert_eq!(state.rows(), ROWS as u64);
}

#[test]
fn the_first_row_that_fails_is_reported_whatever_the_threads() {
    let amounts = |bad: &[usize]| {
        let value = |row: usize| if bad.contains(&row) { 10_i128.pow(20) } else { 1 };
        wide((0..ROWS).map(|row| Some(value(row))), 12, 2)
    };
    // Products of three wide columns are bounded by their declared precision only, so their values are checked.
    let tape =
        batch([("pd", amounts(&[69_000, 40_000])), ("lgd", amounts(&[])), ("ead", amounts(&[50_000]))]);
    let kpis = [kpi("loss", sum(col("pd") * col("lgd") * col("ead")))];
    let plan = plan(&kpis, &tape, &[]);
    for _ in 0..20 {
        let error = plan.fold_all(std::slice::from_ref(&tape)).unwrap_err();
        assert!(error.to_string().contains("40000") || error.to_string().contains("40001"), "{error}");
    }
}

/// More cuts than a column may have buckets for: the later cases are told apart row by row, with the same sums.
#[test]
fn cases_that_cut_a_column_ever_finer_stay_exact() {
    let days_of = |row: usize| (spread(row) % 4_000) as i64;
    let value = |row: usize| spread(row * 3) as i64 % 1_000;
    let tape = batch([
        ("dpd", ints((0..ROWS).map(|row| Some(days_of(row))))),
        ("ead", ints((0..ROWS).map(|row| Some(value(row))))),
    ]);
    // Each branch asks for one day; days of different cases are far apart.
    let day = |case: usize, branch: usize| (case * 7 + branch * 200) as i64;
    let kpis: Vec<FormulaKpi> = (0..12)
        .map(|index| {
            let mut cases = case(col("dpd").eq(day(index, 0)), "ead");
            for branch in 1..16 {
                cases = cases.when(col("dpd").eq(day(index, branch)), "ead");
            }
            let spec = KpiSpec::new(format!("case_{index}"), "Case", Unit::Ratio);
            FormulaKpi::new(spec, sum(cases.otherwise(0)))
        })
        .collect();
    let plan = plan(&kpis, &tape, &["dpd"]);
    let outcomes = plan.outcomes(&plan.fold_all(&[tape]).unwrap(), AsOf::Single).unwrap();
    for (index, outcome) in outcomes.groups[0].outcomes.iter().enumerate() {
        let of_the_case = |row: &usize| (0..16).any(|branch| days_of(*row) == day(index, branch));
        let expected: i64 = (0..ROWS).filter(of_the_case).map(value).sum();
        assert!(expected > 0);
        assert_eq!(outcome.exact().unwrap().to_string(), expected.to_string(), "case {index}");
    }
}
