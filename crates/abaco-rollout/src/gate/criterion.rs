//! What the gate says.

use serde::{Deserialize, Serialize};

/// Whether a criterion is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The evidence shows it.
    Met,
    /// The evidence shows that it is not so, or not so far.
    Unmet,
    /// There is no evidence, or none that proves anything.
    Inconclusive,
}

impl State {
    /// The state in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unmet => "unmet",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// One thing that the policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// What is asked for.
    pub target: String,
    /// What there is.
    pub achieved: String,
    /// Whether that is enough.
    pub state: State,
    /// What is missing, as a sentence; none where it is met.
    pub missing: Option<String>,
    /// The digests of the evidence behind it.
    pub evidence: Vec<String>,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What the policy asks for, in its order.
    pub criteria: Vec<Criterion>,
    /// The digests of all evidence that was weighed, sorted: what an approval must name.
    pub evidence: Vec<String>,
    /// Whether every criterion is met.
    pub open: bool,
}

impl Verdict {
    /// What is missing, in the policy's order.
    pub fn missing(&self) -> Vec<String> {
        self.criteria
            .iter()
            .filter(|criterion| criterion.state != State::Met)
            .map(|c| c.missing.clone().unwrap_or_else(|| format!("`{}` is {}", c.name, c.state.as_str())))
            .collect()
    }
}

impl Criterion {
    pub(super) fn new(name: &str, target: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            target: target.into(),
            achieved: "nothing".to_owned(),
            state: State::Inconclusive,
            missing: None,
            evidence: Vec::new(),
        }
    }

    pub(super) fn by(self, evidence: impl IntoIterator<Item = String>) -> Self {
        Self { evidence: evidence.into_iter().collect(), ..self }
    }

    pub(super) fn met(self, achieved: impl Into<String>) -> Self {
        Self { achieved: achieved.into(), state: State::Met, missing: None, ..self }
    }

    pub(super) fn unmet(self, achieved: impl Into<String>, missing: impl Into<String>) -> Self {
        Self { achieved: achieved.into(), state: State::Unmet, missing: Some(missing.into()), ..self }
    }

    pub(super) fn inconclusive(self, achieved: impl Into<String>, missing: impl Into<String>) -> Self {
        Self { achieved: achieved.into(), state: State::Inconclusive, missing: Some(missing.into()), ..self }
    }
}
