//! The report's view of a rollout.

use chrono::NaiveTime;

use super::evidence::entries;
use crate::approval::{Expected, check};
use crate::report::{Expiring, RolloutView};
use crate::{Rollout, RolloutError};

impl Rollout {
    /// All that a report is made of, from the journal and the evidence alone.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn view(&self, demo: bool) -> Result<RolloutView, RolloutError> {
        let record = self.record()?;
        let settings = &self.config().settings;
        let verdict = self.verdict_of(&record, demo)?;
        let (identity, configuration) = (self.candidate()?, self.configuration()?);
        let now = (self.options().clock)();
        let expected = Expected {
            candidate: &identity,
            configuration: &configuration,
            evidence: &verdict.evidence,
            now,
            demo,
        };
        let valid = self.signed(&record);
        let valid = valid.iter().filter_map(|signed| check(&settings.approvals, expected, signed).ok());
        let approvals = valid
            .map(|valid| Expiring { what: format!("approval, {}", valid.label()), expires: valid.expires });
        let known = settings.comparison.known_differences.iter().map(|known| Expiring {
            what: format!("known difference of `{}`, {}: {}", known.kpi, known.owner, known.reason),
            expires: known.expires.and_time(NaiveTime::MIN).and_utc(),
        });
        Ok(RolloutView {
            baseline: settings.baseline.name.clone(),
            candidate: settings.candidate.name.clone(),
            entries: entries(&record),
            evidence: self.sifted(&record).had,
            checklists: settings.checklists.clone(),
            expiring: approvals.chain(known).collect(),
            single_key: Vec::new(),
            identity,
            verdict,
            now,
        })
    }
}
