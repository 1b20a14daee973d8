//! The real month-end panel, where it lies beside the repository.

use std::collections::{BTreeMap, BTreeSet};

use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig};
use abaco_rollout::causes::{CauseSettings, Findings, Subject, Verdict, find};
use abaco_rollout::figures::Key;
use chrono::NaiveDate;
use num_bigint::BigInt;
use rust_decimal::Decimal;

use crate::common::{Rational, figures, key, root};
use crate::naive::{Mode, printed};

/// One row of the panel: its date, days past due where they are known, and its balance in cents.
type PanelRow = (NaiveDate, Option<i64>, i64);

/// `12.5` as 1250.
fn cents(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

fn panel() -> Option<Vec<PanelRow>> {
    let tape = root().join("../shared/data/loan_par_balances.csv");
    if !tape.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", tape.display());
        return None;
    }
    let text = std::fs::read_to_string(&tape).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
    let (date, dpd, balance) = (column("reporting_date"), column("dpd"), column("outstanding_balance_usd"));
    let row = |line: Vec<&str>| (line[date].parse().unwrap(), line[dpd].parse().ok(), cents(line[balance]));
    Some(lines.map(row).collect())
}

/// 100 * late / all, at 2 places.
fn percent(rows: &[PanelRow], is_at: impl Fn(NaiveDate) -> bool, is_late: impl Fn(i64) -> bool) -> Decimal {
    let of = |late: bool| -> i64 {
        let rows = rows.iter().filter(|(date, dpd, _)| is_at(*date) && (!late || dpd.is_some_and(&is_late)));
        rows.map(|(_, _, balance)| balance).sum()
    };
    let exact = Rational::new(BigInt::from(of(true)) * 100, of(false).into());
    printed(&exact, 2, Mode::HalfAway)
}

fn explain(values: BTreeMap<Key, Decimal>) -> Findings {
    let config = PipelineConfig::load(root().join("config/par_balances.yml")).unwrap();
    let catalogue = Catalogue::new().profile("standard", abaco_calculators::STANDARD.kpis());
    let pipeline = Pipeline::new(config, &catalogue).unwrap();
    let inputs = [root().join("../shared/data/loan_par_balances.csv")];
    let subject = Subject { name: "v2", pipeline: &pipeline, inputs: &inputs };
    let keys: BTreeSet<Key> = values.keys().cloned().collect();
    let baseline = figures(values.into_iter().map(|(key, value)| (key, Some(value))), Some(2));
    find(&baseline, &subject, &keys, &CauseSettings::default()).unwrap()
}

fn dates(rows: &[PanelRow]) -> BTreeSet<NaiveDate> {
    rows.iter().map(|(date, _, _)| *date).collect()
}

#[test]
fn a_legacy_par_30_is_pooled() {
    let Some(rows) = panel() else { return };
    let pooled = percent(&rows, |_| true, |dpd| dpd >= 30);
    assert_eq!(pooled.to_string(), "6.15");
    let dates = dates(&rows);
    let november = NaiveDate::from_ymd_opt(2025, 11, 30).unwrap();
    assert_eq!(percent(&rows, |date| date == november, |dpd| dpd >= 30).to_string(), "3.31");

    let findings = explain(dates.into_iter().map(|date| (key("par_30", Some(date), None), pooled)).collect());
    assert_eq!(findings.snapshots, 36);
    let finding = &findings.kpis[0];
    assert_eq!(finding.verdict, Verdict::Confirmed, "{}", crate::common::shown(finding));
    assert_eq!(finding.survivors[0].switches, ["pooled"]);
    assert_eq!(finding.survivors[0].sentence, "v1 pools 36 snapshots");
    assert_eq!(findings.together.survivors, finding.survivors);
    assert_eq!(
        finding.sentence,
        format!(
            "v1 pools 36 snapshots: of {} hypotheses this one alone gives all 36 values; it differs from no switch in all 36 snapshots",
            finding.tried
        )
    );

    // One value is no proof, and the finder says so.
    let one = explain([(key("par_30", Some(november), None), pooled)].into());
    assert_eq!(one.together.verdict, Verdict::Indistinguishable);
    assert!(one.together.survivors.iter().any(|survivor| survivor.switches == ["pooled"]));
}

#[test]
fn more_than_agrees_with_at_least_in_31_of_36_months() {
    let Some(rows) = panel() else { return };
    let value = |date: NaiveDate, more: bool| {
        percent(&rows, |found| found == date, |dpd| if more { dpd > 30 } else { dpd >= 30 })
    };
    let dates = dates(&rows);
    let differ = dates.iter().filter(|date| value(**date, true) != value(**date, false)).count();
    assert_eq!(differ, 5);
    let of = dates.into_iter().map(|date| (key("par_ge_30", Some(date), None), value(date, true)));
    let findings = explain(of.collect());
    let finding = &findings.kpis[0];
    assert_eq!(finding.verdict, Verdict::Confirmed);
    let survivor = &finding.survivors[0];
    assert_eq!((survivor.dates, survivor.dates_that_differ), (36, 5));
    assert_eq!(survivor.switches, ["more_than"]);
    assert!(
        finding
            .sentence
            .ends_with("it differs from no switch in 5 of 36 snapshots and agrees in the other 31"),
        "{}",
        finding.sentence
    );
}
