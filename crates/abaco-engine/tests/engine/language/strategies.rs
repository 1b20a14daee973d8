//! Trees of every shape that the language can print.

use abaco_kpi::{
    Aggregate, Branch, Column, Comparison, Formula, KeyTerm, KeyedMeasure, Literal, MAX_ADD_DAYS, Measure,
    NamedSum, Predicate, Reduction, RoundingMode, RowExpr, RowMeasure, RowOperator,
};
use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Names that print bare, words of SQL that print bare or quoted, and names that only quotes can hold.
const NAMES: &[&str] = &[
    "dpd",
    "outstanding_balance",
    "_x",
    "a1",
    "select",
    "date",
    "sum",
    "end",
    "position",
    "lambda",
    "interval",
    "user",
    "ilike",
    "cast",
    "least",
    "drop",
    "Mixed Case",
    "DPD",
    "a\"b",
    "1st",
    "größe",
    "--",
    "a.b",
    "'",
];

fn column_names() -> BoxedStrategy<String> {
    prop_oneof![4 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => "\\PC{1,8}"].boxed()
}

pub(super) fn literals() -> BoxedStrategy<Literal> {
    let number = (any::<i128>(), 0..=96_u32, 0..=28_u32).prop_map(|(mantissa, shift, scale)| {
        Literal::from(Decimal::from_i128_with_scale((mantissa >> 32) >> shift, scale))
    });
    let date = (0..=9999_i32, 1..=366_u32).prop_filter_map("a day of the year", |(year, day)| {
        NaiveDate::from_yo_opt(year, day).map(Literal::from)
    });
    let text = prop_oneof![
        prop::sample::select(&["", "sme", "it's", "''", "a\nb", "\\'", "\"", "--", "/*", "\r\n", "\0"][..])
            .prop_map(str::to_owned),
        any::<String>(),
    ]
    .prop_map(|text| Literal::Text(text.into()));
    prop_oneof![3 => (-99..99_i64).prop_map(Literal::from), 2 => number, 1 => date, 1 => text, 1 => any::<bool>().prop_map(Literal::from)].boxed()
}

fn comparisons() -> BoxedStrategy<Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    prop::sample::select(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual][..]).boxed()
}

pub(super) fn operators() -> BoxedStrategy<RowOperator> {
    prop::sample::select(&[RowOperator::Add, RowOperator::Subtract, RowOperator::Multiply][..]).boxed()
}

/// Predicates over operands of one kind. Conjunctions have two parts or more: one of one prints as its part.
pub(super) fn predicates(
    operands: BoxedStrategy<RowExpr>,
    constants: BoxedStrategy<Literal>,
) -> BoxedStrategy<Predicate> {
    let operand = || operands.clone();
    let leaf = prop_oneof![
        (operand(), comparisons(), operand()).prop_map(|(left, comparison, right)| Predicate::Compare {
            left,
            comparison,
            right
        }),
        (operand(), operand(), operand()).prop_map(|(value, low, high)| Predicate::Between {
            value,
            low,
            high
        }),
        (operand(), vec(constants, 1..4)).prop_map(|(value, list)| Predicate::In { value, list }),
        operand().prop_map(Predicate::IsNull),
        operand().prop_map(Predicate::IsTrue),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Predicate::And),
            vec(inner.clone(), 2..4).prop_map(Predicate::Or),
            inner.prop_map(Predicate::negated),
        ]
    })
    .boxed()
}

pub(super) fn expressions() -> BoxedStrategy<RowExpr> {
    let leaf = prop_oneof![
        column_names().prop_map(|name| RowExpr::Column(Column::new(name))),
        literals().prop_map(RowExpr::Literal),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let branch = (predicates(inner.clone().boxed(), literals().boxed()), inner.clone())
            .prop_map(|(when, then)| Branch { when, then });
        prop_oneof![
            2 => boxed().prop_map(RowExpr::Negate),
            4 => (operators(), boxed(), boxed())
                .prop_map(|(operator, left, right)| RowExpr::Arithmetic { operator, left, right }),
            2 => (vec(branch, 1..3), prop::option::of(boxed()))
                .prop_map(|(branches, otherwise)| RowExpr::Case { branches, otherwise }),
            1 => vec(inner.clone(), 1..4).prop_map(RowExpr::Least),
            1 => vec(inner.clone(), 1..4).prop_map(RowExpr::Greatest),
            1 => (boxed(), boxed(), 0..=18_u8)
                .prop_map(|(dividend, divisor, scale)| RowExpr::DivRound { dividend, divisor, scale }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::DaysBetween { from, to }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::MonthsBetween { from, to }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::FullMonthsBetween { from, to }),
            1 => (boxed(), -MAX_ADD_DAYS..=MAX_ADD_DAYS).prop_map(|(date, days)| RowExpr::AddDays { date, days }),
        ]
    })
    .boxed()
}

fn filters() -> BoxedStrategy<Option<Predicate>> {
    prop::option::of(predicates(small().boxed(), literals().boxed())).boxed()
}

/// Row expressions that leave room for the formula around them.
fn small() -> BoxedStrategy<RowExpr> {
    let column = || column_names().prop_map(|name| RowExpr::Column(Column::new(name)));
    prop_oneof![
        4 => column(),
        1 => literals().prop_map(RowExpr::Literal),
        2 => (operators(), column(), column()).prop_map(|(operator, left, right)| RowExpr::Arithmetic {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        }),
        1 => expressions(),
    ]
    .boxed()
}

fn row_measures() -> BoxedStrategy<RowMeasure> {
    let aggregate = prop_oneof![
        1 => Just(Aggregate::CountRows),
        1 => small().prop_map(Aggregate::Count),
        3 => small().prop_map(Aggregate::Sum),
        1 => small().prop_map(Aggregate::Min),
        1 => small().prop_map(Aggregate::Max),
        1 => column_names().prop_map(|name| Aggregate::CountDistinct(Column::new(name))),
    ];
    (aggregate, filters()).prop_map(|(aggregate, filter)| RowMeasure { aggregate, filter }).boxed()
}

fn row_formulas() -> BoxedStrategy<Formula> {
    arithmetic(row_measures().prop_map(|rows| Formula::Term(Measure::Rows(rows))).boxed(), true, 2).boxed()
}

/// Totals per key whose reduction names only them.
fn keyed_measures() -> BoxedStrategy<KeyedMeasure> {
    let names = prop::collection::btree_set(column_names(), 1..4);
    let totals = names.prop_flat_map(|names| {
        let names: Vec<String> = names.into_iter().collect();
        let sums: Vec<_> = names.iter().map(|_| (small(), filters())).collect();
        let sum = prop::sample::select(names.clone()).prop_map(|name| KeyTerm::Sum(name.into()));
        let total = row_formulas().prop_map(|formula| KeyTerm::Total(Box::new(formula)));
        let leaf = prop_oneof![3 => sum, 1 => total].prop_map(Formula::Term);
        (Just(names), sums, arithmetic(leaf.boxed(), false, 3))
    });
    (column_names(), totals, prop::option::of(any::<u32>()))
        .prop_map(|(key, (names, sums, formula), top)| {
            let sums = names.into_iter().zip(sums);
            let formula = Box::new(formula);
            KeyedMeasure {
                key: Column::new(key),
                sums: sums
                    .map(|(name, (value, filter))| NamedSum { name: name.into(), value, filter })
                    .collect(),
                reduction: match top {
                    Some(largest) => Reduction::Top(largest.max(1), formula),
                    None => Reduction::Sum(formula),
                },
            }
        })
        .boxed()
}

/// Formulas of every shape that can be computed.
pub(super) fn formulas() -> BoxedStrategy<Formula> {
    let leaf = prop_oneof![
        3 => row_measures().prop_map(Measure::Rows),
        1 => keyed_measures().prop_map(Measure::Keys),
    ];
    arithmetic(leaf.prop_map(Formula::Term).boxed(), true, 4).boxed()
}

fn arithmetic<M: std::fmt::Debug + Clone + 'static>(
    leaf: BoxedStrategy<Formula<M>>,
    lag: bool,
    depth: u32,
) -> BoxedStrategy<Formula<M>> {
    let constant = prop_oneof![
        (-99..99_i64).prop_map(Formula::from),
        (any::<i64>(), 0..=28_u32).prop_map(|(mantissa, scale)| Formula::from(
            Decimal::from_i128_with_scale(mantissa.into(), scale)
        )),
    ];
    let leaf = prop_oneof![4 => leaf, 1 => constant];
    leaf.prop_recursive(depth, 12, 3, move |inner| {
        let pair = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        let several = vec(inner.clone(), 1..4);
        let modes = prop::sample::select(&[RoundingMode::HalfAway, RoundingMode::HalfEven][..]);
        prop_oneof![
            2 => pair.clone().prop_map(|(x, y)| Formula::Add(x, y)),
            2 => pair.clone().prop_map(|(x, y)| Formula::Subtract(x, y)),
            2 => pair.clone().prop_map(|(x, y)| Formula::Multiply(x, y)),
            2 => pair.prop_map(|(x, y)| Formula::Divide(x, y)),
            1 => several.clone().prop_map(Formula::Least),
            1 => several.clone().prop_map(Formula::Greatest),
            1 => several.prop_map(Formula::Coalesce),
            1 => (inner.clone(), 0..=28_u32, modes)
                .prop_map(|(x, scale, mode)| Formula::Round { value: Box::new(x), scale, mode }),
            1 => (inner.clone(), 1..=480_u32).prop_map(|(x, exponent)| x.power(exponent)),
            u32::from(lag) => (inner, 1..=u32::MAX).prop_map(|(x, snapshots)| x.lag(snapshots)),
        ]
    })
    .boxed()
}
