//! Two sides beside each other: one outcome for each key, and nothing left over.

mod compare;
mod document;
mod outcome;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use crate::figures::Rational;
use chrono::NaiveDate;
use num_traits::{One, Signed, Zero};

pub use self::compare::compare;
pub use self::document::{ComparisonDocument, KeyDocument, SCHEMA_VERSION, SideDocument, ValueDocument};
pub use self::outcome::{Inputs, Outcome};
pub use self::settings::{ComparisonSettings, Scope, Tolerance};
use crate::figures::{Figure, Key};

/// What a side of a comparison is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Its name for people.
    pub name: String,
    /// The digest of the document that its values came from.
    pub digest: String,
    /// The run, where it is one.
    pub run_id: Option<String>,
    /// The digests of its inputs, where it tells.
    pub inputs: Option<Vec<String>>,
}

/// What came of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyComparison {
    /// What was compared.
    pub key: Key,
    /// The baseline's figure; none where it lacks the key.
    pub baseline: Option<Figure>,
    /// The candidate's figure; none where it lacks the key.
    pub candidate: Option<Figure>,
    /// Candidate less baseline, exactly, where both have a value.
    pub difference: Option<Rational>,
    /// The difference relative to the baseline, where that is not 0.
    pub relative: Option<Rational>,
    /// The outcome.
    pub outcome: Outcome,
    /// Why, where the outcome does not say it all.
    pub reason: Option<String>,
    /// The last day on which the outcome holds, where it is a known difference.
    pub until: Option<NaiveDate>,
    /// Whether it proves anything: both have a value, and it is not 0.
    pub informative: bool,
    /// Whether it differs, or only one side has a value, and nobody has said why.
    pub needs_cause: bool,
}

/// A baseline beside a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The side that is official.
    pub baseline: Side,
    /// The side that is to take over.
    pub candidate: Side,
    /// Whether they read the same.
    pub inputs: Inputs,
    /// Every key that was compared, in order.
    pub keys: Vec<KeyComparison>,
    /// KPIs, dates or segments of one side that the rules leave out, each as `kpi` or `kpi by columns`.
    pub left_out: BTreeSet<String>,
    /// Known differences that are no longer accepted, each with its KPI, owner and last day.
    pub expired: Vec<String>,
    /// The day on which it was made, which decides what has expired.
    pub today: NaiveDate,
}

impl Comparison {
    /// How many keys have each outcome; outcomes that no key has stand as 0, and the counts sum to the keys.
    pub fn counts(&self) -> BTreeMap<Outcome, u64> {
        let mut counts: BTreeMap<Outcome, u64> =
            Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect();
        for key in &self.keys {
            *counts.entry(key.outcome).or_insert(0) += 1;
        }
        counts
    }

    /// How many keys prove anything.
    pub fn informative(&self) -> u64 {
        self.keys.iter().map(|key| u64::from(key.informative)).sum()
    }

    /// Whether there is a key, and the outcome of every key passes.
    pub fn passes(&self) -> bool {
        !self.keys.is_empty() && self.keys.iter().all(|key| key.outcome.passes())
    }

    /// The last day on which every outcome holds, where one is a known difference.
    pub fn until(&self) -> Option<NaiveDate> {
        self.keys.iter().filter_map(|key| key.until).min()
    }

    /// The keys whose difference needs a cause.
    pub fn unexplained(&self) -> impl Iterator<Item = &KeyComparison> {
        self.keys.iter().filter(|key| key.needs_cause)
    }

    /// The largest relative difference that nobody has accepted, without its sign: a known difference is approved, and what
    /// the baseline's printed places hide is none. From 0 any difference is the whole of it, as V2 had it.
    pub fn largest_relative(&self) -> Option<Rational> {
        let accepted = [Outcome::KnownDifference, Outcome::MatchAtBaselinePrecision];
        let others = self.keys.iter().filter(|key| !accepted.contains(&key.outcome));
        let size = |key: &KeyComparison| match (&key.relative, &key.difference) {
            (Some(relative), _) => Some(relative.abs()),
            (None, Some(difference)) if difference.is_zero() => Some(Rational::zero()),
            (None, Some(_)) => Some(Rational::one()),
            (None, None) => None,
        };
        others.filter_map(size).max()
    }

    /// The same comparison as it is seen from the other side.
    ///
    /// What was judged relative to the baseline, by its printed places or by a tolerance of its size, keeps its outcome.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            baseline: self.candidate.clone(),
            candidate: self.baseline.clone(),
            keys: self.keys.iter().map(KeyComparison::mirrored).collect(),
            ..self.clone()
        }
    }
}

impl KeyComparison {
    fn mirrored(&self) -> Self {
        let (baseline, candidate) = (self.candidate.clone(), self.baseline.clone());
        let difference = self.difference.as_ref().map(|difference| -difference);
        let relative = compare::relative(difference.as_ref(), baseline.as_ref());
        let outcome = self.outcome.mirrored();
        let reason = match outcome {
            Outcome::MissingBaseline | Outcome::MissingCandidate | Outcome::BothAbsent => {
                compare::absence(baseline.as_ref(), candidate.as_ref())
            }
            _ => self.reason.clone(),
        };
        Self { baseline, candidate, difference, relative, outcome, reason, ..self.clone() }
    }
}
