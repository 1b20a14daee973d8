//! The contract as it is written, before validation.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::column::{ColumnType, ExcessDigits, FromFloat, NullRule, Role};
use super::rule::Severity;
use crate::contract::TableRole;
use crate::yaml::Ordered;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawContract {
    pub(super) contract: String,
    pub(super) version: u32,
    pub(super) currency: String,
    pub(super) null_tokens: Option<Vec<String>>,
    pub(super) date_formats: Option<Vec<String>>,
    pub(super) columns: Ordered<RawColumn>,
    #[serde(default)]
    pub(super) derive: Ordered<String>,
    pub(super) effective_as_of: Option<RawEffective>,
    #[serde(default)]
    pub(super) rules: Vec<RawRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEffective {
    pub(super) lag_days: String,
    #[serde(rename = "where")]
    pub(super) filter: Option<String>,
}

/// Rules are optional here, so that a rule that means nothing for the column's type is noticed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    #[serde(rename = "type")]
    pub(super) column_type: ColumnType,
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) nulls: NullRule,
    pub(super) excess_digits: Option<ExcessDigits>,
    pub(super) from_float: Option<FromFloat>,
    pub(super) null_tokens: Option<Vec<String>>,
    pub(super) date_formats: Option<Vec<String>>,
    pub(super) range: Option<RawRange>,
    pub(super) allowed: Option<RawAllowed>,
    #[serde(default)]
    pub(super) unique: RawUnique,
    pub(super) outliers: Option<Quoted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRange {
    pub(super) min: Option<Quoted>,
    pub(super) max: Option<Quoted>,
    #[serde(default)]
    pub(super) severity: Severity,
}

/// `[a, b]`, or `{values: [a, b], severity: warning}`.
#[derive(Debug)]
pub(super) struct RawAllowed {
    pub(super) values: Vec<String>,
    pub(super) severity: Severity,
}

/// `true`, `false`, or `{severity: warning}`.
#[derive(Debug, Default)]
pub(super) struct RawUnique(pub(super) Option<Severity>);

/// One rule: of the kinds exactly one is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: String,
    #[serde(default)]
    pub(super) severity: Severity,
    pub(super) message: Option<String>,
    pub(super) check: Option<String>,
    pub(super) never_reverts: Option<RawNeverReverts>,
    pub(super) rows: Option<RawRows>,
    pub(super) freshness: Option<RawFreshness>,
    pub(super) reconcile: Option<RawReconcile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNeverReverts {
    pub(super) column: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRows {
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFreshness {
    pub(super) max_age_days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReconcile {
    pub(super) table: TableRole,
    pub(super) sum: Option<String>,
    #[serde(rename = "with")]
    pub(super) other: Option<String>,
    #[serde(default)]
    pub(super) rows: bool,
    pub(super) within: Option<Quoted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowedMap {
    values: Vec<Quoted>,
    #[serde(default)]
    severity: Severity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UniqueMap {
    #[serde(default)]
    severity: Severity,
}

impl RawAllowed {
    fn new(values: Vec<Quoted>, severity: Severity) -> Self {
        Self { values: values.into_iter().map(|value| value.0).collect(), severity }
    }
}

/// A text that is none by accident: an unquoted number would be one at another place.
#[derive(Debug)]
pub(super) struct Quoted(pub(super) String);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuotedVisitor)
    }
}

struct QuotedVisitor;

impl Visitor<'_> for QuotedVisitor {
    type Value = Quoted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes, such as \"1.5\"")
    }

    fn visit_str<E>(self, text: &str) -> Result<Quoted, E> {
        Ok(Quoted(text.to_owned()))
    }
}

// Written by hand, because an untagged enum says of every mistake only that no variant fits.

impl<'de> Deserialize<'de> for RawAllowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AllowedVisitor)
    }
}

struct AllowedVisitor;

impl<'de> Visitor<'de> for AllowedVisitor {
    type Value = RawAllowed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, or a mapping with `values` and `severity`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<RawAllowed, A::Error> {
        let values = Vec::<Quoted>::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(RawAllowed::new(values, Severity::Error))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawAllowed, A::Error> {
        let AllowedMap { values, severity } = AllowedMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawAllowed::new(values, severity))
    }
}

impl<'de> Deserialize<'de> for RawUnique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = RawUnique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or a mapping with `severity`")
    }

    fn visit_bool<E>(self, unique: bool) -> Result<RawUnique, E> {
        Ok(RawUnique(unique.then_some(Severity::Error)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawUnique, A::Error> {
        let UniqueMap { severity } = UniqueMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawUnique(Some(severity)))
    }
}
