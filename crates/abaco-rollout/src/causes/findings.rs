//! What the cause finder says.

use serde::{Deserialize, Serialize};

use crate::evidence::{CauseRecord, CausesRecord};
use crate::figures::Key;

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The candidate itself gives every value of the baseline's: there is nothing to explain.
    NothingToExplain,
    /// One hypothesis gives every value, and at least three keys tell it apart from no switch.
    Confirmed,
    /// Several hypotheses give every value, or too few keys tell the only one apart.
    Indistinguishable,
    /// None gives every value.
    Unexplained,
}

impl Verdict {
    /// The verdict in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingToExplain => "nothing_to_explain",
            Self::Confirmed => "confirmed",
            Self::Indistinguishable => "indistinguishable",
            Self::Unexplained => "unexplained",
        }
    }
}

/// Why the baseline says something else than the candidate: hypotheses with their evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The name of the side that is explained.
    pub baseline: String,
    /// The name of the side whose conventions are switched.
    pub candidate: String,
    /// How many snapshots the candidate's tape has; 1 where it has no dates.
    pub snapshots: usize,
    /// What no hypothesis was held against, and why.
    pub not_compared: Vec<NotCompared>,
    /// One cause for all keys.
    pub together: Finding,
    /// A cause for each KPI, in the order of their ids.
    pub kpis: Vec<Finding>,
}

/// A key that no hypothesis was held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotCompared {
    /// The key.
    pub key: Key,
    /// Why.
    pub reason: String,
}

/// What was found about some keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The KPI; none for all of them together.
    pub kpi: Option<String>,
    /// How sure the cause is.
    pub verdict: Verdict,
    /// The finding in a sentence.
    pub sentence: String,
    /// How many keys were compared.
    pub keys: usize,
    /// How many hypotheses were tried, no switch among them.
    pub tried: usize,
    /// All hypotheses that give every value, the simplest first.
    pub survivors: Vec<Explanation>,
    /// Where none does: those that explain most of the keys that the candidate itself does not.
    pub nearest: Vec<Explanation>,
    /// The switches that were not tried, and why.
    pub not_tried: Vec<NotTried>,
}

/// A hypothesis and the keys that speak for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The switches that are thrown; none is the candidate itself.
    pub switches: Vec<String>,
    /// The hypothesis in a sentence.
    pub sentence: String,
    /// The keys at which it gives the baseline's value.
    pub explained: usize,
    /// The keys at which the tape cannot tell, such as the first snapshot's opening figures.
    pub undecided: usize,
    /// Those explained at which no switch would give another value: only they prove anything.
    pub informative: Vec<Key>,
    /// The snapshots at which any key is explained.
    pub dates: usize,
    /// Those of them with an informative key.
    pub dates_that_differ: usize,
    /// Hypotheses that say more and give the same values here.
    pub equivalent_on_these_keys: Vec<Vec<String>>,
}

/// A switch that was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotTried {
    /// The switch.
    pub switch: String,
    /// Why.
    pub reason: String,
}

impl Findings {
    /// What evidence holds of them, with the identity of the baseline and the digest of the whole document.
    pub fn to_record(&self, baseline: &str, document: String) -> CausesRecord {
        let of = |finding: &Finding| CauseRecord {
            kpi: finding.kpi.clone().unwrap_or_default(),
            verdict: finding.verdict.as_str().to_owned(),
            sentence: finding.sentence.clone(),
            informative: finding.survivors.first().map_or(0, |best| best.informative.len() as u64),
        };
        CausesRecord { baseline: baseline.to_owned(), findings: self.kpis.iter().map(of).collect(), document }
    }
}
