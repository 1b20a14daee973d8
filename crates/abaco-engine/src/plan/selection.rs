//! Selections: the rows that a measure is about, as conditions that all hold.

use std::collections::{BTreeMap, BTreeSet};

use super::buckets::{add_cuts, column_of};
use super::node::{ColumnId, Nodes, NumberId, NumberOp, Truth, TruthId};

/// More cuts of one column are not worth a bucket each.
pub(crate) const MAX_CUTS: usize = 64;

/// Rows for which every condition of `all` is true and none of `not` is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) all: Vec<TruthId>,
    /// Conditions on one column, which is then the column of the buckets.
    pub(crate) not: Vec<TruthId>,
}

impl Selection {
    pub(crate) fn of(nodes: &Nodes, filter: Option<TruthId>) -> Self {
        let mut all = Vec::new();
        if let Some(filter) = filter {
            flatten(nodes, filter, &mut all);
        }
        Self { all, not: Vec::new() }
    }

    pub(crate) fn and(&self, nodes: &Nodes, condition: TruthId) -> Self {
        let mut selection = self.clone();
        flatten(nodes, condition, &mut selection.all);
        selection
    }

    /// The same whatever the order of the conditions.
    fn text(&self, nodes: &Nodes) -> String {
        format!("{:?} {:?}", texts(nodes, &self.all), texts(nodes, &self.not))
    }

    /// The conditions on `column` alone, and the others.
    pub(crate) fn split(&self, nodes: &Nodes, column: ColumnId) -> (Vec<TruthId>, Vec<TruthId>) {
        self.all.iter().partition(|truth| column_of(nodes, **truth) == Some(column))
    }
}

fn flatten(nodes: &Nodes, truth: TruthId, into: &mut Vec<TruthId>) {
    match nodes.truth(truth) {
        Truth::And(parts) => parts.iter().for_each(|part| flatten(nodes, *part, into)),
        _ if into.contains(&truth) => {}
        _ => into.push(truth),
    }
}

/// Sorted, without repetitions.
pub(crate) fn texts(nodes: &Nodes, truths: &[TruthId]) -> BTreeSet<String> {
    truths.iter().map(|truth| truth_text(nodes, *truth)).collect()
}

/// A condition in words that do not depend on the physical width of columns.
fn truth_text(nodes: &Nodes, truth: TruthId) -> String {
    match nodes.truth(truth) {
        Truth::CompareNumbers { left, test, right } => {
            format!("({} {test:?} {})", number_text(nodes, *left), number_text(nodes, *right))
        }
        Truth::NumberIsNull(number) => format!("({} is null)", number_text(nodes, *number)),
        Truth::And(parts) => format!("and{:?}", list(nodes, parts)),
        Truth::Or(parts) => format!("or{:?}", list(nodes, parts)),
        Truth::Not(inner) => format!("not {}", truth_text(nodes, *inner)),
        leaf => format!("{leaf:?}"),
    }
}

fn list(nodes: &Nodes, parts: &[TruthId]) -> Vec<String> {
    parts.iter().map(|part| truth_text(nodes, *part)).collect()
}

pub(crate) fn number_text(nodes: &Nodes, number: NumberId) -> String {
    let all = |ids: &[NumberId]| ids.iter().map(|id| number_text(nodes, *id)).collect::<Vec<_>>();
    match &nodes.number(number).op {
        NumberOp::Column { column, .. } => format!("{column:?}"),
        NumberOp::Rescale { value, power } => format!("({} e{power})", number_text(nodes, *value)),
        NumberOp::Negate(value) => format!("(-{})", number_text(nodes, *value)),
        NumberOp::Add(a, b) => format!("{:?}+", all(&[*a, *b])),
        NumberOp::Subtract(a, b) => format!("{:?}-", all(&[*a, *b])),
        NumberOp::Multiply(a, b) => format!("{:?}*", all(&[*a, *b])),
        NumberOp::Least(operands) => format!("least{:?}", all(operands)),
        NumberOp::Greatest(operands) => format!("greatest{:?}", all(operands)),
        NumberOp::DivRound { dividend, divisor, up, down, scale } => {
            format!("{:?}/{up},{down},{scale}", all(&[*dividend, *divisor]))
        }
        NumberOp::Case { branches, otherwise } => {
            let branches: Vec<String> = branches
                .iter()
                .map(|(when, then)| format!("{} {}", truth_text(nodes, *when), number_text(nodes, *then)))
                .collect();
            format!("case{branches:?}{:?}", otherwise.map(|otherwise| number_text(nodes, otherwise)))
        }
        leaf @ (NumberOp::Constant { .. }
        | NumberOp::DaysBetween(..)
        | NumberOp::MonthsBetween(..)
        | NumberOp::FullMonthsBetween(..)) => {
            format!("{leaf:?}")
        }
    }
}

/// By which column the rows of each selection are put into buckets, and where that column is cut.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    cuts: BTreeMap<ColumnId, BTreeSet<i128>>,
    families: BTreeMap<(ColumnId, BTreeSet<String>), Family>,
    uses: BTreeMap<ColumnId, BTreeSet<String>>,
}

/// Selections that differ only in their conditions on one column.
#[derive(Debug, Default)]
struct Family {
    members: BTreeSet<String>,
    cuts: BTreeSet<i128>,
}

impl Family {
    /// Each bucket has slots of its own, so a few conditions that cut finely are better served by filters.
    fn is_worth_buckets(&self) -> bool {
        self.members.len() > 1 && self.cuts.len() <= 2 * self.members.len() + 2
    }
}

impl Keys {
    /// Looks at the selections of all measures. `ordered` tells the columns of numbers and dates.
    pub(crate) fn of(nodes: &Nodes, selections: &[&Selection], ordered: &dyn Fn(ColumnId) -> bool) -> Self {
        let mut keys = Self::default();
        for selection in selections {
            for column in columns(nodes, selection).filter(|column| ordered(*column)) {
                keys.uses.entry(column).or_default().insert(selection.text(nodes));
            }
        }
        for selection in selections {
            if let Some(column) = keys.candidate(nodes, selection) {
                let (_, rest) = selection.split(nodes, column);
                let family = keys.families.entry((column, texts(nodes, &rest))).or_default();
                family.members.insert(selection.text(nodes));
                conditions(nodes, selection, column).iter().for_each(|truth| {
                    add_cuts(nodes, *truth, &mut family.cuts);
                });
            }
        }
        // What needs its buckets comes first; the others have them if there is room.
        for forced in [true, false] {
            for selection in selections.iter().filter(|selection| selection.not.is_empty() != forced) {
                if let Some(column) = keys.candidate(nodes, selection)
                    && (forced || keys.is_family(nodes, selection, column))
                {
                    let mut cuts = keys.cuts.get(&column).cloned().unwrap_or_default();
                    let within = conditions(nodes, selection, column)
                        .iter()
                        .all(|truth| add_cuts(nodes, *truth, &mut cuts));
                    if within && (forced || cuts.len() <= MAX_CUTS) {
                        keys.cuts.insert(column, cuts);
                    }
                }
            }
        }
        keys
    }

    pub(crate) fn cuts(&self) -> impl Iterator<Item = (ColumnId, Vec<i128>)> {
        self.cuts.iter().map(|(column, cuts)| (*column, cuts.iter().copied().collect()))
    }

    /// The column whose buckets tell the selection's rows; none where a plain filter does as well.
    pub(crate) fn key(&self, nodes: &Nodes, selection: &Selection) -> Option<ColumnId> {
        let column = self.candidate(nodes, selection)?;
        if selection.not.is_empty() && !self.is_family(nodes, selection, column) {
            return None;
        }
        let known = self.cuts.get(&column)?;
        let mut cuts = known.clone();
        let within =
            conditions(nodes, selection, column).iter().all(|truth| add_cuts(nodes, *truth, &mut cuts));
        (within && cuts.len() == known.len()).then_some(column)
    }

    fn is_family(&self, nodes: &Nodes, selection: &Selection, column: ColumnId) -> bool {
        let (_, rest) = selection.split(nodes, column);
        self.families.get(&(column, texts(nodes, &rest))).is_some_and(Family::is_worth_buckets)
    }

    /// The column that most selections ask about, among those that this one asks about.
    fn candidate(&self, nodes: &Nodes, selection: &Selection) -> Option<ColumnId> {
        if let Some(first) = selection.not.first() {
            return column_of(nodes, *first);
        }
        let known =
            columns(nodes, selection).filter_map(|column| Some((column, self.uses.get(&column)?.len())));
        // Of equals the first column, so that plans of one set of KPIs agree.
        known.max_by_key(|(column, uses)| (*uses, std::cmp::Reverse(*column))).map(|(column, _)| column)
    }
}

fn columns<'n>(nodes: &'n Nodes, selection: &'n Selection) -> impl Iterator<Item = ColumnId> + 'n {
    selection.all.iter().filter_map(|truth| column_of(nodes, *truth))
}

/// All conditions of a selection that the buckets of `column` decide.
fn conditions(nodes: &Nodes, selection: &Selection, column: ColumnId) -> Vec<TruthId> {
    let (own, _) = selection.split(nodes, column);
    own.into_iter().chain(selection.not.iter().copied()).collect()
}
