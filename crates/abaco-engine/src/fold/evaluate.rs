//! Evaluating the plan's nodes over one block of rows, each node at most once.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::rc::Rc;

use abaco_kpi::Comparison;
use arrow::array::Array;
use arrow::datatypes::i256;

use super::batch::{Batch, BatchColumn, Physical};
use super::calendar::{calendar_month, full_months};
use super::mask::Mask;
use super::values::{InLane, Lane, Numbers, Valid, Values, in_lane, joint};
use crate::plan::compile::{holds_for, power_of_ten};
use crate::plan::node::{ColumnId, Date, Nodes, NumberId, NumberOp, Truth, TruthId, Width};

/// A three-valued condition: rows in neither mask are unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truths {
    pub(crate) is_true: Mask,
    pub(crate) is_false: Mask,
}

/// A block of a batch and what has been evaluated over it so far.
pub(crate) struct Block<'a> {
    nodes: &'a Nodes,
    batch: &'a Batch,
    start: usize,
    len: usize,
    all: OnceCell<Mask>,
    numbers: Vec<OnceCell<Numbers<'a>>>,
    truths: Vec<OnceCell<Truths>>,
}

impl<'a> Block<'a> {
    /// A place for blocks of `batch`; [`move_to`](Self::move_to) puts the first one in.
    pub(crate) fn new(nodes: &'a Nodes, batch: &'a Batch) -> Self {
        Self {
            nodes,
            batch,
            start: 0,
            len: 0,
            all: OnceCell::new(),
            numbers: (0..nodes.numbers.len()).map(|_| OnceCell::new()).collect(),
            truths: (0..nodes.truths.len()).map(|_| OnceCell::new()).collect(),
        }
    }

    /// Goes on to the rows `start..start + len` and forgets what was evaluated over the last ones.
    pub(crate) fn move_to(&mut self, start: usize, len: usize) {
        (self.start, self.len, self.all) = (start, len, OnceCell::new());
        for cell in &mut self.numbers {
            *cell = OnceCell::new();
        }
        for cell in &mut self.truths {
            *cell = OnceCell::new();
        }
    }

    /// Whether a condition can be true of no row of the whole batch: one on NULLs, where there are none.
    pub(crate) fn is_never_true(&self, id: TruthId) -> bool {
        match self.nodes.truth(id) {
            Truth::Constant(value) => !value,
            Truth::ColumnIsNull(column) => self.batch.column(*column).nulls.is_none(),
            Truth::Or(parts) => parts.iter().all(|part| self.is_never_true(*part)),
            _ => false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The set of all rows.
    fn all(&self) -> &Mask {
        self.all.get_or_init(|| Mask::all(self.len))
    }

    pub(crate) fn valid_column(&self, id: ColumnId) -> Valid {
        let nulls = self.batch.column(id).nulls.as_ref()?;
        Some(Rc::new(Mask::from_buffer(nulls.inner(), self.start, self.len)))
    }

    pub(crate) fn number(&self, id: NumberId) -> &Numbers<'a> {
        self.numbers[id.0].get_or_init(|| self.compute_number(id))
    }

    pub(crate) fn truth(&self, id: TruthId) -> &Truths {
        self.truths[id.0].get_or_init(|| self.compute_truth(id))
    }

    fn column(&self, id: ColumnId) -> &'a BatchColumn {
        self.batch.column(id)
    }

    fn compute_number(&self, id: NumberId) -> Numbers<'a> {
        let node = self.nodes.number(id);
        let width = node.width;
        match &node.op {
            NumberOp::Column { column, .. } => {
                Numbers { values: self.column_values(*column), valid: self.valid_column(*column) }
            }
            NumberOp::Constant { units, .. } => Numbers { values: Values::Constant(*units), valid: None },
            NumberOp::Rescale { value, power } => {
                let factor = Values::Constant(power_of_ten(*power));
                let value = self.number(*value);
                Numbers {
                    values: self.binary(width, Binary::Mul, &value.values, &factor),
                    valid: value.valid.clone(),
                }
            }
            NumberOp::Negate(value) => {
                let value = self.number(*value);
                let zero = Values::Constant(i256::ZERO);
                Numbers {
                    values: self.binary(width, Binary::Sub, &zero, &value.values),
                    valid: value.valid.clone(),
                }
            }
            NumberOp::Add(a, b) => self.combine(width, Binary::Add, *a, *b),
            NumberOp::Subtract(a, b) => self.combine(width, Binary::Sub, *a, *b),
            NumberOp::Multiply(a, b) => self.combine(width, Binary::Mul, *a, *b),
            NumberOp::Least(operands) => self.extreme(width, Binary::Min, operands),
            NumberOp::Greatest(operands) => self.extreme(width, Binary::Max, operands),
            NumberOp::Case { branches, otherwise } => {
                in_lane(width, CaseOf { block: self, branches, otherwise: *otherwise })
            }
            NumberOp::DivRound { dividend, divisor, up, down, .. } => {
                let (dividend, divisor) = (self.number(*dividend), self.number(*divisor));
                in_lane(
                    width,
                    DivRoundOf { len: self.len, all: self.all(), dividend, divisor, up: *up, down: *down },
                )
            }
            NumberOp::DaysBetween(from, to) => self.dates(*from, *to, |from, to| to - from),
            NumberOp::MonthsBetween(from, to) => {
                self.dates(*from, *to, |from, to| calendar_month(to) - calendar_month(from))
            }
            NumberOp::FullMonthsBetween(from, to) => self.dates(*from, *to, full_months),
        }
    }

    fn column_values(&self, id: ColumnId) -> Values<'a> {
        let rows = self.start..self.start + self.len;
        match &self.column(id).physical {
            Physical::I32(values) => Values::I32(&values[rows]),
            Physical::I64(values) => Values::I64(Cow::Borrowed(&values[rows])),
            Physical::I128(values) => Values::I128(Cow::Borrowed(&values[rows])),
            // The compiler makes numeric nodes of numeric columns only.
            _ => Values::Constant(i256::ZERO),
        }
    }

    fn combine(&self, width: Width, operation: Binary, a: NumberId, b: NumberId) -> Numbers<'a> {
        let (a, b) = (self.number(a), self.number(b));
        Numbers {
            values: self.binary(width, operation, &a.values, &b.values),
            valid: joint(&a.valid, &b.valid),
        }
    }

    fn binary(
        &self,
        width: Width,
        operation: Binary,
        left: &Values<'_>,
        right: &Values<'_>,
    ) -> Values<'static> {
        in_lane(width, BinaryOf { len: self.len, operation, left, right })
    }

    fn extreme(&self, width: Width, operation: Binary, operands: &[NumberId]) -> Numbers<'a> {
        let Some((first, rest)) = operands.split_first() else {
            return Numbers { values: Values::Constant(i256::ZERO), valid: Some(Rc::new(Mask::NONE)) };
        };
        let mut best = self.number(*first).clone();
        for operand in rest {
            let operand = self.number(*operand);
            best.values = self.binary(width, operation, &best.values, &operand.values);
            best.valid = joint(&best.valid, &operand.valid);
        }
        best
    }

    fn dates(&self, from: Date, to: Date, difference: impl Fn(i64, i64) -> i64) -> Numbers<'a> {
        let (a, b) = (self.date_values(from), self.date_values(to));
        // In 64 bits, in which no shift of a 32-bit date can overflow.
        let (later_a, later_b) = (shift_of(from), shift_of(to));
        let pairs = a.iter().zip(b.iter());
        let values = pairs
            .map(|(from, to)| difference(i64::from(*from) + later_a, i64::from(*to) + later_b))
            .collect();
        Numbers {
            values: Values::I64(Cow::Owned(values)),
            valid: joint(&self.date_valid(from), &self.date_valid(to)),
        }
    }

    /// The dates before any shift.
    fn date_values(&self, date: Date) -> Cow<'a, [i32]> {
        match date {
            Date::Constant(days) => vec![days; self.len].into(),
            Date::Column(id) | Date::Shifted(id, _) => match &self.column(id).physical {
                Physical::Date(values) => Cow::Borrowed(&values[self.start..self.start + self.len]),
                _ => Cow::Borrowed(&[]),
            },
        }
    }

    fn date_valid(&self, date: Date) -> Valid {
        match date {
            Date::Constant(_) => None,
            Date::Column(id) | Date::Shifted(id, _) => self.valid_column(id),
        }
    }

    fn compare_dates(&self, left: Date, test: Comparison, right: Date) -> Mask {
        let (a, b) = (self.date_values(left), self.date_values(right));
        // `a + x < b + y` is `a + (x - y) < b`; without a shift the columns are compared as they are.
        match shift_of(left) - shift_of(right) {
            0 => compare(&a, &b, test),
            shift => {
                let a: Vec<i64> = a.iter().map(|day| i64::from(*day) + shift).collect();
                let b: Vec<i64> = b.iter().map(|day| i64::from(*day)).collect();
                compare(&a, &b, test)
            }
        }
    }

    fn compute_truth(&self, id: TruthId) -> Truths {
        match self.nodes.truth(id) {
            Truth::Constant(true) => Truths { is_true: *self.all(), is_false: Mask::NONE },
            Truth::Constant(false) => Truths { is_true: Mask::NONE, is_false: *self.all() },
            Truth::Column(column) => {
                let bits = match &self.column(*column).physical {
                    Physical::Boolean(array) => Mask::from_buffer(array.values(), self.start, self.len),
                    _ => Mask::NONE,
                };
                self.known(bits, &self.valid_column(*column))
            }
            Truth::CompareNumbers { left, test, right } => {
                let (a, b) = (self.number(*left), self.number(*right));
                let width = self.nodes.number(*left).width.max(self.nodes.number(*right).width);
                let bits = in_lane(
                    width,
                    CompareOf { len: self.len, test: *test, left: &a.values, right: &b.values },
                );
                self.known(bits, &joint(&a.valid, &b.valid))
            }
            Truth::CompareDates { left, test, right } => {
                let bits = self.compare_dates(*left, *test, *right);
                self.known(bits, &joint(&self.date_valid(*left), &self.date_valid(*right)))
            }
            Truth::CompareText { column, test, constant } => {
                let bits = self.compare_text(*column, |text| holds_for(*test, text.cmp(constant.as_str())));
                self.known(bits, &self.valid_column(*column))
            }
            Truth::CompareTexts { left, test, right } => {
                let mut bits = Mask::NONE;
                let valid = joint(&self.valid_column(*left), &self.valid_column(*right));
                for row in 0..self.len {
                    let (a, b) = (self.text(*left, row), self.text(*right, row));
                    bits = bits.with(row, holds_for(*test, a.cmp(b)));
                }
                self.known(bits, &valid)
            }
            Truth::NumberIsNull(number) => self.null_test(&self.number(*number).valid),
            Truth::ColumnIsNull(column) => self.null_test(&self.valid_column(*column)),
            Truth::And(parts) => {
                let start = Truths { is_true: *self.all(), is_false: Mask::NONE };
                parts.iter().fold(start, |truths, part| {
                    let part = self.truth(*part);
                    Truths {
                        is_true: truths.is_true.and(&part.is_true),
                        is_false: truths.is_false.or(&part.is_false),
                    }
                })
            }
            Truth::Or(parts) => {
                let start = Truths { is_true: Mask::NONE, is_false: *self.all() };
                parts.iter().fold(start, |truths, part| {
                    let part = self.truth(*part);
                    Truths {
                        is_true: truths.is_true.or(&part.is_true),
                        is_false: truths.is_false.and(&part.is_false),
                    }
                })
            }
            Truth::Not(inner) => {
                let inner = self.truth(*inner);
                Truths { is_true: inner.is_false, is_false: inner.is_true }
            }
        }
    }

    fn known(&self, bits: Mask, valid: &Valid) -> Truths {
        let valid = valid.as_deref().unwrap_or_else(|| self.all());
        Truths { is_true: bits.and(valid), is_false: valid.without(&bits) }
    }

    fn null_test(&self, valid: &Valid) -> Truths {
        let valid = valid.as_deref().unwrap_or_else(|| self.all());
        Truths { is_true: self.all().without(valid), is_false: *valid }
    }

    fn compare_text(&self, id: ColumnId, test: impl Fn(&str) -> bool) -> Mask {
        let rows = self.start..self.start + self.len;
        match &self.column(id).physical {
            Physical::Codes(codes, texts) => {
                // Each text of the dictionary is compared once per block, not once per row.
                let passes: Vec<bool> = (0..texts.len()).map(|code| test(texts.value(code))).collect();
                Mask::of(&codes[rows], |code| {
                    usize::try_from(code).ok().and_then(|code| passes.get(code)).is_some_and(|passes| *passes)
                })
            }
            _ => (0..self.len).fold(Mask::NONE, |mask, row| mask.with(row, test(self.text(id, row)))),
        }
    }

    fn text(&self, id: ColumnId, row: usize) -> &'a str {
        match &self.column(id).physical {
            Physical::Text(texts) => texts.value(self.start + row),
            Physical::Codes(codes, texts) => match usize::try_from(codes[self.start + row]) {
                Ok(code) if code < texts.len() => texts.value(code),
                _ => "",
            },
            _ => "",
        }
    }
}

fn shift_of(date: Date) -> i64 {
    match date {
        Date::Shifted(_, days) => i64::from(days),
        Date::Column(_) | Date::Constant(_) => 0,
    }
}

#[derive(Clone, Copy)]
enum Binary {
    Add,
    Sub,
    Mul,
    Min,
    Max,
}

struct BinaryOf<'v, 'w> {
    len: usize,
    operation: Binary,
    left: &'v Values<'w>,
    right: &'v Values<'w>,
}

impl InLane for BinaryOf<'_, '_> {
    type Output = Values<'static>;

    fn run<L: Lane>(self) -> Values<'static> {
        let (left, right) = (L::read(self.left, self.len), L::read(self.right, self.len));
        let pairs = left.iter().copied().zip(right.iter().copied());
        L::wrap(match self.operation {
            Binary::Add => pairs.map(|(a, b)| a.add(b)).collect(),
            Binary::Sub => pairs.map(|(a, b)| a.sub(b)).collect(),
            Binary::Mul => pairs.map(|(a, b)| a.mul(b)).collect(),
            Binary::Min => pairs.map(|(a, b)| a.min(b)).collect(),
            Binary::Max => pairs.map(|(a, b)| a.max(b)).collect(),
        })
    }
}

struct CompareOf<'v, 'w> {
    len: usize,
    test: Comparison,
    left: &'v Values<'w>,
    right: &'v Values<'w>,
}

impl InLane for CompareOf<'_, '_> {
    type Output = Mask;

    fn run<L: Lane>(self) -> Mask {
        compare(&L::read(self.left, self.len), &L::read(self.right, self.len), self.test)
    }
}

fn compare<T: Copy + Ord>(left: &[T], right: &[T], test: Comparison) -> Mask {
    match test {
        Comparison::Equal => Mask::of_pairs(left, right, |a, b| a == b),
        Comparison::NotEqual => Mask::of_pairs(left, right, |a, b| a != b),
        Comparison::Less => Mask::of_pairs(left, right, |a, b| a < b),
        Comparison::LessOrEqual => Mask::of_pairs(left, right, |a, b| a <= b),
        Comparison::Greater => Mask::of_pairs(left, right, |a, b| a > b),
        Comparison::GreaterOrEqual => Mask::of_pairs(left, right, |a, b| a >= b),
    }
}

struct CaseOf<'b, 'a> {
    block: &'b Block<'a>,
    branches: &'b [(TruthId, NumberId)],
    otherwise: Option<NumberId>,
}

impl<'a> InLane for CaseOf<'_, 'a> {
    type Output = Numbers<'a>;

    fn run<L: Lane>(self) -> Numbers<'a> {
        let block = self.block;
        let mut values = vec![L::ZERO; block.len];
        let mut valid = Mask::NONE;
        let mut rest = *block.all();
        let mut take = |rows: Mask, number: NumberId| {
            let source = block.number(number);
            let read = L::read(&source.values, block.len);
            let rows = source.valid.as_ref().map_or(rows, |valid| rows.and(valid));
            rows.for_each(|row| values[row] = read[row]);
            valid = valid.or(&rows);
        };
        for (when, then) in self.branches {
            let chosen = rest.and(&block.truth(*when).is_true);
            take(chosen, *then);
            rest = rest.without(&chosen);
        }
        if let Some(otherwise) = self.otherwise {
            take(rest, otherwise);
        }
        Numbers { values: L::wrap(values), valid: (valid != *block.all()).then(|| Rc::new(valid)) }
    }
}

struct DivRoundOf<'v, 'w> {
    len: usize,
    all: &'v Mask,
    dividend: &'v Numbers<'w>,
    divisor: &'v Numbers<'w>,
    up: u32,
    down: u32,
}

impl<'v, 'w> InLane for DivRoundOf<'v, 'w> {
    type Output = Numbers<'w>;

    fn run<L: Lane>(self) -> Numbers<'w> {
        // Quotients are rare in row expressions, so they are taken in the widest integers, whatever the lane.
        let (up, down) = (power_of_ten(self.up), power_of_ten(self.down));
        let dividends = i256::read(&self.dividend.values, self.len);
        let divisors = i256::read(&self.divisor.values, self.len);
        let quotients: Vec<i256> = dividends
            .iter()
            .zip(divisors.iter())
            .map(|(a, b)| divide_half_away(a.wrapping_mul(up), b.wrapping_mul(down)))
            .collect();
        let divisible = Mask::of(&divisors, |divisor| divisor != i256::ZERO).and(self.all);
        let valid = joint(&joint(&self.dividend.valid, &self.divisor.valid), &Some(Rc::new(divisible)));
        let narrow = L::read(&Values::I256(quotients), self.len).into_owned();
        Numbers { values: L::wrap(narrow), valid }
    }
}

/// The quotient rounded half away from zero; zero where the divisor is zero, which the caller masks.
fn divide_half_away(dividend: i256, divisor: i256) -> i256 {
    let (Some(quotient), Some(remainder)) = (dividend.checked_div(divisor), dividend.checked_rem(divisor))
    else {
        return i256::ZERO;
    };
    let (rest, bound) = (remainder.wrapping_abs(), divisor.wrapping_abs());
    // Half or more of the divisor remains; both are far below the limit, so doubling is safe.
    if rest.wrapping_add(rest).cmp(&bound) == Ordering::Less {
        return quotient;
    }
    let away = if dividend.is_negative() == divisor.is_negative() { i256::ONE } else { i256::MINUS_ONE };
    quotient.wrapping_add(away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_half_away_from_zero() {
        let divide = |a: i64, b: i64| divide_half_away(a.into(), b.into());
        for (a, b, expected) in
            [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (7, 3, 2), (8, 3, 3), (1, 0, 0)]
        {
            assert_eq!(divide(a, b), i256::from(expected), "{a} / {b}");
        }
    }
}
