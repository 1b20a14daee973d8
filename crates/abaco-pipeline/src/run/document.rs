//! The result of a run, as `abaco run --format json` prints it and `kpis.json` holds it.
//!
//! Decimals are strings, times are RFC 3339 in UTC, keys are snake case, and a key that does not apply is null.

use abaco_engine::{Finding, FindingKind, Group, KpiResult, Status};
use abaco_kpi::{Decimal, ExactForm};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::drill::DrillEntry;
use super::folded::Outcomes;
use super::part::Described;

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
    pub period: Option<PeriodEntry>,
    /// When the numbers became known.
    pub known_at: String,
    /// What became of the tape's rows.
    pub rows: Rows,
    /// The totals.
    pub kpis: Vec<KpiEntry>,
    /// The groups of each grouping set.
    pub segments: Vec<Segment>,
    /// What the rules of the definitions have to say, the totals first.
    pub findings: Vec<FindingEntry>,
    /// What the configured KPIs are made of.
    pub drill_down: Vec<DrillEntry>,
    /// The totals per period of each configured rollup, up to the snapshot.
    pub series: Vec<SeriesEntry>,
}

/// The period of a run.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodEntry {
    /// The previous snapshot, which the period does not include.
    pub from: Option<NaiveDate>,
    /// The snapshot.
    pub to: NaiveDate,
}

/// Where the rows went: read = accepted + quarantined + duplicate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The value at the snapshot of a year before.
    pub prior_year: Option<PriorEntry>,
}

/// `multiplier * numerator / denominator`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exact {
    /// Above the line.
    pub numerator: String,
    /// Below the line.
    pub denominator: String,
    /// In front.
    pub multiplier: String,
}

/// A KPI at an earlier snapshot.
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

/// What a rule has to say about a KPI.
#[derive(Clone, Debug, Serialize)]
pub struct FindingEntry {
    /// The KPI.
    pub kpi: String,
    /// The group's columns and values; empty for the totals.
    pub by: Map<String, Value>,
    /// Which rule: `level`, `held`, `change`, `covenant`, `out_of_range`, `saturated`, `anomaly` or `unjudged`.
    pub kind: FindingKind,
    /// `warning`, `critical`, or `none` for a remark.
    pub severity: Status,
    /// The rule in words, with its limit.
    pub message: String,
}

/// A period of a series.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesEntry {
    /// The length of the period.
    pub rollup: &'static str,
    /// Its name, such as `2025-11`.
    pub period: String,
    /// The snapshot from which its flows are counted: that of the period before, if the tape has it.
    pub from: Option<NaiveDate>,
    /// The tape's last snapshot in it.
    pub as_of: NaiveDate,
    /// Whether the tape, or what its rows know, ends before the period does.
    pub partial: bool,
    /// The totals.
    pub kpis: Vec<KpiEntry>,
}

/// What a document needs beyond the outcomes.
pub(crate) struct Heading {
    pub(crate) run_id: String,
    pub(crate) identity: String,
    pub(crate) portfolio: String,
    pub(crate) currency: String,
    pub(crate) known_at: DateTime<Utc>,
    pub(crate) rows: Rows,
    pub(crate) effective_as_of: Option<NaiveDate>,
}

/// The outcomes of a run, and what they are made of.
pub(super) struct Results<'r> {
    outcomes: &'r Outcomes,
    drill_down: Vec<DrillEntry>,
}

impl<'r> Results<'r> {
    pub(super) fn new(outcomes: &'r Outcomes, drill_down: Vec<DrillEntry>) -> Self {
        Self { outcomes, drill_down }
    }
}

pub(super) fn document(heading: Heading, results: Results<'_>) -> RunDocument {
    let Results { outcomes, drill_down } = results;
    let Outcomes { finished, described, year_before, series, cohorts, .. } = outcomes;
    let with_year = |group: &Group| {
        let mut entries = entries(group, described);
        if let Some((as_of, values)) = year_before
            && let Some(values) = values.get(&group.by)
        {
            for (entry, value) in entries.iter_mut().zip(values) {
                entry.prior_year = Some(prior(*as_of, *value));
            }
        }
        entries
    };
    let findings = finished.groups.iter().chain(&cohorts.groups).flat_map(findings).collect();
    let (totals, segments): (Vec<&Group>, Vec<&Group>) =
        finished.groups.iter().partition(|group| group.by.is_empty());
    let segments = segments.into_iter().map(|group| Segment { by: by(group), kpis: with_year(group) });
    let cohorts = cohorts
        .groups
        .iter()
        .map(|group| Segment { by: by(group), kpis: entries(group, &cohorts.described) });
    let series = series.iter().map(|(rollup, point, totals)| SeriesEntry {
        rollup: rollup.as_str(),
        period: point.label.clone(),
        from: point.from,
        as_of: point.as_of,
        partial: point.partial,
        kpis: totals.groups.iter().flat_map(|group| entries(group, described)).collect(),
    });
    RunDocument {
        schema_version: SCHEMA_VERSION,
        run_id: heading.run_id,
        identity: heading.identity,
        portfolio: heading.portfolio,
        currency: heading.currency,
        as_of: finished.as_of,
        effective_as_of: heading.effective_as_of,
        period: finished.as_of.map(|to| PeriodEntry { from: finished.prior_as_of, to }),
        known_at: heading.known_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        rows: heading.rows,
        kpis: totals.iter().flat_map(|group| with_year(group)).collect(),
        segments: segments.chain(cohorts).collect(),
        findings,
        drill_down,
        series: series.collect(),
    }
}

fn findings(group: &Group) -> Vec<FindingEntry> {
    let of = |result: &KpiResult| {
        let entry = |finding: &Finding| FindingEntry {
            kpi: result.id.to_string(),
            by: by(group),
            kind: finding.kind,
            severity: finding.severity,
            message: finding.message.clone(),
        };
        result.findings.iter().map(entry).collect::<Vec<_>>()
    };
    group.kpis.iter().flat_map(of).collect()
}

fn by(group: &Group) -> Map<String, Value> {
    group.by.iter().map(|(column, value)| (column.name().to_owned(), value.clone().into())).collect()
}

fn entries(group: &Group, described: &[Described]) -> Vec<KpiEntry> {
    group.kpis.iter().zip(described).map(|(result, described)| entry(result, described)).collect()
}

fn prior(as_of: NaiveDate, value: Option<Decimal>) -> PriorEntry {
    PriorEntry { as_of, value: value.map(|value| value.to_string()) }
}

fn entry(result: &KpiResult, (spec, formula): &Described) -> KpiEntry {
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
        prior: result.prior.as_ref().map(|earlier| prior(earlier.as_of, earlier.value)),
        prior_year: None,
    }
}

fn exact(form: &ExactForm) -> Exact {
    Exact {
        numerator: form.numerator.to_string(),
        denominator: form.denominator.to_string(),
        multiplier: form.multiplier.to_string(),
    }
}
