//! Which triggers fire.

use rust_decimal::Decimal;

use super::{Action, MonitorSettings};
use crate::evidence::ComparisonRecord;

/// How many of a KPI's rows have a NULL operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullShare {
    /// The KPI.
    pub kpi: String,
    /// Rows with one.
    pub nulls: u64,
    /// Rows in scope.
    pub rows: u64,
}

/// What there is to be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The reverse shadow's comparisons.
    pub comparisons: Vec<ComparisonRecord>,
    /// Runs, with those that failed.
    pub runs: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long each run took that says so.
    pub milliseconds: Vec<u64>,
    /// How many rows have a NULL operand, by run and KPI.
    pub nulls: Vec<NullShare>,
    /// The smallest share of the expected keys that a comparison must have; all of them where nothing is said.
    pub coverage: Option<Decimal>,
    /// Why the last one failed, where that is known.
    pub failure: Option<String>,
    /// Why there is no comparison, where that is known.
    pub uncompared: Option<String>,
    /// What does not verify or is not as the cutover left it: which, and why.
    pub unsound: Vec<String>,
    /// Runs whose rows do not tie: which, and why.
    pub lost: Vec<String>,
}

/// A trigger that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Which, as `rollout.yml` names it.
    pub trigger: &'static str,
    /// What it saw.
    pub observed: String,
    /// What is accepted.
    pub limit: String,
    /// Whether the policy rolls back on it.
    pub rolls_back: bool,
}

impl Fired {
    /// The trigger for people.
    pub fn message(&self) -> String {
        format!("{}: {}; accepted: {}", self.trigger, self.observed, self.limit)
    }
}

/// Judges what was observed. The same observations always fire the same triggers.
///
/// ```
/// use abaco_rollout::monitor::{MonitorSettings, Observed, judge};
///
/// let observed = Observed { runs: 999, failed: 1, ..Observed::default() };
/// let fired = judge(&MonitorSettings::default(), &observed);
/// let messages: Vec<String> = fired.iter().map(|fired| fired.message()).collect();
/// assert_eq!(
///     messages,
///     ["variance: no reverse comparison; accepted: 0.01", "error_rate: 1 of 999 runs failed; accepted: 0.001"]
/// );
/// ```
pub fn judge(settings: &MonitorSettings, observed: &Observed) -> Vec<Fired> {
    let mut fired = Vec::new();
    let mut fire = |trigger, observed, limit: String, action| {
        fired.push(Fired { trigger, observed, limit, rolls_back: action == Action::RollBack });
    };
    for (seen, action) in variance(settings, observed) {
        fire("variance", seen, settings.variance.limit.to_string(), action);
    }
    let Observed { runs, failed, .. } = observed;
    if above(*failed, *runs, settings.error_rate.limit) {
        let limit = settings.error_rate.limit.to_string();
        let why = observed.failure.as_ref().map_or_else(String::new, |why| format!(", the last: {why}"));
        let seen = format!("{failed} of {runs} runs failed{why}");
        fire("error_rate", seen, limit, settings.error_rate.action);
    }
    let slowest = observed.milliseconds.iter().max();
    let seconds = settings.latency_seconds.limit;
    if let Some(slowest) = slowest.filter(|slowest| **slowest > seconds.saturating_mul(1000)) {
        let seen = format!("a run took {slowest} ms");
        fire("latency_seconds", seen, seconds.to_string(), settings.latency_seconds.action);
    }
    for NullShare { kpi, nulls, rows } in &observed.nulls {
        if above(*nulls, *rows, settings.nulls.limit) {
            let seen = format!("`{kpi}` has NULL operands in {nulls} of {rows} rows");
            fire("nulls", seen, settings.nulls.limit.to_string(), settings.nulls.action);
        }
    }
    for record in &observed.comparisons {
        let missing = record.outcomes.get("missing_candidate").copied().unwrap_or(0);
        let least = observed.coverage.unwrap_or(Decimal::ONE).checked_mul(Decimal::from(record.expected));
        if missing > 0 || least.is_none_or(|least| Decimal::from(record.compared) < least) {
            let ComparisonRecord { compared, expected, .. } = record;
            let seen = format!("{compared} of {expected} keys compared, {missing} missing in the candidate");
            fire("data_loss", seen, "none".to_owned(), settings.data_loss.action);
        }
    }
    for seen in &observed.lost {
        fire("data_loss", seen.clone(), "none".to_owned(), settings.data_loss.action);
    }
    for seen in &observed.unsound {
        fire("audit_failure", seen.clone(), "none".to_owned(), settings.audit_failure.action);
    }
    fired
}

/// What speaks against the comparisons. Where nothing was shown there is nothing to roll back on, and it is said.
fn variance(settings: &MonitorSettings, observed: &Observed) -> Vec<(String, Action)> {
    if observed.comparisons.is_empty() {
        let why = observed.uncompared.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        return vec![(format!("no reverse comparison{why}"), Action::Warn)];
    }
    let judged = observed.comparisons.iter().filter_map(|record| {
        let as_of = record.as_of.map_or_else(String::new, |as_of| format!(" at {as_of}"));
        match &record.largest_relative {
            Some(text) => match text.parse::<Decimal>() {
                Ok(largest) if largest.abs() > settings.variance.limit => {
                    Some((format!("{text} of the baseline{as_of}"), settings.variance.action))
                }
                Ok(_) if record.clean => None,
                Ok(_) => Some((format!("a comparison that is not clean{as_of}"), Action::Warn)),
                Err(_) => Some((format!("expected a decimal, found `{text}`{as_of}"), Action::Warn)),
            },
            None if record.clean && record.informative > 0 => None,
            None => Some((format!("a comparison that proves nothing{as_of}"), Action::Warn)),
        }
    });
    judged.collect()
}

/// Whether a share exceeds a limit; without a whole, any part does.
fn above(part: u64, whole: u64, limit: Decimal) -> bool {
    limit.checked_mul(Decimal::from(whole)).is_none_or(|most| Decimal::from(part) > most)
}
