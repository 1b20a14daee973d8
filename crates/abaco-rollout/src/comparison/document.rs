//! A comparison as `abaco shadow --format json` prints it and as evidence holds it.

use std::collections::{BTreeMap, BTreeSet};

use crate::figures::Rational;
use abaco_pipeline::canonical_json::{canonical, sha256};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Comparison, ComparisonSettings, Inputs, KeyComparison, Outcome, Side};
use crate::evidence::{ComparisonRecord, Occasion};
use crate::figures::Figure;
use crate::figures::number::text;

/// The version of this document's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// The places of differences; the sides' exact values give them without end.
const PLACES: u32 = 12;

/// A comparison as a document; decimals are strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonDocument {
    /// Version of this shape.
    pub schema_version: u32,
    /// The side that is official.
    pub baseline: SideDocument,
    /// The side that is to take over.
    pub candidate: SideDocument,
    /// Whether they read the same.
    pub inputs: Inputs,
    /// The day on which it was made.
    pub today: NaiveDate,
    /// Keys by outcome; they sum to `compared`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Keys that were compared.
    pub compared: u64,
    /// Keys that prove anything.
    pub informative: u64,
    /// Whether the outcome of every key passes.
    pub passes: bool,
    /// The largest difference relative to the baseline that nobody has accepted.
    pub largest_relative: Option<String>,
    /// What the rules leave out.
    pub left_out: BTreeSet<String>,
    /// Known differences that have expired.
    pub expired: Vec<String>,
    /// Every key.
    pub keys: Vec<KeyDocument>,
}

/// A side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideDocument {
    /// Its name.
    pub name: String,
    /// The digest of the document that its values came from.
    pub digest: String,
    /// The run, where it is one.
    pub run_id: Option<String>,
    /// The digests of its inputs, where it tells.
    pub inputs: Option<Vec<String>>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDocument {
    /// The KPI's id.
    pub kpi: String,
    /// The snapshot.
    pub as_of: Option<NaiveDate>,
    /// The columns of the group with its values.
    pub segment: BTreeMap<String, String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// The baseline's value; null where it lacks the key.
    pub baseline: Option<ValueDocument>,
    /// The candidate's value; null where it lacks the key.
    pub candidate: Option<ValueDocument>,
    /// Candidate less baseline at 12 places.
    pub difference: Option<String>,
    /// The same relative to the baseline; null where that is 0.
    pub relative: Option<String>,
    /// Whether it proves anything.
    pub informative: bool,
    /// Whether it differs, and nobody has said why.
    pub needs_cause: bool,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueDocument {
    /// As it was printed; null where there is none.
    pub value: Option<String>,
    /// Before rounding, as a fraction.
    pub exact: Option<String>,
    /// The places at which it was printed, where they are declared.
    pub scale: Option<u32>,
    /// Why there is no value.
    pub reason: Option<String>,
}

impl Comparison {
    /// The comparison as a document.
    pub fn document(&self) -> ComparisonDocument {
        ComparisonDocument {
            schema_version: SCHEMA_VERSION,
            baseline: side(&self.baseline),
            candidate: side(&self.candidate),
            inputs: self.inputs,
            today: self.today,
            outcomes: self.counts(),
            compared: self.keys.len() as u64,
            informative: self.informative(),
            passes: self.passes(),
            largest_relative: self.largest_relative().as_ref().map(rounded),
            left_out: self.left_out.clone(),
            expired: self.expired.clone(),
            keys: self.keys.iter().map(key).collect(),
        }
    }

    /// What evidence holds of it: `expected` is how many keys there should have been, `baseline` the identity of that side,
    /// `rules` the digest of what it was compared by.
    ///
    /// # Errors
    /// What keeps the document from being written as canonical JSON.
    pub fn to_record(
        &self,
        occasion: Occasion,
        expected: u64,
        baseline: &str,
        rules: &ComparisonSettings,
    ) -> Result<ComparisonRecord, serde_json::Error> {
        let document = self.document();
        let dates: BTreeSet<Option<NaiveDate>> = self.keys.iter().map(|key| key.key.as_of).collect();
        // With several snapshots it is about the last of them.
        let as_of = dates.last().copied().flatten();
        let digest = document.digest()?;
        let outcomes =
            document.outcomes.iter().map(|(outcome, count)| (outcome.to_string(), *count)).collect();
        Ok(ComparisonRecord {
            occasion,
            as_of,
            baseline: baseline.to_owned(),
            rules: rules.digest()?,
            until: self.until(),
            outcomes,
            compared: document.compared,
            expected,
            informative: document.informative,
            clean: document.passes,
            largest_relative: document.largest_relative,
            document: digest,
        })
    }
}

impl ComparisonDocument {
    /// The bytes as they are stored: canonical JSON and a line's end.
    ///
    /// # Errors
    /// What keeps it from being written as canonical JSON.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        Ok((canonical(self)? + "\n").into_bytes())
    }

    /// The SHA-256 of its bytes.
    ///
    /// # Errors
    /// As [`ComparisonDocument::bytes`].
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(sha256(&self.bytes()?))
    }
}

fn side(side: &Side) -> SideDocument {
    let Side { name, digest, run_id, inputs } = side.clone();
    SideDocument { name, digest, run_id, inputs }
}

fn key(of: &KeyComparison) -> KeyDocument {
    KeyDocument {
        kpi: of.key.kpi.clone(),
        as_of: of.key.as_of,
        segment: of.key.segment.clone(),
        outcome: of.outcome,
        reason: of.reason.clone(),
        baseline: of.baseline.as_ref().map(value),
        candidate: of.candidate.as_ref().map(value),
        difference: of.difference.as_ref().map(rounded),
        relative: of.relative.as_ref().map(rounded),
        informative: of.informative,
        needs_cause: of.needs_cause,
    }
}

fn value(figure: &Figure) -> ValueDocument {
    ValueDocument {
        value: figure.value.as_ref().ok().map(ToString::to_string),
        exact: figure.exact.as_ref().map(ToString::to_string),
        scale: figure.scale,
        reason: figure.value.as_ref().err().cloned(),
    }
}

fn rounded(value: &Rational) -> String {
    text(value, PLACES)
}
