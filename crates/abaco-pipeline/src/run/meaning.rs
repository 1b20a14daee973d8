//! Periods over which a KPI has no meaning: its number would be another's.

use crate::calendar::{Rollup, is_cut_short};
use abaco_engine::{Finished, KpiResult, Status};
use abaco_kpi::{Basis, Formula, Kpi, KpiSpec, Measure, Outcome, Undefined};
use chrono::{Datelike, NaiveDate};

/// What a KPI asks of the periods that it is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asks {
    basis: Basis,
    /// The snapshots that lie one month apart: as many as the formula looks back, and the one that begins the period.
    months: Option<usize>,
    annualised: bool,
}

/// What is known of a point of a series, or of the snapshot of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over<'p> {
    /// The snapshots of the tape up to this one, newest first.
    pub(super) snapshots: &'p [NaiveDate],
    /// The snapshots that begin and end periods, likewise.
    pub(super) ends: &'p [NaiveDate],
    /// The tape ends before the period does.
    pub(super) partial: bool,
    /// The period has several snapshots, whose flows nobody has added up.
    pub(super) unsummed: bool,
}

impl Asks {
    pub(super) fn new(kpi: &dyn Kpi) -> Self {
        let spec = kpi.spec();
        let basis = Basis::of_kpi(kpi);
        let looks_back = deepest_lag(&kpi.formula()).max(usize::from(basis == Basis::Period));
        Self { basis, months: spec.monthly.then_some(looks_back), annualised: spec.annualised }
    }

    /// Why the KPI has no meaning there, if so.
    fn refusal(&self, over: &Over<'_>) -> Option<Undefined> {
        if over.unsummed && self.basis == Basis::Period {
            return Some(Undefined::SeveralSnapshots);
        }
        if over.partial && self.annualised {
            return Some(Undefined::PartialPeriod);
        }
        let months = self.months.map_or(0, |back| back + 1);
        let dates = if self.basis == Basis::Snapshot { over.snapshots } else { over.ends };
        let looked_at = &dates[..months.min(dates.len())];
        let newest = looked_at.first()?;
        let apart = (0..).zip(looked_at).all(|(back, found)| month(newest) - month(found) == back);
        // On one day of each month, or as each of them closes.
        let alike = looked_at.iter().all(|date| date.day() == newest.day());
        let closing = looked_at.iter().all(|date| !is_cut_short(*date, Rollup::Monthly.period(*date, 1).end));
        let apart = apart && (alike || closing);
        (!apart).then_some(Undefined::NotMonthly)
    }
}

/// Takes the values away that have no meaning over the period.
pub(super) fn withhold(finished: &mut Finished, asks: &[Asks], over: &Over<'_>, specs: &[&KpiSpec]) {
    for group in &mut finished.groups {
        for ((result, asks), spec) in group.kpis.iter_mut().zip(asks).zip(specs) {
            if let (Some(reason), Outcome::Value(_)) = (asks.refusal(over), &result.outcome) {
                *result = undefined(spec, reason);
            }
        }
    }
}

/// The result of a KPI that the data does not define.
pub(super) fn undefined(spec: &KpiSpec, reason: Undefined) -> KpiResult {
    KpiResult {
        id: spec.id.clone(),
        outcome: Outcome::Undefined(reason),
        status: Status::None,
        findings: Vec::new(),
        exact: None,
        components: Vec::new(),
        rows: 0,
        nulls: 0,
        prior: None,
    }
}

/// How many snapshots back a formula looks.
fn deepest_lag(formula: &Formula<Measure>) -> usize {
    let below = formula.children().into_iter().map(deepest_lag).max().unwrap_or(0);
    match formula {
        Formula::Lag(_, snapshots) => below + usize::try_from(*snapshots).unwrap_or(usize::MAX / 2),
        _ => below,
    }
}

/// Calendar months since the year 0.
fn month(date: &NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{FormulaKpi, Unit, sum};

    use super::*;

    fn dates(texts: &[&str]) -> Vec<NaiveDate> {
        texts.iter().map(|text| text.parse().expect("a date")).collect()
    }

    fn asks(formula: impl Into<Formula>) -> Asks {
        Asks::new(&FormulaKpi::new(KpiSpec::new("k", "K", Unit::Percent).monthly(), formula))
    }

    #[test]
    fn months_are_one_apart_as_far_as_the_kpi_looks() {
        let balance = || Formula::from(sum("outstanding_balance"));
        let cases = [
            (asks(balance()), &["2025-03-31", "2024-03-31"][..], None),
            (asks(balance().lag(1)), &["2025-03-31", "2025-02-28"], None),
            (asks(balance().lag(1)), &["2025-03-31", "2025-03-30"], Some(Undefined::NotMonthly)),
            (asks(balance().lag(1)), &["2025-03-31", "2025-01-31"], Some(Undefined::NotMonthly)),
            (asks(balance().lag(2)), &["2025-01-31", "2024-12-31", "2024-11-30", "2020-01-31"], None),
            (
                asks(balance().lag(2)),
                &["2025-01-31", "2024-12-31", "2024-10-31"],
                Some(Undefined::NotMonthly),
            ),
            (asks(sum("defaulted")), &["2025-03-31", "2024-12-31"], Some(Undefined::NotMonthly)),
            (asks(sum("defaulted")), &["2025-11-20", "2025-10-31"], Some(Undefined::NotMonthly)),
            (asks(sum("defaulted")), &["2025-11-20", "2025-10-20"], None),
            (asks(sum("defaulted")), &["2025-08-29", "2025-07-31"], None),
            (asks(sum("defaulted")), &["2025-03-31"], None),
            (asks(sum("defaulted")), &[], None),
        ];
        for (asks, snapshots, expected) in cases {
            let dates = dates(snapshots);
            let over = Over { snapshots: &dates, ends: &dates, partial: true, unsummed: false };
            assert_eq!(asks.refusal(&over), expected, "{asks:?} {snapshots:?}");
        }
    }

    #[test]
    fn flows_that_nobody_added_up_are_not_shown() {
        let dates = dates(&["2025-03-31"]);
        let over = Over { snapshots: &dates, ends: &dates, partial: false, unsummed: true };
        assert_eq!(asks(sum("defaulted")).refusal(&over), Some(Undefined::SeveralSnapshots));
        assert_eq!(asks(sum("outstanding_balance")).refusal(&over), None);
    }
}
