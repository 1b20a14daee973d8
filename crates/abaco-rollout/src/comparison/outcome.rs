//! What can come of a key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of a key: one of these and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The values differ by more than anybody accepts.
    Mismatch,
    /// The candidate has a value where the baseline has none.
    MissingBaseline,
    /// The baseline has a value where the candidate has none.
    MissingCandidate,
    /// The sides did not read the same, so that nothing follows from their values.
    Incomparable,
    /// They differ as somebody has explained and somebody else approved.
    KnownDifference,
    /// They differ by no more than the tolerance.
    WithinTolerance,
    /// They differ by no more than what the baseline's printed places hide.
    MatchAtBaselinePrecision,
    /// Neither side has a value.
    BothAbsent,
    /// The values are equal.
    Match,
}

impl Outcome {
    /// Every outcome, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Mismatch,
        Self::MissingBaseline,
        Self::MissingCandidate,
        Self::Incomparable,
        Self::KnownDifference,
        Self::WithinTolerance,
        Self::MatchAtBaselinePrecision,
        Self::BothAbsent,
        Self::Match,
    ];

    /// The outcome in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::MissingBaseline => "missing_baseline",
            Self::MissingCandidate => "missing_candidate",
            Self::Incomparable => "incomparable",
            Self::KnownDifference => "known_difference",
            Self::WithinTolerance => "within_tolerance",
            Self::MatchAtBaselinePrecision => "match_at_baseline_precision",
            Self::BothAbsent => "both_absent",
            Self::Match => "match",
        }
    }

    /// Whether a comparison may pass with it.
    ///
    /// ```
    /// use abaco_rollout::comparison::Outcome;
    ///
    /// assert!(Outcome::WithinTolerance.passes());
    /// assert!(!Outcome::Incomparable.passes());
    /// ```
    pub const fn passes(self) -> bool {
        !matches!(self, Self::Mismatch | Self::MissingBaseline | Self::MissingCandidate | Self::Incomparable)
    }

    pub(super) const fn mirrored(self) -> Self {
        match self {
            Self::MissingBaseline => Self::MissingCandidate,
            Self::MissingCandidate => Self::MissingBaseline,
            other => other,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether two sides read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inputs {
    /// The digests of the tape are the same, and those of each table that both read.
    Same,
    /// They are not.
    Different,
    /// A side does not tell.
    Unknown,
}

impl Inputs {
    /// Holds the digests of two sides against each other. A table that only one side reads decides nothing.
    ///
    /// ```
    /// use abaco_rollout::comparison::Inputs;
    ///
    /// let tape = vec!["aa".to_owned()];
    /// let with_events = vec!["aa".to_owned(), "event:bb".to_owned()];
    /// let with_others = vec!["aa".to_owned(), "event:cc".to_owned()];
    /// assert_eq!(Inputs::of(Some(&tape), Some(&with_events)), Inputs::Same);
    /// assert_eq!(Inputs::of(Some(&with_others), Some(&with_events)), Inputs::Different);
    /// assert_eq!(Inputs::of(Some(&tape), None), Inputs::Unknown);
    /// ```
    pub fn of(baseline: Option<&Vec<String>>, candidate: Option<&Vec<String>>) -> Self {
        let (Some(baseline), Some(candidate)) = (baseline, candidate) else { return Self::Unknown };
        let roles = [baseline, candidate].map(|side| side.iter().map(|digest| role(digest)));
        let differs = roles.into_iter().flatten().any(|role| {
            let [left, right] = [of_role(baseline, role), of_role(candidate, role)];
            left != right && (role.is_empty() || !(left.is_empty() || right.is_empty()))
        });
        if differs { Self::Different } else { Self::Same }
    }

    /// The answer in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

fn role(digest: &str) -> &str {
    digest.split_once(':').map_or("", |(role, _)| role)
}

fn of_role<'d>(digests: &'d [String], wanted: &str) -> Vec<&'d str> {
    let mut of_role: Vec<&str> =
        digests.iter().map(String::as_str).filter(|digest| role(digest) == wanted).collect();
    of_role.sort_unstable();
    of_role
}
