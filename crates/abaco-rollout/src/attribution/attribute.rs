//! From two tapes and a list of KPIs to what their differences come from.

use std::collections::BTreeMap;

use abaco_engine::{AdditiveMeasure, ContributionError, GroupTotals};
use abaco_kpi::{Column, Formula, Measure};
use num_bigint::BigInt;
use serde::Serialize;

use super::number::{Amount, Rational, of_units};
use super::part::{GroupingDifference, Part, PartKind, Totals, big};
use super::shape::{Linear, Shape, measures, refusal};
use super::side::{Folded, Side};
use crate::RolloutError;

/// Places of an amount beyond those of its KPI: an effect on a percent is small.
const MORE_PLACES: u32 = 4;
/// How many totals of groups a side may keep at a time; a tape of many loans is read more often instead.
const MAX_CELLS: usize = 4 << 20;
/// Before it is known how many groups there are.
const FIRST_MEASURES: usize = 4;
const MAX_MEASURES: usize = 256;

/// A KPI that is attributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its id.
    pub kpi: String,
    /// The decimal places at which it is printed.
    pub places: u32,
    /// Its formula on the left.
    pub left: Formula,
    /// Its formula on the right.
    pub right: Formula,
}

/// Into what differences are taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The groupings, each by some columns: the loan's key first, then segments.
    pub groupings: Vec<Vec<Column>>,
    /// How many groups of each are listed.
    pub top: usize,
}

/// What the difference of one KPI comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// The KPI.
    pub kpi: String,
    /// The difference of the value as a sum; null with a reason in `not_attributed` where it cannot be told.
    pub effects: Option<Effects>,
    /// The sums behind it.
    pub parts: Vec<PartDifference>,
    /// What could not be attributed, and why.
    pub not_attributed: Vec<NotAttributed>,
    /// The totals of each formula's own measures on its side, to be held against what was published.
    #[serde(skip)]
    pub(super) totals: [BTreeMap<String, Option<Rational>>; 2],
}

/// The difference of a value as a sum of effects, one after another: first the other formula over the rows of the left, then
/// the rows of the right above the line, then those below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// The right formula over the rows of the left, less the value on the left; null where the formula is the same.
    pub formula: Option<Amount>,
    /// `factor * (numerator right - numerator left) / denominator left`, by the right formula.
    pub numerator: Amount,
    /// `factor * numerator right * (1 / denominator right - 1 / denominator left)`, by the right formula; null for a KPI
    /// without a denominator.
    pub denominator: Option<Amount>,
    /// The value on the right less the value on the left: exactly their sum.
    pub total: Amount,
}

/// A sum on both sides, with its difference by groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartDifference {
    /// What it is to the KPI.
    pub part: PartKind,
    /// Its formula on the left.
    pub formula_left: String,
    /// Its formula on the right.
    pub formula_right: String,
    /// Its exact total on the left.
    pub left: String,
    /// Its exact total on the right.
    pub right: String,
    /// Right less left.
    pub delta: String,
    /// What the other formula makes over the rows of the left; null where the formula is the same or cannot be computed there.
    pub by_formula: Option<String>,
    /// What the other rows make, by the right formula; null like `by_formula`.
    pub by_rows: Option<String>,
    /// The difference by each grouping.
    pub groupings: Vec<GroupingDifference>,
}

/// Something that could not be attributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotAttributed {
    /// The KPI.
    pub kpi: String,
    /// The measure or the formula.
    pub part: String,
    /// Why.
    pub reason: String,
}

/// Takes the differences of KPIs between two tapes apart. Each side is restricted to its own snapshot.
///
/// The groups' differences sum exactly to the difference of each part, which is checked.
///
/// # Errors
/// [`RolloutError::Pipeline`] for rows that cannot be read or folded, and [`RolloutError::Figures`] for groups that cannot
/// be joined because their keys are of other types.
pub fn attribute(
    left: &Side<'_>,
    right: &Side<'_>,
    kpis: &[Compared],
    options: &Options,
) -> Result<Vec<Attribution>, RolloutError> {
    let mut room = FIRST_MEASURES;
    let mut found = Vec::new();
    let mut rest = kpis;
    while !rest.is_empty() {
        let (count, planned) = fit(rest, room);
        let (now, later) = rest.split_at(count);
        let folded = [left.fold(&planned, &options.groupings)?, right.fold(&planned, &options.groupings)?];
        let both = Both::new([left, right], &folded, options)?;
        let groups = both.groups();
        room = (MAX_CELLS / groups.max(1)).clamp(FIRST_MEASURES, MAX_MEASURES);
        for kpi in now {
            found.push(both.attribution(kpi, &planned)?);
        }
        rest = later;
    }
    Ok(found)
}

/// How many KPIs, at least one, have no more than `room` measures, and those measures.
pub(super) fn fit(kpis: &[Compared], room: usize) -> (usize, Vec<Measure>) {
    let mut planned: Vec<Measure> = Vec::new();
    for (count, kpi) in kpis.iter().enumerate() {
        let mut with = planned.clone();
        for (measure, _) in measures(&kpi.left).into_iter().chain(measures(&kpi.right)) {
            if refusal(&measure).is_none() && !with.contains(&measure) {
                with.push(measure);
            }
        }
        if count > 0 && with.len() > room {
            return (count, planned);
        }
        planned = with;
    }
    (kpis.len(), planned)
}

/// Both sides, folded over the same measures.
pub(super) struct Both<'b> {
    names: [&'b Side<'b>; 2],
    wholes: [GroupTotals<'b>; 2],
    groupings: Vec<(&'b [Column], [GroupTotals<'b>; 2])>,
    top: usize,
}

impl PartDifference {
    /// Whether the total or any group differs.
    pub(super) fn differs(&self) -> bool {
        let groups = |grouping: &GroupingDifference| {
            grouping.only_left.groups + grouping.only_right.groups + grouping.changed.groups
        };
        self.left != self.right || self.groupings.iter().any(|grouping| groups(grouping) > 0)
    }
}

impl<'b> Both<'b> {
    pub(super) fn new(
        sides: [&'b Side<'b>; 2],
        folded: &'b [Folded; 2],
        options: &'b Options,
    ) -> Result<Self, RolloutError> {
        let totals = |side: usize, by: &[Column]| {
            let Folded { plan, state } = &folded[side];
            GroupTotals::new(plan, state, by, sides[side].as_of).map_err(|error| refused(sides[side], &error))
        };
        let mut groupings = Vec::new();
        for by in &options.groupings {
            let both = [totals(0, by)?, totals(1, by)?];
            let [a, b] = both.each_ref().map(GroupTotals::key_types);
            if a != b {
                let names: Vec<&str> = by.iter().map(Column::name).collect();
                let message = format!(
                    "groups by `{}` cannot be joined: expected {} as on the left, found {}",
                    names.join(", "),
                    a.join(", "),
                    b.join(", ")
                );
                return Err(RolloutError::figures(&sides[1].name, message));
            }
            groupings.push((by.as_slice(), both));
        }
        Ok(Self { names: sides, wholes: [totals(0, &[])?, totals(1, &[])?], groupings, top: options.top })
    }

    fn groups(&self) -> usize {
        self.groupings.iter().map(|(_, [a, b])| a.len().max(b.len())).sum()
    }

    fn attribution(&self, kpi: &Compared, planned: &[Measure]) -> Result<Attribution, RolloutError> {
        let is_same = kpi.left == kpi.right;
        let of_left = |measure: &Measure| self.find(0, measure, planned);
        let of_right = |measure: &Measure| self.find(1, measure, planned);
        let mut not_attributed = Vec::new();
        let mut refuse = |part: &str, reason: String| {
            not_attributed.push(NotAttributed { kpi: kpi.kpi.clone(), part: part.to_owned(), reason });
        };
        let [own_left, own_right] = [measures(&kpi.left), measures(&kpi.right)];
        let mut wanted: Vec<(PartKind, Linear, Linear)> = Vec::new();
        for (measure, lagged) in &own_right {
            let counterpart = own_left.iter().find(|(known, _)| known == measure);
            match (refusal(measure), counterpart) {
                (Some(why), _) => refuse(&measure.to_string(), why.to_owned()),
                _ if *lagged => refuse(&measure.to_string(), "reads another snapshot".to_owned()),
                (None, None) => refuse(&measure.to_string(), "stands in the right formula alone".to_owned()),
                (None, Some(_)) => {
                    let linear = Linear::of(measure);
                    wanted.push((PartKind::Component, linear.clone(), linear));
                }
            }
        }
        for (measure, _) in own_left.iter().filter(|(known, _)| own_right.iter().all(|(own, _)| own != known))
        {
            refuse(&measure.to_string(), "stands in the left formula alone".to_owned());
        }
        let shapes = match (Shape::of(&kpi.left), Shape::of(&kpi.right)) {
            (Ok(left), Ok(right)) if left.denominator.is_some() == right.denominator.is_some() => {
                place(&mut wanted, &left, &right);
                Some((left, right))
            }
            (Ok(_), Ok(_)) => {
                refuse("value", "a quotient on one side, a sum on the other".to_owned());
                None
            }
            (Err(why), _) | (_, Err(why)) => {
                refuse("value", why);
                None
            }
        };
        let mut parts = Vec::new();
        let mut known: Vec<(PartKind, Part, Totals)> = Vec::new();
        for (kind, left, right) in wanted {
            let part = match Part::new(kind, &left, &right, &of_left, &of_right) {
                Ok(part) => part,
                Err(why) => {
                    refuse(&right.text, why);
                    continue;
                }
            };
            match part.totals(&self.wholes[0], &self.wholes[1]) {
                Ok(totals) => {
                    parts.push(self.part(&part, &totals, &kpi.kpi)?);
                    known.push((kind, part, totals));
                }
                Err(why) => refuse(&right.text, why),
            }
        }
        let effects = shapes.and_then(|(left, right)| {
            effects(&left, &right, &known, is_same, kpi.places.saturating_add(MORE_PLACES))
                .map_err(|why| refuse("value", why))
                .ok()
        });
        let totals = [(0, &own_left), (1, &own_right)].map(|(side, own)| self.totals(side, own, planned));
        Ok(Attribution { kpi: kpi.kpi.clone(), effects, parts, not_attributed, totals })
    }

    fn part(&self, part: &Part, totals: &Totals, kpi: &str) -> Result<PartDifference, RolloutError> {
        let delta = &totals.right - &totals.left;
        let mut groupings = Vec::new();
        for (by, [left, right]) in &self.groupings {
            let (grouping, sum) = part.by_group(by, (left, right), self.top, &BigInt::ZERO);
            if sum != delta {
                let message = format!(
                    "kpi `{kpi}`: {} by {}: expected groups that sum to {}, found {}",
                    part.right.text,
                    grouping.by.join(", "),
                    part.shown(&delta),
                    part.shown(&sum)
                );
                return Err(RolloutError::figures(&self.names[1].name, message));
            }
            groupings.push(grouping);
        }
        Ok(PartDifference {
            part: part.kind,
            formula_left: part.left.text.clone(),
            formula_right: part.right.text.clone(),
            left: part.shown(&totals.left),
            right: part.shown(&totals.right),
            delta: part.shown(&delta),
            by_formula: totals.middle.as_ref().map(|middle| part.shown(&(middle - &totals.left))),
            by_rows: totals.middle.as_ref().map(|middle| part.shown(&(&totals.right - middle))),
            groupings,
        })
    }

    /// The totals of a part over all rows.
    pub(super) fn totals_of(&self, part: &Part) -> Result<Totals, String> {
        part.totals(&self.wholes[0], &self.wholes[1])
    }

    /// A part by the first grouping.
    pub(super) fn first_grouping(
        &self,
        part: &Part,
        passed_over: &BigInt,
    ) -> Option<(GroupingDifference, BigInt)> {
        let (by, [left, right]) = self.groupings.first()?;
        Some(part.by_group(by, (left, right), self.top, passed_over))
    }

    pub(super) fn find(
        &self,
        side: usize,
        measure: &Measure,
        planned: &[Measure],
    ) -> Result<AdditiveMeasure, String> {
        let number = planned.iter().position(|known| known == measure).unwrap_or(planned.len());
        let word = ["left", "right"][side];
        self.wholes[side].measure(&number.to_string()).map_err(|error| match error {
            ContributionError::NoValue { outcome, .. } => {
                let reason = outcome.reason().unwrap_or_default();
                format!("{} on the {word}: {reason}", outcome.state())
            }
            other => other.to_string(),
        })
    }

    fn totals(
        &self,
        side: usize,
        own: &[(Measure, bool)],
        planned: &[Measure],
    ) -> BTreeMap<String, Option<Rational>> {
        let mut totals = BTreeMap::new();
        for (measure, _) in own.iter().filter(|(measure, lagged)| refusal(measure).is_none() && !lagged) {
            if let Ok(found) = self.find(side, measure, planned) {
                let whole = self.wholes[side].whole(found);
                totals.insert(measure.to_string(), whole.map(|units| of_units(big(units), found.scale())));
            }
        }
        totals
    }
}

/// Adds the sums above and below the line; a single measure that is one is marked so instead.
fn place(wanted: &mut Vec<(PartKind, Linear, Linear)>, left: &Shape, right: &Shape) {
    let above = if right.denominator.is_some() { PartKind::Numerator } else { PartKind::Sum };
    let mut both = vec![(above, &left.numerator, &right.numerator)];
    if let (Some(left), Some(right)) = (&left.denominator, &right.denominator) {
        both.push((PartKind::Denominator, left, right));
    }
    for (kind, left, right) in both {
        let is_it = |(known, a, b): &&mut (PartKind, Linear, Linear)| {
            *known == PartKind::Component && a.terms == left.terms && b.terms == right.terms
        };
        match wanted.iter_mut().find(is_it) {
            Some((known, ..)) => *known = kind,
            None => wanted.push((kind, left.clone(), right.clone())),
        }
    }
    wanted.sort_by_key(|(kind, ..)| *kind as u8);
}

fn effects(
    left: &Shape,
    right: &Shape,
    known: &[(PartKind, Part, Totals)],
    is_same: bool,
    places: u32,
) -> Result<Effects, String> {
    let above = if right.denominator.is_some() { PartKind::Numerator } else { PartKind::Sum };
    let find = |wanted: PartKind| {
        let (_, part, totals) = known.iter().find(|(kind, ..)| *kind == wanted)?;
        let ratio = |units: &BigInt| part.ratio(units);
        let was = ratio(&totals.left);
        let middle = if part.is_same() { Some(was.clone()) } else { totals.middle.as_ref().map(ratio) };
        Some((was, middle, ratio(&totals.right)))
    };
    let missing = || "a part of it is not attributed".to_owned();
    let (n_left, n_middle, n_right) = find(above).ok_or_else(missing)?;
    let (d_left, d_middle, d_right) = match right.denominator {
        Some(_) => {
            let (was, middle, is) = find(PartKind::Denominator).ok_or_else(missing)?;
            (Some(was), middle.map(Some), Some(is))
        }
        None => (None, Some(None), None),
    };
    let inseparable = || "the formula changed, and the right one cannot be computed on the left".to_owned();
    let n_middle = n_middle.ok_or_else(inseparable)?;
    let d_middle = d_middle.ok_or_else(inseparable)?;
    let zero = |side: &'static str| move || format!("undefined on the {side}: zero denominator");
    let old = left.value(&n_left, d_left.as_ref()).ok_or_else(zero("left"))?;
    let by_formula = right
        .value(&n_middle, d_middle.as_ref())
        .ok_or_else(|| "by the right formula undefined on the left: zero denominator".to_owned())?;
    let stepped = right.value(&n_right, d_middle.as_ref()).ok_or_else(zero("left"))?;
    let new = right.value(&n_right, d_right.as_ref()).ok_or_else(zero("right"))?;
    let amount = |exact: Rational| Amount::new(&exact, places);
    Ok(Effects {
        formula: (!is_same).then(|| amount(&by_formula - &old)),
        numerator: amount(&stepped - &by_formula),
        denominator: d_right.is_some().then(|| amount(&new - &stepped)),
        total: amount(&new - &old),
    })
}

fn refused(side: &Side<'_>, error: &ContributionError) -> RolloutError {
    RolloutError::figures(&side.name, error.to_string())
}
