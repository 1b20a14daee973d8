//! Comparing two sides. Everything is exact.

use std::collections::BTreeSet;

use crate::figures::Rational;
use chrono::NaiveDate;
use num_traits::{Signed, Zero};

use super::{Comparison, ComparisonSettings, Inputs, KeyComparison, Outcome, Scope, Side, Tolerance};
use crate::figures::number::{half_unit, rational_of};
use crate::figures::{Figure, Figures, Key};
use crate::known::KnownDifference;

/// Compares two sides; `today` decides which known differences have expired.
///
/// ```
/// use abaco_rollout::comparison::{ComparisonSettings, Outcome, compare};
/// use abaco_rollout::figures::{ReadOptions, parse};
///
/// let side = |text: &str, scale| {
///     parse(text.as_bytes(), "side.csv".as_ref(), &ReadOptions { scale, ..ReadOptions::default() })
/// };
/// // Published as 0.32, which stands for whatever rounds to it.
/// let baseline = side("kpi,value\npar_90,0.32\n", Some(2))?;
/// let candidate = side("kpi,value\npar_90,0.319383\n", None)?;
/// let comparison = compare(&baseline, &candidate, &ComparisonSettings::default(), "2026-01-01".parse()?);
/// assert_eq!(comparison.keys[0].outcome, Outcome::MatchAtBaselinePrecision);
/// assert!(comparison.passes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare(
    baseline: &Figures,
    candidate: &Figures,
    rules: &ComparisonSettings,
    today: NaiveDate,
) -> Comparison {
    let inputs = Inputs::of(baseline.inputs.as_ref(), candidate.inputs.as_ref());
    let judge = Judge { rules, inputs, today };
    let offered: BTreeSet<Grouping> = baseline.values.keys().map(Grouping::of).collect();
    let all: BTreeSet<&Key> = baseline.values.keys().chain(candidate.values.keys()).collect();
    let (compared, left_out): (Vec<&Key>, Vec<&Key>) = all.into_iter().partition(|key| match &rules.scope {
        Scope::Baseline => offered.contains(&Grouping::of(key)),
        Scope::All => true,
        Scope::Kpis(kpis) => kpis.contains(&key.kpi),
    });
    let keys = compared
        .into_iter()
        .map(|key| judge.judge(key, baseline.values.get(key), candidate.values.get(key)))
        .collect();
    let expired = rules.known_differences.iter().filter(|known| !known.applies_on(today));
    Comparison {
        baseline: side(baseline),
        candidate: side(candidate),
        inputs,
        keys,
        left_out: left_out.into_iter().map(|key| Grouping::of(key).to_string()).collect(),
        expired: expired
            .map(|known| format!("{}, {}, expired after {}", known.kpi, known.owner, known.expires))
            .collect(),
        today,
    }
}

/// A KPI and the columns by which it is given.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Grouping<'k>(&'k str, Vec<&'k str>);

impl<'k> Grouping<'k> {
    fn of(key: &'k Key) -> Self {
        Self(&key.kpi, key.segment.keys().map(String::as_str).collect())
    }
}

impl std::fmt::Display for Grouping<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(kpi, columns) = self;
        if columns.is_empty() { f.write_str(kpi) } else { write!(f, "{kpi} by {}", columns.join(", ")) }
    }
}

fn side(figures: &Figures) -> Side {
    Side {
        name: figures.name.clone(),
        digest: figures.digest.clone(),
        run_id: figures.run_id.clone(),
        inputs: figures.inputs.clone(),
    }
}

struct Judge<'r> {
    rules: &'r ComparisonSettings,
    inputs: Inputs,
    today: NaiveDate,
}

impl Judge<'_> {
    fn judge(&self, key: &Key, baseline: Option<&Figure>, candidate: Option<&Figure>) -> KeyComparison {
        let best = |figure: Option<&Figure>| figure.and_then(Figure::best);
        let values = (best(baseline), best(candidate));
        let difference = match &values {
            (Some(baseline), Some(candidate)) => Some(candidate - baseline),
            _ => None,
        };
        let (outcome, reason, until) = match (baseline, candidate, &difference) {
            _ if self.inputs == Inputs::Different => {
                (Outcome::Incomparable, Some("the sides did not read the same inputs".to_owned()), None)
            }
            (Some(baseline), Some(candidate), Some(difference)) => {
                self.of_values(key, baseline, candidate, difference)
            }
            _ => {
                let outcome = match &values {
                    (Some(_), _) => Outcome::MissingCandidate,
                    (None, Some(_)) => Outcome::MissingBaseline,
                    (None, None) => Outcome::BothAbsent,
                };
                (outcome, absence(baseline, candidate), None)
            }
        };
        let differs = difference.as_ref().is_some_and(|difference| !difference.is_zero());
        // A printed value hides what its places hide; two exact values that differ do so for a reason.
        let needs_cause = match outcome {
            Outcome::Mismatch | Outcome::WithinTolerance => differs,
            Outcome::MatchAtBaselinePrecision => {
                differs && baseline.is_some_and(|figure| figure.scale.is_none())
            }
            // A 0 for no value is a convention; a key that a side does not know at all is none.
            Outcome::MissingCandidate | Outcome::MissingBaseline => baseline.is_some() && candidate.is_some(),
            _ => false,
        };
        KeyComparison {
            key: key.clone(),
            relative: relative(difference.as_ref(), baseline),
            informative: self.inputs != Inputs::Different
                && difference.is_some()
                && [baseline, candidate].into_iter().flatten().all(tells),
            baseline: baseline.cloned(),
            candidate: candidate.cloned(),
            difference,
            outcome,
            reason,
            until,
            needs_cause,
        }
    }

    /// The outcome of two values, why, and until when.
    fn of_values(
        &self,
        key: &Key,
        baseline: &Figure,
        candidate: &Figure,
        difference: &Rational,
    ) -> (Outcome, Option<String>, Option<NaiveDate>) {
        let printed_alike = match (&baseline.value, &candidate.value) {
            (Ok(baseline), Ok(candidate)) => baseline == candidate,
            _ => false,
        };
        let both_exact = baseline.exact.is_some() && candidate.exact.is_some();
        if difference.is_zero() || (printed_alike && baseline.scale.is_none() && !both_exact) {
            return (Outcome::Match, None, None);
        }
        let hidden = match baseline.scale {
            Some(places) => is_hidden(baseline, candidate, places),
            None => printed_alike,
        };
        if hidden {
            return (Outcome::MatchAtBaselinePrecision, None, None);
        }
        if self.is_within(key, baseline, difference) {
            return (Outcome::WithinTolerance, None, None);
        }
        let about = || self.rules.known_differences.iter().filter(|known| known.is_about(key));
        let allows = |known: &&KnownDifference| known.allows(difference);
        if let Some(known) = about().filter(allows).find(|known| known.applies_on(self.today)) {
            let KnownDifference { owner, reason, approved_by, expires, .. } = known;
            let reason = format!("{reason} ({owner}, approved by {approved_by}, until {expires})");
            return (Outcome::KnownDifference, Some(reason), Some(*expires));
        }
        let reason = about().find(allows).map(|known| {
            format!("a known difference of {} that expired after {}", known.owner, known.expires)
        });
        (Outcome::Mismatch, reason, None)
    }

    fn is_within(&self, key: &Key, baseline: &Figure, difference: &Rational) -> bool {
        match self.rules.tolerance_of(&key.kpi) {
            Tolerance::Exact => false,
            Tolerance::Absolute(limit) => difference.abs() <= rational_of(limit),
            Tolerance::Relative(limit) => {
                baseline.best().is_some_and(|value| difference.abs() <= value.abs() * rational_of(limit))
            }
        }
    }
}

/// Whether the candidate, exactly or as it is printed, lies where the baseline's places hide it: ties count on both sides,
/// since the baseline may have rounded by any rule.
fn is_hidden(baseline: &Figure, candidate: &Figure, places: u32) -> bool {
    let Ok(printed) = baseline.value else { return false };
    let (middle, half) = (rational_of(printed), half_unit(places));
    let printed = candidate.value.as_ref().ok().copied().map(rational_of);
    candidate.exact.iter().chain(&printed).any(|value| (value - &middle).abs() <= half)
}

/// Whether a value can be wrong in a way that shows: 0 may be 0 by necessity.
fn tells(figure: &Figure) -> bool {
    figure.best().is_some_and(|value| !value.is_zero())
        && figure.numerator.is_none_or(|value| !value.is_zero())
}

pub(super) fn relative(difference: Option<&Rational>, baseline: Option<&Figure>) -> Option<Rational> {
    let value = baseline.and_then(Figure::best).filter(|value| !value.is_zero())?;
    Some(difference? / value.abs())
}

/// Which side has no value, and why.
pub(super) fn absence(baseline: Option<&Figure>, candidate: Option<&Figure>) -> Option<String> {
    let of = |name: &str, figure: Option<&Figure>| match figure.map(|figure| &figure.value) {
        Some(Ok(_)) => None,
        Some(Err(reason)) => Some(format!("{name}: {reason}")),
        None => Some(format!("{name}: no such key")),
    };
    let reasons: Vec<String> =
        [of("baseline", baseline), of("candidate", candidate)].into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
