//! The shape of the file, key by key.

use abaco_kpi::{Basis, Direction, Rounding, Unit};
use serde::Deserialize;

use super::columns::Columns;
use super::promises::{ChangeEntry, CovenantEntry};
use super::{Definition, Refresh};
use crate::judgement::Expectation;
use crate::threshold::{Thresholds, ValidRange};
use crate::yaml::Quoted;

/// The most decimal places that a decimal holds.
const MAX_SCALE: u32 = 28;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "version")]
    _version: Version,
    pub(super) profile: Option<String>,
    #[serde(default)]
    pub(super) columns: Columns,
    pub(super) kpis: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(try_from = "u64")]
struct Version;

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        if version == 1 { Ok(Self) } else { Err(format!("version {version} is unknown; this is version 1")) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    id: String,
    name: Option<String>,
    formula: Option<String>,
    unit: Option<Unit>,
    direction: Option<Direction>,
    convention: Option<String>,
    basis: Option<Basis>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    references: Vec<String>,
    owner: Option<String>,
    #[serde(default)]
    departments: Vec<String>,
    refresh: Option<Refresh>,
    thresholds: Option<ThresholdsEntry>,
    leave: Option<ThresholdsEntry>,
    valid_range: Option<RangeEntry>,
    #[serde(default)]
    changes: Vec<ChangeEntry>,
    #[serde(default)]
    covenants: Vec<CovenantEntry>,
    anomaly: Option<Quoted>,
    rounding: Option<RoundingEntry>,
    data_source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThresholdsEntry {
    warning: Option<Quoted>,
    critical: Option<Quoted>,
}

impl From<ThresholdsEntry> for Thresholds {
    fn from(entry: ThresholdsEntry) -> Self {
        let of = |threshold: Option<Quoted>| threshold.map(|threshold| threshold.0);
        Self { warning: of(entry.warning), critical: of(entry.critical) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Ends")]
struct RangeEntry(ValidRange);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ends {
    min: Option<Quoted>,
    max: Option<Quoted>,
}

impl TryFrom<Ends> for RangeEntry {
    type Error = String;

    fn try_from(ends: Ends) -> Result<Self, String> {
        let range = ValidRange { min: ends.min.map(|end| end.0), max: ends.max.map(|end| end.0) };
        match range {
            ValidRange { min: None, max: None } => {
                Err("the valid range needs `min`, `max` or both".to_owned())
            }
            ValidRange { min: Some(min), max: Some(max) } if min > max => {
                Err(format!("the valid range begins at {min}, behind its end {max}"))
            }
            _ => Ok(Self(range)),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Rounding")]
struct RoundingEntry(Rounding);

impl TryFrom<Rounding> for RoundingEntry {
    type Error = String;

    fn try_from(rounding: Rounding) -> Result<Self, String> {
        if rounding.scale > MAX_SCALE {
            return Err(format!("rounding has at most {MAX_SCALE} places, found {}", rounding.scale));
        }
        Ok(Self(rounding))
    }
}

impl Entry {
    /// The definition that stands at this index of the list.
    pub(super) fn definition(self, index: usize) -> Definition {
        let entry = self;
        Definition {
            index,
            id: entry.id,
            name: entry.name,
            formula: entry.formula,
            unit: entry.unit,
            direction: entry.direction,
            convention: entry.convention,
            basis: entry.basis,
            aliases: entry.aliases,
            references: entry.references,
            owner: entry.owner,
            departments: entry.departments,
            refresh: entry.refresh,
            expectation: Expectation {
                thresholds: entry.thresholds.map(Thresholds::from).unwrap_or_default(),
                leave: entry.leave.map(Thresholds::from).unwrap_or_default(),
                valid_range: entry.valid_range.map_or_else(ValidRange::default, |range| range.0),
                changes: entry.changes.into_iter().map(|change| change.0).collect(),
                covenants: entry.covenants.into_iter().map(|covenant| covenant.0).collect(),
                anomaly: entry.anomaly.map(|share| share.0),
            },
            rounding: entry.rounding.map(|rounding| rounding.0),
            data_source: entry.data_source,
        }
    }
}
