//! The result of a run, as `abaco run --format json` prints it and `kpis.json` holds it.
//!
//! Decimals are strings, times are RFC 3339 in UTC, keys are snake case, and a key that does not apply is null.

use abaco_engine::{Finished, Group, KpiResult};
use abaco_kpi::{ExactForm, KpiSpec};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

/// The version of this document's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// A run's result.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunDocument {
    /// Version of this shape.
    pub schema_version: u32,
    /// UUIDv7 of this execution.
    pub run_id: String,
    /// Digest of what the numbers depend on: `sha256:` and hexadecimal digits.
    pub identity: String,
    /// The portfolio.
    pub portfolio: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// The snapshot's label; null if the tape has no snapshot column.
    pub as_of: Option<NaiveDate>,
    /// The snapshot's true date, where the contract derives one.
    pub effective_as_of: Option<NaiveDate>,
    /// What flows cover: after `from`, up to `to`.
    pub period: Option<Period>,
    /// When the numbers became known.
    pub known_at: String,
    /// What became of the tape's rows.
    pub rows: Rows,
    /// The totals.
    pub kpis: Vec<KpiEntry>,
    /// The groups of each grouping set.
    pub segments: Vec<Segment>,
    /// The results per period; empty until rollups are configured.
    pub series: Vec<Value>,
}

/// The period of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// The previous snapshot, which the period does not include.
    pub from: Option<NaiveDate>,
    /// The snapshot.
    pub to: NaiveDate,
}

/// Where the rows went: read = accepted + quarantined + duplicate.
#[derive(Clone, Debug, Serialize)]
pub struct Rows {
    /// Rows of the tape.
    pub read: u64,
    /// Rows that were set aside.
    pub quarantined: u64,
    /// Rows that repeat another.
    pub duplicate: u64,
    /// Rows of the snapshot.
    pub as_of: u64,
}

/// One KPI.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KpiEntry {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its reading where practice disagrees.
    pub convention: String,
    /// The rounded value; null unless `state` is `value`.
    pub value: Option<String>,
    /// The unit of the value.
    pub unit: &'static str,
    /// `value`, `undefined`, `unavailable` or `failed`.
    pub state: &'static str,
    /// Why there is no value, or what a fallback replaced.
    pub reason: Option<String>,
    /// `ok`, `warning`, `critical` or `none`.
    pub status: &'static str,
    /// The formula that was computed.
    pub formula: String,
    /// The exact form of the value.
    pub exact: Option<Exact>,
    /// The formula's measures with their exact totals.
    pub components: Map<String, Value>,
    /// Rows in scope.
    pub rows: u64,
    /// Those of them with a NULL operand.
    pub nulls: u64,
    /// The value one snapshot earlier.
    pub prior: Option<PriorEntry>,
}

/// `multiplier * numerator / denominator`.
#[derive(Clone, Debug, Serialize)]
pub struct Exact {
    /// Above the line.
    pub numerator: String,
    /// Below the line.
    pub denominator: String,
    /// In front.
    pub multiplier: String,
}

/// A KPI one snapshot earlier.
#[derive(Clone, Debug, Serialize)]
pub struct PriorEntry {
    /// The earlier snapshot.
    pub as_of: NaiveDate,
    /// Its rounded value.
    pub value: Option<String>,
}

/// One group of a grouping set.
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    /// The grouping columns with this group's values.
    pub by: Map<String, Value>,
    /// The KPIs over the group's rows.
    pub kpis: Vec<KpiEntry>,
}

/// What a document needs beyond the outcomes.
pub(crate) struct Heading {
    pub(crate) run_id: String,
    pub(crate) identity: String,
    pub(crate) portfolio: String,
    pub(crate) currency: String,
    pub(crate) known_at: DateTime<Utc>,
    pub(crate) rows_read: u64,
}

pub(crate) fn document<'p>(
    heading: Heading,
    finished: &Finished,
    kpis: impl Iterator<Item = (&'p KpiSpec, &'p str)>,
) -> RunDocument {
    let specs: Vec<(&KpiSpec, &str)> = kpis.collect();
    let entries = |group: &Group| {
        group.kpis.iter().zip(&specs).map(|(result, (spec, text))| entry(result, spec, text)).collect()
    };
    let (totals, segments): (Vec<&Group>, Vec<&Group>) =
        finished.groups.iter().partition(|group| group.by.is_empty());
    RunDocument {
        schema_version: SCHEMA_VERSION,
        run_id: heading.run_id,
        identity: heading.identity,
        portfolio: heading.portfolio,
        currency: heading.currency,
        as_of: finished.as_of,
        effective_as_of: None,
        period: finished.as_of.map(|to| Period { from: finished.prior_as_of, to }),
        known_at: heading.known_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        rows: Rows {
            read: heading.rows_read,
            quarantined: 0,
            duplicate: 0,
            as_of: totals.iter().map(|group| group.rows).sum(),
        },
        kpis: totals.iter().flat_map(|group| -> Vec<KpiEntry> { entries(group) }).collect(),
        segments: segments
            .iter()
            .map(|group| Segment {
                by: group
                    .by
                    .iter()
                    .map(|(column, value)| (column.name().to_owned(), value.clone().into()))
                    .collect(),
                kpis: entries(group),
            })
            .collect(),
        series: Vec::new(),
    }
}

fn entry(result: &KpiResult, spec: &KpiSpec, formula: &str) -> KpiEntry {
    let total = |value: &Option<abaco_kpi::Scaled>| value.as_ref().map(ToString::to_string).into();
    KpiEntry {
        id: spec.id.to_string(),
        name: spec.title.to_string(),
        convention: spec.convention.to_string(),
        value: result.outcome.value().map(|value| value.to_string()),
        unit: spec.unit.as_str(),
        state: result.outcome.state(),
        reason: result.outcome.reason(),
        status: result.status.as_str(),
        formula: formula.to_owned(),
        exact: result.exact.as_ref().map(exact),
        components: result.components.iter().map(|(text, value)| (text.clone(), total(value))).collect(),
        rows: result.rows,
        nulls: result.nulls,
        prior: result.prior.as_ref().map(|prior| PriorEntry {
            as_of: prior.as_of,
            value: prior.value.map(|value| value.to_string()),
        }),
    }
}

fn exact(form: &ExactForm) -> Exact {
    Exact {
        numerator: form.numerator.to_string(),
        denominator: form.denominator.to_string(),
        multiplier: form.multiplier.to_string(),
    }
}
