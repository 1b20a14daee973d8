//! What `pipeline.yml` says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::artefacts::RetentionSettings;
use crate::calendar::Rollup;
use crate::contract::TableRole;
use crate::fetch::HttpSettings;
use crate::mask::MaskingSettings;
use crate::outbox::{self, OutputSettings};
use crate::transform::DimensionSettings;

/// What `pipeline.yml` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Version of this file's shape: 1.
    pub version: u32,
    /// The portfolio that the runs belong to.
    pub portfolio: String,
    /// The list of KPIs.
    #[serde(default = "standard")]
    pub profile: String,
    /// The contract's file, relative to this one; `${ENV}` and `${ENV:default}` are resolved.
    pub contract: String,
    /// The definitions' file, likewise; without it nothing is judged.
    #[serde(default)]
    pub definitions: Option<String>,
    /// Grouping sets: each is a list of columns that the results are broken down by.
    #[serde(default)]
    pub segments: Vec<Vec<String>>,
    /// KPIs that must have a value, or the run ends with the exit status for a crossed threshold.
    #[serde(default)]
    pub required: Vec<String>,
    /// The tables beside the tape; with them, flows and transitions are computed on the loan-period panel.
    #[serde(default)]
    pub tables: Option<TableSettings>,
    /// Columns to group by that are made from others: a vintage, a bucket, a band.
    #[serde(default)]
    pub dimensions: BTreeMap<String, DimensionSettings>,
    /// The periods of which a series is given.
    #[serde(default)]
    pub rollups: Vec<Rollup>,
    /// The month, 1 to 12, with which the fiscal year begins; its quarters follow.
    #[serde(default = "january")]
    pub fiscal_year_starts: u32,
    /// Origination cohorts at given ages.
    #[serde(default)]
    pub cohorts: Option<CohortSettings>,
    /// KPIs that are taken apart by loan, obligor or segment.
    #[serde(default)]
    pub drill_down: Vec<DrillSettings>,
    /// What becomes of rows that do not fit their contract.
    #[serde(default)]
    pub quality: QualitySettings,
    /// The key that replaces personal data; needed where a contract has any.
    #[serde(default)]
    pub masking: Option<MaskingSettings>,
    /// How long runs are kept, and whether the inputs are kept with them.
    #[serde(default)]
    pub retention: RetentionSettings,
    /// In which formats the tables of results are written besides Parquet.
    #[serde(default, skip_serializing)]
    pub further_formats: Vec<FurtherFormat>,
    /// The key that signs manifests.
    #[serde(default, skip_serializing)]
    pub signing: Option<SigningSettings>,
    /// Where published runs are delivered to.
    #[serde(default, skip_serializing)]
    pub outputs: Vec<OutputSettings>,
    /// How inputs behind an address are fetched.
    #[serde(default, skip_serializing)]
    pub http: HttpSettings,
}

/// A format in which `kpis`, `segments` and `series` are written besides Parquet; `kpis.csv` is there in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FurtherFormat {
    /// `.csv`
    Csv,
    /// `.arrow`, the Arrow IPC file format.
    ArrowIpc,
}

/// The key that signs manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningSettings {
    /// The environment variable that holds an Ed25519 key; the key itself is in no file.
    #[serde(default = "signing_key")]
    pub key_env: String,
}

fn signing_key() -> String {
    "ABACO_SIGNING_KEY".to_owned()
}

/// What becomes of rows that do not fit their contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualitySettings {
    /// Whether one such row refuses the data.
    #[serde(default)]
    pub mode: QualityMode,
}

/// Whether a row that does not fit its contract refuses the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityMode {
    /// It does: nothing is computed.
    #[default]
    Strict,
    /// It is set aside with its reasons, and the others go on.
    Quarantine,
}

/// A KPI that is taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillSettings {
    /// The KPI's id.
    pub kpi: String,
    /// The columns by which it is taken apart.
    pub by: Vec<String>,
    /// How many parts are listed; the others are summed.
    #[serde(default = "ten")]
    pub top: usize,
}

fn ten() -> usize {
    10
}

/// The key under which KPIs are taken apart.
pub(crate) const DRILL_DOWN: &str = "drill_down";

impl Settings {
    /// Every column whose values are published with results, and the key under which it is asked for.
    pub(crate) fn grouped_by(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let segments = self.segments.iter().flatten().map(|name| ("segments", name));
        segments.chain(self.drill_down.iter().flat_map(|drill| &drill.by).map(|name| (DRILL_DOWN, name)))
    }

    /// Refuses settings that cannot be meant, whatever the tape.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=12).contains(&self.fiscal_year_starts) {
            return Err(format!(
                "`fiscal_year_starts`: expected a month from 1 to 12, found {}",
                self.fiscal_year_starts
            ));
        }
        if let Some(drill) = self.drill_down.iter().find(|drill| drill.by.is_empty()) {
            return Err(format!(
                "`drill_down`, `{}`: expected a list of columns, found an empty list",
                drill.kpi
            ));
        }
        self.masking.as_ref().map_or(Ok(()), MaskingSettings::check)?;
        outbox::check(&self.outputs)?;
        if let Some(cohorts) = &self.cohorts {
            if self.tables.is_none() {
                return Err(
                    "`cohorts`: expected `tables` too, which tell of loans that left the tape".to_owned()
                );
            }
            if !matches!(cohorts.by, Rollup::Monthly | Rollup::Quarterly | Rollup::Yearly) {
                return Err("`cohorts`: expected monthly, quarterly or yearly".to_owned());
            }
            if cohorts.months_on_book.is_empty() {
                return Err("`cohorts`: expected at least one age in `months_on_book`".to_owned());
            }
        }
        Ok(())
    }
}

fn standard() -> String {
    "standard".to_owned()
}

fn january() -> u32 {
    1
}

/// The tables beside the tape, by role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSettings {
    /// One row per loan, of what never changes.
    #[serde(default, rename = "static")]
    pub statics: Option<TableSource>,
    /// Disbursements and payments: one row per loan and day.
    #[serde(default)]
    pub event: Option<TableSource>,
    /// What falls due: one row per loan and day.
    #[serde(default)]
    pub schedule: Option<TableSource>,
    /// Figures of the portfolio and a day: no loan's.
    #[serde(default)]
    pub ledger: Option<TableSource>,
}

impl TableSettings {
    /// The tables that are configured, with their roles.
    pub fn iter(&self) -> impl Iterator<Item = (TableRole, &TableSource)> {
        let all = [
            (TableRole::Static, &self.statics),
            (TableRole::Event, &self.event),
            (TableRole::Schedule, &self.schedule),
            (TableRole::Ledger, &self.ledger),
        ];
        all.into_iter().filter_map(|(role, source)| source.as_ref().map(|source| (role, source)))
    }
}

/// Where a table is, and what it must look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSource {
    /// The contract's file, relative to this one.
    pub contract: String,
    /// The table's files, likewise; they may also be named when a run is asked for.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// Origination cohorts at given ages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortSettings {
    /// The length of the cohorts: monthly, quarterly or yearly.
    pub by: Rollup,
    /// The ages, in whole calendar months after the month of origination.
    pub months_on_book: Vec<u32>,
}
