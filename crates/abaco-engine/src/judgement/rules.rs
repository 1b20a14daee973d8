//! The rules of a KPI, and what they say of a value.

use std::collections::BTreeMap;

use abaco_kpi::{Column, Decimal, Direction, Fraction, KpiError, Outcome};

use hashbrown::HashMap;

use super::change::{Change, Since, is_unusual};
use super::{Finding, FindingKind};
use crate::threshold::{Status, Thresholds, ValidRange};

/// What an institution expects of a KPI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expectation {
    /// From which level on it is a warning or critical.
    pub thresholds: Thresholds,
    /// Back to which level it must come before it no longer is: hysteresis.
    pub leave: Thresholds,
    /// The values that can be right at all.
    pub valid_range: ValidRange,
    /// Limits on its change.
    pub changes: Vec<Change>,
    /// What was promised to a lender.
    pub covenants: Vec<Covenant>,
    /// By how much of itself a value may differ from the baseline's before it is unusual.
    pub anomaly: Option<Decimal>,
}

/// A promise to a lender about a KPI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Covenant {
    /// Where it is written, for people.
    pub name: String,
    /// What was promised.
    pub limit: Limit,
}

/// A bound that a value may reach but not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The value stays at or below.
    AtMost(Decimal),
    /// The value stays at or above.
    AtLeast(Decimal),
}

impl Limit {
    /// Whether an exact value keeps to it.
    ///
    /// ```
    /// use abaco_engine::Limit;
    /// use abaco_kpi::{Decimal, Fraction};
    ///
    /// let limit = Limit::AtMost(Decimal::from(8));
    /// assert!(limit.holds(&Fraction::from(8)));
    /// assert!(!limit.holds(&Fraction::ratio(80_001, 10_000)?)); // 8.0001, printed as 8.00
    /// # Ok::<(), abaco_kpi::KpiError>(())
    /// ```
    pub fn holds(&self, value: &Fraction) -> bool {
        match self {
            Self::AtMost(most) => *value <= Fraction::from(*most),
            Self::AtLeast(least) => *value >= Fraction::from(*least),
        }
    }
}

/// A KPI in an earlier run of the same portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Its published value, if it had one.
    pub value: Option<Decimal>,
    /// Its status.
    pub status: Status,
}

/// The KPIs of an earlier run, by the columns and values of their group and by their id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baselines(HashMap<(Group, String), Baseline>);

/// A group's columns and values, whatever the order in which they are written.
type Group = BTreeMap<Column, Option<String>>;

impl Baselines {
    /// No earlier run.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a KPI of a group; the totals have no columns.
    pub fn insert(&mut self, by: Vec<(Column, Option<String>)>, id: impl Into<String>, baseline: Baseline) {
        self.0.insert((by.into_iter().collect(), id.into()), baseline);
    }

    /// A KPI of a group.
    pub fn get(&self, by: &[(Column, Option<String>)], id: &str) -> Option<&Baseline> {
        if self.0.is_empty() { None } else { self.0.get(&(by.iter().cloned().collect(), id.to_owned())) }
    }
}

/// What a value is held against beside fixed limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference<'r> {
    /// The exact value one snapshot earlier, on the same tape.
    pub prior: Option<&'r Fraction>,
    /// The KPI in an earlier run.
    pub baseline: Option<&'r Baseline>,
}

impl Expectation {
    /// Whether any rule looks at an earlier run.
    pub fn needs_baseline(&self) -> bool {
        let since = |change: &Change| change.since == Since::Baseline;
        !self.leave.is_empty() || self.anomaly.is_some() || self.changes.iter().any(since)
    }

    /// The status of an outcome, and what the rules have to say about it.
    ///
    /// Without a value there is nothing to judge but a covenant, which is then critical; without an earlier value there
    /// is nothing to say about a change.
    ///
    /// ```
    /// use abaco_engine::{Baseline, Expectation, Reference, Status, Thresholds};
    /// use abaco_kpi::{Column, Decimal, Direction, Fraction, Outcome, Rounding, Value};
    ///
    /// let mut expectation = Expectation::default();
    /// expectation.thresholds.warning = Some(Decimal::from(5));
    /// expectation.leave.warning = Some(Decimal::from(4));
    /// let exact = Fraction::ratio(45, 10)?;
    /// let outcome = Outcome::Value(Value { rounded: exact.round(Rounding::half_away(2))?, exact, caught: None });
    /// let after = |status| {
    ///     let baseline = Baseline { value: None, status };
    ///     let reference = Reference { baseline: Some(&baseline), ..Reference::default() };
    ///     expectation.judge(&outcome, Direction::LowerIsBetter, reference)
    /// };
    /// assert_eq!(after(Status::Ok)?.0, Status::Ok);
    /// // 4.5 was a warning when it was 5, and remains one until it is below 4.
    /// assert_eq!(after(Status::Warning)?.0, Status::Warning);
    /// # Ok::<(), abaco_kpi::KpiError>(())
    /// ```
    ///
    /// # Errors
    /// [`KpiError::TooLarge`] for fractions beyond the limit.
    pub fn judge(
        &self,
        outcome: &Outcome,
        direction: Direction,
        reference: Reference<'_>,
    ) -> Result<(Status, Vec<Finding>), KpiError> {
        let Outcome::Value(value) = outcome else { return Ok(self.without_value(outcome)) };
        let mut findings = Vec::new();
        let level = self.level(&value.exact, direction, reference.baseline, &mut findings);
        self.range(&value.exact, &mut findings);
        let changes = self.changes(&value.exact, direction, &reference, &mut findings)?;
        let covenants = self.covenants(&value.exact, &mut findings);
        if let Some(share) = self.anomaly
            && let Some(earlier) = reference.baseline.and_then(|baseline| baseline.value)
            && is_unusual(&Fraction::from(earlier), &value.exact, share)?
        {
            let message = format!("differs by more than {share} of the baseline's {earlier}");
            findings.push(Finding::new(FindingKind::Anomaly, Status::Warning, message));
        }
        let found = findings.iter().map(|finding| finding.severity).max().unwrap_or(Status::None);
        Ok((found.max(level).max(changes).max(covenants), findings))
    }

    /// A promise that cannot be shown to be kept is not kept: a covenant does not end with its column.
    fn without_value(&self, outcome: &Outcome) -> (Status, Vec<Finding>) {
        let found = self.covenants.iter().map(|covenant| {
            let message =
                format!("no value to hold against the covenant {}: {}", covenant.name, outcome.state());
            Finding::new(FindingKind::Unjudged, Status::Critical, message)
        });
        let findings: Vec<Finding> = found.collect();
        (if findings.is_empty() { Status::None } else { Status::Critical }, findings)
    }

    /// The thresholds, and whether an earlier status holds on.
    fn level(
        &self,
        value: &Fraction,
        direction: Direction,
        baseline: Option<&Baseline>,
        findings: &mut Vec<Finding>,
    ) -> Status {
        let reached = self.thresholds.judge(value, direction);
        let before = baseline.map_or(Status::None, |baseline| baseline.status);
        // As long as the value is not better than where the earlier status is left, that status holds.
        let held = self.leave.judge(value, direction).min(before);
        let status = if held > reached && held > Status::Ok { held } else { reached };
        let limit = |of: &Thresholds| match status {
            Status::Critical => of.critical,
            _ => of.warning,
        };
        if status > Status::Ok {
            let (kind, message) = if status == reached {
                (
                    FindingKind::Level,
                    limit(&self.thresholds).map(|limit| format!("reaches the {status} threshold {limit}")),
                )
            } else {
                let left = limit(&self.leave);
                (
                    FindingKind::Held,
                    left.map(|limit| format!("remains {status} until it is better than {limit}")),
                )
            };
            findings.extend(message.map(|message| Finding::new(kind, status, message)));
        }
        status
    }

    fn range(&self, value: &Fraction, findings: &mut Vec<Finding>) {
        let ValidRange { min, max } = self.valid_range;
        let text = |end: Option<Decimal>| end.map_or("..".to_owned(), |end| end.to_string());
        let range = format!("{} to {}", text(min), text(max));
        if !self.valid_range.contains(value) {
            let message = format!("lies outside its valid range {range}");
            findings.push(Finding::new(FindingKind::OutOfRange, Status::Critical, message));
        } else if [min, max].into_iter().flatten().any(|end| *value == Fraction::from(end)) {
            let message = format!("lies at an end of its valid range {range}");
            findings.push(Finding::new(FindingKind::Saturated, Status::None, message));
        }
    }

    fn changes(
        &self,
        value: &Fraction,
        direction: Direction,
        reference: &Reference<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Status, KpiError> {
        let mut worst = Status::None;
        for change in &self.changes {
            let earlier = match change.since {
                Since::Prior => reference.prior.cloned(),
                Since::Baseline => reference.baseline.and_then(|baseline| baseline.value).map(Fraction::from),
            };
            let Some(earlier) = earlier else { continue };
            let status = change.judge(&earlier, value, direction)?;
            worst = worst.max(status);
            let limit = if status == Status::Critical { change.critical } else { change.warning };
            if status > Status::Ok
                && let Some(limit) = limit
            {
                let unit = match change.measured {
                    super::Measured::Absolute => "",
                    super::Measured::Relative => " of it",
                };
                let message = format!("moved by {limit}{unit} or more since the {}", change.since.as_str());
                findings.push(Finding::new(FindingKind::Change, status, message));
            }
        }
        Ok(worst)
    }

    fn covenants(&self, value: &Fraction, findings: &mut Vec<Finding>) -> Status {
        let mut status = Status::None;
        for covenant in &self.covenants {
            if covenant.limit.holds(value) {
                status = status.max(Status::Ok);
                continue;
            }
            let bound = match covenant.limit {
                Limit::AtMost(most) => format!("at most {most}"),
                Limit::AtLeast(least) => format!("at least {least}"),
            };
            let message = format!("breaches the covenant {}: {bound}", covenant.name);
            findings.push(Finding::new(FindingKind::Covenant, Status::Critical, message));
            status = Status::Critical;
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{Rounding, Value};

    use super::super::Measured;
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn outcome(text: &str) -> Outcome {
        let exact = Fraction::from(decimal(text));
        Outcome::Value(Value { rounded: exact.round(Rounding::half_away(2)).unwrap(), exact, caught: None })
    }

    fn judged(
        expectation: &Expectation,
        value: &str,
        prior: Option<&str>,
        baseline: Option<(&str, Status)>,
    ) -> (Status, Vec<String>) {
        let prior = prior.map(|text| Fraction::from(decimal(text)));
        let baseline = baseline.map(|(value, status)| Baseline { value: Some(decimal(value)), status });
        let reference = Reference { prior: prior.as_ref(), baseline: baseline.as_ref() };
        let (status, findings) =
            expectation.judge(&outcome(value), Direction::LowerIsBetter, reference).unwrap();
        (
            status,
            findings.into_iter().map(|finding| format!("{}: {}", finding.kind, finding.message)).collect(),
        )
    }

    fn thresholds(warning: &str, critical: &str) -> Thresholds {
        Thresholds { warning: Some(decimal(warning)), critical: Some(decimal(critical)) }
    }

    #[test]
    fn a_status_is_entered_at_one_level_and_left_at_another() {
        let par = Expectation {
            thresholds: thresholds("5", "8"),
            leave: thresholds("4", "7"),
            ..Expectation::default()
        };
        let cases = [
            ("4.5", None, Status::Ok, None),
            ("4.5", Some(Status::Ok), Status::Ok, None),
            (
                "4.5",
                Some(Status::Warning),
                Status::Warning,
                Some("held: remains warning until it is better than 4"),
            ),
            (
                "4",
                Some(Status::Warning),
                Status::Warning,
                Some("held: remains warning until it is better than 4"),
            ),
            ("3.99", Some(Status::Warning), Status::Ok, None),
            (
                "7.5",
                Some(Status::Critical),
                Status::Critical,
                Some("held: remains critical until it is better than 7"),
            ),
            ("6.5", Some(Status::Critical), Status::Warning, Some("level: reaches the warning threshold 5")),
            (
                "4.5",
                Some(Status::Critical),
                Status::Warning,
                Some("held: remains warning until it is better than 4"),
            ),
            ("8", Some(Status::Ok), Status::Critical, Some("level: reaches the critical threshold 8")),
        ];
        for (value, before, status, finding) in cases {
            let found = judged(&par, value, None, before.map(|before| ("0", before)));
            assert_eq!(
                found,
                (status, finding.into_iter().map(str::to_owned).collect()),
                "{value} after {before:?}"
            );
        }
    }

    #[test]
    fn changes_are_for_the_worse_and_inclusive() {
        let change = |since, measured, warning: &str| Change {
            since,
            measured,
            warning: Some(decimal(warning)),
            critical: None,
        };
        let of = |change| Expectation { changes: vec![change], ..Expectation::default() };
        let absolute = of(change(Since::Prior, Measured::Absolute, "0.5"));
        assert_eq!(judged(&absolute, "3.4999", Some("3"), None), (Status::Ok, vec![]));
        let moved = "change: moved by 0.5 or more since the prior".to_owned();
        assert_eq!(judged(&absolute, "3.5", Some("3"), None), (Status::Warning, vec![moved]));
        assert_eq!(judged(&absolute, "1", Some("3"), None).0, Status::Ok);
        assert_eq!(judged(&absolute, "9", None, None).0, Status::None);
        let relative = of(change(Since::Baseline, Measured::Relative, "0.2"));
        assert_eq!(judged(&relative, "11.99", None, Some(("10", Status::Ok))).0, Status::Ok);
        let moved = "change: moved by 0.2 of it or more since the baseline".to_owned();
        assert_eq!(judged(&relative, "12", None, Some(("10", Status::Ok))), (Status::Warning, vec![moved]));
        assert_eq!(judged(&relative, "0", None, Some(("0", Status::Ok))).0, Status::Ok);
        assert_eq!(judged(&relative, "0.01", None, Some(("0", Status::Ok))).0, Status::Warning);
        assert_eq!(judged(&relative, "-8", None, Some(("-10", Status::Ok))).0, Status::Warning);
    }

    #[test]
    fn a_covenant_is_kept_or_breached() {
        let covenants = vec![Covenant { name: "clause 7.1".to_owned(), limit: Limit::AtMost(decimal("10")) }];
        let expectation = Expectation { covenants, ..Expectation::default() };
        assert_eq!(judged(&expectation, "10", None, None), (Status::Ok, vec![]));
        let breached = "covenant: breaches the covenant clause 7.1: at most 10".to_owned();
        assert_eq!(judged(&expectation, "10.001", None, None), (Status::Critical, vec![breached]));
    }

    #[test]
    fn ends_of_the_range_are_remarked_and_what_lies_outside_is_critical() {
        let valid_range = ValidRange { min: Some(decimal("0")), max: Some(decimal("100")) };
        let expectation = Expectation { valid_range, ..Expectation::default() };
        let saturated = "saturated: lies at an end of its valid range 0 to 100".to_owned();
        assert_eq!(judged(&expectation, "100", None, None), (Status::None, vec![saturated]));
        let outside = "out_of_range: lies outside its valid range 0 to 100".to_owned();
        assert_eq!(judged(&expectation, "100.1", None, None), (Status::Critical, vec![outside]));
        assert_eq!(judged(&expectation, "50", None, None), (Status::None, vec![]));
    }

    #[test]
    fn without_a_value_there_is_nothing_to_judge() {
        let zero = Some(decimal("0"));
        let strict = Expectation {
            thresholds: Thresholds { warning: zero, critical: zero },
            valid_range: ValidRange { min: Some(decimal("1")), max: None },
            ..Expectation::default()
        };
        let outcomes = [
            Outcome::Undefined(abaco_kpi::Undefined::NoRows),
            Outcome::Unavailable(vec!["dpd".into()]),
            Outcome::Failed("too_large".into()),
        ];
        for outcome in outcomes {
            let found = strict.judge(&outcome, Direction::LowerIsBetter, Reference::default());
            assert_eq!(found, Ok((Status::None, vec![])), "{outcome:?}");
            let covenants =
                vec![Covenant { name: "clause 7.1".to_owned(), limit: Limit::AtMost(decimal("10")) }];
            let promised = Expectation { covenants, ..strict.clone() };
            let (status, findings) =
                promised.judge(&outcome, Direction::LowerIsBetter, Reference::default()).unwrap();
            assert_eq!((status, findings[0].kind), (Status::Critical, FindingKind::Unjudged), "{outcome:?}");
        }
    }

    #[test]
    fn an_anomaly_is_more_than_a_share_away_either_way() {
        let expectation = Expectation { anomaly: Some(decimal("0.2")), ..Expectation::default() };
        let unusual = "anomaly: differs by more than 0.2 of the baseline's 10".to_owned();
        for (value, expected) in
            [("12", vec![]), ("8", vec![]), ("12.01", vec![unusual.clone()]), ("7.99", vec![unusual])]
        {
            assert_eq!(judged(&expectation, value, None, Some(("10", Status::Ok))).1, expected, "{value}");
        }
        assert_eq!(judged(&expectation, "12.01", None, None), (Status::None, vec![]));
    }
}
