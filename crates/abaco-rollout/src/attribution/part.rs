//! A part of a KPI on both sides, and the groups that its difference comes from.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use abaco_engine::{AdditiveMeasure, GroupTotals};
use abaco_kpi::{Column, Measure};
use arrow::datatypes::i256;
use num_bigint::BigInt;
use num_traits::{One, Zero};
use serde::Serialize;

use super::number::{Rational, exact, power, size};
use super::ranking::Ranking;
use super::shape::Linear;

/// What a part is to its KPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// What stands above the line.
    Numerator,
    /// What stands below the line.
    Denominator,
    /// The whole, of a KPI that is a sum.
    Sum,
    /// One of the measures.
    Component,
}

/// The groups of one side only, those that differ, or those that are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many they are.
    pub groups: u64,
    /// What they add to the difference.
    pub delta: String,
}

/// Where a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// It has rows on the left alone.
    OnlyLeft,
    /// It has rows on the right alone.
    OnlyRight,
    /// It has rows on both sides.
    Both,
}

/// What one group adds to a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupDifference {
    /// The group's columns and values; pseudonyms stay pseudonyms.
    pub by: BTreeMap<String, Option<String>>,
    /// Where it is.
    pub found: Whereabouts,
    /// Its amount on the left; null where it has no rows.
    pub left: Option<String>,
    /// Its amount on the right; null where it has no rows.
    pub right: Option<String>,
    /// Right less left.
    pub delta: String,
    /// How much of it the other formula makes over the rows of the left; null where the formula is the same.
    pub by_formula: Option<String>,
}

/// A difference by the groups of some columns. `only_left`, `only_right` and `changed` sum exactly to it, and so do `top` and
/// `others`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupingDifference {
    /// The columns.
    pub by: Vec<String>,
    /// Groups without rows on the right.
    pub only_left: Counted,
    /// Groups without rows on the left.
    pub only_right: Counted,
    /// Groups on both sides whose amounts differ.
    pub changed: Counted,
    /// Groups on both sides whose amounts are equal.
    pub unchanged: u64,
    /// The largest without regard to their sign, largest first; equal ones by their key.
    pub top: Vec<GroupDifference>,
    /// All others that add anything.
    pub others: Counted,
}

/// A part of a KPI with its weights over the measures of each side, in units of `1 / denominator`.
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) left: Linear,
    pub(super) right: Linear,
    denominator: BigInt,
    /// Decimal places that are always shown.
    pub(super) places: u32,
    of_left: Weights,
    /// The right formula over the rows of the left, where the formulas differ.
    of_middle: Option<Weights>,
    of_right: Weights,
}

type Weights = Vec<(AdditiveMeasure, BigInt)>;

/// Finds a measure on a side, or says why it is not there.
pub(super) type Find<'f> = &'f dyn Fn(&Measure) -> Result<AdditiveMeasure, String>;

/// The totals of a part.
pub(super) struct Totals {
    pub(super) left: BigInt,
    pub(super) middle: Option<BigInt>,
    pub(super) right: BigInt,
}

impl Part {
    /// Prepares a part; an error says why it cannot be attributed.
    pub(super) fn new(
        kind: PartKind,
        left: &Linear,
        right: &Linear,
        on_left: Find<'_>,
        on_right: Find<'_>,
    ) -> Result<Self, String> {
        let is_same = left.terms == right.terms;
        let of_left = bound(left, on_left)?;
        let of_right = bound(right, on_right)?;
        let of_middle = if is_same { None } else { bound(right, on_left).ok() };
        let all = || of_left.iter().chain(&of_right).chain(of_middle.iter().flatten());
        let denominator = all().fold(BigInt::one(), |all, (_, weight)| least_common(all, weight.denom()));
        let places = all().map(|(measure, _)| measure.scale()).max().unwrap_or(0).min(2);
        let whole = |weights: &[(AdditiveMeasure, Rational)]| {
            let scaled = weights.iter().map(|(measure, weight)| {
                (*measure, (weight * Rational::from(denominator.clone())).to_integer())
            });
            scaled.collect::<Weights>()
        };
        Ok(Self {
            kind,
            left: left.clone(),
            right: right.clone(),
            places,
            of_left: whole(&of_left),
            of_middle: of_middle.as_deref().map(whole),
            of_right: whole(&of_right),
            denominator: denominator.clone(),
        })
    }

    /// The same, of two tables that have nothing to do with each other's formulas.
    pub(super) fn without_middle(self) -> Self {
        Self { of_middle: None, ..self }
    }

    /// Whether both sides have the same formula.
    pub(super) fn is_same(&self) -> bool {
        self.left.terms == self.right.terms
    }

    /// The totals over all rows; an error names the side where there is none.
    pub(super) fn totals(&self, left: &GroupTotals<'_>, right: &GroupTotals<'_>) -> Result<Totals, String> {
        let undefined = |side: &str| format!("undefined on the {side}: no row has a value");
        Ok(Totals {
            left: whole(left, &self.of_left).ok_or_else(|| undefined("left"))?,
            middle: self.of_middle.as_ref().and_then(|weights| whole(left, weights)),
            right: whole(right, &self.of_right).ok_or_else(|| undefined("right"))?,
        })
    }

    pub(super) fn ratio(&self, units: &BigInt) -> Rational {
        Rational::new(units.clone(), self.denominator.clone())
    }

    pub(super) fn shown(&self, units: &BigInt) -> String {
        exact(&self.ratio(units), self.places)
    }

    /// Units that are no more than a size.
    pub(super) fn units_within(&self, size: &Rational) -> BigInt {
        (size * Rational::from(self.denominator.clone())).floor().to_integer()
    }

    /// The difference by the groups of some columns, and its sum; groups that differ by no more than `passed_over` are not
    /// listed.
    pub(super) fn by_group(
        &self,
        by: &[Column],
        (left, right): (&GroupTotals<'_>, &GroupTotals<'_>),
        top: usize,
        passed_over: &BigInt,
    ) -> (GroupingDifference, BigInt) {
        let (mut at_left, mut at_right) = (0, 0);
        let mut sums = [(0_u64, BigInt::zero()), (0, BigInt::zero()), (0, BigInt::zero())];
        let mut unchanged = 0;
        let mut ranking = Ranking::new(top);
        while at_left < left.len() || at_right < right.len() {
            let order = match (at_left < left.len(), at_right < right.len()) {
                (true, true) => left.compare(at_left, right, at_right),
                (true, false) => Ordering::Less,
                _ => Ordering::Greater,
            };
            let here = (order != Ordering::Greater).then_some(at_left);
            let there = (order != Ordering::Less).then_some(at_right);
            let was = here.map(|place| amount(left, &self.of_left, place)).unwrap_or_default();
            let is = there.map(|place| amount(right, &self.of_right, place)).unwrap_or_default();
            let delta = is - was;
            let kind = match order {
                Ordering::Less => 0,
                Ordering::Greater => 1,
                Ordering::Equal => 2,
            };
            if kind == 2 && delta.is_zero() {
                unchanged += 1;
            } else {
                sums[kind].0 += 1;
                sums[kind].1 += &delta;
            }
            let size = size(&delta);
            if size > *passed_over {
                ranking.add(size, (here, there, delta));
            }
            at_left += usize::from(here.is_some());
            at_right += usize::from(there.is_some());
        }
        let [only_left, only_right, changed] = &sums;
        let total = &only_left.1 + &only_right.1 + &changed.1;
        let counted = |(groups, delta): &(u64, BigInt)| Counted { groups: *groups, delta: self.shown(delta) };
        let others_groups = ranking.others();
        let listed = ranking.into_listed();
        let rest = listed.iter().fold(total.clone(), |rest, (_, _, delta)| rest - delta);
        let difference = GroupingDifference {
            by: by.iter().map(|column| column.name().to_owned()).collect(),
            only_left: counted(only_left),
            only_right: counted(only_right),
            changed: counted(changed),
            unchanged,
            top: listed.into_iter().map(|found| self.group(by, (left, right), found)).collect(),
            others: counted(&(others_groups, rest)),
        };
        (difference, total)
    }

    fn group(
        &self,
        by: &[Column],
        (left, right): (&GroupTotals<'_>, &GroupTotals<'_>),
        (here, there, delta): (Option<usize>, Option<usize>, BigInt),
    ) -> GroupDifference {
        let key = match (here, there) {
            (Some(place), _) => left.key(place),
            (None, Some(place)) => right.key(place),
            (None, None) => Vec::new(),
        };
        let found = match (here, there) {
            (Some(_), Some(_)) => Whereabouts::Both,
            (Some(_), None) => Whereabouts::OnlyLeft,
            (None, _) => Whereabouts::OnlyRight,
        };
        let was = here.map(|place| amount(left, &self.of_left, place));
        let is = there.map(|place| amount(right, &self.of_right, place));
        let by_formula = self.of_middle.as_ref().map(|weights| {
            let middle = here.map(|place| amount(left, weights, place)).unwrap_or_default();
            self.shown(&(middle - was.clone().unwrap_or_default()))
        });
        GroupDifference {
            by: by.iter().map(|column| column.name().to_owned()).zip(key).collect(),
            found,
            left: was.map(|was| self.shown(&was)),
            right: is.map(|is| self.shown(&is)),
            delta: self.shown(&delta),
            by_formula,
        }
    }
}

/// The measures of a sum on one side, each with its weight per unit.
fn bound(linear: &Linear, find: Find<'_>) -> Result<Vec<(AdditiveMeasure, Rational)>, String> {
    let bound = linear.terms.iter().map(|(measure, weight)| {
        let found = find(measure)?;
        Ok((found, weight / Rational::from(power(found.scale()))))
    });
    bound.collect()
}

fn amount(totals: &GroupTotals<'_>, weights: &Weights, place: usize) -> BigInt {
    weights.iter().map(|(measure, weight)| big(totals.units(*measure, place)) * weight).sum()
}

fn whole(totals: &GroupTotals<'_>, weights: &Weights) -> Option<BigInt> {
    weights.iter().map(|(measure, weight)| Some(big(totals.whole(*measure)?) * weight)).sum()
}

/// The least number that both divide.
fn least_common(a: BigInt, b: &BigInt) -> BigInt {
    let reduced = Rational::new(a.clone(), b.clone());
    a * reduced.denom()
}

pub(super) fn big(units: i256) -> BigInt {
    BigInt::from_signed_bytes_le(&units.to_le_bytes())
}
