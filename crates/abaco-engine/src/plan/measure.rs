//! The distinct measures of a plan: each is computed once, whatever the number of KPIs that use it.

use abaco_kpi::Formula;

use super::node::{ColumnId, Nodes, Number, NumberId, TruthId};

/// Index of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeasureId(pub(crate) usize);

/// Index of a reduction over the totals of a keyed measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReductionId(pub(crate) usize);

/// A measure over the tape's columns.
#[derive(Clone, Debug)]
pub(crate) struct PlannedMeasure {
    pub(crate) kind: MeasureKind,
    /// The measure over the tape's own columns; part of the plan's fingerprint.
    pub(crate) bound_text: String,
    /// Decimal places of the totals.
    pub(crate) scale: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MeasureKind {
    Count { filter: Option<TruthId> },
    CountValid { operand: Validity, filter: Option<TruthId> },
    Sum(SumOf),
    Extreme { value: NumberId, filter: Option<TruthId>, largest: bool },
    Distinct { key: ColumnId, filter: Option<TruthId> },
    Keyed { key: ColumnId, sums: Vec<SumOf> },
}

impl MeasureKind {
    /// Calls `visit` with each numeric node that the measure is computed from.
    pub(crate) fn visit_numbers(&self, nodes: &Nodes, visit: &mut dyn FnMut(&Number)) {
        let mut one = |value: Option<NumberId>, filter: Option<TruthId>| {
            if let Some(value) = value {
                nodes.visit_number(value, visit);
            }
            if let Some(filter) = filter {
                nodes.visit_truth(filter, visit);
            }
        };
        match self {
            Self::Count { filter } | Self::Distinct { filter, .. } => one(None, *filter),
            Self::CountValid { operand: Validity::Number(value), filter } => one(Some(*value), *filter),
            Self::CountValid { filter, .. } => one(None, *filter),
            Self::Extreme { value, filter, .. } => one(Some(*value), *filter),
            Self::Sum(sum) => one(Some(sum.value), sum.filter),
            Self::Keyed { sums, .. } => sums.iter().for_each(|sum| one(Some(sum.value), sum.filter)),
        }
    }
}

/// A sum of a node over the rows that a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SumOf {
    pub(crate) value: NumberId,
    pub(crate) filter: Option<TruthId>,
}

/// Where the validity of a counted operand comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Validity {
    Number(NumberId),
    Column(ColumnId),
    Always,
}

/// What a planned formula refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PlannedTerm {
    Measure(MeasureId),
    Reduction(ReductionId),
}

/// How the totals of a keyed measure become one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedReduction {
    pub(crate) totals: MeasureId,
    /// Decimal places of each of the measure's totals.
    pub(crate) scales: Vec<u32>,
    /// Only the largest so many, if set.
    pub(crate) top: Option<u32>,
    pub(crate) formula: Formula<PlannedKeyTerm>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlannedKeyTerm {
    Sum(usize),
    Total(Box<Formula<PlannedTerm>>),
}
