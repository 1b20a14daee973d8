//! Buckets: where conditions on one column cut its values.
//!
//! Conditions such as `dpd >= 7`, `dpd >= 30` and `dpd BETWEEN 30 AND 59` are the same for all values between two
//! neighbouring cuts. So one pass finds the bucket of each row, and each condition is a set of buckets.

use std::collections::BTreeSet;

use abaco_kpi::Comparison;
use arrow::datatypes::i256;

use super::compile::{holds_for, mirrored, power_of_ten};
use super::node::{ColumnId, Date, Nodes, NumberId, NumberOp, Truth, TruthId};

/// Index of a column's buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BucketsId(pub(crate) usize);

/// Cuts that lie this close together find the bucket of a value in a table.
const TABLE_LIMIT: i128 = 1 << 15;

/// The buckets of a column of numbers or dates: below the first cut, from each cut up to the next, and NULL.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    pub(crate) column: ColumnId,
    /// Ascending; in the column's own units.
    pub(crate) cuts: Vec<i128>,
    pub(crate) table: Option<BucketTable>,
}

/// The bucket of each value from just below the first cut to the last cut; values beyond either end are at that end.
#[derive(Clone, Debug)]
pub(crate) struct BucketTable {
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) buckets: Vec<u16>,
}

impl Buckets {
    pub(crate) fn new(column: ColumnId, cuts: Vec<i128>) -> Self {
        let mut buckets = Self { column, cuts, table: None };
        buckets.table = buckets.tabled();
        buckets
    }

    fn tabled(&self) -> Option<BucketTable> {
        let (first, last) = (self.cuts.first()?, self.cuts.last()?);
        if last.checked_sub(*first)? > TABLE_LIMIT {
            return None;
        }
        let (low, high) = (i64::try_from(first - 1).ok()?, i64::try_from(*last).ok()?);
        let buckets = (low..=high).map(|value| u16::try_from(self.of(value.into())).ok());
        Some(BucketTable { low, high, buckets: buckets.collect::<Option<_>>()? })
    }

    pub(crate) fn len(&self) -> usize {
        self.cuts.len() + 2
    }

    /// The bucket of NULL.
    pub(crate) fn null(&self) -> usize {
        self.cuts.len() + 1
    }

    pub(crate) fn of(&self, value: i128) -> usize {
        self.cuts.partition_point(|cut| *cut <= value)
    }

    /// A value of the bucket; `None` is NULL.
    fn representative(&self, bucket: usize) -> Option<i128> {
        match bucket.checked_sub(1) {
            _ if bucket == self.null() => None,
            Some(below) => self.cuts.get(below).copied(),
            // Cuts are above the smallest integer.
            None => Some(self.cuts.first().map_or(0, |cut| *cut - 1)),
        }
    }

    /// Whether a condition on this column is true throughout a bucket.
    pub(crate) fn is_true(&self, nodes: &Nodes, truth: TruthId, bucket: usize) -> bool {
        holds(nodes, truth, self.representative(bucket)) == Some(true)
    }
}

/// A comparison of a column with a constant: `column * 10^power` against `constant`.
struct Cut {
    column: ColumnId,
    power: u32,
    test: Comparison,
    constant: i256,
}

fn cut(nodes: &Nodes, truth: &Truth) -> Option<Cut> {
    match truth {
        Truth::CompareNumbers { left, test, right } => number_cut(nodes, *left, *test, *right)
            .or_else(|| number_cut(nodes, *right, mirrored(*test), *left)),
        Truth::CompareDates { left: Date::Column(column), test, right: Date::Constant(days) } => {
            Some(Cut { column: *column, power: 0, test: *test, constant: (*days).into() })
        }
        Truth::CompareDates { left: Date::Constant(days), test, right: Date::Column(column) } => {
            Some(Cut { column: *column, power: 0, test: mirrored(*test), constant: (*days).into() })
        }
        _ => None,
    }
}

fn number_cut(nodes: &Nodes, left: NumberId, test: Comparison, right: NumberId) -> Option<Cut> {
    let NumberOp::Constant { units: constant, .. } = nodes.number(right).op else { return None };
    let (column, power) = match nodes.number(left).op {
        NumberOp::Column { column, .. } => (column, 0),
        NumberOp::Rescale { value, power } => match nodes.number(value).op {
            NumberOp::Column { column, .. } => (column, power),
            _ => return None,
        },
        _ => return None,
    };
    Some(Cut { column, power, test, constant })
}

/// The one column on whose value alone a condition depends, by comparisons with constants.
pub(crate) fn column_of(nodes: &Nodes, truth: TruthId) -> Option<ColumnId> {
    let mut found = None;
    let mut alone = true;
    visit(nodes, truth, &mut |leaf| {
        let column = match leaf {
            Truth::ColumnIsNull(column) => Some(*column),
            Truth::Constant(_) => return,
            leaf => cut(nodes, leaf).map(|cut| cut.column),
        };
        alone &= column.is_some() && (found.is_none() || found == column);
        found = column;
    });
    found.filter(|_| alone)
}

/// Adds the cuts of a condition on one column; false if one of them is beyond 128 bits.
pub(crate) fn add_cuts(nodes: &Nodes, truth: TruthId, cuts: &mut BTreeSet<i128>) -> bool {
    let mut within = true;
    visit(nodes, truth, &mut |leaf| {
        let Some(Cut { power, test, constant, .. }) = cut(nodes, leaf) else { return };
        let factor = power_of_ten(power);
        let (quotient, rest) = (constant.wrapping_div(factor), constant.wrapping_rem(factor));
        let floor = if rest.is_negative() { quotient.wrapping_sub(i256::ONE) } else { quotient };
        // The first value from which `>=` holds, and the first from which `>` does.
        let from = if rest == i256::ZERO { floor } else { floor.wrapping_add(i256::ONE) };
        let above = floor.wrapping_add(i256::ONE);
        let wanted: &[i256] = match test {
            Comparison::GreaterOrEqual | Comparison::Less => &[from],
            Comparison::Greater | Comparison::LessOrEqual => &[above],
            Comparison::Equal | Comparison::NotEqual => &[from, above],
        };
        for value in wanted {
            match value.to_i128().filter(|value| *value > i128::MIN) {
                Some(value) => {
                    cuts.insert(value);
                }
                None => within = false,
            }
        }
    });
    within
}

fn visit<'n>(nodes: &'n Nodes, truth: TruthId, leaf: &mut dyn FnMut(&'n Truth)) {
    match nodes.truth(truth) {
        Truth::And(parts) | Truth::Or(parts) => parts.iter().for_each(|part| visit(nodes, *part, leaf)),
        Truth::Not(inner) => visit(nodes, *inner, leaf),
        truth => leaf(truth),
    }
}

/// A condition on one column at one of its values, in SQL's three-valued logic.
fn holds(nodes: &Nodes, truth: TruthId, value: Option<i128>) -> Option<bool> {
    match nodes.truth(truth) {
        Truth::Constant(value) => Some(*value),
        Truth::ColumnIsNull(_) => Some(value.is_none()),
        Truth::Not(inner) => holds(nodes, *inner, value).map(|holds| !holds),
        Truth::And(parts) => connect(parts.iter().map(|part| holds(nodes, *part, value)), false),
        Truth::Or(parts) => connect(parts.iter().map(|part| holds(nodes, *part, value)), true),
        leaf => {
            let Cut { power, test, constant, .. } = cut(nodes, leaf)?;
            let value = i256::from_i128(value?).wrapping_mul(power_of_ten(power));
            Some(holds_for(test, value.cmp(&constant)))
        }
    }
}

/// `AND` (decided by false) or `OR` (decided by true).
fn connect(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part {
            Some(part) if part == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}
