//! Differences that somebody has explained and somebody else has approved.

use std::collections::BTreeMap;

use crate::figures::Rational;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::figures::Key;
use crate::figures::number::rational_of;

/// A difference that is known, until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifference {
    /// The KPI's id.
    pub kpi: String,
    /// The snapshot; without one every snapshot.
    #[serde(default)]
    pub as_of: Option<NaiveDate>,
    /// The segment's columns and values, empty for the totals; without it the totals and every segment.
    #[serde(default)]
    pub segment: Option<BTreeMap<String, String>>,
    /// Candidate less baseline lies between these two, both included.
    pub between: [Decimal; 2],
    /// Who explains it.
    pub owner: String,
    /// Why it is so.
    pub reason: String,
    /// Who accepts it: somebody else than the owner.
    pub approved_by: String,
    /// The last day on which it applies.
    pub expires: NaiveDate,
}

impl KnownDifference {
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let kpi = &self.kpi;
        let words = [
            ("kpi", kpi),
            ("owner", &self.owner),
            ("reason", &self.reason),
            ("approved_by", &self.approved_by),
        ];
        if let Some((name, _)) = words.iter().find(|(_, word)| word.trim().is_empty()) {
            return Err(format!("known difference of `{kpi}`: `{name}`: expected a text, found nothing"));
        }
        if self.owner.trim().to_lowercase() == self.approved_by.trim().to_lowercase() {
            let owner = &self.owner;
            return Err(format!(
                "known difference of `{kpi}`: `approved_by`: expected somebody else than the owner, found `{owner}`"
            ));
        }
        let [low, high] = self.between;
        if low > high {
            return Err(format!(
                "known difference of `{kpi}`: `between`: expected the lower end first, found {low} and {high}"
            ));
        }
        Ok(())
    }

    /// Whether it still applies on a day.
    pub fn applies_on(&self, today: NaiveDate) -> bool {
        today <= self.expires
    }

    /// Whether it is about a key.
    pub fn is_about(&self, key: &Key) -> bool {
        self.kpi == key.kpi
            && self.as_of.is_none_or(|as_of| key.as_of == Some(as_of))
            && self.segment.as_ref().is_none_or(|segment| *segment == key.segment)
    }

    /// Whether it allows a difference.
    pub(crate) fn allows(&self, difference: &Rational) -> bool {
        let [low, high] = self.between.map(rational_of);
        low <= *difference && *difference <= high
    }

    /// The same with the sides changed over.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let [low, high] = self.between;
        Self { between: [-high, -low], ..self.clone() }
    }
}
