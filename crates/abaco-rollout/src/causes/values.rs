//! What the formulas come to, at each snapshot that is asked for, before anything is rounded.

use std::collections::{BTreeMap, BTreeSet};

use abaco_engine::{AsOf, EngineError};
use abaco_kpi::{Outcome, Undefined};
use abaco_pipeline::run::FoldedKpis;
use chrono::NaiveDate;

use super::printing::{Rational, rational};

/// The columns of a group with its values; an empty cell is an empty text.
pub(super) type Segment = BTreeMap<String, String>;

/// What a value is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The tape has no dates.
    Undated,
    At(NaiveDate),
    Pooled,
}

/// What a formula comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exact {
    Value(Rational),
    /// There is none, or it cannot be computed.
    Absent,
    /// It needs a snapshot before the tape's first.
    BeforeTheTape,
}

/// All values of one pass.
pub(super) struct Values {
    pub(super) snapshots: Vec<NaiveDate>,
    pub(super) rows: u64,
    found: BTreeMap<Source, BTreeMap<Segment, Vec<Exact>>>,
}

impl Values {
    pub(super) fn new(
        folded: &FoldedKpis,
        sources: &BTreeSet<Source>,
        segments: &BTreeSet<Segment>,
    ) -> Result<Self, EngineError> {
        let snapshots = folded.plan.snapshots(&folded.state);
        let mut found = BTreeMap::new();
        for source in sources {
            let (as_of, is_first) = match source {
                Source::Undated => (AsOf::Single, true),
                Source::At(date) => (AsOf::Date(*date), snapshots.first() == Some(date)),
                Source::Pooled => (AsOf::Pooled, false),
            };
            let mut of_source = BTreeMap::new();
            for group in folded.plan.outcomes(&folded.state, as_of)?.groups {
                let by = group.by.iter();
                let by: Segment = by
                    .map(|(column, value)| (column.name().to_owned(), value.clone().unwrap_or_default()))
                    .collect();
                if segments.contains(&by) {
                    let exact = group.outcomes.iter().map(|outcome| Exact::of(outcome, is_first));
                    of_source.insert(by, exact.collect());
                }
            }
            found.insert(*source, of_source);
        }
        Ok(Self { snapshots, rows: folded.state.rows(), found })
    }

    pub(super) fn get(&self, source: Source, segment: &Segment, place: usize) -> &Exact {
        let of_source = self.found.get(&source).and_then(|groups| groups.get(segment));
        of_source.and_then(|values| values.get(place)).unwrap_or(&Exact::Absent)
    }
}

impl Exact {
    fn of(outcome: &Outcome, is_first: bool) -> Self {
        match outcome {
            Outcome::Value(value) => Self::Value(rational(&value.exact)),
            Outcome::Undefined(Undefined::NoEarlierSnapshot) if is_first => Self::BeforeTheTape,
            Outcome::Undefined(_) | Outcome::Unavailable(_) | Outcome::Failed(_) => Self::Absent,
        }
    }
}
