//! A candidate over a generated tape, and baselines for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use abaco_kpi::{Formula, FormulaKpi, Kpi, KpiSpec, Rounding, Unit, sum};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig};
use abaco_rollout::causes::{CauseSettings, Finding, Findings, Subject, Verdict, find};
use abaco_rollout::figures::{Figure, Figures, Key};
use chrono::NaiveDate;
use num_bigint::BigInt;
use num_rational::Ratio;
use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::tape::{Row, csv};

pub(crate) type Rational = Ratio<BigInt>;

const SETTINGS: &str = "\
version: 1
portfolio: p
profile: standard
contract: contract.yml
definitions: definitions.yml
segments: [[segment]]
quality: { mode: quarantine }
";

const CONTRACT: &str = "\
contract: generated
version: 1
currency: USD
columns:
  loan_id: { type: text, required: true, nulls: reject, roles: [key] }
  reporting_date: { type: date, required: true, nulls: reject, roles: [snapshot] }
  borrower_id: { type: text, nulls: keep }
  segment: { type: text, nulls: keep }
  dpd: { type: int, nulls: keep }
  dpd_date: { type: date, nulls: keep }
  is_written_off: { type: bool, nulls: keep }
  outstanding_balance: { type: 'decimal(18, 2)', nulls: keep, roles: [amount] }
  written_off_balance: { type: 'decimal(18, 2)', nulls: keep, roles: [amount] }
  cash_available_usd: { type: 'decimal(18, 2)', nulls: keep, roles: [amount] }
  total_eligible_usd: { type: 'decimal(18, 2)', nulls: keep, roles: [amount] }
derive:
  dpd_30_60_usd: 'CASE WHEN dpd >= 30 AND dpd < 60 THEN outstanding_balance ELSE 0 END'
  dpd_60_90_usd: 'CASE WHEN dpd >= 60 AND dpd < 90 THEN outstanding_balance ELSE 0 END'
  dpd_90_plus_usd: 'CASE WHEN dpd >= 90 THEN outstanding_balance ELSE 0 END'
  total_receivable_usd: 'outstanding_balance'
effective_as_of:
  lag_days: 'DAYS_BETWEEN(dpd_date, reporting_date) - dpd'
  where: 'dpd > 0'
";

/// The KPIs of the candidate: the catalogue's, and some with other conventions.
fn kpis() -> Vec<FormulaKpi> {
    let spec = |id: &'static str| KpiSpec::new(id, id, Unit::Percent);
    let par_30 = abaco_calculators::par_30;
    let overdue = || sum("dpd_30_60_usd") + sum("dpd_60_90_usd") + sum("dpd_90_plus_usd");
    let rounded = |kpi: FormulaKpi| kpi.formula().round(2);
    let score = |par: Formula, collected: Formula| {
        ((10 - par / 10).at_least(0) * collected / 10).at_least(0).at_most(10)
    };
    vec![
        par_30(),
        abaco_calculators::collection_rate(),
        abaco_calculators::portfolio_health(),
        abaco_calculators::par_ge(30),
        abaco_calculators::par_gt(30),
        abaco_calculators::par_obligor_30(),
        abaco_calculators::dq_share_current(),
        FormulaKpi::new(
            spec("par_30_over_opening"),
            100 * overdue() / Formula::from(sum("total_receivable_usd")).lag(1),
        ),
        FormulaKpi::new(
            spec("health_of_rounded"),
            score(rounded(par_30()), rounded(abaco_calculators::collection_rate())),
        ),
        FormulaKpi::new(spec("par_30_even").rounding(Rounding::half_even(2)), par_30().formula()),
        FormulaKpi::new(spec("par_30_fraction"), overdue() / sum("total_receivable_usd")),
    ]
}

/// A candidate with a tape.
pub(crate) struct Desk {
    _folder: TempDir,
    pipeline: Pipeline,
    inputs: Vec<PathBuf>,
}

impl Desk {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        write("contract.yml", CONTRACT);
        write("definitions.yml", "version: 1\nkpis: []\n");
        let config = PipelineConfig::load(write("pipeline.yml", SETTINGS)).unwrap();
        let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis())).unwrap();
        let inputs = vec![write("tape.csv", &csv(rows))];
        Self { _folder: folder, pipeline, inputs }
    }

    /// What is found about a baseline with these values.
    pub(crate) fn find(&self, baseline: &Figures) -> Findings {
        self.find_within(baseline, &CauseSettings::default()).unwrap()
    }

    pub(crate) fn find_within(
        &self,
        baseline: &Figures,
        settings: &CauseSettings,
    ) -> Result<Findings, abaco_rollout::RolloutError> {
        let subject = Subject { name: "v2", pipeline: &self.pipeline, inputs: &self.inputs };
        let keys: BTreeSet<Key> = baseline.values.keys().cloned().collect();
        find(baseline, &subject, &keys, settings)
    }
}

/// A value of a baseline: none where there is nothing to divide by.
pub(crate) type Printed = Option<Decimal>;

pub(crate) fn key(kpi: &str, as_of: Option<NaiveDate>, segment: Option<&str>) -> Key {
    let segment = segment.map(|segment| ("segment".to_owned(), segment.to_owned()));
    Key { kpi: kpi.to_owned(), as_of, segment: segment.into_iter().collect() }
}

pub(crate) fn figures(values: impl IntoIterator<Item = (Key, Printed)>, scale: Option<u32>) -> Figures {
    let figure = |value: Printed| Figure {
        value: value.ok_or_else(|| "zero_denominator".to_owned()),
        scale,
        exact: None,
        components: BTreeMap::new(),
        numerator: None,
    };
    let values = values.into_iter().map(|(key, value)| (key, figure(value))).collect();
    Figures { name: "v1".to_owned(), values, ..Figures::default() }
}

/// The finding about a KPI and that about all keys are of one cause, and of no other.
pub(crate) fn assert_confirmed(findings: &Findings, switches: &[&str]) {
    let all = std::iter::once(&findings.together).chain(&findings.kpis);
    for finding in all {
        assert_eq!(finding.verdict, Verdict::Confirmed, "{}", shown(finding));
        assert_eq!(finding.survivors.len(), 1, "{}", shown(finding));
        assert_eq!(finding.survivors[0].switches, switches, "{}", shown(finding));
        assert!(finding.survivors[0].informative.len() >= 3, "{}", shown(finding));
    }
}

pub(crate) fn shown(finding: &Finding) -> String {
    serde_json::to_string_pretty(finding).unwrap()
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
